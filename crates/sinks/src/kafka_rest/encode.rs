//! A batch as records.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgesiem_model::{
    Batch, BatchLimits, BatchView, Event, Header, HttpRequest, confidential, plain,
};

use super::{Api, Encoding, KafkaRest};
use crate::members::REPLAY;

/// Around all records of version 2.
const RECORDS: &str = r#"{"records":["#;
const RECORDS_END: &str = "]}";
/// The longest record without key and value: version 3 with a header.
const RECORD: &str = r#"{"key":{"type":"BINARY","data":""},"value":{"type":"BINARY","data":""},"headers":[{"name":"edgesiem_replay","value":""}]},"#;
/// An id, a colon and a replay's name.
const KEY_BYTES: usize = 33 + Batch::MAX_REPLAY_BYTES;

/// `limits` with what the envelope adds.
pub(super) fn with_envelope(limits: BatchLimits) -> BatchLimits {
    // Base64 makes four bytes of three; twice is more than that.
    let variable = KEY_BYTES
        .saturating_add(Batch::MAX_REPLAY_BYTES)
        .saturating_mul(2);
    BatchLimits {
        bytes_per_event: RECORD.len().saturating_add(variable),
        bytes_per_batch: RECORDS.len().saturating_add(RECORDS_END.len()),
        ..limits
    }
}

pub(super) fn request(sink: &KafkaRest, batch: &BatchView<'_>) -> HttpRequest {
    let envelopes = batch.len().saturating_mul(sink.limits.bytes_per_event);
    let documents = match sink.encoding {
        Encoding::Json => batch.document_bytes(),
        Encoding::Base64 => batch.document_bytes().div_ceil(3).saturating_mul(4),
    };
    let mut body = String::with_capacity(documents.saturating_add(envelopes));
    match sink.api {
        Api::V2 => {
            body.push_str(RECORDS);
            for (at, event) in batch.events().enumerate() {
                if at != 0 {
                    body.push(',');
                }
                push_v2(&mut body, sink.encoding, &event, batch.replay());
            }
            body.push_str(RECORDS_END);
        }
        Api::V3 => {
            let replay = batch.replay().map(|name| STANDARD.encode(name));
            for event in batch.events() {
                push_v3(&mut body, sink.encoding, &event, replay.as_deref());
            }
        }
    }
    let content_type = match (sink.api, sink.encoding) {
        (Api::V2, Encoding::Json) => "application/vnd.kafka.json.v2+json",
        (Api::V2, Encoding::Base64) => "application/vnd.kafka.binary.v2+json",
        (Api::V3, _) => "application/json",
    };
    let mut headers = headers(sink);
    headers.push(plain("content-type", content_type));
    sink.wire
        .post(sink.target.clone(), headers, body.into_bytes())
}

/// `{"key":…,"value":…}`.
fn push_v2(out: &mut String, encoding: Encoding, event: &Event<'_>, replay: Option<&str>) {
    let id = event.id;
    let key = match replay {
        Some(replay) => format!("{id}:{replay}"),
        None => id.to_string(),
    };
    out.push_str(r#"{"key":""#);
    match encoding {
        Encoding::Json => {
            out.push_str(&key);
            out.push_str(r#"","value":"#);
            out.push_str(&String::from_utf8_lossy(event.document));
        }
        Encoding::Base64 => {
            STANDARD.encode_string(key, out);
            out.push_str(r#"","value":""#);
            STANDARD.encode_string(event.document, out);
            out.push('"');
        }
    }
    out.push('}');
}

/// `{"key":{…},"value":{…},"headers":[…]}` and a line break, which separates as well as nothing does.
fn push_v3(out: &mut String, encoding: Encoding, event: &Event<'_>, replay: Option<&str>) {
    out.push_str(r#"{"key":{"type":"BINARY","data":""#);
    STANDARD.encode_string(event.id.to_string(), out);
    match encoding {
        Encoding::Json => {
            out.push_str(r#""},"value":{"type":"JSON","data":"#);
            out.push_str(&String::from_utf8_lossy(event.document));
        }
        Encoding::Base64 => {
            out.push_str(r#""},"value":{"type":"BINARY","data":""#);
            STANDARD.encode_string(event.document, out);
            out.push('"');
        }
    }
    out.push('}');
    if let Some(replay) = replay {
        for part in [
            r#","headers":[{"name":""#,
            REPLAY,
            r#"","value":""#,
            replay,
            r#""}]"#,
        ] {
            out.push_str(part);
        }
    }
    out.push_str("}\n");
}

/// A question that only a working proxy with our credentials answers.
pub(super) fn health(sink: &KafkaRest) -> HttpRequest {
    sink.wire.get(sink.health.clone(), headers(sink))
}

fn headers(sink: &KafkaRest) -> Vec<Header> {
    let accept = match sink.api {
        Api::V2 => "application/vnd.kafka.v2+json",
        Api::V3 => "application/json",
    };
    let mut headers = vec![plain("accept", accept)];
    if let Some(authorization) = &sink.authorization {
        headers.push(confidential("authorization", authorization.clone()));
    }
    headers
}
