//! Host, scheme and protocol of a request.

use std::io::Write as _;
use std::net::IpAddr;

use edgesiem_decode::{EventView, Kind, Member, Value, Writer};

/// The address that `text` is.
pub(crate) fn ip(text: &[u8]) -> Option<IpAddr> {
    // The longest is an IPv6 address with an IPv4 tail. Most hosts are names, and need not be parsed.
    let is_candidate = (2..=45).contains(&text.len())
        && (text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.'))
            || (text
                .first()
                .is_some_and(|byte| byte.is_ascii_hexdigit() || *byte == b':')
                && memchr::memchr(b':', text).is_some()));
    if !is_candidate {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Writes an address in its canonical form (RFC 5952), which needs no escapes.
pub(crate) fn write_ip(w: &mut Writer<'_>, ip: IpAddr) {
    // The longest is an IPv6 address with an IPv4 tail.
    let mut text = [0; 48];
    let mut rest = text.as_mut_slice();
    let fits = write!(rest, "{ip}").is_ok();
    let left = rest.len();
    let length = text.len().saturating_sub(left);
    if fits {
        w.short(text.get(..length).unwrap_or(&[]));
    }
}

/// `http` or `https`. Events say it only by `tls`, which older ones lack, and by the port.
pub(crate) fn scheme(event: &EventView<'_>) -> &'static str {
    let port = event.get(Member::Port).map(|port| port.source());
    if event.get(Member::Tls).is_none() && matches!(port, Some(b"80" | b"8080")) {
        "http"
    } else {
        "https"
    }
}

/// [`without_port`] of a value, whose text is `text`.
pub(crate) fn name_of<'t>(host: Value<'_>, text: &'t [u8]) -> (&'t [u8], bool) {
    if host.kind() != Kind::EscapedText && !host.source_has(b':') {
        return (text, false);
    }
    without_port(text)
}

/// A `Host` header without its port (RFC 9110 section 7.2), and whether there was one.
pub(crate) fn without_port(host: &[u8]) -> (&[u8], bool) {
    let colon = memchr::memrchr(b':', host);
    let Some((name, port)) = colon.and_then(|colon| host.split_at_checked(colon)) else {
        return (host, false);
    };
    let is_port = port.iter().skip(1).all(u8::is_ascii_digit);
    let is_bare_ipv6 = memchr::memchr(b':', name).is_some() && !name.ends_with(b"]");
    if is_port && !is_bare_ipv6 {
        (name, true)
    } else {
        (host, false)
    }
}

/// Name and version of the protocol in `HTTP/1.1`, `http/2` or `h2`; `None` if it is anything else.
pub(crate) fn protocol(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, version) = match text {
        // Nearly all.
        b"HTTP/1.1" => return Some((b"HTTP", b"1.1")),
        b"HTTP/2" => return Some((b"HTTP", b"2")),
        [b'h' | b'H', version @ (b'2' | b'3')] => (&b"http"[..], std::slice::from_ref(version)),
        _ => {
            let slash = text.iter().position(|byte| *byte == b'/')?;
            let (name, version) = text.split_at_checked(slash)?;
            (name, version.get(1..)?)
        }
    };
    let plain = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let fits = (1..=16).contains(&name.len()) && (1..=8).contains(&version.len());
    (fits && name.iter().all(u8::is_ascii_alphabetic) && version.iter().all(plain))
        .then_some((name, version))
}

/// Name, as `tls`, and version of the protocol in `tls1.3` or `TLSv1.2`; `None` if it is anything else.
pub(crate) fn tls(text: &[u8]) -> Option<(&'static str, &[u8])> {
    // Nearly all.
    match text {
        b"tls1.3" | b"TLSv1.3" => return Some(("tls", b"1.3")),
        b"tls1.2" | b"TLSv1.2" => return Some(("tls", b"1.2")),
        _ => {}
    }
    let (name, version) = text.split_at_checked(3)?;
    let name = ["tls", "ssl"]
        .into_iter()
        .find(|known| name.eq_ignore_ascii_case(known.as_bytes()))?;
    let version = match version {
        [b'v' | b'V', version @ ..] => version,
        other => other,
    };
    let plain = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    ((1..=8).contains(&version.len()) && version.iter().all(plain)).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::{protocol, tls, without_port};

    #[test]
    fn hosts_lose_their_port_and_nothing_else() {
        for (host, name, has_port) in [
            ("a.example", "a.example", false),
            ("a.example:8443", "a.example", true),
            ("a.example:", "a.example", true),
            ("a.example:x", "a.example:x", false),
            ("[2001:db8::1]:443", "[2001:db8::1]", true),
            ("[2001:db8::1]", "[2001:db8::1]", false),
            ("2001:db8::1", "2001:db8::1", false),
            ("", "", false),
        ] {
            assert_eq!(
                without_port(host.as_bytes()),
                (name.as_bytes(), has_port),
                "{host}"
            );
        }
    }

    #[test]
    fn versions_are_found_in_every_form_that_events_have() {
        let protocols = [
            ("HTTP/1.1", Some(("HTTP", "1.1"))),
            ("HTTP/2", Some(("HTTP", "2"))),
            ("http/2", Some(("http", "2"))),
            ("h2", Some(("http", "2"))),
            ("h3", Some(("http", "3"))),
            ("WEBSOCKET/13", Some(("WEBSOCKET", "13"))),
            ("", None),
            ("HTTP", None),
            ("HTTP/", None),
            ("/1.1", None),
            ("HTTP/1.1 x", None),
            ("<a>/1", None),
        ];
        for (text, expected) in protocols {
            let found = protocol(text.as_bytes());
            let expected =
                expected.map(|(name, version): (&str, &str)| (name.as_bytes(), version.as_bytes()));
            assert_eq!(found, expected, "{text}");
        }
        let versions = [
            ("tls1.3", Some(("tls", "1.3"))),
            ("TLSv1.2", Some(("tls", "1.2"))),
            ("SSLv3", Some(("ssl", "3"))),
            ("tls", None),
            ("tlsv", None),
            ("quic1", None),
            ("TLS 1.3", None),
        ];
        for (text, expected) in versions {
            let expected =
                expected.map(|(name, version): (&'static str, &str)| (name, version.as_bytes()));
            assert_eq!(tls(text.as_bytes()), expected, "{text}");
        }
    }
}
