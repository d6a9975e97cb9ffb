//! `GET /healthz`: whether somebody should look, and nothing that only the operator should see.

use edgesiem::Timestamp;
use serde_json::json;
use worker::{Env, Response, Result};

use crate::host::now;
use crate::kv::{Runs, Store};
use crate::settings;

/// For so long a stream may fail, or not run at all, before somebody should look.
const PATIENCE_MS: u64 = 15 * 60 * 1000;

pub(crate) async fn respond(method: &str, url: &str, env: &Env) -> Result<Response> {
    let path = url
        .split(['?', '#'])
        .next()
        .and_then(|url| url.splitn(4, '/').nth(3))
        .unwrap_or("");
    match (method, path) {
        ("GET" | "HEAD", "healthz") => healthz(env).await,
        (_, "healthz") => Response::error("Method Not Allowed", 405),
        _ => Response::error("Not Found", 404),
    }
}

async fn healthz(env: &Env) -> Result<Response> {
    let reason = unhealthy(env).await;
    let body = match reason {
        None => json!({ "ok": true }),
        Some(reason) => json!({ "ok": false, "reason": reason }),
    };
    let response =
        Response::from_json(&body)?.with_status(if reason.is_none() { 200 } else { 503 });
    response.headers().set("cache-control", "no-store")?;
    Ok(response)
}

async fn unhealthy(env: &Env) -> Option<&'static str> {
    let Ok(config) = settings::config(env) else {
        return Some("configuration");
    };
    let Ok(store) = Store::new(env) else {
        return Some("store");
    };
    for stream in &config.streams {
        let reason = match store.runs(&stream.id).await {
            Ok(runs) => unhealthy_stream(&runs, now()),
            Err(_) => Some("store"),
        };
        if reason.is_some() {
            return reason;
        }
    }
    None
}

fn unhealthy_stream(runs: &Runs, now: Timestamp) -> Option<&'static str> {
    let too_long = |since: Timestamp| now.since_ms(since) > PATIENCE_MS;
    if runs
        .under_way
        .as_ref()
        .is_some_and(|run| too_long(run.since))
    {
        return Some("a stream's runs do not come to their end");
    }
    // Before the first run there is nothing to complain about.
    let status = runs.status.as_ref()?;
    if !status.ok && !status.retryable {
        return Some("a stream was refused");
    }
    if status.failing_since.is_some_and(too_long) {
        return Some("a stream has been failing for 15 minutes");
    }
    too_long(status.at).then_some("a stream has not run for 15 minutes")
}
