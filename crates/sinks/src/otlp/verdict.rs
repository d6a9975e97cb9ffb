//! What an OTLP receiver's answer means. Why is in the documentation of the sink.

use std::borrow::Cow;

use edgesiem_model::{Answer, Error, SinkVerdict};
use serde::Deserialize;

use super::json::Integer;
use super::proto::{self, Field};

use super::{Encoding, Otlp};
use crate::answer::Told;
use crate::status::Meaning;

/// `ExportLogsPartialSuccess`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Partial {
    rejected: u64,
    message: String,
}

pub(super) fn verdict(sink: &Otlp, sent: usize, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = sink.credentials();
    let message = status_message(answer.body);
    let readable = Answer {
        body: message.unwrap_or(answer.body),
        ..*answer
    };
    let told = Told {
        answer: &readable,
        credentials: &credentials,
    };
    match answer.head.status {
        200..=299 => match partial_success(sink.encoding, answer.body) {
            Some(partial) => taken(sent, partial, answer, &told),
            // A login page or another service with a friendly 200 must not swallow events.
            None => told.stop(
                "the answer is not that of an OTLP receiver",
                "check the sink's url: OTLP over HTTP has a port of its own, 4318 by default",
            ),
        },
        429 | 502..=504 => told.later(),
        500 if is_permanent(message, answer.body) => told.rejected(),
        status => by_status(status, &told),
    }
}

fn by_status(status: u16, told: &Told<'_>) -> SinkVerdict {
    match Meaning::of(status) {
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "the receiver refuses our credentials",
            "check the sink's headers and the secrets that they name",
        ),
        Meaning::Address => told.stop(
            "there is no OTLP receiver for logs at this address",
            "check the sink's url; /v1/logs is added to it unless it ends so",
        ),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Later => told.stop(
            "the receiver failed, and the protocol forbids to repeat a request after this status",
            "look at the receiver's own log; the next run sends the same events again",
        ),
        Meaning::Taken | Meaning::Foreign => told.stop(
            "the receiver refuses requests of this kind",
            "set encoding to the other one if the receiver takes only that; the answer tells more",
        ),
    }
}

fn taken(sent: usize, partial: Partial, answer: &Answer<'_>, told: &Told<'_>) -> SinkVerdict {
    let rejected = usize::try_from(partial.rejected).unwrap_or(usize::MAX);
    // 0 with a message is a warning.
    if rejected == 0 {
        return SinkVerdict::Accepted;
    }
    let answer = Answer {
        body: partial.message.as_bytes(),
        ..*answer
    };
    let quote = Told {
        answer: &answer,
        ..*told
    }
    .quote();
    if rejected < sent {
        return SinkVerdict::Rejected {
            reason: format!("{rejected} of {sent} log records rejected: {quote}"),
        };
    }
    SinkVerdict::Partial {
        again: Vec::new(),
        refused: (0..sent).map(|number| (number, quote.clone())).collect(),
        after_ms: None,
        reason: String::new(),
    }
}

/// What a success says of rejected records; `None` if the body is not an `ExportLogsServiceResponse`. Some receivers answer
/// in JSON whatever they were sent, some with nothing at all.
fn partial_success(encoding: Encoding, body: &[u8]) -> Option<Partial> {
    if body.trim_ascii().is_empty() {
        return Some(Partial::default());
    }
    let from_protobuf = || match encoding {
        Encoding::Protobuf => protobuf_partial_success(body),
        Encoding::Json => None,
    };
    from_protobuf().or_else(|| json_partial_success(body))
}

fn protobuf_partial_success(mut body: &[u8]) -> Option<Partial> {
    let mut partial = Partial::default();
    while let Some(field) = proto::next(&mut body) {
        let (1, Field::Bytes(mut inner)) = field.ok()? else {
            continue;
        };
        while let Some(field) = proto::next(&mut inner) {
            match field.ok()? {
                // A count below zero is none.
                (1, Field::Number(count)) => {
                    partial.rejected = u64::try_from(count.cast_signed()).unwrap_or(0);
                }
                (2, Field::Bytes(text)) => {
                    partial.message = String::from_utf8_lossy(text).into_owned();
                }
                _ => {}
            }
        }
    }
    Some(partial)
}

fn json_partial_success(body: &[u8]) -> Option<Partial> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Response<'a> {
        #[serde(borrow, default)]
        partial_success: Option<JsonPartial<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct JsonPartial<'a> {
        #[serde(default)]
        rejected_log_records: Option<Integer<i64>>,
        #[serde(borrow, default)]
        error_message: Option<Cow<'a, str>>,
    }
    // A struct could be read from an array too.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let response: Response<'_> = serde_json::from_slice(body).ok()?;
    let Some(partial) = response.partial_success else {
        return Some(Partial::default());
    };
    let rejected = partial.rejected_log_records.map_or(0, |count| count.0);
    Some(Partial {
        rejected: u64::try_from(rejected).unwrap_or(0),
        message: partial.error_message.unwrap_or_default().into_owned(),
    })
}

/// The message of a `google.rpc.Status` in Protocol Buffers, which is the body of a refusal.
fn status_message(mut body: &[u8]) -> Option<&[u8]> {
    let mut message = None;
    while let Some(field) = proto::next(&mut body) {
        if let (2, Field::Bytes(text)) = field.ok()? {
            message = Some(text);
        }
    }
    message
}

/// Whether a refusal's `google.rpc.Status`, in Protocol Buffers or JSON, speaks of this very content: an OpenTelemetry
/// collector whose exporter has no queue answers 500 for what the exporter will never take, and only the words tell
/// (`consumererror.NewPermanent`).
fn is_permanent(message: Option<&[u8]>, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Status<'a> {
        #[serde(borrow)]
        message: Cow<'a, str>,
    }
    const PERMANENT: &str = "Permanent error:";
    if let Some(message) = message {
        return message.starts_with(PERMANENT.as_bytes());
    }
    body.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<Status<'_>>(body)
            .is_ok_and(|status| status.message.starts_with(PERMANENT))
}

/// An export of nothing is answered like any other.
pub(super) fn health(sink: &Otlp, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials = sink.credentials();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    told.unhealthy(verdict(sink, 0, answer))
}
