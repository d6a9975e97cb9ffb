//! Fields that ECS has: who asked for what, and what the answer was.

use std::net::IpAddr;

use edgesiem_decode::{Kind, LongLiteral, Member, Value, Writer, literal, percent_decode};

use super::{Document, MAX_LONG};
use crate::geo::{is_code, is_region};
use crate::host;
use crate::json::{self, TextKey, key, text_key};
use crate::url::{origin, target};

const MAX_PORT: u64 = 65_535;
const MAX_AS_NUMBER: u64 = 4_294_967_295;

const REQUEST: &[(TextKey, Member)] = &[
    (text_key!("id"), Member::RequestId),
    (text_key!("method"), Member::Method),
];
const RESPONSE: &[(LongLiteral, Member, u64)] = &[
    (*key!("status_code"), Member::Status, 999),
    (*key!("bytes"), Member::Bytes, MAX_LONG),
];
const USER: &[(TextKey, Member)] = &[
    (text_key!("id"), Member::Uuid),
    (text_key!("name"), Member::Username),
];

impl Document<'_, '_> {
    /// `source`, its copy `client`, `destination`, `network`, `tls` and `related`.
    #[inline(never)]
    pub(super) fn network(&mut self, w: &mut Writer<'_>) {
        let event = self.event;
        let client = event.get(Member::ClientIp);
        let ip = client.and_then(|client| host::ip(client.source()));
        let start = w.len();
        json::object(w, key!("source"), |w| {
            self.texts(w, &[(text_key!("address"), Member::ClientIp)]);
            if let Some(client) = client.filter(|_| ip.is_some()) {
                json::text(w, text_key!("ip"), client);
            }
            self.geo(w);
            json::object(w, key!("as"), |w| {
                self.numbers(w, &[(*key!("number"), Member::Asn, MAX_AS_NUMBER)]);
            });
        });
        let inner = start.saturating_add(b",\"source\"".len())..w.len();
        if inner.start < inner.end {
            w.short(b",\"client\"");
            w.repeat(inner);
        }

        let host = event.get(Member::Host);
        let host_text = host.map(|host| host.text());
        let domain = host.zip(host_text.as_deref());
        let domain = domain.map(|(host, text)| host::name_of(host, text).0);
        let domain = domain.filter(|domain| !domain.is_empty());
        let destination_ip = domain.and_then(|domain| {
            let bare = domain
                .strip_prefix(b"[")
                .and_then(|rest| rest.strip_suffix(b"]"));
            host::ip(bare.unwrap_or(domain))
        });
        let plain = plain(host);
        json::object(w, key!("destination"), |w| {
            if let Some(domain) = domain {
                domain_member(w, text_key!("address"), domain, plain);
                match destination_ip {
                    Some(ip) => json::text_with(w, text_key!("ip"), |w| host::write_ip(w, ip)),
                    None => domain_member(w, text_key!("domain"), domain, plain),
                }
            }
            self.numbers(w, &[(*key!("port"), Member::Port, MAX_PORT)]);
        });

        let protocol = event
            .get(Member::Protocol)
            .map(|value| host::protocol(value.source()));
        json::object(w, key!("network"), |w| {
            match protocol {
                Some(Some((name, version))) => {
                    json::text_with(w, text_key!("protocol"), |w| {
                        name.iter()
                            .for_each(|byte| w.byte(byte.to_ascii_lowercase()))
                    });
                    let transport = if version == b"3" { &b"udp"[..] } else { b"tcp" };
                    json::plain(w, text_key!("transport"), transport);
                }
                Some(None) => self.misfits.insert(Member::Protocol),
                None => {}
            }
            match ip {
                Some(IpAddr::V4(_)) => w.short(b",\"type\":\"ipv4\""),
                Some(IpAddr::V6(_)) => w.short(b",\"type\":\"ipv6\""),
                None => {}
            }
        });

        if let Some(value) = event.get(Member::Tls) {
            match host::tls(value.source()) {
                Some((name, version)) => json::object(w, key!("tls"), |w| {
                    json::plain(w, text_key!("version"), version);
                    json::plain(w, text_key!("version_protocol"), name.as_bytes());
                }),
                None => self.misfits.insert(Member::Tls),
            }
        }

        json::object(w, key!("related"), |w| {
            json::array(w, key!("ip"), |w| {
                if let Some(client) = client.filter(|_| ip.is_some()) {
                    item(w, |w| client.write(w));
                }
                if let Some(destination) = destination_ip.filter(|_| destination_ip != ip) {
                    item(w, |w| host::write_ip(w, destination));
                }
            });
            json::array(w, key!("hosts"), |w| {
                if let Some(domain) = domain.filter(|_| destination_ip.is_none()) {
                    item(w, |w| match plain {
                        Some(rest) => w.stretch(rest, domain.len()),
                        None => w.lossy(domain),
                    });
                }
            });
            let user = event.get(Member::Username);
            let origin = event.get(Member::OriginUserId);
            json::array(w, key!("user"), |w| {
                if let Some(user) = user {
                    item(w, |w| user.write(w));
                }
                if let Some(origin) = origin.filter(|_| origin != user) {
                    item(w, |w| origin.write(w));
                }
            });
        });
    }

    #[inline(never)]
    fn geo(&mut self, w: &mut Writer<'_>) {
        let event = self.event;
        let country = event.get(Member::Country);
        let country = self.code(country, Member::Country);
        let continent = event.get(Member::Continent);
        let continent = self.code(continent, Member::Continent);
        json::object(w, key!("geo"), |w| {
            self.texts(w, &[(text_key!("city_name"), Member::City)]);
            if let Some(continent) = continent {
                json::text(w, text_key!("continent_code"), continent);
            }
            if let Some(country) = country {
                json::text(w, text_key!("country_iso_code"), country);
            }
            match (country, event.get(Member::RegionCode)) {
                (Some(country), Some(region)) if is_region(region) => {
                    json::text_with(w, text_key!("region_iso_code"), |w| {
                        country.write(w);
                        w.byte(b'-');
                        region.write(w);
                    });
                }
                (_, Some(_)) => self.misfits.insert(Member::RegionCode),
                _ => {}
            }
        });
    }

    /// The value of `member`, if it is a code of two letters.
    fn code<'v>(&mut self, value: Option<Value<'v>>, member: Member) -> Option<Value<'v>> {
        let value = value?;
        if is_code(value) {
            Some(value)
        } else {
            self.misfits.insert(member);
            None
        }
    }

    /// `url`: `original` and `full` as the client wrote it, `path` and `query` percent-decoded once, where `+` stays.
    #[inline(never)]
    pub(super) fn url(&mut self, w: &mut Writer<'_>, scratch: &mut Vec<u8>) {
        let event = self.event;
        let host = event.get(Member::Host);
        let path = event.get(Member::Path);
        let query = event.get(Member::Query);
        let port = event
            .get(Member::Port)
            .and_then(|port| port.whole_number(MAX_PORT));
        let host_text = host.map(|host| host.text());
        let (domain, has_port) = host
            .zip(host_text.as_deref())
            .map_or((&b""[..], false), |(host, text)| host::name_of(host, text));
        let scheme = host::scheme(event);
        json::object(w, key!("url"), |w| {
            if path.is_some() || query.is_some() {
                let mut range = 0..0;
                json::text_with(w, text_key!("original"), |w| {
                    let start = w.len();
                    target(w, path, query);
                    range = start..w.len();
                });
                if let Some(host) = host {
                    json::text_with(w, text_key!("full"), |w| {
                        origin(w, scheme, host, port.filter(|_| !has_port));
                        w.repeat(range);
                    });
                }
            } else if let Some(host) = host {
                json::text_with(w, text_key!("full"), |w| {
                    origin(w, scheme, host, port.filter(|_| !has_port));
                });
            }
            if host.is_some() {
                json::plain(w, text_key!("scheme"), scheme.as_bytes());
            }
            if !domain.is_empty() {
                domain_member(w, text_key!("domain"), domain, plain(host));
            }
            if let Some(port) = port {
                json::number(w, key!("port"), port);
            }
            for (key, value) in [(text_key!("path"), path), (text_key!("query"), query)] {
                if let Some(value) = value {
                    json::text_with(w, key, |w| percent_decoded(w, value, scratch));
                }
            }
        });
    }

    /// `http` and `user_agent`.
    #[inline(never)]
    pub(super) fn http(&mut self, w: &mut Writer<'_>) {
        let event = self.event;
        let (mut agent, mut referrer) = (None, None);
        for header in event.request_headers().iter() {
            let Some(name) = header.name else { continue };
            if name.is_name(const { &literal(b"user-agent") }) {
                agent = agent.or(Some(header.value));
            } else if name.is_name(const { &literal(b"referer") }) {
                referrer = referrer.or(Some(header.value));
            }
        }
        json::object(w, key!("http"), |w| {
            let protocol = event.get(Member::Protocol);
            if let Some((_, version)) = protocol.and_then(|value| host::protocol(value.source())) {
                json::plain(w, text_key!("version"), version);
            }
            json::object(w, key!("request"), |w| {
                self.texts(w, REQUEST);
                json::decoded(w, text_key!("referrer"), referrer);
            });
            json::object(w, key!("response"), |w| {
                self.numbers(w, RESPONSE);
            });
        });
        json::object(w, key!("user_agent"), |w| {
            json::decoded(w, text_key!("original"), agent)
        });
    }

    /// `user`: the account that the request was about.
    #[inline(never)]
    pub(super) fn user(&mut self, w: &mut Writer<'_>) {
        json::object(w, key!("user"), |w| {
            self.texts(w, USER);
        });
    }
}

/// What the domain is the beginning of, if it is the inside of a JSON string as it is.
fn plain(host: Option<Value<'_>>) -> Option<&[u8]> {
    host.filter(|host| host.kind() != Kind::EscapedText)
        .map(|host| host.stretch().0)
}

fn domain_member(w: &mut Writer<'_>, key: json::TextKey, domain: &[u8], plain: Option<&[u8]>) {
    match plain {
        Some(rest) => w.text_stretch(key.0, rest, domain.len()),
        None => json::bytes(w, key, domain),
    }
}

/// An item of an array of strings.
pub(super) fn item(w: &mut Writer<'_>, content: impl FnOnce(&mut Writer<'_>)) {
    w.byte(b',');
    json::string(w, content);
}

fn percent_decoded(w: &mut Writer<'_>, value: Value<'_>, scratch: &mut Vec<u8>) {
    if value.kind() != Kind::EscapedText && !value.source_has(b'%') {
        return value.write(w);
    }
    scratch.clear();
    percent_decode(&value.text(), scratch);
    w.lossy(scratch);
}
