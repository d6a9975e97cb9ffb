//! What LogScale's answer means.

use edgesiem_model::{Answer, Error, SinkVerdict};
use serde::Deserialize;

use super::LogScale;
use crate::answer::Told;
use crate::page::is_page;
use crate::status::Meaning;

pub(super) fn verdict(sink: &LogScale, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = [&sink.token];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match Meaning::of(answer.head.status) {
        Meaning::Taken if answer.head.status == 200 && !is_page(answer) => SinkVerdict::Accepted,
        meaning => by_status(meaning, &told),
    }
}

fn by_status(meaning: Meaning, told: &Told<'_>) -> SinkVerdict {
    match meaning {
        Meaning::Taken => told.stop(
            "the answer is not that of LogScale's ingest endpoint, which says 200",
            "check the sink's url",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "LogScale refused our ingest token",
            "check that the token exists and is the one that the secret holds, and that index, if it is set, is the token's repository",
        ),
        Meaning::Address => told.stop(
            "there is no ingest endpoint at this address",
            "check the sink's url",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "LogScale refuses requests of this kind",
            "check what stands between us and LogScale; the answer tells more",
        ),
    }
}

/// `{"status":"OK","version":"1.200.0"}`; the status is `OK`, `WARN` or `DOWN`.
#[derive(Debug, Deserialize)]
struct Status {
    status: String,
}

pub(super) fn health(sink: &LogScale, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials = [&sink.token];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let status = serde_json::from_slice::<Status>(answer.body).ok();
    match (answer.head.status, status) {
        (200, Some(Status { status })) if matches!(status.as_str(), "OK" | "WARN") => Ok(()),
        (200, Some(_)) => told.unhealthy(told.later()),
        (status, _) => told.unhealthy(by_status(Meaning::of(status), &told)),
    }
}
