//! EdgeSIEM as a Cloudflare Worker: lends the core fetch, KV, a clock and chance.
//!
//! It never looks into an event and never decides about one.
//!
//! `scheduled` is exported by hand: the `worker` crate's `#[event(scheduled)]` (0.8.7) drops the handler's
//! error, and a run that failed would be recorded as a success.

mod body;
mod health;
mod host;
mod js;
mod kv;
mod settings;

use edgesiem::{Budget, Outcome, StreamConfig, Timestamp, summary};
use futures_util::StreamExt;
use futures_util::future::ready;
use futures_util::stream;
use js_sys::{Error as JsError, Promise};
use serde_json::json;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use worker::{Env, console_error, console_log};

use crate::host::WorkerHost;
use crate::kv::{Lease, Store};

/// The cron's handler. The promise rejects, and the platform records `exception`, if any stream could not do
/// all it should; the reason is in the log.
#[wasm_bindgen]
pub fn scheduled(_event: JsValue, env: Env, _context: JsValue) -> Promise {
    future_to_promise(async move {
        match run_all(&env).await {
            Ok(()) => Ok(JsValue::UNDEFINED),
            Err(reason) => Err(JsError::new(&reason).into()),
        }
    })
}

/// The HTTP handler: `GET /healthz`.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env, _context: JsValue) -> Promise {
    future_to_promise(async move {
        let response = health::respond(&request.method(), &request.url(), &env).await;
        let response = response.map_err(|error| JsError::new(&error.to_string()))?;
        Ok(web_sys::Response::from(response).into())
    })
}

/// So many streams are run at the same time. Together they must fit into the memory that worker/build.rs
/// allows; a third one starts when one of them has ended.
const STREAMS_AT_ONCE: usize = 2;

/// Runs every stream; one that fails stops no other. `Err` names those that failed.
async fn run_all(env: &Env) -> Result<(), String> {
    let config = settings::config(env).inspect_err(|problems| {
        for problem in problems {
            console_error!(
                "{}",
                json!({ "event": "configuration", "problem": problem.to_string() })
            );
        }
    });
    let mut config = config.map_err(|problems| {
        let first = problems
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        format!(
            "the configuration has {} problem(s), nothing was run: {first}",
            problems.len()
        )
    })?;
    let store = Store::new(env).map_err(|error| {
        console_error!(
            "{}",
            json!({ "event": "configuration", "problem": error.to_string() })
        );
        error.to_string()
    })?;
    let (began, budget) = (host::now(), config.budget);
    // Another one is first each minute, so that slow streams cannot keep the same one waiting for ever.
    let minute = usize::try_from(began.secs() / 60).unwrap_or(0);
    let first = minute.checked_rem(config.streams.len()).unwrap_or(0);
    config.streams.rotate_left(first);
    let runs = config
        .streams
        .iter_mut()
        .map(|stream| run_stream(&store, began, budget, stream));
    let failed: Vec<String> = stream::iter(runs)
        .buffer_unordered(STREAMS_AT_ONCE)
        .filter_map(ready)
        .collect()
        .await;
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; "))
    }
}

/// Runs one stream under its lease; returns what failed.
async fn run_stream(
    store: &Store,
    began: Timestamp,
    budget: Budget,
    stream: &mut StreamConfig,
) -> Option<String> {
    // A stream that had to wait for others has what is left of the invocation's time. With too little of it, a
    // page would only be cut and asked for again smaller.
    let left_ms = budget.wall_ms.saturating_sub(host::now().since_ms(began));
    if left_ms < budget.wall_ms / 10 {
        console_log!(
            "{}",
            json!({ "event": "skipped", "stream": stream.id.as_str(), "reason": "the streams before it took the time of this run" })
        );
        return None;
    }
    let budget = Budget {
        wall_ms: left_ms,
        ..budget
    };
    let lease = match store.take_lease(&stream.id).await {
        Ok(Lease::Taken(lease)) => lease,
        Ok(Lease::Held { until }) => {
            console_log!(
                "{}",
                json!({ "event": "skipped", "stream": stream.id.as_str(), "reason": "another run holds the stream", "until": until.to_rfc3339() })
            );
            return None;
        }
        Err(error) => {
            let problem = format!("{}: the lease could not be taken: {error}", stream.id);
            console_error!("{}", json!({ "event": "store", "problem": problem }));
            return Some(problem);
        }
    };
    let id = stream.id.clone();
    let host = WorkerHost::new(store, &id, lease);
    let outcome = edgesiem::run(&host, budget, stream).await;
    let finished = store.finish(&id, &host.into_lease(), &outcome).await;
    log(&outcome);
    if let Err(error) = &outcome.result {
        return Some(format!(
            "{id}: {}: {}",
            error.kind().code(),
            error.message()
        ));
    }
    finished.err().map(|error| {
        let problem = format!("{id}: the status could not be written: {error}");
        console_error!("{}", json!({ "event": "store", "problem": problem }));
        problem
    })
}

/// Size of the linear memory. It never shrinks, so this is also the most it ever was in this instance.
fn memory_bytes() -> usize {
    core::arch::wasm32::memory_size(0).saturating_mul(65_536)
}

fn log(outcome: &Outcome) {
    let mut line = summary(outcome);
    if let Some(fields) = line.as_object_mut() {
        fields.insert("event".to_owned(), "run".into());
        fields.insert("wasm_memory_bytes".to_owned(), memory_bytes().into());
    }
    match outcome.result {
        Ok(()) => console_log!("{line}"),
        Err(_) => console_error!("{line}"),
    }
}
