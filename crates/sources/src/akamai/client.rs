//! An API client: where it asks, and as whom.

use edgesiem_edgegrid::{Credentials, Fields, Nonce, Request, SigningTime, sign};
use edgesiem_model::{
    Check, Endpoint, HttpRequest, Method, Secret, SecretRef, Timestamp, confidential, plain,
};

const USER_AGENT: &str = concat!("edgesiem/", env!("CARGO_PKG_VERSION"));

/// What a signature depends on besides its request.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The host's clock.
    pub now: Timestamp,
    /// The server's clock minus the host's, in milliseconds, as far as known.
    pub clock_skew_ms: i64,
    /// 16 random bytes, new for every attempt.
    pub nonce: [u8; 16],
}

/// Checks the host of an API client.
pub(crate) fn endpoint(host: &str, check: &mut Check<'_>) -> Option<Endpoint> {
    Endpoint::parse_host(host, check.insecure())
        .map_err(|error| {
            check.problem(
                "host",
                &format!("this host cannot be used: {error}"),
                "copy the host from the API client's credentials file",
            );
        })
        .ok()
}

/// What an API client signs with.
pub(crate) struct Tokens {
    client_token: Secret,
    client_secret: Secret,
    access_token: Secret,
}

impl Tokens {
    /// Checks all three.
    pub fn resolve(
        client_token: &SecretRef,
        client_secret: &SecretRef,
        access_token: &SecretRef,
        check: &mut Check<'_>,
    ) -> Option<Self> {
        let client_token = token("client_token", client_token, check);
        let client_secret = check.secret("client_secret", client_secret);
        let access_token = token("access_token", access_token, check);
        Some(Self {
            client_token: client_token?,
            client_secret: client_secret?,
            access_token: access_token?,
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ApiClient {
    endpoint: Endpoint,
    credentials: Credentials,
}

impl ApiClient {
    /// `None` if `check` has a problem, also one of before.
    pub fn new(
        endpoint: Option<Endpoint>,
        tokens: Option<Tokens>,
        check: &mut Check<'_>,
    ) -> Option<Self> {
        if check.has_problems() {
            return None;
        }
        let (endpoint, tokens) = (endpoint?, tokens?);
        let credentials = Credentials::new(&Fields {
            host: endpoint.authority(),
            client_token: tokens.client_token.expose(),
            client_secret: tokens.client_secret.expose(),
            access_token: tokens.access_token.expose(),
            ..Fields::default()
        })
        .map_err(|error| check.problem("host", &error.to_string(), error.user_action()))
        .ok()?;
        Some(Self {
            endpoint,
            credentials,
        })
    }

    /// What no message may show.
    pub fn secrets(&self) -> [&str; 3] {
        [
            self.credentials.client_token(),
            self.credentials.access_token(),
            self.credentials.client_secret().expose(),
        ]
    }

    /// The signed request for `target`: path and query, encoded once, so that the bytes that are signed are those that are sent.
    pub fn get(&self, target: String, moment: &Moment, timeout_ms: u32) -> HttpRequest {
        let time = moment.now.shifted(moment.clock_skew_ms);
        let signature = sign(
            &Request {
                method: Method::Get.as_str(),
                scheme: self.endpoint.scheme().as_str(),
                host: self.endpoint.authority(),
                target: &target,
                headers: &[],
                body: &[],
            },
            &self.credentials,
            &SigningTime::from_epoch_ms(time.millis()),
            &Nonce::from_random(moment.nonce),
        );
        HttpRequest {
            method: Method::Get,
            endpoint: self.endpoint.clone(),
            target,
            headers: vec![
                plain("accept", "application/json"),
                plain("accept-encoding", "gzip"),
                confidential("authorization", Secret::new(signature.authorization)),
                plain("user-agent", USER_AGENT),
            ],
            body: Vec::new(),
            timeout_ms,
        }
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
        return None;
    }
    Some(token)
}
