//! Rules of an event, taken apart once and kept as bytes.

use std::ops::Range;

use crate::block::{base64, is_ascii, load, same_letters, string_stops};
use crate::decoder::Scratch;
use crate::rules::{Cursor, Facet, decode_item, find_item, item_end};
use crate::scan::{Malformed, Scanner};
use crate::writer::{Kept, Literal, LongLiteral, Writer, literal, put};

use super::Slot;
use super::value::Kind;

/// Bytes that were encoded in an event.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a> {
    /// They, and what follows them in memory.
    rest: &'a [u8],
    length: usize,
    text: Text,
}

/// What decoded bytes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Text {
    /// ASCII, and the inside of a JSON string as it is.
    Plain,
    /// UTF-8.
    #[default]
    Utf8,
    /// Not UTF-8.
    Binary,
}

impl Text {
    pub fn of(bytes: &[u8]) -> Self {
        if is_ascii(bytes) || std::str::from_utf8(bytes).is_ok() {
            Self::Utf8
        } else {
            Self::Binary
        }
    }
}

impl<'a> Decoded<'a> {
    /// The bytes.
    #[inline(always)]
    pub fn bytes(self) -> &'a [u8] {
        self.rest.get(..self.length).unwrap_or(self.rest)
    }

    /// They and what follows them in memory, and how many of these bytes are theirs.
    #[inline(always)]
    pub const fn stretch(self) -> (&'a [u8], usize) {
        (self.rest, self.length)
    }

    /// Whether they are UTF-8.
    pub const fn is_utf8(self) -> bool {
        !matches!(self.text, Text::Binary)
    }

    /// Whether they are the inside of a JSON string as they are: ASCII without quotes, backslashes and control characters.
    /// False for some that are.
    pub const fn is_plain(self) -> bool {
        matches!(self.text, Text::Plain)
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.length == 0
    }

    /// Whether they are `name`, which is in lower case, where upper and lower case of ASCII are the same. All bytes are compared at
    /// once, because the lengths of names tell a processor nothing about the next one.
    #[inline(always)]
    pub fn is_name(self, name: &Literal) -> bool {
        let same = same_letters(load(self.rest, 0), name.block());
        let is_like = same.trailing_ones() as usize >= name.text().len();
        (is_like & (self.length == name.text().len()))
            && self.bytes().eq_ignore_ascii_case(name.text())
    }

    /// Writes them as the inside of a JSON string, with U+FFFD where they are not UTF-8.
    #[inline(always)]
    pub fn write(self, writer: &mut Writer<'_>) {
        match self.text {
            Text::Plain => writer.stretch(self.rest, self.length),
            Text::Utf8 => writer.escaped_stretch(self.rest, self.length),
            Text::Binary => writer.lossy(self.bytes()),
        }
    }
}

impl Decoded<'_> {
    /// Writes `,"`, the bytes as [`Decoded::write`] does, and `":"`.
    #[inline(always)]
    pub fn write_name(self, writer: &mut Writer<'_>) {
        if self.is_plain() {
            return writer.name_stretch(self.rest, self.length);
        }
        writer.literal(const { &literal(b",\"") });
        self.write(writer);
        writer.literal(const { &literal(b"\":\"") });
    }

    /// Writes the bytes as [`Decoded::write`] does, and `closing`.
    #[inline(always)]
    pub fn write_closed(self, writer: &mut Writer<'_>, closing: &Literal) {
        if self.is_plain() {
            return writer.closed_stretch(self.rest, self.length, closing);
        }
        self.write(writer);
        writer.literal(closing);
    }

    /// Writes a literal that ends with a quote, the bytes as [`Decoded::write`] does, and a quote.
    #[inline(always)]
    pub fn write_member(self, opening: &LongLiteral, writer: &mut Writer<'_>) {
        if self.is_plain() {
            writer.text_stretch(opening, self.rest, self.length);
        } else {
            writer.long_literal(opening);
            self.write(writer);
            writer.byte(b'"');
        }
    }
}

/// A part of the decoded text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub start: usize,
    pub end: usize,
    /// Whether there is one, which may be empty.
    pub present: bool,
    pub kind: Text,
}

impl Span {
    pub fn of(self, text: &[u8]) -> Decoded<'_> {
        Decoded {
            rest: text.get(self.start..).unwrap_or(&[]),
            length: self.end.saturating_sub(self.start),
            text: self.kind,
        }
    }
}

pub(super) type Row = [Span; 7];

/// A rule that the request triggered.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    pub(super) row: &'a Row,
    pub(super) text: &'a [u8],
}

impl<'a> Rule<'a> {
    /// What the event says of the rule; `None` if the facet is empty as a whole, or ends before this rule.
    #[inline]
    pub fn get(self, facet: Facet) -> Option<Decoded<'a>> {
        let span = self.row.get(facet as usize)?;
        span.present.then(|| span.of(self.text))
    }
}

/// The rules of an event, in its order.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub(super) rows: &'a [Row],
    pub(super) text: &'a [u8],
}

impl<'a> Rules<'a> {
    /// How many.
    pub const fn len(self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.rows.is_empty()
    }

    /// The rule `number`, from 0.
    #[inline]
    pub fn get(self, number: usize) -> Option<Rule<'a>> {
        let text = self.text;
        self.rows.get(number).map(|row| Rule { row, text })
    }

    /// All of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Rule<'a>> + Clone + use<'a> {
        let text = self.text;
        self.rows.iter().map(move |row| Rule { row, text })
    }
}

/// How many rows and lines may still be taken apart, and how many items were kept as they came.
#[derive(Debug)]
pub(super) struct Budget {
    pub items: usize,
    pub undecoded: u32,
}

/// Takes the facets apart: rows as [`decode_rules`](crate::decode_rules) has rules, before the empty ones at the end are
/// dropped. False if there are too many; rows and text then mean nothing.
pub(super) fn facets(
    line: &[u8],
    slots: &[Slot; 7],
    rows: &mut Vec<Row>,
    text: &mut Kept,
    scratch: &mut Scratch,
    budget: &mut Budget,
) -> bool {
    let expected = slots
        .iter()
        .fold(0, |sum: usize, slot| sum.saturating_add(slot.length()));
    let mut undecoded = 0_u32;
    let mut writer = text.writer(expected);
    let mut fits = true;
    for (number, slot) in slots.iter().enumerate() {
        let mut row = 0_usize;
        let mut take = |span: Span, decoded: bool| {
            if row == rows.len() {
                if row >= budget.items {
                    return false;
                }
                rows.push(Row::default());
            }
            if let Some(to) = rows.get_mut(row).and_then(|row| row.get_mut(number)) {
                *to = span;
            }
            undecoded = undecoded.saturating_add(u32::from(!decoded));
            row = row.saturating_add(1);
            true
        };
        fits = match slot.kind {
            Kind::Text if slot.length() > 0 => {
                plain_facet(line, slot.start, &mut writer, scratch, &mut take)
            }
            Kind::EscapedText => {
                scratch.unescaped.clear();
                let unescaped = &mut scratch.unescaped;
                slot.value(line)
                    .pieces(|piece| unescaped.extend_from_slice(piece));
                any_facet(&mut writer, scratch, &mut take)
            }
            _ => true,
        };
        if !fits {
            break;
        }
    }
    let len = writer.keep();
    text.set_len(len);
    if fits {
        budget.items = budget.items.saturating_sub(rows.len());
        budget.undecoded = budget.undecoded.saturating_add(undecoded);
    }
    fits
}

/// The items of a facet that begins at `at` and ends with a quote.
#[inline(never)]
fn plain_facet(
    line: &[u8],
    at: usize,
    writer: &mut Writer<'_>,
    scratch: &mut Scratch,
    take: &mut impl FnMut(Span, bool) -> bool,
) -> bool {
    let mut cursor = Cursor::Line { at };
    while let Cursor::Line { at } = cursor {
        let start = writer.len();
        let (next, is_plain, decoded) = match plain_item(line, at, writer) {
            Some((next, is_plain)) => (next, is_plain, true),
            None => {
                writer.back_to(start);
                let (next, encoded) = find_item(line, at);
                (next, false, foreign_item(encoded, writer, scratch))
            }
        };
        cursor = next;
        if !take(span(writer, start, is_plain), decoded) {
            return false;
        }
    }
    true
}

/// The items of a facet that was a string with escapes, whose value is in [`Scratch::unescaped`].
fn any_facet(
    writer: &mut Writer<'_>,
    scratch: &mut Scratch,
    take: &mut impl FnMut(Span, bool) -> bool,
) -> bool {
    let Scratch {
        text,
        bytes,
        unescaped,
        characters,
        ..
    } = scratch;
    text.clear();
    crate::percent::decode_into(unescaped, text);
    if text.is_empty() {
        return true;
    }
    text.split(|byte| *byte == b';').all(|item| {
        let start = writer.len();
        bytes.clear();
        let decoded = decode_item(item, characters, bytes);
        writer.copy(bytes);
        take(span(writer, start, false), decoded)
    })
}

/// An item that is not clean base64, still percent-encoded.
#[cold]
fn foreign_item(encoded: &[u8], writer: &mut Writer<'_>, scratch: &mut Scratch) -> bool {
    let Scratch {
        item,
        bytes,
        characters,
        ..
    } = scratch;
    item.clear();
    crate::percent::decode_into(encoded, item);
    bytes.clear();
    let decoded = decode_item(item, characters, bytes);
    writer.copy(bytes);
    decoded
}

/// What was written since `start`; `is_plain` if it is surely [`Text::Plain`].
#[inline(always)]
fn span(writer: &Writer<'_>, start: usize, is_plain: bool) -> Span {
    Span {
        start,
        end: writer.len(),
        present: true,
        kind: if is_plain {
            Text::Plain
        } else {
            Text::of(writer.written(start))
        },
    }
}

/// The next item of a facet in the line, if it is clean base64, and whether it is [`Text::Plain`].
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the line, at most isize::MAX, and steps of at most 16"
)]
fn plain_item(line: &[u8], mut at: usize, writer: &mut Writer<'_>) -> Option<(Cursor, bool)> {
    let room = writer.room();
    let (mut stops, mut written) = (0, 0);
    let characters = loop {
        let (bytes, foreign) = base64(load(line, at));
        let characters = (foreign.trailing_zeros() as usize).min(16);
        let length = characters * 3 / 4;
        stops |= string_stops(bytes) & ((1 << length) - 1);
        put(room, written, bytes);
        written += length;
        at += characters;
        if characters < 16 {
            break characters;
        }
    };
    writer.advance(written);
    item_end(line, at, characters).map(|next| (next, stops == 0))
}

/// Rules that some exporters have decoded already: an array of objects whose members are strings and numbers under the
/// names that they have in a decoded rule. `None` if it is anything else.
pub(super) fn listed(
    line: &[u8],
    list: Range<usize>,
    rows: &mut Vec<Row>,
    text: &mut Kept,
    most: usize,
) -> Option<()> {
    // Validated before: the scanner meets nothing that it must refuse.
    let mut scanner = Scanner::new(line.get(..list.end)?, list.start);
    if !scanner.take(b'[') {
        return None;
    }
    scanner.skip_white();
    while !scanner.take(b']') {
        if !scanner.take(b'{') || rows.len() >= most {
            return None;
        }
        let mut row = Row::default();
        let mut known = true;
        let read = scanner.members(|scanner, key| {
            let slot = Slot::read(scanner, 0)?;
            let facet = Facet::from_rule_key(&key.name.value(line));
            match (
                facet.and_then(|facet| row.get_mut(facet as usize)),
                slot.kind,
            ) {
                (Some(to), Kind::Text | Kind::EscapedText | Kind::Number) => {
                    let start = text.len();
                    let mut writer = text.writer(slot.length());
                    slot.value(line).pieces(|piece| writer.copy(piece));
                    let len = writer.keep();
                    text.set_len(len);
                    *to = Span {
                        start,
                        end: text.len(),
                        present: true,
                        kind: Text::Utf8,
                    };
                }
                _ => known = false,
            }
            Ok::<(), Malformed>(())
        });
        if read.is_err() || !known {
            return None;
        }
        rows.push(row);
        scanner.skip_white();
        scanner.take(b',');
        scanner.skip_white();
    }
    Some(())
}
