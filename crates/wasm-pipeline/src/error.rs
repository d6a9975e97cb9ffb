//! What others threw, in words; and errors as JavaScript throws them.

use std::collections::BTreeMap;

use edgesiem::administer::Refusal;
use edgesiem::reports::ReportError;
use edgesiem::{Error, StoreError, printable};
use js_sys::{JSON, Reflect};
use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue};

/// The message of a thrown value, printable. A cause says more than the error around it: `fetch failed` tells nobody anything.
pub(crate) fn message(thrown: &JsValue) -> String {
    let text = match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => {
            let text = format!(
                "{}: {}",
                String::from(error.name()),
                String::from(error.message())
            );
            match Reflect::get(error, &"cause".into()).ok() {
                Some(cause) if cause.is_instance_of::<js_sys::Error>() => {
                    let cause: js_sys::Error = cause.unchecked_into();
                    format!("{text} ({})", String::from(cause.message()))
                }
                _ => text,
            }
        }
        None => thrown.as_string().unwrap_or_else(|| format!("{thrown:?}")),
    };
    printable(&text, 500)
}

/// Whether it is what an expired `AbortSignal.timeout` throws.
pub(crate) fn is_timeout(thrown: &JsValue) -> bool {
    Reflect::get(thrown, &"name".into()).is_ok_and(|name| name == "TimeoutError")
}

/// An `Error` with `code`, `userAction` and `retryable`.
fn thrown(code: &str, message: &str, user_action: &str, retryable: bool) -> JsValue {
    let error = js_sys::Error::new(message);
    set(&error, "code", &code.into());
    set(&error, "userAction", &user_action.into());
    set(&error, "retryable", &retryable.into());
    error.into()
}

fn set(error: &js_sys::Error, name: &str, value: &JsValue) {
    // Setting a member of a new, ordinary object cannot fail.
    let _ = Reflect::set(error, &name.into(), value);
}

/// An argument is not what its type says.
pub(crate) fn invalid_argument(name: &str, reason: &str) -> JsValue {
    let message = format!("{name}: {reason}");
    thrown(
        "invalid_argument",
        &message,
        "see the type of the argument",
        false,
    )
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    key: &'a str,
    message: &'a str,
    user_action: &'a str,
}

fn key(problem: &Error) -> &str {
    let key = problem.context().iter().find(|(name, _)| *name == "key");
    key.map_or("", |(_, value)| value)
}

/// The configuration cannot be used; every problem is a member of `problems`.
pub(crate) fn of_config(problems: &[Error]) -> JsValue {
    let first = problems.first();
    let message = match (first, problems.len()) {
        (Some(first), 1) => format!("{}: {}", key(first), first.message()),
        (Some(first), count) => format!(
            "{}: {}; and {} problems more",
            key(first),
            first.message(),
            count.saturating_sub(1)
        ),
        (None, _) => "the configuration cannot be used".to_owned(),
    };
    let action = first.map_or("see the documentation", |first| first.user_action());
    let error = thrown("config", &message, action, false);
    let problems: Vec<Problem<'_>> = problems
        .iter()
        .map(|problem| Problem {
            key: key(problem),
            message: problem.message(),
            user_action: problem.user_action(),
        })
        .collect();
    with_member(error, "problems", &problems)
}

/// Adds a member to a thrown error.
fn with_member(error: JsValue, name: &str, value: &impl Serialize) -> JsValue {
    if let (Ok(value), Some(error)) = (to_js(value), error.dyn_ref::<js_sys::Error>()) {
        set(error, name, &value);
    }
    error
}

/// There is no report; broken rules are members of `problems`, facts of `context`.
pub(crate) fn of_report(error: &ReportError) -> JsValue {
    let mut made = thrown(
        error.code(),
        &error.message(),
        error.user_action(),
        error.retryable(),
    );
    let context: BTreeMap<&str, &str> = error
        .context()
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    if !context.is_empty() {
        made = with_member(made, "context", &context);
    }
    let problems: Vec<Problem<'_>> = error
        .problems()
        .iter()
        .map(|problem| Problem {
            key: &problem.key,
            message: &problem.message,
            user_action: &problem.user_action,
        })
        .collect();
    if !problems.is_empty() {
        made = with_member(made, "problems", &problems);
    }
    made
}

pub(crate) fn of_core(error: &Error) -> JsValue {
    thrown(
        error.kind().code(),
        &error.to_string(),
        error.user_action(),
        error.kind().retryable(),
    )
}

pub(crate) fn of_store(error: &StoreError) -> JsValue {
    thrown(
        "store",
        &error.to_string(),
        "see that the place where the streams' state is kept can be read and written",
        true,
    )
}

pub(crate) fn of_refusal(refusal: &Refusal) -> JsValue {
    thrown(
        refusal.kind.code(),
        &refusal.message,
        &refusal.user_action,
        refusal.kind.retryable(),
    )
}

/// A second call for a stream that is at work, or a name that no stream has.
pub(crate) fn refused(code: &str, message: &str, user_action: &str) -> JsValue {
    thrown(code, message, user_action, false)
}

/// A serialisable value as plain objects and arrays.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let text = serde_json::to_string(value).map_err(|error| {
        thrown(
            "internal",
            &error.to_string(),
            "report this as a bug",
            false,
        )
    })?;
    JSON::parse(&text)
}

/// Plain objects and arrays as JSON. `JSON.stringify` leaves out what is `undefined` and refuses what is no JSON.
pub(crate) fn from_js(name: &str, value: &JsValue) -> Result<serde_json::Value, JsValue> {
    let text = JSON::stringify(value)
        .ok()
        .and_then(|text| text.as_string())
        .ok_or_else(|| invalid_argument(name, "it is no plain object"))?;
    serde_json::from_str(&text).map_err(|error| invalid_argument(name, &error.to_string()))
}
