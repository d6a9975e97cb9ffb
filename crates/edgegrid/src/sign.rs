//! The signature, stage by stage, as Akamai describes it ("Client Authentication", which its clients cite as
//! <https://developer.akamai.com/legacy/introduction/Client_Auth.html>). What that leaves open follows the
//! vectors of those clients.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::{Credentials, Nonce, SigningTime};

/// What is signed of a request. It must be what is sent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Signed in upper case.
    pub method: &'a str,
    /// `https`; signed in lower case.
    pub scheme: &'a str,
    /// Host, with its port if the URL names one; signed in lower case.
    pub host: &'a str,
    /// Path and query, signed byte for byte: `%3B` and `;` give different signatures.
    pub target: &'a str,
    /// Names and values. Those that the credentials name in `headers_to_sign` are signed; of several with
    /// one name, the first.
    pub headers: &'a [(&'a str, &'a str)],
    /// Signed for POST only, and no more of it than the credentials' `max_body`.
    pub body: &'a [u8],
}

/// Every stage of a signature, for use (`authorization`) and for explaining.
#[derive(Clone, Debug)]
pub struct Signature {
    /// `name:value` of each signed header, separated by tabs.
    pub canonical_headers: String,
    /// Base64 of the body's SHA-256; empty if the body is not signed.
    pub content_hash: String,
    /// The text under the signature.
    pub data_to_sign: String,
    /// The key of this one second.
    pub signing_key: SigningKey,
    /// Base64 of the HMAC of `data_to_sign`.
    pub signature: String,
    /// Value of the `Authorization` header.
    pub authorization: String,
}

/// The key of one signing time. Whoever has it can sign other requests for that second, so it is not
/// printed.
#[derive(Clone)]
pub struct SigningKey(String);

impl SigningKey {
    /// The key itself, for somebody who compares stages with another implementation.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Signs one attempt at a request. Every attempt needs a new nonce and the time of now.
pub fn sign(
    request: &Request<'_>,
    credentials: &Credentials,
    time: &SigningTime,
    nonce: &Nonce,
) -> Signature {
    let method = request.method.to_ascii_uppercase();
    let unsigned = format!(
        "EG1-HMAC-SHA256 client_token={};access_token={};timestamp={time};nonce={nonce};",
        credentials.client_token(),
        credentials.access_token(),
    );
    let canonical_headers = canonical_headers(request.headers, credentials.headers_to_sign());
    let content_hash = content_hash(&method, request.body, credentials.max_body());
    let data_to_sign = [
        method.as_str(),
        &request.scheme.to_ascii_lowercase(),
        &request.host.to_ascii_lowercase(),
        request.target,
        &canonical_headers,
        &content_hash,
        &unsigned,
    ]
    .join("\t");
    let signing_key = signing_key(credentials.client_secret().expose(), time.as_str());
    let signature = base64_hmac(signing_key.reveal(), &data_to_sign);
    Signature {
        authorization: format!("{unsigned}signature={signature}"),
        canonical_headers,
        content_hash,
        data_to_sign,
        signing_key,
        signature,
    }
}

/// The secret is used as the text that it is, although it looks like base64.
fn signing_key(client_secret: &str, time: &str) -> SigningKey {
    SigningKey(base64_hmac(client_secret, time))
}

/// Akamai's clients disagree about the order: as configured (Python, Node, Ruby) or sorted (Go, Java, PHP).
/// The order here is the configured one, which is both for a sorted list.
fn canonical_headers(headers: &[(&str, &str)], headers_to_sign: &[String]) -> String {
    let signed = headers_to_sign.iter().filter_map(|wanted| {
        let (_, value) = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        let words: Vec<_> = value.split_ascii_whitespace().collect();
        Some(format!(
            "{}:{}",
            wanted.to_ascii_lowercase(),
            words.join(" ")
        ))
    });
    signed.collect::<Vec<_>>().join("\t")
}

fn content_hash(method: &str, body: &[u8], max_body: usize) -> String {
    if method != "POST" || body.is_empty() {
        return String::new();
    }
    let signed = body.get(..max_body).unwrap_or(body);
    STANDARD.encode(Sha256::digest(signed))
}

fn base64_hmac(key: &str, message: &str) -> String {
    // RFC 2104 section 2: a key longer than a block is replaced by its hash, a shorter one is padded with
    // zeros. Done here because a key that already is a block cannot be refused.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    let hash;
    let key = if key.len() > block.len() {
        hash = Sha256::digest(key);
        hash.as_slice()
    } else {
        key.as_bytes()
    };
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block);
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::{base64_hmac, canonical_headers, content_hash, signing_key};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn the_stages_agree_with_the_unit_values_of_akamais_node_client() {
        assert_eq!(
            content_hash("POST", b"foo", 131_072),
            "LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564="
        );
        assert_eq!(
            signing_key("secret", "timestamp").reveal(),
            "ydMIxJIPPypuUya3KZGJ0qCRwkYcKrFn68Nyvpkf1WY="
        );
        let headers = [("Foo", "bar"), ("Baz", "  baz\t zoo   ")];
        let names = ["Foo", "Baz"].map(str::to_owned);
        assert_eq!(canonical_headers(&headers, &names), "foo:bar\tbaz:baz zoo");
    }

    #[test]
    fn hmac_agrees_with_rfc_4231_for_keys_shorter_and_longer_than_a_block() {
        let hex = |text: &str| -> Vec<u8> {
            let digits: Vec<_> = text
                .chars()
                .map(|c| c.to_digit(16).unwrap() as u8)
                .collect();
            digits
                .chunks(2)
                .map(|pair| pair[0] << 4 | pair[1])
                .collect()
        };
        // RFC 4231 test case 2; the others, whose keys are text as secrets are, from Python's hmac module.
        for (key, message, expected) in [
            (
                "Jefe".to_owned(),
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                "k".repeat(64),
                "block",
                "1b7ee2f78bbad5f9d29e0b4e5f639ae046d13e1763f1ebc7a439089c128f294a",
            ),
            (
                "k".repeat(131),
                "longer than a block",
                "efef64cd4cb084b87adcca8ac75922f47fa480615003556fa435513f3593a9f8",
            ),
        ] {
            assert_eq!(
                base64_hmac(&key, message),
                STANDARD.encode(hex(expected)),
                "{key}"
            );
        }
    }

    #[test]
    fn signed_headers_come_in_configured_order_and_absent_ones_are_left_out() {
        let headers = [
            ("x-b", "1"),
            ("X-A", " Two\t  Words "),
            ("x-a", "ignored"),
            ("X-Empty", ""),
        ];
        let names = ["X-Missing", "x-A", "X-B", "x-empty"].map(str::to_owned);
        assert_eq!(
            canonical_headers(&headers, &names),
            "x-a:Two Words\tx-b:1\tx-empty:"
        );
        assert_eq!(canonical_headers(&headers, &[]), "");
    }

    #[test]
    fn only_the_first_max_body_bytes_of_a_post_are_hashed() {
        let whole = content_hash("POST", b"abc", 3);
        assert_eq!(content_hash("POST", b"abcd", 3), whole);
        assert_eq!(content_hash("POST", b"abc", usize::MAX), whole);
        assert_ne!(content_hash("POST", b"ab", 3), whole);
        for (method, body) in [("POST", &b""[..]), ("PUT", b"abc"), ("GET", b"abc")] {
            assert_eq!(content_hash(method, body, 3), "", "{method}");
        }
    }
}
