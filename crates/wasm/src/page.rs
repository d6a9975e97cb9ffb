//! Pages of events, in chunks that may end anywhere.

use edgesiem_decode as dec;
use edgesiem_model::Schema;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::error::{invalid_argument, to_js};
use crate::page_types::{LinePart, PageContext, PageCounts, PageEnd, RejectedLine};
use crate::schema::schema;

/// Longest line that is handled whole unless the caller says otherwise, in bytes.
const DEFAULT_MAX_EVENT_BYTES: u32 = 6 * 1024 * 1024;

/// `read` looks whether it has enough after so much input, and then at the end of a line. A line of 15 KiB can become 4 MiB
/// of documents by rule.
const STEP_BYTES: usize = 8 * 1024;
/// What is enough for `read`: documents in bytes, and lines that are refused.
const ENOUGH_BYTES: usize = 1024 * 1024;
const ENOUGH_REJECTED: u32 = 256;
/// A buffer larger than this gives its memory back before the next page goes through it.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// Decodes pages of events, handed in as chunks that may end anywhere.
///
/// Documents come as bytes, one a line: JSON, or text if the schema is `cef`. A line that cannot be read is in `rejected`; the
/// others go on. Hand in a chunk by `push`, which gives all its documents at once, or by `write`, after which each `read` gives
/// about a megabyte of them.
#[wasm_bindgen]
pub struct PageDecoder {
    framer: dec::LineFramer,
    /// Room for the largest chunk so far.
    input: Vec<u8>,
    /// What of `input` is the current chunk, and not read yet.
    from: usize,
    to: usize,
    state: State,
}

/// What the lines of a page change.
struct State {
    schema: Box<dyn Schema>,
    out: Vec<u8>,
    /// Where the documents of one line end.
    ends: Vec<usize>,
    /// Several documents of one line, while line feeds are put between them.
    several: Vec<u8>,
    rejected: Array,
    line: f64,
    counts: PageCounts,
    /// The context line, as long as no other line follows it.
    context: Option<dec::Context>,
}

#[wasm_bindgen]
impl PageDecoder {
    /// `maxEventBytes`: a longer line is rejected in parts of this size, so that memory stays bounded; 6 MiB if
    /// left out. `schema`: what each event becomes; `decoded` if left out. `filter`: what is left out.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(js_name = maxEventBytes, unchecked_optional_param_type = "number | null")]
        max_event_bytes: Option<u32>,
        #[wasm_bindgen(js_name = schema, unchecked_optional_param_type = "SchemaOption | null")]
        schema_option: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "Filter | null")] filter: &JsValue,
    ) -> Result<Self, JsValue> {
        let schema = schema(schema_option, filter)?;
        let max_event_bytes = max_event_bytes.unwrap_or(DEFAULT_MAX_EVENT_BYTES);
        let max_event_bytes = usize::try_from(max_event_bytes).unwrap_or(usize::MAX);
        Ok(Self {
            framer: dec::LineFramer::new(max_event_bytes),
            input: Vec::new(),
            from: 0,
            to: 0,
            state: State {
                schema,
                out: Vec::new(),
                ends: Vec::new(),
                several: Vec::new(),
                rejected: Array::new(),
                line: 0.0,
                counts: PageCounts::default(),
                context: None,
            },
        })
    }

    /// Takes the next bytes of the body and returns the documents of the lines that they complete, each with a
    /// line feed behind it. They are bounded by what the chunk holds only.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub fn push(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] chunk: &JsValue,
    ) -> Result<Uint8Array, JsValue> {
        self.take(chunk)?;
        let Self {
            framer,
            input,
            from,
            to,
            state,
        } = self;
        state.begin();
        let bytes = input.get(*from..*to).unwrap_or_default();
        framer.push(bytes, &mut |line| state.take(line));
        *from = *to;
        Ok(Uint8Array::from(state.out.as_slice()))
    }

    /// Takes the next bytes of the body. `read` gives what they complete; to write before it gave all of that is an error.
    pub fn write(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] chunk: &JsValue,
    ) -> Result<(), JsValue> {
        self.take(chunk)
    }

    /// The next documents of what was written, each with a line feed behind it: about a megabyte of them, or fewer if there are no
    /// more or many lines were refused. `undefined` if all that was written has been read.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer> | undefined")]
    pub fn read(&mut self) -> Option<Uint8Array> {
        let Self {
            framer,
            input,
            from,
            to,
            state,
        } = self;
        state.begin();
        if from >= to {
            return None;
        }
        while from < to && !state.has_enough() {
            let rest = input.get(*from..*to).unwrap_or_default();
            let (first, later) = rest.split_at(rest.len().min(STEP_BYTES));
            let step = match memchr::memchr(b'\n', later) {
                Some(end) => first.len().saturating_add(end).saturating_add(1),
                None => rest.len(),
            };
            let step = rest.get(..step).unwrap_or(rest);
            framer.push(step, &mut |line| state.take(line));
            *from = from.saturating_add(step.len());
        }
        Some(Uint8Array::from(state.out.as_slice()))
    }

    /// The body ended. After that the decoder is ready for another one; its numbers go on.
    #[wasm_bindgen(unchecked_return_type = "PageEnd")]
    pub fn finish(&mut self) -> Result<JsValue, JsValue> {
        let Self { framer, state, .. } = self;
        state.begin();
        framer.finish(&mut |line| state.take(line));
        to_js(&PageEnd {
            decoded: Uint8Array::from(state.out.as_slice()),
            context: state.context.take().map(|context| PageContext {
                offset: context.offset,
                total: context.total.map(|total| total as f64),
                limit: context.limit.map(|limit| limit as f64),
            }),
        })
    }

    /// The lines that the last call of `push`, `read` or `finish` could not read.
    #[wasm_bindgen(getter, unchecked_return_type = "readonly RejectedLine[]")]
    pub fn rejected(&self) -> Array {
        self.state.rejected.clone()
    }

    /// How many lines came so far, without blank ones. It is the number of the newest one.
    #[wasm_bindgen(getter)]
    pub fn lines(&self) -> f64 {
        self.state.line
    }

    /// How many events became documents so far.
    #[wasm_bindgen(getter)]
    pub fn events(&self) -> f64 {
        self.state.counts.events
    }

    /// How many encoded pieces of those events were kept as they came, because they could not be decoded.
    #[wasm_bindgen(getter)]
    pub fn undecoded(&self) -> f64 {
        self.state.counts.undecoded
    }

    /// How much went through so far.
    #[wasm_bindgen(getter, unchecked_return_type = "PageCounts")]
    pub fn counts(&self) -> Result<JsValue, JsValue> {
        to_js(&self.state.counts)
    }
}

impl PageDecoder {
    /// Copies a chunk into `input`.
    fn take(&mut self, chunk: &JsValue) -> Result<(), JsValue> {
        let chunk = chunk
            .dyn_ref::<Uint8Array>()
            .ok_or_else(|| invalid_argument("chunk", "needs a Uint8Array"))?;
        if self.from < self.to {
            let reason = "what was written before has not been read to its end";
            return Err(invalid_argument("chunk", reason));
        }
        let length = usize::try_from(chunk.length()).unwrap_or(usize::MAX);
        if self.input.len() < length {
            self.input.resize(length, 0);
        }
        if let Some(bytes) = self.input.get_mut(..length) {
            chunk.copy_to(bytes);
            (self.from, self.to) = (0, length);
        }
        Ok(())
    }
}

impl State {
    /// What the last call returned is the caller's now.
    fn begin(&mut self) {
        for buffer in [&mut self.out, &mut self.several] {
            buffer.clear();
            buffer.shrink_to(KEPT_BYTES);
        }
        if self.rejected.length() > 0 {
            self.rejected = Array::new();
        }
    }

    fn has_enough(&self) -> bool {
        self.out.len() >= ENOUGH_BYTES || self.rejected.length() >= ENOUGH_REJECTED
    }

    fn take(&mut self, line: dec::RawLine<'_>) {
        self.context = None;
        match line {
            dec::RawLine::Whole(bytes) => {
                self.line += 1.0;
                self.event(bytes);
            }
            dec::RawLine::Part { bytes, index, last } => {
                if index == 0 {
                    self.line += 1.0;
                    self.counts.rejected += 1.0;
                }
                let part = LinePart { index, last };
                self.reject("longer than an event may be", None, Some(part), bytes);
            }
        }
    }

    fn event(&mut self, line: &[u8]) {
        let start = self.out.len();
        self.ends.clear();
        let converted = self
            .schema
            .convert_parts(line, &mut self.out, &mut self.ends);
        match converted {
            Ok(facts) if facts.filtered => self.counts.filtered += 1.0,
            Ok(facts) => {
                self.end_documents(start);
                self.counts.events += 1.0;
                self.counts.documents += self.ends.len() as f64;
                self.counts.undecoded += f64::from(facts.undecoded);
            }
            Err(unreadable) => {
                self.out.truncate(start);
                // A schema refuses a context line like any other line that is not an event.
                self.context = dec::parse_context(line);
                if self.context.is_none() {
                    self.counts.rejected += 1.0;
                    self.reject(unreadable.reason, Some(unreadable.at), None, line);
                }
            }
        }
    }

    /// Puts a line feed behind each document from `start` on.
    fn end_documents(&mut self, start: usize) {
        if self.ends.len() > 1 {
            self.several.clear();
            self.several
                .extend_from_slice(self.out.get(start..).unwrap_or_default());
            self.out.truncate(start);
            let mut from = 0;
            for end in &self.ends {
                let end = end.saturating_sub(start);
                self.out
                    .extend_from_slice(self.several.get(from..end).unwrap_or_default());
                self.out.push(b'\n');
                from = end;
            }
        } else {
            self.out.push(b'\n');
        }
    }

    fn reject(
        &self,
        reason: &'static str,
        at: Option<usize>,
        part: Option<LinePart>,
        bytes: &[u8],
    ) {
        let line = RejectedLine {
            line: self.line,
            reason,
            at,
            part,
            bytes: Uint8Array::from(bytes),
        };
        // Turning a plain structure into an object cannot fail; if it did, the thrown object would take its place.
        self.rejected
            .push(&to_js(&line).unwrap_or_else(|error| error));
    }
}
