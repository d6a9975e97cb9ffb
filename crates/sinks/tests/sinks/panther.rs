//! Panther's answers, and what is refused at start.

use serde_json::{Value, json};

use super::answers::{check_common_statuses, check_nothing_leaks, problem_keys};
use super::{TOKEN, head, name, sink, verdict};

const URL: &str = "https://logs.acme.runpanther.net/http/cb015ee4-543c-4489-9f4b-testtesttest";
const PAGE: &str = "stop: the answer is a page for people, not that of an HTTP source";

/// One of each kind of authentication, all with the same secret.
fn configs() -> [Value; 4] {
    let secret = json!({"secret": "TOKEN"});
    [
        json!({"url": URL, "shared_secret": {"header": "x-panther", "secret": secret}}),
        json!({"url": URL, "hmac": {"header": "x-signature", "key": secret}}),
        json!({"url": URL, "bearer": secret}),
        json!({"url": URL, "basic": {"username": "edge", "password": secret}}),
    ]
}

#[test]
fn any_2xx_but_a_page_delivers() {
    for config in configs() {
        let sink = sink("panther", &config);
        check_common_statuses(sink.as_ref());
        for (status, body, expected) in [
            (200, "", "accepted"),
            (200, "{}", "accepted"),
            (201, "", "accepted"),
            (202, "OK", "accepted"),
            (204, "", "accepted"),
            (200, "<html>please log in</html>", PAGE),
            (401, "", "stop: Panther refused our credentials"),
            (403, "", "stop: Panther refused our credentials"),
        ] {
            let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
            assert_eq!(name(&verdict), expected, "{status} {body}");
        }
    }
}

#[test]
fn neither_address_nor_secret_is_shown() {
    let basic = format!("edge:{TOKEN}");
    let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, basic);
    let id = "cb015ee4-543c-4489-9f4b-testtesttest";
    for (config, hidden) in configs().into_iter().zip([
        &[id, TOKEN][..],
        // No server can echo a key that is never sent.
        &[id],
        &[id, TOKEN],
        &[id, TOKEN, &basic],
    ]) {
        check_nothing_leaks(sink("panther", &config).as_ref(), hidden);
    }
}

#[test]
fn problems_are_named_by_their_keys() {
    let secret = json!({"secret": "TOKEN"});
    for config in configs() {
        assert_eq!(problem_keys("panther", &config), [""; 0], "{config}");
    }
    for (config, expected) in [
        (json!({"url": URL}), &["shared_secret"][..]),
        (
            json!({"url": {"secret": "NOT_SET"}, "bearer": secret, "basic": {"username": "u", "password": secret}}),
            &["url", "shared_secret"],
        ),
        (
            json!({"url": URL, "shared_secret": {"header": "Content-Type", "secret": {"secret": "NOT_SET"}}}),
            &["shared_secret.header", "shared_secret.secret"],
        ),
        (
            json!({"url": URL, "hmac": {"header": "a b", "key": {"secret": "NOT_SET"}}, "gzip": true}),
            &["hmac.header", "hmac.key", "gzip"],
        ),
        (
            json!({"url": URL, "basic": {"username": "a:b", "password": secret}, "max_batch_bytes": 980_001}),
            &["basic.username", "max_batch_bytes"],
        ),
        (
            json!({"url": URL, "bearer": {"secret": "NOT_SET"}}),
            &["bearer"],
        ),
    ] {
        assert_eq!(problem_keys("panther", &config), expected, "{config}");
    }
}
