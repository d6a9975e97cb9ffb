//! A validating walk over JSON text (RFC 8259) that builds nothing: it says where values begin and end.

use std::borrow::Cow;
use std::fmt;

use crate::block::{begins_with, load, string_stops_64, string_stops_and_non_ascii};
use crate::percent::hex_quad;

/// Most arrays and objects inside of each other; one more is refused, as by `serde_json`, so that whatever reads
/// the document next can read it too.
const MAX_DEPTH: u32 = 127;

/// Half of the address space away from any offset.
const NOWHERE: usize = isize::MIN.cast_unsigned();

/// A line that is not an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Why, in words.
    pub reason: &'static str,
    /// Byte of the line at which reading stopped, from 0.
    pub at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.at)
    }
}

impl std::error::Error for Malformed {}

/// A string of the line, without its quotes. A `"` always follows at `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub start: usize,
    pub end: usize,
    /// Whether it has backslash escapes; if not, its bytes are its value.
    pub escaped: bool,
}

impl Text {
    /// The bytes between the quotes.
    #[inline(always)]
    pub fn source<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.get(self.start..self.end).unwrap_or(&[])
    }

    /// The value.
    #[inline(always)]
    pub fn value<'a>(&self, line: &'a [u8]) -> Cow<'a, [u8]> {
        let source = self.source(line);
        if self.escaped {
            Cow::Owned(unescaped(source))
        } else {
            Cow::Borrowed(source)
        }
    }

    /// [`Text::value`], in `memory` if it has escapes.
    #[inline(always)]
    pub fn value_in<'a>(&self, line: &'a [u8], memory: &'a mut Vec<u8>) -> &'a [u8] {
        let source = self.source(line);
        if !self.escaped {
            return source;
        }
        memory.clear();
        unescape_into(source, memory);
        memory
    }
}

/// How a member with a text begins: `"name":"`. The bytes behind it are 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening([u8; 32], usize);

impl Opening {
    /// Of the member `name`, which has at most 28 bytes and needs no escapes.
    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "evaluated by the compiler"
    )]
    pub const fn of(name: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes[0] = b'"';
        let mut at = 0;
        while at < name.len() {
            bytes[at + 1] = name[at];
            at += 1;
        }
        bytes[at + 1] = b'"';
        bytes[at + 2] = b':';
        bytes[at + 3] = b'"';
        Self(bytes, at + 4)
    }
}

/// Name of a member and what lies before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// End of the value before it, or of the opening brace.
    pub before: usize,
    /// Name.
    pub name: Text,
}

/// Reads on from `at`. Each method leaves `at` behind what it read.
#[derive(Clone, Copy)]
pub(crate) struct Scanner<'a> {
    line: &'a [u8],
    at: usize,
    line_breaks: bool,
    /// Where the 64 bytes that `stops` is about begin; before the first string, nowhere.
    window: usize,
    /// Where in the window strings may end, see [`string_stops_64`]. Most strings are short: looking at each byte of the line
    /// once for all of them is much quicker than looking at 16 for each.
    stops: u64,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "`at` is an offset into a slice, which has at most isize::MAX bytes, and no step adds more than 16; depth is bounded"
)]
impl<'a> Scanner<'a> {
    pub const fn new(line: &'a [u8], at: usize) -> Self {
        Self {
            line,
            at,
            line_breaks: false,
            window: NOWHERE,
            stops: 0,
        }
    }

    /// Hands a copy to `read`, and goes on where that ends: a scanner whose address nobody has can be kept in registers.
    #[inline(always)]
    pub fn apart<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut inner = *self;
        let result = read(&mut inner);
        *self = inner;
        result
    }

    #[inline(always)]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Whether a line feed was among the white space so far.
    pub const fn line_breaks(&self) -> bool {
        self.line_breaks
    }

    #[cold]
    pub const fn malformed(&self, reason: &'static str) -> Malformed {
        Malformed {
            reason,
            at: self.at,
        }
    }

    #[inline(always)]
    pub fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    #[inline(always)]
    pub fn skip_white(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.line_breaks |= byte == b'\n';
            self.at += 1;
        }
    }

    #[inline(always)]
    pub fn take(&mut self, byte: u8) -> bool {
        // Not `+= usize::from(found)`: with a branch, which is foreseen, what comes next need not wait for the byte.
        if self.peek() == Some(byte) {
            self.at += 1;
            true
        } else {
            false
        }
    }

    /// Passes over white space, if there is any, and over `byte`, if it is next.
    #[inline(always)]
    fn take_next(&mut self, byte: u8) -> bool {
        self.take(byte) || {
            self.skip_white();
            self.take(byte)
        }
    }

    /// Passes over `opening`, if it is next, so that the inside of a string follows.
    #[inline(always)]
    pub fn take_opening(&mut self, opening: &Opening) -> bool {
        let found = begins_with(self.line, self.at, &opening.0, opening.1);
        if found {
            self.at += opening.1;
        }
        found
    }

    /// The name of the member that comes next, with the colon behind it.
    #[inline(always)]
    pub fn member_name(&mut self) -> Result<Text, Malformed> {
        if !self.take_next(b'"') {
            return Err(self.malformed("expected a member name"));
        }
        let name = self.string()?;
        if !self.take_next(b':') {
            return Err(self.malformed("expected a colon"));
        }
        if self.peek() != Some(b'"') {
            self.skip_white();
        }
        Ok(name)
    }

    /// Whether the object whose `{` was just read has no members; passes over its end then.
    #[inline(always)]
    pub fn is_empty_object(&mut self) -> bool {
        self.take_next(b'}')
    }

    /// Passes over the comma before another member, or the end of the object; whether another follows.
    #[inline(always)]
    pub fn another_member(&mut self) -> Result<bool, Malformed> {
        if self.take_next(b',') {
            return Ok(true);
        }
        if self.take(b'}') {
            return Ok(false);
        }
        Err(self.malformed("expected a comma or a closing brace"))
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Result<(), Malformed> {
        self.skip_white();
        if self.at == self.line.len() {
            Ok(())
        } else {
            Err(self.malformed("text after the object"))
        }
    }

    /// The members of the object whose `{` was just read. `member` must read the value.
    #[inline(always)]
    pub fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, Key) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let mut before = self.at;
        if self.is_empty_object() {
            return Ok(());
        }
        loop {
            let name = self.member_name()?;
            member(self, Key { before, name })?;
            before = self.at;
            if !self.another_member()? {
                return Ok(());
            }
        }
    }

    /// Any value, inside of `depth` arrays and objects.
    #[inline(always)]
    pub fn value(&mut self, depth: u32) -> Result<(), Malformed> {
        if self.take(b'"') {
            return self.string().map(drop);
        }
        self.apart(|scanner| scanner.other_value(depth))
    }

    /// Any value but a string.
    #[inline(never)]
    fn other_value(&mut self, depth: u32) -> Result<(), Malformed> {
        self.apart(|scanner| match scanner.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err(scanner.malformed("nested too deeply")),
            Some(b'{') => {
                scanner.at += 1;
                scanner.members(|scanner, _| scanner.value(depth + 1))
            }
            Some(b'[') => scanner.array(depth + 1),
            Some(b'-' | b'0'..=b'9') => scanner.number(),
            Some(b't') => scanner.literal(b"true"),
            Some(b'f') => scanner.literal(b"false"),
            Some(b'n') => scanner.literal(b"null"),
            _ => Err(scanner.malformed("expected a value")),
        })
    }

    fn array(&mut self, depth: u32) -> Result<(), Malformed> {
        self.at += 1;
        self.skip_white();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            self.skip_white();
            if self.take(b',') {
                self.skip_white();
            } else if self.take(b']') {
                return Ok(());
            } else {
                return Err(self.malformed("expected a comma or a closing bracket"));
            }
        }
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), Malformed> {
        if !self.line.get(self.at..).unwrap_or(&[]).starts_with(word) {
            return Err(self.malformed("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Number as in RFC 8259 section 6.
    fn number(&mut self) -> Result<(), Malformed> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if !self.take(b'-') {
                self.take(b'+');
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.malformed("expected a digit"))
        } else {
            Ok(())
        }
    }

    /// The string whose opening quote was just read.
    #[inline(always)]
    pub fn string(&mut self) -> Result<Text, Malformed> {
        let start = self.at;
        loop {
            // From `NOWHERE` it wraps to far more than 64.
            let offset = self.at.wrapping_sub(self.window);
            if offset < 64 {
                let stops = self.stops >> offset;
                if stops != 0 {
                    self.at += stops.trailing_zeros() as usize;
                    break;
                }
                self.at = self.window + 64;
            }
            self.window = self.at & !63;
            self.stops = string_stops_64(self.line, self.window);
        }
        if self.take(b'"') {
            return Ok(Text {
                start,
                end: self.at - 1,
                escaped: false,
            });
        }
        self.apart(|scanner| scanner.rest_of_string(start))
    }

    /// The string that began at `start`; up to here it is plain ASCII.
    #[cold]
    #[inline(never)]
    fn rest_of_string(&mut self, start: usize) -> Result<Text, Malformed> {
        let (mut escaped, mut non_ascii) = (false, 0);
        loop {
            let (stops, high) = string_stops_and_non_ascii(load(self.line, self.at));
            non_ascii |= high;
            if stops == 0 {
                self.at += 16;
                continue;
            }
            self.at += stops.trailing_zeros() as usize;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += self.escape_length()?;
                }
                Some(_) => return Err(self.malformed("a control character in a string")),
                None => {
                    self.at = self.line.len();
                    return Err(self.malformed("a string without an end"));
                }
            }
        }
        let text = Text {
            start,
            end: self.at,
            escaped,
        };
        if non_ascii != 0
            && let Err(error) = std::str::from_utf8(text.source(self.line))
        {
            self.at = start + error.valid_up_to();
            return Err(self.malformed("not UTF-8"));
        }
        self.at += 1;
        Ok(text)
    }

    fn escape_length(&self) -> Result<usize, Malformed> {
        match self.line.get(self.at..).unwrap_or(&[]) {
            [
                _,
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
                ..,
            ] => Ok(2),
            [_, b'u', a, b, c, d, ..] if hex_quad([*a, *b, *c, *d]).is_some() => Ok(6),
            _ => Err(self.malformed("not an escape")),
        }
    }
}

/// Value of a string whose source was validated. Half a surrogate pair becomes U+FFFD.
pub(crate) fn unescaped(source: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.len());
    unescape_into(source, &mut out);
    out
}

/// Appends [`unescaped`].
pub(crate) fn unescape_into(source: &[u8], out: &mut Vec<u8>) {
    let mut rest = source;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        let (character, length) = unescape(escape);
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = escape.get(length..).unwrap_or(&[]);
    }
    out.extend_from_slice(rest);
}

/// The character of the escape that `source` begins with, and its length.
pub(crate) fn unescape(source: &[u8]) -> (char, usize) {
    match source {
        [_, b'u', a, b, c, d, tail @ ..] => {
            let unit = hex_quad([*a, *b, *c, *d]).unwrap_or(0xfffd);
            let next = match tail {
                [b'\\', b'u', a, b, c, d, ..] => hex_quad([*a, *b, *c, *d]),
                _ => None,
            };
            match char::decode_utf16(std::iter::once(unit).chain(next)).next() {
                Some(Ok(character)) => (character, if character.len_utf16() == 2 { 12 } else { 6 }),
                _ => (char::REPLACEMENT_CHARACTER, 6),
            }
        }
        [_, simple, ..] => {
            let character = match simple {
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                itself => char::from(*itself),
            };
            (character, 2)
        }
        _ => (char::REPLACEMENT_CHARACTER, 2),
    }
}

#[cfg(test)]
mod tests {
    use super::{Scanner, unescaped};

    #[test]
    fn escapes_become_characters_and_half_a_surrogate_pair_the_replacement_character() {
        for (source, value) in [
            (r"", ""),
            (r"plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\u20AC", "A\u{e9}\u{20ac}"),
            (r"x\ud83d\ude00y", "x\u{1f600}y"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (r"\ud83d\n", "\u{fffd}\n"),
        ] {
            assert_eq!(unescaped(source.as_bytes()), value.as_bytes(), "{source}");
        }
    }

    #[test]
    fn a_string_ends_at_its_quote_wherever_that_is() {
        for length in 0..70 {
            for tail in ["", "x", ",\"another\":\"one, much longer\""] {
                let line = format!("{}\"{tail}", "a".repeat(length));
                let mut scanner = Scanner::new(line.as_bytes(), 0);
                let text = scanner.string().unwrap();
                assert_eq!(
                    (text.start, text.end, scanner.at()),
                    (0, length, length + 1)
                );
            }
        }
    }
}
