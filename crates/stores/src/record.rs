//! What both stores write down as JSON, and what they say when they read something else.

use edgesiem_model::{Checkpoint, Revision, StoreError, printable};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Position;

/// What to do when a record cannot be read. Nothing is overwritten or begun anew by itself: somebody may still
/// be able to read it.
const READ_ELSEWHERE: &str = "run the version of EdgeSIEM that wrote it; or else reset the stream to begin anew, or delete \
     what is a broken dead letter";

/// `what` is there and is not ours.
pub(crate) fn unreadable(what: &str, reason: &str) -> StoreError {
    StoreError::Failed(format!(
        "{} does not hold what was expected ({}): {READ_ELSEWHERE}",
        printable(what, 200),
        printable(reason, 120),
    ))
}

/// Reads a record. `what` names it to the operator.
pub(crate) fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(what, &error.to_string()))
}

/// Writes a record.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed(error.to_string()))
}

/// A checkpoint of the layout that this version writes.
pub(crate) fn known_format(what: &str, checkpoint: Checkpoint) -> Result<Checkpoint, StoreError> {
    if checkpoint.format == Checkpoint::FORMAT {
        return Ok(checkpoint);
    }
    let reason = format!(
        "format {}, this version reads format {}",
        checkpoint.format,
        Checkpoint::FORMAT
    );
    Err(unreadable(what, &reason))
}

/// What an operator sees of a checkpoint.
pub(crate) fn position(checkpoint: Checkpoint, revision: Revision) -> Position {
    Position {
        cursor: checkpoint.cursor,
        revision,
        saved_at: checkpoint.saved_at,
        last_event_at: checkpoint.last_event_at,
        page_limit: checkpoint.page_limit,
        clock_skew_ms: checkpoint.clock_skew_ms,
        counters: checkpoint.counters,
    }
}

/// A KV key as errors name it.
pub(crate) fn printable_key(key: &str) -> String {
    format!("the KV key {}", printable(key, 160))
}
