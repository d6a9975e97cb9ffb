//! What a user writes about an HTTP source of Panther, checked once.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use edgesiem_model::{Check, Secret, SecretRef, Sink};
use serde::Deserialize;

use super::encode::{Auth, BodyMac};
use super::{ABOUT, Panther};
use crate::check::{SinkCheck as _, hidden_parts};
use crate::config::PlainOrSecret;
use crate::lines::Lines;
use crate::text::header_name;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "panther"`. Exactly one of `shared_secret`, `hmac`, `bearer` and `basic` must be set, as the source has it.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The source, such as `https://logs.acme.runpanther.net/http/0a1b…`, or the secret that has it.
    pub url: PlainOrSecret,
    /// A secret in a header of its own.
    #[serde(default)]
    pub shared_secret: Option<SharedSecret>,
    /// A keyed hash of the body in a header.
    #[serde(default)]
    pub hmac: Option<Hmac>,
    /// A token in the header `authorization`.
    #[serde(default)]
    pub bearer: Option<SecretRef>,
    /// User and password in the header `authorization`.
    #[serde(default)]
    pub basic: Option<Basic>,
    /// Send JSON documents as they are, without `edgesiem_id`.
    #[serde(default)]
    pub verbatim: bool,
}

/// Panther's "shared secret".
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SharedSecret {
    /// Name of the header.
    pub header: String,
    /// Its value.
    pub secret: SecretRef,
}

/// Panther's "HMAC", with SHA-256.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hmac {
    /// Name of the header.
    pub header: String,
    /// The key.
    pub key: SecretRef,
}

/// Panther's "basic".
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The user.
    pub username: String,
    /// The password.
    pub password: SecretRef,
}

/// 1 MB less what headers may take.
const EVENT_BYTES: usize = 980_000;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_bytes: EVENT_BYTES,
        max_event_bytes: EVENT_BYTES,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = check.confidential_url("url", &self.url);
        let auth = self.auth(check);
        if self.hmac.is_some() && common.gzip {
            check.problem(
                "gzip",
                "Panther does not say whether it checks the hash over the compressed body or over what was compressed",
                "remove gzip, or use another kind of authentication",
            );
        }
        let timeout_ms = common.timeout_ms(check);
        let lines = if self.verbatim {
            Lines::VERBATIM
        } else {
            Lines::with_ids()
        };
        let limits = lines.with_envelope(common.limits(&Self::SIZE, check));
        let (endpoint, target) = url?;
        Some(Box::new(Panther {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            hidden: hidden_parts(&target),
            target: Secret::new(target),
            auth: auth?,
            lines,
            limits,
        }))
    }
}

impl Config {
    fn auth(&self, check: &mut Check<'_>) -> Option<Auth> {
        match (&self.shared_secret, &self.hmac, &self.bearer, &self.basic) {
            (Some(shared), None, None, None) => {
                let name = header_name(check, "shared_secret.header", &shared.header);
                let secret = check.header_secret("shared_secret.secret", &shared.secret);
                Some(Auth::Header {
                    name: name?,
                    value: secret.clone()?,
                    hidden: vec![secret?],
                })
            }
            (None, Some(hmac), None, None) => {
                let name = header_name(check, "hmac.header", &hmac.header);
                let key = check.secret("hmac.key", &hmac.key);
                Some(Auth::Hash {
                    name: name?,
                    mac: BodyMac::new(key?.expose().as_bytes())?,
                })
            }
            (None, None, Some(bearer), None) => {
                let token = check.header_secret("bearer", bearer)?;
                Some(Auth::Header {
                    name: "authorization".to_owned(),
                    value: Secret::new(format!("Bearer {}", token.expose())),
                    hidden: vec![token],
                })
            }
            (None, None, None, Some(basic)) => {
                let password = check.secret("basic.password", &basic.password);
                // RFC 7617 section 2: a colon would end the name.
                if basic.username.is_empty()
                    || basic
                        .username
                        .contains(|letter: char| letter == ':' || letter.is_control())
                {
                    check.problem(
                        "basic.username",
                        "a user's name is not empty and has no colon and no control characters",
                        "correct it",
                    );
                }
                let password = password?;
                let pair = format!("{}:{}", basic.username, password.expose());
                let pair = BASE64_STANDARD.encode(pair);
                Some(Auth::Header {
                    name: "authorization".to_owned(),
                    value: Secret::new(format!("Basic {pair}")),
                    hidden: vec![Secret::new(pair), password],
                })
            }
            _ => {
                check.problem(
                    "shared_secret",
                    "exactly one of shared_secret, hmac, bearer and basic must be set",
                    "set the one that the source has in Panther",
                );
                None
            }
        }
    }
}
