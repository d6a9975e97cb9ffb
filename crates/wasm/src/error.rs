//! Errors as JavaScript throws them.

use edgesiem_edgegrid::CredentialsError;
use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What this module throws. */
export interface EdgeSiemError extends Error {
    /** Stable name for programs, such as `edgerc_syntax`, `credentials_missing` or `invalid_argument`. */
    code: string;
    /** What the reader should do. */
    userAction: string;
}
"#;

/// An `Error` with `code` and `userAction`.
pub(crate) fn thrown(code: &str, message: &str, user_action: &str) -> JsValue {
    let error = js_sys::Error::new(message);
    for (name, value) in [("code", code), ("userAction", user_action)] {
        // Setting a member of a new, ordinary object cannot fail.
        let _ = Reflect::set(&error, &name.into(), &value.into());
    }
    error.into()
}

/// An argument is not what its type says.
pub(crate) fn invalid_argument(name: &str, reason: &str) -> JsValue {
    thrown(
        "invalid_argument",
        &format!("{name}: {reason}"),
        "see the type of the argument",
    )
}

pub(crate) fn credentials_error(error: &CredentialsError) -> JsValue {
    thrown(error.kind().code(), error.message(), error.user_action())
}

/// A DTO as a plain object.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value
        .serialize(&serializer)
        .map_err(|error| thrown("internal", &error.to_string(), "report this as a bug"))
}
