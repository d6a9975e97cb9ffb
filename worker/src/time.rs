//! Times as people write them.

use edgesiem::Timestamp;
use serde_json::Value;

/// Seconds since 1970 beyond this are milliseconds, most likely: it is the year 5138.
const MAX_SECONDS: f64 = 100_000_000_000.0;

/// Reads seconds since 1970, which may have a fraction, or a time of RFC 3339.
pub(crate) fn parse(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.as_f64() {
        return (0.0..MAX_SECONDS)
            .contains(&seconds)
            .then(|| millis(seconds * 1000.0));
    }
    let text = value.as_str()?;
    // `Date.parse` reads much more than RFC 3339, and takes a time without an offset for the machine's.
    let (date, rest) = text.split_at_checked(11)?;
    let is_date = date.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        _ => byte.is_ascii_digit(),
    });
    let has_offset = rest.ends_with('Z')
        || rest
            .len()
            .checked_sub(6)
            .and_then(|start| rest.as_bytes().get(start))
            .is_some_and(|sign| matches!(sign, b'+' | b'-'));
    if !is_date || !has_offset {
        return None;
    }
    let parsed = js_sys::Date::parse(text);
    (parsed >= 0.0).then(|| millis(parsed))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers have checked that it is not negative, and both ways to write a time end far below 2^53"
)]
const fn millis(millis: f64) -> Timestamp {
    Timestamp::from_millis(millis as u64)
}
