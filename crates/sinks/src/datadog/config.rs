//! What a user writes about Datadog, checked once.

use edgesiem_model::{BatchLimits, Check, Embedding, Endpoint, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, Datadog, encode};
use crate::check::SinkCheck as _;
use crate::text::check_text;
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size};

/// `kind = "datadog"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The API key.
    pub api_key: SecretRef,
    /// Datadog's site: `us1`, `us3`, `us5`, `eu`, `uk1`, `ap1`, `ap2`, `gov` or `gov-us2`, or its domain, such as
    /// `datadoghq.eu`; `us1` if neither it nor `url` is set.
    #[serde(default)]
    pub site: Option<String>,
    /// Another intake than a site's, such as a proxy or an Observability Pipelines Worker, with its path unless that is
    /// `/api/v2/logs`.
    #[serde(default)]
    pub url: Option<String>,
    /// Attribute `ddsource`: the integration whose pipeline parses the logs. It decides much at Datadog, so it has no
    /// default.
    #[serde(default)]
    pub ddsource: Option<String>,
    /// Attribute `service`.
    #[serde(default)]
    pub service: Option<String>,
    /// Attribute `hostname`.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Attribute `ddtags`: tags such as `env:prod`.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Names of the sites and their domains (Datadog docs, "Getting started with Datadog sites").
const SITES: &[(&str, &str)] = &[
    ("us1", "datadoghq.com"),
    ("us3", "us3.datadoghq.com"),
    ("us5", "us5.datadoghq.com"),
    ("eu", "datadoghq.eu"),
    ("uk1", "uk1.datadoghq.com"),
    ("ap1", "ap1.datadoghq.com"),
    ("ap2", "ap2.datadoghq.com"),
    ("gov", "ddog-gov.com"),
    ("gov-us2", "us2.ddog-gov.com"),
];
const INTAKE_PATH: &str = "/api/v2/logs";

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        default_events: 1000,
        ceiling_events: 1000,
        default_bytes: 900_000,
        ceiling_bytes: 5_000_000,
        max_event_bytes: 1_000_000,
        embedding: Embedding::JsonString,
        max_answer_bytes: BatchLimits::ANSWER_BYTES,
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let address = self.intake(check);
        let api_key = check.header_secret("api_key", &self.api_key);
        self.check_attributes(check);
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let (endpoint, target, api) = address?;
        let before = encode::envelope(self);
        Some(Box::new(Datadog {
            name: name.to_owned(),
            limits: encode::with_envelope(limits, &before),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target,
            api_key: api_key?,
            api,
            before,
        }))
    }
}

impl Config {
    /// Server and target of the intake, and the server of the site's API.
    fn intake(&self, check: &mut Check<'_>) -> Option<(Endpoint, String, Option<Endpoint>)> {
        if let Some(url) = &self.url {
            if self.site.is_some() {
                check.problem(
                    "site",
                    "site and url contradict each other",
                    "remove one of them",
                );
            }
            let (endpoint, target) = check.url(url)?;
            let target = match target.as_str() {
                "/" => INTAKE_PATH.to_owned(),
                _ => target,
            };
            return Some((endpoint, target, None));
        }
        let wanted = self.site.as_deref().unwrap_or("us1").to_ascii_lowercase();
        let known = SITES
            .iter()
            .find(|(name, domain)| [*name, *domain].contains(&wanted.as_str()));
        let Some((_, domain)) = known else {
            let names: Vec<&str> = SITES.iter().map(|(name, _)| *name).collect();
            check.problem(
                "site",
                "Datadog has no such site",
                &format!("use one of {}, or set url", names.join(", ")),
            );
            return None;
        };
        let (endpoint, target) = check.address(
            "site",
            &format!("https://http-intake.logs.{domain}{INTAKE_PATH}"),
        )?;
        let (api, _) = check.address("site", &format!("https://api.{domain}"))?;
        Some((endpoint, target, Some(api)))
    }

    fn check_attributes(&self, check: &mut Check<'_>) {
        check_text(check, "ddsource", self.ddsource.as_ref());
        check_text(check, "service", self.service.as_ref());
        check_text(check, "hostname", self.hostname.as_ref());
        for tag in &self.tags {
            // Datadog's own bound of a tag is 200 characters; a comma would begin another tag.
            let fits = (1..=200).contains(&tag.chars().count())
                && !tag
                    .chars()
                    .any(|character| character.is_control() || character == ',');
            if !fits {
                check.problem(
                    "tags",
                    "a tag has 1 to 200 characters, none of them a comma or a control character",
                    "change the tag, such as env:prod",
                );
            }
        }
    }
}
