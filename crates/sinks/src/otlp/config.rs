//! What a user writes about an OTLP receiver, checked once.

use std::collections::BTreeMap;

use edgesiem_model::{Check, Embedding, Sink};
use serde::Deserialize;

use super::{ABOUT, Otlp, encode};
use crate::check::SinkCheck as _;
use crate::config::PlainOrSecret;
use crate::headers::headers;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "otlp"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The receiver, such as `https://collector.example:4318`. `/v1/logs` is added unless the path ends with it or there is
    /// a query.
    pub url: String,
    /// How requests are written; `protobuf` if it is not set.
    #[serde(default)]
    pub encoding: Encoding,
    /// Attributes of the resource, all of them texts; `service.name` is `edgesiem` if it is not set.
    #[serde(default)]
    pub resource: BTreeMap<String, String>,
    /// Name of the instrumentation scope; `edgesiem` if it is not set.
    #[serde(default)]
    pub scope_name: Option<String>,
    /// Version of the instrumentation scope.
    #[serde(default)]
    pub scope_version: Option<String>,
    /// More headers, each a text or the name of a secret. Those that carry a credential, by their name, can only be
    /// secrets, and those that change what a request is cannot be set.
    #[serde(default)]
    pub headers: BTreeMap<String, PlainOrSecret>,
}

/// An encoding of OTLP/HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Protocol Buffers, which every receiver takes.
    #[default]
    Protobuf,
    /// JSON.
    Json,
}

/// Limit of a request, before compression, that the specification recommends to clients and servers.
const MAX_BYTES: usize = 20 * 1024 * 1024;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_bytes: MAX_BYTES,
        max_event_bytes: MAX_BYTES,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = check.url(&self.url);
        self.check_texts(check);
        let headers = headers(check, &self.headers);
        let timeout_ms = common.timeout_ms(check);
        let mut limits = common.limits(&Self::SIZE, check);
        if self.encoding == Encoding::Json {
            limits.embedding = Embedding::JsonString;
        }
        let (endpoint, target) = url?;
        let (start, end) = encode::envelope(self);
        Some(Box::new(Otlp {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target: logs_path(target),
            encoding: self.encoding,
            limits: encode::with_envelope(limits, &start, &end),
            start,
            end,
            headers,
        }))
    }
}

impl Config {
    fn check_texts(&self, check: &mut Check<'_>) {
        let is_text = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        if self.resource.len() > 50 {
            check.problem("resource", "these are more than 50 attributes", "use fewer");
        }
        for (name, value) in &self.resource {
            if !is_text(name, 128) || !is_text(value, 512) {
                check.problem(
                    &format!("resource.{name}"),
                    "an attribute is a name of 1 to 128 and a text of 1 to 512 bytes without control characters",
                    "change it, or leave it out",
                );
            }
        }
        for (key, value) in [
            ("scope_name", &self.scope_name),
            ("scope_version", &self.scope_version),
        ] {
            if value.as_ref().is_some_and(|value| !is_text(value, 256)) {
                check.problem(
                    key,
                    "this must be 1 to 256 bytes without control characters",
                    "change the value, or leave it out",
                );
            }
        }
    }
}

/// Path for logs: exporters add it to an address of all signals.
fn logs_path(target: String) -> String {
    const LOGS: &str = "/v1/logs";
    if target.contains('?') {
        return target;
    }
    let base = target.trim_end_matches('/');
    if base.ends_with(LOGS) {
        base.to_owned()
    } else {
        format!("{base}{LOGS}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, logs_path};
    use crate::config::tests::built;

    #[test]
    fn the_path_for_logs_is_found_from_what_users_write() {
        for (target, expected) in [
            ("/", "/v1/logs"),
            ("/v1/logs", "/v1/logs"),
            ("/v1/logs/", "/v1/logs"),
            ("/otlp", "/otlp/v1/logs"),
            ("/otlp/", "/otlp/v1/logs"),
            ("/api/ingest?stream=waf", "/api/ingest?stream=waf"),
        ] {
            assert_eq!(logs_path(target.to_owned()), expected);
        }
    }

    #[test]
    fn a_receiver_can_be_logged() {
        let config: Config = serde_json::from_str(
            r#"{"url": "https://h.example", "headers": {"authorization": {"secret": "S"}, "x-source": "waf"}}"#,
        )
        .unwrap();
        let sink = built(&config, "hunter2");
        let shown = format!("{sink:?} {sink:#?} {config:?}");
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
