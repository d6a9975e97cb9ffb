//! Attributes that the semantic conventions have: who asked for what, and what the answer was.

use edgesiem_decode::{
    Decoded, EventView, Headers, LongLiteral, Member, Value, WideLiteral, Writer, literal,
    long_literal, wide_literal,
};

use super::value::{END, array, integer, many, opening, text};
use super::{Otel, Record};
use crate::geo::{is_code, is_region};
use crate::host;
use crate::url::{origin, target};

const MAX_PORT: u64 = 65_535;
/// The largest number of an `intValue`.
pub(super) const MAX_INT: u64 = i64::MAX.cast_unsigned();

/// Methods that `http.request.method` may name; any other is `_OTHER` there.
const METHODS: &[&[u8]] = &[
    b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE",
    b"QUERY",
];

impl<'e> Record<'_, 'e> {
    /// `client`, `geo` and `user`.
    #[inline(never)]
    pub(super) fn client(&mut self, w: &mut Writer<'_>) {
        self.texts(w, CLIENT);
        let event = self.event;
        let country = self.code(
            w,
            const { &opening!(text!("geo.country.iso_code")) },
            Member::Country,
        );
        match (country, event.get(Member::RegionCode)) {
            (Some(country), Some(region)) if is_region(region) => {
                w.short(text!("geo.region.iso_code"));
                country.write(w);
                w.byte(b'-');
                region.write_closed(w, END);
            }
            (_, Some(_)) => self.misfits.insert(Member::RegionCode),
            _ => {}
        }
        self.code(
            w,
            const { &opening!(text!("geo.continent.code")) },
            Member::Continent,
        );
    }

    /// The value of `member`, written if it is a code of two letters.
    fn code(
        &mut self,
        w: &mut Writer<'_>,
        opening: &WideLiteral,
        member: Member,
    ) -> Option<Value<'e>> {
        let value = self.event.get(member)?;
        if !is_code(value) {
            self.misfits.insert(member);
            return None;
        }
        w.wide_literal(opening);
        value.write_closed(w, END);
        Some(value)
    }

    /// `http`, `url`, `server`, `network` and `tls`; path and query are as the client wrote them.
    #[inline(never)]
    pub(super) fn request(&mut self, w: &mut Writer<'_>) {
        let event = self.event;
        if let Some(method) = event.get(Member::Method) {
            let is_known = METHODS.contains(&method.source());
            if !is_known {
                w.short(text!("http.request.method"));
                w.short(b"_OTHER\"}}");
            }
            w.short(if is_known {
                text!("http.request.method")
            } else {
                text!("http.request.method_original")
            });
            method.write_closed(w, END);
        }
        self.integers(w, RESPONSE);
        self.url(w);
        if let Some(value) = event.get(Member::Protocol) {
            match host::protocol(value.source()) {
                Some((name, version)) => {
                    w.short(text!("network.protocol.name"));
                    let start = w.len();
                    w.short(name);
                    w.lower_case(start);
                    w.literal(END);
                    plain(w, text!("network.protocol.version"), version);
                }
                None => self.misfits.insert(Member::Protocol),
            }
        }
        if let Some(value) = event.get(Member::Tls) {
            match host::tls(value.source()) {
                Some((name, version)) => {
                    plain(w, text!("tls.protocol.name"), name.as_bytes());
                    plain(w, text!("tls.protocol.version"), version);
                }
                None => self.misfits.insert(Member::Tls),
            }
        }
    }

    fn url(&mut self, w: &mut Writer<'_>) {
        let event = self.event;
        let [path, query] = [Member::Path, Member::Query].map(|member| event.get(member));
        if let Some(host) = event.get(Member::Host) {
            let scheme = host::scheme(event);
            let text = host.text();
            let (name, has_port) = host::name_of(host, &text);
            let port = event
                .get(Member::Port)
                .and_then(|port| port.whole_number(MAX_PORT));
            w.short(text!("url.full"));
            origin(w, scheme, host, port.filter(|_| !has_port));
            target(w, path, query);
            w.literal(END);
            plain(w, text!("url.scheme"), scheme.as_bytes());
            let bare = name
                .strip_prefix(b"[")
                .and_then(|rest| rest.strip_suffix(b"]"));
            let name = bare.unwrap_or(name);
            if !name.is_empty() {
                w.short(text!("server.address"));
                w.lossy(name);
                w.literal(END);
            }
        }
        self.integers(w, PORT);
        self.texts(w, URL);
    }
}

const CLIENT: &[(WideLiteral, Member)] = &[
    (opening!(text!("client.address")), Member::ClientIp),
    (opening!(text!("user.id")), Member::Uuid),
    (opening!(text!("user.name")), Member::Username),
    (opening!(text!("geo.locality.name")), Member::City),
];
const RESPONSE: &[(WideLiteral, Member, u64)] = &[
    (
        opening!(integer!("http.response.status_code")),
        Member::Status,
        999,
    ),
    (
        opening!(integer!("http.response.size")),
        Member::Bytes,
        MAX_INT,
    ),
];
const PORT: &[(WideLiteral, Member, u64)] =
    &[(opening!(integer!("server.port")), Member::Port, MAX_PORT)];
const URL: &[(WideLiteral, Member)] = &[
    (opening!(text!("url.path")), Member::Path),
    (opening!(text!("url.query")), Member::Query),
];

/// An attribute with text that is the inside of a JSON string as it is.
fn plain(w: &mut Writer<'_>, opening: &[u8], text: &[u8]) {
    w.short(opening);
    w.short(text);
    w.literal(END);
}

/// What is between the name of a header and its first value.
const FIRST_VALUE: &[u8] = b"\",\"value\":{\"arrayValue\":{\"values\":[{\"stringValue\":\"";

impl Otel {
    /// `user_agent`, and `http.request.header` and `http.response.header` by name in lower case, each an array. What has no name
    /// that can be a part of a key is in a list beside them.
    pub(super) fn headers(&mut self, w: &mut Writer<'_>, event: &EventView<'_>) {
        let agent = event.request_headers().iter().find(|header| {
            header
                .name
                .is_some_and(|name| name.is_name(const { &literal(b"user-agent") }))
        });
        if let Some(agent) = agent.filter(|agent| !agent.value.is_empty()) {
            w.short(text!("user_agent.original"));
            agent.value.write_closed(w, END);
        }
        self.named_headers(
            w,
            event.request_headers(),
            const { &long_literal(b",{\"key\":\"http.request.header.") },
            array!("akamai.siem.request.unnamed_headers"),
        );
        self.named_headers(
            w,
            event.response_headers(),
            const { &long_literal(b",{\"key\":\"http.response.header.") },
            array!("akamai.siem.response.unnamed_headers"),
        );
    }

    #[inline(never)]
    fn named_headers(
        &mut self,
        w: &mut Writer<'_>,
        headers: Headers<'_>,
        prefix: &LongLiteral,
        unnamed: &[u8],
    ) {
        let is_named = |name: &Decoded<'_>| !name.is_empty() && name.is_utf8();
        let names = headers.iter().map(|header| header.name);
        self.distinct
            .group_ignoring_case(names.map(|name| name.map_or(&b""[..], |name| name.bytes())));
        let mut all_named = true;
        for (header, link) in headers.iter().zip(self.distinct.links()) {
            if !link.is_first {
                continue;
            }
            let Some(name) = header.name.filter(is_named) else {
                all_named = false;
                continue;
            };
            w.long_literal(prefix);
            let start = w.len();
            name.write(w);
            w.lower_case(start);
            w.wide_literal(const { &wide_literal(FIRST_VALUE) });
            let (mut header, mut next) = (header, link.next);
            while let Some(number) = next
                && let Some(one_more) = headers.get(number)
            {
                header.value.write_closed(w, const { &literal(b"\"},{") });
                w.literal(const { &literal(b"\"stringValue\":\"") });
                (header, next) = (one_more, self.distinct.next(number));
            }
            header.value.write_closed(w, const { &literal(b"\"}]}}}") });
        }
        if all_named {
            return;
        }
        many(w, unnamed, |w| {
            for header in headers.iter() {
                if header.name.is_some_and(|name| is_named(&name)) {
                    continue;
                }
                w.short(b",{\"stringValue\":\"");
                if let Some(name) = header.name {
                    name.write(w);
                    w.short(b": ");
                }
                header.value.write_closed(w, const { &literal(b"\"}") });
            }
        });
    }
}
