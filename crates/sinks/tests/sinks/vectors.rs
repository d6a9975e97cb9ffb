//! The requests in tests/vectors/sinks, which TypeScript reads too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use edgesiem_model::{
    Attempt, Batch, DocumentForm, Event, EventId, HttpRequest, Secret, Sink, Timestamp,
};
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
    #[serde(default)]
    form: Form,
    /// The access token that the request is made with.
    #[serde(default)]
    token: Option<String>,
    events: Vec<CaseEvent>,
    request: CaseRequest,
    /// The request for an access token, and the one for the receiver's health, if the case shows them.
    #[serde(default)]
    token_request: Option<CaseRequest>,
    #[serde(default)]
    health_request: Option<CaseRequest>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    #[default]
    Json,
    Text,
    OtlpLogRecord,
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
    /// Their order means nothing.
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    /// Instead of `body`, if that is no text.
    #[serde(default)]
    body_base64: String,
}

fn shown(request: HttpRequest, base64: bool) -> CaseRequest {
    let version = |value: &str| value.replace(env!("CARGO_PKG_VERSION"), "{version}");
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| match name.as_ref() {
            "user-agent" => (name.to_string(), version(value.expose())),
            _ => (name.to_string(), value.expose().to_owned()),
        });
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    let (body, body_base64) = if base64 {
        (String::new(), BASE64_STANDARD.encode(&request.body))
    } else {
        (
            String::from_utf8(request.body.clone()).unwrap(),
            String::new(),
        )
    };
    CaseRequest {
        method: request.method.as_str().to_owned(),
        url: request.url(),
        headers,
        body,
        body_base64,
    }
}

fn check(path: &Path, made: HttpRequest, mut expected: CaseRequest) {
    expected.headers.sort();
    let made = shown(made, !expected.body_base64.is_empty());
    assert_eq!(made, expected, "{}", path.display());
}

impl Case {
    fn read(path: &Path) -> Self {
        serde_json::from_slice(&std::fs::read(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn sink(&self) -> Box<dyn Sink> {
        resolve(&self.sink, &self.config, &self.secrets)
            .unwrap_or_else(|problems| panic!("{}: {problems:?}", self.sink))
    }

    fn batch(&self) -> Batch {
        let mut batch = Batch::default();
        batch.set_replay(self.replay.as_deref().map(Into::into));
        batch.set_form(match self.form {
            Form::Json => DocumentForm::Json,
            Form::Text => DocumentForm::Text,
            Form::OtlpLogRecord => DocumentForm::OtlpLogRecord,
        });
        for event in &self.events {
            let id = u128::from_str_radix(&event.id, 16).unwrap().to_be_bytes();
            batch.push(&Event {
                id: EventId::from_bytes(id),
                line_id: EventId::from_bytes(id),
                line: event.line,
                time: event.time_ms.map(Timestamp::from_millis),
                raw: event.raw.as_bytes(),
                document: event.document.as_bytes(),
            });
        }
        batch
    }
}

fn files() -> Vec<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/sinks");
    let mut files = Vec::new();
    for folder in std::fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        if folder.is_dir() {
            let entries = std::fs::read_dir(folder).unwrap();
            files.extend(entries.map(|entry| entry.unwrap().path()));
        }
    }
    files.sort();
    files
}

/// The sink of every vector, each once for a configuration.
pub(crate) fn sinks() -> Vec<Box<dyn Sink>> {
    let mut seen = Vec::new();
    let mut sinks = Vec::new();
    for path in files() {
        let case = Case::read(&path);
        if !seen.contains(&(case.sink.clone(), case.config.clone())) {
            sinks.push(case.sink());
            seen.push((case.sink, case.config));
        }
    }
    sinks
}

#[test]
fn requests_are_exactly_those_of_an_independent_implementation() {
    let mut kinds = std::collections::BTreeSet::new();
    for path in files() {
        let case = Case::read(&path);
        let (sink, batch) = (case.sink(), case.batch());
        let token = case.token.clone().map(Secret::new);
        let now = Timestamp::from_millis(case.now_ms);
        let attempt = Attempt {
            now,
            token: token.as_ref(),
        };
        kinds.insert(case.sink.clone());
        check(&path, sink.request(&batch.view(), &attempt), case.request);
        if let Some(expected) = case.token_request {
            check(&path, sink.token_request(now).unwrap(), expected);
        }
        if let Some(expected) = case.health_request {
            check(&path, sink.health_request(&attempt).unwrap(), expected);
        }
    }
    let all: std::collections::BTreeSet<String> = edgesiem_sinks::ALL
        .iter()
        .map(|about| about.kind.to_owned())
        .collect();
    assert_eq!(kinds, all, "every kind of sink has vectors");
}
