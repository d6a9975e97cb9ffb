//! A batch as a JSON array.

use edgesiem_model::{BatchLimits, BatchView, HttpRequest, Secret, plain};

use super::Sentinel;
use crate::members::Members;
use crate::oauth::bearer;

/// Around the array.
const BRACKETS: usize = 2;

/// `size` with what the envelope adds.
pub(super) fn with_envelope(size: BatchLimits, members: &Members) -> BatchLimits {
    BatchLimits {
        // A comma.
        bytes_per_event: members.bytes().saturating_add(1),
        bytes_per_batch: BRACKETS,
        max_event_bytes: size.max_event_bytes.saturating_sub(BRACKETS),
        ..size
    }
}

pub(super) fn request(
    sink: &Sentinel,
    batch: &BatchView<'_>,
    token: Option<&Secret>,
) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let capacity = batch
        .document_bytes()
        .saturating_add(envelopes)
        .saturating_add(BRACKETS);
    let mut body = Vec::with_capacity(capacity);
    body.push(b'[');
    for (number, event) in batch.events().enumerate() {
        if number != 0 {
            body.push(b',');
        }
        sink.members
            .push(&mut body, batch.form(), &event, batch.replay());
    }
    body.push(b']');
    let mut headers = vec![
        plain("content-type", "application/json"),
        plain("x-ms-client-request-id", guid(&batch.key().to_string())),
    ];
    headers.extend(bearer(token));
    sink.wire.post(sink.target.clone(), headers, body)
}

/// 32 hexadecimal digits in the groups of a GUID.
fn guid(digits: &str) -> String {
    let group = |range| digits.get(range).unwrap_or_default();
    let groups = [
        group(0..8),
        group(8..12),
        group(12..16),
        group(16..20),
        group(20..32),
    ];
    groups.join("-")
}
