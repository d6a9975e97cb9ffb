//! An HTTP Logs and Metrics Source of Sumo Logic.
//!
//! The body is a line for each event. JSON documents get the event's id as their first member, `edgesiem_id`; text goes
//! out as it is. The headers say what is the same for all of them: category, host, name and fields. A replay is named in
//! the field `edgesiem_replay` of every message, and in the member `edgesiem_replay` of JSON documents.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, HttpRequest, Secret, Sink, SinkVerdict,
};

use crate::About;
use crate::lines::Lines;
use crate::wire::Wire;

pub use config::Config;

const ABOUT: About = About {
    kind: "sumo-logic",
    local: false,
    product: "Sumo Logic",
    summary: "Sends events as lines to an HTTP Logs and Metrics Source of a hosted collector.",
    checked_by: "strict fake",
    partial: "none: Sumo Logic accepts or refuses a request as a whole",
    repeats: "stored twice; JSON messages carry the same `edgesiem_id`",
    limits: "900,000 bytes a request, of 1 MB that Sumo Logic recommends at most. Sumo Logic slices a message at 65,536 \
             bytes, and a slice is no JSON any more: a longer one is not sent and becomes a dead letter, unless \
             `allow_slicing = true`. A search finds a field from X-Sumo-Fields only if it is defined under Fields.",
    failures: &[
        ("HTTP 200", "delivered"),
        (
            "HTTP 408, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses; after a 408 Sumo Logic may have the batch already",
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
            "a 200 with a page for people",
            "the stream stops: a login page must not swallow events",
        ),
    ],
    example: r#"[sinks.sumo]
kind = "sumo-logic"
url = { secret = "SUMO_URL" }
category = "akamai/waf"
fields = { env = "prod" }
"#,
    try_it: "In Sumo Logic: Collection, a hosted collector, Add Source, HTTP Logs & Metrics; keep \"Enable Timestamp Parsing\", \
             and turn \"Detect messages spanning multiple lines\" off. Its URL is the secret. Live Tail on \
             `_sourceCategory=akamai/waf` shows the events at once.",
    sources: &[
        (
            "Upload logs to an HTTP source",
            "https://www.sumologic.com/help/docs/send-data/hosted-collectors/http-source/logs-metrics/upload-logs/",
        ),
        (
            "Troubleshooting HTTP sources (statuses)",
            "https://www.sumologic.com/help/docs/send-data/hosted-collectors/http-source/troubleshooting/",
        ),
        (
            "Search large messages (64 KB)",
            "https://www.sumologic.com/help/docs/search/get-started-with-search/search-basics/search-large-messages/",
        ),
    ],
};

/// An HTTP source, ready to use.
#[derive(Debug)]
struct SumoLogic {
    name: String,
    wire: Wire,
    /// Path and query: whoever knows it may send.
    target: Secret,
    /// What in `target` tells it to someone who reads an answer.
    hidden: Vec<Secret>,
    category: Option<String>,
    host: Option<String>,
    source: Option<String>,
    /// `a=b,c=d`.
    fields: String,
    lines: Lines,
    limits: BatchLimits,
}

impl Sink for SumoLogic {
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
    fn a_source_can_be_logged() {
        let config: Config = serde_json::from_str(r#"{"url": {"secret": "U"}}"#).unwrap();
        let sink = built(&config, "https://h.example/receiver/v1/http/hunter2==");
        let shown = format!("{sink:?} {sink:#?} {config:?}");
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
