//! What the pages about sinks say must be true: each example is a configuration that works.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

use std::collections::BTreeSet;

use edgesiem::{Config, Scheme, Secret, sink_kinds};
use serde_json::{Value, json};

/// Has the key of a service account that was made for tests.
const VECTOR: &str = include_str!("../../../tests/vectors/sinks/google-secops/everything.json");

/// A value that fits the secret that an example calls so.
fn secret(name: &str) -> Option<Secret> {
    let value = if name.contains("WEBHOOK") {
        format!("whsec_{}", "Kioq".repeat(8))
    } else if name.contains("GOOGLE") || name.contains("SECOPS") {
        let vector: Value = serde_json::from_str(VECTOR).unwrap();
        vector["secrets"]["GOOGLE_SERVICE_ACCOUNT"]
            .as_str()
            .unwrap()
            .to_owned()
    } else if name.contains("URL") {
        "https://collectors.example.com/receiver/v1/http/ZaVnC4dhaV1".to_owned()
    } else {
        "0123456789abcdef0123456789abcdef".to_owned()
    };
    Some(Secret::new(value))
}

fn config(sinks: &Value, schema: &str) -> Result<Config, Vec<edgesiem::Error>> {
    config_on(sinks, schema, &[Scheme::R2, Scheme::File, Scheme::Stdout])
}

fn config_on(
    sinks: &Value,
    schema: &str,
    places: &[Scheme],
) -> Result<Config, Vec<edgesiem::Error>> {
    let names: Vec<&String> = sinks.as_object().unwrap().keys().collect();
    let config = json!({
        "streams": [{
            "id": "waf", "schema": schema, "sinks": names,
            "source": {
                "kind": "akamai-siem", "host": "akab-h.luna.akamaiapis.net", "config_ids": [14227],
                "client_token": { "secret": "T" }, "client_secret": { "secret": "T" }, "access_token": { "secret": "T" },
            },
        }],
        "sinks": sinks,
    });
    Config::from_json(config, &secret, places)
}

#[test]
fn the_example_of_every_sink_works_with_some_schema() {
    for about in edgesiem::sinks::ALL {
        let kind = about.kind;
        let table: toml::Value =
            toml::from_str(about.example).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let sinks = serde_json::to_value(&table["sinks"]).unwrap();
        for sink in sinks.as_object().unwrap().values() {
            assert_eq!(sink["kind"], kind);
        }
        let problems: Vec<_> = edgesiem::SCHEMA_NAMES
            .iter()
            .map(|schema| config(&sinks, schema).err())
            .collect();
        assert!(problems.iter().any(Option::is_none), "{kind}: {problems:?}");
    }
}

#[test]
fn kinds_are_named_once_and_their_pages_say_something() {
    let kinds: BTreeSet<&str> = sink_kinds().into_iter().collect();
    assert_eq!(kinds.len(), edgesiem::sinks::ALL.len());
    for about in edgesiem::sinks::ALL {
        for text in [
            about.product,
            about.summary,
            about.checked_by,
            about.partial,
            about.repeats,
            about.limits,
            about.try_it,
        ] {
            assert!(
                !text.is_empty() && !text.contains("  "),
                "{}: {text:?}",
                about.kind
            );
        }
        assert!(
            !about.failures.is_empty() && (about.local || !about.sources.is_empty()),
            "{}",
            about.kind
        );
        for (_, address) in about.sources {
            assert!(address.starts_with("https://"), "{}: {address}", about.kind);
        }
    }
}

#[test]
fn a_sink_that_cannot_deliver_the_schema_is_refused() {
    let sinks = json!({ "es": { "kind": "elasticsearch", "url": "https://es.example:9200", "api_key": { "secret": "T" } } });
    assert!(config(&sinks, "ecs").is_ok());
    let problems = config(&sinks, "cef").err().unwrap();
    assert!(
        problems[0]
            .to_string()
            .contains("cannot deliver documents of the schema cef"),
        "{problems:?}"
    );
}

#[test]
fn places_of_the_host_are_refused_where_the_host_has_none() {
    let sinks = json!({ "bucket": { "kind": "r2", "binding": "EVENTS" } });
    let problems = |places: &[Scheme]| {
        let problems = config_on(&sinks, "ecs", places).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<String>()
    };
    assert_eq!(problems(&[Scheme::R2]), "");
    assert!(
        problems(&[]).contains("key: sinks.bucket"),
        "{}",
        problems(&[])
    );
}
