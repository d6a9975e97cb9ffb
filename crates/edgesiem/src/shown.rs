//! One stream as an operator is shown it.

use edgesiem_model::{PageRequest, Source, Timestamp};
use edgesiem_stores::StreamStatus;
use serde_json::{Value, json};

use crate::{Expectations, Problem, health};

/// The status with its cursor as the source tells it to the operator ([`Source::shown`]): whole, it may have kilobytes of
/// what the source remembers. `now` is the host's clock.
pub fn with_short_cursor(
    mut status: StreamStatus,
    source: &dyn Source,
    now: Timestamp,
) -> StreamStatus {
    if let Some(position) = &mut status.position {
        let shown = source.shown(&PageRequest {
            cursor: &position.cursor,
            limit: source.page_limits().configured,
            now,
            clock_skew_ms: position.clock_skew_ms,
            // Nothing is signed.
            nonce: [0; 16],
        });
        position.cursor = shown;
    }
    status
}

/// A stream's status together with what is wrong with it: every field of [`StreamStatus`], `problems` (a list of
/// [`Problem`]) and `error`, which is `null`. What cannot be measured, because the stream's configuration is wrong,
/// is no problem of its state.
pub fn shown_status(status: &StreamStatus, expected: Option<&Expectations>) -> Value {
    let problems = expected.map_or_else(Vec::new, |expected| health(status, expected));
    with(json!(status), &problems, None)
}

/// The same for a stream whose state is not known: `{"stream", "problems": [], "error"}`, where `error` says why, as
/// far as anybody knows.
pub fn shown_without_status(stream: &str, error: Option<&str>) -> Value {
    with(json!({ "stream": stream }), &[], error)
}

fn with(mut entry: Value, problems: &[Problem], error: Option<&str>) -> Value {
    if let Some(entry) = entry.as_object_mut() {
        entry.insert("problems".to_owned(), json!(problems));
        entry.insert("error".to_owned(), json!(error));
    }
    entry
}
