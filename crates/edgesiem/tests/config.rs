//! What is accepted, and how the rest is refused: with the key, the reason and what to do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unreachable,
    reason = "a test may stop where it fails"
)]

use edgesiem::{Config, ErrorKind, Secret};
use serde_json::{Value, json};

fn table() -> Value {
    json!({
        "streams": [{
            "id": "prod-waf",
            "schema": "decoded",
            "sinks": ["splunk", "soc"],
            "source": {
                "kind": "akamai-siem",
                "host": "akab-example.luna.akamaiapis.net",
                "config_ids": [14227, 29182],
                "client_token": { "secret": "AKAMAI_CLIENT_TOKEN" },
                "client_secret": { "secret": "AKAMAI_CLIENT_SECRET" },
                "access_token": { "secret": "AKAMAI_ACCESS_TOKEN" },
            },
        }],
        "sinks": {
            "splunk": { "kind": "splunk-hec", "url": "https://splunk.example:8088", "token": { "secret": "SPLUNK_TOKEN" } },
            "soc": { "kind": "webhook", "url": "https://soc.example/events", "signing_secret": { "secret": "SOC_SIGNING_SECRET" } },
        },
    })
}

const SECRETS: &[(&str, &str)] = &[
    ("AKAMAI_CLIENT_TOKEN", "akab-client-token"),
    ("AKAMAI_CLIENT_SECRET", "hunter2-client-secret"),
    ("AKAMAI_ACCESS_TOKEN", "akab-access-token"),
    ("SPLUNK_TOKEN", "hunter2-splunk-token"),
    (
        "SOC_SIGNING_SECRET",
        "whsec_aHVudGVyMi1odW50ZXIyLWh1bnRlcjItaHVudGVyMg==",
    ),
];

fn secret(name: &str) -> Option<Secret> {
    let (_, value) = SECRETS.iter().find(|(known, _)| *known == name)?;
    Some(Secret::new((*value).to_owned()))
}

/// Sets the value at a JSON pointer; `Value::Null` removes it.
fn with(pointer: &str, value: Value) -> Value {
    let mut table = table();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = table.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(map), Value::Null) => drop(map.remove(key)),
        (Value::Object(map), value) => drop(map.insert(key.to_owned(), value)),
        (Value::Array(list), value) => list[key.parse::<usize>().unwrap()] = value,
        _ => unreachable!("the pointer leads to a table"),
    }
    table
}

fn problems(table: Value) -> Vec<String> {
    match Config::from_json(table, &secret) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn every_problem_is_named_with_its_key_its_reason_and_what_to_do() {
    for (pointer, value, expected) in [
        ("/stream", json!([]), "unknown field `stream`"),
        ("/streams", json!([]), "there is no stream; key: streams"),
        ("/streams/0/id", json!("a b"), "cannot name a stream"),
        ("/streams/0/id", json!("\u{1b}[31m"), "\\u{1b}[31m"),
        (
            "/streams/0/sinks",
            json!([]),
            "there is no sink; key: streams[0].sinks",
        ),
        (
            "/streams/0/sinks/1",
            json!("sok"),
            "`sok` is not known; key: streams[0].sinks[1]. What to do: use one of: soc, splunk",
        ),
        (
            "/streams/0/sinks/1",
            json!("splunk"),
            "`splunk` is named twice",
        ),
        (
            "/streams/0/schema",
            json!("ecs9"),
            "key: streams[0].schema. What to do: use one of: decoded, raw",
        ),
        (
            "/streams/0/limits",
            json!({ "max_in_flight": 7 }),
            "7 is out of range; key: streams[0].limits.max_in_flight. What to do: use 1 to 6",
        ),
        (
            "/streams/0/limits",
            json!({ "max_batch": 7 }),
            "unknown field `max_batch`",
        ),
        (
            "/streams/0/source",
            json!("akamai"),
            "it must be a table; key: streams[0].source",
        ),
        (
            "/streams/0/source/kind",
            Value::Null,
            "the kind is missing; key: streams[0].source.kind. What to do: use one of akamai-siem",
        ),
        (
            "/streams/0/source/kind",
            json!("akamai"),
            "`akamai` is not known; key: streams[0].source.kind",
        ),
        ("/streams/0/source/hots", json!("x"), "unknown field `hots`"),
        (
            "/streams/0/source/host",
            json!("http://akab-x.luna.akamaiapis.net"),
            "key: streams[0].source.host",
        ),
        (
            "/streams/0/source/config_ids",
            json!([]),
            "key: streams[0].source.config_ids",
        ),
        (
            "/streams/0/source/client_secret",
            json!("hunter2"),
            "never its value; key: streams[0].source.client_secret",
        ),
        (
            "/streams/0/source/client_secret",
            json!({ "secret": "NOT_THERE" }),
            "NOT_THERE",
        ),
        (
            "/sinks/soc/url",
            json!("http://soc.example/"),
            "clear text; use https://; key: sinks.soc.url",
        ),
        (
            "/sinks/soc/url",
            json!("http://127.0.0.1/"),
            "allow_insecure_loopback",
        ),
        (
            "/sinks/soc/url",
            json!("https://user:hunter2@soc.example/"),
            "user information",
        ),
        (
            "/sinks/soc/kind",
            json!("webhok"),
            "`webhok` is not known; key: sinks.soc.kind. What to do: use one of: splunk-hec, webhook",
        ),
        ("/budget", json!({ "wall_s": 0 }), "key: budget.wall_s"),
        ("/store", json!("redis"), "unknown variant `redis`"),
    ] {
        let problems = problems(with(pointer, value));
        assert!(
            problems.iter().any(|problem| problem.contains(expected)),
            "{pointer}: {problems:?}"
        );
        for problem in &problems {
            assert!(problem.contains("What to do: "), "{problem}");
            assert!(
                !problem.contains("hunter2") && !problem.contains('\u{1b}'),
                "{problem}"
            );
        }
    }
}

#[test]
fn all_problems_are_named_at_once() {
    let mut table = with(
        "/streams/0/source/client_secret",
        json!({ "secret": "NOT_THERE" }),
    );
    table["sinks"]["soc"]["url"] = json!("http://soc.example/");
    table["streams"][0]["schema"] = json!("ecs9");
    let problems = problems(table);
    for part in ["NOT_THERE", "sinks.soc.url", "streams[0].schema"] {
        assert!(
            problems.iter().any(|problem| problem.contains(part)),
            "{part}: {problems:?}"
        );
    }
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn two_streams_need_two_ids() {
    let mut table = table();
    let stream = table["streams"][0].clone();
    table["streams"].as_array_mut().unwrap().push(stream);
    let errors = Config::from_json(table, &secret).err().unwrap();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].kind(), ErrorKind::Config);
    assert!(errors[0].to_string().contains("streams[1].id"));
}

#[test]
fn the_shipped_wrangler_toml_holds_a_configuration_that_works() {
    let text = include_str!("../../../wrangler.toml");
    let file: toml::Table = text.parse().unwrap();
    let table = serde_json::to_value(&file["vars"]["EDGESIEM"]).unwrap();
    let config = Config::from_json(table, &secret)
        .map_err(|errors| errors[0].to_string())
        .unwrap();
    assert_eq!(config.streams[0].id.as_str(), "prod-waf");
    // And the one in its comments.
    let commented: String = text
        .lines()
        .skip_while(|line| !line.starts_with("# [vars.EDGESIEM.sinks.soc]"))
        .map(|line| format!("{}\n", line.trim_start_matches("# ")))
        .collect();
    let sink: toml::Table = commented.parse().unwrap();
    let mut table = self::table();
    table["sinks"]["soc"] =
        serde_json::to_value(&sink["vars"]["EDGESIEM"]["sinks"]["soc"]).unwrap();
    assert_eq!(problems(table), Vec::<String>::new());
}
