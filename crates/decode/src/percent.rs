//! Percent-decoding to bytes: `%XX` in either case, nothing else. `+` stays, because Akamai never writes a space as
//! `+` and base64 is full of it; a `%` without two hexadecimal digits stays, because clients send such queries.

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

/// Appends `encoded`, percent-decoded once, to `out`.
pub fn decode_into(encoded: &[u8], out: &mut Vec<u8>) {
    let mut rest = encoded;
    while let Some(at) = memchr::memchr(b'%', rest) {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        let digits = escape.get(1..).unwrap_or(&[]);
        match hex_pair(digits) {
            Some(byte) => {
                out.push(byte);
                rest = digits.get(2..).unwrap_or(&[]);
            }
            None => {
                out.push(b'%');
                rest = digits;
            }
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::decode_into;

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
}
