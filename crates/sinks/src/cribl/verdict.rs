//! What Cribl's answer means.
//!
//! Cribl's documentation describes no answer. A source says 200 and, in some versions, `{"success":true,"items":n}`;
//! what contradicts that is not taken for success.

use edgesiem_model::{Answer, Secret, SinkVerdict};
use serde::Deserialize;

use super::Cribl;
use crate::answer::Told;
use crate::page::is_page;
use crate::status::Meaning;

/// The member of an answer that decides.
#[derive(Debug, Deserialize)]
struct Reply {
    success: bool,
}

pub(super) fn verdict(sink: &Cribl, answer: &Answer<'_>) -> SinkVerdict {
    let credentials: Vec<&Secret> = sink.token.iter().collect();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let failed = serde_json::from_slice::<Reply>(answer.body).is_ok_and(|reply| !reply.success);
    match Meaning::of(answer.head.status) {
        Meaning::Taken if failed => told.stop(
            "the source answers that it has not taken the events",
            "look at the source's status and logs in Cribl; the answer tells more",
        ),
        Meaning::Taken if answer.head.status == 200 && !is_page(answer) => SinkVerdict::Accepted,
        Meaning::Taken => told.stop(
            "the answer is not that of a bulk source, which says 200",
            "check the sink's url, its port included",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "the source refused our token",
            "check that the source has the auth token that the secret holds, without a word such as Bearer before it",
        ),
        Meaning::Address => told.stop(
            "there is no bulk source at this address",
            "check the sink's url, and the source's \"Cribl HTTP event API\" setting",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "the source refuses requests of this kind",
            "check what stands between us and Cribl; the answer tells more",
        ),
    }
}
