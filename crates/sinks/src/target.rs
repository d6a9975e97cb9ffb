//! Paths and queries that are put together from what a user writes.

use std::fmt::Write as _;

use edgesiem_model::{Check, Endpoint};

use crate::check::SinkCheck as _;

/// Server and path of a URL to which a path is going to be added: without a query, and without a slash at its end.
pub(crate) fn base(check: &mut Check<'_>, key: &str, url: &str) -> Option<(Endpoint, String)> {
    let (endpoint, target) = check.address(key, url)?;
    if target.contains('?') {
        check.problem(
            key,
            "a path is added to this address, so that it cannot have a query",
            "write it without what comes after the question mark",
        );
        return None;
    }
    Some((endpoint, target.trim_end_matches('/').to_owned()))
}

/// `text` as one segment of a path or one value of a query: only unreserved characters stay (RFC 3986 section 2.3).
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let written = write!(out, "%{byte:02X}");
            debug_assert!(written.is_ok(), "a String takes every character");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn whatever_could_end_a_segment_or_a_value_is_encoded() {
        assert_eq!(encoded("aZ09-._~"), "aZ09-._~");
        assert_eq!(
            encoded("a b/c?d&e=f+g%\"é"),
            "a%20b%2Fc%3Fd%26e%3Df%2Bg%25%22%C3%A9"
        );
    }
}
