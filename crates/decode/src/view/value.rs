//! A value of an event, still as it stands in the line.

use std::borrow::Cow;

use crate::scan::{Text, unescape, unescaped};
use crate::writer::{Literal, LongLiteral, Writer};

/// What a [`Value`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: the member is missing, or null.
    #[default]
    Missing,
    /// A string without backslash escapes.
    Text,
    /// A string with them.
    EscapedText,
    /// A number.
    Number,
    /// `true` or `false`.
    Truth,
    /// An array or an object.
    Composite,
}

/// A value of an event. Events have numbers as strings and as numbers, so most schemas treat both alike.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    kind: Kind,
    /// The JSON text, and what follows it in the line; of a string, from behind the opening quote.
    rest: &'a [u8],
    length: usize,
}

impl<'a> Value<'a> {
    pub(super) fn new(kind: Kind, line: &'a [u8], start: usize, end: usize) -> Self {
        Self {
            kind,
            rest: line.get(start..).unwrap_or(&[]),
            length: end.saturating_sub(start),
        }
    }

    /// A string of `line`.
    pub(super) fn of_text(text: &Text, line: &'a [u8]) -> Self {
        let kind = if text.escaped {
            Kind::EscapedText
        } else {
            Kind::Text
        };
        Self::new(kind, line, text.start, text.end)
    }

    /// What it is.
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// Its JSON text; of a string, what is between the quotes.
    #[inline(always)]
    pub fn source(self) -> &'a [u8] {
        self.rest.get(..self.length).unwrap_or(self.rest)
    }

    /// [`Value::source`] and what follows it in the line, and how many of these bytes are its own.
    #[inline(always)]
    pub const fn stretch(self) -> (&'a [u8], usize) {
        (self.rest, self.length)
    }

    /// Its text: of a string the value, where half a surrogate pair is U+FFFD; of anything else the JSON text.
    pub fn text(self) -> Cow<'a, [u8]> {
        if self.kind == Kind::EscapedText {
            Cow::Owned(unescaped(self.source()))
        } else {
            Cow::Borrowed(self.source())
        }
    }

    /// Hands out [`Value::text`] piece by piece, and needs no memory for it.
    pub fn pieces(self, mut take: impl FnMut(&[u8])) {
        if self.kind != Kind::EscapedText {
            return take(self.source());
        }
        let mut rest = self.source();
        while let Some(at) = memchr::memchr(b'\\', rest) {
            let (plain, escape) = rest.split_at(at);
            if !plain.is_empty() {
                take(plain);
            }
            let (character, length) = unescape(escape);
            take(character.encode_utf8(&mut [0; 4]).as_bytes());
            rest = escape.get(length..).unwrap_or(&[]);
        }
        if !rest.is_empty() {
            take(rest);
        }
    }

    /// Writes [`Value::text`] as the inside of a JSON string. Escapes come out in their shortest form, and half a surrogate
    /// pair, which many receivers refuse, as U+FFFD.
    #[inline(always)]
    pub fn write(self, writer: &mut Writer<'_>) {
        match self.kind {
            Kind::EscapedText => self.pieces(|piece| writer.escaped(piece)),
            Kind::Composite => writer.escaped_stretch(self.rest, self.length),
            _ => writer.stretch(self.rest, self.length),
        }
    }

    /// Writes [`Value::text`] as [`Value::write`] does, and `closing`.
    #[inline(always)]
    pub fn write_closed(self, writer: &mut Writer<'_>, closing: &Literal) {
        if matches!(self.kind, Kind::EscapedText | Kind::Composite) {
            self.write(writer);
            writer.literal(closing);
        } else {
            writer.closed_stretch(self.rest, self.length, closing);
        }
    }

    /// Writes a literal that ends with a quote, [`Value::text`] as [`Value::write`] does, and a quote.
    #[inline(always)]
    pub fn write_member(self, opening: &LongLiteral, writer: &mut Writer<'_>) {
        match self.kind {
            Kind::EscapedText | Kind::Composite => {
                writer.long_literal(opening);
                self.write(writer);
                writer.byte(b'"');
            }
            _ => writer.text_stretch(opening, self.rest, self.length),
        }
    }

    /// The number that the text is, if it is nothing but digits, at most 19 of them without leading zeros, and at most `most`.
    pub fn whole_number(self, most: u64) -> Option<u64> {
        let source = self.source();
        let mut digits = source;
        while let [b'0', rest @ ..] = digits {
            digits = rest;
        }
        // 19 digits always fit.
        if source.is_empty() || digits.len() > 19 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = digits.iter().fold(0_u64, |number, digit| {
            number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit.wrapping_sub(b'0')))
        });
        (number <= most).then_some(number)
    }
}

/// Whether kind and source are the same.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.source() == other.source()
    }
}

impl Eq for Value<'_> {}
