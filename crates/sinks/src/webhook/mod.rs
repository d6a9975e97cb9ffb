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
    Answer, BatchLimits, BatchView, Endpoint, HeaderValue, HttpRequest, Secret, Sink, SinkVerdict,
    Timestamp,
};

pub use config::{Config, HeaderSource};
use encode::SigningKey;

/// A webhook, ready to use.
#[derive(Debug)]
struct Webhook {
    name: String,
    endpoint: Endpoint,
    /// Path and query. Many receivers know their senders by it alone, so it is a credential.
    target: Secret,
    /// What in `target` tells it to someone who reads an answer; see [`hidden_parts`].
    hidden: Vec<Secret>,
    /// The current key and, while it is being replaced, the previous one.
    keys: Vec<SigningKey>,
    headers: Vec<(&'static str, HeaderValue)>,
    limits: BatchLimits,
    timeout_ms: u32,
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

/// Shortest piece of a target that is hidden by itself. Tokens in paths are longer, and shorter pieces are words.
const TOKEN_BYTES: usize = 16;

/// The target, its path, and every piece of it that is long enough for a token, because a server may echo one
/// without the rest. Longest first, so that no part is left over when a whole is replaced.
fn hidden_parts(target: &str) -> Vec<Secret> {
    let path = target.split('?').next().unwrap_or(target);
    let pieces = target
        .split(['/', '?', '&', '='])
        .filter(|piece| piece.len() >= TOKEN_BYTES);
    let mut parts: Vec<&str> = [target, path]
        .into_iter()
        .filter(|whole| *whole != "/")
        .chain(pieces)
        .collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts.dedup();
    parts
        .into_iter()
        .map(|part| Secret::new(part.to_owned()))
        .collect()
}

impl Sink for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn request(&self, batch: &BatchView<'_>, now: Timestamp) -> HttpRequest {
        encode::request(self, batch, now)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(&self.credentials(), answer)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use edgesiem_model::{Check, InsecureLoopback, Secret};

    #[test]
    fn a_webhook_can_be_logged() {
        let config: Config = serde_json::from_str(
            r#"{"url": "https://h.example/T0/path-token?key=query-token", "signing_secret": {"secret": "S"},
                "headers": {"x-api-key": {"secret": "K"}}}"#,
        )
        .unwrap();
        let secrets = |name: &str| match name {
            "S" => Some(Secret::new(format!("whsec_{}", "Kioq".repeat(8)))),
            _ => Some(Secret::new("hunter2".to_owned())),
        };
        let sink = config.checked("hook", InsecureLoopback::Refuse, &mut Check::new(&secrets));
        let shown = format!("{sink:?} {sink:#?} {config:?} {config:#?}");
        assert!(shown.contains("***"), "{shown}");
        // The key is 24 asterisks: as text, as base64 and as numbers.
        for hidden in ["hunter2", "Kioq", "****", "42, 42", "T0", "-token"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
