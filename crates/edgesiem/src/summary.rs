//! A run as one line of JSON, for a host's log, and as what a store keeps of it.

use edgesiem_pipeline::{Outcome, Report, SinkReport};
use edgesiem_stores::{RunEnd, SinkTotals, Totals};
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

/// What a store keeps of a run that ended. A host that knows more of it adds `wasm_memory_bytes` and `cpu_ms` to the
/// summary; [`crate::openmetrics`] shows both.
pub fn run_end(outcome: &Outcome) -> RunEnd<'_> {
    let error = outcome.result.as_ref().err();
    RunEnd {
        error,
        summary: summary(outcome),
        totals: Totals {
            runs: 1,
            failed_runs: u64::from(error.is_some()),
            ..totals(&outcome.report)
        },
    }
}

fn totals(report: &Report) -> Totals {
    Totals {
        runs: 0,
        failed_runs: 0,
        wall_ms: report.wall_ms,
        bytes_in: report.bytes_in,
        source_retries: report.source_retries,
        undecoded: report.undecoded,
        sinks: report
            .sinks
            .iter()
            .map(|(name, sink)| (name.clone(), sink_totals(sink)))
            .collect(),
    }
}

fn sink_totals(sink: &SinkReport) -> SinkTotals {
    SinkTotals {
        batches: sink.batches,
        events: sink.events,
        resumed_batches: sink.resumed_batches,
        posts: sink.posts,
        bytes: sink.bytes,
        retries: sink
            .retries
            .iter()
            .map(|(class, retries)| ((*class).to_owned(), *retries))
            .collect(),
        refused: sink.refused,
        dropped: sink.dropped,
    }
}
