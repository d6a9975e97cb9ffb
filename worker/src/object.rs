//! A stream's Durable Object: its state in SQL, its runs, and what an administrator does to it.
//!
//! worker/object.mjs lets one run go on at a time and sets the alarm; what is in here decides what to do and when
//! to wake up next.

use edgesiem::administer::{Operation, perform};
use edgesiem::stores::{Failure, RunEnd, Slot, SqlStore};
use edgesiem::{
    Budget, Error, ErrorKind, Outcome, Store, StoreError, StreamConfig, StreamId, Window, run_end,
};
use js_sys::Reflect;
use serde_json::Value;
use wasm_bindgen::JsValue;
use worker::{Env, signal};

use crate::host::WorkerHost;
use crate::http::answer::Refusal;
use crate::in_sql::InSql;
use crate::log;
use crate::mirror::{Mirror, ObjectRun};
use crate::objects::{Operated, Ticked, stream_of};
use crate::settings;
use crate::sql::ObjectSql;

/// More is to be done: at once.
const AT_ONCE_MS: u64 = 1_000;
/// Nothing is left to do: the cron comes each minute anyway, and the alarm covers for it.
const CAUGHT_UP_MS: u64 = 120_000;
/// Something went wrong.
const AFTER_AN_ERROR_MS: u64 = 60_000;
/// A replay's share of a turn.
const REPLAY_MS: u64 = 30_000;
/// A turn is over before the platform ends it, after 15 minutes.
const TURN_MS: u64 = 840_000;

pub(crate) type ObjectStore<'a> = SqlStore<'a, ObjectSql, WorkerHost>;

/// What every call of an object needs.
pub(crate) struct Object {
    pub(crate) id: StreamId,
    pub(crate) sql: ObjectSql,
    pub(crate) host: WorkerHost,
    mirror: Mirror,
}

impl Object {
    pub(crate) fn open(state: &JsValue, env: &Env) -> Result<Self, String> {
        let name = Reflect::get(state, &"id".into())
            .and_then(|id| Reflect::get(&id, &"name".into()))
            .ok()
            .and_then(|name| name.as_string());
        let id = name
            .as_deref()
            .and_then(stream_of)
            .and_then(|id| StreamId::new(id).ok())
            .ok_or("the object has no name, or not that of a stream")?;
        let sql = ObjectSql::new(state).map_err(|_| "the object has no SQL database")?;
        Ok(Self {
            mirror: Mirror::new(env, &id),
            id,
            sql,
            host: WorkerHost,
        })
    }

    /// `stream` is missing if its configuration is wrong.
    pub(crate) fn store(&self, stream: Option<&StreamConfig>) -> Result<ObjectStore<'_>, Error> {
        let limits = stream.map(|stream| stream.limits).unwrap_or_default();
        SqlStore::open(&self.sql, &self.host, limits.max_stored_dead_letters).map_err(|error| {
            Error::new(
                ErrorKind::Store,
                "the stream's database could not be opened",
                "if the database is another's, give the class StreamObject a name of its own in wrangler.toml; otherwise look into the log, and at \
                 https://www.cloudflarestatus.com",
            )
            .with("reason", error.to_string())
        })
    }
}

/// What an administrator asks of the stream.
pub(crate) async fn operate(state: &JsValue, env: &Env, operation: Operation) -> Operated {
    let gives_work = matches!(operation, Operation::Resume | Operation::Replay { .. });
    match try_operate(state, env, operation).await {
        Ok(done) => Operated {
            done: Some(done),
            alarm_in_ms: gives_work.then_some(AT_ONCE_MS),
            ..Operated::default()
        },
        Err(refused) => Operated {
            refused: Some(refused),
            ..Operated::default()
        },
    }
}

async fn try_operate(state: &JsValue, env: &Env, operation: Operation) -> Result<Value, Refusal> {
    let object = Object::open(state, env).map_err(|problem| Refusal::unavailable(&problem))?;
    let parsed = settings::parse(env).ok();
    let budget = parsed
        .as_ref()
        .map(|parsed| parsed.budget)
        .unwrap_or_default();
    let mut stream = parsed.and_then(|parsed| {
        let mut streams = parsed.streams.into_iter();
        streams
            .find(|stream| stream.id == object.id.as_str())?
            .result
            .ok()
    });
    let store = object
        .store(stream.as_ref())
        .map_err(|error| Refusal::from(&error))?;
    let stored = InSql {
        store,
        id: &object.id,
    };
    let done = perform(&object.host, &stored, stream.as_mut(), budget, operation);
    done.await.map_err(Refusal::from)
}

/// One turn: the live stream as far as the budget goes, then a replay.
pub(crate) async fn tick(state: &JsValue, env: &Env) -> Ticked {
    let object = match Object::open(state, env) {
        Ok(object) => object,
        Err(problem) => return failed("object", &problem),
    };
    let (mut stream, budget) = match configured(&object.id, env) {
        Ok(configured) => configured,
        Err(ticked) => return *ticked,
    };
    let ticked = object.turn(&mut stream, budget).await;
    ticked.unwrap_or_else(|error| failed(object.id.as_str(), &error.to_string()))
}

fn failed(whose: &str, problem: &str) -> Ticked {
    log::problem("object", Some(whose), problem);
    Ticked {
        failed: Some(format!("{whose}: {problem}")),
        alarm_in_ms: Some(AFTER_AN_ERROR_MS),
        ..Ticked::default()
    }
}

/// The stream, or why there is none to run.
fn configured(id: &StreamId, env: &Env) -> Result<(StreamConfig, Budget), Box<Ticked>> {
    let problem = |problems: &[Error]| {
        for problem in problems {
            log::problem("configuration", Some(id.as_str()), &problem.to_string());
        }
        Ticked {
            failed: Some(format!(
                "{id}: its configuration has {} problem(s)",
                problems.len()
            )),
            alarm_in_ms: Some(AFTER_AN_ERROR_MS),
            ..Ticked::default()
        }
    };
    let parsed = settings::parse(env).map_err(|problems| Box::new(problem(&problems)))?;
    let found = parsed
        .streams
        .into_iter()
        .find(|stream| stream.id == id.as_str());
    match found {
        // Its object keeps what it has, in case the stream comes back.
        _ if parsed.store != Store::DurableObject => Err(Box::new(asleep(
            id,
            "the configuration keeps its state elsewhere",
        ))),
        None => Err(Box::new(asleep(id, "the configuration has no such stream"))),
        Some(stream) => match stream.result {
            Ok(stream) => Ok((stream, parsed.budget)),
            Err(problems) => Err(Box::new(problem(&problems))),
        },
    }
}

fn asleep(id: &StreamId, reason: &str) -> Ticked {
    log::skipped(id.as_str(), reason);
    Ticked {
        skipped: Some(reason.to_owned()),
        alarm_in_ms: None,
        ..Ticked::default()
    }
}

impl Object {
    async fn turn(&self, stream: &mut StreamConfig, budget: Budget) -> Result<Ticked, Error> {
        let began = crate::host::now();
        let store = self.store(Some(stream))?;
        if store.paused().map_err(store_error)?.is_some() {
            log::skipped(self.id.as_str(), "paused");
            return Ok(Ticked {
                skipped: Some("paused".to_owned()),
                alarm_in_ms: Some(CAUGHT_UP_MS),
                ..Ticked::default()
            });
        }
        let live = self.live(store, stream, budget).await?;
        let mut ticked = Ticked {
            failed: log::failure(&live),
            run: Some(log::summary(&live)),
            alarm_in_ms: Some(if live.report.caught_up {
                CAUGHT_UP_MS
            } else {
                AT_ONCE_MS
            }),
            ..Ticked::default()
        };
        let spent_ms = crate::host::now().since_ms(began);
        if live.result.is_err() {
            ticked.alarm_in_ms = Some(AFTER_AN_ERROR_MS);
        } else if !signal::is_near_cpu_limit() && spent_ms.saturating_add(REPLAY_MS) < TURN_MS {
            self.replay(store, stream, budget, &mut ticked).await?;
        }
        self.mirror.end(&store).await;
        Ok(ticked)
    }

    async fn live(
        &self,
        store: ObjectStore<'_>,
        stream: &mut StreamConfig,
        budget: Budget,
    ) -> Result<Outcome, Error> {
        let run = ObjectRun::new(store.begin_run(Slot::Live).map_err(store_error)?);
        self.mirror.take_over(&run).await.map_err(store_error)?;
        let run = run.copied(store, &self.mirror);
        let outcome = edgesiem::run(&self.host, &run, budget, stream).await;
        log::run(&outcome, None);
        end(run, &outcome)?;
        Ok(outcome)
    }

    /// Works on the replay that was asked for first, if there is one.
    async fn replay(
        &self,
        store: ObjectStore<'_>,
        stream: &mut StreamConfig,
        budget: Budget,
        ticked: &mut Ticked,
    ) -> Result<(), Error> {
        let Some((replay, start)) = store.replay_under_way().map_err(store_error)? else {
            return Ok(());
        };
        let slot = Slot::Replay(replay.id.clone());
        let run = ObjectRun::new(store.begin_run(slot).map_err(store_error)?);
        let window = Window {
            id: replay.id.as_str().into(),
            from: replay.from,
            to: replay.to,
            start,
        };
        let budget = Budget {
            wall_ms: budget.wall_ms.min(REPLAY_MS),
            ..budget
        };
        let outcome = edgesiem::run_replay(&self.host, &run, budget, stream, window).await;
        log::run(&outcome, Some(&replay.id));
        ticked.replay = Some(log::summary(&outcome));
        // One that was cancelled meanwhile has no slot any more.
        let ended = end(run, &outcome);
        match &outcome.result {
            Err(error) => {
                ticked.alarm_in_ms = Some(AFTER_AN_ERROR_MS);
                if error.kind() != ErrorKind::Conflict {
                    ticked.failed = log::failure(&outcome);
                }
                if error.kind() == ErrorKind::SourceRefused {
                    // Its window is gone for good, and others may wait behind it.
                    let failure = Failure::from(error);
                    store
                        .end_replay(&replay.id, Some(&failure))
                        .map_err(store_error)?;
                }
            }
            Ok(()) => {
                ended?;
                if outcome.report.caught_up {
                    store.end_replay(&replay.id, None).map_err(store_error)?;
                }
                ticked.alarm_in_ms = Some(AT_ONCE_MS);
            }
        }
        Ok(())
    }
}

fn end(run: ObjectRun<'_>, outcome: &Outcome) -> Result<(), Error> {
    let end = RunEnd {
        summary: log::summary(outcome),
        ..run_end(outcome)
    };
    run.end(end).map_err(store_error)
}

pub(crate) fn store_error(error: StoreError) -> Error {
    Error::new(
        ErrorKind::Store,
        "the stream's database did not do what it was asked for",
        "nothing if it passes; otherwise look into the log",
    )
    .with("reason", error.to_string())
}
