//! What pages give, as JavaScript sees it.

use js_sys::Uint8Array;
use serde::Serialize;
use tsify::Tsify;

/// A line that is not an event, or a part of one that is too long.
#[derive(Serialize, Tsify)]
pub(crate) struct RejectedLine {
    /// Number of the line, from 1; blank lines do not count.
    pub(crate) line: f64,
    /// Why, in words.
    pub(crate) reason: &'static str,
    /// Byte of the line at which reading stopped, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<usize>,
    /// Which part of the line this is, if it is too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<LinePart>,
    /// The line or the part of it, as it came.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub(crate) bytes: Uint8Array,
}

/// A part of a line that is too long.
#[derive(Serialize, Tsify)]
pub(crate) struct LinePart {
    /// Number of this part, from 0.
    pub(crate) index: u32,
    /// Whether the line ends here.
    pub(crate) last: bool,
}

/// The end of a body.
#[derive(Serialize, Tsify)]
pub(crate) struct PageEnd {
    /// The documents of the last line, if the body ended without a line feed; empty otherwise.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Uint8Array<ArrayBuffer>")]
    pub(crate) decoded: Uint8Array,
    /// The context line. If there is none, the body was cut: ask for the same offset again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<PageContext>,
}

/// The last line of a page.
#[derive(Serialize, Tsify)]
pub(crate) struct PageContext {
    /// Token of the next page.
    pub(crate) offset: String,
    /// How many events the page has, by its sender's count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<f64>,
    /// The size limit, if the page reached it: then there is more to fetch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<f64>,
}

/// How much went through a decoder so far.
#[derive(Clone, Default, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageCounts {
    /// Events that became documents.
    pub(crate) events: f64,
    /// Documents. More than events if the schema writes one for each rule.
    pub(crate) documents: f64,
    /// Events that the filter left out.
    pub(crate) filtered: f64,
    /// Encoded pieces that were kept as they came, because they could not be decoded.
    pub(crate) undecoded: f64,
    /// Lines that are not events, or are too long.
    pub(crate) rejected: f64,
}
