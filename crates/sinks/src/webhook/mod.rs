//! A generic webhook after the Standard Webhooks specification
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
//!
//! A batch is one message:
//!
//! ```json
//! {"type":"edgesiem.events","timestamp":"2017-04-04T10:57:02.000Z","event_ids":["9f…"],"data":[{…}]}
//! ```
//!
//! `data` holds the documents in page order, `event_ids` their ids in the same order. `timestamp` is the
//! time of the first event that has one, as the specification means it (when it occurred, not when it was
//! sent), and is left out if none has. Nothing in the body depends on the attempt: a repeated delivery has
//! the same `webhook-id` and the same bytes, and only `webhook-timestamp` and `webhook-signature` are new.
//!
//! A message of a replay says so by `"replay":"r7"`, the replay's name, after `timestamp`, and has a `webhook-id` of
//! its own. Its `event_ids` are those under which the events came live, except that identical lines which fall on
//! other pages than before change their numbers, and with them their ids.
//!
//! Delivery is at least once. After a crash the same events may come in other batches, under another
//! `webhook-id`; a receiver that must not count twice goes by `event_ids`.
//!
//! The specification recommends messages below 20 KB. A security feed of thousands of events a second
//! cannot keep to that; receivers that must can lower `max_batch_bytes`.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Header, HeaderValue, HttpRequest, Secret, Sink,
    SinkVerdict,
};

use crate::About;
use crate::wire::Wire;
pub use config::Config;
use encode::SigningKey;

const ABOUT: About = About {
    kind: "webhook",
    local: false,
    product: "Standard Webhooks",
    summary: "Sends each batch as one signed message after the Standard Webhooks specification to any address.",
    checked_by: "npm standardwebhooks 1.1.1",
    partial: "none: a message is taken or refused as a whole; a refused one is halved until the refused event is alone",
    repeats: "recognised by `webhook-id`, and event by event by `event_ids`",
    limits: "1000 events and 900,000 bytes a message unless configured; the specification recommends messages below 20 kB",
    failures: &[
        ("HTTP 2xx", "delivered"),
        (
            "HTTP 408, 409, 425, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413", "sent in halves"),
        (
            "HTTP 400, 422",
            "the event is isolated and becomes a dead letter",
        ),
        (
            "HTTP 401, 402, 403, 404, 407, 410, a redirect, any other",
            "the stream stops and says what to mend",
        ),
    ],
    example: r#"[sinks.hook]
kind = "webhook"
url = "https://hooks.example.com/akamai"
signing_secret = { secret = "WEBHOOK_SECRET" }
"#,
    try_it: "`echo whsec_$(openssl rand -base64 32)` makes a signing secret; give it to both sides. Libraries that verify it exist for \
             most languages; in Node: `new Webhook(secret).verify(body, headers)` of `standardwebhooks`.",
    sources: &[(
        "Standard Webhooks",
        "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    )],
};

/// A webhook, ready to use.
#[derive(Debug)]
struct Webhook {
    name: String,
    wire: Wire,
    /// Path and query. Many receivers know their senders by it alone, so it is a credential.
    target: Secret,
    /// What in `target` tells it to someone who reads an answer; see [`crate::check::hidden_parts`].
    hidden: Vec<Secret>,
    /// The current key and, while it is being replaced, the previous one.
    keys: Vec<SigningKey>,
    headers: Vec<Header>,
    limits: BatchLimits,
}

impl Webhook {
    /// What an answer must not be quoted with.
    fn credentials(&self) -> Vec<&Secret> {
        let headers = self.headers.iter().filter_map(|(_, value)| match value {
            HeaderValue::Secret(secret) => Some(secret),
            HeaderValue::Plain(_) => None,
        });
        headers.chain(&self.hidden).collect()
    }
}

impl Sink for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn request(&self, batch: &BatchView<'_>, attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch, attempt.now)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(&self.credentials(), answer)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::config::tests::built;

    #[test]
    fn a_webhook_can_be_logged() {
        let config: Config = serde_json::from_str(
            r#"{"url": "https://h.example/T0/path-token?key=query-token", "signing_secret": {"secret": "S"},
                "headers": {"x-api-key": {"secret": "K"}}}"#,
        )
        .unwrap();
        let sink = built(&config, &format!("whsec_{}", "Kioq".repeat(8)));
        let shown = format!("{sink:?} {sink:#?} {config:?} {config:#?}");
        assert!(shown.contains("***"), "{shown}");
        // The key is 24 asterisks: as text, as base64 and as numbers.
        for hidden in ["Kioq", "****", "42, 42", "T0", "-token"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
