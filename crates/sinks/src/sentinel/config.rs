//! What a user writes about a data collection rule, checked once.

use edgesiem_model::{Check, Embedding, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, Sentinel, encode};
use crate::members::Members;
use crate::oauth::Authority;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size, target};

/// `kind = "sentinel"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the rule takes logs: `logsIngestion` of the data collection rule, or a data collection endpoint, such as
    /// `https://edgesiem-abcd.westeurope-1.ingest.monitor.azure.com`.
    pub endpoint: String,
    /// Immutable id of the data collection rule: `dcr-` and 32 hexadecimal digits.
    pub dcr_id: String,
    /// Stream of the rule, such as `Custom-AkamaiSIEMEvent_CL`.
    pub stream: String,
    /// Directory (tenant) id or domain of the application in Microsoft Entra.
    pub tenant_id: String,
    /// Application (client) id.
    pub client_id: String,
    /// Value, not id, of the application's client secret.
    pub client_secret: SecretRef,
    /// Which of Microsoft's clouds it is; `public` if it is not set.
    #[serde(default)]
    pub cloud: Cloud,
    /// Server that gives access tokens, such as `https://login.microsoftonline.com`; the cloud's own if it is not set.
    #[serde(default)]
    pub authority_url: Option<String>,
}

/// A cloud of Microsoft's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Azure.
    #[default]
    Public,
    /// Azure US Government.
    UsGovernment,
    /// Azure operated by 21Vianet.
    China,
}

impl Cloud {
    /// Microsoft Entra authentication endpoints, "National clouds" of the Microsoft identity platform.
    const fn authority(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::UsGovernment => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
        }
    }

    /// Audience of the Logs Ingestion API, "Request headers" of its overview, as a scope.
    const fn scope(self) -> &'static str {
        match self {
            Self::Public => "https://monitor.azure.com/.default",
            Self::UsGovernment => "https://monitor.azure.us/.default",
            Self::China => "https://monitor.azure.cn/.default",
        }
    }
}

/// The API's limit for a call, compressed or not, as its refusal has it: "Maximum allowed content length: 1048576 bytes (1 MB)".
const MAX_BYTES: usize = 1_048_576;

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        ceiling_bytes: MAX_BYTES,
        max_event_bytes: MAX_BYTES,
        embedding: Embedding::JsonValue,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let endpoint = target::base(check, "endpoint", &self.endpoint);
        self.check_names(check);
        let client_secret = check.secret("client_secret", &self.client_secret);
        let authority = self.authority_url.as_deref();
        let authority = target::base(
            check,
            "authority_url",
            authority.unwrap_or(self.cloud.authority()),
        );
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, prefix) = endpoint?;
        let (authority, authority_prefix) = authority?;
        let members = Members::with_time(None);
        Some(Box::new(Sentinel {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target: format!(
                "{prefix}/dataCollectionRules/{}/streams/{}?api-version=2023-01-01",
                self.dcr_id, self.stream
            ),
            authority: Authority {
                endpoint: authority,
                target: format!("{authority_prefix}/{}/oauth2/v2.0/token", self.tenant_id),
                timeout_ms,
                user_action: "check tenant_id, client_id and cloud of the sink, and that the secret holds the value of a client secret that \
                              has not expired",
            },
            client_id: self.client_id.clone(),
            client_secret: client_secret?,
            scope: self.cloud.scope(),
            limits: encode::with_envelope(limits, &members),
            members,
        }))
    }
}

impl Config {
    fn check_names(&self, check: &mut Check<'_>) {
        let is_rule = self
            .dcr_id
            .strip_prefix("dcr-")
            .is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if !is_rule {
            check.problem(
                "dcr_id",
                "this is not the immutable id of a data collection rule",
                "it is `immutableId` in the rule's JSON view, such as dcr-000a00a000a00000a000000aa000a0aa; its name and resource id are others",
            );
        }
        let is_name = |text: &str, more: &[u8]| {
            (1..=256).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        let is_stream = ["Custom-", "Microsoft-"]
            .iter()
            .any(|prefix| self.stream.starts_with(prefix));
        if !is_stream || !is_name(&self.stream, b"-_") {
            check.problem(
                "stream",
                "this is not a stream of a data collection rule",
                "it is one of `streamDeclarations` in the rule's JSON view, such as Custom-AkamaiSIEMEvent_CL",
            );
        }
        if !is_name(&self.tenant_id, b"-.") {
            check.problem(
                "tenant_id",
                "this is neither a tenant's id nor its domain",
                "use the Directory (tenant) ID of the application's overview in Microsoft Entra",
            );
        }
        if !is_name(&self.client_id, b"-") {
            check.problem(
                "client_id",
                "this is not the id of an application",
                "use the Application (client) ID of the application's overview in Microsoft Entra",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::config::tests::built;

    #[test]
    fn a_rule_can_be_logged() {
        let config: Config = serde_json::from_str(
            r#"{"endpoint": "https://h.example", "dcr_id": "dcr-000a00a000a00000a000000aa000a0aa", "stream": "Custom-X",
                "tenant_id": "t", "client_id": "c", "client_secret": {"secret": "S"}}"#,
        )
        .unwrap();
        let sink = built(&config, "hunter2");
        let shown = format!("{sink:?} {sink:#?} {config:?}");
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
        let request = sink
            .token_request(edgesiem_model::Timestamp::default())
            .unwrap();
        assert!(!format!("{request:?} {request:#?}").contains("hunter2"));
    }
}
