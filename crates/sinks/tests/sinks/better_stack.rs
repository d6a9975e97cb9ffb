//! Better Stack's answers, and what is refused at start.

use serde_json::{Value, json};

use super::answers::{check_nothing_leaks, problem_keys};
use super::{TOKEN, head, name, sink, verdict};

fn config() -> Value {
    json!({"url": "https://s1234567.eu-nbg-2.betterstackdata.com", "token": {"secret": "TOKEN"}})
}

#[test]
fn better_stack_says_all_by_its_status() {
    let sink = sink("better-stack", &config());
    let other = "stop: the answer is not that of Better Stack, which is 202";
    let token = "stop: Better Stack refused the source token";
    let address = "stop: nothing takes logs at this address";
    let quota =
        "stop: Better Stack takes no more: the plan's quota or the spending limit is reached";
    let kind = "stop: Better Stack refuses requests of this kind";
    for (status, headers, body, expected) in [
        (202, &[][..], "", "accepted"),
        (200, &[], "", other),
        (200, &[], "<html>please log in</html>", other),
        (204, &[], "", other),
        (
            301,
            &[],
            "",
            "stop: the sink answered with a redirect, and redirects are never followed",
        ),
        (400, &[], "", "rejected"),
        (401, &[], "", token),
        (402, &[], "Quota exceeded", quota),
        (403, &[], "Unauthorized", token),
        (404, &[], "", address),
        (405, &[], "", address),
        (406, &[], "Couldn't parse JSON content.", "rejected"),
        (408, &[], "", "retry"),
        (410, &[], "", address),
        (413, &[], "payload reached size limit", "too large"),
        (415, &[], "", kind),
        (422, &[], "", "rejected"),
        (429, &[("retry-after", "7")], "", "retry 7000"),
        (431, &[], "", kind),
        (500, &[], "", "retry"),
        (503, &[], "", "retry"),
        (0, &[], "", kind),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, headers), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn no_token_is_shown() {
    check_nothing_leaks(sink("better-stack", &config()).as_ref(), &[TOKEN]);
}

#[test]
fn problems_are_named_by_their_keys() {
    for (config, expected) in [
        (config(), &[][..]),
        (
            json!({"url": "http://h.example", "token": {"secret": "NOT_SET"}, "max_batch_bytes": 10_000_001}),
            &["url", "token", "max_batch_bytes"],
        ),
        (
            json!({"url": "https://h.example/?source_token=x", "token": {"secret": "TOKEN"}}),
            &["url"],
        ),
    ] {
        assert_eq!(problem_keys("better-stack", &config), expected, "{config}");
    }
}
