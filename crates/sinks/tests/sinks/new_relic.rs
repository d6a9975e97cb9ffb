//! New Relic's answers, and what is refused at start.

use edgesiem_model::DocumentForm;
use serde_json::{Value, json};

use super::answers::{check_common_statuses, check_nothing_leaks, problem_keys};
use super::{API_KEY, head, name, sink, verdict};

fn config() -> Value {
    json!({"license_key": {"secret": "API_KEY"}, "attributes": {"env": "prod"}})
}

const NOT_NEW_RELIC: &str = "stop: the answer is not that of the Log API, which says 202";

#[test]
fn new_relic_says_202_and_nothing_else_delivers() {
    let sink = sink("new-relic", &config());
    check_common_statuses(sink.as_ref());
    for (status, body, expected) in [
        (
            202,
            r#"{"requestId":"f0e7bfff-001a-b000-0000-01682bcf4565"}"#,
            "accepted",
        ),
        (202, "<html>", NOT_NEW_RELIC),
        (200, "{}", NOT_NEW_RELIC),
        (204, "", NOT_NEW_RELIC),
        (403, "{}", "stop: New Relic refused our license key"),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn a_request_with_the_longest_event_fits() {
    let limits = sink("new-relic", &config()).limits();
    assert_eq!(limits.max_event_bytes + limits.bytes_per_batch, 1_000_000);
    let fits = "x".repeat(limits.max_event_bytes - limits.bytes_per_event);
    assert_eq!(limits.excess(DocumentForm::Text, fits.as_bytes()), None);
    let too_long = fits + "x";
    assert!(
        limits
            .excess(DocumentForm::Text, too_long.as_bytes())
            .is_some()
    );
}

#[test]
fn no_key_is_shown() {
    check_nothing_leaks(sink("new-relic", &config()).as_ref(), &[API_KEY]);
}

#[test]
fn problems_are_named_by_their_keys() {
    let key = json!({"secret": "API_KEY"});
    for (config, expected) in [
        (config(), &[][..]),
        (
            json!({
                "license_key": {"secret": "NOT_SET"}, "region": "eu", "url": "https://p.example", "logtype": "",
                "attributes": {"timestamp": "x", "edgesiem_id": "x", "a b": "x", "ok": ""},
                "max_batch_bytes": 1_000_001,
            }),
            &[
                "region",
                "license_key",
                "logtype",
                "attributes.a b",
                "attributes.edgesiem_id",
                "attributes.timestamp",
                "attributes.ok",
                "max_batch_bytes",
            ],
        ),
        (json!({"license_key": key, "url": "ftp://x"}), &["url"]),
    ] {
        assert_eq!(problem_keys("new-relic", &config), expected, "{config}");
    }
}
