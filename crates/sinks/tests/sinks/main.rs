//! Sinks from the outside: configuration in, requests and verdicts out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod config;
mod properties;
mod vectors;
mod verdicts;

use std::collections::BTreeMap;

use edgesiem_model::{
    Answer, Batch, Error, Event, EventId, InsecureLoopback, ResponseHead, Secret, Sink,
    SinkVerdict, Timestamp,
};
use serde_json::{Value, json};

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

/// A sink of `kind`, named like it.
fn resolve(
    kind: &str,
    config: &Value,
    secrets: &BTreeMap<String, String>,
) -> Result<Box<dyn Sink>, Vec<Error>> {
    let host = |name: &str| secrets.get(name).cloned().map(Secret::new);
    let refuse = InsecureLoopback::Refuse;
    let config = config.clone();
    match kind {
        "webhook" => serde_json::from_value::<edgesiem_sinks::webhook::Config>(config)
            .unwrap()
            .resolve(kind, &host, refuse),
        "splunk-hec" => serde_json::from_value::<edgesiem_sinks::splunk_hec::Config>(config)
            .unwrap()
            .resolve(kind, &host, refuse),
        _ => panic!("no sink {kind}"),
    }
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
