//! What is refused at start, and with which words.

use edgesiem_model::{Error, ErrorKind};
use serde_json::{Value, json};

use super::{WEBHOOK_SECRET, resolve, secrets};

fn key(error: &Error) -> &str {
    let found = error.context().iter().find(|(name, _)| *name == "key");
    found.map_or("", |(_, value)| value.as_str())
}

/// Keys of all problems.
fn keys(kind: &str, config: &Value) -> Vec<String> {
    let problems = resolve(kind, config, &secrets()).err().unwrap_or_default();
    problems.iter().map(|error| key(error).to_owned()).collect()
}

#[test]
fn every_problem_is_reported_with_its_key() {
    let webhook = "https://hooks.example/";
    let splunk = "https://splunk.example:8088";
    let secret = json!({"secret": "WEBHOOK_SECRET"});
    let token = json!({"secret": "TOKEN"});
    for (kind, config, expected) in [
        (
            "webhook",
            json!({"url": webhook, "signing_secret": secret}),
            &[][..],
        ),
        ("webhook", json!({"url": webhook, "unsigned": true}), &[]),
        ("webhook", json!({"url": webhook}), &["signing_secret"]),
        (
            "webhook",
            json!({"url": webhook, "signing_secret": secret, "unsigned": true}),
            &["unsigned"],
        ),
        (
            "webhook",
            json!({"url": webhook, "unsigned": true, "previous_signing_secret": secret}),
            &["previous_signing_secret"],
        ),
        (
            "webhook",
            json!({
                "url": "http://hooks.example/", "signing_secret": {"secret": "NOT_SET"},
                "headers": {
                    "x-api-key": "in clear text", "Host": "x", "x-source": "a\nb",
                    "authorization": {"secret": "NOT_SET"},
                },
                "timeout_s": 0, "max_batch_events": 0, "max_batch_bytes": 1,
            }),
            &[
                "url",
                "signing_secret",
                "headers.host",
                "headers.authorization",
                "headers.x-api-key",
                "headers.x-source",
                "timeout_s",
                "max_batch_events",
                "max_batch_bytes",
            ],
        ),
        ("splunk-hec", json!({"url": splunk, "token": token}), &[]),
        (
            "splunk-hec",
            json!({
                "url": "https://splunk.example:8088/services/collector/ack", "token": {"secret": "NOT_SET"},
                "index": "", "sourcetype": "a\u{1b}b",
                "fields": {"edgesiem_id": "x", "edgesiem_replay": "x", "_x": "y", "ok": ""},
                "channel": "not-a-guid", "ack_timeout_s": 0,
            }),
            &[
                "token",
                "fields._x",
                "fields.edgesiem_id",
                "fields.edgesiem_replay",
                "fields.ok",
                "index",
                "sourcetype",
                "ack_timeout_s",
                "url",
            ],
        ),
        (
            "splunk-hec",
            json!({"url": splunk, "token": token, "channel": "not-a-guid", "ack_timeout_s": 9}),
            &["channel", "channel", "ack_timeout_s"],
        ),
        (
            "splunk-hec",
            json!({
                "url": format!("{splunk}/services/collector/raw"), "token": token,
                "channel": "0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba", "sourcetype": "cef",
            }),
            &[],
        ),
        (
            "splunk-hec",
            json!({
                "url": splunk, "endpoint": "raw", "token": token, "fields": {"a": "b"}, "ack_timeout_s": 9,
                "channel": "not-a-guid",
            }),
            &["channel", "ack_timeout_s", "fields"],
        ),
        (
            "splunk-hec",
            json!({"url": format!("{splunk}/services/collector/event"), "endpoint": "raw", "token": token}),
            &["url"],
        ),
    ] {
        assert_eq!(keys(kind, &config), expected, "{config}");
    }
}

#[test]
fn a_missing_secret_is_named_with_the_way_to_set_it() {
    let config = json!({"url": "https://splunk.example:8088", "token": {"secret": "SPLUNK_TOKEN"}});
    for stored in [None, Some(""), Some(" \n")] {
        let stored = stored.map(|value| ("SPLUNK_TOKEN".to_owned(), value.to_owned()));
        let problems = resolve("splunk-hec", &config, &stored.into_iter().collect())
            .err()
            .unwrap();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].kind(), ErrorKind::MissingSecret);
        assert_eq!(
            problems[0].to_string(),
            "the secret SPLUNK_TOKEN is not set; key: token. What to do: set it: \
             `wrangler secret put SPLUNK_TOKEN` for a deployed Worker, a line SPLUNK_TOKEN=… in .dev.vars \
             for a local one, the environment variable SPLUNK_TOKEN elsewhere"
        );
    }
}

#[test]
fn a_signing_secret_is_checked_without_being_shown() {
    let config = json!({"url": "https://hooks.example/", "signing_secret": {"secret": "S"}});
    for (value, fits) in [
        (WEBHOOK_SECRET, true),
        (WEBHOOK_SECRET.trim_end_matches('='), true),
        // 23, 24, 64 and 65 bytes.
        ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY=", false),
        ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", true),
        (&format!("whsec_{}", "A".repeat(86)), true),
        (&format!("whsec_{}", "A".repeat(87)), false),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", false),
        ("whsec_not base64 not base64 not base64 not base64", false),
        ("whsec_", false),
    ] {
        let stored = [("S".to_owned(), value.to_owned())].into();
        let resolved = resolve("webhook", &config, &stored);
        assert_eq!(resolved.is_ok(), fits, "{value}");
        for problem in resolved.err().unwrap_or_default() {
            assert!(
                !format!("{problem:?}").contains(
                    value
                        .trim_start_matches("whsec_")
                        .get(..8)
                        .unwrap_or("whsec_x")
                )
            );
        }
    }
}

#[test]
fn a_token_that_no_header_can_carry_is_refused() {
    let config = json!({"url": "https://splunk.example:8088", "token": {"secret": "T"}});
    for value in ["a\nb", "tökén", "a\u{0}b"] {
        let stored = [("T".to_owned(), value.to_owned())].into();
        let problems = resolve("splunk-hec", &config, &stored).err().unwrap();
        assert_eq!(problems.iter().map(key).collect::<Vec<_>>(), ["token"]);
        assert!(!format!("{problems:?}").contains(value));
    }
}

#[test]
fn unknown_keys_and_wrong_shapes_are_refused() {
    let webhook = |value: Value| serde_json::from_value::<edgesiem_sinks::webhook::Config>(value);
    let splunk = |value: Value| serde_json::from_value::<edgesiem_sinks::splunk_hec::Config>(value);
    for (error, part) in [
        (
            webhook(json!({"url": "x", "retries": 3})).err(),
            "unknown field `retries`",
        ),
        (webhook(json!({})).err(), "missing field `url`"),
        (
            webhook(json!({"url": "x", "signing_secret": "whsec_x"})).err(),
            "never its value",
        ),
        (
            webhook(json!({"url": "x", "headers": {"x-source": 1}})).err(),
            "it is a string or { secret = \"NAME\" }",
        ),
        (
            splunk(json!({"url": "x", "token": {"secret": "A", "x": 1}})).err(),
            "never its value",
        ),
        (splunk(json!({"url": "x"})).err(), "missing field `token`"),
    ] {
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_configuration_can_be_logged() {
    let config =
        json!({"url": "https://hooks.example/", "signing_secret": {"secret": "WEBHOOK_SECRET"}});
    let config: edgesiem_sinks::webhook::Config = serde_json::from_value(config).unwrap();
    let shown = format!("{config:?}");
    assert!(
        shown.contains("WEBHOOK_SECRET") && !shown.contains("whsec_"),
        "{shown}"
    );
}
