//! A batch as an array of events with their times.

use edgesiem_model::{BatchLimits, BatchView, Header, HttpRequest, confidential, plain};

use super::Honeycomb;
use crate::members::Members;

const TIME: &str = r#""time":""#;
const TIME_END: &str = r#"","#;
const DATA: &str = r#""data":"#;
/// Longest RFC 3339 time.
const TIME_BYTES: usize = 29;
/// Braces and the comma after it.
const BRACES: usize = 3;

/// `limits` with what the envelope adds.
pub(super) fn with_envelope(limits: BatchLimits, members: &Members) -> BatchLimits {
    let fixed = [TIME, TIME_END, DATA];
    let around = fixed
        .iter()
        .fold(TIME_BYTES.saturating_add(BRACES), |sum, part| {
            sum.saturating_add(part.len())
        });
    BatchLimits {
        bytes_per_event: members.bytes().saturating_add(around),
        bytes_per_batch: 2,
        ..limits
    }
}

pub(super) fn request(sink: &Honeycomb, batch: &BatchView<'_>) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let mut body = Vec::with_capacity(batch.document_bytes().saturating_add(envelopes));
    body.push(b'[');
    for (at, event) in batch.events().enumerate() {
        if at != 0 {
            body.push(b',');
        }
        body.push(b'{');
        if let Some(time) = event.time {
            for part in [TIME, &time.to_rfc3339(), TIME_END] {
                body.extend_from_slice(part.as_bytes());
            }
        }
        body.extend_from_slice(DATA.as_bytes());
        sink.members
            .push(&mut body, batch.form(), &event, batch.replay());
        body.push(b'}');
    }
    body.push(b']');
    let mut headers = headers(sink);
    headers.push(plain("content-type", "application/json"));
    sink.wire.post(sink.target.clone(), headers, body)
}

/// The question what the key may do.
pub(super) fn health(sink: &Honeycomb) -> HttpRequest {
    sink.wire.get(sink.health.clone(), headers(sink))
}

fn headers(sink: &Honeycomb) -> Vec<Header> {
    vec![confidential("x-honeycomb-team", sink.api_key.clone())]
}
