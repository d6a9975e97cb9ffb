//! All streams together: health, status, metrics.

use edgesiem::administer::Operation;
use edgesiem::stores::StreamStatus;
use edgesiem::{
    Error, Expectations, OPENMETRICS_CONTENT_TYPE, Parsed, ProblemKind, Severity, StreamId, health,
    openmetrics, shown_status, shown_without_status, with_short_cursor,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use worker::Env;

use crate::host::now;
use crate::http::answer::{Answer, Refusal};
use crate::settings;
use crate::streams::Place;

/// One stream and what is known of it.
struct Seen {
    id: String,
    /// Missing if the stream has no usable name, or if what keeps its state does not answer.
    status: Option<StreamStatus>,
    /// Missing if its configuration is wrong.
    expected: Option<Expectations>,
    problems: Vec<Error>,
    refusal: Option<Refusal>,
}

struct Overview {
    streams: Vec<Seen>,
    /// Problems of the configuration that are not one stream's.
    problems: Vec<Error>,
}

async fn overview(env: &Env) -> Result<Overview, Vec<Error>> {
    let Parsed {
        streams,
        store,
        budget,
        problems,
        ..
    } = settings::parse(env)?;
    let place = Place::open(env, store).map_err(|error| vec![error])?;
    let place = &place;
    let streams = streams.into_iter().map(|stream| async move {
        let mut seen = Seen {
            status: None,
            expected: None,
            problems: Vec::new(),
            refusal: None,
            id: stream.id,
        };
        let mut config = match stream.result {
            Ok(config) => Some(config),
            Err(problems) => {
                seen.problems = problems;
                None
            }
        };
        seen.expected = config
            .as_ref()
            .map(|config| Expectations::of(config, budget, now()));
        let Ok(id) = StreamId::new(&seen.id) else {
            return seen;
        };
        let status = place
            .operate(&id, config.as_mut(), budget, Operation::Status)
            .await
            .and_then(|status| {
                serde_json::from_value(status)
                    .map_err(|error| Refusal::unavailable(&error.to_string()))
            });
        match status {
            Ok(status) => {
                seen.status = Some(match &config {
                    Some(config) => with_short_cursor(status, &*config.source, now()),
                    None => status,
                });
            }
            Err(refusal) => seen.refusal = Some(refusal),
        }
        seen
    });
    Ok(Overview {
        streams: join_all(streams).await,
        problems,
    })
}

/// What is wrong, in words that may be shown to anybody.
pub(crate) async fn first_problem(env: &Env) -> Option<&'static str> {
    let Ok(overview) = overview(env).await else {
        return Some("configuration");
    };
    let of = |seen: &Seen| {
        if !seen.problems.is_empty() {
            return Some("configuration");
        }
        let (Some(status), Some(expected)) = (&seen.status, &seen.expected) else {
            return Some("store");
        };
        let problems = health(status, expected);
        let red = problems
            .iter()
            .find(|problem| problem.severity == Severity::Red)?;
        Some(words(red.kind))
    };
    overview.streams.iter().find_map(of)
}

const fn words(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Stopped => "a stream was refused",
        ProblemKind::Failing => "a stream has been failing for 15 minutes",
        ProblemKind::NotRunning => "a stream has not run for 15 minutes",
        ProblemKind::Killed => "a stream's runs do not come to their end",
        ProblemKind::Behind => "a stream is so far behind that events may expire",
        ProblemKind::Gap => "events of a stream may be missing, and nobody has acknowledged it",
        _ => "a stream needs somebody to look at it",
    }
}

/// `GET /status`.
pub(crate) async fn status(env: &Env) -> Result<Answer, Refusal> {
    let (streams, mut config_problems) = match overview(env).await {
        Ok(Overview { streams, problems }) => (streams, config_problems(None, &problems)),
        Err(problems) => (Vec::new(), config_problems(None, &problems)),
    };
    let mut shown = Vec::new();
    for seen in streams {
        config_problems.extend(config_problems_of(&seen));
        shown.push(match &seen.status {
            Some(status) => shown_status(status, seen.expected.as_ref()),
            None => {
                let error = seen.refusal.as_ref().map(|refusal| &*refusal.message);
                shown_without_status(&seen.id, error)
            }
        });
    }
    Ok(Answer::json(
        200,
        &json!({ "streams": shown, "config_problems": config_problems }),
    ))
}

fn config_problems_of(seen: &Seen) -> Vec<Value> {
    config_problems(Some(&seen.id), &seen.problems)
}

fn config_problems(stream: Option<&str>, problems: &[Error]) -> Vec<Value> {
    problems
        .iter()
        .map(|problem| json!({ "stream": stream, "problem": problem.to_string() }))
        .collect()
}

/// `GET /metrics`.
pub(crate) async fn metrics(env: &Env) -> Result<Answer, Refusal> {
    let overview = overview(env)
        .await
        .map_err(|problems| Refusal::of_config(&problems))?;
    let streams: Vec<(StreamStatus, Expectations)> = overview
        .streams
        .into_iter()
        .filter_map(|seen| Some((seen.status?, seen.expected?)))
        .collect();
    Ok(Answer::text(
        OPENMETRICS_CONTENT_TYPE,
        openmetrics(&streams),
    ))
}
