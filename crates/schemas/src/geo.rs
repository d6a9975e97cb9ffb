//! Codes of places.

use edgesiem_decode::Value;

/// Whether it is a code of two letters, as those of continents and countries (ISO 3166-1) are. Real events have numbers and
/// `reserved` there too.
pub(crate) fn is_code(value: Value<'_>) -> bool {
    value.source().len() == 2 && value.source().iter().all(u8::is_ascii_alphabetic)
}

/// Whether it is the part behind the hyphen of a code of ISO 3166-2: one to three letters and digits.
pub(crate) fn is_region(value: Value<'_>) -> bool {
    (1..=3).contains(&value.source().len()) && value.source().iter().all(u8::is_ascii_alphanumeric)
}
