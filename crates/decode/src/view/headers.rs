//! Headers of an event, taken apart once and kept as bytes.

use std::ops::Range;

use crate::block::{any_of, load, non_ascii};
use crate::headers::decoded;
use crate::percent::decode_into;
use crate::writer::{Writer, put};

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
        let room = writer.room();
        let mut length = 0;
        let mut colon = None;
        let mut special = 0;
        loop {
            let block = load(line, at);
            let third = if colon.is_none() { b':' } else { b'%' };
            let stops = any_of(block, b'%', b'"', third);
            let plain = (stops | 0x1_0000).trailing_zeros() as usize;
            // Between percent signs it is the inside of a JSON string already.
            special |= non_ascii(block) & ((1 << plain) - 1);
            put(room, length, block);
            length += plain;
            at += plain;
            if plain == 16 {
                continue;
            }
            if at >= slot.end {
                break;
            }
            // What nearly always follows, at once.
            match Six::at(line, at) {
                Some(Six::LINE_END) => {
                    at += 6;
                    break;
                }
                Some(Six::COLON) if colon.is_none() => {
                    at += 6;
                    put(room, length, *b":               ");
                    colon = Some(length);
                    length += 2;
                    continue;
                }
                _ => {}
            }
            let (byte, encoded) = decoded(line, at);
            at += encoded;
            if byte == b'\n' {
                break;
            }
            if byte == b'\r' && at < slot.end {
                let (next, encoded) = decoded(line, at);
                if next == b'\n' {
                    at += encoded;
                    break;
                }
            }
            if byte == b':' && colon.is_none() {
                colon = Some(length);
            }
            special |= u32::from(!matches!(byte, b' '..=b'!' | b'#'..=b'[' | b']'..=0x7f));
            if let Some(to) = room.get_mut(length) {
                *to = byte;
            }
            length += 1;
        }
        let header = room.get(..length).unwrap_or(&[]);
        match header.first() {
            None => {}
            Some(b' ' | b'\t') if !entries.is_empty() => return Lines::Other,
            Some(_) if entries.len() >= most => return Lines::TooMany,
            Some(_) => entries.push(entry(header, start, colon, special == 0)),
        }
        writer.advance(length);
    }
    Lines::Read
}

/// Six characters of the line, letters in lower case.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Six(u64);

impl Six {
    const LINE_END: Self = Self::of(*b"%0d%0a  ");
    const COLON: Self = Self::of(*b"%3a%20  ");

    #[inline(always)]
    fn at(line: &[u8], at: usize) -> Option<Self> {
        line.get(at..)?
            .first_chunk()
            .map(|characters| Self::of(*characters))
    }

    /// A string of JSON has no control characters, which would become printable ones here.
    #[inline(always)]
    const fn of(characters: [u8; 8]) -> Self {
        Self((u64::from_le_bytes(characters) | 0x2020_2020_2020_2020) & 0xffff_ffff_ffff)
    }
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
