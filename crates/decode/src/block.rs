//! Questions about 16 bytes at once.
//!
//! `wide` maps them to simd128 in WebAssembly, SSE2 on x86-64 and NEON on ARM, and to plain arrays elsewhere; it
//! keeps this crate free of `unsafe` and lets the native tests run the code that ships in the wasm.

use wide::{i16x8, i32x4, u8x16};

/// Bytes that are looked at together.
pub(crate) type Block = [u8; 16];

/// The 16 bytes of `bytes` from `at` on; past the end they are 0.
#[inline(always)]
pub(crate) fn load(bytes: &[u8], at: usize) -> Block {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(block) => *block,
        None => padded(bytes, at),
    }
}

/// The bytes from `at` on; past the end they are 0.
#[cold]
pub(crate) fn padded<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut block = [0; N];
    block
        .iter_mut()
        .zip(bytes.iter().skip(at))
        .for_each(|(to, from)| *to = *from);
    block
}

/// [`load`] where the end is near nearly always. Pieces that may overlap, because a copy of any length would be a call of
/// `memcpy`, which in WebAssembly leaves the compiled code.
#[inline(never)]
pub(crate) fn load_last(bytes: &[u8], at: usize) -> Block {
    let rest = bytes.get(at..).unwrap_or(&[]);
    if let Some(block) = rest.first_chunk() {
        return *block;
    }
    let bits = |bytes: usize| u32::try_from(bytes).map_or(0, |bytes| bytes.wrapping_mul(8));
    let length = rest.len();
    let mut block = [0; 16];
    if let (Some(first), Some(last)) = (rest.first_chunk::<8>(), rest.last_chunk()) {
        // What the last eight bytes have that the first do not.
        let last = u64::from_le_bytes(*last);
        let last = last.checked_shr(bits(16_usize.wrapping_sub(length)));
        ends_of(&mut block, *first, last.unwrap_or(0).to_le_bytes());
    } else if let (Some(first), Some(last)) = (rest.first_chunk(), rest.last_chunk()) {
        let last = u64::from(u32::from_le_bytes(*last));
        let last = last.wrapping_shl(bits(length.wrapping_sub(4)));
        let word = u64::from(u32::from_le_bytes(*first)) | last;
        ends_of(&mut block, word.to_le_bytes(), [0; 8]);
    } else {
        for (to, from) in block.iter_mut().zip(rest).take(3) {
            *to = *from;
        }
    }
    block
}

#[inline(always)]
fn ends_of(block: &mut Block, first: [u8; 8], last: [u8; 8]) {
    if let Some(to) = block.first_chunk_mut() {
        *to = first;
    }
    if let Some(to) = block.last_chunk_mut() {
        *to = last;
    }
}

/// Whether all bytes are ASCII.
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<16>() else {
        return bytes.is_ascii();
    };
    let (blocks, _) = bytes.as_chunks::<16>();
    let all = blocks
        .iter()
        .fold(u8x16::from(*last), |all, block| all | u8x16::from(*block));
    all.to_bitmask() == 0
}

/// Bit n is set if byte n is a quote, a backslash, a control character (below 0x20) or not ASCII: all that
/// cannot simply be passed over in a JSON string or copied into one.
#[inline(always)]
pub(crate) fn string_stops(block: Block) -> u32 {
    let bytes = u8x16::from(block);
    let stops = bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\'));
    // As signed numbers, bytes from 0x80 on are negative.
    let low = bytes.cast_signed().simd_lt(wide::i8x16::splat(0x20));
    (stops | low.cast_unsigned()).to_bitmask()
}

/// [`string_stops`] of the 64 bytes of `bytes` from `at` on; past the end they are 0.
#[inline(always)]
pub(crate) fn string_stops_64(bytes: &[u8], at: usize) -> u64 {
    masks_64(bytes, at, string_stops)
}

/// Bit n is set if byte n is a quote or a backslash.
#[inline(always)]
pub(crate) fn backslashable(block: Block) -> u32 {
    let bytes = u8x16::from(block);
    (bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\'))).to_bitmask()
}

/// Bit n is set if byte n must be escaped in a JSON string: a quote, a backslash or a control character (below 0x20).
#[inline(always)]
pub(crate) fn escapes(block: Block) -> u32 {
    backslashable(block) | controls(block).to_bitmask()
}

/// Lanes are set where a byte is below 0x20.
#[inline(always)]
fn controls(block: Block) -> u8x16 {
    let bytes = u8x16::from(block);
    bytes.min(u8x16::splat(0x1f)).simd_eq(bytes)
}

/// Bit n is set if byte n is a quote or a backslash; `None` if a byte is a control character (below 0x20).
#[inline(always)]
pub(crate) fn quotes_64(bytes: &[u8; 64]) -> Option<u64> {
    let (blocks, _) = bytes.as_chunks::<16>();
    let all = blocks
        .iter()
        .fold(u8x16::splat(0), |all, block| all | controls(*block));
    (all.to_bitmask() == 0).then(|| masks_64(bytes, 0, backslashable))
}

/// Puts a backslash before each of the eight bytes of `block` from `at` on whose bit of `mask` is set. What it gives is as long
/// as there are bytes and backslashes; what follows means nothing.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "lanes wrap")]
pub(crate) fn backslashed(block: Block, at: u8, mask: u8) -> Block {
    /// By mask, which of the eight goes where; a backslash is where the highest bit is set.
    static PLACES: [Block; 256] = {
        let mut all = [[0x80; 16]; 256];
        let mut mask = 0;
        while mask < 256 {
            let (mut from, mut to) = (0, 0);
            while from < 8 {
                to += mask >> from & 1;
                #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
                {
                    all[mask][to] = from as u8;
                }
                to += 1;
                from += 1;
            }
            mask += 1;
        }
        all
    };
    let places = PLACES.get(usize::from(mask)).unwrap_or(&[0; 16]);
    let places = u8x16::from(*places) + u8x16::splat(at);
    let backslashes = places.cast_signed().simd_lt(wide::i8x16::splat(0));
    let backslashes = backslashes.cast_unsigned() & u8x16::splat(b'\\');
    (u8x16::from(block).shuffle(places) | backslashes).to_array()
}

/// Bit n is set if byte n of the 64 from `at` on is `byte`, which is not 0.
#[inline(always)]
pub(crate) fn bytes_64(bytes: &[u8], at: usize, byte: u8) -> u64 {
    masks_64(bytes, at, |block| {
        u8x16::from(block).simd_eq(u8x16::splat(byte)).to_bitmask()
    })
}

/// What `mask` says of the 64 bytes of `bytes` from `at` on; past the end they are 0.
#[inline(always)]
fn masks_64(bytes: &[u8], at: usize, mask: impl Fn(Block) -> u32) -> u64 {
    let quarters = match bytes.get(at..).and_then(<[u8]>::first_chunk::<64>) {
        Some(whole) => *whole,
        None => padded(bytes, at),
    };
    let quarter = |n: usize| u64::from(mask(load(&quarters, n)));
    quarter(0) | quarter(16) << 16 | quarter(32) << 32 | quarter(48) << 48
}

/// Like [`string_stops`], but not at bytes that are not ASCII. Those come as a second mask.
#[inline(always)]
pub(crate) fn string_stops_and_non_ascii(block: Block) -> (u32, u32) {
    let non_ascii = u8x16::from(block).to_bitmask();
    (string_stops(block) & !non_ascii, non_ascii)
}

/// Bit n is set if byte n is one of three.
#[inline(always)]
pub(crate) fn any_of(block: Block, a: u8, b: u8, c: u8) -> u32 {
    let bytes = u8x16::from(block);
    let stops = bytes.simd_eq(u8x16::splat(a))
        | bytes.simd_eq(u8x16::splat(b))
        | bytes.simd_eq(u8x16::splat(c));
    stops.to_bitmask()
}

/// Bit n is set if byte n is a control character (below 0x20, or 0x7f), not ASCII, or one of two.
#[inline(always)]
pub(crate) fn controls_and(block: Block, a: u8, b: u8) -> u32 {
    let bytes = u8x16::from(block);
    let stops = bytes.simd_eq(u8x16::splat(a))
        | bytes.simd_eq(u8x16::splat(b))
        | bytes.simd_eq(u8x16::splat(0x7f));
    // As signed numbers, bytes from 0x80 on are negative.
    let low = bytes.cast_signed().simd_lt(wide::i8x16::splat(0x20));
    (stops | low.cast_unsigned()).to_bitmask()
}

/// Bit n is set if byte n is the same in both, where upper case and lower case are the same, and so are control
/// characters and the printable ones 0x20 above them.
#[inline(always)]
pub(crate) fn same_letters(block: Block, lower_case: Block) -> u32 {
    let folded = u8x16::from(block) | u8x16::splat(0x20);
    folded.simd_eq(u8x16::from(lower_case)).to_bitmask()
}

/// Whether `bytes` go on with the first `length` of `beginning` at `at`.
#[inline(always)]
pub(crate) fn begins_with(bytes: &[u8], at: usize, beginning: &[u8; 32], length: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or(&[]);
    let Some((halves, [])) = rest
        .first_chunk::<32>()
        .map(|found| found.as_chunks::<16>())
    else {
        // So near the end of a line comes hardly ever a member that is looked for.
        return rest.starts_with(beginning.get(..length).unwrap_or(beginning));
    };
    let same = |n: usize| match (halves.get(n), beginning.as_chunks::<16>().0.get(n)) {
        (Some(found), Some(known)) => u8x16::from(*found)
            .simd_eq(u8x16::from(*known))
            .to_bitmask(),
        _ => 0,
    };
    let same = u64::from(same(0) | same(1) << 16);
    same.trailing_ones() as usize >= length
}

/// ASCII letters in lower case, and all else as it is.
#[inline(always)]
pub(crate) fn lower_case(block: Block) -> Block {
    let bytes = u8x16::from(block);
    let signed = bytes.cast_signed();
    let is_upper = signed.simd_gt(wide::i8x16::splat(b'A'.cast_signed().wrapping_sub(1)))
        & signed.simd_lt(wide::i8x16::splat(b'Z'.cast_signed().wrapping_add(1)));
    (bytes | (is_upper.cast_unsigned() & u8x16::splat(0x20))).to_array()
}

/// Reads 16 base64 characters (RFC 4648 section 4) as 12 bytes, followed by 4 that mean nothing. Bit n of the mask is set
/// if character n is not of the alphabet; bytes that depend on it or on a later one mean nothing.
///
/// The classification by nibbles is the one of Wojciech Muła and Daniel Lemire, "Faster Base64 Encoding and
/// Decoding Using AVX2 Instructions" (2018), section 3.2.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "lanes wrap, which the lookup of a negative difference relies on"
)]
pub(crate) fn base64(block: Block) -> (Block, u32) {
    // Bit n of BY_HIGH[h] & BY_LOW[l] is set if the character 0xhl is foreign for reason n.
    const BY_HIGH: [u8; 16] = [
        0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
        0x10,
    ];
    const BY_LOW: [u8; 16] = [
        0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b,
        0x1a,
    ];
    // From character to value, by high nibble; entry 1 is for the slash.
    const TO_VALUE: [u8; 16] = [
        0,
        16,
        19,
        4,
        65_u8.wrapping_neg(),
        65_u8.wrapping_neg(),
        71_u8.wrapping_neg(),
        71_u8.wrapping_neg(),
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    const BIG_ENDIAN: [u8; 16] = [2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 255, 255, 255, 255];

    let characters = u8x16::from(block);
    let high = characters.unbounded_shr_scalar(4);
    let low = characters & u8x16::splat(0x0f);
    let foreign = u8x16::from(BY_HIGH).shuffle(high) & u8x16::from(BY_LOW).shuffle(low);
    let slash = characters.simd_eq(u8x16::splat(b'/'));
    let values = characters + u8x16::from(TO_VALUE).shuffle(high + slash);

    // Lanes of 16 bits hold (first, second): first * 64 + second. Then lanes of 32: first * 4096 + second.
    let values: i16x8 = bytemuck::must_cast(values);
    let pairs: i16x8 = ((values << 6) | (values >> 8)) & i16x8::splat(0x0fff);
    let quads: i32x4 = pairs.dot(i16x8::from([4096, 1, 4096, 1, 4096, 1, 4096, 1]));
    let bytes: u8x16 = bytemuck::must_cast(quads);
    let bytes = bytes.shuffle(u8x16::from(BIG_ENDIAN));
    let foreign = !foreign.simd_eq(u8x16::splat(0));
    (bytes.to_array(), foreign.to_bitmask())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::{
        any_of, backslashable, backslashed, base64, begins_with, controls_and, escapes, is_ascii,
        load, load_last, lower_case, string_stops, string_stops_and_non_ascii,
    };

    #[test]
    fn every_byte_in_every_place_is_classified_like_by_its_definition() {
        for byte in 0..=u8::MAX {
            for place in 0..16 {
                let mut block = [b'A'; 16];
                block[place] = byte;
                let bit = 1 << place;
                let stop = matches!(byte, b'"' | b'\\' | 0..0x20);
                assert_eq!(
                    string_stops(block),
                    if stop || byte >= 0x80 { bit } else { 0 },
                    "{byte} at {place}"
                );
                let masks = (
                    if stop { bit } else { 0 },
                    if byte >= 0x80 { bit } else { 0 },
                );
                assert_eq!(
                    string_stops_and_non_ascii(block),
                    masks,
                    "{byte} at {place}"
                );
                assert_eq!(
                    escapes(block),
                    if stop { bit } else { 0 },
                    "{byte} at {place}"
                );
                let stop = matches!(byte, b'=' | b'|' | 0..0x20 | 0x7f..);
                assert_eq!(
                    controls_and(block, b'=', b'|'),
                    if stop { bit } else { 0 },
                    "{byte} at {place}"
                );
                let mut lower = block;
                lower.make_ascii_lowercase();
                assert_eq!(lower_case(block), lower, "{byte} at {place}");
                let quote = matches!(byte, b'"' | b'\\');
                assert_eq!(
                    backslashable(block),
                    if quote { bit } else { 0 },
                    "{byte} at {place}"
                );
                let listed = matches!(byte, b'%' | b':' | b';');
                assert_eq!(
                    any_of(block, b'%', b':', b';'),
                    if listed { bit } else { 0 },
                    "{byte} at {place}"
                );

                let (bytes, foreign) = base64(block);
                match STANDARD.decode(block) {
                    Ok(expected) if byte != b'=' => assert_eq!(
                        (&bytes[..12], foreign),
                        (&expected[..], 0),
                        "{byte} at {place}"
                    ),
                    _ => assert_eq!(foreign, bit, "{byte} at {place}"),
                }
            }
        }
    }

    #[test]
    fn bytes_are_ascii_if_each_of_them_is() {
        for length in 0..50 {
            let mut bytes = vec![b'a'; length];
            assert!(is_ascii(&bytes));
            for place in 0..length {
                bytes[place] = 0x80;
                assert!(!is_ascii(&bytes), "{place} of {length}");
                bytes[place] = b'a';
            }
        }
    }

    #[test]
    fn bytes_begin_with_what_they_begin_with() {
        let beginning: [u8; 32] = std::array::from_fn(|n| u8::try_from(n).unwrap());
        for room in [0, 1, 40] {
            for length in 0..=32 {
                for wrong in 0..=length {
                    let mut bytes = [&[b'x'; 3], &beginning[..length], &vec![b'y'; room]].concat();
                    if wrong < length {
                        bytes[3 + wrong] ^= 0x20;
                    }
                    let begins = begins_with(&bytes, 3, &beginning, length);
                    assert_eq!(begins, wrong == length, "{length} {wrong} {room}");
                }
            }
        }
    }

    #[test]
    fn backslashes_come_before_the_bytes_that_need_one() {
        let block = *b"abcdefghijklmnop";
        for at in [0, 8] {
            for mask in 0..=u8::MAX {
                let mut expected = Vec::new();
                for n in 0..8 {
                    expected.extend((mask >> n & 1 == 1).then_some(b'\\'));
                    expected.push(block[at + n]);
                }
                let found = backslashed(block, u8::try_from(at).unwrap(), mask);
                assert_eq!(found[..expected.len()], expected, "{at} {mask:08b}");
            }
        }
    }

    #[test]
    fn loading_past_the_end_gives_zeros() {
        let bytes: Vec<u8> = (1..=36).collect();
        for length in 0..16 {
            let mut expected = [0; 16];
            expected[..length].copy_from_slice(&bytes[..length]);
            assert_eq!(load(&bytes[..length], 0), expected, "{length}");
            assert_eq!(load_last(&bytes[..length], 0), expected, "{length}");
        }
        let bytes: Vec<u8> = (1..=20).collect();
        assert_eq!(
            load(&bytes, 4),
            [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
        );
        assert_eq!(
            load(&bytes, 18),
            [19, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        );
        assert_eq!(load(&bytes, 21), [0; 16]);
        for at in 0..bytes.len() {
            let mut expected = [0; 16];
            let rest = &bytes[at..bytes.len().min(at + 16)];
            expected[..rest.len()].copy_from_slice(rest);
            assert_eq!(load(&bytes, at), expected, "{at}");
        }
    }
}
