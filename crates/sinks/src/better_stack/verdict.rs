//! What Better Stack's answer means: its status says all.

use edgesiem_model::{Answer, SinkVerdict};

use super::BetterStack;
use crate::answer::Told;
use crate::status::Meaning;

pub(super) fn verdict(sink: &BetterStack, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = [&sink.token];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match (answer.head.status, Meaning::of(answer.head.status)) {
        (202, _) => SinkVerdict::Accepted,
        // Better Stack's own: the body cannot be read as JSON.
        (406, _) => told.rejected(),
        (402, _) => told.stop(
            "Better Stack takes no more: the plan's quota or the spending limit is reached",
            "raise the limit, or wait until the next period",
        ),
        (_, Meaning::Taken) => told.stop(
            "the answer is not that of Better Stack, which is 202",
            "check the sink's url: it is the source's ingesting host",
        ),
        (_, Meaning::Moved) => told.moved(),
        (_, Meaning::Credentials) => told.stop(
            "Better Stack refused the source token",
            "check that the token is that of a source with this ingesting host",
        ),
        (_, Meaning::Address) => told.stop(
            "nothing takes logs at this address",
            "check the sink's url: it is the source's ingesting host",
        ),
        (_, Meaning::Later) => told.later(),
        (_, Meaning::TooLarge) => SinkVerdict::TooLarge,
        (_, Meaning::Poison) => told.rejected(),
        (_, Meaning::Foreign) => told.stop(
            "Better Stack refuses requests of this kind",
            "check what stands between us and Better Stack; the answer tells more",
        ),
    }
}
