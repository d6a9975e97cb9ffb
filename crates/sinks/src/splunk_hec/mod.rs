//! Splunk's HTTP Event Collector (HEC), event or raw endpoint, with or without indexer acknowledgement.
//!
//! Sources: Splunk docs "Format events for HTTP Event Collector", "HTTP Event Collector indexer
//! acknowledgment" and "Troubleshoot HTTP Event Collector" (the table of codes).
//!
//! The body is a sequence of objects, one a line, not an array:
//!
//! ```json
//! {"time":1491303422.000,"sourcetype":"akamaisiem","event":{…},"fields":{"edgesiem_id":"9f…"}}
//! ```
//!
//! HEC has no idempotency key. Delivery is at least once: a batch that is repeated, or bisected because one
//! event of it was refused, may be indexed twice, and `| dedup edgesiem_id` tells. Events of a replay have the
//! replay's name in the indexed field `edgesiem_replay`, such as `r7`, so that a search or an alert can leave them
//! out; live events do not have the field.
//!
//! An answer that names an event (`invalid-event-number`) is not taken for acceptance of those before it: no page of
//! Splunk's documentation says what becomes of them, and what maintainers report of it differs
//! (<https://github.com/open-telemetry/opentelemetry-collector-contrib/issues/36113>,
//! <https://github.com/vectordotdev/vector/issues/11434>). The batch is bisected instead: that may repeat events and
//! loses none.
//!
//! # Raw lines
//!
//! With `endpoint = "raw"` the body is one document a line, byte for byte, and Splunk makes events of the lines by the source
//! type's rules, the time of each included: for CEF and for add-ons that expect the vendor's own lines. Metadata is in the
//! query and holds for all lines of a request, and a channel is sent always, because HEC wants one for raw data.
//!
//! Raw lines have no place for ids: a line that is sent twice is indexed twice, and only its own content can tell. A replay is told by the source: `edgesiem:replay:r7`, or the configured source with
//! `:replay:r7` after it.
//!
//! # Acknowledgement
//!
//! A 200 says that Splunk has the events in memory. With `ack = true` the batch counts as delivered only
//! when the indexers have written it: the answer's `ackId` is asked about until it is true, first after a
//! second, then at intervals that double up to ten seconds. The sink keeps no state, so the poll request
//! itself carries the time at which waiting began, in the header `x-edgesiem-pending-since` (milliseconds
//! since the epoch, no meaning to Splunk). Past `ack_timeout_s` the batch is sent again.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Error, HttpRequest, Secret, Sink, SinkVerdict,
};

use crate::About;
use crate::wire::Wire;

pub use config::Config;
use serde::Deserialize;

const ABOUT: About = About {
    kind: "splunk-hec",
    local: false,
    product: "Splunk HTTP Event Collector",
    summary: "Sends each event as an object of Splunk's HTTP Event Collector, or as a raw line, with or without indexer \
              acknowledgement.",
    checked_by: "strict fake",
    partial: "the batch is halved until the refused event is alone; events beside it may be indexed twice",
    repeats: "indexed twice; `| dedup edgesiem_id` tells (raw lines carry no id)",
    limits: "1,000,000 bytes a request unless configured, 838,860,800 at most (max_content_length of limits.conf)",
    failures: &[
        (
            "code 8, 9, 18 to 20, 23, 26, 27, HTTP 408, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        (
            "code 5, 6, 12, 13, 15",
            "the event is isolated and becomes a dead letter",
        ),
        ("HTTP 413", "sent in halves"),
        (
            "code 1 to 4, 7, 10, 11, 14, 16, 21, 22, HTTP 401, 402, 403, 404, 410, a redirect",
            "the stream stops and says what to mend",
        ),
        (
            "code 24 or 25 (close to capacity)",
            "delivered: Splunk took the events",
        ),
        (
            "a 200 that is not a collector's",
            "the stream stops: a login page must not swallow events",
        ),
        ("not acknowledged within ack_timeout_s", "sent again"),
    ],
    example: r#"[sinks.splunk]
kind = "splunk-hec"
url = "https://http-inputs-acme.splunkcloud.com"
token = { secret = "SPLUNK_HEC_TOKEN" }
sourcetype = "akamaisiem"
ack = true
"#,
    try_it: "In Splunk: Settings, Data inputs, HTTP Event Collector, New Token; tick \"Enable indexer acknowledgement\" if `ack = true`. \
             Then search `index=* edgesiem_id=* | head 10`.",
    sources: &[
        (
            "Format events for HTTP Event Collector",
            "https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector",
        ),
        (
            "HTTP Event Collector indexer acknowledgment",
            "https://docs.splunk.com/Documentation/Splunk/latest/Data/AboutHECIDXAck",
        ),
        (
            "Troubleshoot HTTP Event Collector",
            "https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector",
        ),
    ],
};

/// An endpoint of the collector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// Objects with metadata, time and fields of their own.
    #[default]
    Event,
    /// Lines as they are.
    Raw,
}

impl Route {
    const fn path(self) -> &'static str {
        match self {
            Self::Event => "/event",
            Self::Raw => "/raw",
        }
    }
}

/// An event collector, ready to use.
#[derive(Debug)]
struct SplunkHec {
    name: String,
    wire: Wire,
    /// Path of the collector, to which that of an endpoint is added.
    collector: String,
    /// `Splunk <token>`.
    authorization: Secret,
    token: Secret,
    /// From the comma after the time to the colon before the document.
    before: String,
    /// From the comma after the document to the quote before the event's id.
    after: String,
    /// From the quote after the event's id to the end of the object.
    end: String,
    /// Only if lines are sent as they are.
    raw: Option<Raw>,
    ack: Option<Ack>,
    limits: BatchLimits,
}

/// What all lines of a request share.
#[derive(Debug)]
struct Raw {
    /// Channel and metadata but the source.
    query: String,
    source: Option<String>,
}

/// How to wait until the indexers have a batch.
#[derive(Debug)]
struct Ack {
    /// Groups the acknowledgements of one client.
    channel: String,
    /// After this long the batch is sent again.
    timeout_ms: u64,
}

impl Sink for SplunkHec {
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

    fn poll_verdict(&self, poll: &HttpRequest, answer: &Answer<'_>) -> SinkVerdict {
        verdict::poll_verdict(self, poll, answer)
    }

    fn health_request(&self, _attempt: &Attempt<'_>) -> Option<HttpRequest> {
        Some(encode::health(self))
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
    fn a_collector_can_be_logged() {
        let config: Config = serde_json::from_str(
            r#"{"url": "https://h.example/", "token": {"secret": "T"}, "ack": true}"#,
        )
        .unwrap();
        let sink = built(&config, "hunter2");
        let shown = format!("{sink:?} {sink:#?}");
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
