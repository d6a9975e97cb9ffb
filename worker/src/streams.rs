//! One stream, whatever keeps its state: what an administrator may ask of it.

use edgesiem::administer::{InKv, Operation, perform};
use edgesiem::stores::KvStore;
use edgesiem::{Budget, Error, Parsed, Store, StreamConfig, StreamId};
use serde_json::{Value, json};
use worker::Env;

use crate::host::WorkerHost;
use crate::http::answer::Refusal;
use crate::kv::Namespace;
use crate::kv_streams::{self, Turn};
use crate::objects::Objects;

/// Where the streams' states are.
pub(crate) enum Place {
    Objects(Objects),
    Kv(Namespace),
}

impl Place {
    pub(crate) fn open(env: &Env, store: Store) -> Result<Self, Error> {
        Ok(match store {
            Store::DurableObject => Self::Objects(Objects::new(env)?),
            Store::Kv => Self::Kv(Namespace::new(env)?),
        })
    }

    /// Performs `operation`; `stream` is missing if its configuration is wrong.
    pub(crate) async fn operate(
        &self,
        id: &StreamId,
        stream: Option<&mut StreamConfig>,
        budget: Budget,
        operation: Operation,
    ) -> Result<Value, Refusal> {
        match self {
            Self::Objects(objects) => objects.operate(id.as_str(), &operation).await,
            Self::Kv(kv) => {
                let limits = stream
                    .as_ref()
                    .map(|stream| stream.limits)
                    .unwrap_or_default();
                let stored = InKv {
                    store: &KvStore::new(kv, &WorkerHost),
                    id,
                    max_stored_dead_letters: limits.max_stored_dead_letters,
                };
                let done = perform(&WorkerHost, &stored, stream, budget, operation);
                done.await.map_err(Refusal::from)
            }
        }
    }

    /// Runs the stream and waits for the end of the run.
    async fn run(
        &self,
        id: &StreamId,
        stream: Option<&mut StreamConfig>,
        budget: Budget,
    ) -> Result<Value, Refusal> {
        let skipped = |reason: &str| {
            let action = if reason == "paused" {
                "resume it first"
            } else {
                "try again when it has ended"
            };
            Refusal::new(409, "skipped", format!("nothing was run: {reason}"), action)
        };
        match self {
            Self::Objects(objects) => {
                let ticked = objects
                    .tick(id.as_str())
                    .await
                    .map_err(|reason| Refusal::unavailable(&reason))?;
                if ticked.running {
                    return Err(Refusal::running());
                }
                if ticked.later {
                    return Err(Refusal::no_room());
                }
                if let Some(reason) = &ticked.skipped {
                    return Err(skipped(reason));
                }
                ran(ticked.run, ticked.replay, ticked.failed)
            }
            Self::Kv(kv) => {
                let store = KvStore::new(kv, &WorkerHost);
                let stream = stream.ok_or_else(Refusal::misconfigured)?;
                match kv_streams::run(&store, budget, stream).await {
                    Turn::Skipped(reason) => Err(skipped(&reason)),
                    Turn::Ran { summary, failed } => ran(summary, None, failed),
                }
            }
        }
    }
}

/// The live run's summary, and beside it that of a replay's run.
fn ran(
    summary: Option<Value>,
    replay: Option<Value>,
    failed: Option<String>,
) -> Result<Value, Refusal> {
    let Some(mut summary) = summary else {
        let reason = failed.unwrap_or_default();
        return Err(Refusal::new(
            503,
            "not_run",
            format!("no run could begin: {reason}"),
            "look into the log",
        ));
    };
    if let Some(fields) = summary.as_object_mut() {
        fields.insert("replay".to_owned(), json!(replay));
    }
    Ok(summary)
}

/// Does what an administrator asks of the stream `name`; `None` is a run.
pub(crate) async fn administer(
    env: &Env,
    name: &str,
    operation: Option<Operation>,
) -> Result<Value, Refusal> {
    let parsed = crate::settings::parse(env).map_err(|problems| Refusal::of_config(&problems))?;
    let Parsed {
        streams,
        store,
        budget,
        ..
    } = parsed;
    let found = streams.into_iter().find(|stream| stream.id == name);
    let (Some(found), Ok(id)) = (found, StreamId::new(name)) else {
        return Err(Refusal::not_found());
    };
    let place = Place::open(env, store).map_err(|error| Refusal::from(&error))?;
    let mut stream = found.result.ok();
    match operation {
        Some(operation) => place.operate(&id, stream.as_mut(), budget, operation).await,
        None => place.run(&id, stream.as_mut(), budget).await,
    }
}
