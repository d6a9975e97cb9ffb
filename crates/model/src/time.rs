//! Points in time, as numbers that hosts hand in and vendors' formats write out.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Never read from a clock in here: hosts pass it in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

/// Year, month, day, hour, minute, second.
type Civil = (u64, u64, u64, u64, u64, u64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// Moved by `millis`, which may be negative; stops at the ends of the range.
    #[must_use]
    pub const fn shifted(self, millis: i64) -> Self {
        Self(self.0.saturating_add_signed(millis))
    }

    /// Milliseconds from `earlier` to `self`, 0 if it is not earlier.
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Signed milliseconds from `other` to `self`.
    pub const fn offset_from_ms(self, other: Self) -> i64 {
        self.0.cast_signed().saturating_sub(other.0.cast_signed())
    }

    /// Reads an HTTP date (RFC 9110 section 5.6.7), as in a `Date` or `Retry-After` header.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let since = httpdate::parse_http_date(text)
            .ok()?
            .duration_since(UNIX_EPOCH)
            .ok()?;
        Some(Self(u64::try_from(since.as_millis()).ok()?))
    }

    /// `2014-03-21T19:34:21.000Z` (RFC 3339).
    pub fn to_rfc3339(self) -> String {
        let (year, month, day, hour, minute, second) = self.civil();
        format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
            self.0 % 1000
        )
    }

    /// Proleptic Gregorian calendar from a day count; Howard Hinnant, "chrono-Compatible Low-Level Date
    /// Algorithms", civil_from_days, for days after the epoch only.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "u64::MAX milliseconds is the year 584 million; no step exceeds it"
    )]
    const fn civil(self) -> Civil {
        let secs = self.0 / 1000;
        let shifted = secs / 86_400 + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + (month <= 2) as u64;
        (
            year,
            month,
            day,
            secs / 3600 % 24,
            secs / 60 % 60,
            secs % 60,
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// How long a `Retry-After` header asks to wait, in milliseconds: delay seconds or an HTTP date
/// (RFC 9110 section 10.2.3). `None` if it is neither.
pub fn retry_after_ms(value: &str, now: Timestamp) -> Option<u64> {
    let value = value.trim();
    if let Ok(secs) = value.parse::<u64>() {
        return Some(u64::try_from(Duration::from_secs(secs).as_millis()).unwrap_or(u64::MAX));
    }
    Timestamp::parse_http_date(value).map(|until| until.since_ms(now))
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, retry_after_ms};

    #[test]
    fn the_calendar_agrees_with_an_independent_implementation() {
        // httpdate formats the same instants with its own arithmetic.
        for secs in (0..9_000_000_000_u64).step_by(86_399 * 7) {
            let ours = Timestamp::from_secs(secs).to_rfc3339();
            let theirs = httpdate::fmt_http_date(
                std::time::UNIX_EPOCH + std::time::Duration::from_secs(secs),
            );
            assert_eq!(
                Timestamp::parse_http_date(&theirs),
                Some(Timestamp::from_secs(secs))
            );
            assert_eq!(ours.get(8..10), theirs.get(5..7), "{ours} {theirs}");
            assert_eq!(ours.get(0..4), theirs.get(12..16), "{ours} {theirs}");
            assert_eq!(ours.get(11..19), theirs.get(17..25), "{ours} {theirs}");
        }
        assert_eq!(
            Timestamp::from_millis(1_709_210_096_007).to_rfc3339(),
            "2024-02-29T12:34:56.007Z"
        );
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = Timestamp::from_secs(784_111_777);
        for (value, expected) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60_000)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("99999999999999999999", None),
            ("18446744073709551615", Some(u64::MAX)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(retry_after_ms(value, now), expected, "{value}");
        }
    }
}
