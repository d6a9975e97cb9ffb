//! Events, pages of events, and their encoded parts.

use edgesiem_decode as dec;
use edgesiem_model::{Schema, printable};
use edgesiem_schemas::{NAMES, by_name};
use js_sys::{Array, JSON, Object, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::error::{invalid_argument, thrown, to_js};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A line that is not an event, or a part of one that is too long. */
export interface RejectedLine {
    /** Number of the line, from 1; blank lines do not count. */
    line: number;
    /** Why, in words. */
    reason: string;
    /** Byte of the line at which reading stopped, from 0. */
    at?: number;
    /** Which part of the line this is, if it is too long. */
    part?: { index: number; last: boolean };
    /** The line or the part of it, as it came. */
    bytes: Uint8Array;
}

/** The last line of a page. */
export interface PageContext {
    /** Token of the next page. */
    offset: string;
    /** How many events the page has, by its sender's count. */
    total?: number;
    /** The size limit, if the page reached it: then there is more to fetch. */
    limit?: number;
}

/** The end of a body. */
export interface PageEnd {
    /** The document of the last line, if the body ended without a line feed; empty otherwise. */
    decoded: Uint8Array;
    /** The context line. If there is none, the body was cut: ask for the same offset again. */
    context?: PageContext;
}

/** The rule facets of `attackData`, as they come. */
export interface RuleFacets {
    rules?: string | undefined;
    ruleVersions?: string | undefined;
    ruleMessages?: string | undefined;
    ruleTags?: string | undefined;
    ruleData?: string | undefined;
    ruleSelectors?: string | undefined;
    ruleActions?: string | undefined;
}

/** One decoded rule. A member with `Base64` is there if the text beside it is not exactly what was sent. */
export type Rule = Partial<
    Record<
        | "rule" | "ruleVersion" | "ruleMessage" | "ruleTag" | "ruleData" | "ruleSelector" | "ruleAction"
        | "ruleBase64" | "ruleVersionBase64" | "ruleMessageBase64" | "ruleTagBase64" | "ruleDataBase64"
        | "ruleSelectorBase64" | "ruleActionBase64",
        string
    >
>;

/** One decoded header, or a line that is none. */
export type Header =
    | { name: string; nameBase64?: string; value: string; valueBase64?: string }
    | { raw: string; rawBase64?: string };
"#;

/// Longest line that is handled whole unless the caller says otherwise, in bytes.
const DEFAULT_MAX_EVENT_BYTES: u32 = 6 * 1024 * 1024;

/// The schema of pages and events unless the caller names another.
const DEFAULT_SCHEMA: &str = "decoded";

/// Names of the schemas that events can be converted to.
#[wasm_bindgen(js_name = schemaNames)]
pub fn schema_names() -> Vec<String> {
    NAMES.iter().map(|name| (*name).to_owned()).collect()
}

fn schema(name: Option<&str>) -> Result<Box<dyn Schema>, JsValue> {
    let name = name.unwrap_or(DEFAULT_SCHEMA);
    by_name(name).ok_or_else(|| {
        let known = NAMES.join(", ");
        thrown(
            "unknown_schema",
            &format!(
                "there is no schema `{}`; there are {known}",
                printable(name, 80)
            ),
            &format!("use one of {known}"),
        )
    })
}

/// Decodes one event, a line of JSON, into one line of JSON; or into a line of another schema, if one is named.
#[wasm_bindgen(js_name = decodeEvent)]
pub fn decode_event(
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] line: JsValue,
    #[wasm_bindgen(js_name = schema)] schema_name: Option<String>,
) -> Result<String, JsValue> {
    let mut schema = schema(schema_name.as_deref())?;
    let line = if let Some(text) = line.as_string() {
        text.into_bytes()
    } else if let Some(bytes) = line.dyn_ref::<Uint8Array>() {
        bytes.to_vec()
    } else {
        return Err(invalid_argument("line", "needs a string or a Uint8Array"));
    };
    let mut out = Vec::new();
    match schema.convert(&line, &mut out) {
        Ok(_) => text(out),
        Err(unreadable) => Err(thrown(
            "malformed_event",
            &unreadable.to_string(),
            "pass one event, a complete JSON object",
        )),
    }
}

/// Decodes the rule facets of `attackData` into a list of rules.
#[wasm_bindgen(js_name = decodeRules, unchecked_return_type = "Rule[]")]
pub fn decode_rules(
    #[wasm_bindgen(unchecked_param_type = "RuleFacets")] facets: JsValue,
) -> Result<JsValue, JsValue> {
    let facets = facets
        .dyn_into::<Object>()
        .map_err(|_| invalid_argument("facets", "needs an object"))?;
    let mut found: Vec<(dec::Facet, String)> = Vec::new();
    for entry in Object::entries(&facets).iter() {
        let entry: Array = entry.unchecked_into();
        let name = entry.get(0).as_string().unwrap_or_default();
        if let (Some(facet), Some(value)) = (
            dec::Facet::from_member(name.as_bytes()),
            entry.get(1).as_string(),
        ) {
            found.push((facet, value));
        }
    }
    let facets: Vec<_> = found
        .iter()
        .map(|(facet, value)| (*facet, value.as_str()))
        .collect();
    let mut out = Vec::new();
    list("rules", dec::decode_rules(&facets, &mut out), out)
}

/// Decodes `requestHeaders` or `responseHeaders` of `httpMessage` into a list of headers.
#[wasm_bindgen(js_name = decodeHeaders, unchecked_return_type = "Header[]")]
pub fn decode_headers(encoded: &str) -> Result<JsValue, JsValue> {
    let mut out = Vec::new();
    list("headers", dec::decode_headers(encoded, &mut out), out)
}

/// Decodes pages of events, pushed in chunks that may end anywhere.
///
/// Documents come as bytes, one a line: JSON, or text if the schema is `cef`. A line that cannot be read is in `rejected`; the others go on.
#[wasm_bindgen]
pub struct PageDecoder {
    framer: dec::LineFramer,
    /// Room for the largest chunk so far.
    input: Vec<u8>,
    state: State,
}

/// What the lines of a page change.
struct State {
    schema: Box<dyn Schema>,
    out: Vec<u8>,
    rejected: Array,
    line: f64,
    events: f64,
    undecoded: f64,
    /// The context line, as long as no other line follows it.
    context: Option<dec::Context>,
}

#[derive(Serialize)]
struct RejectedDto {
    line: f64,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<PartDto>,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    bytes: Uint8Array,
}

#[derive(Serialize)]
struct PartDto {
    index: u32,
    last: bool,
}

#[derive(Serialize)]
struct PageEndDto {
    #[serde(with = "serde_wasm_bindgen::preserve")]
    decoded: Uint8Array,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<ContextDto>,
}

#[derive(Serialize)]
struct ContextDto {
    offset: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<f64>,
}

#[wasm_bindgen]
impl PageDecoder {
    /// `maxEventBytes`: a longer line is rejected in parts of this size, so that memory stays bounded; 6 MiB if
    /// left out. `schema`: what each event becomes, one of `schemaNames()`; `decoded` if left out.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(js_name = maxEventBytes)] max_event_bytes: Option<u32>,
        #[wasm_bindgen(js_name = schema)] schema_name: Option<String>,
    ) -> Result<Self, JsValue> {
        let schema = schema(schema_name.as_deref())?;
        let max_event_bytes = max_event_bytes.unwrap_or(DEFAULT_MAX_EVENT_BYTES);
        let max_event_bytes = usize::try_from(max_event_bytes).unwrap_or(usize::MAX);
        Ok(Self {
            framer: dec::LineFramer::new(max_event_bytes),
            input: Vec::new(),
            state: State {
                schema,
                out: Vec::new(),
                rejected: Array::new(),
                line: 0.0,
                events: 0.0,
                undecoded: 0.0,
                context: None,
            },
        })
    }

    /// Takes the next bytes of the body and returns the documents of the lines that they complete, each with a
    /// line feed behind it.
    pub fn push(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] chunk: &JsValue,
    ) -> Result<Uint8Array, JsValue> {
        let Self {
            framer,
            input,
            state,
        } = self;
        let chunk = chunk
            .dyn_ref::<Uint8Array>()
            .ok_or_else(|| invalid_argument("chunk", "needs a Uint8Array"))?;
        state.begin();
        let length = usize::try_from(chunk.length()).unwrap_or(usize::MAX);
        if input.len() < length {
            input.resize(length, 0);
        }
        if let Some(bytes) = input.get_mut(..length) {
            chunk.copy_to(bytes);
            framer.push(bytes, &mut |line| state.take(line));
        }
        Ok(Uint8Array::from(state.out.as_slice()))
    }

    /// The body ended. After that the decoder is ready for another one; its numbers go on.
    #[wasm_bindgen(unchecked_return_type = "PageEnd")]
    pub fn finish(&mut self) -> Result<JsValue, JsValue> {
        let Self { framer, state, .. } = self;
        state.begin();
        framer.finish(&mut |line| state.take(line));
        to_js(&PageEndDto {
            decoded: Uint8Array::from(state.out.as_slice()),
            context: state.context.take().map(|context| ContextDto {
                offset: context.offset,
                total: context.total.map(|total| total as f64),
                limit: context.limit.map(|limit| limit as f64),
            }),
        })
    }

    /// The lines that the last call of `push` or `finish` could not read.
    #[wasm_bindgen(getter, unchecked_return_type = "readonly RejectedLine[]")]
    pub fn rejected(&self) -> Array {
        self.state.rejected.clone()
    }

    /// How many events became documents so far.
    #[wasm_bindgen(getter)]
    pub fn events(&self) -> f64 {
        self.state.events
    }

    /// How many encoded pieces of those events were kept as they came, because they could not be decoded.
    #[wasm_bindgen(getter)]
    pub fn undecoded(&self) -> f64 {
        self.state.undecoded
    }
}

impl State {
    /// What the last call returned is the caller's now.
    fn begin(&mut self) {
        self.out.clear();
        self.rejected = Array::new();
    }

    fn take(&mut self, line: dec::RawLine<'_>) {
        self.context = None;
        match line {
            dec::RawLine::Whole(bytes) => {
                self.line += 1.0;
                let start = self.out.len();
                match self.schema.convert(bytes, &mut self.out) {
                    Ok(facts) => {
                        self.out.push(b'\n');
                        self.events += 1.0;
                        self.undecoded += f64::from(facts.undecoded);
                    }
                    Err(unreadable) => {
                        self.out.truncate(start);
                        // A schema refuses a context line like any other line that is not an event.
                        self.context = dec::parse_context(bytes);
                        if self.context.is_none() {
                            self.reject(unreadable.reason, Some(unreadable.at), None, bytes);
                        }
                    }
                }
            }
            dec::RawLine::Part { bytes, index, last } => {
                if index == 0 {
                    self.line += 1.0;
                }
                let part = PartDto { index, last };
                self.reject("longer than an event may be", None, Some(part), bytes);
            }
        }
    }

    fn reject(&self, reason: &'static str, at: Option<usize>, part: Option<PartDto>, bytes: &[u8]) {
        let dto = RejectedDto {
            line: self.line,
            reason,
            at,
            part,
            bytes: Uint8Array::from(bytes),
        };
        // Turning a plain structure into an object cannot fail; if it did, the thrown object would take its place.
        self.rejected
            .push(&to_js(&dto).unwrap_or_else(|error| error));
    }
}

/// What the decoder wrote, as a JavaScript list.
fn list(name: &str, decoded: Option<u32>, json: Vec<u8>) -> Result<JsValue, JsValue> {
    if decoded.is_none() {
        let reason = format!("more than {} {name} are not taken apart", dec::MAX_ITEMS);
        return Err(thrown("too_many_items", &reason, "keep the value as it is"));
    }
    JSON::parse(&text(json)?)
}

fn text(json: Vec<u8>) -> Result<String, JsValue> {
    String::from_utf8(json).map_err(|_| {
        thrown(
            "internal",
            "decoded text is not UTF-8",
            "report this as a bug",
        )
    })
}
