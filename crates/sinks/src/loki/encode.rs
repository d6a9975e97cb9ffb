//! A batch as one stream.

use std::collections::BTreeMap;

use edgesiem_model::{Batch, BatchLimits, BatchView, EventId, HttpRequest, Timestamp, plain};

use super::{Loki, Metadata};
use crate::document;

/// Label of streams that hold no live events.
pub(super) const MODE: &str = "mode";

const STREAM: &str = r#"{"streams":[{"stream":{"#;
const REPLAY_LABEL: &str = r#","mode":"replay-"#;
const REPLAY_LABEL_END: &str = "\"";
const VALUES: &str = r#"},"values":["#;
const END: &str = "]}]}";
const ID: &str = r#",{"edgesiem_id":""#;
const REPLAY: &str = r#"","edgesiem_replay":""#;
const METADATA_END: &str = "\"}";
/// Digits of the largest time in nanoseconds.
const TIME_BYTES: usize = 26;
const ID_BYTES: usize = 32;

/// The members of the label set.
pub(super) fn labels(table: &BTreeMap<String, String>) -> String {
    if table.is_empty() {
        return r#""job":"edgesiem""#.to_owned();
    }
    let mut out = Vec::new();
    for (name, value) in table {
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
pub(super) fn with_envelope(size: BatchLimits, labels: &str) -> BatchLimits {
    // `["` before the time, `",` after it, `]` and the comma between two lines.
    let event = ["[\"", "\",", ID, REPLAY, METADATA_END, "],"];
    let variable = [
        TIME_BYTES,
        ID_BYTES,
        Batch::MAX_REPLAY_BYTES,
        document::QUOTES,
    ];
    let event = event.iter().map(|part| part.len()).chain(variable);
    let bytes_per_event = event.fold(0, usize::saturating_add);
    let request = [STREAM, labels, REPLAY_LABEL, REPLAY_LABEL_END, VALUES, END];
    let request = request.iter().map(|part| part.len());
    let request = request.chain([Batch::MAX_REPLAY_BYTES]);
    BatchLimits {
        bytes_per_event,
        bytes_per_batch: request.fold(0, usize::saturating_add),
        // Loki measures the line alone.
        max_event_bytes: size.max_event_bytes.saturating_add(bytes_per_event),
        ..size
    }
}

pub(super) fn request(sink: &Loki, batch: &BatchView<'_>) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let capacity = batch
        .document_bytes()
        .saturating_add(envelopes)
        .saturating_add(sink.limits.bytes_per_batch);
    let mut body = Vec::with_capacity(capacity);
    body.extend_from_slice(STREAM.as_bytes());
    body.extend_from_slice(sink.labels.as_bytes());
    if let Some(replay) = batch.replay() {
        for part in [REPLAY_LABEL, replay, REPLAY_LABEL_END] {
            body.extend_from_slice(part.as_bytes());
        }
    }
    body.extend_from_slice(VALUES.as_bytes());
    let first_time = batch.events().find_map(|event| event.time);
    let mut time = first_time.unwrap_or_default();
    for (at, event) in batch.events().enumerate() {
        time = event.time.unwrap_or(time);
        if at != 0 {
            body.push(b',');
        }
        body.extend_from_slice(b"[\"");
        body.extend_from_slice(nanoseconds(time, event.id).as_bytes());
        body.extend_from_slice(b"\",");
        document::push_string(&mut body, &String::from_utf8_lossy(event.document));
        if sink.metadata == Metadata::Sent {
            body.extend_from_slice(ID.as_bytes());
            body.extend_from_slice(event.id.to_string().as_bytes());
            if let Some(replay) = batch.replay() {
                body.extend_from_slice(REPLAY.as_bytes());
                body.extend_from_slice(replay.as_bytes());
            }
            body.extend_from_slice(METADATA_END.as_bytes());
        }
        body.push(b']');
    }
    body.extend_from_slice(END.as_bytes());
    push(sink, body)
}

/// Nanoseconds since the epoch: the milliseconds of `time`, and six digits that belong to the event.
fn nanoseconds(time: Timestamp, id: EventId) -> String {
    let [a, b, c, d, ..] = *id.as_bytes();
    let below = u32::from_be_bytes([a, b, c, d]) % 1_000_000;
    format!("{}{below:06}", time.millis())
}

/// A push of nothing, which shows whether there is a Loki that takes our credentials.
pub(super) fn health(sink: &Loki) -> HttpRequest {
    push(sink, br#"{"streams":[]}"#.to_vec())
}

fn push(sink: &Loki, body: Vec<u8>) -> HttpRequest {
    let mut headers = vec![plain("content-type", "application/json")];
    headers.extend(sink.headers.iter().cloned());
    sink.wire.post(sink.target.clone(), headers, body)
}
