//! A log record, and how it is written as Protocol Buffers
//! (opentelemetry/proto/logs/v1/logs.proto and common/v1/common.proto of
//! <https://github.com/open-telemetry/opentelemetry-proto>).

use std::borrow::Cow;

use super::json::{hex, integer};
use super::proto;

/// `opentelemetry.proto.logs.v1.LogRecord`. Members that are not known are ignored, as the specification wants it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Record<'a> {
    #[serde(deserialize_with = "integer")]
    time_unix_nano: u64,
    #[serde(deserialize_with = "integer")]
    observed_time_unix_nano: u64,
    #[serde(deserialize_with = "integer")]
    severity_number: i32,
    #[serde(borrow)]
    severity_text: Text<'a>,
    #[serde(borrow)]
    body: Option<AnyValue<'a>>,
    #[serde(borrow)]
    attributes: Vec<KeyValue<'a>>,
    #[serde(deserialize_with = "integer")]
    dropped_attributes_count: u32,
    #[serde(deserialize_with = "integer")]
    flags: u32,
    #[serde(deserialize_with = "hex")]
    trace_id: Vec<u8>,
    #[serde(deserialize_with = "hex")]
    span_id: Vec<u8>,
    #[serde(borrow)]
    event_name: Text<'a>,
}

/// A text that is borrowed where it has no escapes.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// `opentelemetry.proto.common.v1.KeyValue`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct KeyValue<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    value: Option<AnyValue<'a>>,
}

impl<'a> KeyValue<'a> {
    pub(super) fn text(key: &'a str, value: &'a str) -> Self {
        Self {
            key: Text(Cow::Borrowed(key)),
            value: Some(AnyValue::text(value)),
        }
    }
}

/// `opentelemetry.proto.common.v1.AnyValue`. Lists know their length, so that the lengths of nested ones are not counted
/// again at each level.
#[derive(Debug)]
pub(super) enum AnyValue<'a> {
    Empty,
    String(Text<'a>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
    Array(List<Self>),
    Kvlist(List<KeyValue<'a>>),
}

impl<'a> AnyValue<'a> {
    pub(super) const fn text(text: &'a str) -> Self {
        Self::String(Text(Cow::Borrowed(text)))
    }
}

/// `ArrayValue` or `KeyValueList`.
#[derive(Debug)]
pub(super) struct List<T> {
    items: Vec<T>,
    /// Bytes of the message.
    bytes: usize,
}

impl<T: Message> List<T> {
    pub(super) fn new(items: Vec<T>) -> Self {
        Self {
            bytes: repeated_bytes(&items),
            items,
        }
    }
}

/// What has a form in Protocol Buffers.
pub(super) trait Message {
    /// Bytes of the message, without tag and length.
    fn bytes(&self) -> usize;

    /// Appends the message, without tag and length. Fields are in the order of their numbers.
    fn write(&self, out: &mut Vec<u8>);
}

/// Appends `message` as a field.
pub(super) fn push(out: &mut Vec<u8>, field: u8, message: &impl Message) {
    proto::header(out, field, message.bytes());
    message.write(out);
}

/// Bytes of `message` as a field.
pub(super) fn pushed_bytes(message: &impl Message) -> usize {
    proto::field_bytes(message.bytes())
}

/// Bytes of `messages` as a repeated field.
pub(super) fn repeated_bytes<T: Message>(messages: &[T]) -> usize {
    messages
        .iter()
        .fold(0, |sum, message| sum.saturating_add(pushed_bytes(message)))
}

impl<T: Message> Message for List<T> {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn write(&self, out: &mut Vec<u8>) {
        for item in &self.items {
            push(out, 1, item);
        }
    }
}

impl Message for AnyValue<'_> {
    fn bytes(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::String(text) => proto::field_bytes(text.0.len()),
            Self::Bool(_) => 2,
            Self::Int(number) => proto::varint_bytes(number.cast_unsigned()).saturating_add(1),
            Self::Double(_) => 9,
            Self::Bytes(bytes) => proto::field_bytes(bytes.len()),
            Self::Array(list) => pushed_bytes(list),
            Self::Kvlist(list) => pushed_bytes(list),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => {}
            Self::String(text) => proto::bytes(out, 1, text.0.as_bytes()),
            Self::Bool(value) => proto::number(out, 2, u64::from(*value)),
            Self::Int(number) => proto::number(out, 3, number.cast_unsigned()),
            Self::Double(number) => proto::fixed64(out, 4, number.to_bits()),
            Self::Array(list) => push(out, 5, list),
            Self::Kvlist(list) => push(out, 6, list),
            Self::Bytes(bytes) => proto::bytes(out, 7, bytes),
        }
    }
}

impl Message for KeyValue<'_> {
    fn bytes(&self) -> usize {
        let key = optional_bytes(self.key.0.len());
        key.saturating_add(self.value.as_ref().map_or(0, pushed_bytes))
    }

    fn write(&self, out: &mut Vec<u8>) {
        optional(out, 1, self.key.0.as_bytes());
        if let Some(value) = &self.value {
            push(out, 2, value);
        }
    }
}

impl Message for Record<'_> {
    fn bytes(&self) -> usize {
        let fixed = |present: bool, bytes: usize| if present { bytes } else { 0 };
        let varint = |number: u64| {
            let bytes = proto::varint_bytes(number).saturating_add(1);
            fixed(number != 0, bytes)
        };
        let parts = [
            fixed(self.time_unix_nano != 0, 9),
            varint(self.severity()),
            optional_bytes(self.severity_text.0.len()),
            self.body.as_ref().map_or(0, pushed_bytes),
            repeated_bytes(&self.attributes),
            varint(u64::from(self.dropped_attributes_count)),
            fixed(self.flags != 0, 5),
            optional_bytes(self.trace_id.len()),
            optional_bytes(self.span_id.len()),
            fixed(self.observed_time_unix_nano != 0, 9),
            optional_bytes(self.event_name.0.len()),
        ];
        parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
    }

    fn write(&self, out: &mut Vec<u8>) {
        if self.time_unix_nano != 0 {
            proto::fixed64(out, 1, self.time_unix_nano);
        }
        if self.severity() != 0 {
            proto::number(out, 2, self.severity());
        }
        optional(out, 3, self.severity_text.0.as_bytes());
        if let Some(body) = &self.body {
            push(out, 5, body);
        }
        for attribute in &self.attributes {
            push(out, 6, attribute);
        }
        if self.dropped_attributes_count != 0 {
            proto::number(out, 7, u64::from(self.dropped_attributes_count));
        }
        if self.flags != 0 {
            proto::fixed32(out, 8, self.flags);
        }
        optional(out, 9, &self.trace_id);
        optional(out, 10, &self.span_id);
        if self.observed_time_unix_nano != 0 {
            proto::fixed64(out, 11, self.observed_time_unix_nano);
        }
        optional(out, 12, self.event_name.0.as_bytes());
    }
}

impl<'a> Record<'a> {
    /// Reads a document; `None` if it is no log record.
    pub(super) fn read(document: &'a [u8]) -> Option<Self> {
        // A struct could be read from an array too.
        let is_object = document.trim_ascii_start().first() == Some(&b'{');
        serde_json::from_slice(document).ok().filter(|_| is_object)
    }

    /// A record with this body.
    pub(super) fn of_text(text: &'a str, time_unix_nano: Option<u64>) -> Self {
        Self {
            time_unix_nano: time_unix_nano.unwrap_or(0),
            body: Some(AnyValue::text(text)),
            ..Self::default()
        }
    }

    /// Adds an attribute after those that it has.
    pub(super) fn add(&mut self, key: &'a str, value: &'a str) {
        self.attributes.push(KeyValue::text(key, value));
    }

    /// An enum is written as an int32, which is extended to 64 bits.
    fn severity(&self) -> u64 {
        i64::from(self.severity_number).cast_unsigned()
    }
}

/// A string or bytes that are left out when they are empty.
fn optional(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    if !bytes.is_empty() {
        proto::bytes(out, field, bytes);
    }
}

const fn optional_bytes(length: usize) -> usize {
    if length == 0 {
        0
    } else {
        proto::field_bytes(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{Message as _, Record};

    #[test]
    fn a_record_has_the_promised_length() {
        for document in [
            "{}",
            r#"{"timeUnixNano":"1491303422000000000","severityNumber":13,"severityText":"WARN","traceId":"5B8EFFF798038103D269B633813FC60C",
                "spanId":"eee19b7ec3c1b174","flags":1,"droppedAttributesCount":300,"observedTimeUnixNano":7,"eventName":"é"}"#,
            r#"{"severityNumber":-1,"body":{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{},{"intValue":"-1"},
                {"doubleValue":"NaN"},{"doubleValue":1},{"bytesValue":"_-8"},{"boolValue":false},{"stringValue":""}]}}},{"key":""}]}},
                "attributes":[{"key":"k","value":{"stringValue":"v"}},{}],"unknown":[1]}"#,
        ] {
            let record = Record::read(document.as_bytes()).unwrap();
            let mut out = Vec::new();
            record.write(&mut out);
            assert_eq!(out.len(), record.bytes(), "{document}");
        }
    }

    #[test]
    fn what_is_no_log_record_is_refused() {
        let deep = |levels: usize| {
            let open = r#"{"arrayValue":{"values":["#.repeat(levels);
            format!(r#"{{"body":{open}{}}}"#, "]}}".repeat(levels))
        };
        assert!(Record::read(deep(40).as_bytes()).is_some());
        for document in [
            "[]",
            r#"{"timeUnixNano":"x"}"#,
            r#"{"timeUnixNano":-1}"#,
            r#"{"timeUnixNano":18446744073709551616}"#,
            r#"{"severityNumber":2147483648}"#,
            r#"{"severityNumber":"SEVERITY_NUMBER_WARNING"}"#,
            r#"{"body":"text"}"#,
            r#"{"body":{"textValue":"x"}}"#,
            r#"{"body":{"intValue":1.5}}"#,
            r#"{"body":{"stringValue":"x","intValue":1}}"#,
            r#"{"body":{"bytesValue":"!"}}"#,
            r#"{"traceId":"abc"}"#,
            r#"{"traceId":"zz"}"#,
            r#"{"flags":1,"flags":2}"#,
            deep(50).as_str(),
        ] {
            assert!(Record::read(document.as_bytes()).is_none(), "{document}");
        }
    }
}
