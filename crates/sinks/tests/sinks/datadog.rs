//! Datadog's answers, and what is refused at start.

use serde_json::{Value, json};

use super::answers::{check_common_statuses, check_nothing_leaks, health, problem_keys};
use super::{API_KEY, head, name, sink, verdict};

fn config() -> Value {
    json!({"api_key": {"secret": "API_KEY"}})
}

const NOT_DATADOG: &str = "stop: the answer is not that of Datadog's log intake, which says 202";
const KEY: &str = "Datadog refused our API key";

#[test]
fn datadog_says_202_and_nothing_else_delivers() {
    let sink = sink("datadog", &config());
    check_common_statuses(sink.as_ref());
    for (status, body, expected) in [
        (202, "{}", "accepted"),
        (202, "", "accepted"),
        (200, "{}", "accepted"),
        (200, "", NOT_DATADOG),
        (200, "<html>please log in</html>", NOT_DATADOG),
        (204, "", NOT_DATADOG),
        (
            400,
            r#"{"errors":[{"detail":"Missing payload","status":"400","title":"Bad Request"}]}"#,
            "rejected",
        ),
        (
            403,
            r#"{"errors":[{"status":"403","title":"Forbidden","detail":"API key is invalid"}]}"#,
            "stop: Datadog refused our API key",
        ),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn a_key_is_valid_only_if_datadog_says_so() {
    let sink = sink("datadog", &config());
    for (status, body, expected) in [
        (200, r#"{"valid":true}"#, "well"),
        (200, r#"{"valid":false}"#, KEY),
        (403, r#"{"errors":["Forbidden"]}"#, KEY),
        (
            200,
            "<html>",
            "the answer is not that of Datadog's log intake, which says 202",
        ),
        (
            503,
            "",
            "the sink is there, and does not take events at the moment",
        ),
    ] {
        assert_eq!(
            health(sink.as_ref(), status, body),
            expected,
            "{status} {body}"
        );
    }
}

#[test]
fn no_key_is_shown() {
    check_nothing_leaks(sink("datadog", &config()).as_ref(), &[API_KEY]);
}

#[test]
fn problems_are_named_by_their_keys() {
    let key = json!({"secret": "API_KEY"});
    for (config, expected) in [
        (config(), &[][..]),
        (json!({"api_key": key, "site": "DATADOGHQ.EU"}), &[]),
        (json!({"api_key": {"secret": "NOT_SET"}}), &["api_key"]),
        (
            json!({
                "api_key": key, "site": "eu2", "ddsource": "", "service": "a\nb", "hostname": "x".repeat(257),
                "tags": ["env:prod", "a,b"], "max_batch_events": 1001, "max_batch_bytes": 5_000_001, "timeout_s": 601,
            }),
            &[
                "site",
                "ddsource",
                "service",
                "hostname",
                "tags",
                "timeout_s",
                "max_batch_events",
                "max_batch_bytes",
            ],
        ),
        (
            json!({"api_key": key, "site": "eu", "url": "http://opw.example"}),
            &["site", "url"],
        ),
    ] {
        assert_eq!(problem_keys("datadog", &config), expected, "{config}");
    }
}
