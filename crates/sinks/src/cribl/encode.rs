//! A batch as events of Cribl, one a line.

use std::collections::BTreeMap;

use edgesiem_model::{Batch, BatchLimits, BatchView, HttpRequest, confidential, plain};

use super::Cribl;
use crate::document;

const ID: &str = r#""edgesiem_id":""#;
const REPLAY: &str = r#"","edgesiem_replay":""#;
const END: &str = "}\n";
/// `"_time":`, digits of the largest time in seconds, a point, three digits and a comma.
const TIME_BYTES: usize = 30;
const ID_BYTES: usize = 32;

/// From the quote after the id, or the replay's name, to the colon before the document.
pub(super) fn middle(fields: &BTreeMap<String, String>) -> String {
    let mut out = b"\"".to_vec();
    for (name, value) in fields {
        out.push(b',');
        document::push_string(&mut out, name);
        out.push(b':');
        document::push_string(&mut out, value);
    }
    out.extend_from_slice(b",\"_raw\":");
    String::from_utf8_lossy(&out).into_owned()
}

/// `size` with what the envelope adds.
pub(super) fn with_envelope(size: BatchLimits, middle: &str) -> BatchLimits {
    let fixed = ["{", ID, REPLAY, middle, END];
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

pub(super) fn request(sink: &Cribl, batch: &BatchView<'_>) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let mut body = Vec::with_capacity(batch.document_bytes().saturating_add(envelopes));
    for event in batch.events() {
        body.push(b'{');
        if let Some(time) = event.time {
            let (secs, millis) = (time.secs(), time.millis() % 1000);
            body.extend_from_slice(format!("\"_time\":{secs}.{millis:03},").as_bytes());
        }
        body.extend_from_slice(ID.as_bytes());
        body.extend_from_slice(event.id.to_string().as_bytes());
        if let Some(replay) = batch.replay() {
            body.extend_from_slice(REPLAY.as_bytes());
            body.extend_from_slice(replay.as_bytes());
        }
        body.extend_from_slice(sink.middle.as_bytes());
        document::push_string(&mut body, &String::from_utf8_lossy(event.document));
        body.extend_from_slice(END.as_bytes());
    }
    let mut headers = vec![plain("content-type", "application/x-ndjson")];
    if let Some(token) = &sink.token {
        headers.push(confidential("authorization", token.clone()));
    }
    sink.wire.post(sink.target.clone(), headers, body)
}
