//! Dates that clients write.

/// Seconds since the epoch of a date (year, month, day) and a time (hour, minute, second), for dates after it. A date that
/// no calendar has is one of another month.
pub const fn secs(
    (year, month, day): (u64, u64, u64),
    (hour, minute, second): (u64, u64, u64),
) -> u64 {
    // Days since 0000-03-01 of the proleptic Gregorian calendar, and of those the ones before 1970.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    (days - 719_468) * 86_400 + hour * 3600 + minute * 60 + second
}
