//! A minute of the report pack's time zone, which only the server knows.

/// Year, month, day, hour and minute, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Minute {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
}

impl Minute {
    /// Reads `MM/dd/yyyy:HH:mm` or `yyyy-MM-ddTHH:mm`; `None` if it is neither, or no such minute.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date.splitn(3, '-').collect::<Vec<_>>(), time),
            None => {
                let (date, time) = text.split_once(':')?;
                let mut date: Vec<&str> = date.splitn(3, '/').collect();
                // The year comes last there.
                date.rotate_right(1);
                (date, time)
            }
        };
        let [year, month, day] = date.as_slice() else {
            return None;
        };
        let (hour, minute) = time.split_once(':')?;
        let read = Self {
            year: digits(year, 4)?,
            month: digits(month, 2)?,
            day: digits(day, 2)?,
            hour: digits(hour, 2)?,
            minute: digits(minute, 2)?,
        };
        let exists = read.year >= 1970
            && (1..=12).contains(&read.month)
            && (1..=days_of(read.year, read.month)).contains(&read.day)
            && read.hour < 24
            && read.minute < 60;
        exists.then_some(read)
    }

    /// As the API reads it.
    pub(super) fn text(self) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
        } = self;
        format!("{month:02}/{day:02}/{year:04}:{hour:02}:{minute:02}")
    }

    /// Minutes from `earlier` on, as if every day had 24 hours; negative if it is later.
    pub(super) fn since(self, earlier: Self) -> i64 {
        self.number().saturating_sub(earlier.number())
    }

    fn number(self) -> i64 {
        let leap_days = |year: u32| {
            (year / 4)
                .saturating_sub(year / 100)
                .saturating_add(year / 400)
        };
        let before = self.year.saturating_sub(1);
        let days = (1..self.month)
            .map(|month| days_of(self.year, month))
            .fold(before.saturating_mul(365), u32::saturating_add)
            .saturating_add(leap_days(before))
            .saturating_add(self.day);
        i64::from(days)
            .saturating_mul(24)
            .saturating_add(i64::from(self.hour))
            .saturating_mul(60)
            .saturating_add(i64::from(self.minute))
    }
}

/// A number of exactly `count` digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

const fn days_of(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::Minute;

    #[test]
    fn both_forms_are_read_and_written_as_the_api_reads_them() {
        for (text, expected) in [
            ("11/13/2014:00:05", Some("11/13/2014:00:05")),
            ("2014-11-13T00:05", Some("11/13/2014:00:05")),
            ("2024-02-29T23:59", Some("02/29/2024:23:59")),
            ("2000-02-29T00:00", Some("02/29/2000:00:00")),
            ("2023-02-29T00:00", None),
            ("2100-02-29T00:00", None),
            ("2024-04-31T00:00", None),
            ("2024-00-10T00:00", None),
            ("13/01/2024:00:00", None),
            ("11/13/2014:24:00", None),
            ("11/13/2014:00:60", None),
            ("11/13/2014", None),
            ("1/2/2014:00:00", None),
            ("11/13/2014:0:5", None),
            ("11/13/2014:00:05:00", None),
            ("2014-11-13T00:05Z", None),
            ("2014-11-13T00:05+01:00", None),
            ("2014-11-13 00:05", None),
            ("1969-12-31T23:59", None),
            ("+014-11-13T00:05", None),
            ("２０１４-11-13T00:05", None),
            ("", None),
        ] {
            let read = Minute::parse(text).map(Minute::text);
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn minutes_are_counted_over_months_years_and_leap_days() {
        for (from, to, expected) in [
            ("2014-11-13T00:00", "2014-11-13T03:59", 239),
            ("2014-11-13T00:05", "2014-11-13T00:00", -5),
            ("2024-02-28T23:30", "2024-02-29T00:30", 60),
            ("2024-02-29T23:30", "2024-03-01T00:30", 60),
            ("2023-02-28T23:30", "2023-03-01T00:30", 60),
            ("2023-12-31T23:30", "2024-01-01T00:30", 60),
            ("2000-02-28T00:00", "2000-03-01T00:00", 2 * 1440),
            ("1970-01-01T00:00", "2026-11-22T00:00", 20_779 * 1440),
        ] {
            let minute = |text| Minute::parse(text).unwrap();
            assert_eq!(minute(to).since(minute(from)), expected, "{from} to {to}");
        }
    }
}
