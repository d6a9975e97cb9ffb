//! The streams of a configuration: run, replayed, looked at, operated.

use std::cell::RefCell;

use edgesiem::administer::{InKv, Operation, perform};
use edgesiem::check::check;
use edgesiem::stores::{KvRun, KvStore, Lease};
use edgesiem::{
    Budget, Config, Expectations, Host as _, Outcome, Report, StreamConfig, Timestamp, Window,
    run_end, run_replay, shown_status, summary, with_short_cursor,
};
use serde::Serialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::error::{
    from_js, invalid_argument, of_config, of_core, of_refusal, of_store, refused, to_js,
};
use crate::host::{CallersHost, JsHost};
use crate::store::JsStore;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A stream as it is configured. */
export interface StreamInfo {
    id: string;
    /** Kind of its source, such as `akamai-siem`. */
    source: string;
    /** Name of the schema that its events are written in. */
    schema: string;
    /** Where its events go. */
    sinks: { name: string; required: boolean }[];
}

/** What a run did. */
export interface RunSummary {
    stream: string;
    /** Whether it did all that it should. */
    ok: boolean;
    /** Why nothing was run, if nothing was: the stream is paused, or another run holds it. */
    skipped?: string;
    report: RunReport;
    /** Why it ended early; the checkpoint stands where it stood after the last whole page. */
    error: RunError | null;
}

/** Figures of one run. `fetched = delivered + dead_lettered + outside + filtered`, of committed pages. Bytes are uncompressed. */
export interface RunReport {
    pages: number;
    fetched: number;
    delivered: number;
    dead_lettered: number;
    /** Events outside of a replay's window. */
    outside: number;
    filtered: number;
    /** Single values that stayed as they came because they could not be decoded. */
    undecoded: number;
    bytes_in: number;
    bytes_out: number;
    posts: number;
    retries: number;
    source_retries: number;
    /** How often the source no longer had what it was asked for. */
    gaps: number;
    /** Whether the source had no more events at the end. */
    caught_up: boolean;
    /** Whether the run left a page half-way, to be finished by the next one. */
    unfinished: boolean;
    wall_ms: number;
    /** By the sink's name. */
    sinks: Record<string, SinkReport>;
}

/** What was sent to one sink. */
export interface SinkReport {
    batches: number;
    events: number;
    /** Batches that it had accepted in an earlier run and was not sent again. */
    resumed_batches: number;
    posts: number;
    bytes: number;
    /** Attempts that had to be repeated, by class, such as `429` or `timeout`. */
    retries: Record<string, number>;
    /** Events that it refused and that are dead letters. */
    refused: number;
    /** Events that an optional sink did not get, neither sent nor kept. */
    dropped: number;
}

/** Why a run ended early. Every text is safe to print. */
export interface RunError {
    /** Such as `source_refused` or `sink_unavailable`. */
    code: string;
    message: string;
    context: Record<string, string>;
    /** What to do. */
    user_action: string;
    /** Whether the next run may succeed without anybody doing anything. */
    retryable: boolean;
}

/** What a check of a stream found. */
export interface CheckReport {
    source: Finding;
    /** In the order of the configuration. */
    sinks: { name: string; finding: Finding }[];
}

/** What was found at one place. */
export interface Finding {
    /** `unknown`: nothing can be asked without delivering something. */
    outcome: "ok" | "failed" | "unknown";
    message: string;
    code?: string;
    /** What to do, if there is something to do. */
    user_action?: string;
    /** The server's clock minus ours, as far as its answer tells. */
    clock_skew_ms?: number;
    wall_ms?: number;
}
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "RunSummary")]
    pub type JsRunSummary;
    #[wasm_bindgen(typescript_type = "CheckReport")]
    pub type JsCheckReport;
    #[wasm_bindgen(typescript_type = "StreamInfo[]")]
    pub type JsStreams;
    #[wasm_bindgen(typescript_type = "Record<string, unknown>")]
    pub type JsStatus;
}

/// The streams of a configuration over a host.
#[wasm_bindgen]
pub struct Pipeline {
    host: CallersHost,
    store: JsStore,
    streams: Vec<Slot>,
    budget: Budget,
}

struct Slot {
    info: Info,
    /// Taken by whoever is at work on the stream.
    config: RefCell<Option<StreamConfig>>,
}

#[derive(Serialize)]
struct Info {
    id: String,
    source: &'static str,
    schema: String,
    sinks: Vec<InfoOfSink>,
}

#[derive(Serialize)]
struct InfoOfSink {
    name: String,
    required: bool,
}

#[wasm_bindgen]
impl Pipeline {
    /// `config`: what `edgesiem.toml` holds, as a plain object. Throws an error with `code` `config` and every problem in
    /// `problems`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "object")] config: &JsValue,
        host: JsHost,
    ) -> Result<Self, JsValue> {
        let host = CallersHost::new(host)?;
        let store = host.store()?;
        let value = from_js("config", config)?;
        let Config {
            streams, budget, ..
        } = Config::from_json(value, &|name| host.secret(name), host.places())
            .map_err(|problems| of_config(&problems))?;
        let streams = streams
            .into_iter()
            .map(|stream| Slot {
                info: Info {
                    id: stream.id.to_string(),
                    source: stream.source.kind(),
                    schema: stream.schema.name().to_owned(),
                    sinks: stream
                        .sinks
                        .iter()
                        .map(|sink| InfoOfSink {
                            name: sink.sink.name().to_owned(),
                            required: sink.required,
                        })
                        .collect(),
                },
                config: RefCell::new(Some(stream)),
            })
            .collect();
        Ok(Self {
            host,
            store,
            streams,
            budget,
        })
    }

    /// The streams, in the order of the configuration.
    pub fn streams(&self) -> Result<JsStreams, JsValue> {
        let infos: Vec<&Info> = self.streams.iter().map(|slot| &slot.info).collect();
        Ok(to_js(&infos)?.unchecked_into())
    }

    /// One run: until the source has no more events, the budget is used up (`wallMs`, if it is given, instead of the
    /// configuration's `budget.wall_s`), something has to be mended, or the host says that the run should end.
    pub async fn run(
        &self,
        stream: String,
        #[wasm_bindgen(js_name = wallMs)] wall_ms: Option<f64>,
    ) -> Result<JsRunSummary, JsValue> {
        let wall_ms = wall_ms.filter(|wall_ms| *wall_ms >= 1.0);
        let budget = Budget {
            // `as` stops at the ends of the range.
            wall_ms: wall_ms.map_or(self.budget.wall_ms, |wall_ms| wall_ms as u64),
            ..self.budget
        };
        self.with(&stream, async |store, stream| {
            let paused = store.paused(&stream.id).await;
            if paused.map_err(|error| of_store(&error))?.is_some() {
                return skipped(stream, "the stream is paused");
            }
            let run = match begin(store, stream).await? {
                Begun::Run(run) => run,
                Begun::Held(reason) => return skipped(stream, &reason),
            };
            let outcome = edgesiem::run(&self.host, &*run, budget, stream).await;
            end(*run, &outcome).await
        })
        .await
    }

    /// Delivers the events from `from` to `to` (milliseconds since 1970) again, marked with `name`. The store is the replay's
    /// own: a replay that was broken off goes on where it was. `name`: at most 24 letters and digits.
    pub async fn replay(
        &self,
        stream: String,
        name: String,
        from: f64,
        to: f64,
    ) -> Result<JsRunSummary, JsValue> {
        let is_name = (1..=edgesiem::Batch::MAX_REPLAY_BYTES).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_name {
            return Err(invalid_argument(
                "name",
                "it needs letters and digits, and not many",
            ));
        }
        let (from, to) = (time("from", from)?, time("to", to)?);
        self.with(&stream, async |store, stream| {
            let stored = store.status(&stream.id).await;
            let start = match stored.map_err(|error| of_store(&error))?.position {
                // What the source no longer has at the beginning of the window does not matter any more.
                Some(position) => position.cursor,
                None => stream
                    .source
                    .since(from, Some(to), self.host.now())
                    .map_err(|error| of_core(&error))?,
            };
            let window = Window {
                id: name.into(),
                from,
                to,
                start,
            };
            let run = match begin(store, stream).await? {
                Begun::Run(run) => run,
                Begun::Held(reason) => return skipped(stream, &reason),
            };
            let outcome = run_replay(&self.host, &*run, self.budget, stream, window).await;
            end(*run, &outcome).await
        })
        .await
    }

    /// What an operator wants to know of a stream, as the Worker's `GET /status` has it.
    pub async fn status(&self, stream: String) -> Result<JsStatus, JsValue> {
        self.with(&stream, async |store, stream| {
            let stored = store.status(&stream.id).await;
            let stored = stored.map_err(|error| of_store(&error))?;
            let now = self.host.now();
            let expected = Expectations::of(stream, self.budget, now);
            let stored = with_short_cursor(stored, &*stream.source, now);
            let shown = shown_status(&stored, Some(&expected));
            Ok(to_js(&shown)?.unchecked_into())
        })
        .await
    }

    /// Where the stream stands: the source's own bookmark, for `akamai-siem` `{ offset }` or `{ from, to? }`; `undefined` before
    /// the first page.
    #[wasm_bindgen(unchecked_return_type = "Record<string, unknown> | undefined")]
    pub async fn cursor(&self, stream: String) -> Result<JsValue, JsValue> {
        self.with(&stream, async |store, stream| {
            let stored = store.status(&stream.id).await;
            match stored.map_err(|error| of_store(&error))?.position {
                Some(position) => to_js(&position.cursor),
                None => Ok(JsValue::UNDEFINED),
            }
        })
        .await
    }

    /// Asks the source for a page of one event and each sink whether it is there. Delivers nothing, changes nothing.
    pub async fn check(&self, stream: String) -> Result<JsCheckReport, JsValue> {
        self.with(&stream, async |_, stream| {
            let checked = check(&self.host, stream).await;
            Ok(to_js(&checked)?.unchecked_into())
        })
        .await
    }

    /// Does what an operator asks for; `operation` is one of the Worker's operations as JSON has them.
    #[wasm_bindgen(unchecked_return_type = "unknown")]
    pub async fn operate(
        &self,
        stream: String,
        #[wasm_bindgen(unchecked_param_type = "unknown")] operation: JsValue,
    ) -> Result<JsValue, JsValue> {
        let operation: Operation = serde_json::from_value(from_js("operation", &operation)?)
            .map_err(|error| invalid_argument("operation", &error.to_string()))?;
        self.with(&stream, async |store, stream| {
            let id = stream.id.clone();
            let stored = InKv {
                store,
                id: &id,
                max_stored_dead_letters: stream.limits.max_stored_dead_letters,
            };
            let done = perform(&self.host, &stored, Some(stream), self.budget, operation).await;
            to_js(&done.map_err(|refusal| of_refusal(&refusal))?)
        })
        .await
    }
}

type Streams<'a> = KvStore<'a, JsStore, CallersHost>;
type Run<'a> = KvRun<'a, JsStore, CallersHost>;

impl Pipeline {
    /// Lets `work` have the stream for itself. A future that is dropped half-way leaves it taken; promises are not dropped.
    async fn with<T>(
        &self,
        id: &str,
        work: impl AsyncFnOnce(&Streams<'_>, &mut StreamConfig) -> Result<T, JsValue>,
    ) -> Result<T, JsValue> {
        let slot = self.streams.iter().find(|slot| slot.info.id == id);
        let Some(slot) = slot else {
            let known: Vec<&str> = self.streams.iter().map(|slot| &*slot.info.id).collect();
            return Err(refused(
                "unknown_stream",
                &format!("there is no stream {}", edgesiem::printable(id, 80)),
                &format!("use one of: {}", known.join(", ")),
            ));
        };
        let Some(mut stream) = slot.config.take() else {
            return Err(refused(
                "busy",
                &format!("something is under way with the stream {id}"),
                "wait for it to end",
            ));
        };
        let store = KvStore::new(&self.store, &self.host);
        let result = work(&store, &mut stream).await;
        slot.config.replace(Some(stream));
        result
    }
}

enum Begun<'a> {
    Run(Box<Run<'a>>),
    /// Somebody else is at work on the stream.
    Held(String),
}

async fn begin<'a>(store: &'a Streams<'a>, stream: &StreamConfig) -> Result<Begun<'a>, JsValue> {
    let max_letters = stream.limits.max_stored_dead_letters;
    let taken = store.take_lease(&stream.id, max_letters).await;
    Ok(match taken.map_err(|error| of_store(&error))? {
        Lease::Taken(run) => Begun::Run(Box::new(run)),
        Lease::Held { until } => {
            Begun::Held(format!("another run holds the stream, until {until}"))
        }
    })
}

async fn end(run: Run<'_>, outcome: &Outcome) -> Result<JsRunSummary, JsValue> {
    let ended = run.end(run_end(outcome)).await;
    let mut shown = summary(outcome);
    if let (Err(error), Ok(())) = (&ended, &outcome.result)
        && let Some(members) = shown.as_object_mut()
    {
        members.insert("ok".to_owned(), Value::Bool(false));
        members.insert("error".to_owned(), not_ended(error));
    }
    Ok(to_js(&shown)?.unchecked_into())
}

/// The run is done and its checkpoint safe, but its status could not be written.
fn not_ended(error: &edgesiem::StoreError) -> Value {
    json!({
        "code": "store",
        "message": format!("the status could not be written: {error}"),
        "context": {},
        "user_action": "see that the place where the streams' state is kept can be read and written",
        "retryable": true,
    })
}

fn skipped(stream: &StreamConfig, reason: &str) -> Result<JsRunSummary, JsValue> {
    let summary = json!({
        "stream": stream.id.as_str(),
        "ok": true,
        "skipped": reason,
        "report": Report::default(),
        "error": null,
    });
    Ok(to_js(&summary)?.unchecked_into())
}

fn time(name: &str, millis: f64) -> Result<Timestamp, JsValue> {
    if millis.is_finite() && millis >= 0.0 {
        // `as` stops at the end of the range.
        Ok(Timestamp::from_millis(millis as u64))
    } else {
        Err(invalid_argument(name, "it needs milliseconds since 1970"))
    }
}
