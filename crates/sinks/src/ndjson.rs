//! Documents in lines: one after the other, each with a line feed after it.

/// Bytes that a line has besides its document.
pub(crate) const LINE_FEED_BYTES: usize = 1;

/// Appends `document` as a line. Line breaks within it become spaces: a document of JSON can have them only where white
/// space means nothing (RFC 8259 section 7 wants them escaped in strings), and one of text is one line by what it is.
pub(crate) fn push_line(out: &mut Vec<u8>, document: &[u8]) {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    if document.iter().any(is_break) {
        out.extend(
            document
                .iter()
                .map(|byte| if is_break(byte) { b' ' } else { *byte }),
        );
    } else {
        out.extend_from_slice(document);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::push_line;

    #[test]
    fn a_document_is_one_line_whatever_white_space_it_has() {
        let mut out = Vec::new();
        for document in [
            &b"{\"a\":\"\\n\"}"[..],
            b" {\r\n \"a\" : 1 }\n",
            b"CEF:0|",
            b"",
        ] {
            push_line(&mut out, document);
        }
        assert_eq!(out, b"{\"a\":\"\\n\"}\n {   \"a\" : 1 } \nCEF:0|\n\n");
    }
}
