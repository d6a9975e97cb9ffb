//! What reading any table of the configuration needs: values of a type, kinds, and problems with the path of their key.

use edgesiem_model::{Error, ErrorKind, printable};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads `value` as `T`; the error knows the path of the key within it.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Vec<Error>> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let reason = printable(&error.inner().to_string(), 500);
        vec![at(
            if path == "." { "" } else { &path },
            &reason,
            action(&reason),
        )]
    })
}

/// What to do about what serde says.
fn action(reason: &str) -> &'static str {
    if reason.starts_with("missing field") {
        "add the key; wrangler.toml shows a whole configuration"
    } else if reason.contains("never its value") {
        "store the value with `wrangler secret put NAME` and write { secret = \"NAME\" }"
    } else {
        "correct or remove the key"
    }
}

/// Takes `kind` out of a table; the rest of it belongs to the kind.
pub(super) fn take_kind(
    path: &str,
    table: Value,
    kinds: &[&str],
) -> Result<(String, Map<String, Value>), Vec<Error>> {
    let Value::Object(mut table) = table else {
        return Err(vec![at(
            path,
            "it must be a table",
            &format!("write [{path}] with kind = one of {}", kinds.join(", ")),
        )]);
    };
    match table.remove("kind") {
        Some(Value::String(kind)) => Ok((kind, table)),
        _ => Err(vec![at(
            &format!("{path}.kind"),
            "the kind is missing",
            &format!("use one of {}", kinds.join(", ")),
        )]),
    }
}

/// Puts `path` in front of the keys of `errors`.
pub(super) fn below(path: &str, errors: Vec<Error>) -> Vec<Error> {
    errors
        .into_iter()
        .map(|error| {
            let mut moved = Error::new(error.kind(), error.message(), error.user_action());
            for (name, value) in error.context() {
                let value = match *name {
                    "key" if value.is_empty() => path.to_owned(),
                    "key" => format!("{path}.{value}"),
                    _ => value.clone(),
                };
                moved = moved.with(name, value);
            }
            moved
        })
        .collect()
}

pub(super) fn at(path: &str, reason: &str, user_action: &str) -> Error {
    Error::new(ErrorKind::Config, reason, user_action).with("key", path)
}

pub(super) fn out_of_range(path: &str, value: u64, low: u64, high: u64) -> Error {
    at(
        path,
        &format!("{value} is out of range"),
        &format!("use {low} to {high}"),
    )
}

pub(super) fn unknown(path: &str, given: &str, known: &[&str]) -> Error {
    let list = if known.is_empty() {
        "(none is defined)".to_owned()
    } else {
        known.join(", ")
    };
    at(
        path,
        &format!("`{}` is not known", printable(given, 80)),
        &format!("use one of: {list}"),
    )
}
