//! What is accepted, and how the rest is refused: with the key, the reason and what to do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unreachable,
    reason = "a test may stop where it fails"
)]

use edgesiem::{Config, ErrorKind, Limits, Parsed, Secret, Store, StreamConfig};
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
    with_in(table(), pointer, value)
}

fn with_in(mut table: Value, pointer: &str, value: Value) -> Value {
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
    match Config::from_json(table, &secret, &[]) {
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
            "key: streams[0].schema. What to do: use one of: decoded, raw, ecs, elastic-integration, cef",
        ),
        (
            "/streams/0/schema",
            json!({ "name": "ecs", "expand": true }),
            "unknown field `expand`",
        ),
        (
            "/streams/0/schema",
            json!({ "name": "raw", "expand_rules": true }),
            "key: streams[0].schema.expand_rules",
        ),
        (
            "/streams/0/filter",
            json!({ "drop": ["httpMessage..path"] }),
            "key: streams[0].filter.drop[0]",
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
            "/streams/0/limits",
            json!({ "max_in_flight_per_sink": 0 }),
            "0 is out of range; key: streams[0].limits.max_in_flight_per_sink. What to do: use 1 to 6",
        ),
        (
            "/streams/0/limits",
            json!({ "max_stored_dead_letters": 1_000_001 }),
            "key: streams[0].limits.max_stored_dead_letters. What to do: use 100 to 1000000",
        ),
        (
            "/streams/0/limits",
            json!({ "max_stored_dead_letters": -1 }),
            "key: streams[0].limits.max_stored_dead_letters",
        ),
        (
            "/streams/0/emit_gaps",
            json!("yes"),
            "key: streams[0].emit_gaps",
        ),
        ("/streams/0/sink", json!([]), "unknown field `sink`"),
        ("/streams/0", json!("prod-waf"), "key: streams[0]."),
        (
            "/sinks/soc/required",
            json!("no"),
            "it must be true or false; key: sinks.soc.required",
        ),
        (
            "/streams/0/source",
            json!("akamai"),
            "it must be a table; key: streams[0].source",
        ),
        (
            "/streams/0/source/kind",
            Value::Null,
            "the kind is missing; key: streams[0].source.kind. What to do: use one of akamai-siem, trend-micro-cas",
        ),
        (
            "/streams/0/source/kind",
            json!("akamai"),
            "`akamai` is not known; key: streams[0].source.kind",
        ),
        (
            "/streams/0/source/kind",
            json!("akamai-security-monitor"),
            "does not support polling them; key: streams[0].source.kind. What to do: ask for a report when you need one, with `edgesiem report`",
        ),
        (
            "/streams/0/source",
            json!({ "kind": "trend-micro-cas", "token": { "secret": "SPLUNK_TOKEN" } }),
            "neither a region nor a host is given; key: streams[0].source.region",
        ),
        (
            "/streams/0/source",
            json!({ "kind": "trend-micro-cas", "token": { "secret": "SPLUNK_TOKEN" }, "region": "us", "events": ["a b"] }),
            "`a b` is not a name of the API; key: streams[0].source.events[0]",
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
            "`webhok` is not known; key: sinks.soc.kind. What to do: use one of: splunk-hec, elasticsearch, ",
        ),
        ("/budget", json!({ "wall_s": 0 }), "key: budget.wall_s"),
        (
            "/budget",
            json!({ "max_pages": 0 }),
            "key: budget.max_pages",
        ),
        (
            "/budget",
            json!({ "max_requests": 9 }),
            "9 is out of range; key: budget.max_requests. What to do: use 10 to 1000000",
        ),
        (
            "/budget",
            json!({ "max_requests": 1_000_001 }),
            "key: budget.max_requests",
        ),
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
    let errors = Config::from_json(table, &secret, &[]).err().unwrap();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].kind(), ErrorKind::Config);
    assert!(errors[0].to_string().contains("streams[1].id"));
}

#[test]
fn a_stream_needs_a_sink_that_it_waits_for() {
    let mut table = with("/sinks/soc/required", json!(false));
    let config = Config::from_json(table.clone(), &secret, &[])
        .map_err(|errors| format!("{errors:?}"))
        .unwrap();
    let required: Vec<(&str, bool)> = config.streams[0]
        .sinks
        .iter()
        .map(|destination| (destination.sink.name(), destination.required))
        .collect();
    assert_eq!(required, [("splunk", true), ("soc", false)]);

    table["sinks"]["splunk"]["required"] = json!(false);
    assert_eq!(
        problems(table),
        [
            "every sink of the stream is optional; key: streams[0].sinks. \
          What to do: name a sink without required = false too"
        ]
    );
}

#[test]
fn every_key_has_the_value_that_was_written_or_its_default() {
    let defaults = Config::from_json(table(), &secret, &[])
        .map_err(|errors| format!("{errors:?}"))
        .unwrap();
    assert_eq!(defaults.store, Store::Kv);
    assert_eq!(defaults.budget, edgesiem::Budget::default());
    assert_eq!(defaults.streams[0].limits, Limits::default());
    assert!(!defaults.streams[0].emit_gaps);

    let mut table = with("/store", json!("durable-object"));
    table["budget"] = json!({ "wall_s": 30, "max_pages": 2, "max_requests": 40 });
    table["streams"][0]["emit_gaps"] = json!(true);
    table["streams"][0]["limits"] =
        json!({ "max_in_flight_per_sink": 2, "max_stored_dead_letters": 100 });
    let config = Config::from_json(table, &secret, &[])
        .map_err(|errors| format!("{errors:?}"))
        .unwrap();
    assert_eq!(config.store, Store::DurableObject);
    let budget = edgesiem::Budget {
        wall_ms: 30_000,
        max_pages: 2,
        max_requests: 40,
    };
    assert_eq!(config.budget, budget);
    let limits = Limits {
        max_in_flight_per_sink: 2,
        max_stored_dead_letters: 100,
        ..Limits::default()
    };
    assert_eq!(config.streams[0].limits, limits);
    assert!(config.streams[0].emit_gaps);
}

/// Three streams: `prod-waf` to both sinks, `splunk-only` and `soc-only`.
fn three_streams() -> Value {
    let mut table = table();
    for (id, sinks) in [
        ("splunk-only", json!(["splunk"])),
        ("soc-only", json!(["soc"])),
    ] {
        let mut stream = table["streams"][0].clone();
        stream["id"] = json!(id);
        stream["sinks"] = sinks;
        table["streams"].as_array_mut().unwrap().push(stream);
    }
    table
}

/// Each stream's label, and its problems.
fn outcome(parsed: &Parsed) -> Vec<(String, Vec<String>)> {
    let texts = |result: &Result<StreamConfig, Vec<edgesiem::Error>>| match result {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    };
    let streams = parsed.streams.iter();
    streams
        .map(|stream| (stream.id.clone(), texts(&stream.result)))
        .collect()
}

#[test]
fn a_misconfigured_stream_does_not_stop_the_others() {
    let all = ["prod-waf", "splunk-only", "soc-only"];
    for (pointer, value, labels, broken, expected) in [
        ("/store", json!("kv"), all, &[][..], ""),
        (
            "/streams/1/schema",
            json!("ecs9"),
            all,
            &[1],
            "key: streams[1].schema",
        ),
        (
            "/streams/1/source/client_secret",
            json!({ "secret": "NOT_THERE" }),
            all,
            &[1],
            "NOT_THERE",
        ),
        (
            "/streams/1/shema",
            json!("raw"),
            all,
            &[1],
            "unknown field `shema`",
        ),
        (
            "/streams/1/limits",
            json!({ "max_in_flight": "4" }),
            all,
            &[1],
            "key: streams[1].limits.max_in_flight",
        ),
        (
            "/streams/1",
            json!(7),
            ["prod-waf", "streams[1]", "soc-only"],
            &[1],
            "key: streams[1]",
        ),
        (
            "/streams/1/id",
            json!("\u{1b}[31m"),
            ["prod-waf", "streams[1]", "soc-only"],
            &[1],
            "cannot name a stream",
        ),
        (
            "/streams/1/id",
            Value::Null,
            ["prod-waf", "streams[1]", "soc-only"],
            &[1],
            "missing field `id`; key: streams[1]",
        ),
        // Of two streams with one id the first runs.
        (
            "/streams/1/id",
            json!("prod-waf"),
            ["prod-waf", "streams[1]", "soc-only"],
            &[1],
            "another stream has the same id; key: streams[1].id",
        ),
        // A sink counts against the streams that use it.
        (
            "/sinks/soc/url",
            json!("http://soc.example/"),
            all,
            &[0, 2],
            "key: sinks.soc.url",
        ),
        (
            "/sinks/splunk/token",
            json!({ "secret": "NOT_THERE" }),
            all,
            &[0, 1],
            "key: sinks.splunk.token",
        ),
        (
            "/sinks/splunk",
            json!([]),
            all,
            &[0, 1],
            "key: sinks.splunk",
        ),
        (
            "/sinks/soc",
            Value::Null,
            all,
            &[0, 2],
            "`soc` is not known",
        ),
        (
            "/sinks/soc/required",
            json!(false),
            all,
            &[2],
            "every sink of the stream is optional; key: streams[2].sinks",
        ),
    ] {
        let parsed = Config::parse(with_in(three_streams(), pointer, value), &secret, &[])
            .map_err(|errors| format!("{errors:?}"))
            .unwrap();
        assert!(parsed.problems.is_empty(), "{pointer}");
        for (number, (label, problems)) in outcome(&parsed).into_iter().enumerate() {
            assert_eq!(label, labels[number], "{pointer}");
            let is_broken = broken.contains(&number);
            assert_eq!(problems.is_empty(), !is_broken, "{pointer}: {problems:?}");
            let is_said = problems.iter().any(|problem| problem.contains(expected));
            assert!(is_said || !is_broken, "{pointer}: {problems:?}");
        }
    }
}

#[test]
fn a_duplicate_is_a_problem_even_if_the_first_one_is_broken() {
    let mut table = three_streams();
    table["streams"][1]["id"] = json!("prod-waf");
    table["streams"][0]["schema"] = json!("ecs9");
    table["streams"][1]["schema"] = json!("ecs9");
    let parsed = Config::parse(table, &secret, &[])
        .map_err(|errors| format!("{errors:?}"))
        .unwrap();
    let counts: Vec<(String, usize)> = outcome(&parsed)
        .into_iter()
        .map(|(label, problems)| (label, problems.len()))
        .collect();
    let expected = [("prod-waf", 1), ("streams[1]", 2), ("soc-only", 0)];
    assert_eq!(
        counts,
        expected.map(|(label, count)| (label.to_owned(), count))
    );
}

#[test]
fn a_broken_sink_that_no_stream_uses_is_told_and_stops_nothing() {
    let mut table = three_streams();
    table["sinks"]["spare"] = json!({ "kind": "webhook", "url": "http://spare.example/" });
    let parsed = Config::parse(table.clone(), &secret, &[])
        .map_err(|errors| format!("{errors:?}"))
        .unwrap();
    assert!(parsed.streams.iter().all(|stream| stream.result.is_ok()));
    assert_eq!(parsed.problems.len(), 2, "{:?}", parsed.problems);
    assert!(parsed.problems[0].to_string().contains("key: sinks.spare."));
    // Strictly it is a problem like any other.
    assert_eq!(problems(table).len(), 2);
}

#[test]
fn a_problem_of_the_root_stops_every_stream_and_is_named_alone() {
    for (pointer, value, expected) in [
        ("/stores", json!("kv"), "unknown field `stores`"),
        ("/store", json!("redis"), "unknown variant `redis`"),
        ("/streams", json!([]), "there is no stream"),
        ("/streams", json!({}), "key: streams"),
        ("/sinks", json!([]), "key: sinks"),
        (
            "/allow_insecure_loopback",
            json!(1),
            "key: allow_insecure_loopback",
        ),
        (
            "/budget",
            json!({ "max_requests": 1 }),
            "key: budget.max_requests",
        ),
        ("/budget", json!({ "wall": 1 }), "unknown field `wall`"),
    ] {
        let table = with_in(three_streams(), "/streams/0/schema", json!("ecs9"));
        let errors = Config::parse(with_in(table, pointer, value), &secret, &[])
            .err()
            .unwrap();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), 1, "{texts:?}");
        assert!(texts[0].contains(expected), "{texts:?}");
    }
}

#[test]
fn a_sink_that_several_streams_use_is_named_once_when_all_problems_are() {
    let table = with_in(
        three_streams(),
        "/sinks/splunk/url",
        json!("http://splunk.example/"),
    );
    assert_eq!(problems(table).len(), 1);
}

#[test]
fn the_shipped_wrangler_toml_holds_a_configuration_that_works() {
    let text = include_str!("../../../wrangler.toml");
    let file: toml::Table = text.parse().unwrap();
    let table = serde_json::to_value(&file["vars"]["EDGESIEM"]).unwrap();
    let config = Config::from_json(table, &secret, &[])
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
