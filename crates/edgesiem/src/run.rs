//! A stream of the configuration, handed to the pipeline.

use edgesiem_model::{Budget, DeadLetter, Host, Schema, Store};
use edgesiem_pipeline::{Outcome, Redelivered, Stream, Window};

use crate::StreamConfig;

/// Runs one stream of a configuration from its checkpoint until the source has no more events or
/// `budget` is used up.
pub async fn run<H: Host, S: Store>(
    host: &H,
    store: &S,
    budget: Budget,
    stream: &mut StreamConfig,
) -> Outcome {
    let (plan, schema) = plan(stream, None);
    edgesiem_pipeline::run(host, store, &plan, schema, budget).await
}

/// Delivers `window` of a stream again, as far as `budget` goes. `store` is the replay's own: the live checkpoint
/// does not move.
pub async fn run_replay<H: Host, S: Store>(
    host: &H,
    store: &S,
    budget: Budget,
    stream: &mut StreamConfig,
    window: Window,
) -> Outcome {
    let (plan, schema) = plan(stream, Some(window));
    edgesiem_pipeline::run(host, store, &plan, schema, budget).await
}

/// Sends dead letters of a stream again, as far as `budget` goes: each to the sink that did not take it, or to all
/// if it was unreadable. Those that were accepted are the caller's to delete.
pub async fn redeliver<H: Host, S: Store>(
    host: &H,
    store: &S,
    budget: Budget,
    stream: &mut StreamConfig,
    letters: &[DeadLetter],
) -> Redelivered {
    let (plan, schema) = plan(stream, None);
    edgesiem_pipeline::redeliver(host, store, &plan, schema, letters, budget).await
}

fn plan(stream: &mut StreamConfig, replay: Option<Window>) -> (Stream<'_>, &mut dyn Schema) {
    let plan = Stream {
        id: stream.id.clone(),
        source: stream.source.as_ref(),
        sinks: &stream.sinks,
        limits: stream.limits,
        emit_gaps: stream.emit_gaps,
        replay,
    };
    (plan, stream.schema.as_mut())
}
