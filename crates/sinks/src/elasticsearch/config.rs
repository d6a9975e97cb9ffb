//! What a user writes about a cluster of Elasticsearch, checked once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgesiem_model::{Check, Secret, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, Elasticsearch};
use crate::bulk::{
    self, Auth, Bulk, DataStream, Given, Place, authorization, basic, limits, only, place,
};
use crate::check::SinkCheck as _;
use crate::config::PlainOrSecret;
use crate::headers::headers;
use crate::target;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "elasticsearch"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The cluster, such as `https://acme.es.eu-west-1.aws.elastic.cloud`; a path before that of the API is kept.
    pub url: String,
    /// The parts of the data stream's name, `logs-DATASET-NAMESPACE`. If neither this nor `index` is set, it is
    /// `logs-akamai.siem-default`, that of Elastic's Akamai integration: where the integration is installed, send it the
    /// schema `elastic-integration`, and give other schemas another dataset.
    #[serde(default)]
    pub data_stream: Option<DataStream>,
    /// An index, alias or data stream by its whole name, instead of `data_stream`. Documents without `@timestamp` (the schemas
    /// `raw` and `decoded`) cannot go to a data stream.
    #[serde(default)]
    pub index: Option<String>,
    /// An ingest pipeline that every event goes through; what the index or its template names if it is not set.
    #[serde(default)]
    pub pipeline: Option<String>,
    /// An API key, encoded as Kibana shows it first, or as `ID:KEY`. It needs `create_doc` on what the sink writes to, and
    /// `auto_configure` if the data stream is not there yet.
    #[serde(default)]
    pub api_key: Option<SecretRef>,
    /// A user, instead of an API key.
    #[serde(default)]
    pub user: Option<String>,
    /// The user's password.
    #[serde(default)]
    pub password: Option<SecretRef>,
    /// The cluster asks nobody who he is. It must be said, so that a forgotten secret is not taken for a decision.
    #[serde(default)]
    pub unauthenticated: bool,
    /// More headers, each a text or the name of a secret, for what stands before the cluster.
    #[serde(default)]
    pub headers: BTreeMap<String, PlainOrSecret>,
}

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = bulk::SIZE;

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = target::base(check, "url", &self.url);
        let place = place(
            &Place {
                index: self.index.as_ref(),
                data_stream: self.data_stream.as_ref(),
                pipeline: self.pipeline.as_ref(),
                default: Some(DataStream::default()),
            },
            check,
        );
        let headers = headers(check, &self.headers);
        let auth = self.auth(check);
        let keys: Vec<&str> = [
            ("api_key", self.api_key.is_some()),
            ("user", self.user.is_some() || self.password.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, set)| set.then_some(key))
        .collect();
        let given = Given {
            keys: &keys,
            unauthenticated: self.unauthenticated,
            headers: &headers,
            ways: "api_key = { secret = \"NAME\" }",
            first: "api_key",
        };
        let auth = only(auth, &given, check);
        let timeout_ms = common.timeout_ms(check);
        let limits = limits(common, check);
        let (endpoint, base) = url?;
        let (index, pipeline) = place?;
        Some(Box::new(Elasticsearch {
            name: name.to_owned(),
            bulk: Bulk {
                wire: Wire {
                    endpoint,
                    timeout_ms,
                    gzip: common.gzip,
                },
                base,
                index,
                pipeline,
                ids: true,
                auth: auth?,
                headers,
                limits,
            },
        }))
    }
}

impl Config {
    fn auth(&self, check: &mut Check<'_>) -> Option<Auth> {
        let key = self
            .api_key
            .as_ref()
            .and_then(|key| check.header_secret("api_key", key));
        let basic = basic(self.user.as_ref(), self.password.as_ref(), check);
        key.map(api_key).or(basic)
    }
}

/// `ApiKey` and the base64 of id and key (Elasticsearch, "Create API key", member `encoded`).
fn api_key(key: Secret) -> Auth {
    let encoded = match key.expose().contains(':') {
        // As Beats and Logstash want it.
        true => STANDARD.encode(key.expose()),
        false => key.expose().to_owned(),
    };
    authorization("ApiKey", encoded, vec![key])
}
