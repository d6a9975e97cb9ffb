//! Where values of JSON text begin and end. The text may be broken: every function stops at its end, and says `None` where
//! nothing can follow. What is whole and valid is told by those who validate.

use std::ops::Range;

use memchr::{memchr, memchr2};

/// Behind the white space at `at`.
pub(crate) fn white(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\r' | b'\n') = text.get(at) {
        at = at.saturating_add(1);
    }
    at
}

/// Behind the string whose opening quote is at `at`.
pub(crate) fn string(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at.checked_add(1)?;
    loop {
        at = at.checked_add(memchr2(b'"', b'\\', text.get(at..)?)?)?;
        if text.get(at) == Some(&b'"') {
            return at.checked_add(1);
        }
        at = at.checked_add(2)?;
    }
}

/// What is between the quotes of the string from `start` to `end`.
pub(crate) fn inside(text: &[u8], start: usize, end: usize) -> Option<&[u8]> {
    text.get(start.checked_add(1)?..end.checked_sub(1)?)
}

/// Behind the value at `at`, whatever it is.
pub(crate) fn value(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string(text, at),
        b'{' | b'[' => composite(text, at),
        _ => {
            let rest = text.get(at..)?;
            let is_end =
                |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
            let length = rest.iter().position(is_end).unwrap_or(rest.len());
            (length > 0).then(|| at.saturating_add(length))
        }
    }
}

fn composite(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match text.get(at)? {
            b'"' => {
                at = string(text, at)?;
                continue;
            }
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at = at.saturating_add(1);
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The inside of the member name at `at`, and where its value begins.
pub(crate) fn name(text: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let end = string(text, at)?;
    let colon = white(text, end);
    if text.get(colon) != Some(&b':') {
        return None;
    }
    let value = white(text, colon.saturating_add(1));
    Some((at.saturating_add(1)..end.saturating_sub(1), value))
}

/// The value of a string: half a surrogate pair is U+FFFD, as in [`edgesiem_decode::Value::text`].
pub(crate) fn unescaped<'a>(source: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let Some(first) = memchr(b'\\', source) else {
        return source;
    };
    scratch.clear();
    let mut next = Some(first);
    let mut rest = source;
    while let Some(at) = next {
        let (plain, escape) = rest.split_at(at);
        scratch.extend_from_slice(plain);
        let (character, length) = unescape(escape);
        scratch.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = escape.get(length..).unwrap_or(&[]);
        next = memchr(b'\\', rest);
    }
    scratch.extend_from_slice(rest);
    scratch
}

/// The character that the escape at the beginning of `source` stands for, and the length of the escape.
pub(super) fn unescape(source: &[u8]) -> (char, usize) {
    const UNKNOWN: char = char::REPLACEMENT_CHARACTER;
    match source {
        [_, b'u', digits @ ..] => {
            let Some(unit) = quad(digits) else {
                return (UNKNOWN, 2);
            };
            let low = match digits.get(4..) {
                Some([b'\\', b'u', digits @ ..]) => quad(digits),
                _ => None,
            };
            match char::decode_utf16(std::iter::once(unit).chain(low)).next() {
                Some(Ok(pair)) if pair.len_utf16() == 2 => (pair, 12),
                Some(Ok(character)) => (character, 6),
                _ => (UNKNOWN, 6),
            }
        }
        [_, b'b', ..] => ('\u{8}', 2),
        [_, b'f', ..] => ('\u{c}', 2),
        [_, b'n', ..] => ('\n', 2),
        [_, b'r', ..] => ('\r', 2),
        [_, b't', ..] => ('\t', 2),
        [_, itself, ..] if itself.is_ascii() => (char::from(*itself), 2),
        _ => (UNKNOWN, 2),
    }
}

fn quad(digits: &[u8]) -> Option<u16> {
    digits.first_chunk::<4>()?.iter().try_fold(0, |unit, byte| {
        let digit = u16::try_from(char::from(*byte).to_digit(16)?).ok()?;
        Some(unit << 4 | digit)
    })
}

/// Where the string `source` is to be cut so that its value has at most `most` bytes of UTF-8: between two characters, and not
/// in an escape. `None` if it is short enough.
pub(super) fn cut(source: &[u8], most: usize) -> Option<usize> {
    // No character is longer as a value than as it is written.
    if source.len() <= most {
        return None;
    }
    let (mut at, mut bytes) = (0_usize, 0_usize);
    while let Some(byte) = source.get(at) {
        let (length, written) = match byte {
            b'\\' => {
                let (character, written) = unescape(source.get(at..).unwrap_or(&[]));
                (character.len_utf8(), written)
            }
            0xf0.. => (4, 4),
            0xe0.. => (3, 3),
            0xc0.. => (2, 2),
            _ => (1, 1),
        };
        bytes = bytes.saturating_add(length);
        if bytes > most {
            return Some(at);
        }
        at = at.saturating_add(written);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{cut, unescaped, value};

    #[test]
    fn a_string_is_cut_between_characters_and_never_inside_of_an_escape() {
        for (source, most, left) in [
            ("abc", 3, "abc"),
            ("abc", 2, "ab"),
            ("abc", 0, ""),
            (r"a\nb", 2, r"a\n"),
            (r"a\nb", 1, "a"),
            (r"\\\\", 1, r"\\"),
            (r#"\"\""#, 1, r#"\""#),
            (r"\u0041\u0042", 1, r"\u0041"),
            (r"\u00e9x", 1, ""),
            (r"\u00e9x", 2, r"\u00e9"),
            (r"\ud83d\ude00x", 3, ""),
            (r"\ud83d\ude00x", 4, r"\ud83d\ude00"),
            (r"\ud83dx", 3, r"\ud83d"),
            (r"\ud83dx", 2, ""),
            ("\u{e9}\u{20ac}\u{1f600}", 8, "\u{e9}\u{20ac}"),
            ("\u{e9}\u{20ac}\u{1f600}", 4, "\u{e9}"),
            ("\u{e9}\u{20ac}\u{1f600}", 9, "\u{e9}\u{20ac}\u{1f600}"),
        ] {
            let at = cut(source.as_bytes(), most).unwrap_or(source.len());
            assert_eq!(source.get(..at), Some(left), "{source} {most}");
        }
    }

    #[test]
    fn a_value_is_what_serde_json_reads() {
        let text = r#""a\u00e9\ud83d\ude00\b\f\n\r\t\/\"\\z""#;
        let source = text.trim_matches('"');
        let expected: String = serde_json::from_str(text).unwrap();
        assert_eq!(
            unescaped(source.as_bytes(), &mut Vec::new()),
            expected.as_bytes()
        );
    }

    #[test]
    fn broken_text_has_no_end_and_does_no_harm() {
        for text in [
            "", "\"", "\"\\", "\"\\\"", "{", "[[", "{\"a", "}", "]", ",", " ",
        ] {
            assert_eq!(value(text.as_bytes(), 0), None, "{text}");
        }
        for text in [r"\", r"\u", r"\u12", r"\ud83d\u", r"\u{e9}", "\\\u{e9}"] {
            let mut scratch = Vec::new();
            let found = unescaped(text.as_bytes(), &mut scratch);
            assert!(found.starts_with("\u{fffd}".as_bytes()), "{text}");
            let _ = cut(text.as_bytes(), 1);
        }
        assert_eq!(value(&[b'['; 1 << 21], 0), None);
        assert_eq!(value(b"-1.5e3 ", 0), Some(6));
        assert_eq!(value(br#"{"a":["}",{}]},"#, 0), Some(14));
    }
}
