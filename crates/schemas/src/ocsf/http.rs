//! Who asked for what, and what the answer was.

use std::borrow::Cow;
use std::net::IpAddr;

use edgesiem_decode::{EventView, Kind, Member, Value, Writer};

use super::{Document, MAX_LONG, headers};
use crate::host;
use crate::json::{self, key, text_key};

const MAX_STATUS: u64 = 999;
const MAX_PORT: u64 = 65_535;
const MAX_AS_NUMBER: u64 = 4_294_967_295;
/// Characters of an `ip_t`. Addresses are longer only if they have zeros that may be left out.
pub(super) const MAX_IP_LENGTH: usize = 40;

/// The number that `httpMessage.status` is.
pub(super) fn status(value: Value<'_>) -> Option<u64> {
    value.whole_number(MAX_STATUS)
}

/// A method as an activity.
pub(super) struct Activity {
    /// `activity_id` and `type_uid`, and the caption unless it is 99.
    pub ids: &'static [u8],
    /// `http_method`, if it is one of those that OCSF knows.
    pub method: Option<&'static [u8]>,
}

macro_rules! activity {
    ($id:literal, $caption:literal, $method:literal) => {
        Activity {
            ids: concat!(
                ",\"activity_id\":",
                $id,
                ",\"activity_name\":\"",
                $caption,
                "\",\"type_uid\":40020",
                $id
            )
            .as_bytes(),
            method: Some($method),
        }
    };
}

pub(super) fn activity(method: Option<Value<'_>>) -> Activity {
    match method.map(|method| method.source()) {
        Some(b"CONNECT") => activity!(1, "Connect", b"CONNECT"),
        Some(b"DELETE") => activity!(2, "Delete", b"DELETE"),
        Some(b"GET") => activity!(3, "Get", b"GET"),
        Some(b"HEAD") => activity!(4, "Head", b"HEAD"),
        Some(b"OPTIONS") => activity!(5, "Options", b"OPTIONS"),
        Some(b"POST") => activity!(6, "Post", b"POST"),
        Some(b"PUT") => activity!(7, "Put", b"PUT"),
        Some(b"TRACE") => activity!(8, "Trace", b"TRACE"),
        Some(b"PATCH") => activity!(9, "Patch", b"PATCH"),
        Some(_) => Activity {
            ids: b",\"activity_id\":99,\"type_uid\":400299",
            method: None,
        },
        None => Activity {
            ids: b",\"activity_id\":0,\"activity_name\":\"Unknown\",\"type_uid\":400200",
            method: None,
        },
    }
}

/// What several attributes need.
pub(super) struct Request<'e> {
    client: Option<(IpAddr, Value<'e>)>,
    host: Option<Value<'e>>,
    host_text: Option<Cow<'e, [u8]>>,
    /// Whether the host is an address.
    host_ip: Option<IpAddr>,
    port: Option<u64>,
    /// Version of HTTP.
    version: Option<&'e [u8]>,
}

impl<'e> Request<'e> {
    pub fn of(document: &mut Document<'_, 'e>) -> Self {
        let event: &EventView<'e> = document.event;
        let client = event
            .get(Member::ClientIp)
            .and_then(|client| Some((host::ip(client.source())?, client)));
        let host = event.get(Member::Host);
        let protocol = event.get(Member::Protocol);
        let version = protocol
            .and_then(|protocol| host::protocol(protocol.source()))
            .filter(|(name, _)| name.eq_ignore_ascii_case(b"http"))
            .map(|(_, version)| version);
        if version.is_none() {
            document.misfit(Member::Protocol);
        }
        let mut request = Self {
            client,
            host,
            host_text: host.map(|host| host.text()),
            host_ip: None,
            port: document.whole_number(Member::Port, MAX_PORT),
            version,
        };
        let name = request.host_name().0;
        let bare = name
            .strip_prefix(b"[")
            .and_then(|rest| rest.strip_suffix(b"]"));
        request.host_ip = host::ip(bare.unwrap_or(name));
        request
    }

    /// The host without its port, which may be empty, and whether it had one.
    fn host_name(&self) -> (&[u8], bool) {
        self.host_text
            .as_deref()
            .map_or((&b""[..], false), host::without_port)
    }

    /// The host without its port, inside of a JSON string.
    fn write_host_name(&self, w: &mut Writer<'_>) {
        let name = self.host_name().0;
        if self
            .host
            .is_some_and(|host| host.kind() != Kind::EscapedText)
        {
            w.short(name);
        } else {
            w.lossy(name);
        }
    }

    fn write_client(&self, w: &mut Writer<'_>) {
        if let Some((ip, text)) = self.client {
            if text.source().len() <= MAX_IP_LENGTH {
                text.write(w);
            } else {
                host::write_ip(w, ip);
            }
        }
    }

    /// `src_endpoint`, `dst_endpoint`, `connection_info`, `tls` and `ja4_fingerprint_list`.
    pub fn network(&self, document: &mut Document<'_, '_>, w: &mut Writer<'_>) {
        if self.client.is_some() {
            json::object(w, key!("src_endpoint"), |w| {
                json::text_with(w, text_key!("ip"), |w| self.write_client(w));
                location(document, w);
                json::object(w, key!("autonomous_system"), |w| {
                    document.number(w, key!("number"), Member::Asn, MAX_AS_NUMBER);
                });
            });
        } else {
            // An endpoint must have an address or a name.
            document.misfit(Member::ClientIp);
            for member in [
                Member::Asn,
                Member::City,
                Member::Continent,
                Member::Country,
                Member::RegionCode,
            ] {
                document.misfit(member);
            }
        }
        if !self.host_name().0.is_empty() {
            json::object(w, key!("dst_endpoint"), |w| {
                match self.host_ip {
                    Some(ip) => json::text_with(w, text_key!("ip"), |w| host::write_ip(w, ip)),
                    None => json::text_with(w, text_key!("hostname"), |w| self.write_host_name(w)),
                }
                if let Some(port) = self.port {
                    json::number(w, key!("port"), port);
                }
                w.short(b",\"type_id\":1,\"type\":\"Server\"");
            });
        }
        w.short(b",\"connection_info\":{\"direction_id\":1,\"direction\":\"Inbound\"");
        match self.version {
            Some(b"3") => w.short(b",\"protocol_name\":\"udp\",\"protocol_num\":17"),
            Some(_) => w.short(b",\"protocol_name\":\"tcp\",\"protocol_num\":6"),
            None => {}
        }
        match self.client {
            Some((IpAddr::V4(_), _)) => w.short(b",\"protocol_ver_id\":4"),
            Some((IpAddr::V6(_), _)) => w.short(b",\"protocol_ver_id\":6"),
            None => {}
        }
        w.byte(b'}');
        json::object(w, key!("tls"), |w| {
            document.text(w, text_key!("version"), Member::Tls);
        });
        if let Some(ja4) = document.event.get(Member::Ja4) {
            w.short(b",\"ja4_fingerprint_list\":[{\"type_id\":1,\"type\":\"JA4\"");
            json::text(w, text_key!("value"), ja4);
            w.short(b"}]");
        }
    }

    /// `http_request`, which is there in any case, and `http_response`.
    pub fn http(
        &self,
        document: &mut Document<'_, '_>,
        w: &mut Writer<'_>,
        method: Option<&'static [u8]>,
    ) {
        let event = document.event;
        w.long_literal(key!("http_request"));
        let has_request = json::block(w, *b"{}", |w| {
            document.text(w, text_key!("uid"), Member::RequestId);
            if let Some(method) = method {
                json::plain(w, text_key!("http_method"), method);
            }
            if let Some(version) = self.version {
                json::plain(w, text_key!("version"), version);
            }
            self.url(document, w);
            headers::request(w, event.request_headers());
        });
        if !has_request {
            w.short(b"{}");
        }
        match document.whole_number(Member::Status, MAX_STATUS) {
            Some(status) => json::object(w, key!("http_response"), |w| {
                json::number(w, key!("code"), status);
                document.number(w, key!("length"), Member::Bytes, MAX_LONG);
                json::array(w, key!("http_headers"), |w| {
                    for header in event.response_headers().iter() {
                        headers::item(w, header);
                    }
                });
            }),
            // A response must have a code.
            None => document.misfit(Member::ResponseHeaders),
        }
    }

    /// `url`, all of it as the client wrote it.
    fn url(&self, document: &mut Document<'_, '_>, w: &mut Writer<'_>) {
        let event = document.event;
        let path = event.get(Member::Path);
        let query = event.get(Member::Query);
        if self.host.is_none() && path.is_none() {
            // A URL must have a host or a path.
            document.misfit(Member::Query);
            return document.misfit(Member::Port);
        }
        json::object(w, key!("url"), |w| {
            if let Some(host) = self.host {
                let scheme = host::scheme(event);
                let (name, has_port) = self.host_name();
                json::text_with(w, text_key!("url_string"), |w| {
                    w.short(scheme.as_bytes());
                    w.short(b"://");
                    host.write(w);
                    let usual = if scheme == "http" { 80 } else { 443 };
                    if let Some(port) = self.port.filter(|port| !has_port && *port != usual) {
                        w.byte(b':');
                        json::digits(w, port);
                    }
                    if let Some(path) = path {
                        path.write(w);
                    }
                    if let Some(query) = query {
                        w.byte(b'?');
                        query.write(w);
                    }
                });
                json::plain(w, text_key!("scheme"), scheme.as_bytes());
                if !name.is_empty() {
                    json::text_with(w, text_key!("hostname"), |w| self.write_host_name(w));
                }
            }
            if let Some(port) = self.port {
                json::number(w, key!("port"), port);
            }
            document.text(w, text_key!("path"), Member::Path);
            document.text(w, text_key!("query_string"), Member::Query);
        });
    }

    /// `observables`: client and host, by where they are `within` the document.
    pub fn observables(&self, w: &mut Writer<'_>, within: &[u8]) {
        json::array(w, key!("observables"), |w| {
            let one = |w: &mut Writer<'_>, path: &[u8], value: &dyn Fn(&mut Writer<'_>)| {
                w.short(b",{\"name\":\"");
                w.short(within);
                w.short(path);
                value(w);
                w.short(b"\"}");
            };
            if self.client.is_some() {
                one(
                    w,
                    b"src_endpoint.ip\",\"type_id\":2,\"type\":\"IP Address\",\"value\":\"",
                    &|w| self.write_client(w),
                );
            }
            if let Some(ip) = self.host_ip {
                one(
                    w,
                    b"dst_endpoint.ip\",\"type_id\":2,\"type\":\"IP Address\",\"value\":\"",
                    &|w| host::write_ip(w, ip),
                );
            } else if !self.host_name().0.is_empty() {
                one(
                    w,
                    b"dst_endpoint.hostname\",\"type_id\":1,\"type\":\"Hostname\",\"value\":\"",
                    &|w| self.write_host_name(w),
                );
            }
        });
    }
}

/// `location` of the client.
fn location(document: &mut Document<'_, '_>, w: &mut Writer<'_>) {
    let event = document.event;
    let is_code = |value: &Value<'_>| {
        value.source().len() == 2 && value.source().iter().all(u8::is_ascii_alphabetic)
    };
    // Real events have `reserved` there too.
    let country = event.get(Member::Country).filter(is_code);
    if country.is_none() {
        document.misfit(Member::Country);
    }
    // ISO 3166-2, as far as the event has it: one to three letters and digits.
    let region = event.get(Member::RegionCode).filter(|region| {
        country.is_some()
            && (1..=3).contains(&region.source().len())
            && region.source().iter().all(u8::is_ascii_alphanumeric)
    });
    if region.is_none() {
        document.misfit(Member::RegionCode);
    }
    let city = event.get(Member::City);
    let continent = event.get(Member::Continent).map(|code| code.source());
    let continent = continent.and_then(continent_name);
    // A location is none by its continent alone.
    let continent = continent.filter(|_| city.is_some() || country.is_some());
    if continent.is_none() {
        document.misfit(Member::Continent);
    }
    json::object(w, key!("location"), |w| {
        document.text(w, text_key!("city"), Member::City);
        if let Some(country) = country {
            json::text(w, text_key!("country"), country);
            if let Some(region) = region {
                json::text_with(w, text_key!("region"), |w| {
                    country.write(w);
                    w.byte(b'-');
                    region.write(w);
                });
            }
        }
        if let Some(continent) = continent {
            json::plain(w, text_key!("continent"), continent);
        }
    });
}

/// OCSF has continents by name. Real events have numbers there too.
fn continent_name(code: &[u8]) -> Option<&'static [u8]> {
    Some(match code {
        b"AF" => b"Africa",
        b"AN" => b"Antarctica",
        b"AS" => b"Asia",
        b"EU" => b"Europe",
        b"NA" => b"North America",
        b"OC" => b"Oceania",
        b"SA" => b"South America",
        _ => return None,
    })
}
