//! The configuration as the platform hands it over: a variable and secrets.

use edgesiem::{Config, Error, ErrorKind, Parsed, Scheme, Secret};
use js_sys::Reflect;
use serde_json::Value;
use wasm_bindgen::JsValue;
use worker::Env;

/// Name of the variable in `wrangler.toml`: `[vars.EDGESIEM]`.
const VARIABLE: &str = "EDGESIEM";

/// What a Worker can write to besides servers.
const PLACES: &[Scheme] = &[Scheme::R2];

/// Reads and validates the configuration, each stream by itself.
///
/// # Errors
/// Problems that are not those of one stream.
pub(crate) fn parse(env: &Env) -> Result<Parsed, Vec<Error>> {
    let value = variable(env).map_err(|error| vec![error])?;
    Config::parse(value, &|name| secret(env, name), PLACES)
}

/// The configuration as it is written.
///
/// # Errors
/// There is none, or it cannot be read.
pub(crate) fn variable(env: &Env) -> Result<Value, Error> {
    let problem = |reason: &str| {
        Error::new(
            ErrorKind::Config,
            reason,
            "write the table [vars.EDGESIEM] in wrangler.toml, as its comments show",
        )
        .with("key", VARIABLE)
    };
    let value = Reflect::get(env.as_ref(), &VARIABLE.into()).unwrap_or(JsValue::UNDEFINED);
    if value.is_undefined() || value.is_null() {
        return Err(problem("the configuration is missing"));
    }
    match value.as_string() {
        // A dashboard variable can only be text: the same table as JSON.
        Some(text) => serde_json::from_str(&text).map_err(|error| {
            problem("the variable is not a JSON object").with("reason", error.to_string())
        }),
        None => serde_wasm_bindgen::from_value(value).map_err(|error| {
            problem("the variable cannot be read").with("reason", error.to_string())
        }),
    }
}

/// The value of a secret.
pub(crate) fn secret(env: &Env, name: &str) -> Option<Secret> {
    let value = Reflect::get(env.as_ref(), &name.into()).ok()?.as_string()?;
    (!value.is_empty()).then(|| Secret::new(value))
}
