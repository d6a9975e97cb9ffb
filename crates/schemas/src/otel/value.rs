//! The JSON encoding of `KeyValue` and `AnyValue` (opentelemetry-proto, `common/v1/common.proto`).

use edgesiem_decode::{Literal, Writer, literal};

/// Ends an attribute whose value is text or a number.
pub(crate) const END: &Literal = &literal(b"\"}}");

/// An attribute up to the text of its string.
macro_rules! text {
    ($key:literal) => {
        concat!(",{\"key\":\"", $key, "\",\"value\":{\"stringValue\":\"").as_bytes()
    };
}
pub(crate) use text;

/// An attribute up to the digits of its number.
macro_rules! integer {
    ($key:literal) => {
        concat!(",{\"key\":\"", $key, "\",\"value\":{\"intValue\":\"").as_bytes()
    };
}
pub(crate) use integer;

/// An attribute up to the bracket of its array.
macro_rules! array {
    ($key:literal) => {
        concat!(
            ",{\"key\":\"",
            $key,
            "\",\"value\":{\"arrayValue\":{\"values\":"
        )
        .as_bytes()
    };
}
pub(crate) use array;

/// An attribute up to the bracket of its list of keys and values.
macro_rules! list {
    ($key:literal) => {
        concat!(
            ",{\"key\":\"",
            $key,
            "\",\"value\":{\"kvlistValue\":{\"values\":"
        )
        .as_bytes()
    };
}
pub(crate) use list;

/// What [`text!`] or [`integer!`] gives, to be written as a whole.
macro_rules! opening {
    ($text:expr) => {
        const {
            assert!($text.len() <= 96, "a literal has 96 bytes");
            edgesiem_decode::wide_literal($text)
        }
    };
}
pub(crate) use opening;

/// What [`array!`] or [`list!`] begins, with the items that `items` writes, each with a comma before it; nothing if there is
/// none.
#[inline(always)]
pub(crate) fn many(w: &mut Writer<'_>, opening: &[u8], items: impl FnOnce(&mut Writer<'_>)) {
    let start = w.len();
    w.short(opening);
    if crate::json::block(w, *b"[]", items) {
        w.literal(const { &literal(b"}}}") });
    } else {
        w.back_to(start);
    }
}
