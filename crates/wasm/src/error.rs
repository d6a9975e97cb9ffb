//! Errors as JavaScript throws them.

use edgesiem_edgegrid::CredentialsError;
use edgesiem_model::Error;
use js_sys::Reflect;
use serde::Serialize;
use tsify::Tsify;
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
    /** Whether the same call may succeed later without anybody doing anything. */
    retryable: boolean;
    /** All that is wrong, if the code is `config`. */
    problems?: Problem[];
}
"#;

/// One thing that is wrong with a configuration.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    /// Path of the key, such as `schema.expand_rules`.
    key: String,
    /// What is wrong with it.
    message: String,
    /// What to write instead.
    user_action: String,
}

impl Problem {
    pub(crate) fn new(key: &str, message: &str, user_action: &str) -> Self {
        Self {
            key: key.to_owned(),
            message: message.to_owned(),
            user_action: user_action.to_owned(),
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let key = error.context().iter().find(|(name, _)| *name == "key");
        Self::new(
            key.map_or("", |(_, key)| key.as_str()),
            error.message(),
            error.user_action(),
        )
    }
}

/// An `Error` with `code`, `userAction` and `retryable`. The same call fails again: nothing here depends on others.
pub(crate) fn thrown(code: &str, message: &str, user_action: &str) -> JsValue {
    let error = js_sys::Error::new(message);
    for (name, value) in [
        ("code", code.into()),
        ("userAction", user_action.into()),
        ("retryable", JsValue::FALSE),
    ] {
        // Setting a member of a new, ordinary object cannot fail.
        let _ = Reflect::set(&error, &name.into(), &value);
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

/// A schema or a filter cannot be used as it is written.
pub(crate) fn config_error(problems: &[Problem]) -> JsValue {
    let message: Vec<_> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.key, problem.message))
        .collect();
    let action: Vec<_> = problems
        .iter()
        .map(|problem| problem.user_action.as_str())
        .collect();
    let error = thrown("config", &message.join("; "), &action.join("; "));
    if let Ok(problems) = to_js(&problems) {
        let _ = Reflect::set(&error, &"problems".into(), &problems);
    }
    error
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
