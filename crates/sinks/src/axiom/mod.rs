//! Axiom's ingest API, as lines of JSON.
//!
//! Sources: Axiom docs "Ingest data", "Ingest data to edge deployment", "API limits" and "Limits".
//!
//! The body is one object a line. Time and id stand before the document's own members; the time is left out if the
//! event has none, and Axiom then takes the time of arrival:
//!
//! ```json
//! {"_time":"2017-04-04T10:57:02.000Z","edgesiem_id":"9f…","attackData":{…}}
//! ```
//!
//! A document that is not JSON becomes the field `message`. Axiom has no idempotency key: an event that is sent twice is
//! stored twice, and the field `edgesiem_id` tells. Events of a replay have the replay's name in `edgesiem_replay`.
//!
//! # Events that Axiom does not take
//!
//! A 200 says how many events failed, and of each failure the event's time and what was wrong, but not which event it
//! was. If exactly as many events have these times as failed, those are the ones, and they become dead letters. If more
//! have them, they alone are sent again, and as soon as a request consists of nothing else it is bisected: of the events
//! that Axiom took, only those that happened in the same millisecond as a refused one are stored more than once.

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
    kind: "axiom",
    local: false,
    product: "Axiom",
    summary: "Sends events as lines of JSON to a dataset through Axiom's ingest API.",
    checked_by: "strict fake",
    partial: "Axiom tells the times of refused events: those become dead letters; if other events happened in the same millisecond, \
              these may be stored twice",
    repeats: "stored twice; the field `edgesiem_id` tells",
    limits: "1000 events and 900,000 bytes a request unless configured, 10,000 events at most; an event of more than 1,000,000 bytes is \
             not sent and becomes a dead letter",
    failures: &[
        (
            "HTTP 200 with failed > 0",
            "the refused events are found by their times or by bisection, and become dead letters",
        ),
        (
            "HTTP 429",
            "tried again after X-RateLimit-Reset, X-IngestLimit-Reset or Retry-After",
        ),
        (
            "HTTP 408, 5xx, no answer",
            "tried again with growing pauses",
        ),
        ("HTTP 413", "sent in halves"),
        (
            "HTTP 400, 422",
            "the event is isolated and becomes a dead letter",
        ),
        (
            "HTTP 401, 402, 403, 404, a redirect, any other",
            "the stream stops and says what to mend",
        ),
        (
            "a 200 that is not Axiom's",
            "the stream stops: a login page must not swallow events",
        ),
    ],
    example: r#"[sinks.axiom]
kind = "axiom"
dataset = "akamai-waf"
token = { secret = "AXIOM_TOKEN" }
"#,
    try_it: "In Axiom: Datasets, New dataset; then Settings, API tokens, a token that may ingest into it. For an edge deployment set \
             url = \"https://eu-central-1.aws.edge.axiom.co\". Then query `['akamai-waf'] | where isnotnull(edgesiem_id) | limit 10`. \
             Nested objects use up the dataset's fields: make `attackData` and the like map fields.",
    sources: &[
        (
            "Axiom API: Ingest data",
            "https://axiom.co/docs/restapi/endpoints/ingestIntoDataset",
        ),
        (
            "Axiom API: Ingest data to edge deployment",
            "https://axiom.co/docs/restapi/endpoints/ingestToDataset",
        ),
        (
            "Axiom API limits",
            "https://axiom.co/docs/restapi/api-limits",
        ),
        ("Axiom limits", "https://axiom.co/docs/reference/limits"),
    ],
};

/// A dataset, ready to use.
#[derive(Debug)]
struct Axiom {
    name: String,
    wire: Wire,
    /// Path of the ingest endpoint.
    target: String,
    token: Secret,
    /// `Bearer <token>`.
    authorization: Secret,
    /// The organization, for personal access tokens.
    org_id: Option<String>,
    members: Members,
    limits: BatchLimits,
}

impl Sink for Axiom {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn request(&self, batch: &BatchView<'_>, _attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch)
    }

    fn verdict(&self, batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(self, batch, answer)
    }
}
