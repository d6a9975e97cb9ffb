//! Datadog's log intake, version 2.
//!
//! A batch is an array of logs:
//!
//! ```json
//! [{"ddsource":"akamai","service":"waf","timestamp":1491303422000,"edgesiem_id":"9f…","message":"{…}"}]
//! ```
//!
//! `message` holds the document as a string. Datadog parses a message that is JSON, and its members become the log's
//! attributes; a message that is not, such as CEF, is text for a pipeline's parser. Events of a replay have its name in
//! the attribute `edgesiem_replay`.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Endpoint, Error, HttpRequest, Secret, Sink,
    SinkVerdict,
};

use crate::About;
use crate::wire::Wire;

pub use config::Config;

const ABOUT: About = About {
    kind: "datadog",
    local: false,
    product: "Datadog",
    summary: "Sends each event as a log to Datadog's log intake (API v2); members of JSON documents become attributes.",
    checked_by: "strict fake",
    partial: "none: Datadog accepts or refuses a request as a whole",
    repeats: "stored twice; both carry the same `@edgesiem_id`",
    limits: "5 MB and 1000 logs a request, 1 MB a log. Datadog cuts a longer log and says nothing, so a longer one is \
             not sent and becomes a dead letter. Datadog wants times of at most 18 hours ago; older events, such as those \
             of a long replay, may be shown at another time or not at all.",
    failures: &[
        ("HTTP 202", "delivered"),
        (
            "HTTP 408, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413", "sent in halves"),
        (
            "HTTP 400",
            "the event is isolated and becomes a dead letter",
        ),
        (
            "HTTP 401, 403, 404, a redirect, any other",
            "the stream stops and says what to mend",
        ),
    ],
    example: r#"[sinks.datadog]
kind = "datadog"
site = "eu"
api_key = { secret = "DATADOG_API_KEY" }
ddsource = "akamai"
service = "waf"
tags = ["env:prod"]
"#,
    try_it: "In Datadog: Organization Settings, API Keys, New Key. `edgesiem check` asks Datadog whether the key is valid. \
             Then search `@edgesiem_id:*` in the Log Explorer.",
    sources: &[
        (
            "Send logs",
            "https://docs.datadoghq.com/api/latest/logs/send-logs/",
        ),
        (
            "Validate API key",
            "https://docs.datadoghq.com/api/latest/authentication/",
        ),
        (
            "Pipelines: preprocessing for JSON logs",
            "https://docs.datadoghq.com/logs/log_configuration/pipelines/",
        ),
    ],
};

/// A log intake, ready to use.
#[derive(Debug)]
struct Datadog {
    name: String,
    wire: Wire,
    target: String,
    api_key: Secret,
    /// Where a key can be validated; unknown for intakes that are not Datadog's own.
    api: Option<Endpoint>,
    /// From the brace of a log to the comma before its time.
    before: String,
    limits: BatchLimits,
}

impl Sink for Datadog {
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

    fn health_request(&self, _attempt: &Attempt<'_>) -> Option<HttpRequest> {
        encode::health(self)
    }

    fn health_verdict(&self, answer: &Answer<'_>) -> Result<(), Error> {
        verdict::health(self, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::config::tests::built;

    #[test]
    fn an_intake_can_be_logged() {
        let config: Config = serde_json::from_str(r#"{"api_key": {"secret": "K"}}"#).unwrap();
        let sink = built(&config, "hunter2");
        let shown = format!("{sink:?} {sink:#?}");
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
