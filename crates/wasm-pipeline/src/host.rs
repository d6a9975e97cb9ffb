//! The caller's object as a host of the pipeline.

use edgesiem::model::Endpoint;
use edgesiem::{FetchError, Host, HttpRequest, ResponseHead, Scheme, Secret, Timestamp};
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Response};

use crate::body::ResponseBody;
use crate::error::{invalid_argument, is_timeout, message};
use crate::store::JsStore;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What the pipeline needs of its surroundings. */
export interface PipelineHost {
    /**
     * Sends exactly this request, as the global `fetch` does. `init` has `method`, `headers` (pairs), `body` (`Uint8Array` or
     * nothing), `redirect: "manual"` and `signal`.
     */
    fetch(url: string, init: RequestInit): Promise<Response>;
    /** Places of this machine that can be written to. The sinks `file` and `stdout` are refused without theirs. */
    places?: readonly ("file" | "stdout")[] | undefined;
    /** Appends `body` to a place and answers when it is safe there, with a status as HTTP has them. */
    write?(request: LocalRequest): Promise<LocalAnswer>;
    /** Value of a secret that the configuration names; `undefined` if there is none. */
    secret(name: string): string | undefined;
    /** Milliseconds since 1970. */
    now(): number;
    /** Waits. It may come back early when the run should end. */
    sleep(ms: number): Promise<void>;
    /** Why the run should end now, asked between two steps; `undefined` to go on. */
    ending?(): string | undefined;
    /** What survives a run. */
    store: PipelineStore;
}

/** Bytes for a place of this machine. */
export interface LocalRequest {
    place: "file" | "stdout";
    /** Path of the file; empty for `stdout`. */
    path: string;
    body: Uint8Array;
}

export interface LocalAnswer {
    status: number;
    /** What went wrong. */
    message?: string | undefined;
}

/** A key-value namespace. */
export interface PipelineStore {
    /**
     * Whether a read always gives the last write, a write is safe when it is answered, writes of one key take effect in the order
     * in which they were asked for, and nobody else uses the namespace. Then a run that is killed repeats at most one batch per
     * sink. Workers KV is not exact.
     */
    readonly exact: boolean;
    get(key: string): Promise<string | undefined>;
    /** `ttlSeconds`: after which the value may be forgotten. */
    put(key: string, value: string, ttlSeconds?: number): Promise<void>;
    /** Also if there is none. */
    delete(key: string): Promise<void>;
    /** At most `limit` names that begin with `prefix`, in the order of their UTF-8 bytes, after those that gave `cursor`. */
    list(prefix: string, limit: number, cursor?: string): Promise<{ keys: string[]; cursor?: string | undefined }>;
}
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "PipelineHost")]
    pub type JsHost;

    #[wasm_bindgen(method, catch, js_name = fetch)]
    fn send(this: &JsHost, url: &str, init: &Object) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn write(this: &JsHost, request: &Object) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn secret(this: &JsHost, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = now)]
    fn millis(this: &JsHost) -> Result<f64, JsValue>;

    #[wasm_bindgen(method, catch, js_name = sleep)]
    fn pause(this: &JsHost, millis: f64) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, structural)]
    fn store(this: &JsHost) -> JsValue;

    #[wasm_bindgen(method, getter, structural)]
    fn ending(this: &JsHost) -> JsValue;

    #[wasm_bindgen(method, getter, structural)]
    fn places(this: &JsHost) -> JsValue;
}

/// The caller's object, checked.
pub(crate) struct CallersHost {
    js: JsHost,
    places: Vec<Scheme>,
}

impl CallersHost {
    pub(crate) fn new(js: JsHost) -> Result<Self, JsValue> {
        let value: &JsValue = js.as_ref();
        if !value.is_object() {
            return Err(invalid_argument("host", "it is no object"));
        }
        for method in ["fetch", "secret", "now", "sleep"] {
            let is_there = Reflect::get(value, &method.into())
                .is_ok_and(|member| member.is_instance_of::<Function>());
            if !is_there {
                return Err(invalid_argument(
                    &format!("host.{method}"),
                    "it is no function",
                ));
            }
        }
        let mut places = Vec::new();
        for place in js
            .places()
            .dyn_ref::<Array>()
            .into_iter()
            .flat_map(Array::iter)
        {
            places.push(match place.as_string().as_deref() {
                Some("file") => Scheme::File,
                Some("stdout") => Scheme::Stdout,
                _ => {
                    return Err(invalid_argument(
                        "host.places",
                        "there are `file` and `stdout`",
                    ));
                }
            });
        }
        Ok(Self { js, places })
    }

    pub(crate) fn places(&self) -> &[Scheme] {
        &self.places
    }

    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        let value = self.js.secret(name).ok()?;
        value.as_string().map(Secret::new)
    }

    pub(crate) fn store(&self) -> Result<JsStore, JsValue> {
        JsStore::new(self.js.store())
    }

    async fn send(&self, request: HttpRequest) -> Result<(ResponseHead, ResponseBody), JsValue> {
        let headers = Array::new();
        for (name, value) in &request.headers {
            headers.push(&Array::of2(&name.as_ref().into(), &value.expose().into()));
        }
        let init = Object::new();
        set(&init, "method", &request.method.as_str().into());
        set(&init, "headers", &headers);
        // A redirect could lead a credential or an event to somebody else: it is an answer, not a way on.
        set(&init, "redirect", &"manual".into());
        set(
            &init,
            "signal",
            &AbortSignal::timeout_with_u32(request.timeout_ms),
        );
        if !request.body.is_empty() {
            set(&init, "body", &Uint8Array::from(request.body.as_slice()));
        }
        let url = request.url();
        drop(request);
        let response = settled(self.js.send(&url, &init)?).await?;
        let response: Response = response
            .dyn_into()
            .map_err(|_| JsValue::from("fetch gave something that is no Response"))?;
        let mut head = ResponseHead {
            status: response.status(),
            headers: Vec::new(),
        };
        for entry in response.headers().entries() {
            let entry: Array = entry?.unchecked_into();
            if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string())
            {
                head.headers.push((name, value));
            }
        }
        Ok((head, ResponseBody::new(response.body())))
    }

    async fn write(
        &self,
        place: &str,
        request: HttpRequest,
    ) -> Result<(ResponseHead, ResponseBody), JsValue> {
        let local = Object::new();
        set(&local, "place", &place.into());
        set(&local, "path", &request.target.as_str().into());
        set(&local, "body", &Uint8Array::from(request.body.as_slice()));
        drop(request);
        let answer = settled(self.js.write(&local)?).await?;
        let member = |name: &str| Reflect::get(&answer, &name.into()).ok();
        let status = member("status").and_then(|status| status.as_f64());
        let message = member("message").and_then(|message| message.as_string());
        let head = ResponseHead {
            // What is no status is refused by the sink, like any other that it does not know.
            status: status.map_or(0, |status| status as u16),
            headers: Vec::new(),
        };
        Ok((head, ResponseBody::of(message.unwrap_or_default())))
    }
}

/// The value, or that of the promise that it is.
pub(crate) async fn settled(value: JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&value)).await
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a member of a new, ordinary object cannot fail.
    let _ = Reflect::set(object, &name.into(), value);
}

/// The place of the host's own that an endpoint is.
fn place(endpoint: &Endpoint) -> Option<&'static str> {
    match endpoint.scheme() {
        Scheme::File => Some("file"),
        Scheme::Stdout => Some("stdout"),
        _ => None,
    }
}

impl Host for CallersHost {
    type Body = ResponseBody;

    async fn fetch(
        &self,
        request: HttpRequest,
    ) -> Result<(ResponseHead, ResponseBody), FetchError> {
        let answer = match place(&request.endpoint) {
            Some(place) => self.write(place, request).await,
            None => self.send(request).await,
        };
        answer.map_err(|thrown| FetchError {
            reason: message(&thrown),
            timed_out: is_timeout(&thrown),
        })
    }

    async fn sleep(&self, millis: u64) {
        if let Ok(waiting) = self.js.pause(millis as f64) {
            let _ = settled(waiting).await;
        }
    }

    fn now(&self) -> Timestamp {
        // `as` stops at the ends of the range; a clock that throws is one that says nothing.
        Timestamp::from_millis(self.js.millis().map_or(0, |millis| millis as u64))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "JavaScript is the host here, and this is its source of chance"
    )]
    fn entropy(&self, out: &mut [u8]) {
        // Without entropy the nonce repeats and the source refuses it: visible, and nothing is lost.
        let _ = getrandom::fill(out);
    }

    fn must_end(&self) -> Option<&'static str> {
        let ending = self.js.ending();
        let reason = ending.dyn_ref::<Function>()?.call0(&self.js).ok()?;
        (!reason.is_undefined() && !reason.is_null()).then_some("the run was asked to end")
    }

    /// JavaScript has no limits of its own here: who ends a run is a user or a program.
    fn was_asked_to_end(&self) -> bool {
        self.must_end().is_some()
    }
}
