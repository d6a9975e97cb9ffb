//! R2 buckets that are bound to the Worker, spoken to as if they were servers.

use std::cell::RefCell;

use edgesiem::{FetchError, HttpRequest, ResponseHead};
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::Env;

use crate::body::StreamBody;
use crate::js;

thread_local! {
    /// The Worker's bindings. They are the same for as long as the isolate lives.
    static BINDINGS: RefCell<Option<Env>> = const { RefCell::new(None) };
}

/// Makes the bindings known.
pub(crate) fn bind(env: &Env) {
    BINDINGS.set(Some(env.clone()));
}

/// Stores the body under the key that the request's target is, and answers like R2's own S3 interface: 200, or 412 if
/// the request wants no object to be there and there is one.
///
/// R2 tells what it would answer over HTTP only in the text of what it throws, so every failure is taken for one that
/// passes; a missing binding is the exception.
pub(crate) async fn put(request: HttpRequest) -> Result<(ResponseHead, StreamBody), FetchError> {
    let name = request.endpoint.authority().to_owned();
    match try_put(request).await {
        Ok(status) => Ok((
            ResponseHead {
                status,
                headers: Vec::new(),
            },
            StreamBody::default(),
        )),
        Err(Failure::NoBinding) => {
            let reason = format!("the Worker has no R2 bucket bound as {name}");
            let head = ResponseHead {
                status: 404,
                headers: Vec::new(),
            };
            Ok((head, StreamBody::of(reason.into_bytes())))
        }
        Err(Failure::Thrown(thrown)) => Err(FetchError {
            reason: js::message(&thrown),
            timed_out: js::is_timeout(&thrown),
        }),
    }
}

enum Failure {
    NoBinding,
    Thrown(JsValue),
}

impl From<JsValue> for Failure {
    fn from(thrown: JsValue) -> Self {
        Self::Thrown(thrown)
    }
}

async fn try_put(request: HttpRequest) -> Result<u16, Failure> {
    let name = JsValue::from(request.endpoint.authority());
    let bucket = BINDINGS
        .with_borrow(|env| Reflect::get(env.as_ref()?.as_ref(), &name).ok())
        .filter(JsValue::is_object)
        .ok_or(Failure::NoBinding)?;
    let put: Function = Reflect::get(&bucket, &"put".into())
        .ok()
        .and_then(|put| put.dyn_into().ok())
        .ok_or(Failure::NoBinding)?;
    let key = request.target.trim_start_matches('/');
    let body = Uint8Array::from(request.body.as_slice());
    let options = options(&request)?;
    let promise: Promise = put
        .call3(&bucket, &key.into(), &body, &options)?
        .unchecked_into();
    let object = JsFuture::from(promise).await?;
    // R2 gives the object, or null if the condition does not hold. A KV namespace has a put too, which gives undefined.
    match object {
        object if object.is_null() => Ok(412),
        object if object.is_object() => Ok(200),
        _ => Err(Failure::NoBinding),
    }
}

fn options(request: &HttpRequest) -> Result<Object, JsValue> {
    let (options, http, custom) = (Object::new(), Object::new(), Object::new());
    for (name, value) in &request.headers {
        let text = JsValue::from(value.expose());
        match name.as_ref() {
            "content-type" => Reflect::set(&http, &"contentType".into(), &text)?,
            "content-encoding" => Reflect::set(&http, &"contentEncoding".into(), &text)?,
            "if-none-match" => {
                let only_if = Object::new();
                Reflect::set(&only_if, &"etagDoesNotMatch".into(), &text)?;
                Reflect::set(&options, &"onlyIf".into(), &only_if)?
            }
            name => match name.strip_prefix("x-amz-meta-") {
                Some(name) => Reflect::set(&custom, &name.into(), &text)?,
                None => true,
            },
        };
    }
    Reflect::set(&options, &"httpMetadata".into(), &http)?;
    Reflect::set(&options, &"customMetadata".into(), &custom)?;
    Ok(options)
}
