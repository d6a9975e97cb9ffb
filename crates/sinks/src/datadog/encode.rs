//! A batch as an array of logs.

use edgesiem_model::{Batch, BatchLimits, BatchView, HttpRequest, confidential, plain};

use super::{Config, Datadog};
use crate::document;
use crate::wire::Wire;

const TIMESTAMP: &str = r#""timestamp":"#;
const ID: &str = r#""edgesiem_id":""#;
const REPLAY: &str = r#"","edgesiem_replay":""#;
const MESSAGE: &str = r#"","message":"#;
/// Digits of the largest time in milliseconds, and a comma.
const TIME_BYTES: usize = 21;
const ID_BYTES: usize = 32;

/// The members that are the same for every log, each with a comma after it.
pub(super) fn envelope(config: &Config) -> String {
    let tags = config.tags.join(",");
    let mut out = Vec::new();
    for (key, value) in [
        ("ddsource", config.ddsource.as_deref()),
        (
            "ddtags",
            Some(tags.as_str()).filter(|tags| !tags.is_empty()),
        ),
        ("hostname", config.hostname.as_deref()),
        ("service", config.service.as_deref()),
    ] {
        if let Some(value) = value {
            document::push_string(&mut out, key);
            out.push(b':');
            document::push_string(&mut out, value);
            out.push(b',');
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `size` with what the envelope adds.
pub(super) fn with_envelope(size: BatchLimits, before: &str) -> BatchLimits {
    // Braces, and the comma between two logs.
    let fixed = [before, TIMESTAMP, ID, REPLAY, MESSAGE, "{},"];
    let variable = [
        TIME_BYTES,
        ID_BYTES,
        Batch::MAX_REPLAY_BYTES,
        document::QUOTES,
    ];
    let lengths = fixed.iter().map(|part| part.len()).chain(variable);
    BatchLimits {
        bytes_per_event: lengths.fold(0, usize::saturating_add),
        bytes_per_batch: "[]".len(),
        ..size
    }
}

pub(super) fn request(sink: &Datadog, batch: &BatchView<'_>) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let mut body = Vec::with_capacity(batch.document_bytes().saturating_add(envelopes));
    body.push(b'[');
    for (at, event) in batch.events().enumerate() {
        if at != 0 {
            body.push(b',');
        }
        body.push(b'{');
        body.extend_from_slice(sink.before.as_bytes());
        if let Some(time) = event.time {
            body.extend_from_slice(TIMESTAMP.as_bytes());
            body.extend_from_slice(time.millis().to_string().as_bytes());
            body.push(b',');
        }
        body.extend_from_slice(ID.as_bytes());
        body.extend_from_slice(event.id.to_string().as_bytes());
        if let Some(replay) = batch.replay() {
            body.extend_from_slice(REPLAY.as_bytes());
            body.extend_from_slice(replay.as_bytes());
        }
        body.extend_from_slice(MESSAGE.as_bytes());
        document::push_string(&mut body, &String::from_utf8_lossy(event.document));
        body.push(b'}');
    }
    body.push(b']');
    let headers = vec![
        plain("content-type", "application/json"),
        confidential("dd-api-key", sink.api_key.clone()),
    ];
    sink.wire.post(sink.target.clone(), headers, body)
}

/// The question whether the key is valid, which a site's API answers and its intake does not.
pub(super) fn health(sink: &Datadog) -> Option<HttpRequest> {
    let wire = Wire {
        endpoint: sink.api.clone()?,
        ..sink.wire.clone()
    };
    let headers = vec![confidential("dd-api-key", sink.api_key.clone())];
    Some(wire.get("/api/v1/validate".to_owned(), headers))
}
