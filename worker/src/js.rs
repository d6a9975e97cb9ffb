//! What others threw, in words.

use js_sys::Error as JsError;
use wasm_bindgen::{JsCast, JsValue};

/// The message of a thrown value, printable.
pub(crate) fn message(thrown: &JsValue) -> String {
    let text = match thrown.dyn_ref::<JsError>() {
        Some(error) => format!(
            "{}: {}",
            String::from(error.name()),
            String::from(error.message())
        ),
        None => thrown.as_string().unwrap_or_else(|| format!("{thrown:?}")),
    };
    edgesiem::printable(&text, 500)
}

/// Whether it is what an expired `AbortSignal.timeout` throws.
pub(crate) fn is_timeout(thrown: &JsValue) -> bool {
    js_sys::Reflect::get(thrown, &"name".into()).is_ok_and(|name| name == "TimeoutError")
}
