//! The Protocol Buffers wire format, as far as OTLP needs it: <https://protobuf.dev/programming-guides/encoding/>. No field
//! that is written here has a number above 15, so that every tag is one byte.

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LENGTH: u8 = 2;
const FIXED32: u8 = 5;

/// Bytes of `number` as a varint.
pub(super) const fn varint_bytes(number: u64) -> usize {
    // Seven bits a byte, and one byte for 0.
    let bits = 64_u32.saturating_sub((number | 1).leading_zeros());
    bits.div_ceil(7) as usize
}

/// Bytes of a field that has `length` bytes after its length.
pub(super) const fn field_bytes(length: usize) -> usize {
    varint_bytes(length as u64)
        .saturating_add(length)
        .saturating_add(1)
}

/// Appends a varint.
pub(super) fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        let [low, ..] = number.to_le_bytes();
        out.push(low | 0x80);
        number >>= 7;
    }
    let [low, ..] = number.to_le_bytes();
    out.push(low);
}

const fn tag(field: u8, kind: u8) -> u8 {
    field << 3 | kind
}

/// Appends a field of type int32, int64, uint32, bool or enum.
pub(super) fn number(out: &mut Vec<u8>, field: u8, number: u64) {
    out.push(tag(field, VARINT));
    varint(out, number);
}

/// Appends a field of type fixed32.
pub(super) fn fixed32(out: &mut Vec<u8>, field: u8, number: u32) {
    out.push(tag(field, FIXED32));
    out.extend_from_slice(&number.to_le_bytes());
}

/// Appends a field of type fixed64 or, by its bits, double.
pub(super) fn fixed64(out: &mut Vec<u8>, field: u8, number: u64) {
    out.push(tag(field, FIXED64));
    out.extend_from_slice(&number.to_le_bytes());
}

/// Appends the beginning of a message, string or bytes of `length` bytes.
pub(super) fn header(out: &mut Vec<u8>, field: u8, length: usize) {
    out.push(tag(field, LENGTH));
    varint(out, length as u64);
}

/// Appends a string or bytes.
pub(super) fn bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    header(out, field, bytes.len());
    out.extend_from_slice(bytes);
}

/// A field that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Fixed size.
    Other,
}

/// The next field of a message and its number. `Err` if the message is malformed.
pub(super) fn next<'a>(message: &mut &'a [u8]) -> Option<Result<(u64, Field<'a>), Malformed>> {
    if message.is_empty() {
        return None;
    }
    Some(read(message).ok_or(Malformed))
}

/// Not a message of Protocol Buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

fn read<'a>(message: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let tag = read_varint(message)?;
    let number = tag >> 3;
    if number == 0 {
        return None;
    }
    let [kind, ..] = tag.to_le_bytes();
    let field = match kind & 7 {
        VARINT => Field::Number(read_varint(message)?),
        LENGTH => {
            let length = usize::try_from(read_varint(message)?).ok()?;
            Field::Bytes(take(message, length)?)
        }
        FIXED64 => take(message, 8).map(|_| Field::Other)?,
        FIXED32 => take(message, 4).map(|_| Field::Other)?,
        _ => return None,
    };
    Some((number, field))
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = message.split_at_checked(length)?;
    *message = rest;
    Some(taken)
}

fn read_varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Field, Malformed, next, number, read_varint, varint, varint_bytes};

    #[test]
    fn varints_have_the_promised_length_and_come_back() {
        for shift in 0..64 {
            for value in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut out = Vec::new();
                varint(&mut out, value);
                assert_eq!(out.len(), varint_bytes(value), "{value}");
                assert_eq!(read_varint(&mut out.as_slice()), Some(value));
            }
        }
        assert_eq!(read_varint(&mut &[0x80; 20][..]), None);
    }

    #[test]
    fn fields_are_read_and_what_is_none_is_refused() {
        let mut message = b"\x09\x01\x02\x03\x04\x05\x06\x07\x08\x12\x02ab\x1d\0\0\0\0".to_vec();
        number(&mut message, 4, 300);
        let mut rest = message.as_slice();
        let mut seen = Vec::new();
        while let Some(field) = next(&mut rest) {
            seen.push(field.unwrap());
        }
        let expected = [
            (1, Field::Other),
            (2, Field::Bytes(b"ab")),
            (3, Field::Other),
            (4, Field::Number(300)),
        ];
        assert_eq!(seen, expected);
        for text in ["<html>", "OK", "{}", "\0", "\x12\x7f", "\x08", "\x0a\u{ff}"] {
            assert_eq!(next(&mut text.as_bytes()), Some(Err(Malformed)), "{text:?}");
        }
    }
}
