//! `GET /healthz`: whether somebody should look, and nothing that only the operator should see.

use edgesiem::Timestamp;
use serde_json::json;
use worker::{Env, Response, Result};

use crate::host::now;
use crate::kv::Store;
use crate::settings;

/// A stream without a successful run for this long is not healthy, whatever the reason.
const STALE_MS: u64 = 15 * 60 * 1000;

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
        match store.status(&stream.id).await {
            Err(_) => return Some("store"),
            // Before the first cron there is nothing to complain about.
            Ok(None) => {}
            Ok(Some(status)) => {
                let last = status.last_success_at.unwrap_or(Timestamp::from_millis(0));
                if !status.ok && !status.retryable {
                    return Some("a stream was refused");
                }
                if now().since_ms(last) > STALE_MS {
                    return Some("a stream has not succeeded for 15 minutes");
                }
            }
        }
    }
    None
}
