//! What a user writes about the API, checked once.

use edgesiem_model::{Check, Error, SecretRef, Surroundings};
use serde::Deserialize;

use super::SecurityMonitor;
use crate::akamai::{ApiClient, Tokens, endpoint};

/// `[security_monitor]`: Akamai Security Monitor, for reports on demand.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Host of the API client, such as `akab-….luna.akamaiapis.net`.
    pub host: String,
    /// The API client's tokens and secret, from its credentials file.
    pub client_token: SecretRef,
    /// See `client_token`.
    pub client_secret: SecretRef,
    /// See `client_token`.
    pub access_token: SecretRef,
}

impl Config {
    /// Checks all of it.
    ///
    /// # Errors
    /// Every problem, each with the path of its key within the table.
    pub fn resolve(self, around: Surroundings<'_>) -> Result<SecurityMonitor, Vec<Error>> {
        let mut check = Check::new(around);
        let monitor = self.checked(&mut check);
        check.finish(monitor)
    }

    fn checked(&self, check: &mut Check<'_>) -> Option<SecurityMonitor> {
        let endpoint = endpoint(&self.host, check);
        let tokens = Tokens::resolve(
            &self.client_token,
            &self.client_secret,
            &self.access_token,
            check,
        );
        ApiClient::new(endpoint, tokens, check).map(|client| SecurityMonitor { client })
    }
}
