//! What a user writes about a topic, checked once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgesiem_model::{BatchLimits, Check, Embedding, Secret, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, Api, Encoding, KafkaRest, encode};
use crate::check::SinkCheck as _;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size, target};

/// `kind = "kafka-rest"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The proxy, such as `https://rest-proxy.example:8082`. For Confluent Cloud and Confluent Server with `/kafka` at the end,
    /// such as `https://pkc-12345.eu-west-1.aws.confluent.cloud/kafka`.
    pub url: String,
    /// The topic.
    pub topic: String,
    /// Version of the API: `v2` if it is not set, `v3` for Confluent Cloud.
    #[serde(default)]
    pub api: Api,
    /// The cluster's id, which only `v3` needs.
    #[serde(default)]
    pub cluster_id: Option<String>,
    /// How documents go through the proxy: `json` if it is not set. Text schemas such as CEF need `base64`.
    #[serde(default)]
    pub encoding: Encoding,
    /// User or API key, together with `password`.
    #[serde(default)]
    pub user: Option<String>,
    /// Password or API secret.
    #[serde(default)]
    pub password: Option<SecretRef>,
    /// Bearer token, instead of user and password.
    #[serde(default)]
    pub token: Option<SecretRef>,
}

/// Bytes of an answer that are read for each event: a report of version 3 has about 350.
const ANSWER_BYTES_PER_EVENT: usize = 640;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_events: 5000,
        ceiling_bytes: 10_000_000,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = target::base(check, "url", &self.url);
        self.check_names(check);
        let (authorization, credentials) = self.authorization(check);
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, base) = url?;
        let (target, health) = match (self.api, &self.cluster_id) {
            (Api::V3, Some(cluster)) => {
                let topic = format!("{base}/v3/clusters/{cluster}/topics/{}", self.topic);
                (format!("{topic}/records"), topic)
            }
            // Redpanda answers for the list of topics only.
            _ => (
                format!("{base}/topics/{}", self.topic),
                format!("{base}/topics"),
            ),
        };
        let answer = limits.max_events.saturating_mul(ANSWER_BYTES_PER_EVENT);
        Some(Box::new(KafkaRest {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            api: self.api,
            encoding: self.encoding,
            target,
            health,
            authorization,
            credentials,
            limits: encode::with_envelope(BatchLimits {
                max_answer_bytes: limits.max_answer_bytes.saturating_add(answer),
                embedding: match self.encoding {
                    Encoding::Json => Embedding::Verbatim,
                    Encoding::Base64 => Embedding::Base64,
                },
                ..limits
            }),
        }))
    }
}

impl Config {
    fn check_names(&self, check: &mut Check<'_>) {
        // Kafka's own rule for names of topics (`org.apache.kafka.common.internals.Topic`).
        let is_name = |name: &str| {
            (1..=249).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
                && !matches!(name, "." | "..")
        };
        if !is_name(&self.topic) {
            check.problem(
                "topic",
                "this cannot name a topic",
                "use 1 to 249 letters, digits, dots, underscores and hyphens",
            );
        }
        match (self.api, &self.cluster_id) {
            (Api::V3, None) => check.problem(
                "cluster_id",
                "version 3 of the API needs the cluster's id",
                "set it: `GET /v3/clusters` of the proxy and the cluster's page in Confluent Cloud show it",
            ),
            (Api::V2, Some(_)) => check.problem(
                "cluster_id",
                "version 2 of the API has no cluster ids",
                "remove it, or set api = \"v3\"",
            ),
            (Api::V3, Some(cluster)) if !is_name(cluster) => check.problem(
                "cluster_id",
                "this is not the id of a cluster",
                "write it as the proxy shows it, such as lkc-abc123",
            ),
            _ => {}
        }
    }

    /// The header's value, and what must not be shown.
    fn authorization(&self, check: &mut Check<'_>) -> (Option<Secret>, Vec<Secret>) {
        if self.token.is_some() && (self.user.is_some() || self.password.is_some()) {
            check.problem(
                "token",
                "a token contradicts user and password",
                "keep one of them",
            );
        }
        if self.user.is_some() != self.password.is_some() {
            let missing = if self.user.is_some() {
                "password"
            } else {
                "user"
            };
            check.problem(
                missing,
                "user and password belong together",
                "set both, or neither",
            );
        }
        if let Some(user) = &self.user
            && (user.is_empty() || user.contains(':') || user.chars().any(char::is_control))
        {
            check.problem(
                "user",
                "a user's name is not empty, and has no colon and no control characters (RFC 7617 section 2)",
                "change the value",
            );
        }
        if let Some(reference) = &self.token {
            let Some(token) = check.header_secret("token", reference) else {
                return (None, Vec::new());
            };
            let value = Secret::new(format!("Bearer {}", token.expose()));
            return (Some(value), vec![token]);
        }
        let (Some(user), Some(reference)) = (&self.user, &self.password) else {
            return (None, Vec::new());
        };
        let Some(password) = check.secret("password", reference) else {
            return (None, Vec::new());
        };
        let pair = Secret::new(STANDARD.encode(format!("{user}:{}", password.expose())));
        let value = Secret::new(format!("Basic {}", pair.expose()));
        (Some(value), vec![pair, password])
    }
}
