//! A batch as a sequence of HEC objects, or as raw lines.

use edgesiem_model::{
    Batch, BatchLimits, BatchView, Header, HttpRequest, Method, Timestamp, confidential, plain,
};

use super::{Ack, Config, Raw, SplunkHec};
use crate::document;
use crate::lines::{Lines, content_type};
use crate::target::encoded;

/// Indexed field that holds the event's id.
pub(super) const ID_FIELD: &str = "edgesiem_id";
/// Indexed field that names the replay an event was sent in. Live events do not have it.
pub(super) const REPLAY_FIELD: &str = "edgesiem_replay";
/// When waiting for an acknowledgement began.
pub(super) const PENDING_SINCE: &str = "x-edgesiem-pending-since";

const CHANNEL: &str = "x-splunk-request-channel";
const JSON: &str = "application/json";
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

/// The query of raw lines, without the source: metadata of each, and the channel that HEC wants for them.
pub(super) fn raw_query(config: &Config, channel: &str) -> String {
    let mut query = format!("channel={channel}");
    for (key, value) in [
        ("host", &config.host),
        ("sourcetype", &config.sourcetype),
        ("index", &config.index),
    ] {
        if let Some(value) = value {
            for part in ["&", key, "=", &encoded(value)] {
                query.push_str(part);
            }
        }
    }
    query
}

pub(super) fn request(sink: &SplunkHec, batch: &BatchView<'_>) -> HttpRequest {
    match &sink.raw {
        Some(raw) => raw_request(sink, raw, batch),
        None => event_request(sink, batch),
    }
}

fn raw_request(sink: &SplunkHec, raw: &Raw, batch: &BatchView<'_>) -> HttpRequest {
    let mut target = format!("{}/raw?{}", sink.collector, raw.query);
    let source = match (&raw.source, batch.replay()) {
        (None, None) => None,
        (Some(source), None) => Some(source.clone()),
        (source, Some(replay)) => {
            let source = source.as_deref().unwrap_or("edgesiem");
            Some(format!("{source}:replay:{replay}"))
        }
    };
    if let Some(source) = source {
        target.push_str("&source=");
        target.push_str(&encoded(&source));
    }
    let body = Lines::VERBATIM.body(batch, &sink.limits);
    sink.wire
        .post(target, headers(sink, content_type(batch)), body)
}

fn event_request(sink: &SplunkHec, batch: &BatchView<'_>) -> HttpRequest {
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
    let target = format!("{}/event", sink.collector);
    sink.wire.post(target, headers(sink, JSON), body)
}

/// The question whether batch `ack_id` is safe. `since` is when it was first asked.
pub(super) fn poll(sink: &SplunkHec, ack: &Ack, ack_id: u64, since: Timestamp) -> HttpRequest {
    let target = format!("{}/ack?channel={}", sink.collector, ack.channel);
    let mut headers = headers(sink, JSON);
    headers.push(plain(PENDING_SINCE, since.millis().to_string()));
    let body = format!(r#"{{"acks":[{ack_id}]}}"#).into_bytes();
    sink.wire.request(Method::Post, target, headers, body)
}

/// The question whether the collector takes events: `/services/collector/health/1.0`, which checks the token too.
pub(super) fn health(sink: &SplunkHec) -> HttpRequest {
    let target = format!("{}/health/1.0", sink.collector);
    sink.wire.get(target, headers(sink, JSON))
}

fn headers(sink: &SplunkHec, content_type: &'static str) -> Vec<Header> {
    let mut headers = vec![
        confidential("authorization", sink.authorization.clone()),
        plain("content-type", content_type),
    ];
    if let Some(ack) = &sink.ack {
        headers.push(plain(CHANNEL, ack.channel.clone()));
    }
    headers
}
