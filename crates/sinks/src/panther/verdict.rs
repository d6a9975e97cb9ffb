//! What Panther's answer means. Its documentation names no statuses; those of HTTP decide.

use edgesiem_model::{Answer, Secret, SinkVerdict};

use super::Panther;
use super::encode::Auth;
use crate::answer::Told;
use crate::page::is_page;
use crate::status::Meaning;

pub(super) fn verdict(sink: &Panther, answer: &Answer<'_>) -> SinkVerdict {
    let mut credentials: Vec<&Secret> = sink.hidden.iter().collect();
    if let Auth::Header { hidden, .. } = &sink.auth {
        credentials.extend(hidden);
    }
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match Meaning::of(answer.head.status) {
        Meaning::Taken if !is_page(answer) => SinkVerdict::Accepted,
        Meaning::Taken => told.stop(
            "the answer is a page for people, not that of an HTTP source",
            "check the sink's url",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "Panther refused our credentials",
            "check that the source has the same kind of authentication, header and secret as the sink",
        ),
        Meaning::Address => told.stop(
            "there is no HTTP source at this address",
            "copy the source's URL again",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "Panther refuses requests of this kind",
            "check what stands between us and Panther; the answer tells more",
        ),
    }
}
