//! An HTTP/S (Bulk API) source of Cribl Stream or Cribl Edge.
//!
//! The body is an object for each event, one a line:
//!
//! ```json
//! {"_time":1491303422.000,"edgesiem_id":"9f…","_raw":"{…}"}
//! ```
//!
//! `_raw` holds the document as a string: what a destination of Cribl passes on unless a pipeline changes it. Events of a
//! replay have its name in `edgesiem_replay`.

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
    kind: "cribl",
    local: false,
    product: "Cribl Stream and Cribl Edge",
    summary: "Sends events to an HTTP/S (Bulk API) source: the document in `_raw`, its time in `_time`.",
    checked_by: "strict fake",
    partial: "none is reported; a refused batch is halved until the refused event is alone, which may repeat others",
    repeats: "passed on twice; both carry the same `edgesiem_id`",
    limits: "1000 events and 900,000 bytes a request unless configured; Cribl documents 2 MB a request for older versions and \
             no limit for newer ones",
    failures: &[
        (
            "HTTP 200",
            "delivered: Cribl has it in memory or in its persistent queue",
        ),
        (
            "HTTP 408, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses; Cribl says 503 when its destinations block",
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
            "a 200 that says `\"success\":false`, or with a page for people",
            "the stream stops: events must not vanish",
        ),
    ],
    example: r#"[sinks.cribl]
kind = "cribl"
url = "https://default.main.acme.cribl.cloud:10080"
token = { secret = "CRIBL_TOKEN" }
fields = { sourcetype = "akamaisiem" }
"#,
    try_it: "In Cribl: Sources, HTTP, New Source; generate an auth token. Live Data of the source shows the events. With \
             persistent queue enabled Cribl keeps what it has accepted when a worker stops.",
    sources: &[(
        "HTTP/S (Bulk API) source",
        "https://docs.cribl.io/stream/sources-https/",
    )],
};

/// A bulk source, ready to use.
#[derive(Debug)]
struct Cribl {
    name: String,
    wire: Wire,
    target: String,
    token: Option<Secret>,
    /// From the quote after the id, or the replay's name, to the colon before the document.
    middle: String,
    limits: BatchLimits,
}

impl Sink for Cribl {
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
    fn a_bulk_source_can_be_logged() {
        let config: Config =
            serde_json::from_str(r#"{"url": "https://h.example/", "token": {"secret": "T"}}"#)
                .unwrap();
        let sink = built(&config, "hunter2");
        let shown = format!("{sink:?} {sink:#?}");
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
