//! A batch as raw logs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgesiem_model::{Batch, BatchLimits, BatchView, HttpRequest, Secret, Timestamp, plain};

use super::{Config, GoogleSecops};
use crate::document;
use crate::members::{ID, REPLAY};
use crate::oauth::bearer;

const BODY: &str = r#"{"inlineSource":{"logs":["#;
const DATA: &str = r#"{"data":""#;
const ENTRY_TIME: &str = r#"","logEntryTime":""#;
const COLLECTION_TIME: &str = r#"","collectionTime":""#;
const LABELS: &str = r#"","labels":{"#;
/// Longest RFC 3339 time: the year of the last millisecond that fits u64 has nine digits.
const TIME_BYTES: usize = 29;
const ID_BYTES: usize = 32;
/// How long after its event a log says that it was collected, in milliseconds.
const COLLECTED_AFTER_MS: i64 = 1;

/// The parts of a body that are the same for every event: from the end of our own labels to the end of an event, and from the
/// end of the logs to the end of the body.
pub(super) fn envelope(config: &Config, forwarder: &Option<String>) -> (String, String) {
    let mut event = Vec::new();
    for (name, value) in &config.labels {
        event.push(b',');
        push_label(&mut event, name, value);
    }
    event.push(b'}');
    if let Some(namespace) = &config.namespace {
        event.extend_from_slice(b",\"environmentNamespace\":");
        document::push_string(&mut event, namespace);
    }
    event.push(b'}');
    let mut body = b"]".to_vec();
    if let Some(forwarder) = forwarder {
        body.extend_from_slice(b",\"forwarder\":");
        document::push_string(&mut body, forwarder);
    }
    body.extend_from_slice(b"}}");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(event), text(body))
}

fn push_label(out: &mut Vec<u8>, name: &str, value: &str) {
    document::push_string(out, name);
    out.extend_from_slice(b":{\"value\":");
    document::push_string(out, value);
    out.push(b'}');
}

/// `size` with what the envelope adds.
pub(super) fn with_envelope(size: BatchLimits, event_end: &str, body_end: &str) -> BatchLimits {
    let label = |name: &str, value: usize| name.len().saturating_add(value).saturating_add(16);
    let parts = [
        DATA.len(),
        ENTRY_TIME.len(),
        TIME_BYTES,
        COLLECTION_TIME.len(),
        TIME_BYTES,
        LABELS.len(),
        label(ID, ID_BYTES),
        label(REPLAY, Batch::MAX_REPLAY_BYTES),
        event_end.len(),
        // Commas.
        2,
    ];
    let bytes_per_batch = BODY.len().saturating_add(body_end.len());
    BatchLimits {
        bytes_per_event: parts
            .iter()
            .fold(0_usize, |sum, part| sum.saturating_add(*part)),
        bytes_per_batch,
        max_event_bytes: size.max_event_bytes.saturating_sub(bytes_per_batch),
        ..size
    }
}

pub(super) fn request(
    sink: &GoogleSecops,
    batch: &BatchView<'_>,
    token: Option<&Secret>,
) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let capacity = batch
        .document_bytes()
        .saturating_mul(4)
        .div_euclid(3)
        .saturating_add(envelopes)
        .saturating_add(sink.limits.bytes_per_batch);
    let mut body = Vec::with_capacity(capacity);
    body.extend_from_slice(BODY.as_bytes());
    let mut time = batch.events().find_map(|event| event.time);
    // One buffer for all: the engine writes to a text.
    let mut encoded = String::new();
    for (number, event) in batch.events().enumerate() {
        if number != 0 {
            body.push(b',');
        }
        body.extend_from_slice(DATA.as_bytes());
        encoded.clear();
        STANDARD.encode_string(event.document, &mut encoded);
        body.extend_from_slice(encoded.as_bytes());
        time = event.time.or(time);
        if let Some(time) = time {
            push_times(&mut body, time);
        }
        body.extend_from_slice(LABELS.as_bytes());
        push_label(&mut body, ID, &event.id.to_string());
        if let Some(replay) = batch.replay() {
            body.push(b',');
            push_label(&mut body, REPLAY, replay);
        }
        body.extend_from_slice(sink.event_end.as_bytes());
    }
    body.extend_from_slice(sink.body_end.as_bytes());
    let mut headers = vec![plain("content-type", "application/json")];
    headers.extend(bearer(token));
    sink.wire.post(sink.target.clone(), headers, body)
}

fn push_times(out: &mut Vec<u8>, time: Timestamp) {
    let collected = time.shifted(COLLECTED_AFTER_MS);
    for (name, time) in [(ENTRY_TIME, time), (COLLECTION_TIME, collected)] {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(time.to_rfc3339().as_bytes());
    }
}
