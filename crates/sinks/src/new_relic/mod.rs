//! New Relic's Log API.
//!
//! A batch is one block of logs:
//!
//! ```json
//! [{"common":{"attributes":{"logtype":"akamai"}},"logs":[
//!   {"timestamp":1491303422000,"attributes":{"edgesiem_id":"9f…"},"message":"{…}"}]}]
//! ```
//!
//! `message` holds the document as a string. New Relic parses a message that is JSON and makes attributes of its members.
//! Events of a replay have its name in the common attribute `edgesiem_replay`.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, HttpRequest, Secret, Sink, SinkVerdict,
};

use crate::About;
use crate::wire::Wire;

pub use config::Config;

const ABOUT: About = About {
    kind: "new-relic",
    local: false,
    product: "New Relic Logs",
    summary: "Sends each event as a log to New Relic's Log API; members of JSON documents become attributes.",
    checked_by: "strict fake",
    partial: "none: New Relic takes or refuses a request as a whole, and checks its logs later (`NrIntegrationError`)",
    repeats: "stored twice; both carry the same `edgesiem_id`",
    limits: "1,000,000 bytes a request, before compression too; an event that does not fit alone becomes a dead letter. New \
             Relic keeps 255 attributes of a log and 4,094 characters of a value (more of `message` as a blob), and may drop \
             logs older than 48 hours, such as those of a long replay.",
    failures: &[
        ("HTTP 202", "delivered"),
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
    ],
    example: r#"[sinks.newrelic]
kind = "new-relic"
region = "eu"
license_key = { secret = "NEW_RELIC_LICENSE_KEY" }
logtype = "akamai"
attributes = { env = "prod" }
"#,
    try_it: "In New Relic: API keys, a key of the type INGEST - LICENSE. Then query `SELECT * FROM Log WHERE edgesiem_id IS NOT NULL`, \
             and `SELECT * FROM NrIntegrationError` for logs that New Relic took and could not store.",
    sources: &[(
        "Introduction to the Log API",
        "https://docs.newrelic.com/docs/logs/log-api/introduction-log-api/",
    )],
};

/// A Log API, ready to use.
#[derive(Debug)]
struct NewRelic {
    name: String,
    wire: Wire,
    target: String,
    license_key: Secret,
    /// Common attributes, without braces.
    common: String,
    limits: BatchLimits,
}

impl Sink for NewRelic {
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

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::config::tests::built;

    #[test]
    fn a_log_api_can_be_logged() {
        let config: Config = serde_json::from_str(r#"{"license_key": {"secret": "K"}}"#).unwrap();
        let sink = built(&config, "hunter2");
        let shown = format!("{sink:?} {sink:#?}");
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
