//! OpenTelemetry's protocol over HTTP, logs (OTLP/HTTP,
//! <https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md>), in Protocol Buffers or JSON.
//!
//! A batch is one `ExportLogsServiceRequest` with one resource and one scope. Documents of the schema `otel` are log records
//! already; any other document is the body of one, as a text, with the event's time.
//!
//! Each record has the attribute `log.record.uid`, which is the event's id: by the semantic conventions records with the same
//! one are duplicates and can be removed. `edgesiem.replay` names the replay if the event is part of one. There is no
//! `observedTimeUnixNano` but what a document brings along, so that a repeated batch has the same bytes.
//!
//! # What a receiver refuses
//!
//! The specification forbids to send a request again after a partial success, after any 4xx but 429, and after any 5xx but
//! 502, 503 and 504. It means clients that would rather lose data than repeat it; here nothing may be lost, so that what it
//! says of a request is kept, and the events are not given up with it:
//!
//! - A partial success that rejects all records refuses each of them: they become dead letters, and nothing is sent again.
//! - One that rejects some does not say which. The batch is halved until the rejected record is alone; each half is
//!   another request. Records beside it arrive up to as many times as the batch can be halved, under the same
//!   `log.record.uid`. To set the whole batch aside instead would call events undelivered that were delivered,
//!   and fill the store of dead letters until the stream stands still.
//! - A 400 speaks of data that cannot be decoded, and is treated alike. So is a 500 whose message begins with
//!   `Permanent error:`, by which an OpenTelemetry collector hands on what an exporter without a queue will never take.
//! - Any other status, other 500s among them, stops the stream: the batch is not repeated by this run, and nothing of it is set aside. The next
//!   run begins with it, which is what an operator wants of a collector that answers 500 because it is overloaded or broken.

mod config;
mod encode;
mod json;
mod proto;
mod record;
mod splice;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Error, Header, HeaderValue, HttpRequest, Secret, Sink,
    SinkVerdict,
};

use crate::About;
use crate::wire::Wire;
pub use config::{Config, Encoding};

const ABOUT: About = About {
    kind: "otlp",
    local: false,
    product: "OpenTelemetry Protocol (OTLP/HTTP logs)",
    summary: "Sends each batch as one export request to an OpenTelemetry collector or a backend that speaks its protocol, in Protocol \
              Buffers or JSON. Made for the schema `otel`; documents of any other become the body of a log record.",
    checked_by: "rotel 0.0.1a15, PyPI opentelemetry-proto 1.45.2",
    partial: "rejectedLogRecords: all of them, and they become dead letters; some of them, and the batch is halved until the rejected record \
              is alone; records beside it may arrive more than once",
    repeats: "arrive twice, under the same attribute `log.record.uid`",
    limits: "20 MiB a request, as the specification recommends, checked before sending (900,000 bytes unless configured); a larger event \
             becomes a dead letter",
    failures: &[
        ("HTTP 200 without rejectedLogRecords", "delivered"),
        (
            "HTTP 429, 502, 503, 504, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413", "sent in halves"),
        (
            "HTTP 400, rejectedLogRecords, HTTP 500 with \"Permanent error:\" (a collector's exporter without a queue)",
            "the event is isolated and becomes a dead letter",
        ),
        (
            "any other HTTP 500, and any other status, which the protocol forbids to repeat",
            "the stream stops and says what to mend; the next run begins with the same batch",
        ),
        (
            "a 200 that is not an OTLP answer",
            "the stream stops: a login page must not swallow events",
        ),
    ],
    example: r#"[sinks.otel]
kind = "otlp"
url = "https://otel-collector.example:4318"
resource = { "service.name" = "akamai-siem", "deployment.environment.name" = "prod" }
headers = { authorization = { secret = "OTLP_AUTHORIZATION" } }
"#,
    try_it: "Run a collector with the receiver `otlp` (protocol http) and the exporter `debug` with `verbosity: detailed`, and set \
             `allow_insecure_loopback = true` if it is on this machine: it prints each record.",
    sources: &[
        (
            "OpenTelemetry Protocol Specification",
            "https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md",
        ),
        (
            "Semantic conventions: general logs attributes",
            "https://opentelemetry.io/docs/specs/semconv/general/logs/",
        ),
        (
            "Whether 500 should be repeated",
            "https://github.com/open-telemetry/opentelemetry-specification/issues/3314",
        ),
        (
            "That a partial success does not say which records",
            "https://github.com/open-telemetry/opentelemetry-specification/issues/3480",
        ),
    ],
};

/// A receiver of log records, ready to use.
#[derive(Debug)]
struct Otlp {
    name: String,
    wire: Wire,
    target: String,
    encoding: Encoding,
    /// Up to the first record.
    start: Vec<u8>,
    /// From the last record on.
    end: Vec<u8>,
    headers: Vec<Header>,
    limits: BatchLimits,
}

impl Otlp {
    /// What an answer must not be quoted with.
    fn credentials(&self) -> Vec<&Secret> {
        let headers = self.headers.iter().filter_map(|(_, value)| match value {
            HeaderValue::Secret(secret) => Some(secret),
            HeaderValue::Plain(_) => None,
        });
        headers.collect()
    }
}

impl Sink for Otlp {
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
