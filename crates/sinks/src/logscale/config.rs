//! What a user writes about LogScale, checked once.

use std::collections::BTreeMap;

use edgesiem_model::{Check, Embedding, Secret, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, LogScale, encode};
use crate::check::SinkCheck as _;
use crate::text::{check_names, check_text};
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "logscale"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The cluster, such as `https://cloud.us.humio.com`, or the whole address of a connector, which ends in
    /// `/services/collector`. `/api/v1/ingest/hec` is added unless one of the two is there.
    pub url: String,
    /// The ingest token, or the connector's API key.
    pub token: SecretRef,
    /// Parser (`#type`), such as `json` or `PACKAGESCOPE/PACKAGENAME:PARSERNAME`; the token's if it is not set.
    #[serde(default)]
    pub sourcetype: Option<String>,
    /// Field `@source`.
    #[serde(default)]
    pub source: Option<String>,
    /// Field `@host`.
    #[serde(default)]
    pub host: Option<String>,
    /// Repository; the token's if it is not set, and only clusters of one's own allow another.
    #[serde(default)]
    pub index: Option<String>,
    /// More fields, the same for every event; a name that begins with `#` is a tag. `edgesiem_id` and
    /// `edgesiem_replay` are ours.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

pub(super) const HEC_PATH: &str = "/api/v1/ingest/hec";
const COLLECTOR_PATH: &str = "/services/collector";

/// LogScale's bound of 1 MB counts `@rawstring` and the fields that a parser makes of it together, so that an event with
/// half of it is sure to stay whole (LogScale docs, "Limits and Standards", max event size).
const EVENT_BYTES: usize = 500_000;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        max_event_bytes: EVENT_BYTES,
        embedding: Embedding::JsonValue,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = check.url(&self.url);
        let token = check.header_secret("token", &self.token);
        for (key, value) in [
            ("sourcetype", &self.sourcetype),
            ("source", &self.source),
            ("host", &self.host),
            ("index", &self.index),
        ] {
            check_text(check, key, value.as_ref());
        }
        let plain: Vec<String> = self
            .fields
            .keys()
            .map(|name| name.strip_prefix('#').unwrap_or(name).to_owned())
            .collect();
        check_names(
            check,
            "fields",
            plain.iter(),
            &[encode::ID_FIELD, encode::REPLAY_FIELD],
        );
        for (name, value) in &self.fields {
            check_text(check, &format!("fields.{name}"), Some(value));
        }
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, target) = url?;
        let target = ingest_path(&target).or_else(|| {
            check.problem(
                "url",
                "this is not the address of a HEC endpoint",
                "write the cluster's base address without a query, such as https://cloud.us.humio.com",
            );
            None
        })?;
        let token = token?;
        let (before, end) = encode::envelope(self);
        Some(Box::new(LogScale {
            name: name.to_owned(),
            limits: encode::with_envelope(limits, &before, &end),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target,
            authorization: Secret::new(format!("Bearer {}", token.expose())),
            token,
            before,
            end,
        }))
    }
}

/// The ingest endpoint for the path that a user wrote: the cluster's root, a prefix of a proxy, or an endpoint itself.
fn ingest_path(target: &str) -> Option<String> {
    if target.contains('?') {
        return None;
    }
    let base = target.trim_end_matches('/');
    if base.ends_with(HEC_PATH) || base.ends_with(COLLECTOR_PATH) {
        return Some(base.to_owned());
    }
    // Other endpoints of these two want other bodies.
    let other = [HEC_PATH, COLLECTOR_PATH]
        .iter()
        .any(|path| base.contains(path));
    (!other).then(|| format!("{base}{HEC_PATH}"))
}

#[cfg(test)]
mod tests {
    use super::ingest_path;

    #[test]
    fn the_ingest_endpoint_is_found_from_what_users_write() {
        for (target, expected) in [
            ("/", Some("/api/v1/ingest/hec")),
            ("/api/v1/ingest/hec/", Some("/api/v1/ingest/hec")),
            ("/humio", Some("/humio/api/v1/ingest/hec")),
            (
                "/api/ingest/hec/0a1b/v1/services/collector",
                Some("/api/ingest/hec/0a1b/v1/services/collector"),
            ),
            ("/services/collector/raw", None),
            ("/api/v1/ingest/hec/raw", None),
            ("/?x", None),
        ] {
            assert_eq!(ingest_path(target).as_deref(), expected, "{target}");
        }
    }
}
