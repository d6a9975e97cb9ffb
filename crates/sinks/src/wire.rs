//! How the requests of a sink go out: to which server, for how long, compressed or not.

use std::io::Write as _;

use edgesiem_model::{Endpoint, Header, HttpRequest, Method, plain};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::USER_AGENT;

/// A server and how to speak to it.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) endpoint: Endpoint,
    pub(crate) timeout_ms: u32,
    pub(crate) gzip: bool,
}

impl Wire {
    /// A POST of `body`, compressed if the configuration says so.
    pub(crate) fn post(
        &self,
        target: String,
        mut headers: Vec<Header>,
        body: Vec<u8>,
    ) -> HttpRequest {
        let body = if self.gzip {
            headers.push(plain("content-encoding", "gzip"));
            gzip(&body)
        } else {
            body
        };
        self.request(Method::Post, target, headers, body)
    }

    /// A GET.
    pub(crate) fn get(&self, target: String, headers: Vec<Header>) -> HttpRequest {
        self.request(Method::Get, target, headers, Vec::new())
    }

    /// A request with exactly this body.
    pub(crate) fn request(
        &self,
        method: Method,
        target: String,
        mut headers: Vec<Header>,
        body: Vec<u8>,
    ) -> HttpRequest {
        headers.push(plain("user-agent", USER_AGENT));
        HttpRequest {
            method,
            endpoint: self.endpoint.clone(),
            target,
            headers,
            body,
            timeout_ms: self.timeout_ms,
        }
    }
}

/// `body` as a gzip file without name and time (RFC 1952), so that the same body always gives the same bytes. At the
/// fastest level: events repeat themselves so much that the slower ones gain little.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let room = body.len() / 4;
    let mut encoder = GzEncoder::new(Vec::with_capacity(room), Compression::fast());
    let written = encoder.write_all(body);
    debug_assert!(written.is_ok(), "a Vec takes every byte");
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use edgesiem_model::{HeaderValue, InsecureLoopback};

    use super::{Endpoint, Wire};

    #[test]
    fn a_body_is_compressed_if_asked_for_and_always_to_the_same_bytes() {
        let (endpoint, _) =
            Endpoint::parse_url("https://h.example/", InsecureLoopback::Refuse).unwrap();
        for gzip in [false, true] {
            let wire = Wire {
                endpoint: endpoint.clone(),
                timeout_ms: 1,
                gzip,
            };
            let body = b"abc".repeat(1000);
            let request = wire.post("/".to_owned(), Vec::new(), body.clone());
            let encoding = request.headers.iter().any(|(name, value)| {
                name == "content-encoding"
                    && matches!(value, HeaderValue::Plain(text) if text == "gzip")
            });
            assert_eq!(encoding, gzip);
            if gzip {
                let mut back = Vec::new();
                flate2::read::GzDecoder::new(request.body.as_slice())
                    .read_to_end(&mut back)
                    .unwrap();
                assert_eq!(back, body);
                assert!(request.body.len() < 100, "{}", request.body.len());
            } else {
                assert_eq!(request.body, body);
            }
            let again = wire.post("/".to_owned(), Vec::new(), body);
            assert_eq!(again.body, request.body);
        }
    }
}
