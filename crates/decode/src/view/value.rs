//! A value of an event, still as it stands in the line.

use std::borrow::Cow;

use crate::block::bytes_64;
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
    pub(crate) fn new(kind: Kind, line: &'a [u8], start: usize, end: usize) -> Self {
        Self {
            kind,
            rest: line.get(start..).unwrap_or(&[]),
            length: end.saturating_sub(start),
        }
    }

    /// A string of `line`.
    pub(crate) fn of_text(text: &Text, line: &'a [u8]) -> Self {
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
    #[inline]
    pub fn whole_number(self, most: u64) -> Option<u64> {
        let number = match (self.rest.first_chunk(), self.length) {
            (Some(word), 1..=8) => eight_digits(*word, self.length),
            _ => self.long_number(),
        };
        number.filter(|number| *number <= most)
    }

    /// [`Value::whole_number`] of any length.
    #[cold]
    fn long_number(self) -> Option<u64> {
        let source = self.source();
        let mut digits = source;
        while let [b'0', rest @ ..] = digits {
            digits = rest;
        }
        // 19 digits always fit.
        if source.is_empty() || digits.len() > 19 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        Some(digits.iter().fold(0_u64, |number, digit| {
            number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit.wrapping_sub(b'0')))
        }))
    }

    /// Whether a [`Value::whole_number`] is written without leading zeros, so that the text is its decimal form.
    pub fn is_decimal(self) -> bool {
        self.length == 1 || self.rest.first() != Some(&b'0')
    }

    /// Whether `byte`, which is ASCII, is in [`Value::source`].
    #[inline]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "offsets into a slice, at most isize::MAX, and steps of 64"
    )]
    pub fn source_has(self, byte: u8) -> bool {
        let mut at = 0;
        while at < self.length {
            let found = bytes_64(self.rest, at, byte);
            if found != 0 {
                return at + (found.trailing_zeros() as usize) < self.length;
            }
            at += 64;
        }
        false
    }
}

/// The number that the first `length` bytes of `word` are in decimal, from one to eight: all at once, because a loop over so few
/// ends where no processor foresees it.
#[inline]
fn eight_digits(word: [u8; 8], length: usize) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let bits = u32::try_from(length).unwrap_or(8).wrapping_mul(8);
    // Behind as many zeros as there are places left.
    let digits = u64::from_le_bytes(word).wrapping_shl(64_u32.wrapping_sub(bits))
        | ZEROS.checked_shr(bits).unwrap_or(0);
    let above_nine = digits.wrapping_add(0x0606_0606_0606_0606);
    if (digits & HIGH) != ZEROS || (above_nine & HIGH) != ZEROS {
        return None;
    }
    // Pairs, fours and eight places: each step adds ten, a hundred and ten thousand times the half that comes first.
    let pairs = (digits ^ ZEROS).wrapping_mul((10 << 8) + 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul((100 << 16) + 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul((10_000 << 32) + 1) >> 32)
}

/// Whether kind and source are the same.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.source() == other.source()
    }
}

impl Eq for Value<'_> {}

#[cfg(test)]
mod tests {
    use super::{Kind, Value};

    fn value(text: &[u8], length: usize) -> Value<'_> {
        Value::new(Kind::Text, text, 0, length)
    }

    #[test]
    fn whole_numbers_are_those_that_nothing_but_digits_give() {
        for text in [
            "",
            "0",
            "7",
            "00",
            "007",
            "42",
            "65535",
            "65536",
            "1234567",
            "12345678",
            "123456789",
            "00000000000000000000000042",
            "9999999999999999999",
            "10000000000000000000",
            "-1",
            "+1",
            "1.0",
            "1e3",
            " 1",
            "1 ",
            "1/",
            "1:",
            "a",
            "12345a78",
            "\u{661}",
            "\0",
            "1\0",
        ] {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let expected = text
                .parse::<u64>()
                .ok()
                .filter(|number| is_number && *number < 10_u64.pow(19));
            for behind in ["", "\",\"next\":\"0123456789\"", "0123456789"] {
                let line = format!("{text}{behind}");
                let value = value(line.as_bytes(), text.len());
                assert_eq!(value.whole_number(u64::MAX), expected, "{line}");
                assert_eq!(
                    value.whole_number(65_535),
                    expected.filter(|number| *number <= 65_535),
                    "{line}"
                );
                if let Some(number) = expected {
                    assert_eq!(value.is_decimal(), number.to_string() == text, "{line}");
                }
            }
        }
    }

    #[test]
    fn a_byte_is_found_in_the_source_and_not_behind_it() {
        let line = format!("{}%", "x".repeat(200));
        for length in 0..=line.len() {
            for start in [0, 3, 70, 136] {
                let rest = line.as_bytes().get(start..).unwrap();
                let length = length.saturating_sub(start);
                let expected = rest.get(..length).unwrap().contains(&b'%');
                assert_eq!(value(rest, length).source_has(b'%'), expected, "{length}");
            }
        }
    }
}
