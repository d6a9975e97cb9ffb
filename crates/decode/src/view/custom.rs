//! `custom`: whatever a customer puts there, decoded and kept as JSON text.

use crate::custom;
use crate::decoder::{Scratch, one_line};
use crate::percent::hex_quad;
use crate::scan::{Malformed, Scanner, Text};
use crate::walk::Found;
use crate::writer::Writer;

use super::{Kind, Slot, Value};

/// Appends `value` to `to` as JSON text without line feeds, its strings decoded; nothing if it is null or an empty string.
pub(super) fn read(
    line: &[u8],
    value: &Slot,
    found: &Found,
    to: &mut Vec<u8>,
    scratch: &mut Scratch,
) {
    if value.kind == Kind::Missing || value.length() == 0 {
        return;
    }
    let quotes = usize::from(matches!(value.kind, Kind::Text | Kind::EscapedText));
    let whole = Text {
        start: value.start.saturating_sub(quotes),
        end: value.end.saturating_add(quotes),
        escaped: false,
    };
    let mut writer = Writer::new(to, value.length());
    custom::write(line, whole, &mut writer, scratch);
    writer.finish();
    one_line(found, Some(to));
    mend_surrogates(to);
}

/// Puts `\\ufffd` in the place of the escape of each half of a surrogate pair that has no other half: valid JSON, but many
/// receivers refuse it. `json` was validated.
fn mend_surrogates(json: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at = at.saturating_add(found);
        let Some([_, b'u', rest @ ..]) = json.get_mut(at..) else {
            at = at.saturating_add(2);
            continue;
        };
        let quad = |digits: Option<&[u8; 4]>| digits.and_then(|digits| hex_quad(*digits));
        let next = match rest.get(4..) {
            Some([b'\\', b'u', digits @ ..]) => quad(digits.first_chunk()),
            _ => None,
        };
        let is_pair = matches!(next, Some(0xdc00..=0xdfff));
        at = at.saturating_add(match quad(rest.first_chunk()) {
            Some(0xd800..=0xdbff) if is_pair => 12,
            Some(0xd800..=0xdfff) => {
                rest.iter_mut()
                    .zip(b"fffd")
                    .for_each(|(to, from)| *to = *from);
                6
            }
            _ => 6,
        });
    }
}

/// The strings, numbers and truth values in `json`, which was validated, at any depth.
pub(super) fn values(json: &[u8], mut take: impl FnMut(Value<'_>)) {
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        // What looks like the beginning of a value is one.
        if !matches!(byte, b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') {
            at = at.saturating_add(1);
            continue;
        }
        let mut scanner = Scanner::new(json, at);
        let Ok(slot) = Slot::read(&mut scanner, 0) else {
            return;
        };
        at = scanner.at();
        scanner.skip_white();
        if slot.kind != Kind::Missing && scanner.peek() != Some(b':') {
            take(slot.value(json));
        }
    }
}

/// Names and values of the members of `json`, which was validated; of anything but an object itself, without a name.
pub(super) fn members(json: &[u8], mut take: impl FnMut(Option<Value<'_>>, Value<'_>)) {
    let mut scanner = Scanner::new(json, 0);
    // It meets nothing that it must refuse, unless there is nothing at all.
    let _: Result<(), Malformed> = if scanner.take(b'{') {
        scanner.members(|scanner, key| {
            let value = Slot::read(scanner, 0)?;
            take(Some(Value::of_text(&key.name, json)), value.value(json));
            Ok(())
        })
    } else {
        Slot::read(&mut scanner, 0).map(|value| take(None, value.value(json)))
    };
}
