//! The time that a signature carries.

use std::fmt;

/// A UTC second in the form that EdgeGrid signs: `20140321T19:34:21+0000`.
///
/// Akamai accepts a signature whose time is within 30 seconds of its own clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningTime(String);

/// The text does not have the form of a [`SigningTime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSigningTime;

impl fmt::Display for InvalidSigningTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a signing time has the form 20140321T19:34:21+0000, in UTC")
    }
}

impl std::error::Error for InvalidSigningTime {}

/// 9999-12-31T23:59:59Z, the last second that four digits of year can tell.
const LAST_SECOND: u64 = 253_402_300_799;

impl SigningTime {
    /// A time that is written out already. Its form is checked, not the calendar.
    ///
    /// # Errors
    /// [`InvalidSigningTime`] if it has another form.
    pub fn new(text: &str) -> Result<Self, InvalidSigningTime> {
        const FORM: &[u8] = b"00000000T00:00:00+0000";
        let (date, zone) = text.split_at_checked(17).unwrap_or((text, ""));
        let fits = zone == "+0000"
            && text.len() == FORM.len()
            && date.bytes().zip(FORM).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                mark => byte == *mark,
            });
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSigningTime)
        }
    }

    /// From milliseconds since 1970-01-01T00:00:00Z, rounded down to the second. Times past the year 9999
    /// become its last second.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "at most LAST_SECOND goes in, and every difference below is of a number and a part of it"
    )]
    pub fn from_epoch_ms(millis: u64) -> Self {
        let secs = (millis / 1000).min(LAST_SECOND);
        // Days to the proleptic Gregorian calendar: Howard Hinnant, "chrono-Compatible Low-Level Date
        // Algorithms", civil_from_days, for days after the epoch.
        let shifted = secs / 86_400 + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
        Self(format!(
            "{year:04}{month:02}{day:02}T{hour:02}:{minute:02}:{second:02}+0000"
        ))
    }

    /// The text that is signed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SigningTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidSigningTime, LAST_SECOND, SigningTime};
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn the_calendar_agrees_with_an_independent_implementation() {
        const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
        let steps = (0..LAST_SECOND).step_by(86_399 * 97);
        for secs in steps.chain([951_782_399, 951_782_400, 4_107_542_399, LAST_SECOND]) {
            let theirs = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(secs));
            let part = |range| theirs.get::<std::ops::Range<usize>>(range).unwrap();
            let month = MONTHS.find(part(8..11)).unwrap() / 3 + 1;
            let expected = format!(
                "{}{month:02}{}T{}+0000",
                part(12..16),
                part(5..7),
                part(17..25)
            );
            assert_eq!(
                SigningTime::from_epoch_ms(secs * 1000 + 999).as_str(),
                expected
            );
        }
        assert_eq!(
            SigningTime::from_epoch_ms(u64::MAX).as_str(),
            "99991231T23:59:59+0000"
        );
    }

    #[test]
    fn only_the_form_that_edgegrid_signs_is_a_signing_time() {
        let time = "20140321T19:34:21+0000";
        assert_eq!(
            SigningTime::new(time).map(|t| t.to_string()),
            Ok(time.to_owned())
        );
        for text in [
            "",
            "2014-03-21T19:34:21Z",
            "20140321T19:34:21Z",
            "20140321T19:34:21+0100",
            "20140321T19:34:21+0000 ",
            "20140321 19:34:21+0000",
            "2014032éT19:34:21+0000",
            "٢٠١٤٠٣٢١T19:34:21+0000",
        ] {
            assert_eq!(SigningTime::new(text), Err(InvalidSigningTime), "{text:?}");
        }
    }
}
