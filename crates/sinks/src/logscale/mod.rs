//! Falcon LogScale (formerly Humio) and connectors of Falcon Next-Gen SIEM, by the form of Splunk's event collector that
//! they take.
//!
//! The body is a sequence of objects, one a line:
//!
//! ```json
//! {"time":1491303422.000,"sourcetype":"json","event":{…},"fields":{"edgesiem_id":"9f…"}}
//! ```
//!
//! `sourcetype` chooses the parser. A document that is JSON is an object in `event`, text a string. Events of a replay
//! have its name in the field `edgesiem_replay`.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Error, HttpRequest, Secret, Sink, SinkVerdict,
};

use crate::About;
use crate::wire::Wire;

pub use config::Config;

const ABOUT: About = About {
    kind: "logscale",
    local: false,
    product: "CrowdStrike Falcon LogScale",
    summary: "Sends events to LogScale's HEC endpoint, or to a HEC connector of Falcon Next-Gen SIEM.",
    checked_by: "strict fake",
    partial: "none is reported; a refused batch is halved until the refused event is alone, which may repeat others",
    repeats: "stored twice; both carry the same field `edgesiem_id`",
    limits: "500,000 bytes an event: LogScale cuts an event whose text and parsed fields exceed 1 MB together, so a longer one is \
             not sent and becomes a dead letter. LogScale keeps 8,000 fields of an event. 1000 events and 900,000 bytes a \
             request unless configured.",
    failures: &[
        ("HTTP 200", "delivered"),
        (
            "HTTP 408, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses; LogScale says 503 when it falls behind",
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
    example: r#"[sinks.logscale]
kind = "logscale"
url = "https://cloud.us.humio.com"
token = { secret = "LOGSCALE_INGEST_TOKEN" }
sourcetype = "json"
"#,
    try_it: "In LogScale: a repository, Settings, Ingest tokens, Add token; assign a parser or set `sourcetype`. Then search \
             `edgesiem_id=*`. For Falcon Next-Gen SIEM make a HEC connector and use its URL and API key.",
    sources: &[
        (
            "Ingesting with HTTP Event Collector (HEC)",
            "https://library.humio.com/logscale-api/log-shippers-hec.html",
        ),
        (
            "Health Check API",
            "https://library.humio.com/falcon-logscale/api-health-check.html",
        ),
        (
            "Limits and Standards",
            "https://library.humio.com/falcon-logscale-cloud/limits.html",
        ),
    ],
};

/// An ingest endpoint, ready to use.
#[derive(Debug)]
struct LogScale {
    name: String,
    wire: Wire,
    target: String,
    token: Secret,
    /// `Bearer <token>`.
    authorization: Secret,
    /// From the comma after the time to the colon before the document.
    before: String,
    /// From the quote after the id, or the replay's name, to the end of the object.
    end: String,
    limits: BatchLimits,
}

impl Sink for LogScale {
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
    fn an_ingest_endpoint_can_be_logged() {
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
