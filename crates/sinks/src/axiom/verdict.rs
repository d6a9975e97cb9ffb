//! What Axiom's answer means: the request's status, and within a 200 how many events failed.

use std::collections::BTreeMap;

use edgesiem_model::{Answer, BatchView, SinkVerdict, Timestamp, printable};
use serde::Deserialize;

use super::Axiom;
use crate::answer::Told;
use crate::status::Meaning;

/// What became of the events.
#[derive(Debug, Deserialize)]
struct Status {
    ingested: u64,
    failed: u64,
    #[serde(default)]
    failures: Option<Vec<Failure>>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// Characters of what is said of one event that are quoted.
const QUOTED_CHARS: usize = 500;

pub(super) fn verdict(sink: &Axiom, batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = [&sink.token];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match Meaning::of(answer.head.status) {
        Meaning::Taken => taken(sink, batch, &told),
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "Axiom refused our token, or the plan does not allow more",
            "check that the token may ingest into this dataset, org_id if it is a personal access token, and the plan's limits",
        ),
        Meaning::Address => told.stop(
            "Axiom knows no such dataset or address",
            "check the sink's url and dataset, and that the dataset is of the deployment at this url",
        ),
        Meaning::Later => SinkVerdict::Retry {
            after_ms: told.after_ms().or_else(|| limit_resets_ms(answer)),
            reason: told.quote(),
        },
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "Axiom refuses requests of this kind",
            "check what stands between us and Axiom; the answer tells more",
        ),
    }
}

fn taken(sink: &Axiom, batch: &BatchView<'_>, told: &Told<'_>) -> SinkVerdict {
    let status = match serde_json::from_slice::<Status>(told.answer.body) {
        Ok(status) => status,
        // Only a long list of failures is ever cut off.
        Err(error) if error.is_eof() && !told.answer.body.is_empty() => {
            return told.broken_off(sink.limits.max_answer_bytes);
        }
        Err(_) => {
            return told.stop(
                "the answer is not that of Axiom's ingest API",
                "check the sink's url: https://api.axiom.co, or that of the edge deployment",
            );
        }
    };
    if status.ingested.saturating_add(status.failed) < batch.len() as u64 {
        return told.later();
    }
    if status.failed == 0 {
        return SinkVerdict::Accepted;
    }
    let failures = status.failures.unwrap_or_default();
    if status.failed != failures.len() as u64 {
        return told.rejected();
    }
    by_time(batch, &failures, told)
}

/// What is known of the events of one moment.
#[derive(Default)]
struct Moment<'a> {
    failures: usize,
    events: usize,
    error: Option<&'a str>,
}

/// Which events failed, as far as their times tell.
fn by_time(batch: &BatchView<'_>, failures: &[Failure], told: &Told<'_>) -> SinkVerdict {
    let mut moments = BTreeMap::<&str, Moment<'_>>::new();
    for failure in failures {
        let time = failure.timestamp.as_deref().unwrap_or_default();
        let moment = moments.entry(without_zeros(time)).or_default();
        moment.failures = moment.failures.saturating_add(1);
        moment.error = moment.error.or(failure.error.as_deref());
    }
    let mut suspects = Vec::new();
    for (at, event) in batch.events().enumerate() {
        let time = event.time.map(Timestamp::to_rfc3339).unwrap_or_default();
        if let Some(moment) = moments.get_mut(without_zeros(&time)) {
            moment.events = moment.events.saturating_add(1);
            suspects.push((at, moment.error));
        }
    }
    let unknown = |moment: &Moment<'_>| moment.events < moment.failures;
    if moments.values().any(unknown) {
        return told.rejected();
    }
    // No moment has fewer events than failures, so that equal sums mean that each has as many.
    if suspects.len() == failures.len() {
        let said = |error: Option<&str>| printable(error.unwrap_or("failed").trim(), QUOTED_CHARS);
        return SinkVerdict::Partial {
            again: Vec::new(),
            refused: suspects
                .into_iter()
                .map(|(at, error)| (at, said(error)))
                .collect(),
            after_ms: None,
            reason: String::new(),
        };
    }
    if suspects.len() == batch.len() {
        return told.rejected();
    }
    SinkVerdict::Partial {
        again: suspects.into_iter().map(|(at, _)| at).collect(),
        refused: Vec::new(),
        after_ms: None,
        reason: told.quote(),
    }
}

/// A time as we and as Axiom may write it, in the same form: `…:02.120Z` and `…:02.12Z`, `…:02.000Z` and `…:02Z`.
fn without_zeros(time: &str) -> &str {
    let time = time.strip_suffix('Z').unwrap_or(time);
    if time.contains('.') {
        time.trim_end_matches('0').trim_end_matches('.')
    } else {
        time
    }
}

/// How long until a limit that is used up begins anew, in milliseconds: Axiom tells by headers of its own, in seconds since
/// the epoch.
fn limit_resets_ms(answer: &Answer<'_>) -> Option<u64> {
    let number = |name: &str| answer.head.header(name)?.trim().parse::<u64>().ok();
    [
        ("x-ratelimit-remaining", "x-ratelimit-reset"),
        ("x-ingestlimit-remaining", "x-ingestlimit-reset"),
    ]
    .into_iter()
    .filter(|(remaining, _)| number(remaining).is_none_or(|remaining| remaining == 0))
    .filter_map(|(_, reset)| Some(Timestamp::from_secs(number(reset)?).since_ms(answer.now)))
    .max()
}
