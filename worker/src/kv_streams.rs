//! `store = "kv"`: the Worker itself runs the streams, each under a lease, in one memory.

use edgesiem::stores::{KvStore, Lease, RunEnd};
use edgesiem::{Budget, StreamConfig, Timestamp, run_end};
use futures_util::StreamExt;
use futures_util::future::ready;
use futures_util::stream;
use serde_json::Value;

use crate::host::{WorkerHost, now};
use crate::kv::Namespace;
use crate::log;

/// So many streams are run at the same time. Together they must fit into the memory that worker/build.rs
/// allows; a third one starts when one of them has ended.
const STREAMS_AT_ONCE: usize = 2;

type Store<'a> = KvStore<'a, Namespace, WorkerHost>;

/// How a stream's turn went.
pub(crate) enum Turn {
    /// It was to run.
    Ran {
        /// What the run did, if it began.
        summary: Option<Value>,
        /// What went wrong, in one line.
        failed: Option<String>,
    },
    /// It did not run, as it should be; why.
    Skipped(String),
}

/// Runs every stream; one that fails stops no other. Returns what failed.
pub(crate) async fn run_all(
    kv: &Namespace,
    mut streams: Vec<StreamConfig>,
    budget: Budget,
) -> Vec<String> {
    let store = KvStore::new(kv, &WorkerHost);
    let began = now();
    // Another one is first each minute, so that slow streams cannot keep the same one waiting for ever.
    let minute = usize::try_from(began.secs() / 60).unwrap_or(0);
    let first = minute.checked_rem(streams.len()).unwrap_or(0);
    streams.rotate_left(first);
    let runs = streams
        .iter_mut()
        .map(|stream| in_time(&store, began, budget, stream));
    stream::iter(runs)
        .buffer_unordered(STREAMS_AT_ONCE)
        .filter_map(ready)
        .collect()
        .await
}

async fn in_time(
    store: &Store<'_>,
    began: Timestamp,
    budget: Budget,
    stream: &mut StreamConfig,
) -> Option<String> {
    // A stream that had to wait for others has what is left of the invocation's time. With too little of it, a
    // page would only be cut and asked for again smaller.
    let left_ms = budget.wall_ms.saturating_sub(now().since_ms(began));
    if left_ms < budget.wall_ms / 10 {
        log::skipped(
            stream.id.as_str(),
            "the streams before it took the time of this run",
        );
        return None;
    }
    let budget = Budget {
        wall_ms: left_ms,
        ..budget
    };
    match run(store, budget, stream).await {
        Turn::Ran { failed, .. } => failed,
        Turn::Skipped(_) => None,
    }
}

/// Runs one stream under its lease.
pub(crate) async fn run(store: &Store<'_>, budget: Budget, stream: &mut StreamConfig) -> Turn {
    let id = stream.id.clone();
    let skipped = |reason: String| {
        log::skipped(id.as_str(), &reason);
        Turn::Skipped(reason)
    };
    let failed = |what: &str, error: edgesiem::StoreError| {
        let problem = format!("{id}: {what}: {error}");
        log::problem("store", Some(id.as_str()), &problem);
        problem
    };
    let not_begun = |problem: String| Turn::Ran {
        summary: None,
        failed: Some(problem),
    };
    match store.paused(&id).await {
        Ok(None) => {}
        Ok(Some(_)) => return skipped("paused".to_owned()),
        Err(error) => return not_begun(failed("it could not be read whether it is paused", error)),
    }
    let run = match store
        .take_lease(&id, stream.limits.max_stored_dead_letters)
        .await
    {
        Ok(Lease::Taken(run)) => run,
        Ok(Lease::Held { until }) => {
            return skipped(format!("another run holds the stream, until {until}"));
        }
        Err(error) => return not_begun(failed("the lease could not be taken", error)),
    };
    let outcome = edgesiem::run(&WorkerHost, &run, budget, stream).await;
    if let Some(problem) = run.lease_problem() {
        let problem = format!("the lease could not be renewed: {problem}");
        log::problem("store", Some(id.as_str()), &problem);
    }
    log::run(&outcome, None);
    let summary = log::summary(&outcome);
    let end = RunEnd {
        summary: summary.clone(),
        ..run_end(&outcome)
    };
    let ended = run.end(end).await;
    let not_ended = ended
        .err()
        .map(|error| failed("the status could not be written", error));
    Turn::Ran {
        summary: Some(summary),
        failed: log::failure(&outcome).or(not_ended),
    }
}
