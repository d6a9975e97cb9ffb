//! Requests and responses as plain data, so that a sink's request can be a golden file.

use std::borrow::Cow;
use std::fmt;

use crate::{Endpoint, Secret};

/// The methods that sources and sinks use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Delivers.
    Post,
    /// Stores under a name.
    Put,
}

impl Method {
    /// `GET`, `POST` or `PUT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A header value, kept out of logs if it is a credential.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// Safe to show.
    Plain(String),
    /// A credential or a signature.
    Secret(Secret),
}

impl HeaderValue {
    /// The text to put on the wire.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(value) => value,
            Self::Secret(value) => value.expose(),
        }
    }
}

/// Name, in lower case, and value.
pub type Header = (Cow<'static, str>, HeaderValue);

/// A header that can be shown.
pub fn plain(name: &'static str, value: impl Into<String>) -> Header {
    (Cow::Borrowed(name), HeaderValue::Plain(value.into()))
}

/// A header that carries a credential or a signature.
pub fn confidential(name: &'static str, value: Secret) -> Header {
    (Cow::Borrowed(name), HeaderValue::Secret(value))
}

/// A request, complete: a host sends exactly this and follows no redirect.
///
/// `Debug` shows what is safe to log: a target can be a credential, and a body is events.
#[derive(Clone)]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Server.
    pub endpoint: Endpoint,
    /// Path and query, exactly as signed; it is sent byte for byte.
    pub target: String,
    /// Headers in order. Names are lower-case.
    pub headers: Vec<Header>,
    /// Body; empty for GET.
    pub body: Vec<u8>,
    /// The host gives up after this many milliseconds, body included.
    pub timeout_ms: u32,
}

impl HttpRequest {
    /// The absolute URL.
    pub fn url(&self) -> String {
        format!("{}{}", self.endpoint, self.target)
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_ref()).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("endpoint", &format_args!("{}", self.endpoint))
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .field("timeout_ms", &self.timeout_ms)
            .finish_non_exhaustive()
    }
}

/// Status and headers of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    /// Status code.
    pub status: u16,
    /// Names are lower-case, as hosts receive them.
    pub headers: Vec<(String, String)>,
}

impl ResponseHead {
    /// First value of header `name` (lower-case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the status is 2xx.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

#[cfg(test)]
mod tests {
    use super::{HttpRequest, Method, confidential, plain};
    use crate::{Endpoint, InsecureLoopback, Secret};

    #[test]
    fn a_request_can_be_logged() {
        let (endpoint, target) = Endpoint::parse_url(
            "https://h.example/path-token?query-token",
            InsecureLoopback::Refuse,
        )
        .unwrap();
        let request = HttpRequest {
            method: Method::Post,
            endpoint,
            target,
            headers: vec![
                plain("x-plain", "plain-token"),
                confidential("authorization", Secret::new("secret-token".to_owned())),
            ],
            body: b"body-token".to_vec(),
            timeout_ms: 30_000,
        };
        assert_eq!(
            format!("{request:?}"),
            r#"HttpRequest { method: Post, endpoint: https://h.example, headers: ["x-plain", "authorization"], body_bytes: 10, timeout_ms: 30000, .. }"#
        );
        assert!(!format!("{request:#?}").contains("token"), "{request:#?}");
    }
}
