//! A batch as lines, and the header that says who sends them.

use std::borrow::Cow;
use std::fmt;

use edgesiem_model::{BatchView, HeaderValue, HttpRequest, Secret, plain};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::Panther;
use crate::lines::content_type;

/// How Panther knows us.
#[derive(Debug)]
pub(super) enum Auth {
    /// By a header that is always the same.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: Secret,
        /// What in it an answer must not be quoted with.
        hidden: Vec<Secret>,
    },
    /// By a hash of the body.
    Hash {
        /// Name of the header.
        name: String,
        /// HMAC-SHA256 with the key.
        mac: BodyMac,
    },
}

/// HMAC-SHA256 (RFC 2104) with a key.
#[derive(Clone)]
pub(super) struct BodyMac(Hmac<Sha256>);

impl BodyMac {
    /// With a key of any length.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(key).ok().map(Self)
    }

    /// Lower-case hexadecimal digits.
    fn of(&self, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(body);
        let hash = mac.finalize().into_bytes();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for BodyMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

pub(super) fn request(sink: &Panther, batch: &BatchView<'_>) -> HttpRequest {
    let body = sink.lines.body(batch, &sink.limits);
    let (name, value) = match &sink.auth {
        Auth::Header { name, value, .. } => (name, value.clone()),
        // The configuration refuses compression then: this is the body as it is sent.
        Auth::Hash { name, mac } => (name, Secret::new(mac.of(&body))),
    };
    let headers = vec![
        plain("content-type", content_type(batch)),
        (Cow::Owned(name.clone()), HeaderValue::Secret(value)),
    ];
    sink.wire
        .post(sink.target.expose().to_owned(), headers, body)
}
