//! What the host's answer means.

use edgesiem_model::{Answer, SinkVerdict};

use crate::answer::Told;

/// 2xx: it is there; 5xx: not now; anything else is for somebody to mend.
pub(crate) fn verdict(answer: &Answer<'_>, message: &str, user_action: &str) -> SinkVerdict {
    let told = Told {
        answer,
        credentials: &[],
    };
    match answer.head.status {
        200..=299 => SinkVerdict::Accepted,
        500..=599 => told.later(),
        _ => told.stop(message, user_action),
    }
}
