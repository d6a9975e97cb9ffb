//! EdgeSIEM as a Cloudflare Worker: lends the core fetch, a store, a clock and chance, and answers an
//! administrator.
//!
//! It never looks into an event and never decides about one.
//!
//! What JavaScript calls is exported by hand: the `worker` crate's `#[event(scheduled)]` (0.8.7) drops the handler's
//! error, so that a run that failed would be recorded as a success, and its Durable Objects share one instance.

mod body;
mod bucket;
mod cron;
mod host;
mod http;
mod in_sql;
mod js;
mod kv;
mod kv_streams;
mod log;
mod mirror;
mod object;
mod objects;
mod overview;
mod reports;
mod settings;
mod sql;
mod streams;
mod time;

use js_sys::{Error as JsError, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use worker::Env;

use crate::http::answer::Refusal;
use crate::objects::{Operated, to_js};

/// The cron's handler. The promise rejects, and the platform records `exception`, if any stream could not do
/// all it should; the reason is in the log.
#[wasm_bindgen]
pub fn handle_scheduled(env: Env) -> Promise {
    bucket::bind(&env);
    future_to_promise(async move {
        match cron::run_all(&env).await {
            Ok(()) => Ok(JsValue::UNDEFINED),
            Err(reason) => Err(JsError::new(&reason).into()),
        }
    })
}

/// The HTTP handler.
#[wasm_bindgen]
pub fn handle_fetch(request: web_sys::Request, env: Env) -> Promise {
    bucket::bind(&env);
    future_to_promise(async move { http::respond(&request, &env).await.map(JsValue::from) })
}

/// A turn of a stream's Durable Object: what it came to, and when to wake up next (`objects::Ticked`).
#[wasm_bindgen]
pub fn object_tick(state: JsValue, env: Env) -> Promise {
    bucket::bind(&env);
    future_to_promise(async move { to_js(&object::tick(&state, &env).await) })
}

/// Something that an administrator does to a stream (`edgesiem::administer::Operation` as JSON), and what it came to
/// (`objects::Operated`).
#[wasm_bindgen]
pub fn object_operation(operation: String, state: JsValue, env: Env) -> Promise {
    bucket::bind(&env);
    future_to_promise(async move {
        let operated = match serde_json::from_str(&operation) {
            Ok(operation) => object::operate(&state, &env, operation).await,
            // While a new version of the Worker is rolled out, an old one may ask.
            Err(error) => Operated {
                refused: Some(Refusal::unavailable(&error.to_string())),
                ..Operated::default()
            },
        };
        to_js(&operated)
    })
}

/// Whether the runtime has told this instance that its CPU time is nearly used up. It is not told when it has time
/// again, so a fresh one should take over.
#[wasm_bindgen]
pub fn is_spent() -> bool {
    worker::signal::is_near_cpu_limit()
}
