//! What a user writes about an HTTP source, checked once.

use std::collections::BTreeMap;

use edgesiem_model::{Check, Secret, Sink};
use serde::Deserialize;

use super::{ABOUT, SumoLogic, encode};
use crate::check::{SinkCheck as _, hidden_parts};
use crate::config::PlainOrSecret;
use crate::lines::Lines;
use crate::text::check_names;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "sumo-logic"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The source's address, which is its credential, or the secret that has it.
    pub url: PlainOrSecret,
    /// Source category (`X-Sumo-Category`); the source's own if it is not set.
    #[serde(default)]
    pub category: Option<String>,
    /// Source host (`X-Sumo-Host`); the source's own if it is not set.
    #[serde(default)]
    pub host: Option<String>,
    /// Source name (`X-Sumo-Name`); the source's own if it is not set.
    #[serde(default)]
    pub source: Option<String>,
    /// Fields of every message (`X-Sumo-Fields`). `edgesiem_replay` is ours.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Send JSON documents as they are, without `edgesiem_id`.
    #[serde(default)]
    pub verbatim: bool,
    /// Send messages of more than 65,536 bytes, which Sumo Logic slices.
    #[serde(default)]
    pub allow_slicing: bool,
}

/// Where Sumo Logic slices a message (Sumo Logic docs, "Search Large Messages").
const MESSAGE_BYTES: usize = 65_536;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_bytes: 1_000_000,
        max_event_bytes: MESSAGE_BYTES,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = check.confidential_url("url", &self.url);
        for (key, value) in [
            ("category", &self.category),
            ("host", &self.host),
            ("source", &self.source),
        ] {
            if let Some(value) = value {
                check.header_text(key, value);
            }
        }
        self.check_fields(check);
        let timeout_ms = common.timeout_ms(check);
        let lines = if self.verbatim {
            Lines::VERBATIM
        } else {
            Lines::with_ids()
        };
        let mut limits = lines.with_envelope(common.limits(&Self::SIZE, check));
        if self.allow_slicing {
            limits.max_event_bytes = usize::MAX;
        }
        let (endpoint, target) = url?;
        Some(Box::new(SumoLogic {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            hidden: hidden_parts(&target),
            target: Secret::new(target),
            category: self.category.clone(),
            host: self.host.clone(),
            source: self.source.clone(),
            fields: encode::fields(&self.fields),
            lines,
            limits,
        }))
    }
}

impl Config {
    fn check_fields(&self, check: &mut Check<'_>) {
        check_names(check, "fields", self.fields.keys(), &[encode::REPLAY_FIELD]);
        for (name, value) in &self.fields {
            let key = format!("fields.{name}");
            // A comma would end the value, an equals sign begin another.
            if value.contains([',', '=']) || value.len() > 200 {
                check.problem(
                    &key,
                    "a field's value has at most 200 bytes, none of them a comma or an equals sign",
                    "change the value",
                );
            } else {
                check.header_text(&key, value);
            }
        }
    }
}
