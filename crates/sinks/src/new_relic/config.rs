//! What a user writes about New Relic, checked once.

use std::collections::BTreeMap;

use edgesiem_model::{Check, Embedding, Endpoint, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, NewRelic, encode};
use crate::check::SinkCheck as _;
use crate::text::{check_names, check_text};
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "new-relic"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The license key (INGEST - LICENSE).
    pub license_key: SecretRef,
    /// Where the account's data is; `us` if neither it nor `url` is set.
    #[serde(default)]
    pub region: Option<Region>,
    /// Another address than a region's, such as a proxy, with its path unless that is `/log/v1`.
    #[serde(default)]
    pub url: Option<String>,
    /// Attribute `logtype`, by which New Relic finds parsing rules.
    #[serde(default)]
    pub logtype: Option<String>,
    /// More attributes, the same for every log. `edgesiem_id` and `edgesiem_replay` are ours.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// Where the data of a New Relic account is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// United States.
    Us,
    /// European Union.
    Eu,
}

impl Region {
    const fn url(self) -> &'static str {
        match self {
            Self::Us => "https://log-api.newrelic.com/log/v1",
            Self::Eu => "https://log-api.eu.newrelic.com/log/v1",
        }
    }
}

/// Most bytes of a request (New Relic docs, "Limits and restricted characters").
pub(super) const REQUEST_BYTES: usize = 1_000_000;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_bytes: REQUEST_BYTES,
        max_event_bytes: REQUEST_BYTES,
        embedding: Embedding::JsonString,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let address = self.address(check);
        let license_key = check.header_secret("license_key", &self.license_key);
        check_text(check, "logtype", self.logtype.as_ref());
        let ours = [
            "edgesiem_id",
            "edgesiem_replay",
            "logtype",
            "message",
            "timestamp",
        ];
        check_names(check, "attributes", self.attributes.keys(), &ours);
        for (name, value) in &self.attributes {
            check_text(check, &format!("attributes.{name}"), Some(value));
        }
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, target) = address?;
        let common_attributes = encode::common(self);
        Some(Box::new(NewRelic {
            name: name.to_owned(),
            limits: encode::with_envelope(limits, &common_attributes),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target,
            license_key: license_key?,
            common: common_attributes,
        }))
    }
}

impl Config {
    fn address(&self, check: &mut Check<'_>) -> Option<(Endpoint, String)> {
        let Some(url) = &self.url else {
            return check.address("region", self.region.unwrap_or(Region::Us).url());
        };
        if self.region.is_some() {
            check.problem(
                "region",
                "region and url contradict each other",
                "remove one of them",
            );
        }
        let (endpoint, target) = check.url(url)?;
        let target = match target.as_str() {
            "/" => "/log/v1".to_owned(),
            _ => target,
        };
        Some((endpoint, target))
    }
}
