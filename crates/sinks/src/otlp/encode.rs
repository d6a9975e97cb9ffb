//! A batch as an `ExportLogsServiceRequest`
//! (opentelemetry/proto/collector/logs/v1/logs_service.proto of <https://github.com/open-telemetry/opentelemetry-proto>).

use edgesiem_model::{
    Batch, BatchLimits, BatchView, DocumentForm, Event, HttpRequest, Method, Timestamp, plain,
};

use super::record::{KeyValue, Message as _, Record, push, repeated_bytes};
use super::splice::splice;
use super::{Config, Encoding, Otlp, proto};
use crate::document;

/// The event's id, by the semantic conventions for logs.
const UID: &str = "log.record.uid";
/// The name of the replay.
const REPLAY: &str = "edgesiem.replay";
/// What is written for both where a user says nothing.
const EDGESIEM: &str = "edgesiem";

/// Bytes that a record has at most besides its document, in either encoding: a comma, braces, time, the names of body
/// and attributes, and the attributes of ours with their values.
const RECORD_BYTES: usize = 320;
/// Tags and lengths of the messages around the records.
const LENGTHS_BYTES: usize = 12;

/// The parts of a body that are the same for every batch: up to the first record, and from the last one on.
///
/// In Protocol Buffers the first part is the resource, as a field of `ResourceLogs`, and the second one the scope, as a field of
/// `ScopeLogs`; what comes between depends on the lengths.
pub(super) fn envelope(config: &Config) -> (Vec<u8>, Vec<u8>) {
    let mut resource = config.resource.clone();
    resource
        .entry("service.name".to_owned())
        .or_insert_with(|| EDGESIEM.to_owned());
    let scope_name = config.scope_name.as_deref().unwrap_or(EDGESIEM);
    let scope_version = config.scope_version.as_deref();
    match config.encoding {
        Encoding::Json => {
            let mut start = br#"{"resourceLogs":[{"resource":{"attributes":["#.to_vec();
            for (number, (key, value)) in resource.iter().enumerate() {
                if number != 0 {
                    start.push(b',');
                }
                push_attribute(&mut start, key, value);
            }
            start.extend_from_slice(br#"]},"scopeLogs":[{"scope":{"name":"#);
            document::push_string(&mut start, scope_name);
            if let Some(version) = scope_version {
                start.extend_from_slice(br#","version":"#);
                document::push_string(&mut start, version);
            }
            start.extend_from_slice(br#"},"logRecords":["#);
            (start, b"]}]}]}".to_vec())
        }
        Encoding::Protobuf => {
            let attributes: Vec<KeyValue<'_>> = resource
                .iter()
                .map(|(key, value)| KeyValue::text(key, value))
                .collect();
            let mut start = Vec::new();
            proto::header(&mut start, 1, repeated_bytes(&attributes));
            for attribute in &attributes {
                push(&mut start, 1, attribute);
            }
            let mut scope = Vec::new();
            proto::bytes(&mut scope, 1, scope_name.as_bytes());
            if let Some(version) = scope_version {
                proto::bytes(&mut scope, 2, version.as_bytes());
            }
            let mut end = Vec::new();
            proto::bytes(&mut end, 1, &scope);
            (start, end)
        }
    }
}

/// `size` with what the envelope adds.
pub(super) fn with_envelope(size: BatchLimits, start: &[u8], end: &[u8]) -> BatchLimits {
    let bytes_per_batch = start
        .len()
        .saturating_add(end.len())
        .saturating_add(LENGTHS_BYTES);
    BatchLimits {
        bytes_per_event: RECORD_BYTES,
        bytes_per_batch,
        max_event_bytes: size.max_event_bytes.saturating_sub(bytes_per_batch),
        ..size
    }
}

pub(super) fn request(sink: &Otlp, batch: &BatchView<'_>) -> HttpRequest {
    let body = match sink.encoding {
        Encoding::Json => json(sink, batch),
        Encoding::Protobuf => protobuf(sink, batch),
    };
    sink.wire.post(sink.target.clone(), headers(sink), body)
}

/// An export of nothing, which receivers answer with success.
pub(super) fn health(sink: &Otlp) -> HttpRequest {
    let body = match sink.encoding {
        Encoding::Json => b"{}".to_vec(),
        Encoding::Protobuf => Vec::new(),
    };
    sink.wire
        .request(Method::Post, sink.target.clone(), headers(sink), body)
}

fn headers(sink: &Otlp) -> Vec<edgesiem_model::Header> {
    let content_type = match sink.encoding {
        Encoding::Json => "application/json",
        Encoding::Protobuf => "application/x-protobuf",
    };
    let mut headers = vec![plain("content-type", content_type)];
    headers.extend(sink.headers.iter().cloned());
    headers
}

/// An event's time; none past the year 2554, which nanoseconds of 64 bits do not reach.
fn nanos(time: Option<Timestamp>) -> Option<u64> {
    time?.millis().checked_mul(1_000_000)
}

fn capacity(sink: &Otlp, batch: &BatchView<'_>) -> usize {
    let envelopes = batch.len().saturating_mul(RECORD_BYTES);
    batch
        .document_bytes()
        .saturating_add(envelopes)
        .saturating_add(sink.limits.bytes_per_batch)
}

fn protobuf(sink: &Otlp, batch: &BatchView<'_>) -> Vec<u8> {
    let mut records = Vec::with_capacity(capacity(sink, batch));
    for event in batch.events() {
        push_record(&mut records, batch.form(), &event, batch.replay());
    }
    let scope_logs = sink.end.len().saturating_add(records.len());
    let resource_logs = sink
        .start
        .len()
        .saturating_add(proto::field_bytes(scope_logs));
    let mut head = Vec::with_capacity(sink.limits.bytes_per_batch);
    proto::header(&mut head, 1, resource_logs);
    head.extend_from_slice(&sink.start);
    proto::header(&mut head, 2, scope_logs);
    head.extend_from_slice(&sink.end);
    records.splice(0..0, head);
    records
}

fn push_record(out: &mut Vec<u8>, form: DocumentForm, event: &Event<'_>, replay: Option<&str>) {
    const LOG_RECORDS: u8 = 2;
    let id = event.id.to_string();
    let text = String::from_utf8_lossy(event.document);
    let read = Some(event.document)
        .filter(|_| form == DocumentForm::OtlpLogRecord)
        .and_then(Record::read);
    // A document that is no log record after all arrives as a text.
    let mut record = read.unwrap_or_else(|| Record::of_text(&text, nanos(event.time)));
    record.add(UID, &id);
    if let Some(replay) = replay {
        record.add(REPLAY, replay);
    }
    proto::header(out, LOG_RECORDS, record.bytes());
    record.write(out);
}

fn json(sink: &Otlp, batch: &BatchView<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(capacity(sink, batch));
    out.extend_from_slice(&sink.start);
    for (number, event) in batch.events().enumerate() {
        if number != 0 {
            out.push(b',');
        }
        let found = Some(event.document)
            .filter(|_| batch.form() == DocumentForm::OtlpLogRecord)
            .and_then(splice)
            .and_then(|found| Some((event.document.split_at_checked(found.at)?, found)));
        if let Some(((head, tail), found)) = found {
            out.extend_from_slice(head);
            out.extend_from_slice(found.before.as_bytes());
            push_attributes(&mut out, &event, batch.replay());
            out.extend_from_slice(found.after.as_bytes());
            out.extend_from_slice(tail);
            continue;
        }
        out.push(b'{');
        if let Some(nanos) = nanos(event.time) {
            out.extend_from_slice(format!(r#""timeUnixNano":"{nanos}","#).as_bytes());
        }
        out.extend_from_slice(br#""body":{"stringValue":"#);
        document::push_string(&mut out, &String::from_utf8_lossy(event.document));
        out.extend_from_slice(br#"},"attributes":["#);
        push_attributes(&mut out, &event, batch.replay());
        out.extend_from_slice(b"]}");
    }
    out.extend_from_slice(&sink.end);
    out
}

fn push_attributes(out: &mut Vec<u8>, event: &Event<'_>, replay: Option<&str>) {
    push_attribute(out, UID, &event.id.to_string());
    if let Some(replay) = replay {
        out.push(b',');
        push_attribute(out, REPLAY, replay);
    }
}

fn push_attribute(out: &mut Vec<u8>, key: &str, value: &str) {
    out.extend_from_slice(br#"{"key":"#);
    document::push_string(out, key);
    out.extend_from_slice(br#","value":{"stringValue":"#);
    document::push_string(out, value);
    out.extend_from_slice(b"}}");
}

const _: () = {
    let json = r#",{"timeUnixNano":"","body":{"stringValue":""},"attributes":[{"key":"","value":{"stringValue":""}},{"key":"","value":{"stringValue":""}}]}"#;
    let values = 20 + UID.len() + 32 + REPLAY.len() + Batch::MAX_REPLAY_BYTES;
    assert!(json.len() + values <= RECORD_BYTES);
    // Each message and each text has a tag and a length of five bytes at most: record, body and its text, two
    // attributes of four each; and a time.
    assert!(11 * 6 + 9 + values <= RECORD_BYTES);
};
