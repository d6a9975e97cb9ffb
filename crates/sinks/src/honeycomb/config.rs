//! What a user writes about a dataset, checked once.

use edgesiem_model::{BatchLimits, Check, Embedding, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, Honeycomb, encode};
use crate::check::SinkCheck as _;
use crate::members::Members;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size, target};

/// `kind = "honeycomb"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The instance: `https://api.honeycomb.io` if it is not set, `https://api.eu1.honeycomb.io` for the EU's.
    #[serde(default)]
    pub url: Option<String>,
    /// The dataset; it is made when the first event comes, if the key allows that.
    pub dataset: String,
    /// The key: an ingest key, or a configuration key with permission to send events.
    pub api_key: SecretRef,
}

const DEFAULT_URL: &str = "https://api.honeycomb.io";
/// Bytes of an answer that are read for each event: most statuses have 15, one with an error about 80.
const ANSWER_BYTES_PER_EVENT: usize = 256;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_events: 10_000,
        ceiling_bytes: 5_000_000,
        max_event_bytes: 1_000_000,
        embedding: Embedding::JsonValue,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = target::base(check, "url", self.url.as_deref().unwrap_or(DEFAULT_URL));
        let api_key = check.header_secret("api_key", &self.api_key);
        let is_dataset = (1..=255).contains(&self.dataset.len())
            && !self.dataset.contains('/')
            && !self.dataset.chars().any(char::is_control)
            && !matches!(self.dataset.as_str(), "." | "..");
        if !is_dataset {
            check.problem(
                "dataset",
                "this cannot name a dataset",
                "write its name or slug: 1 to 255 bytes, without slashes and control characters",
            );
        }
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, base) = url?;
        let members = Members::with_time(None);
        let answer = limits.max_events.saturating_mul(ANSWER_BYTES_PER_EVENT);
        Some(Box::new(Honeycomb {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target: format!("{base}/1/batch/{}", target::encoded(&self.dataset)),
            health: format!("{base}/1/auth"),
            api_key: api_key?,
            limits: encode::with_envelope(
                BatchLimits {
                    max_answer_bytes: limits.max_answer_bytes.saturating_add(answer),
                    ..limits
                },
                &members,
            ),
            members,
        }))
    }
}
