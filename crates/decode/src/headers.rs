//! `requestHeaders` and `responseHeaders`: from one percent-encoded string to a list.

use std::ops::Range;

use crate::block::{bytes_64, string_stops_64};
use crate::percent::decode_stretch;
use crate::view::{Decoded, Entry, Header, Headers, Kind, Span, Text, Value};
use crate::writer::{Kept, LongLiteral, Writer, literal, long_literal};
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
    let value = Value::new(Kind::Text, encoded.as_bytes(), 0, encoded.len());
    let count = write(value, &mut writer, &mut scratch, &mut { MAX_ITEMS });
    writer.finish();
    count
}

/// Writes the headers that the string `value` has. Like [`decode_headers`], but there may be `items_left` lines, which are then
/// used up.
pub(crate) fn write(
    value: Value<'_>,
    writer: &mut Writer<'_>,
    scratch: &mut Scratch,
    items_left: &mut usize,
) -> Option<u32> {
    let Scratch {
        headers,
        decoded,
        unescaped,
        ..
    } = scratch;
    decoded.clear();
    let without_colon = read(value, headers, decoded, unescaped, *items_left)?;
    *items_left = items_left.saturating_sub(headers.len());
    let all = Headers {
        entries: headers,
        text: decoded.bytes(),
    };
    let mut openings = FIRST;
    for header in all.iter() {
        write_header(header, openings, writer);
        openings = NEXT;
    }
    writer.literal(if all.is_empty() {
        const { &literal(b"[]") }
    } else {
        const { &literal(b"}]") }
    });
    Some(without_colon)
}

/// What stands before the name of a header, and before a line that has none.
struct Openings {
    name: LongLiteral,
    raw: LongLiteral,
}

const FIRST: &Openings = &Openings {
    name: long_literal(b"[{\"name\":\""),
    raw: long_literal(b"[{\"raw\":\""),
};
/// Each ends the one before it.
const NEXT: &Openings = &Openings {
    name: long_literal(b"},{\"name\":\""),
    raw: long_literal(b"},{\"raw\":\""),
};

/// The header as an object, without the brace that ends it.
#[inline(always)]
fn write_header(header: Header<'_>, openings: &Openings, writer: &mut Writer<'_>) {
    let Some(name) = header.name else {
        return write_member(header.value, &openings.raw, b"raw", writer);
    };
    write_member(name, &openings.name, b"name", writer);
    let opening = const { &long_literal(b",\"value\":\"") };
    write_member(header.value, opening, b"value", writer);
}

/// The member `"key":"…"`, which `opening` ends in, and its sibling in base64 if there must be one.
#[inline(always)]
fn write_member(value: Decoded<'_>, opening: &LongLiteral, key: &[u8], writer: &mut Writer<'_>) {
    if value.is_utf8() {
        return value.write_member(opening, writer);
    }
    writer.long_literal(opening);
    writer.text_member(key, value.bytes());
}

/// Takes the headers in the string `value` apart, lists them in `entries`, which has none of before then, and appends what they are
/// parts of to `text`. How many have no colon; `None` if there are more than `most`, and entries then mean nothing.
pub(crate) fn read(
    value: Value<'_>,
    entries: &mut Vec<Entry>,
    text: &mut Kept,
    unescaped: &mut Vec<u8>,
    most: usize,
) -> Option<u32> {
    let start = text.len();
    let (rest, length) = value.stretch();
    let mut writer = text.writer(length);
    if value.kind() == Kind::EscapedText {
        unescaped.clear();
        value.pieces(|piece| unescaped.extend_from_slice(piece));
        decode_stretch(unescaped, unescaped.len(), &mut writer);
    } else {
        decode_stretch(rest, length, &mut writer);
    }
    // What ends every search.
    writer.block([0; 16], 0);
    let end = writer.keep();
    text.set_len(end);
    split(text.bytes_mut(), start..end, entries, most)
}

/// A header whose end was not seen yet: offsets into the text.
#[derive(Clone, Copy)]
struct Open {
    start: usize,
    colon: Option<usize>,
    end: usize,
    /// Whether it is [`Text::Plain`].
    is_plain: bool,
}

/// Lists the headers in `range` of `text`, and says how many have no colon; `None` if there are more than `most`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the text, which has at most isize::MAX bytes; there are fewer entries than bytes"
)]
#[inline(never)]
fn split(
    text: &mut [u8],
    range: Range<usize>,
    entries: &mut Vec<Entry>,
    most: usize,
) -> Option<u32> {
    entries.clear();
    let mut without_colon = 0;
    let mut open: Option<Open> = None;
    let mut close = |text: &[u8], open: Option<Open>| {
        let Some(open) = open else { return true };
        without_colon += u32::from(open.colon.is_none());
        let fits = entries.len() < most;
        if fits {
            entries.push(entry(text, open));
        }
        fits
    };
    let mut at = range.start;
    while at < range.end {
        let line = next_line(text, at, range.end);
        let start = std::mem::replace(&mut at, line.next);
        if start == line.end {
            continue;
        }
        match (&mut open, text.get(start)) {
            // Goes on behind a line feed; the carriage return that there may have been goes.
            (Some(open), Some(b' ' | b'\t')) => {
                if let Some(feed) = text.get_mut(open.end) {
                    *feed = b'\n';
                }
                let moved = open.end + 1;
                text.copy_within(start..line.end, moved);
                open.colon = open.colon.or(line.colon.map(|colon| colon - start + moved));
                open.end = moved + (line.end - start);
                open.is_plain = false;
            }
            _ => {
                let begun = Open {
                    start,
                    colon: line.colon,
                    end: line.end,
                    is_plain: line.is_plain,
                };
                if !close(text, open.replace(begun)) {
                    return None;
                }
            }
        }
    }
    close(text, open).then_some(without_colon)
}

/// A line of the text, up to its line break.
struct Line {
    colon: Option<usize>,
    end: usize,
    /// Where the next one begins.
    next: usize,
    is_plain: bool,
}

/// The line that begins at `at` of the text, which ends at `last`, where a zero is. Looked at 64 bytes at a time, which is more than
/// most lines have: how many blocks one takes says nothing about the next.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the text, at most isize::MAX, and steps of at most 64"
)]
fn next_line(text: &[u8], at: usize, last: usize) -> Line {
    let mut window = at;
    let mut colon = None;
    let mut is_plain = true;
    loop {
        let colons = bytes_64(text, window, b':');
        if colon.is_none() && colons != 0 {
            colon = Some(window + colons.trailing_zeros() as usize);
        }
        // Past the end there are zeros, which are stops.
        let mut stops = string_stops_64(text, window);
        while stops != 0 {
            let end = window + stops.trailing_zeros() as usize;
            stops &= stops - 1;
            let next = match text.get(end..) {
                _ if end >= last => last,
                Some([b'\n', ..]) => end + 1,
                Some([b'\r', b'\n', ..]) => end + 2,
                _ => {
                    is_plain = false;
                    continue;
                }
            };
            let end = end.min(last);
            return Line {
                // Not one of a line behind it.
                colon: colon.filter(|colon| *colon < end),
                end,
                next,
                is_plain,
            };
        }
        window += 64;
    }
}

/// The header, closed.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the text, which has at most isize::MAX bytes"
)]
fn entry(text: &[u8], open: Open) -> Entry {
    let span = |range: Range<usize>| Span {
        start: range.start,
        end: range.end,
        present: true,
        kind: if open.is_plain {
            Text::Plain
        } else {
            Text::of(text.get(range).unwrap_or(&[]))
        },
    };
    let Some(colon) = open.colon else {
        return Entry {
            name: Span::default(),
            value: span(open.start..open.end),
        };
    };
    let mut value = colon + 1;
    while value < open.end
        && let Some(b' ' | b'\t' | b'\n') = text.get(value)
    {
        value += 1;
    }
    Entry {
        name: span(open.start..colon),
        value: span(value..open.end),
    }
}
