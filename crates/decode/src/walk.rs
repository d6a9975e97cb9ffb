//! One walk over an event: is it valid, what does it say, and where is what must be rewritten.

use crate::rules::Facet;
use crate::scan::{Key, Malformed, Scanner, Text};

/// A member whose value is encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edit {
    pub target: Target,
    /// End of the value before the member.
    pub before: usize,
    /// Opening quote of the member's name.
    pub member: usize,
    /// The string; for `custom`, the value of whatever type as it stands.
    pub value: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The `attackData` that it belongs to has this many objects of that name before it.
    Facet(Facet, u32),
    Headers,
    Custom,
}

/// What a line says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub start_ms: Option<u64>,
    /// Whether a line feed is among the white space.
    pub line_breaks: bool,
    /// Where the member `offset` is, if this is a context line.
    pub context: Option<usize>,
}

/// Validates `line` as one JSON object and lists in `edits`, in order, what is encoded in it.
pub(crate) fn walk(line: &[u8], edits: &mut Vec<Edit>) -> Result<Found, Malformed> {
    let mut found = Found::default();
    let mut is_event = false;
    let mut attacks = 0_u32;
    edits.clear();
    let mut scanner = Scanner::new(line, 0);
    scanner.skip_white();
    if !scanner.take(b'{') {
        return Err(scanner.malformed("expected an object"));
    }
    scanner.members(|scanner, key| match &*key.name.value(line) {
        b"attackData" => {
            is_event = true;
            attacks = attacks.saturating_add(1);
            scanner.apart(|scanner| attack_data(scanner, line, attacks, edits))
        }
        b"httpMessage" => {
            is_event = true;
            scanner.apart(|scanner| http_message(scanner, line, edits, &mut found))
        }
        b"custom" => {
            let start = scanner.at();
            scanner.value(1)?;
            let value = Text {
                start,
                end: scanner.at(),
                escaped: false,
            };
            edits.push(edit(Target::Custom, key, value));
            Ok(())
        }
        b"offset" => {
            let text = text(scanner, 1)?;
            found.context = text
                .filter(|text| text.start < text.end)
                .map(|_| member(key));
            Ok(())
        }
        b"type" => {
            is_event = true;
            scanner.value(1)
        }
        _ => scanner.value(1),
    })?;
    scanner.end()?;
    found.line_breaks = scanner.line_breaks();
    if is_event {
        found.context = None;
    }
    Ok(found)
}

/// The rule facets are rewritten together, so one that is not a string, such as a list of rules from an exporter that
/// already decoded them, leaves all of them alone.
fn attack_data(
    scanner: &mut Scanner<'_>,
    line: &[u8],
    number: u32,
    edits: &mut Vec<Edit>,
) -> Result<(), Malformed> {
    if !scanner.take(b'{') {
        return scanner.value(1);
    }
    let first = edits.len();
    let mut all_text = true;
    scanner.apart(|scanner| {
        scanner.members(|scanner, key| {
            let Some(facet) = Facet::from_member(&key.name.value(line)) else {
                return scanner.value(2);
            };
            match text(scanner, 2)? {
                Some(value) => edits.push(edit(Target::Facet(facet, number), key, value)),
                None => all_text = false,
            }
            Ok(())
        })
    })?;
    if !all_text {
        edits.truncate(first);
    }
    Ok(())
}

fn http_message(
    scanner: &mut Scanner<'_>,
    line: &[u8],
    edits: &mut Vec<Edit>,
    found: &mut Found,
) -> Result<(), Malformed> {
    if !scanner.take(b'{') {
        return scanner.value(1);
    }
    scanner.apart(|scanner| {
        scanner.members(|scanner, key| match &*key.name.value(line) {
            b"requestHeaders" | b"responseHeaders" => {
                if let Some(value) = text(scanner, 2)? {
                    edits.push(edit(Target::Headers, key, value));
                }
                Ok(())
            }
            b"start" => {
                let start = scanner.at();
                found.start_ms = match text(scanner, 2)? {
                    Some(value) => epoch_ms(&value.value(line)),
                    None => epoch_ms(line.get(start..scanner.at()).unwrap_or(&[])),
                };
                Ok(())
            }
            _ => scanner.value(2),
        })
    })
}

/// The next value, if it is a string; any other is passed over.
#[inline(always)]
fn text(scanner: &mut Scanner<'_>, depth: u32) -> Result<Option<Text>, Malformed> {
    if scanner.take(b'"') {
        return scanner.string().map(Some);
    }
    scanner.value(depth).map(|()| None)
}

const fn edit(target: Target, key: Key, value: Text) -> Edit {
    Edit {
        target,
        before: key.before,
        member: member(key),
        value,
    }
}

const fn member(key: Key) -> usize {
    key.name.start.saturating_sub(1)
}

/// Seconds since the epoch, with an optional fraction, as milliseconds rounded down.
pub(crate) fn epoch_ms(seconds: &[u8]) -> Option<u64> {
    let (whole, fraction) = match memchr::memchr(b'.', seconds) {
        Some(point) => (
            seconds.get(..point)?,
            seconds
                .get(point.saturating_add(1)..)
                .filter(|digits| !digits.is_empty())?,
        ),
        None => (seconds, &[][..]),
    };
    let is_number = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    // The bound is the year 33,658 and keeps the sums far from u64::MAX.
    if whole.is_empty() || whole.len() > 12 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digits = whole.iter().chain(fraction.iter().chain(b"000").take(3));
    Some(digits.fold(0_u64, |number, digit| {
        number
            .wrapping_mul(10)
            .wrapping_add(u64::from(digit.wrapping_sub(b'0')))
    }))
}

#[cfg(test)]
mod tests {
    use super::{epoch_ms, walk};

    #[test]
    fn epoch_seconds_become_milliseconds() {
        for (seconds, millis) in [
            ("1491303422", Some(1_491_303_422_000)),
            ("1470923133.026", Some(1_470_923_133_026)),
            ("1470923133.0269", Some(1_470_923_133_026)),
            ("1470923133.5", Some(1_470_923_133_500)),
            ("0", Some(0)),
            ("", None),
            (".5", None),
            ("5.", None),
            ("-1", None),
            ("1e9", None),
            ("1.5e9", None),
            (" 1", None),
            ("1.2.3", None),
            ("999999999999", Some(999_999_999_999_000)),
            ("1000000000000", None),
            ("18446744073709551616", None),
        ] {
            assert_eq!(epoch_ms(seconds.as_bytes()), millis, "{seconds}");
        }
    }

    #[test]
    fn the_time_of_an_event_is_its_last_start() {
        for (line, millis) in [
            (r#"{"httpMessage":{"start":"12.25"}}"#, Some(12_250)),
            (r#"{"httpMessage":{"start":12.25}}"#, Some(12_250)),
            (r#"{"httpMessage":{"st\u0061rt":"\u0031"}}"#, Some(1000)),
            (r#"{"httpMessage":{"start":"1","start":"2"}}"#, Some(2000)),
            (r#"{"httpMessage":{"start":"1","start":null}}"#, None),
            (r#"{"httpMessage":{"start":["1"]}}"#, None),
            (r#"{"httpMessage":"start"}"#, None),
            (r#"{"start":"1"}"#, None),
            ("{}", None),
        ] {
            assert_eq!(
                walk(line.as_bytes(), &mut Vec::new()).unwrap().start_ms,
                millis,
                "{line}"
            );
        }
    }
}
