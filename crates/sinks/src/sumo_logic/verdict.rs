//! What Sumo Logic's answer means; the statuses are those of "Troubleshooting HTTP Sources".

use edgesiem_model::{Answer, Secret, SinkVerdict};

use super::SumoLogic;
use crate::answer::Told;
use crate::page::is_page;
use crate::status::Meaning;

pub(super) fn verdict(sink: &SumoLogic, answer: &Answer<'_>) -> SinkVerdict {
    let credentials: Vec<&Secret> = sink.hidden.iter().collect();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match Meaning::of(answer.head.status) {
        Meaning::Taken if answer.head.status == 200 && !is_page(answer) => SinkVerdict::Accepted,
        Meaning::Taken => told.stop(
            "the answer is not that of an HTTP source, which says 200",
            "check the sink's url",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "Sumo Logic does not know the address, or does not take events from us",
            "copy the HTTP source's URL again (Show URL), and check that the source is not paused or over its budget",
        ),
        Meaning::Address => told.stop(
            "there is no HTTP source at this address",
            "copy the HTTP source's URL again (Show URL)",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "Sumo Logic refuses requests of this kind",
            "check what stands between us and Sumo Logic; the answer tells more",
        ),
    }
}
