//! Whether a stream would work: asks its source for one event and its sinks for their health. It delivers nothing and
//! touches no store.

mod sink;
mod source;

use edgesiem_model::{Body, Error, FetchError, Host, Timestamp};
use serde::Serialize;

use crate::StreamConfig;
use crate::words::with_context;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The source.
    pub source: Finding,
    /// The sinks, in the order of the configuration.
    pub sinks: Vec<CheckedSink>,
}

/// What a check found at one sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedSink {
    /// Its name in the configuration.
    pub name: String,
    /// What was found.
    pub finding: Finding,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is there and takes our credentials.
    Ok,
    /// It is not, or it does not.
    Failed,
    /// It could not be asked.
    Unknown,
}

/// What was found at one place. Every text is printable and holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it came out.
    pub outcome: Verdict,
    /// The same in one sentence.
    pub message: String,
    /// [`ErrorKind::code`](crate::ErrorKind::code), if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What to do, if there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_action: Option<String>,
    /// The server's clock minus the host's, in milliseconds, as far as the seconds of a `Date` header tell; 0 if they
    /// agree so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_skew_ms: Option<i64>,
    /// How long it took to find out, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
}

impl Finding {
    fn new(outcome: Verdict, message: impl Into<String>) -> Self {
        Self {
            outcome,
            message: message.into(),
            code: None,
            user_action: None,
            clock_skew_ms: None,
            wall_ms: None,
        }
    }

    fn ok(message: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, message)
    }

    fn unknown(message: impl Into<String>) -> Self {
        Self::new(Verdict::Unknown, message)
    }

    fn failed(error: &Error) -> Self {
        Self {
            code: Some(error.kind().code()),
            ..Self::new(Verdict::Failed, with_context(error)).advising(error.user_action())
        }
    }

    fn advising(self, user_action: impl Into<String>) -> Self {
        Self {
            user_action: Some(user_action.into()),
            ..self
        }
    }

    fn since(self, began: Timestamp, now: Timestamp) -> Self {
        Self {
            wall_ms: Some(now.since_ms(began)),
            ..self
        }
    }
}

/// Asks the source of `stream` for a page of one event, from where a stream without a checkpoint begins, then each sink
/// for an access token and for its health, as far as it has such requests. Each request is sent once (a signature whose
/// time was refused, twice) and has its own timeout; they follow each other. What the host says about ending
/// ([`Host::must_end`]) is heeded between them.
///
/// A page that is read does not move anything: an offset is only a bookmark.
pub async fn check<H: Host>(host: &H, stream: &StreamConfig) -> Checked {
    let began = host.now();
    let source = source::check(host, stream).await;
    let source = source.since(began, host.now());
    let mut sinks = Vec::with_capacity(stream.sinks.len());
    for destination in &stream.sinks {
        let began = host.now();
        let sink = destination.sink.as_ref();
        let finding = match host.must_end() {
            Some(reason) => Finding::unknown(format!("it was not asked: {reason}"))
                .advising("check again when there is time to"),
            None => sink::check(host, sink).await.since(began, host.now()),
        };
        sinks.push(CheckedSink {
            name: sink.name().to_owned(),
            finding,
        });
    }
    Checked { source, sinks }
}

/// Why nothing came, in words.
fn reason(error: &FetchError) -> String {
    if error.timed_out {
        format!("no answer in time ({error})")
    } else {
        error.to_string()
    }
}

/// The beginning of a body, at most `max_bytes` of it, and why it broke off if it did.
async fn read_up_to<B: Body>(body: &mut B, max_bytes: usize) -> (Vec<u8>, Option<FetchError>) {
    let mut bytes = Vec::new();
    while bytes.len() < max_bytes {
        match body.read(&mut bytes).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                bytes.truncate(max_bytes);
                return (bytes, Some(error));
            }
        }
    }
    bytes.truncate(max_bytes);
    (bytes, None)
}
