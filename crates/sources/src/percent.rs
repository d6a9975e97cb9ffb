//! Percent-encoding: everything but the unreserved characters of RFC 3986 section 2.3.

/// With the digits that the standard prefers, which are upper case.
pub(crate) fn encoded(text: &str) -> String {
    with(text, |out, byte| out.push_str(&format!("%{byte:02X}")))
}

/// As some servers write it.
pub(crate) fn encoded_lower(text: &str) -> String {
    with(text, |out, byte| out.push_str(&format!("%{byte:02x}")))
}

fn with(text: &str, escape: impl Fn(&mut String, u8)) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            escape(&mut out, byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{encoded, encoded_lower};

    #[test]
    fn all_but_unreserved_characters_are_encoded() {
        assert_eq!(encoded("aZ09-._~"), "aZ09-._~");
        assert_eq!(encoded("\u{0}\u{7f} é+/"), "%00%7F%20%C3%A9%2B%2F");
        assert_eq!(encoded_lower("é/"), "%c3%a9%2f");
    }
}
