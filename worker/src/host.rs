//! The Workers runtime as a host of the pipeline.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use edgesiem::{
    Checkpoint, DeadLetter, FetchError, Host, HttpRequest, ResponseHead, Revision, StoreError,
    StreamId, Timestamp,
};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, Response};
use worker::{Date, Delay};

use crate::body::StreamBody;
use crate::js;
use crate::kv::{HeldLease, Store};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(url: &str, init: &Object) -> Result<Promise, JsValue>;
}

/// One run's host. It holds the stream's lease and renews it as the run goes on.
pub(crate) struct WorkerHost<'a> {
    store: &'a Store,
    stream: &'a StreamId,
    lease: RefCell<HeldLease>,
    renewing: Cell<bool>,
}

impl<'a> WorkerHost<'a> {
    pub(crate) fn new(store: &'a Store, stream: &'a StreamId, lease: HeldLease) -> Self {
        Self {
            store,
            stream,
            lease: RefCell::new(lease),
            renewing: Cell::new(false),
        }
    }

    pub(crate) fn into_lease(self) -> HeldLease {
        self.lease.into_inner()
    }

    /// Renews the lease if it is time to. That it could not be renewed ends nothing: the worst that follows is
    /// an overlapping run.
    async fn keep_lease(&self) {
        if self.renewing.replace(true) {
            return;
        }
        let _done = Reset(&self.renewing);
        let lease = self.lease.borrow().clone();
        match self.store.renew_lease(self.stream, &lease).await {
            Ok(None) => {}
            Ok(Some(renewed)) => drop(self.lease.replace(renewed)),
            Err(error) => worker::console_error!("the lease could not be renewed: {error}"),
        }
    }
}

/// Lets the next one renew, also if this one is dropped half-way.
struct Reset<'a>(&'a Cell<bool>);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// The clock. In production it only moves with I/O.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(Date::now().as_millis())
}

impl Host for WorkerHost<'_> {
    type Body = StreamBody;

    async fn fetch(&self, request: HttpRequest) -> Result<(ResponseHead, StreamBody), FetchError> {
        self.keep_lease().await;
        send(request).await.map_err(|thrown| FetchError {
            reason: js::message(&thrown),
            timed_out: js::is_timeout(&thrown),
        })
    }

    async fn load(&self, stream: &StreamId) -> Result<(Option<Checkpoint>, Revision), StoreError> {
        self.store.load(stream).await
    }

    async fn save(
        &self,
        stream: &StreamId,
        expected: Revision,
        next: &Checkpoint,
    ) -> Result<Revision, StoreError> {
        self.keep_lease().await;
        self.store.save(stream, expected, next).await
    }

    async fn keep_dead_letters(
        &self,
        stream: &StreamId,
        letters: &[DeadLetter],
    ) -> Result<(), StoreError> {
        self.keep_lease().await;
        self.store.keep_dead_letters(stream, letters).await
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
