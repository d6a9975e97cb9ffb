//! Text: the inside of JSON strings, escaped where it must be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Writer, literal, put};
use crate::block::{
    backslashable, backslashed, controls_and, escapes, is_ascii, load, load_last, lower_case,
    quotes_64,
};

#[expect(
    clippy::arithmetic_side_effects,
    reason = "lengths of slices and of a Vec: at most isize::MAX each, so the sum of two does not wrap"
)]
impl Writer<'_> {
    /// One ASCII character of a JSON string, escaped if it must be, in the form that `JSON.stringify` uses.
    #[inline(always)]
    pub fn character(&mut self, ascii: u8) {
        if ascii >= 0x20 && ascii != b'"' && ascii != b'\\' {
            self.byte(ascii);
        } else {
            self.escape(ascii);
        }
    }

    fn escape(&mut self, ascii: u8) {
        let short = match ascii {
            b'"' | b'\\' => ascii,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            _ => {
                let digit = |value: u8| {
                    if value < 10 {
                        b'0' + value
                    } else {
                        b'a' - 10 + value
                    }
                };
                return self.literal(&literal(&[
                    b'\\',
                    b'u',
                    b'0',
                    b'0',
                    digit(ascii >> 4),
                    digit(ascii & 0x0f),
                ]));
            }
        };
        self.literal(&literal(&[b'\\', short]));
    }

    /// The inside of a JSON string. Bytes from 0x80 on are written as they are.
    pub fn escaped(&mut self, value: &[u8]) {
        self.escaped_stretch(value, value.len());
    }

    /// [`Writer::escaped`] of the first `length` bytes of `rest`. With what follows them at hand, the last block is as quick as
    /// the others.
    pub(crate) fn escaped_stretch(&mut self, rest: &[u8], length: usize) {
        let mut at = 0;
        while at < length {
            at = self.quoted_blocks(rest, at, length.min(at + 256));
            if at >= length {
                return;
            }
            let block = load_last(rest, at);
            // Zeros past the end are stops, and not taken for text.
            let plain = (escapes(block).trailing_zeros() as usize)
                .min(16)
                .min(length - at);
            self.block(block, plain);
            at += plain;
            if plain < 16
                && at < length
                && let Some(byte) = rest.get(at)
            {
                self.character(*byte);
                at += 1;
            }
        }
    }

    /// Writes whole blocks of `rest` between `at` and `end`, as long as they have nothing to escape but quotes and backslashes, of
    /// which JSON inside of a string has many. Returns where it stopped.
    ///
    /// Four blocks at a time while there are so many: whether one has a quote says nothing about the next, and a processor that
    /// guesses wrong loses more than it costs to look for quotes in vain.
    #[inline(always)]
    fn quoted_blocks(&mut self, rest: &[u8], mut at: usize, end: usize) -> usize {
        self.need(2 * (end - at) + 16);
        let room = self.buffer.get_mut(self.len..).unwrap_or(&mut []);
        let mut length = 0;
        while end - at >= 64 {
            let (Some(from), Some(to)) = (
                rest.get(at..).and_then(<[u8]>::first_chunk::<64>),
                room.get_mut(length..)
                    .and_then(<[u8]>::first_chunk_mut::<144>),
            ) else {
                break;
            };
            let Some(quotes) = quotes_64(from) else {
                break;
            };
            length += if quotes == 0 {
                if let Some(to) = to.first_chunk_mut() {
                    *to = *from;
                }
                64
            } else {
                let mut length = 0;
                for (at, mask) in (0..64).step_by(8).zip(quotes.to_le_bytes()) {
                    put(
                        to,
                        length,
                        backslashed(load(from, at & 0x30), at as u8 & 8, mask),
                    );
                    length += 8 + mask.count_ones() as usize;
                }
                length
            };
            at += 64;
        }
        while end - at >= 16 {
            let Some(to) = room
                .get_mut(length..)
                .and_then(<[u8]>::first_chunk_mut::<32>)
            else {
                break;
            };
            let block = load(rest, at);
            let stops = escapes(block);
            length += if stops == 0 {
                put(to, 0, block);
                16
            } else if stops & !backslashable(block) == 0 {
                let [first, second, ..] = stops.to_le_bytes();
                let middle = 8 + first.count_ones() as usize;
                put(to, 0, backslashed(block, 0, first));
                put(to, middle, backslashed(block, 8, second));
                middle + 8 + second.count_ones() as usize
            } else {
                break;
            };
            at += 16;
        }
        self.len += length;
        at
    }

    /// Writes the first `length` bytes of `rest` up to the first one that is a control character, not ASCII, or one of `stops`,
    /// and says how many that is.
    #[inline(always)]
    pub fn plain_until(&mut self, rest: &[u8], length: usize, [a, b]: [u8; 2]) -> usize {
        let mut at = 0;
        while at < length {
            let block = load(rest, at);
            let stops = controls_and(block, a, b) | 0x1_0000;
            let plain = (stops.trailing_zeros() as usize).min(length - at);
            self.block(block, plain);
            at += plain;
            if plain < 16 {
                break;
            }
        }
        at
    }

    /// The inside of a JSON string, with U+FFFD in the places of `value` that are not UTF-8.
    pub fn lossy(&mut self, value: &[u8]) {
        if is_ascii(value) {
            return self.escaped(value);
        }
        for chunk in value.utf8_chunks() {
            self.escaped(chunk.valid().as_bytes());
            if !chunk.invalid().is_empty() {
                self.copy("\u{fffd}".as_bytes());
            }
        }
    }

    /// Makes ASCII letters that were written since the length was `start` lower case. Escapes stay what they are, because those
    /// that are written here have no upper case.
    pub fn lower_case(&mut self, start: usize) {
        let mut at = start;
        while at < self.len {
            // What is behind the end means nothing, but a block is there: room is always left.
            if let Some(block) = self.buffer.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                *block = lower_case(*block);
            }
            at += 16;
        }
    }

    /// The rest of the member `"key":"…"` whose opening quote was just written. If `value` is not UTF-8, the text has
    /// U+FFFD in the places that are not, and a member `<key>Base64` with the bytes follows.
    pub fn text_member(&mut self, key: &[u8], value: &[u8]) {
        if is_ascii(value) || std::str::from_utf8(value).is_ok() {
            self.escaped(value);
            return self.byte(b'"');
        }
        for chunk in value.utf8_chunks() {
            self.escaped(chunk.valid().as_bytes());
            if !chunk.invalid().is_empty() {
                self.copy("\u{fffd}".as_bytes());
            }
        }
        self.literal(const { &literal(b"\",\"") });
        self.copy(key);
        self.literal(const { &literal(b"Base64\":\"") });
        self.base64(value);
        self.byte(b'"');
    }

    /// The bytes in standard base64, with padding.
    pub fn base64(&mut self, value: &[u8]) {
        // More than the four characters for each three bytes.
        let room = self.room_for(value.len() / 3 * 4 + 4);
        let written = STANDARD.encode_slice(value, room).unwrap_or(0);
        self.advance(written);
    }
}

#[cfg(test)]
mod tests {
    use crate::writer::tests::written;

    #[test]
    fn a_string_is_escaped_like_serde_json_does_it() {
        let all: String = (0..0x180).filter_map(char::from_u32).collect();
        for text in [
            all.as_str(),
            "",
            "plain",
            &"x".repeat(100),
            &"\"".repeat(40),
            &"\u{1}a\\".repeat(33),
        ] {
            let json = written(|writer| {
                writer.byte(b'"');
                writer.text_member(b"key", text.as_bytes());
            });
            assert_eq!(json, serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_come_as_text_and_as_base64() {
        for (bytes, json) in [
            (&b"a\xb4b"[..], "a\u{fffd}b\",\"keyBase64\":\"YbRi\""),
            (
                b"\xe2\x82\xff\"",
                "\u{fffd}\u{fffd}\\\"\",\"keyBase64\":\"4oL/Ig==\"",
            ),
        ] {
            assert_eq!(written(|writer| writer.text_member(b"key", bytes)), json);
        }
    }
}
