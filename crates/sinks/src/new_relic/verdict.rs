//! What the Log API's answer means.
//!
//! It says 202 and a request id as soon as it has the bytes, and looks at the logs afterwards.

use edgesiem_model::{Answer, SinkVerdict};

use super::NewRelic;
use crate::answer::Told;
use crate::page::is_page;
use crate::status::Meaning;

pub(super) fn verdict(sink: &NewRelic, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = [&sink.license_key];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match Meaning::of(answer.head.status) {
        Meaning::Taken if answer.head.status == 202 && !is_page(answer) => SinkVerdict::Accepted,
        Meaning::Taken => told.stop(
            "the answer is not that of the Log API, which says 202",
            "check the sink's region or url",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "New Relic refused our license key",
            "check that the key is of the type INGEST - LICENSE, and that the account is in the sink's region",
        ),
        Meaning::Address => told.stop(
            "there is no Log API at this address",
            "check the sink's region or url",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Foreign => told.stop(
            "New Relic refuses requests of this kind",
            "check what stands between us and New Relic; the answer tells more",
        ),
    }
}
