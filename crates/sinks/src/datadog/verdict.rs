//! What Datadog's answer means; the statuses are those of "Send logs".

use edgesiem_model::{Answer, Error, SinkVerdict};
use serde::Deserialize;

use super::Datadog;
use crate::answer::Told;
use crate::status::Meaning;

pub(super) fn verdict(sink: &Datadog, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = [&sink.api_key];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match answer.head.status {
        202 => SinkVerdict::Accepted,
        // What speaks the intake's protocol for others, such as an Observability Pipelines Worker.
        200 if answer.body.trim_ascii() == b"{}" => SinkVerdict::Accepted,
        status => by_status(Meaning::of(status), &told),
    }
}

fn by_status(meaning: Meaning, told: &Told<'_>) -> SinkVerdict {
    match meaning {
        Meaning::Taken => told.stop(
            "the answer is not that of Datadog's log intake, which says 202",
            "check the sink's site or url",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "Datadog refused our API key",
            "check that the key exists, belongs to the sink's site, and is the one that the secret holds",
        ),
        Meaning::Address => told.stop(
            "there is no log intake at this address",
            "check the sink's site or url",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "Datadog refuses requests of this kind",
            "check what stands between us and Datadog; the answer tells more",
        ),
    }
}

/// `{"valid":true}`.
#[derive(Debug, Deserialize)]
struct Validation {
    valid: bool,
}

pub(super) fn health(sink: &Datadog, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials = [&sink.api_key];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let validation = serde_json::from_slice::<Validation>(answer.body).ok();
    match (answer.head.status, validation) {
        (200, Some(Validation { valid: true })) => Ok(()),
        (200, Some(Validation { valid: false })) => {
            told.unhealthy(by_status(Meaning::Credentials, &told))
        }
        (status, _) => told.unhealthy(by_status(Meaning::of(status), &told)),
    }
}
