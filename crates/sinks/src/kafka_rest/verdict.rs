//! What a proxy's answer means: its status, and within a 200 the reports.

use std::collections::BTreeSet;

use edgesiem_model::{Answer, Error, ResponseHead, Secret, SinkVerdict};
use serde::Deserialize;

use super::report::{Outcome, Report};
use super::{Api, KafkaRest};
use crate::answer::Told;
use crate::status::Meaning;

/// The answer of version 2.
#[derive(Debug, Deserialize)]
struct Offsets {
    offsets: Vec<Report>,
}

pub(super) fn verdict(sink: &KafkaRest, events: usize, answer: &Answer<'_>) -> SinkVerdict {
    let credentials: Vec<&Secret> = sink.credentials.iter().collect();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let meaning = Meaning::of(answer.head.status);
    if meaning != Meaning::Taken {
        return by_status(meaning, &told);
    }
    match sink.api {
        Api::V2 => match serde_json::from_slice::<Offsets>(answer.body) {
            Ok(Offsets { offsets }) if offsets.len() == events && !of_partitions(&offsets) => {
                by_record(&offsets, events, &told)
            }
            Ok(Offsets { offsets }) if !offsets.is_empty() => by_partition(&offsets, &told),
            Ok(_) => told.later(),
            Err(error) if error.is_eof() => told.broken_off(sink.limits.max_answer_bytes),
            Err(_) => not_a_proxy(&told),
        },
        Api::V3 => reports(sink, events, &told),
    }
}

/// Whether these may be Redpanda's reports, one for each partition and in no order, although there are as many as
/// records. Where it cannot be told, as for two records of Confluent's that went to two partitions, both readings of a
/// success agree, and a record that Confluent refused has no partition.
fn of_partitions(reports: &[Report]) -> bool {
    let mut seen = BTreeSet::new();
    reports.len() > 1
        && reports
            .iter()
            .all(|report| report.partition.is_some_and(|number| seen.insert(number)))
}

/// The answer of version 3: one report after the other, without anything around them.
fn reports(sink: &KafkaRest, events: usize, told: &Told<'_>) -> SinkVerdict {
    let mut reports = Vec::new();
    for report in serde_json::Deserializer::from_slice(told.answer.body).into_iter::<Report>() {
        match report {
            Ok(report) if report.error_code.is_some() && reports.len() < events => {
                reports.push(report);
            }
            Err(error) if error.is_eof() => break,
            // No report, or one too many: whatever this is, it does not speak of our records.
            _ => return not_a_proxy(told),
        }
    }
    if reports.is_empty() {
        return told.broken_off(sink.limits.max_answer_bytes);
    }
    by_record(&reports, events, told)
}

/// By one report for each event in their order. Events without a report were not taken.
fn by_record(reports: &[Report], events: usize, told: &Told<'_>) -> SinkVerdict {
    let mut again = Vec::new();
    let mut refused = Vec::new();
    let mut reason = None;
    let mut setup = 0_usize;
    for (at, report) in reports.iter().enumerate() {
        match report.outcome() {
            Outcome::Taken => {}
            Outcome::Refused | Outcome::TooLarge => refused.push((at, quote(report, told))),
            outcome @ (Outcome::Again | Outcome::Setup) => {
                setup = setup.saturating_add(usize::from(outcome == Outcome::Setup));
                again.push(at);
                reason.get_or_insert_with(|| quote(report, told));
            }
        }
    }
    if setup == events {
        return stopped(told);
    }
    again.extend(reports.len()..events);
    if again.is_empty() && refused.is_empty() {
        return SinkVerdict::Accepted;
    }
    SinkVerdict::Partial {
        again,
        refused,
        after_ms: told.after_ms(),
        reason: reason.unwrap_or_else(|| "the proxy did not report on every record".to_owned()),
    }
}

/// By one report for each partition: which records are in it, nobody says.
fn by_partition(reports: &[Report], told: &Told<'_>) -> SinkVerdict {
    let has = |outcome| reports.iter().any(|report| report.outcome() == outcome);
    if reports
        .iter()
        .all(|report| report.outcome() == Outcome::Taken)
    {
        SinkVerdict::Accepted
    } else if reports
        .iter()
        .all(|report| report.outcome() == Outcome::Setup)
    {
        stopped(told)
    } else if has(Outcome::Again) || has(Outcome::Setup) {
        told.later()
    } else if has(Outcome::TooLarge) {
        SinkVerdict::TooLarge
    } else {
        told.rejected()
    }
}

/// What is said of one record.
fn quote(report: &Report, told: &Told<'_>) -> String {
    let head = ResponseHead {
        status: told.answer.head.status,
        headers: Vec::new(),
    };
    let text = report.text();
    let answer = Answer {
        head: &head,
        body: text.as_bytes(),
        now: told.answer.now,
    };
    Told {
        answer: &answer,
        ..*told
    }
    .quote()
}

fn not_a_proxy(told: &Told<'_>) -> SinkVerdict {
    told.stop(
        "the answer is not that of a Kafka REST proxy",
        "check the sink's url and api: v3 of Confluent Cloud and Confluent Server has /kafka at the end of the url",
    )
}

fn stopped(told: &Told<'_>) -> SinkVerdict {
    told.stop(
        "Kafka lets us write no record to the topic",
        "check that the topic exists, and that the user may write to it; the answer tells more",
    )
}

fn by_status(meaning: Meaning, told: &Told<'_>) -> SinkVerdict {
    match meaning {
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "the proxy refused our credentials",
            "check user and password or token, and that they may write to the topic",
        ),
        Meaning::Address => told.stop(
            "there is no such topic, cluster or address",
            "check the sink's url, api, cluster_id and topic; v3 of Confluent Cloud and Confluent Server has /kafka at the end of the url",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Taken | Meaning::Foreign => told.stop(
            "the proxy refuses requests of this kind",
            "check the sink's api and encoding; Redpanda has only v2",
        ),
    }
}

/// What the list of topics, or the topic's page in version 3, says.
pub(super) fn health(sink: &KafkaRest, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials: Vec<&Secret> = sink.credentials.iter().collect();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let meaning = Meaning::of(answer.head.status);
    if meaning != Meaning::Taken {
        return told.unhealthy(by_status(meaning, &told));
    }
    let body = answer.body.trim_ascii_start();
    let is_proxy = match sink.api {
        Api::V2 => body.starts_with(b"["),
        Api::V3 => body.starts_with(b"{"),
    };
    if is_proxy {
        Ok(())
    } else {
        told.unhealthy(not_a_proxy(&told))
    }
}
