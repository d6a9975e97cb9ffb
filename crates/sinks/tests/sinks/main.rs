//! Sinks from the outside: configuration in, requests and verdicts out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod answers;
mod axiom;
mod better_stack;
mod clickhouse;
mod config;
mod cribl;
mod datadog;
mod elasticsearch;
mod file;
mod google_secops;
mod honeycomb;
mod kafka_rest;
mod logscale;
mod loki;
mod new_relic;
mod opensearch;
mod otlp;
mod panther;
mod properties;
mod r2;
mod s3;
mod sentinel;
mod stdout;
mod sumo_logic;
mod vectors;
mod verdicts;

use std::collections::BTreeMap;

use edgesiem_model::{
    Answer, Batch, Error, Event, EventId, InsecureLoopback, ResponseHead, Scheme, Secret, Sink,
    SinkVerdict, Surroundings, Timestamp,
};
use edgesiem_sinks::{Common, SinkConfig, Visitor, with_kind};
use serde_json::{Map, Value, json};

const TOKEN: &str = "B5A79AAD-D822-46CC-80D1-819F80D7BFB0";
const WEBHOOK_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const API_KEY: &str = "key-0123456789abcdef";

fn secrets() -> BTreeMap<String, String> {
    [
        ("TOKEN", TOKEN),
        ("WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("API_KEY", API_KEY),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A table of the configuration on its way to the sink of a kind.
struct Table<'a> {
    kind: &'a str,
    table: Map<String, Value>,
    around: Surroundings<'a>,
}

impl Visitor for Table<'_> {
    type Output = Result<Box<dyn Sink>, Vec<Error>>;

    fn visit<C: SinkConfig>(self) -> Self::Output {
        let (common, own): (Map<_, _>, Map<_, _>) = self
            .table
            .into_iter()
            .partition(|(key, _)| Common::KEYS.contains(&key.as_str()));
        let common: Common = serde_json::from_value(Value::Object(common)).unwrap();
        let own: C = serde_json::from_value(Value::Object(own)).unwrap();
        own.resolve(self.kind, &common, self.around)
    }
}

/// A sink of `kind`, named like it.
fn resolve(
    kind: &str,
    config: &Value,
    secrets: &BTreeMap<String, String>,
) -> Result<Box<dyn Sink>, Vec<Error>> {
    let table = Table {
        kind,
        table: config.as_object().cloned().unwrap_or_default(),
        around: Surroundings {
            secrets: &|name| secrets.get(name).cloned().map(Secret::new),
            insecure: InsecureLoopback::Refuse,
            places: &[Scheme::R2, Scheme::File, Scheme::Stdout],
        },
    };
    with_kind(kind, table).unwrap_or_else(|| panic!("no sink {kind}"))
}

fn sink(kind: &str, config: &Value) -> Box<dyn Sink> {
    resolve(kind, config, &secrets()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn webhook() -> Box<dyn Sink> {
    sink(
        "webhook",
        &json!({
            "url": "https://hooks.example/in", "signing_secret": {"secret": "WEBHOOK_SECRET"},
            "headers": {"x-api-key": {"secret": "API_KEY"}},
        }),
    )
}

fn splunk(ack: bool) -> Box<dyn Sink> {
    let config =
        json!({"url": "https://splunk.example:8088", "token": {"secret": "TOKEN"}, "ack": ack});
    sink("splunk-hec", &config)
}

fn batch(documents: &[&str]) -> Batch {
    let mut batch = Batch::default();
    for (line, document) in (0_u64..).zip(documents) {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&line.to_le_bytes());
        batch.push(&Event {
            id: EventId::from_bytes(id),
            line_id: EventId::from_bytes(id),
            line,
            time: Some(Timestamp::from_millis(1_491_303_422_000 + line)),
            raw: b"",
            document: document.as_bytes(),
        });
    }
    batch
}

fn head(status: u16, headers: &[(&str, &str)]) -> ResponseHead {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    ResponseHead {
        status,
        headers: headers.iter().map(text).collect(),
    }
}

fn verdict(sink: &dyn Sink, head: &ResponseHead, body: &[u8]) -> SinkVerdict {
    let answer = Answer {
        head,
        body,
        now: Timestamp::from_secs(784_111_777),
    };
    sink.verdict(&batch(&["{}"]).view(), &answer)
}

/// A verdict as a table writes it.
fn name(verdict: &SinkVerdict) -> String {
    match verdict {
        SinkVerdict::Accepted => "accepted".to_owned(),
        SinkVerdict::Pending { after_ms, .. } => format!("pending {after_ms}"),
        SinkVerdict::Retry { after_ms: None, .. } => "retry".to_owned(),
        SinkVerdict::Retry {
            after_ms: Some(ms), ..
        } => format!("retry {ms}"),
        SinkVerdict::Partial { again, refused, .. } => format!("partial {again:?} {refused:?}"),
        SinkVerdict::TooLarge => "too large".to_owned(),
        SinkVerdict::Rejected { .. } => "rejected".to_owned(),
        SinkVerdict::Stop(error) => format!("stop: {}", error.message()),
    }
}
