//! What a user writes about a webhook, checked once.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use edgesiem_model::{Check, Error, HeaderValue, InsecureLoopback, Secret, SecretRef, Sink};
use serde::Deserialize;

use super::encode::{self, SigningKey};
use super::{Webhook, hidden_parts};
use crate::check::{SinkCheck, Size, quoted};

/// `kind = "webhook"`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to POST. Its path may be a credential in itself; it is never put into an error.
    pub url: String,
    /// `whsec_` and the base64 of 24 to 64 bytes, as the specification has it.
    #[serde(default)]
    pub signing_secret: Option<SecretRef>,
    /// The secret before it. While it is set, every message carries a signature of each, so that the
    /// receiver can change over at any time.
    #[serde(default)]
    pub previous_signing_secret: Option<SecretRef>,
    /// Send without signatures. It must be said, so that a forgotten secret is not taken for a decision.
    #[serde(default)]
    pub unsigned: bool,
    /// More headers. [`Config::PLAIN_HEADERS`] and [`Config::CREDENTIAL_HEADERS`] list the names.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderSource>,
    /// Most events in one message; 1000 if it is not set.
    #[serde(default)]
    pub max_batch_events: Option<usize>,
    /// Most bytes of one message; 900,000 if it is not set, which every known receiver of logs takes.
    #[serde(default)]
    pub max_batch_bytes: Option<usize>,
    /// Most seconds that one POST may take; 30 if it is not set.
    #[serde(default)]
    pub timeout_s: Option<u64>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("url", &format_args!("***"))
            .field("signing_secret", &self.signing_secret)
            .field("previous_signing_secret", &self.previous_signing_secret)
            .field("unsigned", &self.unsigned)
            .field("headers", &self.headers)
            .field("max_batch_events", &self.max_batch_events)
            .field("max_batch_bytes", &self.max_batch_bytes)
            .field("timeout_s", &self.timeout_s)
            .finish()
    }
}

/// Value of a configured header.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a header's value is a string or { secret = \"NAME\" }"
)]
pub enum HeaderSource {
    /// As it stands.
    Plain(String),
    /// Kept by the host.
    Secret(SecretRef),
}

/// White space is trimmed from secrets already; whether padding was copied along does not matter.
const LENIENT_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Config {
    /// Headers that can be configured with their value. A request's header names are fixed at compile
    /// time, so that no configuration can smuggle in one that changes what a request is.
    pub const PLAIN_HEADERS: &'static [&'static str] = &[
        "cf-access-client-id",
        "x-environment",
        "x-scope-orgid",
        "x-source",
        "x-sumo-category",
        "x-sumo-host",
        "x-sumo-name",
        "x-tenant-id",
    ];

    /// Headers that carry a credential and can only be configured with the name of a secret.
    pub const CREDENTIAL_HEADERS: &'static [&'static str] = &[
        "api-key",
        "authorization",
        "cf-access-client-secret",
        "x-access-token",
        "x-api-key",
        "x-api-token",
        "x-auth-token",
        "x-secret",
        "x-webhook-token",
    ];

    /// Checks all of it.
    ///
    /// # Errors
    /// Every problem, each with the path of its key within the sink's table.
    pub fn resolve(
        self,
        name: &str,
        secrets: &dyn Fn(&str) -> Option<Secret>,
        insecure: InsecureLoopback,
    ) -> Result<Box<dyn Sink>, Vec<Error>> {
        let mut check = Check::new(secrets);
        let webhook = self.checked(name, insecure, &mut check);
        check
            .finish(webhook)
            .map(|webhook| Box::new(webhook) as Box<dyn Sink>)
    }

    pub(super) fn checked(
        &self,
        name: &str,
        insecure: InsecureLoopback,
        check: &mut Check<'_>,
    ) -> Option<Webhook> {
        let url = check.url(&self.url, insecure);
        let keys = self.keys(check);
        let headers = self.headers(check);
        let timeout_ms = check.timeout_ms(self.timeout_s);
        let size = check.size(&Size {
            max_events: self.max_batch_events,
            max_bytes: self.max_batch_bytes,
            default_events: 1000,
            default_bytes: 900_000,
            ceiling_bytes: 100_000_000,
        });
        let (endpoint, target) = url?;
        Some(Webhook {
            name: name.to_owned(),
            endpoint,
            hidden: hidden_parts(&target),
            target: Secret::new(target),
            keys,
            headers,
            limits: encode::with_envelope(size),
            timeout_ms,
        })
    }

    fn keys(&self, check: &mut Check<'_>) -> Vec<SigningKey> {
        match (&self.signing_secret, &self.previous_signing_secret) {
            (None, Some(_)) => check.problem(
                "previous_signing_secret",
                "a previous secret without a current one signs nothing",
                "set signing_secret",
            ),
            (None, None) if !self.unsigned => check.problem(
                "signing_secret",
                "the webhook has no signing secret",
                "set signing_secret = { secret = \"NAME\" }, or unsigned = true if the receiver does not check signatures",
            ),
            (Some(_), _) if self.unsigned => check.problem(
                "unsigned",
                "unsigned = true contradicts signing_secret",
                "remove one of them",
            ),
            _ => {}
        }
        [
            ("signing_secret", &self.signing_secret),
            ("previous_signing_secret", &self.previous_signing_secret),
        ]
        .into_iter()
        .filter_map(|(key, reference)| signing_key(check, key, reference.as_ref()?))
        .collect()
    }

    fn headers(&self, check: &mut Check<'_>) -> Vec<(&'static str, HeaderValue)> {
        self.headers
            .iter()
            .filter_map(|(name, source)| header(check, name, source))
            .collect()
    }
}

fn signing_key(check: &mut Check<'_>, key: &str, reference: &SecretRef) -> Option<SigningKey> {
    let secret = check.secret(key, reference)?;
    let signing_key = secret
        .expose()
        .strip_prefix("whsec_")
        .and_then(|encoded| LENIENT_PADDING.decode(encoded).ok())
        .and_then(|bytes| SigningKey::new(&bytes));
    if signing_key.is_none() {
        check.problem(
            key,
            "the secret does not have the form whsec_ and the base64 of 24 to 64 bytes",
            "store a secret of that form; `echo whsec_$(openssl rand -base64 32)` makes a new one",
        );
    }
    signing_key
}

fn header(
    check: &mut Check<'_>,
    name: &str,
    source: &HeaderSource,
) -> Option<(&'static str, HeaderValue)> {
    let listed = |list: &'static [&'static str]| list.iter().copied().find(|known| *known == name);
    let (plain, credential) = (
        listed(Config::PLAIN_HEADERS),
        listed(Config::CREDENTIAL_HEADERS),
    );
    let Some(known) = plain.or(credential) else {
        let lists = [Config::PLAIN_HEADERS, Config::CREDENTIAL_HEADERS].concat();
        check.problem(
            "headers",
            &format!("the header {} cannot be set", quoted(name)),
            &format!("use one of: {}", lists.join(", ")),
        );
        return None;
    };
    let key = format!("headers.{known}");
    let value = match source {
        HeaderSource::Plain(_) if credential.is_some() => {
            check.problem(
                &key,
                "this header carries a credential, which cannot stand in the configuration",
                "store it as a secret and write { secret = \"NAME\" }",
            );
            return None;
        }
        HeaderSource::Plain(text) => HeaderValue::Plain(check.header_text(&key, text)?),
        HeaderSource::Secret(reference) => {
            HeaderValue::Secret(check.header_secret(&key, reference)?)
        }
    };
    Some((known, value))
}
