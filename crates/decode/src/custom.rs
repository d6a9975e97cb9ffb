//! `custom`: values that a customer's own configuration put into the event, some of them base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Scratch;
use crate::percent::decode_into;
use crate::scan::{Scanner, Text};
use crate::writer::Writer;

/// Copies the validated value `value` of `line`; each string in it, but no member name, is replaced by what it encodes if it
/// surely encodes something.
pub(crate) fn write(line: &[u8], value: Text, writer: &mut Writer<'_>, scratch: &mut Scratch) {
    let line = line.get(..value.end).unwrap_or(line);
    let mut copied = value.start;
    let mut from = value.start;
    while let Some(quote) = memchr::memchr(b'"', line.get(from..).unwrap_or(&[])) {
        let mut scanner = Scanner::new(line, from.saturating_add(quote).saturating_add(1));
        let Ok(text) = scanner.string() else { break };
        from = scanner.at();
        scanner.skip_white();
        if scanner.peek() != Some(b':') && decode(line, text, scratch) {
            writer.copy(line.get(copied..text.start).unwrap_or(&[]));
            writer.escaped(&scratch.bytes);
            copied = text.end;
        }
    }
    writer.copy(line.get(copied..).unwrap_or(&[]));
}

/// Whether the value is, percent-decoded, canonical base64 (RFC 4648 section 4) of text: UTF-8, not empty, and no control
/// characters but tab and line breaks. The text is then in `bytes`. Anything less sure is left alone, because nothing says
/// which of a customer's values are encoded.
fn decode(line: &[u8], text: Text, scratch: &mut Scratch) -> bool {
    let Scratch {
        item,
        bytes,
        unescaped,
        ..
    } = scratch;
    item.clear();
    decode_into(text.value_in(line, unescaped), item);
    bytes.clear();
    if item.is_empty() || STANDARD.decode_vec(&item, bytes).is_err() {
        return false;
    }
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars()
            .all(|character| !character.is_control() || matches!(character, '\t' | '\n' | '\r'))
    })
}
