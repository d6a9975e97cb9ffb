//! A run as one line of JSON, for a host's log.

use edgesiem_pipeline::Outcome;
use serde_json::{Value, json};

/// What a run did, and why it ended early if it did. Every text in it is printable and holds no secret.
///
/// Shape: `{"stream", "ok", "report": {…}, "error": null | {"code", "message", "context": {…}, "user_action",
/// "retryable"}}`.
pub fn summary(outcome: &Outcome) -> Value {
    let error = outcome.result.as_ref().err().map(|error| {
        let context: serde_json::Map<String, Value> = error
            .context()
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
            .collect();
        json!({
            "code": error.kind().code(),
            "message": error.message(),
            "context": context,
            "user_action": error.user_action(),
            "retryable": error.kind().retryable(),
        })
    });
    json!({
        "stream": outcome.stream.as_str(),
        "ok": outcome.result.is_ok(),
        "report": outcome.report,
        "error": error,
    })
}
