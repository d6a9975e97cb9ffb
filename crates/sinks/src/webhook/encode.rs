//! A batch as a signed message.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgesiem_model::{
    Batch, BatchLimits, BatchView, HttpRequest, Secret, Timestamp, confidential, plain,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::Webhook;
use crate::document;

const TYPE: &str = r#"{"type":"edgesiem.events""#;
const TIMESTAMP: &str = r#","timestamp":""#;
const REPLAY: &str = r#","replay":""#;
const EVENT_IDS: &str = r#","event_ids":["#;
const DATA: &str = r#"],"data":["#;
const END: &str = "]}";
/// Longest RFC 3339 time: the year of the last millisecond that fits u64 has nine digits.
const TIME_BYTES: usize = 29;
/// `"`, 32 hexadecimal digits, `"`.
const ID_BYTES: usize = 34;

/// An HMAC-SHA256 key of 24 to 64 bytes.
///
/// It is kept padded with zeros to the 64 bytes of a SHA-256 block, which is what HMAC itself does with a
/// shorter key (RFC 2104 section 2), so that signing cannot fail.
pub(super) struct SigningKey([u8; 64]);

impl SigningKey {
    /// `None` if it has fewer than 24 or more than 64 bytes (Standard Webhooks, "Signature scheme").
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let mut key = [0; 64];
        if bytes.len() < 24 {
            return None;
        }
        key.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self(key))
    }

    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new(&self.0.into());
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// `size` with what the envelope adds.
pub(super) fn with_envelope(size: BatchLimits) -> BatchLimits {
    let fixed = [TYPE, TIMESTAMP, "\"", REPLAY, "\"", EVENT_IDS, DATA, END];
    let variable = TIME_BYTES.saturating_add(Batch::MAX_REPLAY_BYTES);
    BatchLimits {
        bytes_per_event: ID_BYTES.saturating_add(document::QUOTES).saturating_add(2),
        bytes_per_batch: fixed
            .iter()
            .fold(variable, |sum, part| sum.saturating_add(part.len())),
        ..size
    }
}

pub(super) fn request(sink: &Webhook, batch: &BatchView<'_>, now: Timestamp) -> HttpRequest {
    let body = body(batch, &sink.limits);
    // A message that says it is a replay is another message than the one that came live: under the same id a
    // receiver that goes by the specification would ignore it.
    let id = match batch.replay() {
        Some(replay) => format!("msg_{}_{replay}", batch.key()),
        None => format!("msg_{}", batch.key()),
    };
    let timestamp = now.secs().to_string();
    let signatures: Vec<String> = sink
        .keys
        .iter()
        .map(|key| format!("v1,{}", key.sign(&id, &timestamp, &body)))
        .collect();
    let mut headers = vec![
        plain("content-type", "application/json"),
        plain("webhook-id", id),
        plain("webhook-timestamp", timestamp),
    ];
    if !signatures.is_empty() {
        let signature = Secret::new(signatures.join(" "));
        headers.push(confidential("webhook-signature", signature));
    }
    headers.extend(sink.headers.iter().cloned());
    sink.wire
        .post(sink.target.expose().to_owned(), headers, body)
}

fn body(batch: &BatchView<'_>, limits: &BatchLimits) -> Vec<u8> {
    let envelopes = batch.len().saturating_mul(limits.bytes_per_event);
    let capacity = batch
        .document_bytes()
        .saturating_add(envelopes)
        .saturating_add(limits.bytes_per_batch);
    let mut out = Vec::with_capacity(capacity);
    out.extend_from_slice(TYPE.as_bytes());
    if let Some(time) = batch.events().find_map(|event| event.time) {
        out.extend_from_slice(TIMESTAMP.as_bytes());
        out.extend_from_slice(time.to_rfc3339().as_bytes());
        out.push(b'"');
    }
    if let Some(replay) = batch.replay() {
        out.extend_from_slice(REPLAY.as_bytes());
        out.extend_from_slice(replay.as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(EVENT_IDS.as_bytes());
    for (at, event) in batch.events().enumerate() {
        if at != 0 {
            out.push(b',');
        }
        document::push_string(&mut out, &event.id.to_string());
    }
    out.extend_from_slice(DATA.as_bytes());
    for (at, event) in batch.events().enumerate() {
        if at != 0 {
            out.push(b',');
        }
        document::push_value(&mut out, batch.form(), event.document);
    }
    out.extend_from_slice(END.as_bytes());
    out
}
