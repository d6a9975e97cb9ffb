//! Better Stack Logs (Telemetry), the HTTP source, as lines of JSON.
//!
//! Source: Better Stack docs "Ingesting logs".
//!
//! The body is one object a line. Time and id stand before the document's own members; the time is left out if the
//! event has none, and Better Stack then takes the time of arrival:
//!
//! ```json
//! {"dt":"2017-04-04T10:57:02.000Z","edgesiem_id":"9f…","attackData":{…}}
//! ```
//!
//! A document that is not JSON becomes `message`. Better Stack has no idempotency key: an event that is sent twice is
//! stored twice, and `edgesiem_id` tells. Events of a replay have the replay's name in `edgesiem_replay`.
//!
//! A request is taken or refused as a whole. 406 says that the body cannot be read as JSON, which is about these very
//! events; so the batch is bisected.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, HttpRequest, Secret, Sink, SinkVerdict,
};

use crate::About;
use crate::members::Members;
use crate::wire::Wire;

pub use config::Config;

const ABOUT: About = About {
    kind: "better-stack",
    local: false,
    product: "Better Stack",
    summary: "Sends events as lines of JSON to an HTTP source of Better Stack Logs.",
    checked_by: "strict fake",
    partial: "none: a request is taken or refused as a whole; a refused one is halved until the refused event is alone",
    repeats: "stored twice; `edgesiem_id` tells",
    limits: "1000 events and 900,000 bytes a request unless configured, 10,000,000 bytes at most; Better Stack answers 413 to what is \
             too large for it, and the request is sent in halves",
    failures: &[
        ("HTTP 202", "delivered"),
        (
            "HTTP 408, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413", "sent in halves"),
        (
            "HTTP 400, 406, 422",
            "the event is isolated and becomes a dead letter",
        ),
        (
            "HTTP 401, 402 (quota or spending limit), 403, 404, a redirect, any other",
            "the stream stops and says what to mend",
        ),
        (
            "a 2xx other than 202",
            "the stream stops: a login page must not swallow events",
        ),
    ],
    example: r#"[sinks.better-stack]
kind = "better-stack"
url = "https://s1234567.eu-nbg-2.betterstackdata.com"
token = { secret = "BETTER_STACK_TOKEN" }
"#,
    try_it: "In Better Stack: Telemetry, Sources, Connect source, HTTP; the page of the source shows the ingesting host and the source \
             token. Then look at Live tail and search `edgesiem_id`.",
    sources: &[(
        "Better Stack: Ingesting logs",
        "https://betterstack.com/docs/logs/ingesting-data/http/logs/",
    )],
};

/// A source, ready to use.
#[derive(Debug)]
struct BetterStack {
    name: String,
    wire: Wire,
    target: String,
    token: Secret,
    /// `Bearer <token>`.
    authorization: Secret,
    members: Members,
    limits: BatchLimits,
}

impl Sink for BetterStack {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn request(&self, batch: &BatchView<'_>, _attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(self, answer)
    }
}
