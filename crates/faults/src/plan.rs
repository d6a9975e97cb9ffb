//! The stream of a case, read from a configuration as a host reads it.

use std::rc::Rc;

use edgesiem::{Config, StreamConfig};
use edgesiem_model::{Schema, Secret};
use edgesiem_pipeline::Destination;
use serde_json::{Map, Value, json};

use crate::case::Case;
use crate::mutants::{Mutant, MutantSource};
use crate::world::bulk::Bulk;
use crate::world::receiver::Kind;
use crate::world::trend_micro::setting::{CAS, EVENTS, SERVICES, Setting, TOKEN};
use crate::world::{SOURCE, World, sink_host};

/// Name of the stream.
pub const STREAM: &str = "s";

/// Name of a sink, by its place in the stream.
pub fn sink_name(sink: usize) -> String {
    format!("sink{sink}")
}

/// The schema of a case by itself, to know what sinks must get.
pub fn schema(case: &Case) -> Box<dyn Schema> {
    parsed(case).schema
}

/// The stream, with a source, sinks and scratch memory of its own.
pub fn stream(case: &Case, world: &Rc<World>) -> StreamConfig {
    let mut stream = parsed(case);
    for (number, sink) in case.sinks.iter().enumerate() {
        if sink.kind == Kind::Bulk {
            let bulk = Bulk::new(&sink_name(number), &sink_host(number), case.batch_events);
            let destination = Destination::new(Box::new(bulk), sink.required);
            let place = number.min(stream.sinks.len());
            stream.sinks.insert(place, destination);
        }
    }
    // The one that stands in where a configuration would have no sink at all.
    stream.sinks.truncate(case.sinks.len());
    if case.mutant.is_some_and(Mutant::is_of_source) {
        let source = MutantSource {
            source: stream.source,
            mutant: case.mutant,
            world: Rc::clone(world),
        };
        stream.source = Box::new(source);
    }
    stream
}

fn parsed(case: &Case) -> StreamConfig {
    let mut sinks = Map::new();
    let mut names = Vec::new();
    for (number, sink) in case.sinks.iter().enumerate() {
        let (name, host, required) = (sink_name(number), sink_host(number), sink.required);
        let table = match sink.kind {
            Kind::Webhook => json!({
                "kind": "webhook", "url": format!("https://{host}/hook"), "unsigned": true, "required": required,
            }),
            Kind::Splunk | Kind::SplunkAck => json!({
                "kind": "splunk-hec", "url": format!("https://{host}"), "token": { "secret": "TOKEN" },
                "ack": sink.kind == Kind::SplunkAck, "required": required,
            }),
            Kind::Bulk => continue,
        };
        sinks.insert(name.clone(), table);
        names.push(name);
    }
    if !case
        .sinks
        .iter()
        .any(|sink| sink.required && sink.kind != Kind::Bulk)
    {
        sinks.insert(
            "last".to_owned(),
            json!({ "kind": "webhook", "url": "https://last.test/", "unsigned": true }),
        );
        names.push("last".to_owned());
    }
    let config = json!({
        "streams": [{
            "id": STREAM,
            "schema": case.written.name(),
            "sinks": names,
            "source": match &case.trend_micro {
                None => akamai(case),
                Some(setting) => trend_micro(case, setting),
            },
            "limits": {
                "max_batch_events": case.batch_events,
                "max_attempts": case.max_attempts,
            },
        }],
        "sinks": Value::Object(sinks),
    });
    let secret = |_: &str| Some(Secret::new(TOKEN.to_owned()));
    let config = Config::from_json(config, &secret, &[]);
    let mut config = config.expect("the configuration of a case is valid");
    let mut stream = config.streams.remove(0);
    // Fewer than a user may configure, so that few events fill it.
    stream.limits.max_stored_dead_letters = case.max_stored_dead_letters;
    stream
}

fn akamai(case: &Case) -> Value {
    json!({
        "kind": "akamai-siem", "host": SOURCE, "config_ids": [14227],
        "client_token": { "secret": "TOKEN" }, "client_secret": { "secret": "TOKEN" }, "access_token": { "secret": "TOKEN" },
        "limit": case.limit, "min_limit": case.min_limit.min(case.limit),
    })
}

fn trend_micro(case: &Case, setting: &Setting) -> Value {
    let mut source = json!({
        "kind": "trend-micro-cas", "host": CAS, "token": { "secret": "TOKEN" },
        "limit": case.limit,
        "initial_lookback_s": setting.lookback_s,
        "requests_per_minute": setting.per_minute,
    });
    // All of them are what a configuration without these keys means.
    if setting.services < SERVICES.len() || setting.types < EVENTS.len() {
        source["services"] = json!(SERVICES[..setting.services]);
        source["events"] = json!(EVENTS[..setting.types]);
    }
    if setting.is_legacy {
        source["path"] = json!("legacy");
    }
    if let Some(per_day) = setting.per_day {
        source["requests_per_day"] = json!(per_day);
    }
    source
}
