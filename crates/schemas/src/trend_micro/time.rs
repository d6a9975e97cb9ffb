//! Times as Trend Micro writes them: RFC 3339, but the zone may be missing, and then it is UTC.

use edgesiem_model::Timestamp;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// A point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    /// Milliseconds since 1970, rounded down.
    pub ms: u64,
    /// RFC 3339 in UTC, with the digits of a second that were sent.
    pub text: String,
}

impl Time {
    /// Reads `2016-07-22T01:51:31`, with a fraction of up to nine digits and a zone (`Z`, `+09:00`, `+0900`), if they are there.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.trim_ascii();
        let (year, rest) = digits(rest, 4)?;
        let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
        let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
        let (hour, rest) = digits(rest.strip_prefix(['T', 't', ' '])?, 2)?;
        let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
        let (second, rest) = digits(rest.strip_prefix(':')?, 2)?;
        let is_date = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        if !is_date || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (fraction, rest) = fraction(rest)?;
        let offset_minutes = zone(rest)?;
        let seconds = hour
            .checked_mul(3600)?
            .checked_add(minute.checked_mul(60)?)?
            .checked_add(second)?;
        let whole_ms = days_since_1970(year, month, day)?
            .checked_mul(DAY_MS)?
            .checked_add(seconds.checked_mul(1000)?)?
            .checked_sub(offset_minutes.checked_mul(MINUTE_MS)?)?;
        let whole = Timestamp::from_millis(u64::try_from(whole_ms).ok()?);
        let thousandths: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        // `2016-07-22T01:51:31.000Z` up to the second; a year beyond 9999 is longer.
        let date = whole.to_rfc3339();
        let date = date.strip_suffix(".000Z").filter(|date| date.len() == 19)?;
        let dot = if fraction.is_empty() { "" } else { "." };
        Some(Self {
            ms: whole.millis().checked_add(thousandths)?,
            text: format!("{date}{dot}{fraction}Z"),
        })
    }
}

/// The first `count` characters as a number, if they are digits, and what follows them.
fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((number.parse().ok().filter(|_| is_number)?, rest))
}

fn fraction(text: &str) -> Option<(&str, &str)> {
    let Some(rest) = text.strip_prefix(['.', ',']) else {
        return Some(("", text));
    };
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.split_at_checked(length)
        .filter(|_| (1..=9).contains(&length))
}

/// Minutes east of UTC.
fn zone(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let east = text.starts_with('+');
    let (hours, rest) = digits(text.strip_prefix(['+', '-'])?, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':').unwrap_or(rest), 2)?;
    if hours > 23 || minutes > 59 || !rest.is_empty() {
        return None;
    }
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    if east {
        Some(minutes)
    } else {
        minutes.checked_neg()
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let before = year.checked_sub(1)?;
    let days_before = |year: i64| {
        year.checked_mul(365)?
            .checked_add(year / 4)?
            .checked_sub(year / 100)?
            .checked_add(year / 400)
    };
    let of_months =
        (1..month).try_fold(0_i64, |days, month| days.checked_add(days_in(year, month)))?;
    days_before(before)?
        .checked_sub(days_before(1969)?)?
        .checked_add(of_months)?
        .checked_add(day.checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn times_are_read_as_utc_unless_they_say_otherwise() {
        for (text, ms, normal) in [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            (
                "2016-07-22T01:51:31",
                1_469_152_291_000,
                "2016-07-22T01:51:31Z",
            ),
            (
                "2020-07-19T22:51:30.000Z",
                1_595_199_090_000,
                "2020-07-19T22:51:30.000Z",
            ),
            (
                "2020-07-19 22:51:30.5z",
                1_595_199_090_500,
                "2020-07-19T22:51:30.5Z",
            ),
            (
                "2020-02-29T23:59:59.123456789Z",
                1_583_020_799_123,
                "2020-02-29T23:59:59.123456789Z",
            ),
            (
                "2020-03-01T08:00:00+09:00",
                1_583_017_200_000,
                "2020-02-29T23:00:00Z",
            ),
            (
                "2020-02-29T18:29:59-0530",
                1_583_020_799_000,
                "2020-02-29T23:59:59Z",
            ),
            (
                " 2026-11-22T00:00:00Z ",
                1_795_305_600_000,
                "2026-11-22T00:00:00Z",
            ),
            (
                "9999-12-31T23:59:59Z",
                253_402_300_799_000,
                "9999-12-31T23:59:59Z",
            ),
        ] {
            let time = Time::parse(text).unwrap();
            assert_eq!((time.ms, time.text.as_str()), (ms, normal), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2016",
            "2016-07-22",
            "2016-07-22T01:51",
            "2016-13-01T00:00:00Z",
            "2016-00-01T00:00:00Z",
            "2019-02-29T00:00:00Z",
            "2016-04-31T00:00:00Z",
            "2016-07-22T24:00:00Z",
            "2016-07-22T01:60:00Z",
            "2016-07-22T01:51:60Z",
            "2016-07-22T01:51:31.",
            "2016-07-22T01:51:31.1234567890Z",
            "2016-07-22T01:51:31X",
            "2016-07-22T01:51:31+24:00",
            "2016-07-22T01:51:31+1",
            "2016-07-22T01:51:31ZZ",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-01:00",
            "+016-07-22T01:51:31Z",
            "2016-07-22T01:51:3\u{661}",
            "16-07-22T01:51:31Z",
            "1469152291",
            "\u{e9}016-07-22T01:51:31Z",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }
}
