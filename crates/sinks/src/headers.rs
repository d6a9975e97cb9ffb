//! Headers of the user's choosing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use edgesiem_model::{Check, Header, HeaderValue};

use crate::check::{SinkCheck as _, quoted};
use crate::config::PlainOrSecret;

/// Headers that change what a request is, where it goes or where it ends, or that are ours to set.
const OURS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// Parts of names of headers that carry a credential.
const CREDENTIAL_PARTS: &[&str] = &[
    "auth",
    "cookie",
    "credential",
    "key",
    "pass",
    "secret",
    "session",
    "signature",
    "token",
];

/// The headers of the table `headers`, checked.
pub(crate) fn headers(
    check: &mut Check<'_>,
    table: &BTreeMap<String, PlainOrSecret>,
) -> Vec<Header> {
    table
        .iter()
        .filter_map(|(name, value)| header(check, name, value))
        .collect()
}

fn header(check: &mut Check<'_>, name: &str, value: &PlainOrSecret) -> Option<Header> {
    // RFC 9110 section 5.6.2 allows more characters; no header in use has them.
    let is_name = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_name {
        check.problem(
            "headers",
            &format!("{} cannot name a header", quoted(name)),
            "use 1 to 64 letters, digits, hyphens and underscores",
        );
        return None;
    }
    let name = name.to_ascii_lowercase();
    let key = format!("headers.{name}");
    if OURS.contains(&name.as_str()) || name.starts_with("proxy-") || name.starts_with("sec-") {
        check.problem(
            &key,
            "this header is part of what makes the request, and cannot be set",
            "remove it",
        );
        return None;
    }
    let value = match value {
        PlainOrSecret::Plain(_) if CREDENTIAL_PARTS.iter().any(|part| name.contains(part)) => {
            check.problem(
                &key,
                "this header carries a credential, which cannot stand in the configuration",
                "store it as a secret and write { secret = \"NAME\" }",
            );
            return None;
        }
        PlainOrSecret::Plain(text) => HeaderValue::Plain(check.header_text(&key, text)?),
        PlainOrSecret::Secret(reference) => {
            HeaderValue::Secret(check.header_secret(&key, reference)?)
        }
    };
    Some((Cow::Owned(name), value))
}
