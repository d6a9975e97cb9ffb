//! What a user writes about a bulk source, checked once.

use std::collections::BTreeMap;

use edgesiem_model::{Check, Embedding, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, Cribl, encode};
use crate::check::SinkCheck as _;
use crate::text::{check_names, check_text};
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "cribl"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The source, such as `https://default.main.acme.cribl.cloud:10080`. `/cribl/_bulk` is added unless there is a path
    /// that ends in `/_bulk`.
    pub url: String,
    /// The auth token; a source without one takes events from anybody.
    #[serde(default)]
    pub token: Option<SecretRef>,
    /// Fields of every event, such as `sourcetype`. `_raw`, `_time`, `edgesiem_id` and `edgesiem_replay` are ours.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        embedding: Embedding::JsonString,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = check.url(&self.url);
        let token = self
            .token
            .as_ref()
            .map(|reference| check.header_secret("token", reference));
        let ours = ["_raw", "_time", "edgesiem_id", "edgesiem_replay"];
        check_names(check, "fields", self.fields.keys(), &ours);
        for (name, value) in &self.fields {
            check_text(check, &format!("fields.{name}"), Some(value));
        }
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, target) = url?;
        let target = bulk_path(&target).or_else(|| {
            check.problem(
                "url",
                "this is not the address of a bulk source",
                "write the source's base address, such as https://default.main.acme.cribl.cloud:10080, or its address up to /_bulk",
            );
            None
        })?;
        let middle = encode::middle(&self.fields);
        Some(Box::new(Cribl {
            name: name.to_owned(),
            limits: encode::with_envelope(limits, &middle),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target,
            token: match token {
                Some(token) => Some(token?),
                None => None,
            },
            middle,
        }))
    }
}

/// The bulk endpoint for the path that a user wrote. The base path is a setting of the source, `/cribl` by default; the
/// other one that ends alike is that of the source's Elasticsearch API, which wants other bodies.
fn bulk_path(target: &str) -> Option<String> {
    match target.trim_end_matches('/') {
        "" => Some("/cribl/_bulk".to_owned()),
        "/elastic/_bulk" => None,
        path if path.ends_with("/_bulk") => Some(path.to_owned()),
        "/cribl" => Some("/cribl/_bulk".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::bulk_path;

    #[test]
    fn the_bulk_endpoint_is_found_from_what_users_write() {
        for (target, expected) in [
            ("/", Some("/cribl/_bulk")),
            ("/cribl", Some("/cribl/_bulk")),
            ("/cribl/_bulk/", Some("/cribl/_bulk")),
            ("/proxy/waf/_bulk", Some("/proxy/waf/_bulk")),
            ("/elastic/_bulk", None),
            ("/services/collector", None),
            ("/?x", None),
        ] {
            assert_eq!(bulk_path(target).as_deref(), expected, "{target}");
        }
    }
}
