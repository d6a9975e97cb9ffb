//! A batch as lines, with what Sumo Logic is told in headers.

use std::collections::BTreeMap;

use edgesiem_model::{BatchView, HttpRequest, plain};

use super::SumoLogic;
use crate::lines::content_type;

/// Field that names the replay an event was sent in. Live events do not have it.
pub(super) const REPLAY_FIELD: &str = "edgesiem_replay";

/// `a=b,c=d`.
pub(super) fn fields(table: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = table
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join(",")
}

pub(super) fn request(sink: &SumoLogic, batch: &BatchView<'_>) -> HttpRequest {
    let mut headers = vec![plain("content-type", content_type(batch))];
    for (name, value) in [
        ("x-sumo-category", &sink.category),
        ("x-sumo-host", &sink.host),
        ("x-sumo-name", &sink.source),
    ] {
        headers.extend(value.clone().map(|value| plain(name, value)));
    }
    let replay = batch.replay().map(|name| format!("{REPLAY_FIELD}={name}"));
    let fields: Vec<&str> = [Some(sink.fields.as_str()), replay.as_deref()]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    if !fields.is_empty() {
        headers.push(plain("x-sumo-fields", fields.join(",")));
    }
    let body = sink.lines.body(batch, &sink.limits);
    sink.wire
        .post(sink.target.expose().to_owned(), headers, body)
}
