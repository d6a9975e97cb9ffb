//! A document as a JSON value of a request body.

use edgesiem_model::DocumentForm;

/// Bytes that writing a document adds to it at most, besides what `Embedding` counts: the quotes.
pub(crate) const QUOTES: usize = 2;

/// Appends `document` as one JSON value: JSON as it is, text as a JSON string.
pub(crate) fn push_value(out: &mut Vec<u8>, form: DocumentForm, document: &[u8]) {
    if form.is_json() {
        out.extend_from_slice(document);
    } else {
        push_string(out, &String::from_utf8_lossy(document));
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    let written = serde_json::to_writer(&mut *out, text);
    debug_assert!(written.is_ok(), "a Vec takes every byte");
}

#[cfg(test)]
mod tests {
    use edgesiem_model::DocumentForm::{Json, OtlpLogRecord, Text};

    use super::push_value;

    #[test]
    fn objects_are_copied_and_text_becomes_a_string() {
        for (form, document, expected) in [
            (Json, &b"{\"a\": 1e400}"[..], &b"{\"a\": 1e400}"[..]),
            (OtlpLogRecord, b" {}", b" {}"),
            (Text, b"CEF:0|a\\=\"\t\x01|", br#""CEF:0|a\\=\"\t\u0001|""#),
            (Text, b"{}", b"\"{}\""),
            (Text, b"", b"\"\""),
            (Text, b"\xff", "\"\u{fffd}\"".as_bytes()),
        ] {
            let mut out = Vec::new();
            push_value(&mut out, form, document);
            assert_eq!(out, expected);
        }
    }
}
