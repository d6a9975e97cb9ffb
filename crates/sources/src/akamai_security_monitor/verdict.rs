//! What the head and the body of a response mean.

use edgesiem_model::{Error, ErrorKind, ResponseHead, Timestamp, retry_after_ms};
use serde::de::DeserializeOwned;

use super::{Answer, Operation, Rows, SecurityMonitor};
use crate::akamai::Problem;
use crate::document::hide;

/// The rate limit counts requests of a minute.
const MINUTE_MS: u64 = 60_000;

/// Why there is no answer.
#[derive(Debug)]
pub enum Refusal {
    /// Not now.
    Retry {
        /// Wait at least so long, in milliseconds; `None` if the API does not say.
        after_ms: Option<u64>,
        /// What the server said.
        error: Error,
    },
    /// The signature's time was refused: sign again with this skew.
    Resign {
        /// The server's clock minus the host's, in milliseconds; `None` if the response does not tell.
        clock_skew_ms: Option<i64>,
        /// What the server said.
        error: Error,
    },
    /// Repeating it will not help.
    Stop(Error),
}

pub(super) fn answer(
    monitor: &SecurityMonitor,
    operation: &Operation<'_>,
    head: &ResponseHead,
    body: &[u8],
    now: Timestamp,
) -> Result<Answer, Refusal> {
    match head.status {
        200 => read(operation, body).map_err(|reason| Refusal::Retry {
            after_ms: None,
            // An answer may repeat what was asked, with what signed it.
            error: incomplete(&hide(&reason, &monitor.client.secrets())),
        }),
        204 => nothing(operation).ok_or_else(|| refusal(monitor, head, body, now)),
        _ => Err(refusal(monitor, head, body, now)),
    }
}

/// An answer with status 200, or what is wrong with it, which is not printable yet.
fn read(operation: &Operation<'_>, body: &[u8]) -> Result<Answer, String> {
    // RFC 8259, section 8.1: a parser may ignore a byte order mark.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match operation {
        Operation::ReportPacks => json(body).map(Answer::ReportPacks),
        Operation::ReportPack { .. } => json(body).map(Answer::ReportPack),
        Operation::DataStores { .. } => json(body).map(Answer::DataStores),
        Operation::DataStore { .. } => json(body).map(Answer::DataStore),
        Operation::DataSources { .. } => json(body).map(Answer::DataSources),
        Operation::Rows { .. } => Rows::read(body).map(|rows| Answer::Rows(Box::new(rows))),
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

/// The answer without anything in it; one pack or one store cannot be empty.
fn nothing(operation: &Operation<'_>) -> Option<Answer> {
    match operation {
        Operation::ReportPacks => Some(Answer::ReportPacks(Vec::new())),
        Operation::DataStores { .. } => Some(Answer::DataStores(Vec::new())),
        Operation::DataSources { .. } => Some(Answer::DataSources(Vec::new())),
        Operation::Rows { .. } => Some(Answer::Rows(Box::new(Rows {
            has_more: Some(false),
            ..Rows::default()
        }))),
        Operation::ReportPack { .. } | Operation::DataStore { .. } => None,
    }
}

/// An answer with status 200 that is not what is documented: cut on its way, or not Akamai's.
pub(super) fn incomplete(reason: &str) -> Error {
    Error::new(
        ErrorKind::PageIncomplete,
        "the answer of the Security Monitor API is cut, or is not what it documents",
        "try again; if it lasts, check security_monitor.host, and look for a proxy on the way to it",
    )
    .with("reason", reason)
}

fn refusal(monitor: &SecurityMonitor, head: &ResponseHead, body: &[u8], now: Timestamp) -> Refusal {
    let hidden = monitor.client.secrets();
    let problem = Problem::read("the Security Monitor API", head.status, body, &hidden);
    let error = |kind, user_action: &str| {
        let error = problem
            .error(kind, user_action)
            .with("status", head.status.to_string());
        match head.header("location") {
            Some(location) => error.with("points to", hide(location, &hidden)),
            None => error,
        }
    };
    let after_ms = head
        .header("retry-after")
        .and_then(|value| retry_after_ms(value, now));
    let retry = |after_ms, user_action| Refusal::Retry {
        after_ms,
        error: error(ErrorKind::SourceUnavailable, user_action),
    };
    match head.status {
        400 if problem.explains("invalid timestamp") => Refusal::Resign {
            clock_skew_ms: head
                .header("date")
                .and_then(Timestamp::parse_http_date)
                .map(|date| date.offset_from_ms(now)),
            error: error(
                ErrorKind::SourceUnavailable,
                "set this host's clock: Akamai accepts signatures within 30 seconds of its own time",
            ),
        },
        429 => retry(
            after_ms.or(Some(MINUTE_MS)),
            "try again in a minute, and look for other clients of the account: five requests a minute is all that it allows",
        ),
        501 | 507 => Refusal::Stop(error(ErrorKind::SourceRefused, user_action(head.status))),
        503 => retry(after_ms, "try again in a few minutes: the API is busy"),
        // 204 where there must be something, and others that this API does not have: whatever stands on the way answered.
        200..=299 => retry(
            None,
            "try again; if it lasts, look for a proxy between this host and Akamai",
        ),
        408 | 500..=599 => retry(
            after_ms,
            "try again in a few minutes; if it lasts, check Akamai's status",
        ),
        // They pass, but not within seconds.
        409 | 423 => Refusal::Stop(error(
            ErrorKind::SourceUnavailable,
            "try again in a few minutes: something else is at work on what was asked for",
        )),
        status => Refusal::Stop(error(ErrorKind::SourceRefused, user_action(status))),
    }
}

/// What to do about a refusal that stays.
const fn user_action(status: u16) -> &'static str {
    match status {
        300..=399 => {
            "check security_monitor.host: the API does not redirect, and a signed request is not sent elsewhere"
        }
        400 => "ask for what the detail allows; it says which parameter is wrong",
        401 => {
            "check that client_token, client_secret and access_token belong to one API client of this host, and that \
             the client is active"
        }
        403 => {
            "give the API client access to the Security Monitor API, and its user the report pack that was asked for"
        }
        404 => {
            "check the ids of report pack and data store; the operations report-packs and data-stores list them"
        }
        410 => {
            "choose another report pack: this one is gone; the operation report-packs lists them"
        }
        405 | 411 => "look for a proxy that changes requests between this host and Akamai",
        413 => "ask with fewer filters and values",
        501 => "ask for something else: the API does not support this",
        507 => "ask for less: a shorter window, one dimension, a filter or a smaller limit",
        _ => "the problem says more; if it does not help, ask Akamai support with it",
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Operation, read};

    #[test]
    fn a_byte_order_mark_before_a_document_is_skipped() {
        let body = b"\xEF\xBB\xBF[{\"id\":1}]";
        for operation in [
            Operation::ReportPacks,
            Operation::DataStores { pack: 1 },
            Operation::DataSources { pack: 1 },
        ] {
            assert!(
                matches!(
                    read(&operation, body),
                    Ok(Answer::ReportPacks(_) | Answer::DataStores(_) | Answer::DataSources(_))
                ),
                "{operation:?}"
            );
        }
        // One is enough.
        assert!(read(&Operation::ReportPacks, b"\xEF\xBB\xBF\xEF\xBB\xBF[]").is_err());
    }
}
