//! Times as the API and people write them.

use edgesiem_model::Timestamp;

const DAY_S: u64 = 86_400;

/// `2026-11-22` at midnight UTC.
pub(super) fn parse_date(text: &str) -> Option<Timestamp> {
    let (year, rest) = number(text.as_bytes(), 4)?;
    let (month, rest) = number(rest.strip_prefix(b"-")?, 2)?;
    let (day, rest) = number(rest.strip_prefix(b"-")?, 2)?;
    if !rest.is_empty() {
        return None;
    }
    let found = Timestamp::from_secs(days(year, month, day)?.checked_mul(DAY_S)?);
    // The 31st of April is the 1st of May.
    (date(found) == text).then_some(found)
}

/// The day of `time`.
pub(super) fn date(time: Timestamp) -> String {
    let text = time.to_rfc3339();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// RFC 3339, or the same without a zone, which is UTC then. What lies within a millisecond is cut off.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let midnight = parse_date(date)?;
    let rest = rest.as_bytes();
    let rest = rest.strip_prefix(b"T").or(rest.strip_prefix(b" "))?;
    let (hour, rest) = number(rest, 2)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?, 2)?;
    let (second, rest) = number(rest.strip_prefix(b":")?, 2)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (millis, rest) = match rest.strip_prefix(b".") {
        Some(rest) => fraction(rest)?,
        None => (0, rest),
    };
    let secs = hour
        .checked_mul(3600)?
        .checked_add(minute.checked_mul(60)?)?
        .checked_add(second)?;
    let local = midnight
        .millis()
        .checked_add(secs.checked_mul(1000)?)?
        .checked_add(millis)?;
    Some(Timestamp::from_millis(
        local.checked_add_signed(zone(rest)?)?,
    ))
}

/// What to add to get UTC, in milliseconds.
fn zone(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        b"" | b"Z" | b"z" => return Some(0),
        [b'+', rest @ ..] => (-1, rest),
        [b'-', rest @ ..] => (1, rest),
        _ => return None,
    };
    let (hours, rest) = number(rest, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(b":").unwrap_or(rest), 2)?;
    if hours > 23 || minutes > 59 || !rest.is_empty() {
        return None;
    }
    let minutes = i64::try_from(hours.checked_mul(60)?.checked_add(minutes)?).ok()?;
    minutes.checked_mul(60_000)?.checked_mul(sign)
}

/// Milliseconds of the digits after a point, and what follows them.
fn fraction(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(digits)?;
    if digits.is_empty() {
        return None;
    }
    let places = [100, 10, 1];
    let millis = digits
        .iter()
        .zip(places)
        .try_fold(0_u64, |sum, (digit, place)| {
            let digit = u64::from(digit.checked_sub(b'0')?);
            sum.checked_add(digit.checked_mul(place)?)
        })?;
    Some((millis, rest))
}

/// A number of exactly `digits` digits, and what follows it.
fn number(text: &[u8], digits: usize) -> Option<(u64, &[u8])> {
    let (number, rest) = text.split_at_checked(digits)?;
    let number = number.iter().try_fold(0_u64, |sum, byte| {
        let digit = u64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        sum.checked_mul(10)?.checked_add(digit)
    })?;
    Some((number, rest))
}

/// Days since the epoch in the proleptic Gregorian calendar; Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", days_from_civil, for days from the epoch on.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month <= 2 {
        (year.checked_sub(1)?, month.checked_add(9)?)
    } else {
        (year, month.checked_sub(3)?)
    };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = month
        .checked_mul(153)?
        .checked_add(2)?
        .checked_div(5)?
        .checked_add(day)?
        .checked_sub(1)?;
    let day_of_era = year_of_era
        .checked_mul(365)?
        .checked_add(year_of_era / 4)?
        .checked_sub(year_of_era / 100)?
        .checked_add(day_of_year)?;
    era.checked_mul(146_097)?
        .checked_add(day_of_era)?
        .checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use edgesiem_model::Timestamp;

    use super::{date, parse, parse_date};

    #[test]
    fn times_are_read_in_every_form_that_answers_have() {
        let at = |millis| Some(Timestamp::from_millis(millis));
        for (text, expected) in [
            ("2020-07-19T22:51:40.000Z", at(1_595_199_100_000)),
            ("2016-07-22T01:51:28", at(1_469_152_288_000)),
            ("2016-07-22 01:51:28Z", at(1_469_152_288_000)),
            ("2020-07-19T22:51:40.5Z", at(1_595_199_100_500)),
            ("2020-07-19T22:51:40.123999Z", at(1_595_199_100_123)),
            ("2020-07-20T00:51:40+02:00", at(1_595_199_100_000)),
            ("2020-07-19T17:21:40-0530", at(1_595_199_100_000)),
            ("1970-01-01T00:00:00Z", at(0)),
            ("1970-01-01T00:00:00+00:01", None),
            ("1969-12-31T23:59:59Z", None),
            ("2024-02-29T12:34:56Z", at(1_709_210_096_000)),
            ("2023-02-29T12:34:56Z", None),
            ("2020-07-19T24:00:00Z", None),
            ("2020-07-19T22:51Z", None),
            ("2020-07-19T22:51:40.Z", None),
            ("2020-07-19T22:51:40ZZ", None),
            ("2020-07-19T22:51:40+2", None),
            ("2020-07-19", None),
            ("20é0-07-19T22:51:40Z", None),
            ("1595199100000", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn every_day_is_read_back_as_it_is_written() {
        for day in 0..60_000 {
            let midnight = Timestamp::from_secs(day * 86_400);
            assert_eq!(parse_date(&date(midnight)), Some(midnight));
        }
        for text in [
            "2026-04-31",
            "2026-13-01",
            "2026-00-01",
            "2026-1-1",
            "2026-11-22T",
            "",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
