//! An absolute URL taken apart without touching a byte of its target.

use std::fmt;

/// The parts of a URL that are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlParts<'a> {
    /// As written, before `://`.
    pub scheme: &'a str,
    /// Host with its port, if the URL names one.
    pub host: &'a str,
    /// Path and query, byte for byte; `/` if the URL has neither.
    pub target: &'a str,
}

/// Why a URL cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidUrl(&'static str);

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidUrl {}

/// Splits `https://host[:port][/path][?query][#fragment]`. The fragment is left out, because it is never
/// sent. Nothing is normalised: what is signed must be what the HTTP client sends, so let the client's own
/// URL type write the URL first if it would change anything (JavaScript: `new URL(text).href`).
///
/// # Errors
/// [`InvalidUrl`] if it is not an absolute http or https URL, has user information, has a query but no
/// path, or has a character that no HTTP client sends as it is.
pub fn split_url(url: &str) -> Result<UrlParts<'_>, InvalidUrl> {
    let (scheme, rest) = url.split_once("://").ok_or(InvalidUrl(
        "it must be an absolute URL, such as https://host/path",
    ))?;
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(InvalidUrl("it must start with https:// or http://"));
    }
    let sent = rest.split_once('#').map_or(rest, |(before, _)| before);
    let end_of_host = sent.find(['/', '?']).unwrap_or(sent.len());
    let (host, target) = sent.split_at_checked(end_of_host).unwrap_or((sent, ""));
    if host.is_empty() {
        return Err(InvalidUrl("the host is missing"));
    }
    if host.contains('@') {
        return Err(InvalidUrl("user information before the host is not signed"));
    }
    if target.starts_with('?') {
        return Err(InvalidUrl("a path must come before the query; write /?"));
    }
    if !sent.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidUrl(
            "it has a character that must be percent-encoded",
        ));
    }
    let target = if target.is_empty() { "/" } else { target };
    Ok(UrlParts {
        scheme,
        host,
        target,
    })
}

#[cfg(test)]
mod tests {
    use super::split_url;

    #[test]
    fn a_url_is_split_without_changing_its_target() {
        for (url, expected) in [
            ("https://h", ("https", "h", "/")),
            ("https://h/", ("https", "h", "/")),
            ("HTTPS://H:8443/a", ("HTTPS", "H:8443", "/a")),
            (
                "https://h/c/1%3b2;3?offset=a;b%3B&x=%7e",
                ("https", "h", "/c/1%3b2;3?offset=a;b%3B&x=%7e"),
            ),
            (
                "https://h/a/../b?u=http://i/#top",
                ("https", "h", "/a/../b?u=http://i/"),
            ),
            ("http://[::1]:80/x", ("http", "[::1]:80", "/x")),
            ("https://h#/nowhere", ("https", "h", "/")),
        ] {
            let parts = split_url(url).unwrap();
            assert_eq!((parts.scheme, parts.host, parts.target), expected, "{url}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_sent_as_it_is_cannot_be_signed() {
        for url in [
            "",
            "h/path",
            "/path",
            "ftp://h/",
            "https:///path",
            "https://user@h/",
            "https://h?x=1",
            "https://h/a b",
            "https://h/é",
            "https://h/a\tb",
            "https://h\n/",
        ] {
            assert!(split_url(url).is_err(), "{url:?}");
        }
    }
}
