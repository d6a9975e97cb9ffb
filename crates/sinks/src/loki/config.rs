//! What a user writes about Loki, checked once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use edgesiem_model::{Check, Embedding, Header, Secret, SecretRef, Sink, confidential, plain};
use serde::Deserialize;

use super::{ABOUT, Loki, Metadata, encode};
use crate::check::SinkCheck as _;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "loki"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Loki, such as `https://logs-prod-eu-west-0.grafana.net`. `/loki/api/v1/push` is added unless it is there.
    pub url: String,
    /// Labels of the stream; `{ job = "edgesiem" }` if there are none. `mode` is ours.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Tenant (`X-Scope-OrgID`), for a Loki of one's own that has several.
    #[serde(default)]
    pub tenant: Option<String>,
    /// User and token, as Grafana Cloud wants them.
    #[serde(default)]
    pub basic: Option<Basic>,
    /// A token in the header `authorization`, for gateways that want one.
    #[serde(default)]
    pub bearer: Option<SecretRef>,
    /// Leave out structured metadata, for a Loki before version 3 or one that disallows it. Lines then carry no ids.
    #[serde(default)]
    pub without_metadata: bool,
    /// Longest line that Loki takes (`limits_config.max_line_size`), in bytes, 1,024 to 10,000,000; 262,144, which is
    /// Loki's default, if it is not set. Measured with the escapes of JSON.
    #[serde(default)]
    pub max_line_bytes: Option<u64>,
}

/// User and password.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The user: a number in Grafana Cloud.
    pub username: String,
    /// The password or token.
    pub password: SecretRef,
}

const PUSH_PATH: &str = "/loki/api/v1/push";
/// `max_label_names_per_series` less `mode`.
const MAX_LABELS: usize = 14;
/// `max_label_value_length`.
const MAX_LABEL_BYTES: usize = 2048;
const LINE_BYTES: u64 = 262_144;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_bytes: 4_000_000,
        max_event_bytes: 262_144,
        embedding: Embedding::JsonString,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = check.url(&self.url);
        self.check_labels(check);
        let mut headers = Vec::new();
        let mut credentials = Vec::new();
        if let Some(tenant) = &self.tenant {
            let tenant = check.header_text("tenant", tenant);
            headers.extend(tenant.map(|tenant| plain("x-scope-orgid", tenant)));
        }
        if let Some((header, hidden)) = self.authorization(check) {
            headers.push(header);
            credentials = hidden;
        }
        let longest = check.number(
            "max_line_bytes",
            self.max_line_bytes,
            LINE_BYTES,
            1024..=10_000_000,
        );
        let timeout_ms = common.timeout_ms(check);
        let mut limits = common.limits(&Self::SIZE, check);
        limits.max_event_bytes = usize::try_from(longest).unwrap_or(usize::MAX);
        let (endpoint, target) = url?;
        let target = push_path(&target).or_else(|| {
            check.problem(
                "url",
                "this is not the address of a push endpoint",
                "write Loki's base address without a query, such as https://logs-prod-eu-west-0.grafana.net",
            );
            None
        })?;
        let labels = encode::labels(&self.labels);
        Some(Box::new(Loki {
            name: name.to_owned(),
            limits: encode::with_envelope(limits, &labels),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target,
            headers,
            credentials,
            labels,
            metadata: if self.without_metadata {
                Metadata::LeftOut
            } else {
                Metadata::Sent
            },
        }))
    }
}

impl Config {
    fn check_labels(&self, check: &mut Check<'_>) {
        if self.labels.len() > MAX_LABELS {
            check.problem(
                "labels",
                "Loki takes at most 15 labels, and one of them is mode",
                "keep 14 labels or fewer",
            );
        }
        for (name, value) in &self.labels {
            let key = format!("labels.{name}");
            let mut bytes = name.bytes();
            let is_name = bytes
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && name.len() <= 1024
                && !name.starts_with("__");
            if !is_name {
                check.problem(
                    &key,
                    "this cannot name a label",
                    "use letters, digits and underscores, not beginning with a digit or with two underscores",
                );
            } else if name == encode::MODE {
                check.problem(&key, "this label is EdgeSIEM's own", "choose another name");
            }
            if value.is_empty()
                || value.len() > MAX_LABEL_BYTES
                || value.chars().any(char::is_control)
            {
                check.problem(
                    &key,
                    "a label's value must be 1 to 2048 bytes without control characters",
                    "change the value, or leave the label out",
                );
            }
        }
    }

    /// The header, and what in it an answer must not be quoted with.
    fn authorization(&self, check: &mut Check<'_>) -> Option<(Header, Vec<Secret>)> {
        let (value, hidden) = match (&self.basic, &self.bearer) {
            (Some(_), Some(_)) => {
                check.problem(
                    "bearer",
                    "basic and bearer contradict each other",
                    "remove one of them",
                );
                return None;
            }
            (Some(basic), None) => {
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
                (format!("Basic {pair}"), vec![Secret::new(pair), password])
            }
            (None, Some(bearer)) => {
                let token = check.header_secret("bearer", bearer)?;
                (format!("Bearer {}", token.expose()), vec![token])
            }
            (None, None) => return None,
        };
        Some((confidential("authorization", Secret::new(value)), hidden))
    }
}

/// The push endpoint for the path that a user wrote: Loki's root, a prefix of a proxy, or the endpoint itself.
fn push_path(target: &str) -> Option<String> {
    let base = target.trim_end_matches('/');
    if base.contains('?') {
        return None;
    }
    if base.ends_with(PUSH_PATH) {
        return Some(base.to_owned());
    }
    (!base.contains("/api/") && !base.contains("/otlp")).then(|| format!("{base}{PUSH_PATH}"))
}

#[cfg(test)]
mod tests {
    use super::push_path;

    #[test]
    fn the_push_endpoint_is_found_from_what_users_write() {
        for (target, expected) in [
            ("/", Some("/loki/api/v1/push")),
            ("/loki/api/v1/push/", Some("/loki/api/v1/push")),
            ("/gateway", Some("/gateway/loki/api/v1/push")),
            ("/otlp/v1/logs", None),
            ("/loki/api/v1/query", None),
            ("/?x", None),
        ] {
            assert_eq!(push_path(target).as_deref(), expected, "{target}");
        }
    }
}
