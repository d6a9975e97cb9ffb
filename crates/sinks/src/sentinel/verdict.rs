//! What an answer of the Logs Ingestion API means.
//!
//! It says what is wrong in `error.code`: `ContentLengthLimitExceeded` with 413, `NotFound` with 404 and `OperationFailed` with
//! 403 (tests and troubleshooting guide of Azure's client libraries), `InvalidStream` with 400. Vector's notes have it that
//! 404 was also seen for bodies that are too large, so that the code goes before the status.

use edgesiem_model::{Answer, Secret, SinkVerdict};
use serde::Deserialize;

use crate::answer::Told;
use crate::oauth::Veiled;
use crate::status::Meaning;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reply {
    error: Refusal,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: String,
}

pub(super) fn verdict(client_secret: &Secret, answer: &Answer<'_>) -> SinkVerdict {
    if answer.head.status == 204 {
        return SinkVerdict::Accepted;
    }
    let veiled = Veiled::new(answer);
    let answer = veiled.of(answer);
    let told = Told {
        answer: &answer,
        credentials: &[client_secret],
    };
    let reply: Reply = serde_json::from_slice(answer.body).unwrap_or_default();
    let is_refusal = (400..500).contains(&answer.head.status);
    match reply.error.code.as_str() {
        "ContentLengthLimitExceeded" if is_refusal => SinkVerdict::TooLarge,
        "InvalidStream" if is_refusal => told.stop(
            "the data collection rule has no such stream",
            "compare the sink's stream with streamDeclarations of the rule; after a change of the rule wait five minutes",
        ),
        _ => by_status(&told),
    }
}

fn by_status(told: &Told<'_>) -> SinkVerdict {
    match Meaning::of(told.answer.head.status) {
        // The API has 204 for what it took. A login page or another service with a friendly 200 must not swallow events.
        Meaning::Taken => told.stop(
            "the answer is not that of the Logs Ingestion API",
            "check the sink's endpoint: it is logsIngestion in the rule's JSON view, or a data collection endpoint",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials if told.answer.head.status == 403 => told.stop(
            "the application may not write to the data collection rule",
            "give it the role Monitoring Metrics Publisher on the rule; that takes up to 30 minutes to work",
        ),
        Meaning::Credentials => told.stop(
            "the Logs Ingestion API refuses our access token",
            "check that cloud and tenant_id of the sink are those of the data collection rule",
        ),
        Meaning::Address => told.stop(
            "there is no such data collection rule at this endpoint",
            "check the sink's endpoint and dcr_id: the immutable id, and the endpoint of the same rule or of its region",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "the Logs Ingestion API refuses requests of this kind",
            "check what stands between us and Azure; the answer tells more",
        ),
    }
}
