//! What a user writes about an instance of Google SecOps, checked once.

use std::collections::BTreeMap;

use edgesiem_model::{Check, Embedding, SecretRef, Sink};
use serde::Deserialize;

use super::account::Account;
use super::{ABOUT, GoogleSecops, encode};
use crate::members::{ID, REPLAY};
use crate::oauth::Authority;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size, target};

/// `kind = "google-secops"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the instance is, such as `us`, `eu` or `europe-west2`.
    pub region: String,
    /// Id or number of the Google Cloud project of the instance.
    pub project: String,
    /// Id of the instance, which is also called customer id.
    pub instance: String,
    /// Key file of a service account, whole, as Google gives it.
    pub credentials: SecretRef,
    /// Log type, which chooses the parser; `AKAMAI_WAF` if it is not set, which reads the schemas `raw` and `cef`.
    #[serde(default)]
    pub log_type: Option<String>,
    /// Forwarder that the logs are counted for: its id, or its whole name beginning with `projects/`.
    #[serde(default)]
    pub forwarder: Option<String>,
    /// Namespace of the assets in the logs.
    #[serde(default)]
    pub namespace: Option<String>,
    /// More labels, the same for every log. `edgesiem_id` and `edgesiem_replay` are ours.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Version of the API; `v1beta` if it is not set.
    #[serde(default)]
    pub api_version: ApiVersion,
    /// Server, such as `https://chronicle.eu.rep.googleapis.com`; `https://REGION-chronicle.googleapis.com` if it is not set.
    #[serde(default)]
    pub url: Option<String>,
}

/// A version of the Chronicle API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ApiVersion {
    /// `v1alpha`.
    V1alpha,
    /// `v1beta`.
    #[default]
    V1beta,
    /// `v1`.
    V1,
}

impl ApiVersion {
    const fn as_str(self) -> &'static str {
        match self {
            Self::V1alpha => "v1alpha",
            Self::V1beta => "v1beta",
            Self::V1 => "v1",
        }
    }
}

/// What Bindplane, which Google distributes, takes for the limit of a request.
const MAX_BYTES: usize = 4_000_000;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_bytes: MAX_BYTES,
        max_event_bytes: MAX_BYTES,
        embedding: Embedding::Base64,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let log_type = self.log_type.as_deref().unwrap_or("AKAMAI_WAF");
        self.check_names(check, log_type);
        let default_url = format!("https://{}-chronicle.googleapis.com", self.region);
        let server = match &self.url {
            Some(url) => target::base(check, "url", url),
            None => target::base(check, "region", &default_url),
        };
        let account = Account::checked(check, "credentials", &self.credentials);
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, prefix) = server?;
        let account = account?;
        let parent = self.parent();
        let (event_end, body_end) = encode::envelope(self, &self.forwarder_name(&parent));
        Some(Box::new(GoogleSecops {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target: format!(
                "{prefix}/{}/{parent}/logTypes/{log_type}/logs:import",
                self.api_version.as_str()
            ),
            authority: Authority {
                endpoint: account.endpoint.clone(),
                target: account.target.clone(),
                timeout_ms,
                user_action: "check that the service account and its key still exist, and the clock of this machine if the answer speaks of a \
                              timeframe; store a new key file as the secret otherwise",
            },
            account,
            limits: encode::with_envelope(limits, &event_end, &body_end),
            event_end,
            body_end,
        }))
    }
}

impl Config {
    /// The instance's resource name.
    fn parent(&self) -> String {
        format!(
            "projects/{}/locations/{}/instances/{}",
            self.project, self.region, self.instance
        )
    }

    fn forwarder_name(&self, parent: &str) -> Option<String> {
        let forwarder = self.forwarder.as_deref()?;
        Some(if forwarder.starts_with("projects/") {
            forwarder.to_owned()
        } else {
            format!("{parent}/forwarders/{forwarder}")
        })
    }

    fn check_names(&self, check: &mut Check<'_>, log_type: &str) {
        let is_name = |text: &str, more: &[u8], most: usize| {
            (1..=most).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        for (key, value, more) in [
            ("region", Some(self.region.as_str()), &b"-"[..]),
            // Projects of domains have a colon: example.com:my-project.
            ("project", Some(self.project.as_str()), b"-.:"),
            ("instance", Some(self.instance.as_str()), b"-"),
            ("log_type", Some(log_type), b"_"),
            ("forwarder", self.forwarder.as_deref(), b"-_/.:"),
        ] {
            if value.is_some_and(|value| !is_name(value, more, 256)) {
                let more: Vec<String> = more
                    .iter()
                    .map(|byte| char::from(*byte).to_string())
                    .collect();
                check.problem(
                    key,
                    "this cannot be part of a resource name",
                    &format!("use letters, digits and {}", more.join(" ")),
                );
            }
        }
        let texts = self
            .labels
            .iter()
            .map(|(name, value)| (format!("labels.{name}"), value))
            .chain(
                self.namespace
                    .iter()
                    .map(|value| ("namespace".to_owned(), value)),
            );
        for (key, text) in texts {
            if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
                check.problem(
                    &key,
                    "this must be 1 to 256 bytes without control characters",
                    "change the value, or leave it out",
                );
            }
        }
        if self.labels.len() > 20 {
            check.problem("labels", "these are more than 20 labels", "use fewer");
        }
        for name in self.labels.keys() {
            let key = format!("labels.{name}");
            if [ID, REPLAY].contains(&name.as_str()) {
                check.problem(&key, "this label is EdgeSIEM's own", "choose another name");
            } else if !is_name(name, b"-_.", 63) {
                check.problem(
                    &key,
                    "this cannot name a label",
                    "use 1 to 63 letters, digits, dots, hyphens and underscores",
                );
            }
        }
    }
}
