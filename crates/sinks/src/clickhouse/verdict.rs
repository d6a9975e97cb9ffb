//! What ClickHouse's answer means: the code of its exception decides, and the status where there is none.

use edgesiem_model::{Answer, Error, SinkVerdict};

use super::ClickHouse;
use super::exception::{Fault, code, fault};
use crate::answer::Told;
use crate::status::Meaning;

pub(super) fn verdict(sink: &ClickHouse, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = sink.credentials();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match code(answer) {
        Some(0) | None => match Meaning::of(answer.head.status) {
            Meaning::Taken => taken(&told, |body| body.is_empty()),
            meaning => by_status(meaning, &told),
        },
        Some(code) => match fault(code, answer.body) {
            Some(fault) => by_fault(fault, &told),
            None => by_status(Meaning::of(answer.head.status), &told),
        },
    }
}

/// ClickHouse sends headers of its own with every answer, and nothing else with that to an insert.
fn taken(told: &Told<'_>, is_expected: impl Fn(&[u8]) -> bool) -> SinkVerdict {
    let headers = &told.answer.head.headers;
    let is_clickhouse = headers
        .iter()
        .any(|(name, _)| name.starts_with("x-clickhouse-"));
    if is_clickhouse && is_expected(told.answer.body.trim_ascii()) {
        SinkVerdict::Accepted
    } else {
        told.stop(
            "the answer is not that of ClickHouse",
            "check the sink's url: the HTTP interface listens on port 8443 or 8123; a proxy must let the X-ClickHouse headers through",
        )
    }
}

fn by_fault(fault: Fault, told: &Told<'_>) -> SinkVerdict {
    match fault {
        Fault::Row => told.rejected(),
        Fault::Amount => SinkVerdict::TooLarge,
        Fault::Access => told.stop(
            "ClickHouse refused our user",
            "check user and password, the addresses that the user may come from, and that it has INSERT on the table",
        ),
        Fault::Table => told.stop(
            "the insert does not fit the server",
            "check database, table and columns; the answer tells which",
        ),
        Fault::Passing => told.later(),
    }
}

fn by_status(meaning: Meaning, told: &Told<'_>) -> SinkVerdict {
    match meaning {
        Meaning::Moved => told.moved(),
        Meaning::Credentials => by_fault(Fault::Access, told),
        Meaning::Address => by_fault(Fault::Table, told),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        // An exception under a friendly status.
        Meaning::Taken => told.later(),
        Meaning::Foreign => told.stop(
            "ClickHouse refuses requests of this kind",
            "check what stands between us and ClickHouse; the answer tells more",
        ),
    }
}

/// What the answer to `SELECT 1` says.
pub(super) fn health(sink: &ClickHouse, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials = sink.credentials();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match (code(answer), Meaning::of(answer.head.status)) {
        (Some(0) | None, Meaning::Taken) => told.unhealthy(taken(&told, |body| body == b"1")),
        _ => told.unhealthy(verdict(sink, answer)),
    }
}
