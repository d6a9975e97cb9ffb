//! A batch as one block of logs.

use edgesiem_model::{Batch, BatchLimits, BatchView, HttpRequest, confidential, plain};

use super::config::REQUEST_BYTES;
use super::{Config, NewRelic};
use crate::document;

const COMMON: &str = r#"[{"common":{"attributes":{"#;
const REPLAY: &str = r#""edgesiem_replay":""#;
const LOGS: &str = r#"}},"logs":["#;
const END: &str = "]}]";
const TIMESTAMP: &str = r#"{"timestamp":"#;
const ID: &str = r#""attributes":{"edgesiem_id":""#;
const MESSAGE: &str = r#""},"message":"#;
/// Digits of the largest time in milliseconds, and a comma.
const TIME_BYTES: usize = 21;
const ID_BYTES: usize = 32;

/// The members of the common attributes.
pub(super) fn common(config: &Config) -> String {
    let logtype = config.logtype.as_ref().map(|logtype| ("logtype", logtype));
    let attributes = config
        .attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value));
    let mut out = Vec::new();
    for (name, value) in logtype.into_iter().chain(attributes) {
        if !out.is_empty() {
            out.push(b',');
        }
        document::push_string(&mut out, name);
        out.push(b':');
        document::push_string(&mut out, value);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `size` with what the envelope adds.
pub(super) fn with_envelope(size: BatchLimits, common: &str) -> BatchLimits {
    // The brace that ends a log, and the comma between two.
    let event = [TIMESTAMP, ID, MESSAGE, "},"];
    let variable = [TIME_BYTES, ID_BYTES, document::QUOTES];
    let event = event.iter().map(|part| part.len()).chain(variable);
    // The comma before the replay's name, and the quote after it.
    let request = [COMMON, common, ",", REPLAY, "\"", LOGS, END];
    let request = request.iter().map(|part| part.len());
    let bytes_per_batch = request.fold(Batch::MAX_REPLAY_BYTES, usize::saturating_add);
    BatchLimits {
        bytes_per_event: event.fold(0, usize::saturating_add),
        bytes_per_batch,
        // A request with one event must pass.
        max_event_bytes: REQUEST_BYTES.saturating_sub(bytes_per_batch),
        ..size
    }
}

pub(super) fn request(sink: &NewRelic, batch: &BatchView<'_>) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let capacity = batch
        .document_bytes()
        .saturating_add(envelopes)
        .saturating_add(sink.limits.bytes_per_batch);
    let mut body = Vec::with_capacity(capacity);
    body.extend_from_slice(COMMON.as_bytes());
    body.extend_from_slice(sink.common.as_bytes());
    if let Some(replay) = batch.replay() {
        if !sink.common.is_empty() {
            body.push(b',');
        }
        body.extend_from_slice(REPLAY.as_bytes());
        body.extend_from_slice(replay.as_bytes());
        body.push(b'"');
    }
    body.extend_from_slice(LOGS.as_bytes());
    for (at, event) in batch.events().enumerate() {
        if at != 0 {
            body.push(b',');
        }
        match event.time {
            Some(time) => {
                body.extend_from_slice(TIMESTAMP.as_bytes());
                body.extend_from_slice(time.millis().to_string().as_bytes());
                body.push(b',');
            }
            None => body.push(b'{'),
        }
        body.extend_from_slice(ID.as_bytes());
        body.extend_from_slice(event.id.to_string().as_bytes());
        body.extend_from_slice(MESSAGE.as_bytes());
        document::push_string(&mut body, &String::from_utf8_lossy(event.document));
        body.push(b'}');
    }
    body.extend_from_slice(END.as_bytes());
    let headers = vec![
        confidential("api-key", sink.license_key.clone()),
        plain("content-type", "application/json"),
    ];
    sink.wire.post(sink.target.clone(), headers, body)
}
