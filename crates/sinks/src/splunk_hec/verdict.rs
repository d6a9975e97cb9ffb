//! What a collector's answer means.
//!
//! HEC says more in the `code` of its body than in the status, and the status alone can mislead: a wrong
//! index and a malformed event are both 400. The code decides where there is one; the status decides for
//! codes that we do not know and for answers of something else on the way (a load balancer, a proxy).

use std::collections::BTreeMap;

use edgesiem_model::{Answer, Error, HttpRequest, SinkVerdict, Timestamp};
use serde::Deserialize;

use super::{Ack, SplunkHec, encode};
use crate::answer::Told;
use crate::status::Meaning;

/// The members of an answer that decide. Members of another type are taken for absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reply {
    code: Option<serde_json::Value>,
    #[serde(rename = "ackId")]
    ack_id: Option<serde_json::Value>,
}

/// What HEC says, by code; Splunk docs "Troubleshoot HTTP Event Collector" and, for 17 to 22, "Input endpoint descriptions" of
/// `/services/collector/health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    /// 0 success, 24 the queue and 25 the acknowledgements are close to their capacity: with HTTP 200, and the events are
    /// taken (<https://github.com/open-telemetry/opentelemetry-collector-contrib/issues/51393>).
    Success,
    /// 1 token disabled, 2 token is required, 3 invalid authorization, 4 invalid token, 16 query string
    /// authorization is not enabled; 21 invalid token and 22 token disabled, which the health endpoint says.
    Token,
    /// 5 no data, 6 invalid data format, 12 event field is required, 13 event field cannot be blank,
    /// 15 error in handling indexed fields. Our fields are checked strings, so 15 can only come from an
    /// event's time. Why `invalid-event-number` in the body is not used to cut the batch is in the sink's
    /// documentation.
    Event,
    /// 7 incorrect index.
    Index,
    /// 8 internal server error, 9 server is busy, 23 server is shutting down, 26 the queue and 27 the channel of
    /// acknowledgements is full (both with HTTP 429); 18 queues are full, 19 acknowledgements unavailable and 20 both, which the
    /// health endpoint says. Its 17, healthy, is no answer to events.
    Busy,
    /// 10 data channel is missing, 11 invalid data channel.
    Channel,
    /// 14 ACK is disabled.
    AckDisabled,
}

impl Code {
    fn of(reply: &Reply) -> Option<Self> {
        Some(match reply.code.as_ref()?.as_u64()? {
            0 | 24 | 25 => Self::Success,
            1..=4 | 16 | 21 | 22 => Self::Token,
            5 | 6 | 12 | 13 | 15 => Self::Event,
            7 => Self::Index,
            8 | 9 | 18..=20 | 23 | 26 | 27 => Self::Busy,
            10 | 11 => Self::Channel,
            14 => Self::AckDisabled,
            _ => return None,
        })
    }
}

pub(super) fn verdict(sink: &SplunkHec, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = [&sink.token];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let reply: Option<Reply> = serde_json::from_slice(answer.body).ok();
    let meaning = Meaning::of(answer.head.status);
    match reply.as_ref().and_then(Code::of) {
        Some(Code::Success) if meaning == Meaning::Taken => taken(sink, reply, &told),
        Some(Code::Event) => told.rejected(),
        Some(Code::Busy) => told.later(),
        Some(code @ (Code::Token | Code::Index | Code::Channel | Code::AckDisabled)) => {
            stopped(code, &told)
        }
        _ => by_status(meaning, &told),
    }
}

/// HEC took the batch. Whether that is enough depends on the acknowledgement.
fn taken(sink: &SplunkHec, reply: Option<Reply>, told: &Told<'_>) -> SinkVerdict {
    let Some(ack) = &sink.ack else {
        return SinkVerdict::Accepted;
    };
    let reply = reply.unwrap_or_default();
    match reply.ack_id.as_ref().and_then(serde_json::Value::as_u64) {
        Some(ack_id) => SinkVerdict::Pending {
            poll: encode::poll(sink, ack, ack_id, told.answer.now),
            after_ms: FIRST_POLL_MS,
        },
        // A warning in place of the usual answer does not say that acknowledgement is off.
        None if reply.code != Some(0.into()) => told.later(),
        None => stopped(Code::AckDisabled, told),
    }
}

fn stopped(code: Code, told: &Told<'_>) -> SinkVerdict {
    match code {
        Code::Index => told.stop(
            "the token may not write to the configured index",
            "check the sink's index, and the indexes that the token allows",
        ),
        Code::Channel => told.stop(
            "the token wants indexer acknowledgement, which needs a channel",
            "set ack = true for the sink, or turn acknowledgement off for the token",
        ),
        Code::AckDisabled => told.stop(
            "the sink waits for indexer acknowledgement, and the token has it turned off",
            "turn acknowledgement on for the token, or remove ack = true",
        ),
        _ => told.stop(
            "the collector refused our token",
            "check that the token exists, is enabled, and is the one that the secret holds",
        ),
    }
}

fn by_status(meaning: Meaning, told: &Told<'_>) -> SinkVerdict {
    match meaning {
        // A collector always says code 0. A login page or another service with a friendly 200 must not
        // swallow events.
        Meaning::Taken => told.stop(
            "the answer is not that of an event collector",
            "check the sink's url: HEC listens on a port of its own, 8088 by default, or on http-inputs-… in Splunk Cloud",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials => stopped(Code::Token, told),
        Meaning::Address => told.stop(
            "there is no event collector at this address",
            "check the sink's url, its port included, and that HEC is enabled",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "the collector refuses requests of this kind",
            "check what stands between us and Splunk; the answer tells more",
        ),
    }
}

/// What `/services/collector/health` says: 200 healthy, 400 a token that is not valid, 503 full queues.
pub(super) fn health(sink: &SplunkHec, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials = [&sink.token];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match answer.head.status {
        200 => Ok(()),
        400 => told.unhealthy(stopped(Code::Token, &told)),
        status => told.unhealthy(by_status(Meaning::of(status), &told)),
    }
}

const FIRST_POLL_MS: u64 = 1000;
/// Vector polls as often.
const SLOWEST_POLL_MS: u64 = 10_000;

/// `{"acks":{"7":true}}`.
#[derive(Debug, Deserialize)]
struct Acks {
    acks: BTreeMap<String, bool>,
}

/// `{"acks":[7]}`.
#[derive(Debug, Deserialize)]
struct Question {
    acks: Vec<u64>,
}

pub(super) fn poll_verdict(
    sink: &SplunkHec,
    poll: &HttpRequest,
    answer: &Answer<'_>,
) -> SinkVerdict {
    let credentials = [&sink.token];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let (Some(ack), Some((ack_id, since))) = (&sink.ack, question(poll)) else {
        return told.later();
    };
    let reply: Option<Reply> = serde_json::from_slice(answer.body).ok();
    if let Some(code @ (Code::Token | Code::Channel | Code::AckDisabled)) =
        reply.as_ref().and_then(Code::of)
    {
        return stopped(code, &told);
    }
    match Meaning::of(answer.head.status) {
        Meaning::Taken if is_acknowledged(answer.body, ack_id) => SinkVerdict::Accepted,
        Meaning::Taken | Meaning::Later => waiting(sink, ack, ack_id, since, &told),
        meaning @ (Meaning::Moved | Meaning::Credentials | Meaning::Address | Meaning::Foreign) => {
            by_status(meaning, &told)
        }
        // The question cannot be too large or malformed; whatever that was, sending again is safe.
        Meaning::TooLarge | Meaning::Poison => told.later(),
    }
}

fn question(poll: &HttpRequest) -> Option<(u64, Timestamp)> {
    let question: Question = serde_json::from_slice(&poll.body).ok()?;
    let since = poll
        .headers
        .iter()
        .find(|(name, _)| name == encode::PENDING_SINCE)?;
    let since = since.1.expose().parse().ok()?;
    Some((*question.acks.first()?, Timestamp::from_millis(since)))
}

fn is_acknowledged(body: &[u8], ack_id: u64) -> bool {
    serde_json::from_slice::<Acks>(body)
        .is_ok_and(|reply| reply.acks.get(&ack_id.to_string()) == Some(&true))
}

/// Asks again, or gives up when the time is over.
fn waiting(
    sink: &SplunkHec,
    ack: &Ack,
    ack_id: u64,
    since: Timestamp,
    told: &Told<'_>,
) -> SinkVerdict {
    let waited = told.answer.now.since_ms(since);
    let left = ack.timeout_ms.saturating_sub(waited);
    if left == 0 {
        let secs = waited / 1000;
        return SinkVerdict::Retry {
            after_ms: None,
            reason: format!(
                "not acknowledged by the indexers within {secs} s; last answer: {}",
                told.quote()
            ),
        };
    }
    // Waiting as long again as we have waited doubles the interval without remembering it.
    let pace = waited.clamp(FIRST_POLL_MS, SLOWEST_POLL_MS);
    let after_ms = told.after_ms().unwrap_or(pace).max(pace).min(left);
    SinkVerdict::Pending {
        poll: encode::poll(sink, ack, ack_id, since),
        after_ms,
    }
}
