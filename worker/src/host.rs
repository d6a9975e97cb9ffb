//! The Workers runtime as a host of the pipeline.

use std::time::Duration;

use edgesiem::{FetchError, Host, HttpRequest, ResponseHead, Scheme, Timestamp};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, Response};
use worker::{Date, Delay, signal};

use crate::body::StreamBody;
use crate::bucket;
use crate::js;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(url: &str, init: &Object) -> Result<Promise, JsValue>;
}

/// The runtime; it has no state of its own.
pub(crate) struct WorkerHost;

/// The clock. In production it only moves with I/O.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(Date::now().as_millis())
}

impl Host for WorkerHost {
    type Body = StreamBody;

    async fn fetch(&self, request: HttpRequest) -> Result<(ResponseHead, StreamBody), FetchError> {
        if request.endpoint.scheme() == Scheme::R2 {
            return bucket::put(request).await;
        }
        send(request).await.map_err(|thrown| FetchError {
            reason: js::message(&thrown),
            timed_out: js::is_timeout(&thrown),
        })
    }

    async fn sleep(&self, millis: u64) {
        Delay::from(Duration::from_millis(millis)).await;
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn entropy(&self, out: &mut [u8]) {
        // Without entropy the nonce repeats and the source refuses it: visible, and nothing is lost.
        if getrandom::fill(out).is_err() {
            worker::console_error!("crypto.getRandomValues is not available");
        }
    }

    fn must_end(&self) -> Option<&'static str> {
        signal::is_near_cpu_limit().then_some("the CPU time of this invocation is nearly used up")
    }
}

async fn send(request: HttpRequest) -> Result<(ResponseHead, StreamBody), JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        headers.append(name, value.expose())?;
    }
    let init = Object::new();
    let set = |name: &str, value: &JsValue| Reflect::set(&init, &name.into(), value);
    set("method", &request.method.as_str().into())?;
    set("headers", &headers)?;
    // A redirect could lead a credential or an event to somebody else: it is an answer, not a way on.
    set("redirect", &"manual".into())?;
    set("signal", &AbortSignal::timeout_with_u32(request.timeout_ms))?;
    if !request.body.is_empty() {
        set("body", &Uint8Array::from(request.body.as_slice()))?;
    }
    let url = request.url();
    drop(request);
    let response: Response = JsFuture::from(global_fetch(&url, &init)?)
        .await?
        .unchecked_into();
    let mut head = ResponseHead {
        status: response.status(),
        headers: Vec::new(),
    };
    for entry in response.headers().entries() {
        let entry: Array = entry?.unchecked_into();
        if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
            head.headers.push((name, value));
        }
    }
    Ok((head, StreamBody::new(response.body())?))
}
