//! What a user writes about a bound bucket, checked once.

use edgesiem_model::{BatchLimits, Check, Endpoint, Scheme, Sink};
use serde::Deserialize;

use super::{ABOUT, R2};
use crate::ndjson::LINE_FEED_BYTES;
use crate::object::Prefix;
use crate::s3;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "r2"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The binding's name, as `[[r2_buckets]]` in wrangler.toml has it.
    pub binding: String,
    /// The beginning of every key, in which `%Y`, `%m`, `%d` and `%H` are the UTC time of the batch's first event;
    /// `edgesiem/%Y/%m/%d/` if it is not set.
    #[serde(default)]
    pub prefix: Option<String>,
}

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = s3::SIZE;

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        if !check.has_place(Scheme::R2) {
            check.problem(
                "kind",
                "only the Worker has buckets that are bound to it",
                "run the stream as a Worker, or use kind = \"s3\" with endpoint = \"https://ACCOUNT.r2.cloudflarestorage.com\"",
            );
        }
        if !is_binding(&self.binding) {
            check.problem(
                "binding",
                "this cannot name a binding",
                "use 1 to 64 letters, digits and underscores, not beginning with a digit",
            );
        }
        let prefix = Prefix::checked(self.prefix.as_ref(), check);
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        Some(Box::new(R2 {
            name: name.to_owned(),
            wire: Wire {
                endpoint: Endpoint::local(Scheme::R2, &self.binding),
                timeout_ms,
                gzip: common.gzip,
            },
            prefix: prefix?,
            limits: BatchLimits {
                bytes_per_event: LINE_FEED_BYTES,
                ..limits
            },
        }))
    }
}

fn is_binding(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
