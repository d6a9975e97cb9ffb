//! One stream as an operator is shown it.

use edgesiem_stores::StreamStatus;
use serde_json::{Value, json};

use crate::{Expectations, Problem, health};

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
