//! Honeycomb's Events API, batches.
//!
//! Sources: Honeycomb docs "Create Events" (batch and per-event statuses) and "Create an Event" (limits), libhoney-go
//! `transmission.go` (`apiMaxBatchSize`).
//!
//! A batch is an array, one object an event:
//!
//! ```json
//! [{"time":"2017-04-04T10:57:02.000Z","data":{"edgesiem_id":"9f…","attackData":{…}}}]
//! ```
//!
//! A document that is not JSON becomes the field `message`. Objects within the data are kept as JSON text unless the
//! dataset has "Automatically unpack nested JSON" switched on. Honeycomb has no idempotency key: an event that is sent
//! twice is stored twice, and the field `edgesiem_id` tells. Events of a replay have the replay's name in `edgesiem_replay`.
//!
//! Honeycomb answers a batch with a status for each event, in their order. Each is taken for what it says: refused events
//! become dead letters, throttled ones are sent again, and an answer that has not as many statuses as there were
//! events counts for nothing.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Error, HttpRequest, Secret, Sink, SinkVerdict,
};

use crate::About;
use crate::members::Members;
use crate::wire::Wire;

pub use config::Config;

const ABOUT: About = About {
    kind: "honeycomb",
    local: false,
    product: "Honeycomb",
    summary: "Sends batches of events to a dataset through Honeycomb's Events API.",
    checked_by: "strict fake",
    partial: "Honeycomb answers for each event: refused ones become dead letters, throttled ones are sent again, the rest is delivered",
    repeats: "stored twice; the field `edgesiem_id` tells",
    limits: "1000 events and 900,000 bytes a request unless configured, 5,000,000 bytes at most; an event of more than 1,000,000 bytes is \
             not sent and becomes a dead letter; Honeycomb itself refuses events with more than 2000 fields or a field of more than 64 KB",
    failures: &[
        (
            "HTTP 200 with a status for each event",
            "202: delivered; 429, 403, 5xx: sent again; 400 and any other: a dead letter",
        ),
        (
            "HTTP 408, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413", "sent in halves"),
        (
            "HTTP 400, 422",
            "the event is isolated and becomes a dead letter",
        ),
        (
            "HTTP 401, 403, 404, a redirect, any other",
            "the stream stops and says what to mend",
        ),
        (
            "a 200 that is not Honeycomb's",
            "the stream stops: a login page must not swallow events",
        ),
    ],
    example: r#"[sinks.honeycomb]
kind = "honeycomb"
dataset = "akamai-waf"
api_key = { secret = "HONEYCOMB_API_KEY" }
"#,
    try_it: "In Honeycomb: Environment settings, API Keys, Create Ingest API Key, with permission to create datasets if the dataset is \
             new. For the EU instance set url = \"https://api.eu1.honeycomb.io\". Then query the dataset for `edgesiem_id exists`.",
    sources: &[
        (
            "Honeycomb API: Create Events",
            "https://docs.honeycomb.io/api/tag/Events",
        ),
        (
            "Honeycomb API: Create an Event (limits)",
            "https://docs.honeycomb.io/api/events/create-an-event",
        ),
    ],
};

/// A dataset, ready to use.
#[derive(Debug)]
struct Honeycomb {
    name: String,
    wire: Wire,
    /// Path of the batch endpoint.
    target: String,
    /// Path of the question what the key may do.
    health: String,
    api_key: Secret,
    members: Members,
    limits: BatchLimits,
}

impl Sink for Honeycomb {
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
        verdict::verdict(self, batch.len(), answer)
    }

    fn health_request(&self, _attempt: &Attempt<'_>) -> Option<HttpRequest> {
        Some(encode::health(self))
    }

    fn health_verdict(&self, answer: &Answer<'_>) -> Result<(), Error> {
        verdict::health(self, answer)
    }
}
