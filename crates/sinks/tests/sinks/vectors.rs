//! The requests in tests/vectors/sinks, which TypeScript reads too.

use std::collections::BTreeMap;
use std::path::Path;

use edgesiem_model::{Batch, Event, EventId, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::resolve;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "comment")]
    _comment: String,
    sink: String,
    config: Value,
    secrets: BTreeMap<String, String>,
    now_ms: u64,
    /// The replay that the events are part of; live if it is not there.
    #[serde(default)]
    replay: Option<String>,
    events: Vec<CaseEvent>,
    request: CaseRequest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseEvent {
    id: String,
    line: u64,
    time_ms: Option<u64>,
    raw: String,
    document: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseRequest {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn check(path: &Path) {
    let case: Case = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let sink = resolve(&case.sink, &case.config, &case.secrets)
        .unwrap_or_else(|problems| panic!("{}: {problems:?}", path.display()));
    let mut batch = Batch::default();
    batch.set_replay(case.replay.as_deref().map(Into::into));
    for event in &case.events {
        let id = u128::from_str_radix(&event.id, 16).unwrap().to_be_bytes();
        batch.push(&Event {
            id: EventId::from_bytes(id),
            line: event.line,
            time: event.time_ms.map(Timestamp::from_millis),
            raw: event.raw.as_bytes(),
            document: event.document.as_bytes(),
        });
    }
    let request = sink.request(&batch.view(), Timestamp::from_millis(case.now_ms));
    let version = |value: &str| value.replace(env!("CARGO_PKG_VERSION"), "{version}");
    let headers = request.headers.iter().map(|(name, value)| match *name {
        "user-agent" => ((*name).to_owned(), version(value.expose())),
        _ => ((*name).to_owned(), value.expose().to_owned()),
    });
    let made = CaseRequest {
        method: request.method.as_str().to_owned(),
        url: request.url(),
        headers: headers.collect(),
        body: String::from_utf8(request.body).unwrap(),
    };
    assert_eq!(made, case.request, "{}", path.display());
}

#[test]
fn requests_are_exactly_those_of_an_independent_implementation() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/sinks");
    let mut checked = 0;
    for folder in ["webhook", "splunk-hec"] {
        for entry in std::fs::read_dir(Path::new(root).join(folder)).unwrap() {
            check(&entry.unwrap().path());
            checked += 1;
        }
    }
    assert!(checked >= 11, "only {checked} vectors found");
}
