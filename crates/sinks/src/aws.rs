//! AWS Signature Version 4, in the `Authorization` header.
//!
//! Every stage is a value that a test can look at: canonical request, string to sign, signature. The hash of the body
//! is always of exactly the bytes that are sent, compressed or not; `UNSIGNED-PAYLOAD` is never used.
//!
//! Source: AWS, "Create a signed AWS API request" and, for S3, "Authenticating Requests: Using the Authorization Header
//! (AWS Signature Version 4)".

use std::borrow::Cow;
use std::fmt::Write as _;

use edgesiem_model::{
    Check, Endpoint, Header, HeaderValue, Method, Secret, SecretRef, Timestamp, confidential, plain,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::check::SinkCheck as _;
use crate::config::PlainOrSecret;
use crate::target::encoded;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a user writes about a signature, each with the path of its key.
pub(crate) struct Keys<'a> {
    pub(crate) region: (&'static str, &'a str),
    pub(crate) access_key_id: (&'static str, &'a PlainOrSecret),
    pub(crate) secret_access_key: (&'static str, &'a SecretRef),
    pub(crate) session_token: Option<(&'static str, &'a SecretRef)>,
}

/// Signs the requests to one service in one region.
#[derive(Debug)]
pub(crate) struct Signer {
    service: &'static str,
    region: String,
    access_key_id: Secret,
    secret_access_key: Secret,
    session_token: Option<Secret>,
}

/// What is signed.
pub(crate) struct Message<'a> {
    pub(crate) method: Method,
    pub(crate) endpoint: &'a Endpoint,
    /// Path and query; whatever is not an unreserved character (RFC 3986 section 2.3) is percent-encoded in it, save `/`
    /// in the path and `=` and `&` in the query.
    pub(crate) target: &'a str,
    pub(crate) body: &'a [u8],
}

impl Signer {
    /// For `service`, with what is wrong in `keys` reported to `check`.
    pub(crate) fn checked(
        service: &'static str,
        keys: &Keys<'_>,
        check: &mut Check<'_>,
    ) -> Option<Self> {
        let (key, region) = keys.region;
        let region = Some(region).filter(|region| is_region(region)).or_else(|| {
            check.problem(
                key,
                "this is not the name of a region",
                "write it as AWS does, such as eu-west-1; for Cloudflare R2 it is auto",
            );
            None
        });
        let (key, id) = keys.access_key_id;
        let access_key_id = match id {
            PlainOrSecret::Plain(id) => Some(Secret::new(id.clone())),
            PlainOrSecret::Secret(reference) => check.secret(key, reference),
        };
        let access_key_id = access_key_id.filter(|id| {
            let good = is_key_id(id.expose());
            if !good {
                check.problem(
                    key,
                    "an access key id is 3 to 128 letters, digits, hyphens and underscores",
                    "check that it is the id, and not the secret key",
                );
            }
            good
        });
        let (key, secret) = keys.secret_access_key;
        let secret_access_key = check.secret(key, secret);
        let session_token = match keys.session_token {
            Some((key, token)) => Some(check.header_secret(key, token)?),
            None => None,
        };
        Some(Self {
            service,
            region: region?.to_owned(),
            access_key_id: access_key_id?,
            secret_access_key: secret_access_key?,
            session_token,
        })
    }

    /// What an answer must not be quoted with. Receivers echo the key id in their errors, where it helps.
    pub(crate) fn credentials(&self) -> impl Iterator<Item = &Secret> {
        [&self.secret_access_key]
            .into_iter()
            .chain(&self.session_token)
    }

    /// Adds to `headers` those that the signature needs, and the signature over all of them and `host`.
    pub(crate) fn sign(&self, message: &Message<'_>, headers: &mut Vec<Header>, now: Timestamp) {
        let time = compact(now);
        let body_hash = hex(&Sha256::digest(message.body));
        headers.push(plain("x-amz-content-sha256", body_hash.clone()));
        headers.push(plain("x-amz-date", time.clone()));
        if let Some(token) = &self.session_token {
            headers.push(confidential("x-amz-security-token", token.clone()));
        }
        let (canonical, signed) = self.canonical_request(message, headers, &body_hash);
        let date = time.split('T').next().unwrap_or_default();
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!(
            "{ALGORITHM}\n{time}\n{scope}\n{}",
            hex(&Sha256::digest(canonical))
        );
        let signature = hex(&hmac(&self.key(date), to_sign.as_bytes()));
        let id = self.access_key_id.expose();
        let value = format!(
            "{ALGORITHM} Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}"
        );
        headers.push(confidential("authorization", Secret::new(value)));
    }

    /// The canonical request, and the names of the headers in it.
    fn canonical_request(
        &self,
        message: &Message<'_>,
        headers: &[Header],
        body_hash: &str,
    ) -> (String, String) {
        let (path, query) = message
            .target
            .split_once('?')
            .unwrap_or((message.target, ""));
        // S3 takes the path as it is sent; every other service wants it encoded once more.
        let path = match self.service {
            "s3" => Cow::Borrowed(path),
            _ => Cow::Owned(encoded_path(path)),
        };
        let mut parameters: Vec<Cow<'_, str>> = query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| match parameter.contains('=') {
                true => Cow::Borrowed(parameter),
                false => Cow::Owned(format!("{parameter}=")),
            })
            .collect();
        parameters.sort();
        let host = (
            "host",
            HeaderValue::Plain(message.endpoint.authority().to_owned()),
        );
        let mut lines: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_ref(), value.expose()))
            .chain([(host.0, host.1.expose())])
            .collect();
        lines.sort_unstable();
        let mut canonical = format!(
            "{}\n{path}\n{}\n",
            message.method.as_str(),
            parameters.join("&")
        );
        for (name, value) in &lines {
            canonical.push_str(name);
            canonical.push(':');
            // A run of spaces counts as one (RFC 9110 section 5.6.3 has no meaning for more).
            for (at, word) in value.split_ascii_whitespace().enumerate() {
                if at != 0 {
                    canonical.push(' ');
                }
                canonical.push_str(word);
            }
            canonical.push('\n');
        }
        let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
        let signed = names.join(";");
        canonical.push('\n');
        canonical.push_str(&signed);
        canonical.push('\n');
        canonical.push_str(body_hash);
        (canonical, signed)
    }

    /// The key of one day.
    fn key(&self, date: &str) -> [u8; 32] {
        let secret = format!("AWS4{}", self.secret_access_key.expose());
        let day = hmac(secret.as_bytes(), date.as_bytes());
        [self.region.as_str(), self.service, "aws4_request"]
            .iter()
            .fold(day, |key, part| hmac(&key, part.as_bytes()))
    }
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    debug_assert!(mac.is_ok(), "HMAC takes keys of every length");
    mac.map_or([0; 32], |mac| {
        mac.chain_update(message).finalize().into_bytes().into()
    })
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        let written = write!(text, "{byte:02x}");
        debug_assert!(written.is_ok(), "a String takes every character");
    }
    text
}

/// `path` with everything percent-encoded but unreserved characters (RFC 3986 section 2.3) and slashes.
pub(crate) fn encoded_path(path: &str) -> String {
    let segments: Vec<String> = path.split('/').map(encoded).collect();
    segments.join("/")
}

/// `20130524T000000Z`.
fn compact(now: Timestamp) -> String {
    let text = now.to_rfc3339();
    let whole = text.split('.').next().unwrap_or_default();
    let mut time: String = whole
        .chars()
        .filter(|character| !matches!(character, '-' | ':'))
        .collect();
    time.push('Z');
    time
}

fn is_region(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn is_key_id(text: &str) -> bool {
    (3..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use edgesiem_model::{Endpoint, Header, InsecureLoopback, Method, Secret, Timestamp, plain};

    use super::{Message, Signer, encoded_path};

    /// The examples of AWS's page "Authenticating Requests: Using the Authorization Header".
    fn authorization(method: Method, target: &str, headers: &[Header], body: &[u8]) -> String {
        let signer = Signer {
            service: "s3",
            region: "us-east-1".to_owned(),
            access_key_id: Secret::new("AKIAIOSFODNN7EXAMPLE".to_owned()),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            session_token: None,
        };
        let url = "https://examplebucket.s3.amazonaws.com/";
        let (endpoint, _) = Endpoint::parse_url(url, InsecureLoopback::Refuse).unwrap();
        let mut headers = headers.to_vec();
        let message = Message {
            method,
            endpoint: &endpoint,
            target,
            body,
        };
        signer.sign(&message, &mut headers, Timestamp::from_secs(1_369_353_600));
        headers.last().unwrap().1.expose().to_owned()
    }

    #[test]
    fn the_published_examples_of_s3_are_signed_as_published() {
        let credential =
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ";
        let put = [
            plain("date", "Fri, 24 May 2013 00:00:00 GMT"),
            plain("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ];
        for (method, target, headers, body, expected) in [
            (
                Method::Get,
                "/test.txt",
                &[plain("range", "bytes=0-9")][..],
                &b""[..],
                "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
                 Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                Method::Put,
                "/test%24file.text",
                &put,
                b"Welcome to Amazon S3.",
                "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, \
                 Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                Method::Get,
                "/?lifecycle",
                &[],
                b"",
                "SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
                 Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                Method::Get,
                "/?prefix=J&max-keys=2",
                &[],
                b"",
                "SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
                 Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ] {
            assert_eq!(
                authorization(method, target, headers, body),
                format!("{credential}{expected}")
            );
        }
    }

    #[test]
    fn a_path_keeps_unreserved_characters_and_slashes_only() {
        assert_eq!(encoded_path("/a/b~c-d_e.f"), "/a/b~c-d_e.f");
        assert_eq!(encoded_path("/y=1/%2F+é"), "/y%3D1/%252F%2B%C3%A9");
    }
}
