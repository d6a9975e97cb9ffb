//! What a user writes about a dataset, checked once.

use edgesiem_model::{BatchLimits, Check, Embedding, Secret, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, Axiom};
use crate::check::SinkCheck as _;
use crate::members::Members;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size, target};

/// `kind = "axiom"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The API: `https://api.axiom.co` if it is not set. For an edge deployment its own address, such as
    /// `https://eu-central-1.aws.edge.axiom.co`.
    #[serde(default)]
    pub url: Option<String>,
    /// The dataset; it must exist.
    pub dataset: String,
    /// An API token that may ingest into the dataset, or a personal access token together with `org_id`.
    pub token: SecretRef,
    /// The organization, which only personal access tokens need.
    #[serde(default)]
    pub org_id: Option<String>,
}

const DEFAULT_URL: &str = "https://api.axiom.co";
/// Edge deployments have another path for the same thing.
const EDGE_SUFFIX: &str = ".edge.axiom.co";
/// Bytes of an answer that are read for each event, enough for a failure of each.
const ANSWER_BYTES_PER_EVENT: usize = 256;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_events: 10_000,
        ceiling_bytes: 10_000_000,
        max_event_bytes: 1_000_000,
        embedding: Embedding::JsonValue,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = target::base(check, "url", self.url.as_deref().unwrap_or(DEFAULT_URL));
        let token = check.header_secret("token", &self.token);
        // Axiom's own rule for names of datasets.
        let is_dataset = (1..=128).contains(&self.dataset.len())
            && self
                .dataset
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
            && !self.dataset.starts_with('.');
        if !is_dataset {
            check.problem(
                "dataset",
                "this cannot name a dataset",
                "use 1 to 128 letters, digits, hyphens, underscores and dots",
            );
        }
        let org_id = self
            .org_id
            .as_ref()
            .and_then(|org_id| check.header_text("org_id", org_id));
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, base) = url?;
        let is_edge = endpoint.host().ends_with(EDGE_SUFFIX);
        if is_edge && self.org_id.is_some() {
            check.problem(
                "org_id",
                "edge deployments take no personal access tokens",
                "use an API token, and remove org_id",
            );
        }
        let dataset = target::encoded(&self.dataset);
        let target = if is_edge {
            format!("{base}/v1/ingest/{dataset}")
        } else {
            format!("{base}/v1/datasets/{dataset}/ingest")
        };
        let members = Members::with_time(Some("_time"));
        let answer = limits.max_events.saturating_mul(ANSWER_BYTES_PER_EVENT);
        let token = token?;
        Some(Box::new(Axiom {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target,
            authorization: Secret::new(format!("Bearer {}", token.expose())),
            token,
            org_id,
            limits: members.limits_of_lines(BatchLimits {
                max_answer_bytes: limits.max_answer_bytes.saturating_add(answer),
                ..limits
            }),
            members,
        }))
    }
}
