//! Dates as text.

use edgesiem_decode::Writer;
use edgesiem_model::Timestamp;

const DAY_MS: u64 = 86_400_000;
/// 9999-12-31T23:59:59.999Z: RFC 3339 has years of four digits.
const LAST_MS: u64 = 253_402_300_799_999;

/// Writes points in time as RFC 3339 text, and remembers the day, because events come by the thousand of the same one.
#[derive(Debug, Default)]
pub(crate) struct Dates {
    /// Days since the epoch, and that day as text up to the `T`.
    day: Option<(u64, String)>,
}

impl Dates {
    /// Whether there is a text for it.
    pub fn fits(ms: u64) -> bool {
        ms <= LAST_MS
    }

    /// Writes `2014-03-21T19:34:21.000Z`.
    pub fn write(&mut self, ms: u64, writer: &mut Writer<'_>) {
        let number = ms / DAY_MS;
        let (_, text) = match &mut self.day {
            Some(day) if day.0 == number => day,
            other => {
                let mut text = Timestamp::from_millis(ms).to_rfc3339();
                text.truncate(11);
                other.insert((number, text))
            }
        };
        writer.copy(text.as_bytes());
        // Fewer than 86,400,000.
        let ms = u32::try_from(ms % DAY_MS).unwrap_or(0);
        let digit = |value: u32| b'0'.wrapping_add((value % 10).to_le_bytes()[0]);
        let [tens, ones] = [|value: u32| value / 10, |value: u32| value];
        let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        writer.block(
            [
                digit(tens(hours)),
                digit(ones(hours)),
                b':',
                digit(tens(minutes)),
                digit(ones(minutes)),
                b':',
                digit(tens(seconds)),
                digit(ones(seconds)),
                b'.',
                digit(ms / 100),
                digit(ms / 10),
                digit(ms),
                b'Z',
                0,
                0,
                0,
            ],
            13,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, Dates, LAST_MS};
    use edgesiem_decode::Writer;
    use edgesiem_model::Timestamp;

    #[test]
    fn dates_are_those_of_the_model_also_from_one_day_to_the_next_and_back() {
        let mut dates = Dates::default();
        for ms in [
            0,
            1_709_210_096_007,
            1_709_210_096_999,
            1_709_210_096_007 + DAY_MS,
            1_709_210_096_007,
            LAST_MS,
        ] {
            let mut out = Vec::new();
            let mut writer = Writer::new(&mut out, 0);
            dates.write(ms, &mut writer);
            writer.finish();
            let text = Timestamp::from_millis(ms).to_rfc3339();
            assert_eq!(String::from_utf8(out).unwrap(), text);
            assert_eq!(text.len(), 24);
        }
        assert!(Dates::fits(LAST_MS));
        assert!(!Dates::fits(LAST_MS + 1));
    }
}
