//! A batch as a sequence of HEC objects.

use edgesiem_model::{
    Batch, BatchLimits, BatchView, Header, HttpRequest, Method, Timestamp, confidential, plain,
};

use super::{Config, SplunkHec};
use crate::document;

/// Indexed field that holds the event's id.
pub(super) const ID_FIELD: &str = "edgesiem_id";
/// Indexed field that names the replay an event was sent in. Live events do not have it.
pub(super) const REPLAY_FIELD: &str = "edgesiem_replay";
/// When waiting for an acknowledgement began.
pub(super) const PENDING_SINCE: &str = "x-edgesiem-pending-since";

const CHANNEL: &str = "x-splunk-request-channel";
/// Digits of the largest time in seconds, a point, and three digits.
const TIME_BYTES: usize = 21;
const ID_BYTES: usize = 32;

/// From the quote after the id to the end of the replay's name, whose closing quote is the one that the id would have
/// had.
fn replay_member(replay: &str) -> String {
    format!(r#"","{REPLAY_FIELD}":"{replay}"#)
}

/// The parts of an object that are the same for every event: before the document, between document and id,
/// after the id.
pub(super) fn envelope(config: &Config) -> (String, String, String) {
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
    let after = format!(r#","fields":{{"{ID_FIELD}":""#);
    let mut end = b"\"".to_vec();
    for (key, value) in &config.fields {
        end.push(b',');
        push_member(&mut end, key, value);
    }
    end.extend_from_slice(b"}}");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(before), after, text(end))
}

fn push_member(out: &mut Vec<u8>, key: &str, value: &str) {
    document::push_string(out, key);
    out.push(b':');
    document::push_string(out, value);
}

/// `size` with what the envelope adds.
pub(super) fn with_envelope(size: BatchLimits, parts: &[&str]) -> BatchLimits {
    // `{"time":` and `,` around the time, and a line break.
    let fixed = ["{\"time\":", ",", "\n"];
    let bytes = parts
        .iter()
        .chain(&fixed)
        .fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    BatchLimits {
        bytes_per_event: bytes
            .saturating_add(TIME_BYTES)
            .saturating_add(ID_BYTES)
            .saturating_add(replay_member("").len())
            .saturating_add(Batch::MAX_REPLAY_BYTES)
            .saturating_add(document::QUOTES),
        bytes_per_batch: 0,
        ..size
    }
}

pub(super) fn request(sink: &SplunkHec, batch: &BatchView<'_>) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let mut body = Vec::with_capacity(batch.document_bytes().saturating_add(envelopes));
    let replay = batch.replay().map(replay_member).unwrap_or_default();
    for event in batch.events() {
        body.push(b'{');
        if let Some(time) = event.time {
            // Never an exponent: HEC refuses 1.79e9 with code 15.
            let (secs, millis) = (time.secs(), time.millis() % 1000);
            body.extend_from_slice(format!("\"time\":{secs}.{millis:03},").as_bytes());
        }
        body.extend_from_slice(sink.before.as_bytes());
        document::push_value(&mut body, batch.form(), event.document);
        body.extend_from_slice(sink.after.as_bytes());
        body.extend_from_slice(event.id.to_string().as_bytes());
        body.extend_from_slice(replay.as_bytes());
        body.extend_from_slice(sink.end.as_bytes());
        // HEC needs nothing between objects; receivers that imitate it split at white space.
        body.push(b'\n');
    }
    sink.wire.post(sink.target.clone(), headers(sink), body)
}

/// The question whether batch `ack_id` is safe. `since` is when it was first asked.
pub(super) fn poll(sink: &SplunkHec, target: &str, ack_id: u64, since: Timestamp) -> HttpRequest {
    let mut headers = headers(sink);
    headers.push(plain(PENDING_SINCE, since.millis().to_string()));
    let body = format!(r#"{{"acks":[{ack_id}]}}"#).into_bytes();
    sink.wire
        .request(Method::Post, target.to_owned(), headers, body)
}

/// The question whether the collector takes events: `/services/collector/health/1.0`, which checks the token too.
pub(super) fn health(sink: &SplunkHec) -> HttpRequest {
    let prefix = sink.target.strip_suffix("event").unwrap_or(&sink.target);
    sink.wire.get(format!("{prefix}health/1.0"), headers(sink))
}

fn headers(sink: &SplunkHec) -> Vec<Header> {
    let mut headers = vec![
        confidential("authorization", sink.authorization.clone()),
        plain("content-type", "application/json"),
    ];
    if let Some(ack) = &sink.ack {
        headers.push(plain(CHANNEL, ack.channel.clone()));
    }
    headers
}
