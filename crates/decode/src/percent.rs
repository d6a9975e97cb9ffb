//! Percent-decoding to bytes: `%XX` in either case, nothing else. `+` stays, because Akamai never writes a space as
//! `+` and base64 is full of it; a `%` without two hexadecimal digits stays, because clients send such queries.

use crate::block::{bytes_64, padded};
use crate::writer::{Writer, put};

const NONE: u8 = 0xff;

/// Value of a hexadecimal digit, or [`NONE`].
const HEX: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut value = 0_u8;
    while value < 16 {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        if value < 10 {
            table[(b'0' + value) as usize] = value;
        } else {
            table[(b'a' + value - 10) as usize] = value;
            table[(b'A' + value - 10) as usize] = value;
        }
        value = value.wrapping_add(1);
    }
    table
};

#[inline(always)]
fn digit(byte: u8) -> u8 {
    HEX.get(usize::from(byte)).copied().unwrap_or(NONE)
}

/// The byte that the two digits at the beginning of `digits` stand for.
#[inline(always)]
pub(crate) fn hex_pair(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let (high, low) = (digit(*high), digit(*low));
    if (high | low) > 0x0f {
        None
    } else {
        Some((high << 4) | low)
    }
}

/// Value of four hexadecimal digits.
pub(crate) fn hex_quad(digits: [u8; 4]) -> Option<u16> {
    let [a, b, c, d] = digits;
    Some(u16::from_be_bytes([hex_pair(&[a, b])?, hex_pair(&[c, d])?]))
}

/// Appends the first `length` bytes of `rest`, percent-decoded once. With what follows them at hand, the last block is as
/// quick as the others; the first of it must be no hexadecimal digit, such as the quote behind a string.
///
/// Percent signs are looked for in 64 bytes at once: in headers they come every few bytes, and a search from each to the next
/// would end where no processor foresees it. Arrays of a known size are read and written, because each look at a slice's length
/// would cost as much as the byte that it is about.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into a slice, at most isize::MAX, and into arrays of about a hundred bytes"
)]
pub(crate) fn decode_stretch(rest: &[u8], length: usize, writer: &mut Writer<'_>) {
    let mut room = writer.room_for(length + WINDOW);
    let (mut window, mut written) = (0, 0);
    // How many bytes of the window belong to an escape that began before it.
    let mut from = 0;
    while window < length {
        let padded_bytes;
        let bytes = match rest.get(window..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => bytes,
            None => {
                padded_bytes = padded(rest, window);
                &padded_bytes
            }
        };
        let end = (length - window).min(WINDOW);
        let Some(to) = room.first_chunk_mut() else {
            break;
        };
        let decoded = decode_window(bytes, &mut from, end, to);
        room = room.get_mut(decoded..).unwrap_or(&mut []);
        written += decoded;
        window += WINDOW;
    }
    writer.advance(written);
}

/// How many bytes are looked at together.
const WINDOW: usize = 64;
/// A window and what is copied beyond it.
type Bytes = [u8; WINDOW + 32];

/// Decodes `bytes` between `from` and `end` and says how many that gives. `from` is then where the next window goes on.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into arrays of about a hundred bytes"
)]
fn decode_window(bytes: &Bytes, from: &mut usize, end: usize, to: &mut Bytes) -> usize {
    let mut signs = bytes_64(bytes, 0, b'%') & u64::MAX.wrapping_shr(64 - end as u32);
    // Up to `start` it is decoded; behind the last sign it may not be.
    let (mut start, mut written) = (*from, 0);
    while signs != 0 {
        let sign = signs.trailing_zeros() as usize;
        signs &= signs - 1;
        let Some(byte) = bytes.get(sign + 1..).and_then(hex_pair) else {
            continue;
        };
        copy(to, written, bytes, start, sign);
        written += sign.saturating_sub(start);
        if let Some(to) = to.get_mut(written) {
            *to = byte;
        }
        written += 1;
        start = sign + 3;
    }
    copy(to, written, bytes, start, end);
    written += end.saturating_sub(start);
    *from = start.saturating_sub(WINDOW);
    written
}

/// Copies `bytes` from `start` to `end` to `room` at `to`, by whole blocks, and at least one.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into arrays of about a hundred bytes, and steps of 16"
)]
fn copy(room: &mut Bytes, mut to: usize, bytes: &Bytes, mut start: usize, end: usize) {
    loop {
        let block = bytes.get(start..).and_then(<[u8]>::first_chunk::<16>);
        if let Some(block) = block {
            put(room, to, *block);
        }
        to += 16;
        start += 16;
        if start >= end {
            return;
        }
    }
}

/// Appends `encoded`, percent-decoded once, to `out`.
pub fn decode_into(encoded: &[u8], out: &mut Vec<u8>) {
    let mut writer = Writer::new(out, encoded.len());
    decode_stretch(encoded, encoded.len(), &mut writer);
    writer.finish();
}

#[cfg(test)]
mod tests {
    use super::{decode_into, decode_stretch};
    use crate::writer::Writer;

    #[test]
    fn only_complete_escapes_are_decoded_and_only_once() {
        for (encoded, decoded) in [
            ("", &b""[..]),
            ("a+b", b"a+b"),
            ("%3b%3B%41", b";;A"),
            ("%253b", b"%3b"),
            ("%%41%4", b"%A%4"),
            ("%zz%g1%1g%", b"%zz%g1%1g%"),
            ("%00%ff", b"\0\xff"),
            ("\u{e9}%c3%a9", b"\xc3\xa9\xc3\xa9"),
        ] {
            let mut out = Vec::new();
            decode_into(encoded.as_bytes(), &mut out);
            assert_eq!(out, decoded, "{encoded}");
        }
    }

    fn by_bytes(mut encoded: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::new();
        while let [first, rest @ ..] = encoded {
            let digits = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            let digits = digits.filter(|two| two.chars().all(|one| one.is_ascii_hexdigit()));
            let escaped = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
            match escaped.filter(|_| *first == b'%') {
                Some(byte) => {
                    decoded.push(byte);
                    encoded = rest.get(2..).unwrap_or(&[]);
                }
                None => {
                    decoded.push(*first);
                    encoded = rest;
                }
            }
        }
        decoded
    }

    #[test]
    fn blocks_are_decoded_like_bytes_wherever_the_escapes_are() {
        let pieces = [
            "%3b",
            "%",
            "a",
            "%4",
            "%G1",
            "%fF",
            "x%%41",
            "\u{e9}",
            "/0123456789:;@`g",
        ];
        let mut seed = 7_usize;
        for round in 0..4000 {
            let mut text = String::new();
            for _ in 0..round % 23 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(pieces[(seed >> 33) % pieces.len()]);
            }
            let expected = by_bytes(text.as_bytes());
            for behind in ["", "41\"%41%41%41%41%41%41"] {
                let line = format!("{text}{behind}");
                // What follows a string in a line is its quote, which no escape reaches over.
                let line = line.replacen("41\"", "\"41", 1);
                let mut out = b"before".to_vec();
                let mut writer = Writer::new(&mut out, 0);
                decode_stretch(line.as_bytes(), text.len(), &mut writer);
                writer.finish();
                assert_eq!(out, [&b"before"[..], &expected].concat(), "{text:?}");
            }
        }
    }
}
