//! A batch as a sequence of HEC objects.

use edgesiem_model::{Batch, BatchLimits, BatchView, HttpRequest, confidential, plain};

use super::config::HEC_PATH;
use super::{Config, LogScale};
use crate::document;

/// Field that holds the event's id.
pub(super) const ID_FIELD: &str = "edgesiem_id";
/// Field that names the replay an event was sent in. Live events do not have it.
pub(super) const REPLAY_FIELD: &str = "edgesiem_replay";

const ID: &str = r#","fields":{"edgesiem_id":""#;
const REPLAY: &str = r#"","edgesiem_replay":""#;
/// Digits of the largest time in seconds, a point, and three digits.
const TIME_BYTES: usize = 21;
const ID_BYTES: usize = 32;

/// The parts of an object that are the same for every event: before the document, and after the last of our fields.
pub(super) fn envelope(config: &Config) -> (String, String) {
    let mut before = Vec::new();
    for (key, value) in [
        ("host", &config.host),
        ("source", &config.source),
        ("sourcetype", &config.sourcetype),
        ("index", &config.index),
    ] {
        if let Some(value) = value {
            push_member(&mut before, key, value);
            before.push(b',');
        }
    }
    before.extend_from_slice(b"\"event\":");
    let mut end = b"\"".to_vec();
    for (key, value) in &config.fields {
        end.push(b',');
        push_member(&mut end, key, value);
    }
    end.extend_from_slice(b"}}\n");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(before), text(end))
}

fn push_member(out: &mut Vec<u8>, key: &str, value: &str) {
    document::push_string(out, key);
    out.push(b':');
    document::push_string(out, value);
}

/// `size` with what the envelope adds.
pub(super) fn with_envelope(size: BatchLimits, before: &str, end: &str) -> BatchLimits {
    let fixed = ["{\"time\":", ",", before, ID, REPLAY, end];
    let variable = [
        TIME_BYTES,
        ID_BYTES,
        Batch::MAX_REPLAY_BYTES,
        document::QUOTES,
    ];
    let lengths = fixed.iter().map(|part| part.len()).chain(variable);
    BatchLimits {
        bytes_per_event: lengths.fold(0, usize::saturating_add),
        ..size
    }
}

pub(super) fn request(sink: &LogScale, batch: &BatchView<'_>) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let mut body = Vec::with_capacity(batch.document_bytes().saturating_add(envelopes));
    for event in batch.events() {
        body.push(b'{');
        if let Some(time) = event.time {
            // A whole number would be taken for seconds as well, and lose the milliseconds.
            let (secs, millis) = (time.secs(), time.millis() % 1000);
            body.extend_from_slice(format!("\"time\":{secs}.{millis:03},").as_bytes());
        }
        body.extend_from_slice(sink.before.as_bytes());
        document::push_value(&mut body, batch.form(), event.document);
        body.extend_from_slice(ID.as_bytes());
        body.extend_from_slice(event.id.to_string().as_bytes());
        if let Some(replay) = batch.replay() {
            body.extend_from_slice(REPLAY.as_bytes());
            body.extend_from_slice(replay.as_bytes());
        }
        body.extend_from_slice(sink.end.as_bytes());
    }
    let headers = vec![
        confidential("authorization", sink.authorization.clone()),
        plain("content-type", "application/json"),
    ];
    sink.wire.post(sink.target.clone(), headers, body)
}

/// The question whether the cluster is up, which anybody may ask. Connectors have no such address.
pub(super) fn health(sink: &LogScale) -> Option<HttpRequest> {
    let prefix = sink.target.strip_suffix(HEC_PATH)?;
    Some(sink.wire.get(format!("{prefix}/api/v1/status"), Vec::new()))
}
