//! Grafana Loki, Grafana Cloud Logs and Grafana Enterprise Logs, by the push API in JSON.
//!
//! A batch is one stream:
//!
//! ```json
//! {"streams":[{"stream":{"job":"edgesiem"},"values":[["1491303422000123456","{…}",{"edgesiem_id":"9f…"}]]}]}
//! ```
//!
//! Labels are configured and the same for every event: what a request says must never make a stream of its own. Events of
//! a replay go to a stream of its own, with a label such as `mode="replay-r7"`, because Loki refuses lines that are more
//! than an hour or so behind the newest of their stream, be it live or another replay; they carry the replay's name as
//! structured metadata too.
//!
//! # Time
//!
//! Loki stores a line once for a stream and a nanosecond, whatever its metadata (`pkg/chunkenc/unordered.go`). That makes
//! repeats harmless; it would also swallow a line that really came twice. So the six digits below the millisecond are
//! derived from the event's id: the same event always has the same nanosecond, and two identical lines have different ones.
//!
//! A line must have a time. An event that has none takes that of the event before it in its batch, or else that of the
//! first that has one. If none has, the time is 1970, which Loki refuses as too old unless `reject_old_samples` is off: the
//! events become dead letters instead of being filed under an hour that nobody knows.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Error, Header, HttpRequest, Secret, Sink, SinkVerdict,
};

use crate::About;
use crate::wire::Wire;

pub use config::{Basic, Config};

const ABOUT: About = About {
    kind: "loki",
    local: false,
    product: "Grafana Loki",
    summary: "Pushes events as lines of one stream to Loki or Grafana Cloud Logs, each with its id as structured metadata.",
    checked_by: "strict fake",
    partial: "a 400 may have stored some lines; the batch is halved until the refused event is alone, and lines that are sent again are stored once",
    repeats: "stored once: the same labels, nanosecond and line",
    limits: "262,144 bytes a line (`max_line_bytes`); a longer one becomes a dead letter. 1000 events and 900,000 bytes a request \
             unless configured, of 4 MB. At most 14 labels. Loki refuses lines older than a week, or more than an hour behind \
             the newest of their stream: give each stream of EdgeSIEM a sink with labels of its own.",
    failures: &[
        ("HTTP 204", "delivered"),
        (
            "HTTP 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413", "sent in halves"),
        (
            "HTTP 400 about a line (too old, too new, too long)",
            "the event is isolated and becomes a dead letter",
        ),
        (
            "HTTP 400 about labels, structured metadata or the tenant",
            "the stream stops and says what to mend",
        ),
        (
            "HTTP 260",
            "the stream stops: Loki's operator has blocked ingestion, and stored nothing",
        ),
        (
            "HTTP 401, 403, 404, a redirect, any other",
            "the stream stops and says what to mend",
        ),
    ],
    example: r#"[sinks.loki]
kind = "loki"
url = "https://logs-prod-eu-west-0.grafana.net"
basic = { username = "123456", password = { secret = "GRAFANA_CLOUD_TOKEN" } }
labels = { job = "akamai", env = "prod" }
"#,
    try_it: "In Grafana Cloud: the stack's Loki details have URL and user; a token needs the scope logs:write. Then query \
             `{job=\"akamai\"} | json`, `{job=\"akamai\", mode=\"\"}` to leave replays out, and \
             `{job=\"akamai\", mode=\"replay-r7\"}` for one of them.",
    sources: &[
        (
            "Loki HTTP API",
            "https://grafana.com/docs/loki/latest/reference/loki-http-api/",
        ),
        (
            "Enforce rate limits and push request validation",
            "https://grafana.com/docs/loki/latest/operations/request-validation-rate-limits/",
        ),
        (
            "Loki: texts of refusals",
            "https://github.com/grafana/loki/blob/main/pkg/validation/validate.go",
        ),
        (
            "Loki: identical lines",
            "https://github.com/grafana/loki/blob/main/pkg/chunkenc/unordered.go",
        ),
    ],
};

/// A push endpoint, ready to use.
#[derive(Debug)]
struct Loki {
    name: String,
    wire: Wire,
    target: String,
    /// Tenant and credentials.
    headers: Vec<Header>,
    /// What an answer must not be quoted with.
    credentials: Vec<Secret>,
    /// The stream's labels, without braces.
    labels: String,
    metadata: Metadata,
    limits: BatchLimits,
}

/// Whether lines carry structured metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Metadata {
    Sent,
    LeftOut,
}

impl Sink for Loki {
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
    fn a_push_endpoint_can_be_logged() {
        for auth in [
            r#""bearer": {"secret": "S"}"#,
            r#""basic": {"username": "u", "password": {"secret": "S"}}"#,
        ] {
            let text = format!(r#"{{"url": "https://h.example", {auth}}}"#);
            let config: Config = serde_json::from_str(&text).unwrap();
            let sink = built(&config, "hunter2");
            let shown = format!("{sink:?} {sink:#?}");
            assert!(shown.contains("***"), "{shown}");
            for hidden in ["hunter2", "dTpodW50ZXIy"] {
                assert!(!shown.contains(hidden), "{shown}");
            }
        }
    }
}
