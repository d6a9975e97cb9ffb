//! Objects and arrays of JSON without a tree: every member brings the comma before it, and the first comma of an object
//! becomes its brace. So an object without members can be taken back, and nobody has to know which member is the first.

use edgesiem_decode::{Decoded, EventView, LongLiteral, Member, Value, Writer};

/// `,"name":` as a literal.
macro_rules! key {
    ($name:literal) => {
        const {
            assert!($name.len() <= 28, "a literal has 32 bytes");
            &edgesiem_decode::long_literal(concat!(",\"", $name, "\":").as_bytes())
        }
    };
}
pub(crate) use key;

/// `,"name":"` of a member that is a string.
#[derive(Clone, Copy)]
pub(crate) struct TextKey(pub &'static LongLiteral);

/// A [`TextKey`].
macro_rules! text_key {
    ($name:literal) => {
        $crate::json::TextKey(
            const {
                assert!($name.len() <= 27, "a literal has 32 bytes");
                &edgesiem_decode::long_literal(concat!(",\"", $name, "\":\"").as_bytes())
            },
        )
    };
}
pub(crate) use text_key;

/// The member `key` with the object that `members` writes; nothing if it writes no member.
#[inline(always)]
pub(crate) fn object(
    writer: &mut Writer<'_>,
    key: &LongLiteral,
    members: impl FnOnce(&mut Writer<'_>),
) {
    let start = writer.len();
    writer.long_literal(key);
    if !block(writer, *b"{}", members) {
        writer.back_to(start);
    }
}

/// The member `key` with the array that `items` writes; nothing if it writes no item.
#[inline(always)]
pub(crate) fn array(
    writer: &mut Writer<'_>,
    key: &LongLiteral,
    items: impl FnOnce(&mut Writer<'_>),
) {
    let start = writer.len();
    writer.long_literal(key);
    if !block(writer, *b"[]", items) {
        writer.back_to(start);
    }
}

/// What `content` writes, each piece with a comma before it, in `brackets`; false if it writes nothing, and then nothing was
/// written.
#[inline(always)]
pub(crate) fn block(
    writer: &mut Writer<'_>,
    [open, close]: [u8; 2],
    content: impl FnOnce(&mut Writer<'_>),
) -> bool {
    let start = writer.len();
    content(writer);
    if writer.len() == start {
        return false;
    }
    writer.patch(start, open);
    writer.byte(close);
    true
}

/// An object as an item of an array.
#[inline(always)]
pub(crate) fn object_item(writer: &mut Writer<'_>, members: impl FnOnce(&mut Writer<'_>)) {
    let start = writer.len();
    writer.byte(b',');
    if !block(writer, *b"{}", members) {
        writer.back_to(start);
    }
}

/// The member `key` with a value's text.
#[inline(never)]
pub(crate) fn text(writer: &mut Writer<'_>, key: TextKey, value: Value<'_>) {
    value.write_member(key.0, writer);
}

/// Members with the texts of the event's, in this order; those that the event does not have are left out.
///
/// A table and one loop, because the code of each member in its own place is slower, above all in WebAssembly, whose compiler
/// runs out of registers in functions that are that long.
#[inline(never)]
pub(crate) fn texts(writer: &mut Writer<'_>, event: &EventView<'_>, members: &[(TextKey, Member)]) {
    for (key, member) in members {
        if let Some(value) = event.get(*member) {
            value.write_member(key.0, writer);
        }
    }
}

/// The member `key` with decoded bytes; nothing if there are none.
#[inline(never)]
pub(crate) fn decoded(writer: &mut Writer<'_>, key: TextKey, value: Option<Decoded<'_>>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        value.write_member(key.0, writer);
    }
}

/// The member `key` with bytes, lossy where they are not UTF-8.
#[inline(always)]
pub(crate) fn bytes(writer: &mut Writer<'_>, key: TextKey, value: &[u8]) {
    writer.long_literal(key.0);
    writer.lossy(value);
    writer.byte(b'"');
}

/// The member `key` with text that is the inside of a JSON string as it is.
#[inline(always)]
pub(crate) fn plain(writer: &mut Writer<'_>, key: TextKey, text: &[u8]) {
    writer.text_stretch(key.0, text, text.len());
}

/// The member `key` with what `content` writes inside of a string.
#[inline(always)]
pub(crate) fn text_with(
    writer: &mut Writer<'_>,
    key: TextKey,
    content: impl FnOnce(&mut Writer<'_>),
) {
    writer.long_literal(key.0);
    content(writer);
    writer.byte(b'"');
}

/// The member `key` with a whole number.
#[inline(never)]
pub(crate) fn number(writer: &mut Writer<'_>, key: &LongLiteral, value: u64) {
    writer.long_literal(key);
    digits(writer, value);
}

/// The member `key` with the whole number that a value is; false, and nothing, if it is none, or more than `most`.
#[inline(always)]
pub(crate) fn number_of(
    writer: &mut Writer<'_>,
    key: &LongLiteral,
    value: Value<'_>,
    most: u64,
) -> bool {
    let number = value.whole_number(most);
    if let Some(number) = number {
        writer.long_literal(key);
        digits_of(writer, value, number);
    }
    number.is_some()
}

/// The decimal form of `number`, which is the whole number that `value` is, and nearly always its text.
#[inline(always)]
pub(crate) fn digits_of(writer: &mut Writer<'_>, value: Value<'_>, number: u64) {
    if value.is_decimal() {
        let (rest, length) = value.stretch();
        writer.stretch(rest, length);
    } else {
        digits(writer, number);
    }
}

/// A string of which `content` writes the inside.
#[inline(always)]
pub(crate) fn string(writer: &mut Writer<'_>, content: impl FnOnce(&mut Writer<'_>)) {
    writer.byte(b'"');
    content(writer);
    writer.byte(b'"');
}

/// A number in decimal.
#[inline(never)]
pub(crate) fn digits(writer: &mut Writer<'_>, value: u64) {
    // Eight places at a time, because division of 32 bits is a multiplication, and that of 64 bits is none.
    const PLACES: u64 = 100_000_000;
    if value >= PLACES {
        digits(writer, value / PLACES);
        let block = eight_places(value % PLACES);
        return writer.block(block, 8);
    }
    let block = eight_places(value);
    let length = value
        .checked_ilog10()
        .map_or(1, |log| log.saturating_add(1));
    let zeros = 8_u32.saturating_sub(length);
    let word = u128::from_le_bytes(block).wrapping_shr(zeros.wrapping_mul(8));
    writer.block(word.to_le_bytes(), usize::try_from(length).unwrap_or(8));
}

/// The digits of a number below 10^8, with the zeros before it; what follows means nothing.
fn eight_places(value: u64) -> [u8; 16] {
    /// From `00` to `99`.
    static PAIRS: [[u8; 2]; 100] = {
        let mut pairs = [[b'0'; 2]; 100];
        let mut number = 0;
        while number < 100 {
            #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
            {
                pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
            }
            number += 1;
        }
        pairs
    };
    let value = u32::try_from(value).unwrap_or(0);
    let pair = |number: u32| {
        let number = usize::try_from(number).unwrap_or(0);
        PAIRS.get(number).copied().unwrap_or([b'0'; 2])
    };
    let [a, b] = pair(value / 1_000_000);
    let [c, d] = pair(value / 10_000 % 100);
    let [e, f] = pair(value / 100 % 100);
    let [g, h] = pair(value % 100);
    [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0]
}

#[cfg(test)]
mod tests {
    use super::digits;
    use edgesiem_decode::Writer;

    #[test]
    fn numbers_have_their_digits() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        let around = powers.flat_map(|power| [power - 1, power, power + 1, power / 3 * 2]);
        for number in around.chain([u64::MAX, 1_490_000_000_000_000_000]) {
            let mut out = Vec::new();
            let mut writer = Writer::new(&mut out, 0);
            digits(&mut writer, number);
            writer.finish();
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
