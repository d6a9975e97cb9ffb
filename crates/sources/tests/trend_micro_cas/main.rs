//! The Cloud App Security source from the outside: configuration and cursors in, requests, verdicts and pages out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod api;
mod config;
mod page;
mod recovery;
mod rounds;
mod turns;
mod verdict;

use edgesiem_model::{
    Cursor, Error, Incomplete, InsecureLoopback, Limits, Line, PageEnd, PageRequest, ResponseHead,
    Secret, Source, Surroundings, Timestamp,
};
use edgesiem_sources::trend_micro_cas::{Config, TrendMicroCas};
use serde_json::{Value, json};

const TOKEN: &str = "token-a1b2c3";

/// 2026-11-22T12:00:00Z
const NOW: Timestamp = Timestamp::from_secs(1_795_348_800);
const HOUR_MS: u64 = 3_600_000;

fn secrets(name: &str) -> Option<Secret> {
    match name {
        // White space around a stored secret does not count.
        "TOKEN" => Some(Secret::new(format!("{TOKEN}\n"))),
        "BAD" => Some(Secret::new("two words".to_owned())),
        _ => None,
    }
}

/// A configuration that works, with `more` members on top.
fn config(more: Value) -> Value {
    let mut config = json!({"region": "eu", "token": {"secret": "TOKEN"}});
    let Value::Object(more) = more else {
        panic!("members")
    };
    config.as_object_mut().unwrap().extend(more);
    config
}

fn resolve(config: &Value) -> Result<TrendMicroCas, Vec<Error>> {
    let config: Config = serde_json::from_value(config.clone()).unwrap();
    config.resolve(Surroundings {
        secrets: &secrets,
        insecure: InsecureLoopback::Refuse,
        places: &[],
    })
}

fn source(more: Value) -> TrendMicroCas {
    resolve(&config(more)).unwrap()
}

/// A source that asks for one kind of event only.
fn single() -> TrendMicroCas {
    source(json!({"services": ["exchange"], "events": ["dlp"]}))
}

fn page(cursor: &Cursor) -> PageRequest<'_> {
    PageRequest {
        cursor,
        limit: 500,
        now: NOW,
        clock_skew_ms: 0,
        nonce: [7; 16],
    }
}

fn head(status: u16, headers: &[(&str, &str)]) -> ResponseHead {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    ResponseHead {
        status,
        headers: headers.iter().map(text).collect(),
    }
}

fn before(time: Timestamp, millis: u64) -> Timestamp {
    Timestamp::from_millis(time.millis() - millis)
}

/// The events of a body in chunks of `chunk_bytes`, with oversize ones put together again, and the page's end.
fn read(
    source: &TrendMicroCas,
    asked: &PageRequest<'_>,
    body: &[u8],
    chunk_bytes: usize,
    max_event_bytes: usize,
) -> (Vec<String>, Result<PageEnd, Incomplete>) {
    let limits = Limits {
        max_event_bytes,
        ..Limits::default()
    };
    let mut reader = source.reader(asked, &limits);
    let mut events: Vec<Vec<u8>> = Vec::new();
    let mut take = |line: Line<'_>| match line {
        Line::Event(event) => {
            assert!(event.len() <= max_event_bytes);
            events.push(event.to_vec());
        }
        Line::Oversize { part, index, .. } => {
            assert!(part.len() <= max_event_bytes && !part.is_empty());
            if index == 0 {
                events.push(Vec::new());
            }
            events.last_mut().unwrap().extend_from_slice(part);
        }
    };
    for chunk in body.chunks(chunk_bytes) {
        reader.push(chunk, &mut take);
    }
    let end = reader.finish(&mut take);
    let text = |event: Vec<u8>| String::from_utf8_lossy(&event).into_owned();
    (events.into_iter().map(text).collect(), end)
}
