//! `requestHeaders` and `responseHeaders`: from one percent-encoded string to a list.

use crate::block::{any_of, load};
use crate::percent::{decode_into, hex_pair};
use crate::scan::Text;
use crate::writer::{Literal, Writer, literal};
use crate::{MAX_ITEMS, Scratch};

/// Writes the headers in `encoded` to `out` as a JSON array, and returns how many lines have no colon.
///
/// `encoded` is percent-decoded once (`+` stays, and so does a `%` without two hexadecimal digits) and split at CRLF or LF.
/// Empty lines are dropped. A line that begins with a space or a tab continues the one before, joined to it by a line feed
/// (obs-fold, RFC 9112 section 5.2). The first colon separates name and value; spaces, tabs and such line feeds before
/// the value are dropped. Order and duplicates are kept. A line without a colon becomes `{"raw":"…"}`. Text that
/// is not UTF-8 has U+FFFD where it is not, and a sibling with the bytes in base64 (`valueBase64`).
///
/// More than [`MAX_ITEMS`] lines are not taken apart: `None`, and nothing is written.
///
/// ```
/// let mut out = Vec::new();
/// let without_colon = edgesiem_decode::decode_headers("Accept%3a%20*%2f*%0d%0aHost%3a%20a%0d%0ax%0d%0a", &mut out);
/// assert_eq!(without_colon, Some(1));
/// assert_eq!(out, br#"[{"name":"Accept","value":"*/*"},{"name":"Host","value":"a"},{"raw":"x"}]"#);
/// ```
pub fn decode_headers(encoded: &str, out: &mut Vec<u8>) -> Option<u32> {
    let mut writer = Writer::new(out, encoded.len());
    let mut scratch = Scratch::default();
    let count = any(encoded.as_bytes(), &mut writer, &mut scratch, &mut {
        MAX_ITEMS
    });
    writer.finish();
    count
}

/// The headers in the string `text` of `line`. Like [`decode_headers`], but there may be `items_left` lines, which are then
/// used up.
pub(crate) fn write(
    line: &[u8],
    text: Text,
    writer: &mut Writer<'_>,
    scratch: &mut Scratch,
    items_left: &mut usize,
) -> Option<u32> {
    let start = writer.len();
    if !text.escaped {
        match plain(line, text, writer, items_left) {
            Plain::Done(count) => return count,
            Plain::NotAscii => writer.back_to(start),
        }
    }
    let mut memory = std::mem::take(&mut scratch.unescaped);
    let count = any(
        text.value_in(line, &mut memory),
        writer,
        scratch,
        items_left,
    );
    scratch.unescaped = memory;
    count
}

enum Plain {
    Done(Option<u32>),
    /// A decoded byte is not ASCII: what was written means nothing.
    NotAscii,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// No entry is open.
    None,
    /// No colon was seen yet.
    Name,
    Value {
        /// Length of the output before the value.
        start: usize,
    },
}

const NAME_TEXT: &[u8] = b"{\"name\":\"";
const RAW_TEXT: &[u8] = b"{\"raw\":\"";
const NAME: &Literal = &literal(NAME_TEXT);
const RAW: &Literal = &literal(RAW_TEXT);
const VALUE: &Literal = &literal(b"\",\"value\":\"");
const VALUE_AFTER_NAME: &Literal = &literal(b",\"value\":\"");
const END: &Literal = &literal(b"\"}");
const FOLD: &Literal = &literal(b"\\n");

/// Headers without JSON escapes, from string to string. Text between percent signs is valid inside of a JSON
/// string already, so only decoded bytes need a look. A `"` follows the text in the line and ends every search.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the line, at most isize::MAX, and steps of at most 16; entries are at most items_left"
)]
fn plain(line: &[u8], text: Text, writer: &mut Writer<'_>, items_left: &mut usize) -> Plain {
    let empty = writer.len();
    let mut at = text.start;
    let mut entry = empty;
    let mut part = Part::None;
    let (mut entries, mut without_colon) = (0_usize, 0_u32);
    writer.byte(b'[');
    'lines: loop {
        // At the beginning of a line.
        let (first, length) = decoded(line, at);
        if at >= text.end
            || first == b'\n'
            || (first == b'\r' && is_line_feed(line, at + length, text.end))
        {
            if at >= text.end {
                break;
            }
            at += length;
            continue;
        }
        match part {
            Part::Value { start } if first == b' ' || first == b'\t' => {
                if writer.len() == start {
                    at = skip_blanks(line, at);
                } else {
                    writer.literal(FOLD);
                }
            }
            Part::Name if first == b' ' || first == b'\t' => writer.literal(FOLD),
            _ => {
                without_colon += close(writer, part, entry);
                entries += 1;
                if entries > *items_left {
                    writer.back_to(empty);
                    return Plain::Done(None);
                }
                if entries > 1 {
                    writer.byte(b',');
                }
                entry = writer.len();
                writer.literal(NAME);
                part = Part::Name;
            }
        }
        loop {
            let block = load(line, at);
            let third = if part == Part::Name { b':' } else { b'%' };
            let stops = any_of(block, b'%', b'"', third);
            let length = (stops.trailing_zeros() as usize).min(16);
            writer.block(block, length);
            at += length;
            if length == 16 {
                continue;
            }
            if at >= text.end {
                break 'lines;
            }
            let (byte, length) = decoded(line, at);
            at += length;
            match byte {
                b':' if part == Part::Name => {
                    writer.literal(VALUE);
                    part = Part::Value {
                        start: writer.len(),
                    };
                    at = skip_blanks(line, at);
                }
                b'\n' => continue 'lines,
                b'\r' if is_line_feed(line, at, text.end) => {
                    at += decoded(line, at).1;
                    continue 'lines;
                }
                0x80.. => return Plain::NotAscii,
                byte => writer.character(byte),
            }
        }
    }
    without_colon += close(writer, part, entry);
    writer.byte(b']');
    *items_left -= entries;
    Plain::Done(Some(without_colon))
}

/// The byte that the text goes on with, and how long its encoding is. Nothing at the end: callers know where that is.
#[inline(always)]
pub(crate) fn decoded(line: &[u8], at: usize) -> (u8, usize) {
    match line.get(at..) {
        Some([b'%', digits @ ..]) => hex_pair(digits).map_or((b'%', 1), |byte| (byte, 3)),
        Some([byte, ..]) => (*byte, 1),
        _ => (0, 1),
    }
}

#[inline(always)]
fn is_line_feed(line: &[u8], at: usize, end: usize) -> bool {
    at < end && decoded(line, at).0 == b'\n'
}

#[inline(always)]
fn skip_blanks(line: &[u8], mut at: usize) -> usize {
    // The quote after the text ends this.
    while let (b' ' | b'\t', length) = decoded(line, at) {
        at = at.saturating_add(length);
    }
    at
}

/// Ends the open entry; 1 if it has no colon, and so was a raw line.
#[inline(always)]
fn close(writer: &mut Writer<'_>, part: Part, entry: usize) -> u32 {
    match part {
        Part::None => 0,
        Part::Name => {
            writer.replace(entry, NAME_TEXT.len(), RAW_TEXT);
            writer.literal(END);
            1
        }
        Part::Value { .. } => {
            writer.literal(END);
            0
        }
    }
}

/// Any headers, given as plain text: decoded as a whole first.
fn any(
    encoded: &[u8],
    writer: &mut Writer<'_>,
    scratch: &mut Scratch,
    items_left: &mut usize,
) -> Option<u32> {
    let Scratch { text, item, .. } = scratch;
    text.clear();
    decode_into(encoded, text);
    item.clear();
    let empty = writer.len();
    let (mut entries, mut without_colon) = (0_usize, 0_u32);
    writer.byte(b'[');
    let mut flush = |entry: &mut Vec<u8>, writer: &mut Writer<'_>| {
        if entries == *items_left {
            return false;
        }
        if entries > 0 {
            writer.byte(b',');
        }
        entries = entries.saturating_add(1);
        if !write_entry(entry, writer) {
            without_colon = without_colon.saturating_add(1);
        }
        entry.clear();
        true
    };
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let line = match line {
            [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line,
            last => last,
        };
        if line.is_empty() {
            continue;
        }
        if matches!(line, [b' ' | b'\t', ..]) && !item.is_empty() {
            item.push(b'\n');
        } else if !item.is_empty() && !flush(item, writer) {
            writer.back_to(empty);
            return None;
        }
        item.extend_from_slice(line);
    }
    if !item.is_empty() && !flush(item, writer) {
        writer.back_to(empty);
        return None;
    }
    writer.byte(b']');
    *items_left = items_left.saturating_sub(entries);
    Some(without_colon)
}

/// Writes a whole entry; false if it has no colon.
fn write_entry(entry: &[u8], writer: &mut Writer<'_>) -> bool {
    let Some(colon) = memchr::memchr(b':', entry) else {
        writer.literal(RAW);
        writer.text_member(b"raw", entry);
        writer.byte(b'}');
        return false;
    };
    let (name, value) = entry.split_at(colon);
    let mut value = value.get(1..).unwrap_or(&[]);
    while let [b' ' | b'\t' | b'\n', rest @ ..] = value {
        value = rest;
    }
    writer.literal(NAME);
    writer.text_member(b"name", name);
    writer.literal(VALUE_AFTER_NAME);
    writer.text_member(b"value", value);
    writer.byte(b'}');
    true
}
