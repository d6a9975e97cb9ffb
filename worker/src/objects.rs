//! The Durable Objects as the Worker sees them: one for each stream, called by its name.

use edgesiem::administer::Operation;
use edgesiem::{Error, ErrorKind};
use js_sys::{JSON, Promise, Reflect};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request, RequestInit, Response};
use worker::Env;

use crate::http::answer::Refusal;
use crate::js;

/// Name of the binding in `wrangler.toml`.
const BINDING: &str = "EDGESIEM_STREAM";
/// In front of the stream's id in the name of its object, so that a later layout could begin with new ones.
const GENERATION: &str = "v1:";
/// Objects are not on a network; only the path of the URL means anything (worker/object.mjs).
const ORIGIN: &str = "https://object.invalid";

#[wasm_bindgen]
extern "C" {
    /// <https://developers.cloudflare.com/durable-objects/api/namespace/>
    type Namespace;

    #[wasm_bindgen(method, catch, js_name = getByName)]
    fn get_by_name(this: &Namespace, name: &str) -> Result<Stub, JsValue>;

    type Stub;

    #[wasm_bindgen(method, catch)]
    fn fetch(this: &Stub, request: &Request) -> Result<Promise, JsValue>;
}

/// The stream's id, from the name of its object.
pub(crate) fn stream_of(name: &str) -> Option<&str> {
    name.strip_prefix(GENERATION)
}

/// What an object says of a run that it was asked for.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ticked {
    /// Another run is under way.
    pub(crate) running: bool,
    /// There is no room in memory now; the object comes back to it by itself.
    pub(crate) later: bool,
    /// Why nothing was run, if that is as it should be.
    pub(crate) skipped: Option<String>,
    /// Summary of the live stream's run.
    pub(crate) run: Option<Value>,
    /// Summary of the run of a replay beside it.
    pub(crate) replay: Option<Value>,
    /// What went wrong, in one line; it is in the log too.
    pub(crate) failed: Option<String>,
    /// When the object wakes up next; `None` if nothing is left for it to do.
    pub(crate) alarm_in_ms: Option<u64>,
}

/// What an object answers to an operation.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Operated {
    pub(crate) running: bool,
    pub(crate) later: bool,
    pub(crate) done: Option<Value>,
    pub(crate) refused: Option<Refusal>,
    /// When the object should wake up because of it; `None` leaves the alarm as it is.
    pub(crate) alarm_in_ms: Option<u64>,
}

/// The namespace that is bound to the Worker.
pub(crate) struct Objects(Namespace);

impl Objects {
    pub(crate) fn new(env: &Env) -> Result<Self, Error> {
        let binding = Reflect::get(env.as_ref(), &BINDING.into()).unwrap_or(JsValue::UNDEFINED);
        if binding.is_undefined() {
            return Err(Error::new(
                ErrorKind::Config,
                format!("there are no Durable Objects bound as {BINDING}"),
                format!(
                    "add [[durable_objects.bindings]] name = \"{BINDING}\", class_name = \"StreamObject\" and the \
                     migration to wrangler.toml, as the one of the project has them, or set store = \"kv\""
                ),
            )
            .with("key", "store"));
        }
        Ok(Self(binding.unchecked_into()))
    }

    /// Asks for a run, and waits for its end.
    ///
    /// # Errors
    /// What the object or the platform says.
    pub(crate) async fn tick(&self, stream: &str) -> Result<Ticked, String> {
        self.ask(stream, "/tick", &Value::Null).await
    }

    pub(crate) async fn operate(
        &self,
        stream: &str,
        operation: &Operation,
    ) -> Result<Value, Refusal> {
        let path = if operation.needs_the_stream_alone() {
            "/work"
        } else {
            "/operation"
        };
        let operated: Operated = self
            .ask(stream, path, &json!(operation))
            .await
            .map_err(|reason| Refusal::unavailable(&reason))?;
        if matches!(operation, Operation::Pause { abort: true }) {
            // The object ends in the middle of this request, so there is no answer to it.
            let _ = self.post(stream, "/abort", "").await;
        }
        match operated {
            Operated { running: true, .. } => Err(Refusal::running()),
            Operated { later: true, .. } => Err(Refusal::no_room()),
            Operated {
                refused: Some(refused),
                ..
            } => Err(refused),
            Operated { done, .. } => Ok(done.unwrap_or(Value::Null)),
        }
    }

    async fn ask<T: for<'a> Deserialize<'a>>(
        &self,
        stream: &str,
        path: &str,
        body: &Value,
    ) -> Result<T, String> {
        let text = self
            .post(stream, path, &body.to_string())
            .await
            .map_err(|thrown| js::message(&thrown))?;
        serde_json::from_str(&text)
            .map_err(|error| format!("the object's answer cannot be read: {error}"))
    }

    async fn post(&self, stream: &str, path: &str, body: &str) -> Result<String, JsValue> {
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_body(&body.into());
        let request = Request::new_with_str_and_init(&format!("{ORIGIN}{path}"), &init)?;
        let stub = self.0.get_by_name(&format!("{GENERATION}{stream}"))?;
        let response: Response = JsFuture::from(stub.fetch(&request)?)
            .await?
            .unchecked_into();
        let text = JsFuture::from(response.text()?).await?;
        text.as_string()
            .ok_or_else(|| JsValue::from("the object's answer is no text"))
    }
}

/// A value that the object's JavaScript hands on.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let text = serde_json::to_string(value).map_err(|error| JsValue::from(error.to_string()))?;
    JSON::parse(&text)
}
