//! Headers of an event, taken apart once and kept as bytes.

use std::ops::Range;

use crate::block::{bytes_64, string_stops_64};
use crate::percent::decode_stretch;
use crate::writer::Kept;

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
    text: &mut Kept,
    scratch: &mut Vec<u8>,
    budget: &mut Budget,
) -> bool {
    let start = text.len();
    let mut writer = text.writer(slot.length());
    let value = slot.value(line);
    if slot.kind == Kind::EscapedText {
        scratch.clear();
        value.pieces(|piece| scratch.extend_from_slice(piece));
        decode_stretch(scratch, scratch.len(), &mut writer);
    } else {
        let (rest, length) = value.stretch();
        decode_stretch(rest, length, &mut writer);
    }
    // What ends every search.
    writer.block([0; 16], 0);
    let end = writer.keep();
    text.set_len(end);
    let Some(without_colon) = split(text.bytes_mut(), start..end, entries, budget.items) else {
        return false;
    };
    budget.items = budget.items.saturating_sub(entries.len());
    budget.undecoded = budget.undecoded.saturating_add(without_colon);
    true
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
