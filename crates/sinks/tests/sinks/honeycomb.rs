//! Honeycomb's answers, and what is refused at start.

use edgesiem_model::{Answer, Sink, SinkVerdict, Timestamp};
use serde_json::{Value, json};

use super::answers::{check_common_statuses, check_nothing_leaks, health, problem_keys};
use super::{TOKEN, batch, head, name, sink};

fn config() -> Value {
    json!({"dataset": "akamai-waf", "api_key": {"secret": "TOKEN"}})
}

/// The verdict over an answer to a batch of three events.
fn of_three(sink: &dyn Sink, status: u16, headers: &[(&str, &str)], body: &str) -> SinkVerdict {
    let head = head(status, headers);
    let answer = Answer {
        head: &head,
        body: body.as_bytes(),
        now: Timestamp::from_secs(784_111_777),
    };
    sink.verdict(&batch(&["{}", "{}", "{}"]).view(), &answer)
}

const NOT_HONEYCOMB: &str = "stop: the answer is not that of Honeycomb's Events API";

#[test]
fn honeycomb_answers_for_each_event_in_order() {
    let sink = sink("honeycomb", &config());
    check_common_statuses(sink.as_ref());
    for (body, expected) in [
        (
            r#"[{"status":202},{"status":202},{"status":202}]"#,
            "accepted",
        ),
        (
            r#" [{"status":200},{"status":202},{"status":202}]"#,
            "accepted",
        ),
        (
            r#"[{"status":202},{"status":400,"error":"Event has too many columns."},{"status":429,"error":"rate limited"}]"#,
            r#"partial [2] [(1, "HTTP 400: Event has too many columns.")]"#,
        ),
        (
            r#"[{"status":400},{"status":413,"error":"a\u001b[2Jb"},{"status":422,"error":null}]"#,
            r#"partial [] [(0, "HTTP 400 without a body"), (1, "HTTP 413: a\\u{1b}[2Jb"), (2, "HTTP 422 without a body")]"#,
        ),
        (
            r#"[{"status":403},{"status":500},{"status":202}]"#,
            "partial [0, 1] []",
        ),
        (
            r#"[{"status":401},{"status":404},{"status":503}]"#,
            "partial [0, 1, 2] []",
        ),
        // Not as many as there were events, or cut off: nobody knows which it speaks of.
        (r#"[{"status":202},{"status":202}]"#, "retry"),
        (
            r#"[{"status":202},{"status":202},{"status":202},{"status":202}]"#,
            "retry",
        ),
        (r#"[{"status":202},{"status":202},{"sta"#, "retry"),
        (
            r#"[{"status":"202"},{"status":202},{"status":202}]"#,
            "retry",
        ),
        ("[]", "retry"),
        ("", NOT_HONEYCOMB),
        ("{}", NOT_HONEYCOMB),
        ("<html>please log in</html>", NOT_HONEYCOMB),
    ] {
        let verdict = of_three(sink.as_ref(), 200, &[], body);
        assert_eq!(name(&verdict), expected, "{body}");
    }
}

#[test]
fn an_answer_that_is_cut_by_our_limit_halves_the_batch() {
    let sink = sink("honeycomb", &config());
    let beginning = r#"[{"status":202},{"status":400,"error":""#;
    let rest = sink.limits().max_answer_bytes - beginning.len();
    for (length, expected) in [(rest, "too large"), (rest - 1, "retry")] {
        let body = format!("{beginning}{}", "x".repeat(length));
        let verdict = of_three(sink.as_ref(), 200, &[], &body);
        assert_eq!(name(&verdict), expected);
    }
}

#[test]
fn throttled_events_wait_as_long_as_honeycomb_asks() {
    let sink = sink("honeycomb", &config());
    let body = r#"[{"status":202},{"status":429,"error":"slow down"},{"status":202}]"#;
    let SinkVerdict::Partial {
        again,
        after_ms,
        reason,
        ..
    } = of_three(sink.as_ref(), 200, &[("retry-after", "3")], body)
    else {
        panic!("one event is throttled");
    };
    assert_eq!(
        (again, after_ms, reason.as_str()),
        (vec![1], Some(3000), "HTTP 429: slow down")
    );
}

#[test]
fn an_event_above_a_megabyte_is_not_sent() {
    let limits = sink("honeycomb", &config()).limits();
    assert_eq!(limits.max_event_bytes, 1_000_000);
    let document = format!("{{\"a\":\"{}\"}}", "x".repeat(1_000_000));
    let excess = limits.excess(edgesiem_model::DocumentForm::Json, document.as_bytes());
    assert!(excess.is_some_and(|bytes| bytes > 1_000_000));
}

#[test]
fn health_tells_what_the_key_may_do() {
    let sink = sink("honeycomb", &config());
    for (status, body, expected) in [
        (200, r#"{"api_key_access":{"events":true}}"#, "well"),
        (200, r#"{"api_key_access":{}}"#, "well"),
        (
            200,
            r#"{"api_key_access":{"events":false}}"#,
            "the key may not send events",
        ),
        (200, "<html>", "the answer is not that of Honeycomb's API"),
        (
            401,
            r#"{"error":"unknown API key - check your credentials"}"#,
            "Honeycomb refused our key, or drops what it sends",
        ),
        (
            503,
            "",
            "the sink is there, and does not take events at the moment",
        ),
    ] {
        assert_eq!(health(sink.as_ref(), status, body), expected, "{body}");
    }
}

#[test]
fn no_key_is_shown() {
    check_nothing_leaks(sink("honeycomb", &config()).as_ref(), &[TOKEN]);
}

#[test]
fn problems_are_named_by_their_keys() {
    for (config, expected) in [
        (config(), &[][..]),
        (
            json!({"url": "https://api.eu1.honeycomb.io/", "dataset": "a b", "api_key": {"secret": "TOKEN"}}),
            &[],
        ),
        (
            json!({"url": "https://h.example/?x=1", "dataset": "a/b", "api_key": {"secret": "NOT_SET"}}),
            &["url", "api_key", "dataset"],
        ),
        (
            json!({"dataset": "", "api_key": {"secret": "TOKEN"}, "max_batch_bytes": 5_000_001, "max_batch_events": 10_001}),
            &["dataset", "max_batch_events", "max_batch_bytes"],
        ),
        (
            json!({"dataset": "..", "api_key": {"secret": "TOKEN"}}),
            &["dataset"],
        ),
    ] {
        assert_eq!(problem_keys("honeycomb", &config), expected, "{config}");
    }
}
