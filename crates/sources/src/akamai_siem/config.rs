//! What a user writes about the source, checked once.

use edgesiem_model::{Check, Error, SecretRef, Surroundings};
use serde::Deserialize;

use super::cursor::Position;
use super::{AkamaiSiem, request};
use crate::akamai::{ApiClient, Tokens, endpoint};

/// `kind = "akamai-siem"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Host of the API client, such as `akab-….luna.akamaiapis.net`.
    pub host: String,
    /// Ids of the security configurations, from the SIEM Integration section of each.
    pub config_ids: Vec<ConfigId>,
    /// The API client's tokens and secret, from its credentials file.
    pub client_token: SecretRef,
    /// See `client_token`.
    pub client_secret: SecretRef,
    /// See `client_token`.
    pub access_token: SecretRef,
    /// Events to ask for at once, 1 to 600,000; 10,000 if it is not set, the API's own default.
    #[serde(default)]
    pub limit: Option<u64>,
    /// Never ask for fewer after a page was cut; 100 if it is not set.
    #[serde(default)]
    pub min_limit: Option<u64>,
    /// Begin a new stream with the events after this offset, such as the one that another connector stored last.
    #[serde(default)]
    pub start_offset: Option<String>,
    /// Begin a new stream at this time, in epoch seconds, not older than the retention. Without it, a
    /// stream begins where the API begins (`offset=NULL`).
    #[serde(default)]
    pub start_from: Option<u64>,
    /// End of the first page's time range, in epoch seconds. The stream goes on from there by offset.
    #[serde(default)]
    pub start_to: Option<u64>,
    /// After an offset expired, how many seconds before the last known event to ask again, up to an hour;
    /// 10 if it is not set.
    #[serde(default)]
    pub recovery_overlap_s: Option<u64>,
    /// How long Akamai keeps events, in seconds; 43,200 (12 hours) if it is not set.
    #[serde(default)]
    pub retention_s: Option<u64>,
}

/// Id of a security configuration, as a number or as its digits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a configuration id is a number, such as 14227")]
pub enum ConfigId {
    /// `14227`
    Number(u64),
    /// `"14227"`
    Text(String),
}

impl ConfigId {
    fn number(&self) -> Option<u64> {
        let number = match self {
            Self::Number(number) => Some(*number),
            // `parse` alone would take a leading plus.
            Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            Self::Text(_) => None,
        };
        number.filter(|number| *number != 0)
    }
}

impl Config {
    /// Checks all of it.
    ///
    /// # Errors
    /// Every problem, each with the path of its key within the source's table.
    pub fn resolve(self, around: Surroundings<'_>) -> Result<AkamaiSiem, Vec<Error>> {
        let mut check = Check::new(around);
        let source = self.checked(&mut check);
        check.finish(source)
    }

    fn checked(&self, check: &mut Check<'_>) -> Option<AkamaiSiem> {
        let endpoint = endpoint(&self.host, check);
        let ids = self.ids(check);
        let tokens = Tokens::resolve(
            &self.client_token,
            &self.client_secret,
            &self.access_token,
            check,
        );
        let limit = check.number("limit", self.limit, 10_000, 1..=600_000);
        let min_limit = check.number("min_limit", self.min_limit, limit.min(100), 1..=limit);
        let recovery_overlap_s =
            check.number("recovery_overlap_s", self.recovery_overlap_s, 10, 0..=3600);
        let retention_s = check.number("retention_s", self.retention_s, 43_200, 3600..=43_200);
        let start = self.start(check);

        let client = ApiClient::new(endpoint, tokens, check)?;
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Some(AkamaiSiem {
            client,
            path: request::path(&ids),
            start,
            limit: count(limit),
            min_limit: count(min_limit),
            recovery_overlap_s,
            retention_s,
        })
    }

    fn ids(&self, check: &mut Check<'_>) -> Vec<u64> {
        if self.config_ids.is_empty() {
            check.problem(
                "config_ids",
                "there is no configuration id",
                "list at least one, from the SIEM Integration section of a security configuration",
            );
        }
        let mut ids = Vec::new();
        for (at, id) in self.config_ids.iter().enumerate() {
            let key = format!("config_ids[{at}]");
            match id.number() {
                None => check.problem(
                    &key,
                    "this is not a configuration id",
                    "write a number above 0",
                ),
                Some(id) if ids.contains(&id) => {
                    check.problem(&key, "this id is there already", "remove it");
                }
                Some(id) => ids.push(id),
            }
        }
        ids
    }

    fn start(&self, check: &mut Check<'_>) -> Position {
        if let Some(offset) = &self.start_offset {
            return self.start_at(offset, check);
        }
        let Some(from) = self.start_from else {
            if self.start_to.is_some() {
                check.problem(
                    "start_to",
                    "an end without a beginning",
                    "set start_from too",
                );
            }
            return Position::beginning();
        };
        if self.start_to.is_some_and(|to| to <= from) {
            check.problem(
                "start_to",
                "the end is not after start_from",
                "set a later start_to, or leave it out",
            );
        }
        Position::Time {
            from,
            to: self.start_to,
        }
    }

    fn start_at(&self, offset: &str, check: &mut Check<'_>) -> Position {
        if self.start_from.is_some() || self.start_to.is_some() {
            check.problem(
                "start_offset",
                "a stream begins either at an offset or at a time",
                "remove start_offset, or start_from and start_to",
            );
        }
        // Akamai's are some dozens of letters, digits, `;`, `-`, `_`, `+`, `/` and `=`.
        let is_offset = (1..=1000).contains(&offset.len())
            && offset.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_offset {
            check.problem(
                "start_offset",
                "this is not an offset",
                "copy the whole offset from the last line of a page, or from where the other connector keeps it",
            );
        }
        Position::Offset(offset.to_owned())
    }
}
