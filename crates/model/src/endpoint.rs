//! Where a request goes: scheme, host and port, parsed once and refused early.

use std::fmt;
use std::net::Ipv6Addr;

/// Transport of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// TLS; the only one allowed to leave the machine.
    Https,
    /// Plain text, for loopback in tests.
    Http,
    /// No server, but an R2 bucket that is bound to the Worker: the authority is the binding's name, the target the key.
    R2,
    /// No server, but a file of this machine, to which the body is appended: the target is its path.
    File,
    /// No server, but standard output.
    Stdout,
}

impl Scheme {
    /// `https` or `http`, or the name of a place that is no server.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::R2 => "r2",
            Self::File => "file",
            Self::Stdout => "stdout",
        }
    }

    const fn default_port(self) -> Option<u16> {
        match self {
            Self::Https => Some(443),
            Self::Http => Some(80),
            Self::R2 | Self::File | Self::Stdout => None,
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
/// The host is lower-case; EdgeGrid signs it so, and DNS does not care. The scheme's own port is left out, as
/// `fetch` leaves it out of the `Host` header: a signature over another one would be refused.
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

/// Longest name that DNS can carry (RFC 1035 section 2.3.4), without the final dot.
const MAX_HOST_BYTES: usize = 253;

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), EndpointError> {
    if authority.contains('@') {
        return refuse(
            "user information (user:password@) in a URL is not supported; use the sink's own credential keys",
        );
    }
    // A colon within brackets belongs to the address.
    let name_end = authority.rfind(']').map_or(0, |at| at.saturating_add(1));
    let (name, after) = authority
        .split_at_checked(name_end)
        .unwrap_or(("", authority));
    let (host, port) = if name.is_empty() {
        match after.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (after, None),
        }
    } else if after.is_empty() {
        (name, None)
    } else {
        // Without a colon it is no port either, and is refused as one.
        (name, Some(after.strip_prefix(':').unwrap_or_default()))
    };
    check_host(host)?;
    match port {
        None => Ok((host, None)),
        Some(text) => port_number(text).map_or_else(
            || refuse("the port must be a number from 1 to 65535"),
            |port| Ok((host, Some(port))),
        ),
    }
}

fn check_host(host: &str) -> Result<(), EndpointError> {
    if host.is_empty() {
        return refuse("the host is missing");
    }
    if host.starts_with('[') {
        let address = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        return match address.map(str::parse::<Ipv6Addr>) {
            Some(Ok(_)) => Ok(()),
            _ => refuse("the IPv6 address in brackets is not valid"),
        };
    }
    if !host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    {
        return refuse("the host may contain only letters, digits, dots, hyphens and underscores");
    }
    if host.len() > MAX_HOST_BYTES {
        return refuse("the host has more than 253 characters");
    }
    let is_label =
        |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    if !host.split('.').all(is_label) {
        return refuse(
            "the parts of the host between dots must not be empty, nor begin or end with a hyphen",
        );
    }
    Ok(())
}

/// `parse` alone would take a sign and leading zeros.
fn port_number(text: &str) -> Option<u16> {
    if !matches!(text.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit)) {
        return None;
    }
    text.parse().ok()
}

impl Endpoint {
    /// Parses `https://host[:port][/path][?query]` into the endpoint and the target, which is kept byte for
    /// byte and is `/` if there is none.
    ///
    /// # Errors
    /// Refuses other schemes, `http` except to loopback when allowed, user information, fragments, and
    /// hosts, ports and targets that are not well-formed (RFC 3986 section 3.2.2 and 3.2.3, RFC 1123 section 2.1;
    /// underscores are accepted in names).
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
        let scheme = if scheme.eq_ignore_ascii_case("https") {
            Scheme::Https
        } else if scheme.eq_ignore_ascii_case("http") {
            Scheme::Http
        } else {
            return refuse("only https:// is supported");
        };
        let (host, port) = host_and_port(authority)?;
        let endpoint = Self::new(scheme, host, port);
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
        let (host, port) = host_and_port(bare)?;
        let endpoint = Self::new(Scheme::Https, host, port);
        if insecure == InsecureLoopback::Allow && endpoint.is_loopback() {
            return Ok(Self::new(Scheme::Http, host, port));
        }
        Ok(endpoint)
    }

    fn new(scheme: Scheme, host: &str, port: Option<u16>) -> Self {
        let host = host.to_ascii_lowercase();
        let authority = match port {
            Some(port) if Some(port) != scheme.default_port() => format!("{host}:{port}"),
            _ => host,
        };
        Self { scheme, authority }
    }

    /// A place of the host's own, which is no server.
    pub fn local(scheme: Scheme, name: &str) -> Self {
        Self {
            scheme,
            authority: name.to_owned(),
        }
    }

    fn check(&self, insecure: InsecureLoopback) -> Result<(), EndpointError> {
        match (self.scheme, insecure) {
            (Scheme::Https | Scheme::R2 | Scheme::File | Scheme::Stdout, _) => Ok(()),
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

    /// Host and, if it is not the scheme's own, port.
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
            ("https://a.example:65536/", Refuse, Err("port")),
            ("https://a.example:+443/", Refuse, Err("port")),
            ("https://a.example:00443/", Refuse, Err("port")),
            ("https://a.example:1:2/", Refuse, Err("port")),
            ("https://[::1]x/", Refuse, Err("port")),
            ("https://[::1]:/", Refuse, Err("port")),
            (
                "https://a.example:65535/",
                Refuse,
                Ok(("https://a.example:65535", "/")),
            ),
            // The scheme's own port is not sent, so it is not kept.
            (
                "https://a.example:443/x",
                Refuse,
                Ok(("https://a.example", "/x")),
            ),
            (
                "https://a.example:80/",
                Refuse,
                Ok(("https://a.example:80", "/")),
            ),
            (
                "https://[2001:DB8::1]:443/",
                Refuse,
                Ok(("https://[2001:db8::1]", "/")),
            ),
            ("http://127.0.0.1:80/", Allow, Ok(("http://127.0.0.1", "/"))),
            ("http://[::1]:443/", Allow, Ok(("http://[::1]:443", "/"))),
            ("https://[:::]/", Refuse, Err("IPv6")),
            ("https://[]/", Refuse, Err("IPv6")),
            ("https://[::1/", Refuse, Err("IPv6")),
            ("https://[1.2.3.4]/", Refuse, Err("IPv6")),
            ("https://x[::1]/", Refuse, Err("letters, digits")),
            ("https://[::1]]/", Refuse, Err("IPv6")),
            ("https://a..b/", Refuse, Err("between dots")),
            ("https://a.example./", Refuse, Err("between dots")),
            ("https://.example/", Refuse, Err("between dots")),
            ("https://-/", Refuse, Err("between dots")),
            ("https://a-.example/", Refuse, Err("between dots")),
            ("https://-a.example/", Refuse, Err("between dots")),
            ("https://:443/", Refuse, Err("host is missing")),
            (
                "https://a-b_c.example/",
                Refuse,
                Ok(("https://a-b_c.example", "/")),
            ),
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
        for (host, shown) in [
            ("127.0.0.1:80", "http://127.0.0.1"),
            ("127.0.0.1:443", "http://127.0.0.1:443"),
            ("a.example:443", "https://a.example"),
        ] {
            let endpoint = Endpoint::parse_host(host, Allow).unwrap();
            assert_eq!(endpoint.to_string(), shown);
        }
        assert!(Endpoint::parse_host("https://a.example/siem", Refuse).is_err());
    }

    #[test]
    fn a_host_has_at_most_253_characters() {
        for (letters, taken) in [(253, true), (254, false)] {
            let mut host = "a.".repeat(126) + "bb";
            host.truncate(letters);
            assert_eq!(host.len(), letters);
            assert_eq!(Endpoint::parse_host(&host, Refuse).is_ok(), taken);
        }
    }
}
