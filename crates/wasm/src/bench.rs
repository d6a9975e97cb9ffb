//! Entry points for measuring, compiled in with the feature `bench` only: they never ship.
//!
//! The contestants share framing and the way across the border to JavaScript, so that what differs is
//! what they do to a line.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use edgesiem_decode::{Decoder, LineFramer, RawLine};
use edgesiem_model::{EventIds, Schema, StreamId};
use js_sys::Uint8Array;
use serde_json::{Map, Value};
use wasm_bindgen::prelude::*;

/// Longest line that is handed on whole, in bytes; the corpus has none that long.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// One run of one contestant over a stream of lines.
#[wasm_bindgen]
pub struct Contestant {
    framer: LineFramer,
    work: Work,
    out: Vec<u8>,
}

enum Work {
    /// What ships.
    Decode(Box<Decoder>),
    /// Likewise, to another schema.
    Schema(Box<dyn Schema>),
    /// What the pipeline does to a line beside converting it: hash it. Each chunk is a page, because the input comes more than once.
    Ids(StreamId, Box<EventIds>),
    /// A value tree for each event, as one would write it with serde_json.
    Value,
    /// The ceiling: what framing and crossing the border cost.
    Copy,
}

#[wasm_bindgen]
impl Contestant {
    /// `wasm-decode`, `wasm-ids`, `wasm-serde-value`, `wasm-copy`, or `wasm-` and the name of a schema.
    ///
    /// # Errors
    /// If there is no contestant of that name.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str) -> Result<Self, JsError> {
        let work = match name {
            "wasm-decode" => Work::Decode(Box::new(Decoder::new())),
            "wasm-ids" => {
                let stream =
                    StreamId::new("bench").map_err(|error| JsError::new(&error.to_string()))?;
                let ids = EventIds::new(&stream, 0);
                Work::Ids(stream, Box::new(ids))
            }
            "wasm-serde-value" => Work::Value,
            "wasm-copy" => Work::Copy,
            _ => {
                let schema = name
                    .strip_prefix("wasm-")
                    .and_then(edgesiem_schemas::by_name);
                Work::Schema(schema.ok_or_else(|| JsError::new("no contestant of that name"))?)
            }
        };
        Ok(Self {
            framer: LineFramer::new(MAX_LINE_BYTES),
            work,
            out: Vec::new(),
        })
    }

    /// Takes the next bytes of the input and returns the documents of the lines that they complete, each
    /// followed by a line feed.
    ///
    /// # Errors
    /// If a line is too long or is not an event.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Uint8Array, JsError> {
        self.convert(chunk)?;
        Ok(Uint8Array::from(self.out.as_slice()))
    }

    /// Like `push`, but keeps the documents, as a host does that is compiled into the module: returns how many bytes they have.
    ///
    /// # Errors
    /// As for `push`.
    pub fn convert(&mut self, chunk: &[u8]) -> Result<usize, JsError> {
        let Self { framer, work, out } = self;
        out.clear();
        work.begin();
        let mut failed = false;
        framer.push(chunk, &mut |line| {
            let converted = match line {
                RawLine::Whole(line) => work.convert(line, out),
                _ => false,
            };
            failed |= !converted;
            out.push(b'\n');
        });
        if failed {
            return Err(JsError::new("a line of the input could not be converted"));
        }
        Ok(out.len())
    }
}

impl Work {
    /// A chunk begins.
    fn begin(&mut self) {
        if let Self::Ids(stream, ids) = self {
            **ids = EventIds::new(stream, 0);
        }
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        match self {
            Self::Decode(decoder) => decoder.decode(line, out).is_ok(),
            Self::Schema(schema) => schema.convert(line, out).is_ok(),
            Self::Ids(_, ids) => {
                let digit = |value: u8| {
                    char::from_digit(value.into(), 16).map_or(b'?', |digit| digit as u8)
                };
                for byte in ids.next(line).as_bytes() {
                    out.extend([digit(byte >> 4), digit(byte & 15)]);
                }
                true
            }
            Self::Value => through_value(line, out).is_ok(),
            Self::Copy => {
                out.extend_from_slice(line);
                true
            }
        }
    }
}

/// Facets of `attackData` and the keys that their items get in a rule.
const FACETS: [(&str, &str); 7] = [
    ("rules", "rule"),
    ("ruleVersions", "ruleVersion"),
    ("ruleMessages", "ruleMessage"),
    ("ruleTags", "ruleTag"),
    ("ruleData", "ruleData"),
    ("ruleSelectors", "ruleSelector"),
    ("ruleActions", "ruleAction"),
];

const PADDING_OPTIONAL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn through_value(line: &[u8], out: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut event: Value = serde_json::from_slice(line)?;
    if let Some(attack) = event.get_mut("attackData").and_then(Value::as_object_mut) {
        decode_rules(attack);
    }
    if let Some(message) = event.get_mut("httpMessage").and_then(Value::as_object_mut) {
        for name in ["requestHeaders", "responseHeaders"] {
            if let Some(headers) = message.get_mut(name) {
                decode_headers(headers);
            }
        }
    }
    if let Some(custom) = event.get_mut("custom").and_then(Value::as_object_mut) {
        custom.values_mut().for_each(decode_custom);
    }
    serde_json::to_writer(out, &event)
}

fn decode_rules(attack: &mut Map<String, Value>) {
    if attack.get("rules").is_some_and(Value::is_array) {
        return;
    }
    let mut rules: Vec<Map<String, Value>> = Vec::new();
    for (facet, key) in FACETS {
        let items = match attack.get(facet).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => percent_decoded(text),
            _ => continue,
        };
        for (index, item) in items.split(|byte| *byte == b';').enumerate() {
            if rules.len() <= index {
                rules.push(Map::new());
            }
            if let Some(rule) = rules.get_mut(index) {
                let bytes = base64_decoded(item).unwrap_or_else(|| item.to_vec());
                insert_text(rule, key, bytes);
            }
        }
    }
    while rules
        .last()
        .is_some_and(|rule| rule.values().all(|value| value == ""))
    {
        rules.pop();
    }
    let mut rules = Some(Value::from_iter(rules));
    for (name, value) in std::mem::take(attack) {
        if !FACETS.iter().any(|(facet, _)| *facet == name) {
            attack.insert(name, value);
        } else if let Some(rules) = rules.take() {
            attack.insert("rules".to_owned(), rules);
        }
    }
}

fn decode_headers(headers: &mut Value) {
    let Some(text) = headers.as_str() else { return };
    let block = percent_decoded(text);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in block.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line.first(), lines.last_mut()) {
            (None, _) => {}
            (Some(b' ' | b'\t'), Some(before)) => {
                before.push(b'\n');
                before.extend_from_slice(line);
            }
            _ => lines.push(line.to_vec()),
        }
    }
    *headers = lines.into_iter().map(decode_header).collect();
}

fn decode_header(line: Vec<u8>) -> Value {
    let mut header = Map::new();
    let mut parts = line.splitn(2, |byte| *byte == b':');
    match (parts.next(), parts.next()) {
        (Some(name), Some(value)) => {
            insert_text(&mut header, "name", name.to_vec());
            insert_text(&mut header, "value", value.trim_ascii_start().to_vec());
        }
        _ => insert_text(&mut header, "raw", line),
    }
    Value::Object(header)
}

fn decode_custom(value: &mut Value) {
    let decoded = value
        .as_str()
        .and_then(|text| base64_decoded(&percent_decoded(text)));
    if let Some(text) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
        *value = Value::String(text);
    }
}

/// The text of bytes, and the bytes themselves beside it if the text cannot carry them.
fn insert_text(object: &mut Map<String, Value>, key: &str, bytes: Vec<u8>) {
    match String::from_utf8(bytes) {
        Ok(text) => {
            object.insert(key.to_owned(), Value::String(text));
        }
        Err(not_text) => {
            let bytes = not_text.as_bytes();
            let lossy = String::from_utf8_lossy(bytes).into_owned();
            object.insert(key.to_owned(), Value::String(lossy));
            let exact = BASE64_STANDARD.encode(bytes);
            object.insert(format!("{key}Base64"), Value::String(exact));
        }
    }
}

fn base64_decoded(item: &[u8]) -> Option<Vec<u8>> {
    let standard: Vec<u8> = item
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    PADDING_OPTIONAL.decode(standard).ok()
}

/// Only `%XX` is decoded: `+` stays, and so does a bad escape.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((first, after)) = rest.split_first() {
        let escaped = if *first == b'%' {
            after.split_first_chunk::<2>()
        } else {
            None
        };
        match escaped.and_then(|([high, low], after)| Some((hex(*high)?, hex(*low)?, after))) {
            Some((high, low, after)) => {
                out.push(high << 4 | low);
                rest = after;
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
