//! The HTTP surface: whether all is well for everybody, all else for whoever has the token.

pub(crate) mod answer;
mod body;
mod operation;
pub(crate) mod route;
mod token;

use serde_json::json;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response, Url};
use worker::Env;

use crate::{overview, reports, settings, streams};
use answer::{Answer, Refusal};
use route::{HEALTHZ, Route, Verb, route};

/// Answers a request from outside.
pub(crate) async fn respond(request: &Request, env: &Env) -> Result<Response, JsValue> {
    let url = Url::new(&request.url())?;
    let (method, path) = (request.method(), url.pathname());
    let answer = if path == HEALTHZ {
        match method.as_str() {
            "GET" | "HEAD" => Ok(healthz(env).await),
            _ => Err(Refusal::method_not_allowed("GET")),
        }
    } else {
        admin(request, &url, &method, &path, env).await
    };
    answer.unwrap_or_else(Answer::from).into_response()
}

/// Says no more than that to anybody.
async fn healthz(env: &Env) -> Answer {
    match overview::first_problem(env).await {
        None => Answer::json(200, &json!({ "ok": true })),
        Some(reason) => Answer::json(503, &json!({ "ok": false, "reason": reason })),
    }
}

async fn admin(
    request: &Request,
    url: &Url,
    method: &str,
    path: &str,
    env: &Env,
) -> Result<Answer, Refusal> {
    let found = match route(method, path) {
        Err(refusal) if refusal.status == 404 => return Err(refusal),
        found => found,
    };
    let authorization = request.headers().get("authorization").ok().flatten();
    token::check(
        settings::secret(env, token::NAME).as_ref(),
        authorization.as_deref(),
    )?;
    match found? {
        Route::Status => overview::status(env).await,
        Route::Metrics => overview::metrics(env).await,
        Route::Reports => reports::report(env, body::read(request).await?).await,
        Route::Stream(stream, verb) => {
            let body = body::read(request).await?;
            let query = |name: &str| url.search_params().get(name);
            let operation = operation::read(verb, stream, &query, &body)?;
            let done = streams::administer(env, stream, operation).await?;
            // A replay is only asked for: it is worked off from now on.
            let status = if matches!(verb, Verb::Replay) {
                202
            } else {
                200
            };
            Ok(Answer::json(status, &done))
        }
    }
}
