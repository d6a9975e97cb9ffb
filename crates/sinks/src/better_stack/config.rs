//! What a user writes about a source, checked once.

use edgesiem_model::{Check, Embedding, Secret, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, BetterStack};
use crate::check::SinkCheck as _;
use crate::members::Members;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size, target};

/// `kind = "better-stack"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The source's ingesting host, such as `https://s1234567.eu-nbg-2.betterstackdata.com`.
    pub url: String,
    /// The source token.
    pub token: SecretRef,
}

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_bytes: 10_000_000,
        embedding: Embedding::JsonValue,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = target::base(check, "url", &self.url);
        let token = check.header_secret("token", &self.token);
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let members = Members::with_time(Some("dt"));
        let ((endpoint, base), token) = (url?, token?);
        Some(Box::new(BetterStack {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target: format!("{base}/"),
            authorization: Secret::new(format!("Bearer {}", token.expose())),
            token,
            limits: members.limits_of_lines(limits),
            members,
        }))
    }
}
