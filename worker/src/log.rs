//! What the Worker logs: one line of JSON for a run, one for a problem.

use edgesiem::Outcome;
use serde_json::{Value, json};
use worker::{console_error, console_log};

/// Size of the linear memory. It never shrinks, so this is also the most it ever was in this instance.
fn memory_bytes() -> usize {
    core::arch::wasm32::memory_size(0).saturating_mul(65_536)
}

/// A run's summary with what only the host knows.
pub(crate) fn summary(outcome: &Outcome) -> Value {
    let mut summary = edgesiem::summary(outcome);
    if let Some(fields) = summary.as_object_mut() {
        fields.insert("wasm_memory_bytes".to_owned(), memory_bytes().into());
    }
    summary
}

/// A run that ended: the live stream's, or that of a replay.
pub(crate) fn run(outcome: &Outcome, replay: Option<&str>) {
    let mut line = summary(outcome);
    if let Some(fields) = line.as_object_mut() {
        let event = if replay.is_none() { "run" } else { "replay" };
        fields.insert("event".to_owned(), event.into());
        if let Some(replay) = replay {
            fields.insert("replay".to_owned(), replay.into());
        }
    }
    match outcome.result {
        Ok(()) => console_log!("{line}"),
        Err(_) => console_error!("{line}"),
    }
}

/// Why a run did not do all it should, in one line.
pub(crate) fn failure(outcome: &Outcome) -> Option<String> {
    let error = outcome.result.as_ref().err()?;
    Some(format!(
        "{}: {}: {}",
        outcome.stream,
        error.kind().code(),
        error.message()
    ))
}

/// Something that is as it should be, and that an operator may want to know.
pub(crate) fn note(event: &str, stream: &str, reason: &str) {
    console_log!(
        "{}",
        json!({ "event": event, "stream": stream, "reason": reason })
    );
}

/// A run that was not begun, as it should be.
pub(crate) fn skipped(stream: &str, reason: &str) {
    note("skipped", stream, reason);
}

/// Something that is not a run's own error. `event` says what kind: `configuration`, `store`, `mirror`, `object`.
pub(crate) fn problem(event: &str, stream: Option<&str>, problem: &str) {
    console_error!(
        "{}",
        json!({ "event": event, "stream": stream, "problem": problem })
    );
}
