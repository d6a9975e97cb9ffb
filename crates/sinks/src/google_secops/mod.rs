//! Google Security Operations by the Chronicle API, method `logs.import`
//! (<https://cloud.google.com/chronicle/docs/reference/rest/v1beta/projects.locations.instances.logTypes.logs/import>).
//! The Ingestion API before it ends on 2027-07-20 and is not spoken.
//!
//! A batch is one list of raw logs of one log type:
//!
//! ```json
//! {"inlineSource":{"logs":[{"data":"eyJhIjoxfQ==","logEntryTime":"2017-04-04T10:57:02.000Z",
//!   "collectionTime":"2017-04-04T10:57:02.001Z","labels":{"edgesiem_id":{"value":"9f…"}}}]}}
//! ```
//!
//! What a log means is its parser's to say: that of `AKAMAI_WAF` reads what Akamai sends (schema `raw`) and CEF (schema
//! `cef`).
//!
//! `collectionTime` is required and must be after `logEntryTime`. It is a millisecond after it, and not the time of the
//! attempt, so that a repeated batch has the same bytes. An event that tells no time gets that of the event before it
//! in its batch, or of the first one that has one; if none has one, both times are left out.
//!
//! The label `edgesiem_id` is the event's id (`metadata.ingestion_labels` in UDM); `edgesiem_replay` names the replay if it
//! is part of one.
//!
//! Access tokens are asked for with a key of a service account, by an assertion that it signs (RFC 7523). Requests to
//! `token_uri` of the key file are made only if that is an address of Google's.

mod account;
mod config;
mod encode;
mod rsa;
mod verdict;

use edgesiem_model::{
    AccessToken, Answer, Attempt, BatchLimits, BatchView, HttpRequest, Secret, Sink, SinkVerdict,
    Timestamp,
};

use crate::About;
use crate::oauth::Authority;
use crate::wire::Wire;
use account::Account;
pub use config::{ApiVersion, Config};

const ABOUT: About = About {
    kind: "google-secops",
    local: false,
    product: "Google Security Operations (Chronicle API)",
    summary: "Imports each batch as raw logs of one log type, with access tokens of a service account. Made for the schemas `raw` and \
              `cef`, which the parser of the log type `AKAMAI_WAF` reads.",
    checked_by: "strict fake; assertions by google-auth 2.62.2",
    partial: "none: a batch is taken or refused as a whole, and halved until the refused event is alone",
    repeats: "the same logs again are recognised, as Google says of its ingestion; the label `edgesiem_id` tells in any case",
    limits: "4,000,000 bytes a request in base64 and JSON, checked before sending (900,000 unless configured); a larger event becomes a dead \
             letter; the tenant's burst limit is answered with 429",
    failures: &[
        ("HTTP 200 with an empty answer", "delivered"),
        (
            "HTTP 408, 409, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413, or 400 because of the size", "sent in halves"),
        (
            "HTTP 400 INVALID_ARGUMENT",
            "the event is isolated and becomes a dead letter, unless the answer speaks of the forwarder, the log type or the instance",
        ),
        (
            "HTTP 401",
            "a new access token is asked for once, then the stream stops",
        ),
        (
            "HTTP 403, 404, 400 FAILED_PRECONDITION, a refusal of the token such as invalid_grant, a redirect, any other",
            "the stream stops and says what to mend",
        ),
    ],
    example: r#"[sinks.secops]
kind = "google-secops"
region = "eu"
project = "my-project"
instance = "11111111-2222-3333-4444-555555555555"
log_type = "AKAMAI_WAF"
credentials = { secret = "GOOGLE_SERVICE_ACCOUNT" }
"#,
    try_it: "In the Google Cloud project of your instance: make a service account, give it a role with the permission \
             chronicle.logs.import, make a JSON key of it, and store the file as the secret: \
             `wrangler secret put GOOGLE_SERVICE_ACCOUNT < key.json`. The customer id of SIEM Settings, Profile is `instance`. Then search \
             `metadata.log_type = \"AKAMAI_WAF\"`.",
    sources: &[
        (
            "Method: logs.import",
            "https://cloud.google.com/chronicle/docs/reference/rest/v1beta/projects.locations.instances.logTypes.logs/import",
        ),
        (
            "Resource: Log",
            "https://cloud.google.com/chronicle/docs/reference/rest/v1alpha/projects.locations.instances.logTypes.logs",
        ),
        (
            "Understand quotas and burst limits",
            "https://cloud.google.com/chronicle/docs/ingestion/burst-limits",
        ),
        (
            "Using OAuth 2.0 for Server to Server Applications",
            "https://developers.google.com/identity/protocols/oauth2/service-account",
        ),
        (
            "Default parser of AKAMAI_WAF",
            "https://cloud.google.com/chronicle/docs/ingestion/default-parsers/akamai-waf",
        ),
    ],
};

/// A log type of an instance, ready to use.
#[derive(Debug)]
struct GoogleSecops {
    name: String,
    wire: Wire,
    target: String,
    account: Account,
    authority: Authority,
    /// From the comma after an event's labels of ours, or from the end of them, to the end of the event.
    event_end: String,
    /// From the end of the list of logs to the end of the body.
    body_end: String,
    limits: BatchLimits,
}

impl Sink for GoogleSecops {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn token_request(&self, now: Timestamp) -> Option<HttpRequest> {
        let assertion = Secret::new(self.account.assertion(now));
        Some(self.authority.request(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion.expose()),
        ]))
    }

    fn token_verdict(&self, answer: &Answer<'_>) -> Result<AccessToken, SinkVerdict> {
        verdict::token(self, answer)
    }

    fn request(&self, batch: &BatchView<'_>, attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch, attempt.token)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(answer)
    }
}
