//! What a user writes about the source, checked once.

use std::rc::Rc;

use edgesiem_model::{Check, Endpoint, Error, SecretRef, Surroundings, Timestamp, printable};
use serde::Deserialize;

use super::TrendMicroCas;
use super::plan::{Combination, RETENTION_MS, Rules};
use super::time::parse_date;

/// Services of the current documentation.
const SERVICES: &[&str] = &[
    "exchange",
    "sharepoint",
    "onedrive",
    "dropbox",
    "box",
    "googledrive",
    "gmail",
    "teams",
    "exchangeserver",
    "salesforce_sandbox",
    "salesforce_production",
    "teams_chat",
];
/// Event types of the current documentation.
const EVENTS: &[&str] = &["securityrisk", "virtualanalyzer", "ransomware", "dlp"];

const MAX_NAME_BYTES: usize = 40;
/// A round asks each of them.
const MAX_COMBINATIONS: usize = 200;
const DAY_MS: u64 = 24 * 3600 * 1000;
const TOKEN_DAYS: u64 = 365;
const ADVICE_DAYS: u64 = 30;

/// `kind = "trend-micro-cas"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the customer's Cloud App Security is hosted: `us`, `eu`, `jp`, `au`, `uk`, `ca`, `sg` or `in`, as the address of its
    /// console tells. Either this or `host`.
    #[serde(default)]
    pub region: Option<Region>,
    /// Host of the API, such as `api-eu.tmcas.trendmicro.com`. Either this or `region`.
    #[serde(default)]
    pub host: Option<String>,
    /// The authentication token, from Administration > Automation and Integration APIs in the console.
    pub token: SecretRef,
    /// The day on which the token was created, such as `2026-11-22`. Tokens end after 365 days; with it, `edgesiem check` says so 30
    /// days before.
    #[serde(default)]
    pub token_created: Option<String>,
    /// `current` is `/v1/siem/security_events`, `legacy` the older `/siem/v1/security_events`; `current` if it is not set.
    #[serde(default)]
    pub path: Path,
    /// Services to ask for. Without it: `exchange`, `sharepoint`, `onedrive`, `dropbox`, `box`, `googledrive`, `gmail`, `teams`,
    /// `exchangeserver`, `salesforce_sandbox`, `salesforce_production`, `teams_chat`. Others, such as `huntingplatform`, are allowed.
    #[serde(default)]
    pub services: Option<Vec<String>>,
    /// Event types to ask for. Without it: `securityrisk`, `virtualanalyzer`, `ransomware`, `dlp`. Others, such as
    /// `intelligencealert`, are allowed.
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// Events to ask for at once: at most 500, or 200 with `path = "legacy"`, which is also what is asked for if it is not set.
    #[serde(default)]
    pub limit: Option<u64>,
    /// Requests a minute, retries included, 1 to 20; 10 if it is not set. All clients of a customer share what is allowed: a
    /// replay beside the stream asks as often again.
    #[serde(default)]
    pub requests_per_minute: Option<u64>,
    /// Requests a day, 1,440 to 28,800; 1,440 times `requests_per_minute` if it is not set.
    #[serde(default)]
    pub requests_per_day: Option<u64>,
    /// How many seconds before now a window ends, 0 to 3,600; 60 if it is not set. An event that is listed later than that after it
    /// was generated may be missed.
    #[serde(default)]
    pub settle_s: Option<u64>,
    /// How many seconds before its first request a new stream, or a combination that was added, begins; at most 259,200 (72 hours),
    /// 86,400 (24 hours) if it is not set. The beginning is rounded down to five minutes.
    #[serde(default)]
    pub initial_lookback_s: Option<u64>,
    /// Begin a new stream at this time instead, in epoch seconds.
    #[serde(default)]
    pub start_from: Option<u64>,
}

/// Where a customer's Cloud App Security is hosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "docs", schemars(rename = "CasRegion"))]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// United States.
    Us,
    /// European Union.
    Eu,
    /// Japan.
    Jp,
    /// Australia and New Zealand.
    Au,
    /// United Kingdom.
    Uk,
    /// Canada.
    Ca,
    /// Singapore.
    Sg,
    /// India.
    In,
}

impl Region {
    const fn host(self) -> &'static str {
        match self {
            Self::Us => "api.tmcas.trendmicro.com",
            Self::Eu => "api-eu.tmcas.trendmicro.com",
            Self::Jp => "api.tmcas.trendmicro.co.jp",
            Self::Au => "api-au.tmcas.trendmicro.com",
            Self::Uk => "api.tmcas.trendmicro.co.uk",
            Self::Ca => "api-ca.tmcas.trendmicro.com",
            Self::Sg => "api.tmcas.trendmicro.com.sg",
            Self::In => "api-in.tmcas.trendmicro.com",
        }
    }
}

/// Which path of the API is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "docs", schemars(rename = "CasPath"))]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// `/v1/siem/security_events`
    #[default]
    Current,
    /// `/siem/v1/security_events`
    Legacy,
}

impl Path {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "/v1/siem/security_events",
            Self::Legacy => "/siem/v1/security_events",
        }
    }

    /// Of one page.
    const fn most_events(self) -> u64 {
        match self {
            Self::Current => 500,
            Self::Legacy => 200,
        }
    }
}

impl Config {
    /// Checks all of it.
    ///
    /// # Errors
    /// Every problem, each with the path of its key within the source's table.
    pub fn resolve(self, around: Surroundings<'_>) -> Result<TrendMicroCas, Vec<Error>> {
        let mut check = Check::new(around);
        let source = self.checked(&mut check);
        check.finish(source)
    }

    fn checked(&self, check: &mut Check<'_>) -> Option<TrendMicroCas> {
        let endpoint = self.endpoint(check);
        let token = check.secret("token", &self.token);
        let fits = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !token.as_ref().is_none_or(|token| fits(token.expose())) {
            check.problem(
                "token",
                "the secret has a character that no token has",
                "copy it again from the console; a token cannot be shown a second time, so you may have to create one",
            );
        }
        let token_ends = self.token_ends(check);
        let services = names("services", self.services.as_deref(), SERVICES, check);
        let events = names("events", self.events.as_deref(), EVENTS, check);
        if services.len().saturating_mul(events.len()) > MAX_COMBINATIONS {
            check.problem(
                "services",
                &format!(
                    "{} services with {} event types each are too many to ask in turn",
                    services.len(),
                    events.len()
                ),
                &format!(
                    "leave out some, so that at most {MAX_COMBINATIONS} combinations are left"
                ),
            );
        }
        let most = self.path.most_events();
        let limit = check.number("limit", self.limit, most, 1..=most);
        let per_minute = check.number("requests_per_minute", self.requests_per_minute, 10, 1..=20);
        let per_day = check.number(
            "requests_per_day",
            self.requests_per_day,
            per_minute.saturating_mul(1440),
            1440..=28_800,
        );
        let settle_s = check.number("settle_s", self.settle_s, 60, 0..=3600);
        let lookback_s = check.number(
            "initial_lookback_s",
            self.initial_lookback_s,
            86_400,
            0..=RETENTION_MS / 1000,
        );
        if self.start_from.is_some() && self.initial_lookback_s.is_some() {
            check.problem(
                "start_from",
                "a stream begins either at a time or some time before its first request",
                "remove start_from or initial_lookback_s",
            );
        }
        if check.has_problems() {
            return None;
        }
        let combinations = services
            .iter()
            .flat_map(|service| {
                events.iter().map(|event| Combination {
                    service: service.clone(),
                    event: event.clone(),
                })
            })
            .collect();
        Some(TrendMicroCas {
            endpoint: endpoint?,
            token: token?,
            path: self.path,
            start_from: self.start_from.map(Timestamp::from_secs),
            token_ends,
            rules: Rc::new(Rules {
                combinations,
                settle_ms: settle_s.saturating_mul(1000),
                lookback_ms: lookback_s.saturating_mul(1000),
                limit: u32::try_from(limit).unwrap_or(u32::MAX),
                interval_ms: 60_000_u64
                    .div_ceil(per_minute.max(1))
                    .max(DAY_MS.div_ceil(per_day.max(1))),
            }),
        })
    }

    fn endpoint(&self, check: &mut Check<'_>) -> Option<Endpoint> {
        let host = match (self.region, &self.host) {
            (Some(region), None) => region.host(),
            (None, Some(host)) => host.as_str(),
            (Some(_), Some(_)) => {
                check.problem(
                    "host",
                    "a region and a host are both given",
                    "remove one of them",
                );
                return None;
            }
            (None, None) => {
                check.problem(
                    "region",
                    "neither a region nor a host is given",
                    "write region = \"us\", \"eu\", \"jp\", \"au\", \"uk\", \"ca\", \"sg\" or \"in\"; the address of the console tells which",
                );
                return None;
            }
        };
        Endpoint::parse_host(host, check.insecure())
            .map_err(|error| {
                check.problem(
                    "host",
                    &format!("this host cannot be used: {error}"),
                    "write the host name of the API, such as api-eu.tmcas.trendmicro.com",
                );
            })
            .ok()
    }

    fn token_ends(&self, check: &mut Check<'_>) -> Option<Timestamp> {
        let text = self.token_created.as_deref()?;
        let created = parse_date(text);
        if created.is_none() {
            check.problem(
                "token_created",
                "this is not a date",
                "write the day on which the token was created, such as \"2026-11-22\"",
            );
        }
        let life_ms = TOKEN_DAYS.saturating_mul(DAY_MS);
        Some(Timestamp::from_millis(
            created?.millis().saturating_add(life_ms),
        ))
    }
}

/// The names under `key`, or the usual ones.
fn names(
    key: &str,
    given: Option<&[String]>,
    usual: &[&str],
    check: &mut Check<'_>,
) -> Vec<String> {
    let Some(given) = given else {
        return usual.iter().copied().map(str::to_owned).collect();
    };
    if given.is_empty() {
        check.problem(
            key,
            "the list is empty",
            "name at least one, or remove the key to have the usual ones",
        );
    }
    let mut names: Vec<String> = Vec::new();
    for (at, name) in given.iter().enumerate() {
        let is_name = (1..=MAX_NAME_BYTES).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let key = format!("{key}[{at}]");
        if !is_name {
            check.problem(
                &key,
                &format!("`{}` is not a name of the API", printable(name, 80)),
                &format!(
                    "use letters, digits and underscores, at most {MAX_NAME_BYTES}; usual are {}",
                    usual.join(", ")
                ),
            );
        } else if names.contains(name) {
            check.problem(&key, "this name is there already", "remove it");
        } else {
            names.push(name.clone());
        }
    }
    names
}

/// What to do about a token that ends at `ends`, if it is time to.
pub(super) fn advice(ends: Timestamp, now: Timestamp) -> Option<String> {
    const CREATE: &str = "create another one in the console, under Administration > Automation and Integration APIs, and \
                          change token_created with it";
    if ends <= now {
        return Some(format!(
            "the token ended on {}: {CREATE}",
            super::time::date(ends)
        ));
    }
    let left_days = ends.since_ms(now) / DAY_MS;
    (left_days < ADVICE_DAYS).then(|| {
        format!(
            "the token ends on {}, in {left_days} days: {CREATE}",
            super::time::date(ends)
        )
    })
}
