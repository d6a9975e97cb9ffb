//! Cribl's answers, and what is refused at start.

use serde_json::{Value, json};

use super::answers::{check_common_statuses, check_nothing_leaks, problem_keys};
use super::{TOKEN, head, name, sink, verdict};

fn config() -> Value {
    json!({"url": "https://cribl.example:10080", "token": {"secret": "TOKEN"}})
}

const NOT_CRIBL: &str = "stop: the answer is not that of a bulk source, which says 200";
const FAILED: &str = "stop: the source answers that it has not taken the events";

#[test]
fn cribl_says_200_and_neither_a_page_nor_a_failure_delivers() {
    let sink = sink("cribl", &config());
    check_common_statuses(sink.as_ref());
    for (status, body, expected) in [
        (200, r#"{"success":true,"items":1}"#, "accepted"),
        (200, "", "accepted"),
        (200, r#"{"success":false}"#, FAILED),
        (200, "<html>please log in</html>", NOT_CRIBL),
        (202, "", NOT_CRIBL),
        (403, "", "stop: the source refused our token"),
        (503, r#"{"success":false}"#, "retry"),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn no_token_is_shown() {
    check_nothing_leaks(sink("cribl", &config()).as_ref(), &[TOKEN]);
}

#[test]
fn problems_are_named_by_their_keys() {
    for (config, expected) in [
        (config(), &[][..]),
        (json!({"url": "https://cribl.example"}), &[]),
        (
            json!({"url": "https://cribl.example/elastic/_bulk"}),
            &["url"],
        ),
        (
            json!({
                "url": "https://cribl.example", "token": {"secret": "NOT_SET"},
                "fields": {"_raw": "x", "_time": "x", "edgesiem_id": "x", "a b": "x", "ok": ""},
            }),
            &[
                "token",
                "fields._raw",
                "fields._time",
                "fields.a b",
                "fields.edgesiem_id",
                "fields.ok",
            ],
        ),
    ] {
        assert_eq!(problem_keys("cribl", &config), expected, "{config}");
    }
}
