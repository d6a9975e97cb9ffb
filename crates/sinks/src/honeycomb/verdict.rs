//! What Honeycomb's answer means: the request's status, and within a 200 a status for each event.

use edgesiem_model::{Answer, Error, ErrorKind, ResponseHead, SinkVerdict};
use serde::Deserialize;

use super::Honeycomb;
use crate::answer::Told;
use crate::status::Meaning;

/// What became of one event.
#[derive(Debug, Deserialize)]
struct Item {
    status: u16,
    #[serde(default)]
    error: Option<String>,
}

pub(super) fn verdict(sink: &Honeycomb, events: usize, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = [&sink.api_key];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match Meaning::of(answer.head.status) {
        Meaning::Taken => taken(sink, events, &told),
        meaning => by_status(meaning, &told),
    }
}

fn taken(sink: &Honeycomb, events: usize, told: &Told<'_>) -> SinkVerdict {
    if !told.answer.body.trim_ascii_start().starts_with(b"[") {
        return told.stop(
            "the answer is not that of Honeycomb's Events API",
            "check the sink's url: https://api.honeycomb.io, or https://api.eu1.honeycomb.io",
        );
    }
    match serde_json::from_slice::<Vec<Item>>(told.answer.body) {
        Ok(items) if items.len() == events => by_item(&items, told),
        Err(error) if error.is_eof() => told.broken_off(sink.limits.max_answer_bytes),
        // Not about this batch: nobody knows which events it speaks of.
        _ => told.later(),
    }
}

fn by_item(items: &[Item], told: &Told<'_>) -> SinkVerdict {
    let mut again = Vec::new();
    let mut refused = Vec::new();
    let mut reason = None;
    for (at, item) in items.iter().enumerate() {
        match Meaning::of(item.status) {
            Meaning::Taken => {}
            // 403 is an event that an administrator's throttle dropped, says the documentation; the others are about the
            // key or the dataset, and would have to stop the request as a whole. None is about the event's content.
            Meaning::Later | Meaning::Credentials | Meaning::Address => {
                again.push(at);
                reason.get_or_insert_with(|| quote(item, told));
            }
            _ => refused.push((at, quote(item, told))),
        }
    }
    if again.is_empty() && refused.is_empty() {
        return SinkVerdict::Accepted;
    }
    SinkVerdict::Partial {
        again,
        refused,
        after_ms: told.after_ms(),
        reason: reason.unwrap_or_default(),
    }
}

/// What is said of one event, as if it were an answer of its own.
fn quote(item: &Item, told: &Told<'_>) -> String {
    let head = ResponseHead {
        status: item.status,
        headers: Vec::new(),
    };
    let answer = Answer {
        head: &head,
        body: item.error.as_deref().unwrap_or_default().as_bytes(),
        now: told.answer.now,
    };
    Told {
        answer: &answer,
        ..*told
    }
    .quote()
}

fn by_status(meaning: Meaning, told: &Told<'_>) -> SinkVerdict {
    match meaning {
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "Honeycomb refused our key, or drops what it sends",
            "check that the key is of the right environment and instance (US or EU), may send events, and that the dataset is not throttled",
        ),
        Meaning::Address => told.stop(
            "Honeycomb knows no such dataset or address",
            "check the sink's url and dataset, and that the key may create datasets if it is a new one",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => told.rejected(),
        Meaning::Taken | Meaning::Foreign => told.stop(
            "Honeycomb refuses requests of this kind",
            "check what stands between us and Honeycomb; the answer tells more",
        ),
    }
}

/// What `/1/auth` says of the key.
#[derive(Debug, Deserialize)]
struct Auth {
    api_key_access: Access,
}

#[derive(Debug, Deserialize)]
struct Access {
    #[serde(default)]
    events: Option<bool>,
}

pub(super) fn health(sink: &Honeycomb, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials = [&sink.api_key];
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let meaning = Meaning::of(answer.head.status);
    if meaning != Meaning::Taken {
        return told.unhealthy(by_status(meaning, &told));
    }
    match serde_json::from_slice::<Auth>(answer.body) {
        Ok(auth) if auth.api_key_access.events == Some(false) => Err(Error::new(
            ErrorKind::SinkRefused,
            "the key may not send events",
            "give it the permission, or use another key",
        )),
        Ok(_) => Ok(()),
        Err(_) => told.unhealthy(told.stop(
            "the answer is not that of Honeycomb's API",
            "check the sink's url: https://api.honeycomb.io, or https://api.eu1.honeycomb.io",
        )),
    }
}
