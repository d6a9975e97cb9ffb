//! A document as a JSON value of a request body.

/// Bytes that writing a document adds to it at most, when it is JSON or text without escapes: the quotes.
pub(crate) const QUOTES: usize = 2;

/// Appends `document` as one JSON value.
///
/// Documents of JSON schemas are objects (see `Event::document` in the model) and are copied as they are.
/// Those of text schemas, such as CEF, become JSON strings. The first byte that is not white space tells
/// them apart: no text schema's line begins with a brace, whatever the event says, because it begins with
/// the schema's own header.
pub(crate) fn push_value(out: &mut Vec<u8>, document: &[u8]) {
    if document.trim_ascii_start().first() == Some(&b'{') {
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
    use super::push_value;

    #[test]
    fn objects_are_copied_and_text_becomes_a_string() {
        for (document, expected) in [
            (&b"{\"a\": 1e400}"[..], &b"{\"a\": 1e400}"[..]),
            (b" {}", b" {}"),
            (b"CEF:0|a\\=\"\t\x01|", br#""CEF:0|a\\=\"\t\u0001|""#),
            (b"", b"\"\""),
            (b"\xff", "\"\u{fffd}\"".as_bytes()),
        ] {
            let mut out = Vec::new();
            push_value(&mut out, document);
            assert_eq!(out, expected);
        }
    }
}
