//! What is refused at start, and with which words.

use edgesiem_model::{ErrorKind, Source};
use edgesiem_sources::akamai_siem::Config;
use serde_json::json;

use super::{config, resolve, source};

#[test]
fn every_problem_is_reported_with_its_key() {
    for (more, expected) in [
        (json!({}), &[][..]),
        (
            json!({"config_ids": ["14227", 29182], "limit": 600_000, "min_limit": 1}),
            &[],
        ),
        (json!({"limit": 5}), &[]),
        (json!({"start_from": 1, "start_to": 2}), &[]),
        (json!({"config_ids": []}), &["config_ids"]),
        (
            json!({"config_ids": [0, "", "+1", "1;2", "14227", 14227]}),
            &[
                "config_ids[0]",
                "config_ids[1]",
                "config_ids[2]",
                "config_ids[3]",
                "config_ids[5]",
            ],
        ),
        (
            json!({
                "host": "http://h.example", "config_ids": [],
                "client_token": {"secret": "A"}, "client_secret": {"secret": "B"}, "access_token": {"secret": "C"},
                "limit": 600_001, "min_limit": 0, "recovery_overlap_s": 3601, "retention_s": 60, "start_to": 1,
            }),
            &[
                "host",
                "config_ids",
                "client_token",
                "client_secret",
                "access_token",
                "limit",
                "min_limit",
                "recovery_overlap_s",
                "retention_s",
                "start_to",
            ],
        ),
        (json!({"limit": 10, "min_limit": 11}), &["min_limit"]),
        (json!({"start_from": 2, "start_to": 2}), &["start_to"]),
        (json!({"start_offset": "5f9c;Nj-_x+/=="}), &[]),
        (json!({"start_offset": ""}), &["start_offset"]),
        (json!({"start_offset": "a b"}), &["start_offset"]),
        (
            json!({"start_offset": "a", "start_from": 1}),
            &["start_offset"],
        ),
        (json!({"host": "h.example/path"}), &["host"]),
    ] {
        let problems = resolve(&config(more.clone())).err().unwrap_or_default();
        let keys: Vec<_> = problems
            .iter()
            .flat_map(|error| error.context())
            .filter(|(name, _)| *name == "key")
            .map(|(_, key)| key.as_str())
            .collect();
        assert_eq!(keys, expected, "{more}");
        assert!(problems.iter().all(|error| !error.user_action().is_empty()));
    }
}

#[test]
fn a_missing_secret_is_named_with_the_way_to_set_it() {
    let config = config(json!({"client_secret": {"secret": "AKAMAI_CLIENT_SECRET"}}));
    let problems = resolve(&config).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind(), ErrorKind::MissingSecret);
    assert_eq!(
        problems[0].to_string(),
        "the secret AKAMAI_CLIENT_SECRET is not set; key: client_secret. What to do: set it: \
         `wrangler secret put AKAMAI_CLIENT_SECRET` for a deployed Worker, a line AKAMAI_CLIENT_SECRET=… \
         in .dev.vars for a local one, the environment variable AKAMAI_CLIENT_SECRET elsewhere"
    );
}

#[test]
fn unknown_keys_and_wrong_shapes_are_refused() {
    for (more, part) in [
        (json!({"offset": "x"}), "unknown field `offset`"),
        (
            json!({"config_ids": [1.5]}),
            "a configuration id is a number",
        ),
        (
            json!({"config_ids": [-1]}),
            "a configuration id is a number",
        ),
        (json!({"limit": "10"}), "expected u64"),
        (json!({"client_token": "akab-pasted"}), "never its value"),
    ] {
        let error = serde_json::from_value::<Config>(config(more))
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{error}");
        assert!(!error.contains("akab-pasted"), "{error}");
    }
}

#[test]
fn page_sizes_and_pace_come_from_the_configuration_and_the_api() {
    for (more, expected) in [
        (json!({}), (100, 10_000)),
        (json!({"limit": 50}), (50, 50)),
        (
            json!({"limit": 600_000, "min_limit": 1000}),
            (1000, 600_000),
        ),
    ] {
        let limits = source(more).page_limits();
        assert_eq!((limits.min, limits.configured), expected);
        assert_eq!(limits.min_interval_ms, 1000);
    }
}
