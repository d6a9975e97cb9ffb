//! Access tokens by OAuth 2.0: the request for one, and what its answer means. Shared by sinks whose receiver has an
//! authorization server.

use edgesiem_model::{AccessToken, Answer, Endpoint, ResponseHead, Secret, SinkVerdict};
use edgesiem_model::{Header, HttpRequest, Method, confidential, plain, printable};
use serde::Deserialize;

use crate::answer::Told;
use crate::status::Meaning;
use crate::target::encoded;
use crate::wire::Wire;

/// An authorization server's token endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    pub(crate) endpoint: Endpoint,
    pub(crate) target: String,
    pub(crate) timeout_ms: u32,
    /// What an operator must do if the server refuses our credentials.
    pub(crate) user_action: &'static str,
}

impl Authority {
    /// The request for a token with these parameters (RFC 6749 section 4.4.2).
    pub(crate) fn request(&self, parameters: &[(&str, &str)]) -> HttpRequest {
        let pairs: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let wire = Wire {
            endpoint: self.endpoint.clone(),
            timeout_ms: self.timeout_ms,
            gzip: false,
        };
        let headers = vec![
            plain("accept", "application/json"),
            plain("content-type", "application/x-www-form-urlencoded"),
        ];
        wire.request(
            Method::Post,
            self.target.clone(),
            headers,
            pairs.join("&").into_bytes(),
        )
    }

    /// The token of an answer (RFC 6749 section 5.1), or what a refusal means (section 5.2).
    pub(crate) fn verdict(
        &self,
        credentials: &[&Secret],
        answer: &Answer<'_>,
    ) -> Result<AccessToken, SinkVerdict> {
        if answer.head.status == 200 {
            // Never quoted: it may hold a token in a place where we do not look for one.
            return granted(answer).ok_or_else(|| {
                let empty = Answer { body: b"", ..*answer };
                let told = Told {
                    answer: &empty,
                    credentials,
                };
                told.stop(
                    "the answer of the authorization server holds no access token that a header can carry",
                    "check the address that the token is asked for at",
                )
            });
        }
        let told = Told {
            answer,
            credentials,
        };
        let refusal: Refusal = serde_json::from_slice(answer.body).unwrap_or_default();
        Err(match Meaning::of(answer.head.status) {
            Meaning::Later => told.later(),
            // RFC 6749 section 4.1.2.1; google-auth repeats the others too.
            _ if matches!(
                refusal.error.as_str(),
                "temporarily_unavailable" | "server_error" | "internal_failure"
            ) =>
            {
                told.later()
            }
            Meaning::Moved => told.stop(
                "the authorization server answered with a redirect, and redirects are never followed",
                "check the address that the token is asked for at",
            ),
            Meaning::Address => told.stop(
                "there is no authorization server at this address",
                self.user_action,
            ),
            Meaning::Taken | Meaning::Foreign | Meaning::TooLarge => told.stop(
                "the answer is not that of an authorization server",
                "check the address that the token is asked for at, and what stands between it and us",
            ),
            Meaning::Credentials | Meaning::Poison => {
                let message = if refusal.error.is_empty() {
                    "the authorization server gives us no access token".to_owned()
                } else {
                    let error = printable(&refusal.error, 100);
                    format!("the authorization server gives us no access token: {error}")
                };
                told.stop(&message, self.user_action)
            }
        })
    }
}

/// `authorization` with the token of the attempt; none without one.
pub(crate) fn bearer(token: Option<&Secret>) -> Option<Header> {
    let value = format!("Bearer {}", token?.expose());
    Some(confidential("authorization", Secret::new(value)))
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    /// Seconds, as a number or, from older servers, as a text.
    #[serde(default)]
    expires_in: serde_json::Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
}

/// How long a token is taken to be good if the answer does not say it. Short, because a refused one is renewed anyway.
const UNKNOWN_SECS: u64 = 300;
/// No token is kept longer, whatever the answer says.
const MOST_SECS: u64 = 86_400;

fn granted(answer: &Answer<'_>) -> Option<AccessToken> {
    let grant: Grant = serde_json::from_slice(answer.body).ok()?;
    let token = grant.access_token;
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let seconds = grant.expires_in.as_u64();
    let seconds = seconds
        .or_else(|| grant.expires_in.as_str()?.parse().ok())
        .unwrap_or(UNKNOWN_SECS)
        .min(MOST_SECS);
    let millis = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
    Some(AccessToken {
        token: Secret::new(token),
        expires_at: answer.now.shifted(millis),
    })
}

/// An answer to a request with a token, without whatever may be one: a sink is not told the token again when it judges
/// the answer, and some servers echo headers in their error pages.
pub(crate) struct Veiled {
    head: ResponseHead,
    body: Vec<u8>,
}

impl Veiled {
    pub(crate) fn new(answer: &Answer<'_>) -> Self {
        let head = ResponseHead {
            status: answer.head.status,
            headers: answer
                .head
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), veiled(value)))
                .collect(),
        };
        let body = veiled(&String::from_utf8_lossy(answer.body)).into_bytes();
        Self { head, body }
    }

    pub(crate) fn of<'a>(&'a self, answer: &Answer<'_>) -> Answer<'a> {
        Answer {
            head: &self.head,
            body: &self.body,
            now: answer.now,
        }
    }
}

/// Shortest piece of an answer that is taken for a token. Those of Microsoft and Google have hundreds of characters; ids and
/// host names have fewer than this.
const TOKEN_CHARS: usize = 64;

/// `text` with `***` for all that could be a token (`b64token` of RFC 6750 section 2.1, without the slash, which
/// paths have).
fn veiled(text: &str) -> String {
    let is_token = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~' | '+' | '=')
    };
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|character| !is_token(character)) {
        let word = piece.trim_end_matches(|character| !is_token(character));
        if word.len() < TOKEN_CHARS {
            out.push_str(piece);
        } else {
            out.push_str("***");
            out.push_str(piece.get(word.len()..).unwrap_or_default());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use edgesiem_model::{AccessToken, Timestamp};
    use edgesiem_model::{Answer, Endpoint, InsecureLoopback, ResponseHead, Secret, SinkVerdict};

    use super::{Authority, veiled};

    fn authority() -> Authority {
        let (endpoint, target) =
            Endpoint::parse_url("https://login.example/token", InsecureLoopback::Refuse).unwrap();
        Authority {
            endpoint,
            target,
            timeout_ms: 1,
            user_action: "mend it",
        }
    }

    fn verdict(status: u16, body: &str) -> Result<AccessToken, SinkVerdict> {
        let head = ResponseHead {
            status,
            headers: vec![("retry-after".to_owned(), "7".to_owned())],
        };
        let answer = Answer {
            head: &head,
            body: body.as_bytes(),
            now: Timestamp::from_secs(1000),
        };
        let secret = Secret::new("hunter2".to_owned());
        authority().verdict(&[&secret], &answer)
    }

    #[test]
    fn parameters_are_encoded_as_a_form() {
        let request = authority().request(&[("grant_type", "a b"), ("secret", "x&y=~é")]);
        assert_eq!(request.body, b"grant_type=a%20b&secret=x%26y%3D~%C3%A9");
        assert_eq!(request.url(), "https://login.example/token");
    }

    #[test]
    fn a_grant_has_a_token_and_an_end() {
        for (body, secs) in [
            (r#"{"access_token":"t","expires_in":3599}"#, 4599),
            (r#"{"access_token":"t","expires_in":"3599"}"#, 4599),
            (r#"{"access_token":"t","expires_in":-1}"#, 1300),
            (r#"{"access_token":"t"}"#, 1300),
            (r#"{"access_token":"t","expires_in":1e30}"#, 1300),
            (
                r#"{"access_token":"t","expires_in":18446744073709551615}"#,
                87_400,
            ),
        ] {
            let token = verdict(200, body).unwrap();
            assert_eq!(token.token.expose(), "t", "{body}");
            assert_eq!(token.expires_at, Timestamp::from_secs(secs), "{body}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_words_and_without_secrets() {
        for (status, body, shown) in [
            (
                200,
                r#"{"access_token":""}"#,
                "stop: the answer of the authorization server holds no",
            ),
            (
                200,
                r#"{"access_token":"a\nb"}"#,
                "stop: the answer of the authorization server holds no",
            ),
            (
                200,
                r#"{"token":"hunter3"}"#,
                "stop: the answer of the authorization server holds no",
            ),
            (204, "", "stop: the answer is not that"),
            (
                302,
                "",
                "stop: the authorization server answered with a redirect",
            ),
            (
                400,
                r#"{"error":"invalid_grant","error_description":"hunter2"}"#,
                "stop: the authorization server gives us no access token: invalid_grant",
            ),
            (
                401,
                r#"{"error":"invalid_client"}"#,
                "stop: the authorization server gives us no access token: invalid_client",
            ),
            (
                403,
                "<html>",
                "stop: the authorization server gives us no access token",
            ),
            (
                400,
                r#"{"error":"temporarily_unavailable"}"#,
                "retry Some(7000)",
            ),
            (404, "", "stop: there is no authorization server"),
            (418, "", "stop: the answer is not that"),
            (429, "", "retry Some(7000)"),
            (500, "", "retry Some(7000)"),
            (503, r#"{"error":"invalid_client"}"#, "retry Some(7000)"),
        ] {
            let told = match verdict(status, body).unwrap_err() {
                SinkVerdict::Stop(error) => {
                    let told = error.to_string();
                    assert!(!told.contains("hunter"), "{told}");
                    format!("stop: {told}")
                }
                SinkVerdict::Retry { after_ms, .. } => format!("retry {after_ms:?}"),
                other => panic!("{other:?}"),
            };
            assert!(told.starts_with(shown), "{status} {body}: {told}");
        }
    }

    #[test]
    fn whatever_may_be_a_token_is_veiled_in_what_is_quoted() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.".repeat(3);
        assert_eq!(
            veiled(&format!(
                "Authorization: Bearer {token}é is late, dcr-000a00a000a00000a000000aa000a0aa"
            )),
            "Authorization: Bearer ***é is late, dcr-000a00a000a00000a000000aa000a0aa"
        );
        assert_eq!(veiled(&token), "***");
        assert_eq!(veiled(""), "");
        assert_eq!(veiled("日本"), "日本");
    }
}
