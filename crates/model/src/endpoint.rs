//! Where a request goes: scheme, host and port, parsed once and refused early.

use std::fmt;

/// Transport of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// TLS; the only one allowed to leave the machine.
    Https,
    /// Plain text, for loopback in tests.
    Http,
}

impl Scheme {
    /// `https` or `http`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// Whether `http://` to this machine itself is acceptable (`allow_insecure_loopback` in the configuration).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsecureLoopback {
    /// The default: https everywhere.
    Refuse,
    /// For tests and demonstrations.
    Allow,
}

/// Scheme and authority (host, optional port) of a server.
///
/// The host is lower-case; EdgeGrid signs it so, and DNS does not care.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    scheme: Scheme,
    authority: String,
}

/// Why a URL is refused, in words for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointError(String);

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EndpointError {}

fn refuse<T>(reason: impl Into<String>) -> Result<T, EndpointError> {
    Err(EndpointError(reason.into()))
}

impl Endpoint {
    /// Parses `https://host[:port][/path][?query]` into the endpoint and the target, which is kept byte for
    /// byte and is `/` if there is none.
    ///
    /// # Errors
    /// Refuses other schemes, `http` except to loopback when allowed, user information, fragments, and
    /// characters that RFC 3986 does not allow in a host or a target.
    pub fn parse_url(
        url: &str,
        insecure: InsecureLoopback,
    ) -> Result<(Self, String), EndpointError> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return refuse("it must be an absolute URL that starts with https://");
        };
        let split = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(split).unwrap_or((rest, ""));
        if target.contains('#') {
            return refuse("a URL with a fragment (#) cannot be requested; remove the fragment");
        }
        if !target.bytes().all(|byte| matches!(byte, 0x21..=0x7e)) {
            return refuse("the path or query has a character that must be percent-encoded");
        }
        let endpoint = if scheme.eq_ignore_ascii_case("https") {
            Self::new(Scheme::Https, authority)?
        } else if scheme.eq_ignore_ascii_case("http") {
            Self::new(Scheme::Http, authority)?
        } else {
            return refuse("only https:// is supported");
        };
        endpoint.check(insecure)?;
        let target = match target.as_bytes().first() {
            Some(b'/') => target.to_owned(),
            Some(_) => format!("/{target}"),
            None => "/".to_owned(),
        };
        Ok((endpoint, target))
    }

    /// Parses a host as people paste it: `host`, `host:port`, `https://host/`. Plain `host` means https;
    /// a loopback address means http when that is allowed.
    ///
    /// # Errors
    /// As [`Endpoint::parse_url`]; a path other than `/` is refused too.
    pub fn parse_host(host: &str, insecure: InsecureLoopback) -> Result<Self, EndpointError> {
        let host = host.trim();
        if host.contains("://") {
            let (endpoint, target) = Self::parse_url(host, insecure)?;
            if target != "/" {
                return refuse("it must be a host name without a path");
            }
            return Ok(endpoint);
        }
        let bare = host.strip_suffix('/').unwrap_or(host);
        let endpoint = Self::new(Scheme::Https, bare)?;
        if insecure == InsecureLoopback::Allow && endpoint.is_loopback() {
            return Ok(Self {
                scheme: Scheme::Http,
                ..endpoint
            });
        }
        Ok(endpoint)
    }

    fn new(scheme: Scheme, authority: &str) -> Result<Self, EndpointError> {
        if authority.contains('@') {
            return refuse(
                "user information (user:password@) in a URL is not supported; use the sink's own credential keys",
            );
        }
        let (host, port) = match authority
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            Some((inner, after)) => {
                if !inner
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.')
                {
                    return refuse("the IPv6 address in brackets is not valid");
                }
                (
                    format!("[{inner}]"),
                    after
                        .strip_prefix(':')
                        .or(if after.is_empty() { None } else { Some("?") }),
                )
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host.to_owned(), Some(port)),
                None => (authority.to_owned(), None),
            },
        };
        if host.is_empty() {
            return refuse("the host is missing");
        }
        if !host.starts_with('[')
            && !host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        {
            return refuse(
                "the host may contain only letters, digits, dots, hyphens and underscores",
            );
        }
        if let Some(port) = port
            && !port.parse::<u16>().is_ok_and(|number| number != 0)
        {
            return refuse("the port must be a number from 1 to 65535");
        }
        Ok(Self {
            scheme,
            authority: authority.to_ascii_lowercase(),
        })
    }

    fn check(&self, insecure: InsecureLoopback) -> Result<(), EndpointError> {
        match (self.scheme, insecure) {
            (Scheme::Https, _) => Ok(()),
            (Scheme::Http, InsecureLoopback::Allow) if self.is_loopback() => Ok(()),
            (Scheme::Http, InsecureLoopback::Refuse) if self.is_loopback() => refuse(
                "http:// is refused; use https://, or set allow_insecure_loopback = true for a test on this machine",
            ),
            (Scheme::Http, _) => {
                refuse("http:// would send events and credentials in clear text; use https://")
            }
        }
    }

    /// Transport.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host and, if it was given, port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Host without the port; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        let after_bracket = self.authority.rfind(']').unwrap_or(0);
        match self.authority.rfind(':') {
            Some(colon) if colon > after_bracket => {
                self.authority.get(..colon).unwrap_or(&self.authority)
            }
            _ => &self.authority,
        }
    }

    /// Whether the host is this machine by name or address. A name that merely resolves to a loopback
    /// address is not.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host == "[::1]"
            || host
                .parse::<std::net::Ipv4Addr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::InsecureLoopback::{Allow, Refuse};
    use super::{Endpoint, Scheme};

    #[test]
    fn urls_are_accepted_or_refused_with_a_reason() {
        for (url, insecure, expected) in [
            ("https://a.example", Refuse, Ok(("https://a.example", "/"))),
            (
                "HTTPS://A.Example:8088/x?y=%3B;",
                Refuse,
                Ok(("https://a.example:8088", "/x?y=%3B;")),
            ),
            (
                "https://a.example?x",
                Refuse,
                Ok(("https://a.example", "/?x")),
            ),
            (
                "http://127.0.0.1:99/p",
                Allow,
                Ok(("http://127.0.0.1:99", "/p")),
            ),
            ("http://[::1]:99/p", Allow, Ok(("http://[::1]:99", "/p"))),
            (
                "http://127.0.0.1:99/p",
                Refuse,
                Err("allow_insecure_loopback"),
            ),
            ("http://a.example/", Allow, Err("clear text")),
            ("http://127.0.0.1.evil.example/", Allow, Err("clear text")),
            ("http://localhost.evil.example/", Allow, Err("clear text")),
            ("https://u:p@a.example/", Refuse, Err("user information")),
            ("https://a.example/#x", Refuse, Err("fragment")),
            ("https://a.example/a b", Refuse, Err("percent-encoded")),
            ("https://a.example:0/", Refuse, Err("port")),
            ("https://a.example:/", Refuse, Err("port")),
            ("https://[::1]x/", Refuse, Err("port")),
            ("https:///x", Refuse, Err("host is missing")),
            ("https://a%2eb/", Refuse, Err("letters, digits")),
            ("ftp://a.example/", Refuse, Err("only https")),
            ("a.example", Refuse, Err("absolute URL")),
        ] {
            match (Endpoint::parse_url(url, insecure), expected) {
                (Ok((endpoint, target)), Ok((want, want_target))) => {
                    assert_eq!(
                        (endpoint.to_string().as_str(), target.as_str()),
                        (want, want_target),
                        "{url}"
                    );
                }
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part), "{url}: {error}")
                }
                (got, want) => panic!("{url}: {got:?}, expected {want:?}"),
            }
        }
    }

    #[test]
    fn hosts_are_taken_as_people_paste_them() {
        for host in [
            "host.vendor.example",
            "https://host.vendor.example/",
            "host.vendor.example/",
            " HOST.vendor.example ",
        ] {
            let endpoint = Endpoint::parse_host(host, Refuse).unwrap();
            assert_eq!(
                (endpoint.scheme(), endpoint.host()),
                (Scheme::Https, "host.vendor.example")
            );
        }
        assert_eq!(
            Endpoint::parse_host("127.0.0.1:80", Allow)
                .unwrap()
                .scheme(),
            Scheme::Http
        );
        assert_eq!(
            Endpoint::parse_host("127.0.0.1:80", Refuse)
                .unwrap()
                .scheme(),
            Scheme::Https
        );
        assert!(Endpoint::parse_host("https://a.example/siem", Refuse).is_err());
    }
}
