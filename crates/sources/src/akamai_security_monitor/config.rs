//! What a user writes about the API, checked once.

use edgesiem_edgegrid::{Credentials, Fields};
use edgesiem_model::{Check, Endpoint, Error, Secret, SecretRef, Surroundings};
use serde::Deserialize;

use super::SecurityMonitor;

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
        let endpoint = Endpoint::parse_host(&self.host, check.insecure())
            .map_err(|error| {
                check.problem(
                    "host",
                    &format!("this host cannot be used: {error}"),
                    "copy the host from the API client's credentials file",
                );
            })
            .ok();
        let client_token = token("client_token", &self.client_token, check);
        let client_secret = check.secret("client_secret", &self.client_secret);
        let access_token = token("access_token", &self.access_token, check);
        if check.has_problems() {
            return None;
        }
        let endpoint = endpoint?;
        let credentials = Credentials::new(&Fields {
            host: endpoint.authority(),
            client_token: client_token?.expose(),
            client_secret: client_secret?.expose(),
            access_token: access_token?.expose(),
            ..Fields::default()
        })
        .map_err(|error| check.problem("host", &error.to_string(), error.user_action()))
        .ok()?;
        Some(SecurityMonitor {
            endpoint,
            credentials,
        })
    }
}

/// A token stands in a header, between semicolons.
fn token(key: &str, reference: &SecretRef, check: &mut Check<'_>) -> Option<Secret> {
    let token = check.secret(key, reference)?;
    let fits = token
        .expose()
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b';');
    if !fits {
        check.problem(
            key,
            "the secret has a character that no token has",
            "copy it again from the API client's credentials file",
        );
    }
    Some(token)
}
