//! What a webhook's answer means.
//!
//! The specification knows two answers: 2xx is success, everything else is a failure to be repeated for
//! days, and 410 asks to disable the endpoint. Our verdicts differ where repeating cannot help, because a
//! stream delivers in order and must say loudly that it stands still. See `Meaning` for each status.

use edgesiem_model::{Answer, Secret, SinkVerdict};

use crate::answer::Told;
use crate::status::Meaning;

pub(super) fn verdict(credentials: &[&Secret], answer: &Answer<'_>) -> SinkVerdict {
    let told = Told {
        answer,
        credentials,
    };
    match Meaning::of(answer.head.status) {
        Meaning::Taken => SinkVerdict::Accepted,
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "the webhook refused our credentials",
            "check the signing secret and the credential headers on both sides",
        ),
        Meaning::Address if answer.head.status == 410 => told.stop(
            "the webhook is disabled by its owner (410 Gone)",
            "enable the endpoint again, or take the sink out of the stream",
        ),
        Meaning::Address => told.stop(
            "nothing takes webhooks at this address",
            "check the sink's url, its path included",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "the webhook refuses requests of this kind",
            "check that it takes POST requests with application/json at this address",
        ),
    }
}
