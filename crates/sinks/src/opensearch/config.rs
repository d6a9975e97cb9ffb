//! What a user writes about a cluster of OpenSearch, checked once.

use std::collections::BTreeMap;

use edgesiem_model::{Check, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, OpenSearch};
use crate::aws::{Keys, Signer};
use crate::bulk::{self, Auth, Bulk, DataStream, Given, Place, basic, limits, only, place};
use crate::config::PlainOrSecret;
use crate::headers::headers;
use crate::target;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "opensearch"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The cluster, such as `https://search-waf-abc.eu-west-1.es.amazonaws.com`; a path before that of the API is kept.
    pub url: String,
    /// An index, alias or data stream by its whole name. Either this or `data_stream` must be set.
    #[serde(default)]
    pub index: Option<String>,
    /// The parts of a data stream's name, `logs-DATASET-NAMESPACE`. OpenSearch brings no template for such names: without
    /// one of yours it makes an ordinary index of it.
    #[serde(default)]
    pub data_stream: Option<DataStream>,
    /// An ingest pipeline that every event goes through; what the index or its template names if it is not set.
    #[serde(default)]
    pub pipeline: Option<String>,
    /// Whether events bring their id as `_id`.
    #[serde(default)]
    pub document_id: DocumentId,
    /// A user of the cluster.
    #[serde(default)]
    pub user: Option<String>,
    /// The user's password.
    #[serde(default)]
    pub password: Option<SecretRef>,
    /// An access key of AWS, for Amazon OpenSearch Service and Serverless, instead of a user.
    #[serde(default)]
    pub aws: Option<Aws>,
    /// The cluster asks nobody who he is. It must be said, so that a forgotten secret is not taken for a decision.
    #[serde(default)]
    pub unauthenticated: bool,
    /// More headers, each a text or the name of a secret, for what stands before the cluster.
    #[serde(default)]
    pub headers: BTreeMap<String, PlainOrSecret>,
}

/// Who chooses the `_id`s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DocumentId {
    /// It is the event's, so that a repeated delivery is stored once.
    #[default]
    EventId,
    /// The cluster does: collections of the type time series in OpenSearch Serverless take no others. Repeated
    /// deliveries are stored again.
    None,
}

/// An access key, and what requests are signed for.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Aws {
    /// The region of the domain or collection, such as `eu-west-1`.
    pub region: String,
    /// `es` for a domain of the Service, `aoss` for a collection of Serverless.
    #[serde(default)]
    pub service: Service,
    /// The access key's id.
    pub access_key_id: PlainOrSecret,
    /// The access key.
    pub secret_access_key: SecretRef,
    /// The token that belongs to temporary credentials.
    #[serde(default)]
    pub session_token: Option<SecretRef>,
}

/// What requests are signed for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Amazon OpenSearch Service.
    #[default]
    Es,
    /// Amazon OpenSearch Serverless.
    Aoss,
}

impl Service {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::Aoss => "aoss",
        }
    }
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
                default: None,
            },
            check,
        );
        let headers = headers(check, &self.headers);
        let auth = self.auth(check);
        let keys: Vec<&str> = [
            ("user", self.user.is_some() || self.password.is_some()),
            ("aws", self.aws.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, set)| set.then_some(key))
        .collect();
        let given = Given {
            keys: &keys,
            unauthenticated: self.unauthenticated,
            headers: &headers,
            ways: "user and password, or aws",
            first: "user",
        };
        let auth = only(auth, &given, check);
        let timeout_ms = common.timeout_ms(check);
        let limits = limits(common, check);
        let (endpoint, base) = url?;
        let (index, pipeline) = place?;
        Some(Box::new(OpenSearch {
            name: name.to_owned(),
            has_root: self
                .aws
                .as_ref()
                .is_none_or(|aws| aws.service != Service::Aoss),
            bulk: Bulk {
                wire: Wire {
                    endpoint,
                    timeout_ms,
                    gzip: common.gzip,
                },
                base,
                index,
                pipeline,
                ids: self.document_id == DocumentId::EventId,
                auth: auth?,
                headers,
                limits,
            },
        }))
    }
}

impl Config {
    fn auth(&self, check: &mut Check<'_>) -> Option<Auth> {
        let basic = basic(self.user.as_ref(), self.password.as_ref(), check);
        let signer = self.aws.as_ref().and_then(|aws| {
            let keys = Keys {
                region: ("aws.region", &aws.region),
                access_key_id: ("aws.access_key_id", &aws.access_key_id),
                secret_access_key: ("aws.secret_access_key", &aws.secret_access_key),
                session_token: aws
                    .session_token
                    .as_ref()
                    .map(|token| ("aws.session_token", token)),
            };
            Signer::checked(aws.service.as_str(), &keys, check)
        });
        signer.map(Auth::Aws).or(basic)
    }
}
