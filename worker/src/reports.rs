//! Reports of Akamai Security Monitor, for an administrator who asks for one.

use std::cell::OnceCell;
use std::rc::Rc;

use edgesiem::reports::{Bounds, Problem, ReportError, ReportRequest, Reports, configured};
use serde_json::{Value, json};
use worker::Env;

use crate::host::WorkerHost;
use crate::http::answer::{Answer, Refusal};
use crate::settings;

/// Rows, the body that they come in and the answer share this memory with whatever else this instance does.
const BOUNDS: Bounds = Bounds {
    max_rows: 100_000,
    max_bytes: 4 * 1024 * 1024,
    // Whoever asked is waiting. A minute may pass until the rate limit allows a request.
    max_wall_ms: 150_000,
};

thread_local! {
    /// One for all requests to this isolate, because they share the API's rate limit. The configuration of an isolate does not change.
    static REPORTS: OnceCell<Rc<Reports>> = const { OnceCell::new() };
}

/// Does what `body` asks for.
///
/// # Errors
/// 404 if reports are not configured, 409 if they are misconfigured.
pub(crate) async fn report(env: &Env, body: Value) -> Result<Answer, Refusal> {
    let reports = client(env)?;
    let reported = match ReportRequest::from_json(body) {
        Ok(request) => reports.perform(&WorkerHost, request).await,
        Err(error) => Err(error),
    };
    let text = reported.map(|reported| serde_json::to_string(&reported));
    match text {
        Ok(Ok(text)) => Ok(Answer::text("application/json", text)),
        Ok(Err(error)) => Err(Refusal::new(
            500,
            "internal",
            error.to_string(),
            "report this as a bug",
        )),
        Err(error) => Ok(refused(&error)),
    }
}

fn client(env: &Env) -> Result<Rc<Reports>, Refusal> {
    if let Some(reports) = REPORTS.with(|known| known.get().cloned()) {
        return Ok(reports);
    }
    let value = settings::variable(env).map_err(|error| Refusal::from(&error))?;
    let monitor = configured(&value, &|name| settings::secret(env, name))
        .map_err(|problems| Refusal::of_config(&problems))?
        .ok_or_else(|| {
            Refusal::new(
                404,
                "not_configured",
                "reports are not configured",
                "add the table [vars.EDGESIEM.security_monitor] to wrangler.toml, and deploy",
            )
        })?;
    let made = || Rc::new(Reports::new(monitor, BOUNDS));
    Ok(REPORTS.with(|known| Rc::clone(known.get_or_init(made))))
}

fn refused(error: &ReportError) -> Answer {
    let status = match error {
        ReportError::Invalid(_) | ReportError::TooLarge { .. } => 400,
        ReportError::TimedOut(_) => 504,
        _ => 502,
    };
    let mut body = json!({
        "code": error.code(),
        "message": error.message(),
        "user_action": error.user_action(),
    });
    let problem = |problem: &Problem| {
        json!({
            "key": problem.key,
            "message": problem.message,
            "user_action": problem.user_action,
        })
    };
    if let Some(members) = body.as_object_mut() {
        if let ReportError::Invalid(problems) = error {
            members.insert(
                "problems".to_owned(),
                problems.iter().map(problem).collect(),
            );
        }
        if !error.context().is_empty() {
            let context = error.context().iter();
            let context =
                context.map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
            members.insert("context".to_owned(), Value::Object(context.collect()));
        }
    }
    Answer::json(status, &json!({ "error": body }))
}
