//! What Loki's answer means.
//!
//! A 400 is about single lines or about what all of them have in common, and only its text tells which. The texts are those
//! of Loki's `pkg/validation/validate.go`; one that is not known is taken to be about a line, because isolating an event
//! loses nothing. When Loki refuses a line it goes on and stores the others, so that a half that is sent again meets its own
//! lines there, and Loki drops what it has.

use edgesiem_model::{Answer, Error, Secret, SinkVerdict};

use super::Loki;
use crate::answer::Told;
use crate::status::Meaning;

/// Parts of refusals that concern every line that we send.
const ABOUT_ALL: &[(&str, &str, &str)] = &[
    (
        "structured metadata, but this feature is disallowed",
        "Loki disallows structured metadata",
        "set limits_config.allow_structured_metadata in Loki, or without_metadata = true for the sink",
    ),
    (
        "label name",
        "Loki refuses the stream's labels",
        "change the sink's labels, or Loki's limits; the answer tells more",
    ),
    (
        "label value too long",
        "Loki refuses the stream's labels",
        "change the sink's labels, or Loki's limits; the answer tells more",
    ),
    (
        "rror parsing labels",
        "Loki refuses the stream's labels",
        "change the sink's labels; the answer tells more",
    ),
    (
        "missing required labels",
        "Loki wants labels that the sink does not have",
        "add the labels that the answer names to the sink",
    ),
    (
        "org id",
        "Loki wants a tenant, or another one",
        "set the sink's tenant",
    ),
    (
        "tenant ID",
        "Loki wants a tenant, or another one",
        "set the sink's tenant",
    ),
    (
        "ingestion blocked",
        "Loki's operator has blocked ingestion",
        "ask the operator of Loki; the answer says until when",
    ),
];

/// What Loki says of a push without lines (`MissingStreamsErrorMsg`).
const NOTHING_TO_STORE: &str = "at least one valid stream is required";

pub(super) fn verdict(sink: &Loki, answer: &Answer<'_>) -> SinkVerdict {
    let credentials: Vec<&Secret> = sink.credentials.iter().collect();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match answer.head.status {
        204 => SinkVerdict::Accepted,
        // A configured answer, so that clients of a blocked tenant do not try again (`limits_config.block_ingestion_status_code`).
        260 => told.stop(
            "Loki's operator has blocked ingestion",
            "ask the operator of Loki; the answer says until when",
        ),
        status => by_status(Meaning::of(status), &told),
    }
}

fn by_status(meaning: Meaning, told: &Told<'_>) -> SinkVerdict {
    match meaning {
        Meaning::Taken => told.stop(
            "the answer is not that of Loki's push endpoint, which says 204",
            "check the sink's url",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "Loki refused our credentials",
            "check user, token and tenant; a token of Grafana Cloud needs the scope logs:write",
        ),
        Meaning::Address => told.stop("there is no Loki at this address", "check the sink's url"),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => about_all(told).unwrap_or_else(|| told.rejected()),
        Meaning::Foreign => told.stop(
            "Loki refuses requests of this kind",
            "check what stands between us and Loki; the answer tells more",
        ),
    }
}

/// The verdict if the refusal concerns every line.
fn about_all(told: &Told<'_>) -> Option<SinkVerdict> {
    let text = String::from_utf8_lossy(told.answer.body);
    let (_, message, user_action) = ABOUT_ALL.iter().find(|(part, ..)| text.contains(part))?;
    Some(told.stop(message, user_action))
}

pub(super) fn health(sink: &Loki, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials: Vec<&Secret> = sink.credentials.iter().collect();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let text = String::from_utf8_lossy(answer.body);
    match answer.head.status {
        400 | 422 if text.contains(NOTHING_TO_STORE) => Ok(()),
        _ => told.unhealthy(verdict(sink, answer)),
    }
}
