//! Splunk's HTTP Event Collector (HEC), event endpoint, with or without indexer acknowledgement.
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
    Answer, BatchLimits, BatchView, Endpoint, HttpRequest, Secret, Sink, SinkVerdict, Timestamp,
};

pub use config::Config;

/// An event collector, ready to use.
#[derive(Debug)]
struct SplunkHec {
    name: String,
    endpoint: Endpoint,
    /// Path of the event endpoint.
    target: String,
    /// `Splunk <token>`.
    authorization: Secret,
    token: Secret,
    /// From the comma after the time to the colon before the document.
    before: String,
    /// From the comma after the document to the quote before the event's id.
    after: String,
    /// From the quote after the event's id to the end of the object.
    end: String,
    ack: Option<Ack>,
    limits: BatchLimits,
    timeout_ms: u32,
}

/// How to wait until the indexers have a batch.
#[derive(Debug)]
struct Ack {
    /// Groups the acknowledgements of one client.
    channel: String,
    /// Path and query of the poll.
    target: String,
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

    fn request(&self, batch: &BatchView<'_>, _now: Timestamp) -> HttpRequest {
        encode::request(self, batch)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(self, answer)
    }

    fn poll_verdict(&self, poll: &HttpRequest, answer: &Answer<'_>) -> SinkVerdict {
        verdict::poll_verdict(self, poll, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use edgesiem_model::{Check, InsecureLoopback, Secret};

    #[test]
    fn a_collector_can_be_logged() {
        let config: Config = serde_json::from_str(
            r#"{"url": "https://h.example/", "token": {"secret": "T"}, "ack": true}"#,
        )
        .unwrap();
        let secrets = |_: &str| Some(Secret::new("hunter2".to_owned()));
        let sink = config.checked("s", InsecureLoopback::Refuse, &mut Check::new(&secrets));
        let shown = format!("{sink:?} {sink:#?}");
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
