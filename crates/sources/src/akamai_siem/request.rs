//! A signed request for one page.

use edgesiem_edgegrid::{Nonce, Request, SigningTime, sign};
use edgesiem_model::{Error, HttpRequest, Method, PageRequest, Secret, confidential, plain};

use super::{AkamaiSiem, Position};

/// The server cuts the body after two minutes. Waiting longer than that lets its end, rather than our
/// timeout, tell us so.
const TIMEOUT_MS: u32 = 150_000;
const USER_AGENT: &str = concat!("edgesiem/", env!("CARGO_PKG_VERSION"));

/// `/siem/v1/configs/14227%3B29182`
pub(super) fn path(ids: &[u64]) -> String {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    format!("/siem/v1/configs/{}", ids.join("%3B"))
}

/// Path and query, encoded once: these bytes are signed, and these bytes are sent.
fn target(path: &str, position: &Position, limit: u32) -> String {
    match position {
        Position::Offset(offset) => format!("{path}?offset={}&limit={limit}", encoded(offset)),
        Position::Time { from, to: None } => format!("{path}?from={from}&limit={limit}"),
        Position::Time { from, to: Some(to) } => {
            format!("{path}?from={from}&to={to}&limit={limit}")
        }
    }
}

/// Everything but the unreserved characters of RFC 3986 section 2.3, percent-encoded.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

pub(super) fn request(source: &AkamaiSiem, page: &PageRequest<'_>) -> Result<HttpRequest, Error> {
    let position = Position::read(page.cursor)?;
    let target = target(&source.path, &position, page.limit);
    let time = page.now.shifted(page.clock_skew_ms);
    let signature = sign(
        &Request {
            method: Method::Get.as_str(),
            scheme: source.endpoint.scheme().as_str(),
            host: source.endpoint.authority(),
            target: &target,
            headers: &[],
            body: &[],
        },
        &source.credentials,
        &SigningTime::from_epoch_ms(time.millis()),
        &Nonce::from_random(page.nonce),
    );
    Ok(HttpRequest {
        method: Method::Get,
        endpoint: source.endpoint.clone(),
        target,
        headers: vec![
            plain("accept", "application/json"),
            plain("accept-encoding", "gzip"),
            confidential("authorization", Secret::new(signature.authorization)),
            plain("user-agent", USER_AGENT),
        ],
        body: Vec::new(),
        timeout_ms: TIMEOUT_MS,
    })
}

#[cfg(test)]
mod tests {
    use super::{encoded, path, target};
    use crate::akamai_siem::Position;

    #[test]
    fn the_target_is_encoded_as_it_will_be_sent() {
        let offset = |token: &str| Position::Offset(token.to_owned());
        let range = |from, to| Position::Time { from, to };
        for (ids, position, expected) in [
            (
                &[14227][..],
                offset("NULL"),
                "/siem/v1/configs/14227?offset=NULL&limit=10",
            ),
            (
                &[12892, 29182, 82912],
                offset("71cca;3phZ-_~."),
                "/siem/v1/configs/12892%3B29182%3B82912?offset=71cca%3B3phZ-_~.&limit=10",
            ),
            (
                &[1],
                offset("a&b=c %é+/#?"),
                "/siem/v1/configs/1?offset=a%26b%3Dc%20%25%C3%A9%2B%2F%23%3F&limit=10",
            ),
            (&[1], range(7, None), "/siem/v1/configs/1?from=7&limit=10"),
            (
                &[1],
                range(7, Some(9)),
                "/siem/v1/configs/1?from=7&to=9&limit=10",
            ),
        ] {
            assert_eq!(target(&path(ids), &position, 10), expected);
        }
        assert_eq!(encoded("\u{0}\u{7f}"), "%00%7F");
    }
}
