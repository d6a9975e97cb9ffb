//! Headers of requests and responses.

use edgesiem_decode::{Header, Headers, Writer, literal, long_literal};

use super::http::MAX_IP_LENGTH;
use crate::host;
use crate::json::{self, key, text_key};

/// `http_headers`, and what has an attribute of its own besides.
pub(super) fn request(w: &mut Writer<'_>, headers: Headers<'_>) {
    let (mut agent, mut referrer, mut is_forwarded) = (None, None, false);
    json::array(w, key!("http_headers"), |w| {
        for header in headers.iter() {
            item(w, header);
            let name = header.name.map_or(&b""[..], |name| name.bytes());
            match name.len() {
                10 if agent.is_none() && name.eq_ignore_ascii_case(b"user-agent") => {
                    agent = Some(header.value);
                }
                7 if referrer.is_none() && name.eq_ignore_ascii_case(b"referer") => {
                    referrer = Some(header.value);
                }
                15 => is_forwarded |= name.eq_ignore_ascii_case(FORWARDED),
                _ => {}
            }
        }
    });
    json::decoded(w, text_key!("user_agent"), agent);
    json::decoded(w, text_key!("referrer"), referrer);
    if is_forwarded {
        json::array(w, key!("x_forwarded_for"), |w| forwarded_for(w, headers));
    }
}

const FORWARDED: &[u8] = b"x-forwarded-for";

/// Addresses in `X-Forwarded-For`; what else is there is in the header only.
fn forwarded_for(w: &mut Writer<'_>, headers: Headers<'_>) {
    let is_forwarded = |name: &[u8]| name.eq_ignore_ascii_case(FORWARDED);
    for header in headers.iter() {
        if !header.name.is_some_and(|name| is_forwarded(name.bytes())) {
            continue;
        }
        for address in header.value.bytes().split(|byte| *byte == b',') {
            let address = address.trim_ascii();
            if let Some(ip) = host::ip(address) {
                w.literal(const { &literal(b",\"") });
                if address.len() <= MAX_IP_LENGTH {
                    w.escaped(address);
                } else {
                    host::write_ip(w, ip);
                }
                w.byte(b'"');
            }
        }
    }
}

/// A header as an item of `http_headers`.
#[inline(always)]
pub(super) fn item(w: &mut Writer<'_>, header: Header<'_>) {
    match header.name {
        Some(name) => name.write_member(const { &long_literal(b",{\"name\":\"") }, w),
        None => w.literal(const { &literal(b",{\"name\":\"\"") }),
    }
    header
        .value
        .write_member(const { &long_literal(b",\"value\":\"") }, w);
    w.byte(b'}');
}
