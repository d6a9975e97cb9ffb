//! An HTTP source of Panther.
//!
//! The body is a line for each event. JSON documents get the event's id as their first member, `edgesiem_id`, and the
//! name of a replay as the next, `edgesiem_replay`; text goes out as it is. Panther infers the stream type (Lines or JSON).

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, HttpRequest, Secret, Sink, SinkVerdict,
};

use crate::About;
use crate::lines::Lines;
use crate::wire::Wire;
pub use config::{Basic, Config, Hmac, SharedSecret};
use encode::Auth;

const ABOUT: About = About {
    kind: "panther",
    local: false,
    product: "Panther",
    summary: "Sends events as lines to an HTTP source, with any of Panther's four kinds of authentication.",
    checked_by: "strict fake",
    partial: "none: Panther accepts or refuses a request as a whole, and classifies its lines later",
    repeats: "stored twice; JSON events carry the same `edgesiem_id`",
    limits: "1 MB a request with its headers, of which 980,000 bytes are events; a longer event becomes a dead letter",
    failures: &[
        ("HTTP 2xx", "delivered"),
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
            "a 2xx with a page for people",
            "the stream stops: a login page must not swallow events",
        ),
    ],
    example: r#"[sinks.panther]
kind = "panther"
url = { secret = "PANTHER_URL" }
shared_secret = { header = "x-panther-secret", secret = { secret = "PANTHER_SECRET" } }
"#,
    try_it: "In Panther: Configure, Log Sources, Create New, Custom Log Formats, HTTP; choose a schema and the authentication, and \
             give the same header and secret to the sink. A schema for the documents can be inferred from the first events. \
             Deduplicate in a detection by `edgesiem_id`.",
    sources: &[(
        "HTTP source",
        "https://docs.panther.com/data-onboarding/data-transports/http",
    )],
};

/// An HTTP source, ready to use.
#[derive(Debug)]
struct Panther {
    name: String,
    wire: Wire,
    /// Path and query, which name the source.
    target: Secret,
    /// What in `target` tells it to someone who reads an answer.
    hidden: Vec<Secret>,
    auth: Auth,
    lines: Lines,
    limits: BatchLimits,
}

impl Sink for Panther {
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
        for auth in [
            r#""shared_secret": {"header": "x-a", "secret": {"secret": "S"}}"#,
            r#""hmac": {"header": "x-a", "key": {"secret": "S"}}"#,
            r#""bearer": {"secret": "S"}"#,
            r#""basic": {"username": "u", "password": {"secret": "S"}}"#,
        ] {
            let text =
                format!(r#"{{"url": "https://logs.h.example/http/0123456789abcdef", {auth}}}"#);
            let config: Config = serde_json::from_str(&text).unwrap();
            let sink = built(&config, "hunter2");
            let shown = format!("{sink:?} {sink:#?} {config:?}");
            assert!(shown.contains("***"), "{shown}");
            // As text, in base64 (u:hunter2), and as numbers.
            for hidden in [
                "hunter2",
                "dTpodW50ZXIy",
                "104, 117, 110",
                "0123456789abcdef",
            ] {
                assert!(!shown.contains(hidden), "{shown}");
            }
        }
    }
}
