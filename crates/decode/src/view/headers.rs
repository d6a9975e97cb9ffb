//! Headers of an event, taken apart once and kept as bytes.

use std::ops::Range;

use crate::block::{any_of, load, non_ascii};
use crate::headers::decoded;
use crate::percent::decode_into;
use crate::writer::Writer;

use super::Slot;
use super::rules::{Budget, Decoded, Span, Text};
use super::value::Kind;

/// A line of a request's or response's headers.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// What is before the first colon; `None` if there is no colon.
    pub name: Option<Decoded<'a>>,
    /// What is behind it, or the whole line. A folded line has its line feeds still.
    pub value: Decoded<'a>,
}

/// The headers of a request or a response, in its order.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    pub(super) entries: &'a [Entry],
    pub(super) text: &'a [u8],
}

impl<'a> Headers<'a> {
    /// How many lines, folded ones as one.
    pub const fn len(self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.entries.is_empty()
    }

    /// The line `number`, from 0.
    #[inline]
    pub fn get(self, number: usize) -> Option<Header<'a>> {
        self.entries.get(number).map(|entry| entry.of(self.text))
    }

    /// All of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Header<'a>> + Clone + use<'a> {
        let text = self.text;
        self.entries.iter().map(move |entry| entry.of(text))
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    name: Span,
    value: Span,
}

impl Entry {
    pub fn of(self, text: &[u8]) -> Header<'_> {
        Header {
            name: self.name.present.then(|| self.name.of(text)),
            value: self.value.of(text),
        }
    }
}

/// Takes headers apart as [`decode_headers`](crate::decode_headers) does. False if there are too many lines; entries then
/// mean nothing.
pub(super) fn read(
    line: &[u8],
    slot: &Slot,
    entries: &mut Vec<Entry>,
    text: &mut Vec<u8>,
    budget: &mut Budget,
) -> bool {
    let start = text.len();
    let mut lines = Lines::Other;
    if slot.kind == Kind::Text {
        let mut writer = Writer::new(text, slot.length());
        lines = plain(line, slot, entries, &mut writer, budget.items);
        writer.finish();
    }
    let fits = match lines {
        Lines::Read => true,
        Lines::TooMany => false,
        Lines::Other => {
            text.truncate(start);
            let mut decoded = Vec::new();
            decode_into(&slot.value(line).text(), &mut decoded);
            any(&decoded, entries, text, budget.items)
        }
    };
    if fits {
        budget.items = budget.items.saturating_sub(entries.len());
        let without_colon = entries.iter().filter(|entry| !entry.name.present).count();
        let without_colon = u32::try_from(without_colon).unwrap_or(u32::MAX);
        budget.undecoded = budget.undecoded.saturating_add(without_colon);
    }
    fits
}

enum Lines {
    Read,
    TooMany,
    /// Not for [`plain`]: a line goes on in the next one, or the string has JSON escapes.
    Other,
}

/// Decodes and splits at once, because what separates headers is nearly always percent-encoded.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the line and the text, at most isize::MAX, and steps of at most 16"
)]
#[inline(never)]
fn plain(
    line: &[u8],
    slot: &Slot,
    entries: &mut Vec<Entry>,
    writer: &mut Writer<'_>,
    most: usize,
) -> Lines {
    entries.clear();
    let mut at = slot.start;
    while at < slot.end {
        let start = writer.len();
        let mut colon = None;
        let mut special = 0;
        loop {
            let block = load(line, at);
            let third = if colon.is_none() { b':' } else { b'%' };
            let stops = any_of(block, b'%', b'"', third);
            let length = (stops | 0x1_0000).trailing_zeros() as usize;
            // Between percent signs it is the inside of a JSON string already.
            special |= non_ascii(block) & ((1 << length) - 1);
            writer.block_in_room(block, length);
            at += length;
            if length == 16 {
                continue;
            }
            if at >= slot.end {
                break;
            }
            let (byte, length) = decoded(line, at);
            at += length;
            if byte == b'\n' {
                break;
            }
            if byte == b'\r' && at < slot.end {
                let (next, length) = decoded(line, at);
                if next == b'\n' {
                    at += length;
                    break;
                }
            }
            if byte == b':' && colon.is_none() {
                colon = Some(writer.len());
            }
            special |= u32::from(!matches!(byte, b' '..=b'!' | b'#'..=b'[' | b']'..=0x7f));
            writer.byte_in_room(byte);
        }
        match writer.written(start).first() {
            None => {}
            Some(b' ' | b'\t') if !entries.is_empty() => return Lines::Other,
            Some(_) if entries.len() >= most => return Lines::TooMany,
            Some(_) => {
                let colon = colon.map(|colon| colon - start);
                entries.push(entry(writer.written(start), start, colon, special == 0));
            }
        }
    }
    Lines::Read
}

/// Like [`plain`] for any text that is percent-decoded: joins each line that begins with a space or a tab to the one before.
/// False if there are too many.
fn any(source: &[u8], entries: &mut Vec<Entry>, text: &mut Vec<u8>, most: usize) -> bool {
    entries.clear();
    let mut begun = None;
    let close = |begun: usize, text: &[u8], entries: &mut Vec<Entry>| {
        let fits = entries.len() < most;
        let line = text.get(begun..).unwrap_or(&[]);
        entries.push(entry(line, begun, memchr::memchr(b':', line), false));
        fits
    };
    for line in source.split_inclusive(|byte| *byte == b'\n') {
        let content = match line {
            [content @ .., b'\r', b'\n'] | [content @ .., b'\n'] => content,
            last => last,
        };
        match (content, begun) {
            ([], _) => continue,
            ([b' ' | b'\t', ..], Some(_)) => text.push(b'\n'),
            _ => {
                if let Some(before) = begun.replace(text.len())
                    && !close(before, text, entries)
                {
                    return false;
                }
            }
        }
        text.extend_from_slice(content);
    }
    begun.is_none_or(|before| close(before, text, entries))
}

/// The header in `line`, which begins at `at` in the text.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the text, which has at most isize::MAX bytes"
)]
fn entry(line: &[u8], at: usize, colon: Option<usize>, is_plain: bool) -> Entry {
    let span = |range: Range<usize>, present| Span {
        start: at + range.start,
        end: at + range.end,
        present,
        kind: if is_plain {
            Text::Plain
        } else {
            Text::of(line.get(range).unwrap_or(&[]))
        },
    };
    let Some(colon) = colon else {
        return Entry {
            name: Span::default(),
            value: span(0..line.len(), true),
        };
    };
    let mut value = colon + 1;
    while let Some(b' ' | b'\t' | b'\n') = line.get(value) {
        value += 1;
    }
    Entry {
        name: span(0..colon, true),
        value: span(value..line.len(), true),
    }
}
