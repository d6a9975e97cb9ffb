//! What a user writes about a webhook, checked once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use edgesiem_model::{Check, Embedding, Secret, SecretRef, Sink};
use serde::Deserialize;

use super::encode::{self, SigningKey};
use super::{ABOUT, Webhook};
use crate::check::{SinkCheck as _, hidden_parts};
use crate::config::PlainOrSecret;
use crate::headers::headers;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "webhook"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to POST, or the secret that has it. Its path may be a credential in itself; it is never put into an error.
    pub url: PlainOrSecret,
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
    /// More headers, each a text or the name of a secret. Those that carry a credential, by their name, can only be
    /// secrets, and those that change what a request is cannot be set.
    #[serde(default)]
    pub headers: BTreeMap<String, PlainOrSecret>,
}

/// White space is trimmed from secrets already; whether padding was copied along does not matter.
const LENIENT_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        embedding: Embedding::JsonValue,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = check.confidential_url("url", &self.url);
        let keys = self.keys(check);
        let headers = headers(check, &self.headers);
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, target) = url?;
        Some(Box::new(Webhook {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            hidden: hidden_parts(&target),
            target: Secret::new(target),
            keys,
            headers,
            limits: encode::with_envelope(limits),
        }))
    }
}

impl Config {
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
