//! A service account of Google Cloud: its key file, and the assertion that it signs for an access token (RFC 7523).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use edgesiem_model::{Check, Endpoint, InsecureLoopback, Scheme, Secret, SecretRef, Timestamp};
use serde::{Deserialize, Serialize};

use super::rsa::{KeyProblem, PrivateKey};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Longest that Google allows ("Using OAuth 2.0 for Server to Server Applications").
const LIFETIME_SECS: u64 = 3600;

const PEM: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Members of a key file that are used.
#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: Option<String>,
    token_uri: String,
}

/// A service account that can ask for access tokens.
#[derive(Debug)]
pub(super) struct Account {
    email: String,
    key: PrivateKey,
    key_id: Option<String>,
    /// Whom an assertion is for: the address that it is sent to.
    audience: String,
    pub(super) endpoint: Endpoint,
    pub(super) target: String,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

impl Account {
    /// Reads the key file that the secret has.
    pub(super) fn checked(check: &mut Check<'_>, key: &str, reference: &SecretRef) -> Option<Self> {
        let secret = check.secret(key, reference)?;
        let account = Self::read(&secret, check.insecure());
        if let Err((message, user_action)) = account {
            check.problem(key, message, user_action);
        }
        account.ok()
    }

    fn read(
        secret: &Secret,
        insecure: InsecureLoopback,
    ) -> Result<Self, (&'static str, &'static str)> {
        const RENEW: &str = "make a new key of the service account (Google Cloud console, IAM, Service accounts, Keys, Add key, JSON) and store \
                             the downloaded file as the secret, whole";
        // What serde_json would say of it can repeat parts of it.
        let Ok(file) = serde_json::from_str::<KeyFile>(secret.expose()) else {
            return Err((
                "the secret does not hold the key file of a service account",
                RENEW,
            ));
        };
        if file.kind != "service_account" {
            return Err((
                "the secret holds Google credentials of another kind than a service account's",
                RENEW,
            ));
        }
        let is_plain = |text: &str| {
            (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !is_plain(&file.client_email) || file.private_key_id.iter().any(|id| !is_plain(id)) {
            return Err((
                "client_email or private_key_id of the key file is not that of a service account",
                RENEW,
            ));
        }
        let (endpoint, target) = token_address(&file.token_uri, insecure).ok_or((
            "token_uri of the key file does not lead to Google",
            "it is https://oauth2.googleapis.com/token in the files that Google makes; an assertion is sent nowhere else",
        ))?;
        let key = private_key(&file.private_key).map_err(|problem| match problem {
            KeyProblem::Unreadable => (
                "private_key of the key file is no RSA key in PEM (PKCS #8), or a part of it is missing",
                RENEW,
            ),
            KeyProblem::Size => (
                "private_key of the key file has fewer than 2048 or more than 4096 bits",
                RENEW,
            ),
        })?;
        Ok(Self {
            email: file.client_email,
            key,
            key_id: file.private_key_id,
            audience: file.token_uri,
            endpoint,
            target,
        })
    }

    /// A signed statement that it is this account who asks (RFC 7523 section 3), good for an hour from `now`.
    pub(super) fn assertion(&self, now: Timestamp) -> String {
        let header = Header {
            alg: "RS256",
            typ: "JWT",
            kid: self.key_id.as_deref(),
        };
        let claims = Claims {
            iss: &self.email,
            scope: SCOPE,
            aud: &self.audience,
            iat: now.secs(),
            exp: now.secs().saturating_add(LIFETIME_SECS),
        };
        let mut token = format!("{}.{}", part(&header), part(&claims));
        // A key whose parts contradict each other signs nothing: Google refuses the assertion, and the refusal says so.
        let signature = self.key.sign(token.as_bytes()).unwrap_or_default();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }
}

fn part(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value);
    debug_assert!(json.is_ok(), "texts and numbers can be written");
    URL_SAFE_NO_PAD.encode(json.unwrap_or_default())
}

/// Where tokens are asked for. A key file can be made by somebody else, and whoever receives an assertion can use it for
/// an hour, so that it goes to Google only, or to a test on this machine.
fn token_address(uri: &str, insecure: InsecureLoopback) -> Option<(Endpoint, String)> {
    let (endpoint, target) = Endpoint::parse_url(uri, insecure).ok()?;
    let host = endpoint.host();
    let is_google = host.ends_with(".googleapis.com") || host == "accounts.google.com";
    let is_https = endpoint.scheme() == Scheme::Https && endpoint.authority() == host;
    let is_test = insecure == InsecureLoopback::Allow && endpoint.is_loopback();
    ((is_google && is_https) || is_test).then_some((endpoint, target))
}

/// The key in a PEM text (RFC 7468). Line breaks that were escaped twice on the way into a secret are taken as such.
fn private_key(pem: &str) -> Result<PrivateKey, KeyProblem> {
    let text = pem.replace("\\n", "\n");
    let encoded = text
        .split_once("-----BEGIN PRIVATE KEY-----")
        .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
        .map(|(encoded, _)| encoded)
        .ok_or(KeyProblem::Unreadable)?;
    let mut encoded = encoded.to_owned();
    encoded.retain(|character| !character.is_ascii_whitespace());
    let der = PEM.decode(encoded).map_err(|_| KeyProblem::Unreadable)?;
    PrivateKey::from_pkcs8(&der)
}

#[cfg(test)]
mod tests {
    use edgesiem_model::InsecureLoopback::{Allow, Refuse};

    use super::token_address;

    #[test]
    fn assertions_go_to_google_only() {
        for (uri, insecure, taken) in [
            ("https://oauth2.googleapis.com/token", Refuse, true),
            ("https://www.googleapis.com/oauth2/v4/token", Refuse, true),
            ("https://accounts.google.com/o/oauth2/token", Refuse, true),
            ("https://OAuth2.GoogleAPIs.com/token", Refuse, true),
            ("http://oauth2.googleapis.com/token", Allow, false),
            ("https://oauth2.googleapis.com:8443/token", Refuse, false),
            ("https://googleapis.com/token", Refuse, false),
            ("https://evilgoogleapis.com/token", Refuse, false),
            (
                "https://oauth2.googleapis.com.evil.example/token",
                Refuse,
                false,
            ),
            ("https://evil.example/.googleapis.com", Refuse, false),
            ("https://u@oauth2.googleapis.com/token", Refuse, false),
            ("http://127.0.0.1:9/token", Allow, true),
            ("http://127.0.0.1:9/token", Refuse, false),
            ("https://127.0.0.1:9/token", Refuse, false),
            ("", Refuse, false),
        ] {
            assert_eq!(token_address(uri, insecure).is_some(), taken, "{uri}");
        }
    }
}
