//! Answers of Kafka REST proxies, and what is refused at start.

use edgesiem_model::{Answer, DocumentForm, Sink, SinkVerdict, Timestamp};
use serde_json::{Value, json};

use super::answers::{check_common_statuses, check_nothing_leaks, health, problem_keys};
use super::{API_KEY, TOKEN, batch, head, name, sink};

fn v2() -> Value {
    json!({"url": "https://rest-proxy.example:8082", "topic": "akamai-waf", "token": {"secret": "TOKEN"}})
}

fn v3() -> Value {
    json!({
        "url": "https://pkc-1.example/kafka", "topic": "akamai-waf", "api": "v3", "cluster_id": "lkc-1",
        "user": "KEY", "password": {"secret": "API_KEY"},
    })
}

/// The verdict over a 200 to a batch of three events.
fn of_three(sink: &dyn Sink, body: &str) -> SinkVerdict {
    let head = head(200, &[]);
    let answer = Answer {
        head: &head,
        body: body.as_bytes(),
        now: Timestamp::from_secs(784_111_777),
    };
    sink.verdict(&batch(&["{}", "{}", "{}"]).view(), &answer)
}

const NOT_A_PROXY: &str = "stop: the answer is not that of a Kafka REST proxy";
const NO_RECORD: &str = "stop: Kafka lets us write no record to the topic";

/// An answer of version 2 with these codes.
fn offsets(codes: &[Option<i64>]) -> String {
    let offset = |code: &Option<i64>| match code {
        None => json!({"partition": 0, "offset": 7, "error_code": null, "error": null}),
        Some(code) => {
            json!({"partition": null, "offset": null, "error_code": code, "error": "why"})
        }
    };
    let offsets: Vec<Value> = codes.iter().map(offset).collect();
    json!({"offsets": offsets, "key_schema_id": null, "value_schema_id": null}).to_string()
}

/// One of version 3.
fn reports(codes: &[i64]) -> String {
    let report = |code: &i64| {
        match code {
        200 => json!({
            "error_code": 200, "cluster_id": "lkc-1", "topic_name": "akamai-waf", "partition_id": 0, "offset": 7,
            "timestamp": "2026-11-22T00:00:00Z", "key": {"type": "BINARY", "size": 32}, "value": {"type": "JSON", "size": 2},
        })
        .to_string(),
        code => json!({"error_code": code, "message": "why"}).to_string(),
    }
    };
    codes.iter().map(|code| report(code) + "\r\n").collect()
}

#[test]
fn version_2_reports_on_each_record_in_order() {
    let sink = sink("kafka-rest", &v2());
    check_common_statuses(sink.as_ref());
    for (codes, expected) in [
        (&[None, None, None][..], "accepted"),
        (&[None, Some(0), None], "accepted"),
        (
            &[None, Some(50002), Some(50003)],
            r#"partial [2] [(1, "HTTP 200: error code 50002: why")]"#,
        ),
        // The documentation's 1 (never) and 2 (again).
        (
            &[Some(1), Some(2), None],
            r#"partial [1] [(0, "HTTP 200: error code 1: why")]"#,
        ),
        (
            &[Some(10), None, Some(87)],
            r#"partial [] [(0, "HTTP 200: error code 10: why"), (2, "HTTP 200: error code 87: why")]"#,
        ),
        (&[Some(7), Some(-1), Some(12345)], "partial [0, 1, 2] []"),
        // Nothing may be written: for somebody to mend. If others were taken, these are sent again alone first.
        (&[Some(40301), Some(40301), Some(40301)], NO_RECORD),
        (&[Some(40101), Some(29), Some(3)], NO_RECORD),
        (&[None, Some(40301), Some(40301)], "partial [1, 2] []"),
        (
            &[Some(40301), Some(50002), Some(50003)],
            r#"partial [0, 2] [(1, "HTTP 200: error code 50002: why")]"#,
        ),
    ] {
        let verdict = of_three(sink.as_ref(), &offsets(codes));
        assert_eq!(name(&verdict), expected, "{codes:?}");
    }
}

#[test]
fn redpanda_reports_on_partitions() {
    let sink = sink("kafka-rest", &v2());
    for (codes, expected) in [
        (&[None][..], "accepted"),
        (&[None, None], "accepted"),
        (&[None, Some(7)], "retry"),
        (&[Some(87), Some(7)], "retry"),
        (&[None, Some(3)], "retry"),
        (&[Some(3), Some(29)], NO_RECORD),
        (&[None, Some(10)], "too large"),
        (&[None, Some(87)], "rejected"),
        (&[None, None, None, None], "accepted"),
        (&[None, None, None, Some(6)], "retry"),
        (&[], "retry"),
    ] {
        let verdict = of_three(sink.as_ref(), &offsets(codes));
        assert_eq!(name(&verdict), expected, "{codes:?}");
    }
    for (body, expected) in [
        // Redpanda leaves the code out where there is none.
        (r#"{"offsets":[{"partition":0,"offset":7}]}"#, "accepted"),
        (r#"{"offsets":[{"partition":0"#, "retry"),
        ("", "retry"),
        (r#"{"offsets":7}"#, NOT_A_PROXY),
        ("{}", NOT_A_PROXY),
        ("[]", NOT_A_PROXY),
        ("<html>please log in</html>", NOT_A_PROXY),
    ] {
        assert_eq!(name(&of_three(sink.as_ref(), body)), expected, "{body}");
    }
}

#[test]
fn as_many_partitions_as_events_are_not_taken_for_records() {
    let sink = sink("kafka-rest", &v2());
    for (offsets, expected) in [
        // Redpanda tells of partition 0 first, whichever record went there.
        (
            r#"[{"partition":0,"error_code":6,"offset":-1},{"partition":1,"offset":17}]"#,
            "retry",
        ),
        (
            r#"[{"partition":1,"offset":17},{"partition":0,"error_code":87,"offset":-1}]"#,
            "rejected",
        ),
        (
            r#"[{"partition":1,"offset":17},{"partition":0,"offset":3}]"#,
            "accepted",
        ),
        // Confluent: by record.
        (
            r#"[{"partition":0,"offset":17},{"partition":null,"error_code":50003}]"#,
            "partial [1] []",
        ),
        (
            r#"[{"partition":0,"offset":17},{"partition":0,"error_code":50003}]"#,
            "partial [1] []",
        ),
    ] {
        let head = head(200, &[]);
        let body = format!(r#"{{"offsets":{offsets}}}"#);
        let answer = Answer {
            head: &head,
            body: body.as_bytes(),
            now: Timestamp::default(),
        };
        let verdict = sink.verdict(&batch(&["{}", "{}"]).view(), &answer);
        assert_eq!(name(&verdict), expected, "{offsets}");
    }
}

#[test]
fn an_answer_that_is_cut_by_our_limit_halves_the_batch() {
    for (config, beginning) in [
        (v2(), r#"{"offsets":[{"partition":0,"offset":7},{"error":""#),
        (v3(), r#"{"error_code":500,"message":""#),
    ] {
        let sink = sink("kafka-rest", &config);
        let rest = sink.limits().max_answer_bytes - beginning.len();
        let cut = format!("{beginning}{}", "x".repeat(rest));
        let verdict = of_three(sink.as_ref(), &cut);
        assert_eq!(name(&verdict), "too large");
        let verdict = of_three(sink.as_ref(), cut.strip_suffix('x').unwrap());
        assert_eq!(name(&verdict), "retry");
        let page = format!("<html>{cut}");
        assert_eq!(name(&of_three(sink.as_ref(), &page)), NOT_A_PROXY);
    }
    // What is told before the cut counts, so that the next request has fewer records.
    let sink = sink("kafka-rest", &v3());
    let told = reports(&[200, 200]);
    let cut =
        told + r#"{"error_code":500,"message":""# + &"x".repeat(sink.limits().max_answer_bytes);
    assert_eq!(name(&of_three(sink.as_ref(), &cut)), "partial [2] []");
}

#[test]
fn version_3_sends_a_report_for_each_record_and_what_is_missing_was_not_taken() {
    let sink = sink("kafka-rest", &v3());
    check_common_statuses(sink.as_ref());
    for (codes, expected) in [
        (&[200, 200, 200][..], "accepted"),
        (&[200, 200], "partial [2] []"),
        (&[429], "partial [0, 1, 2] []"),
        (
            &[200, 400],
            r#"partial [2] [(1, "HTTP 200: error code 400: why")]"#,
        ),
        (
            &[413, 42206, 50003],
            r#"partial [2] [(0, "HTTP 200: error code 413: why"), (1, "HTTP 200: error code 42206: why")]"#,
        ),
        (&[200, 408, 503], "partial [1, 2] []"),
        (&[403, 40301, 40403], NO_RECORD),
        (&[200, 40301, 40403], "partial [1, 2] []"),
        (&[200, 200, 200, 200], NOT_A_PROXY),
        (&[], "retry"),
    ] {
        let verdict = of_three(sink.as_ref(), &reports(codes));
        assert_eq!(name(&verdict), expected, "{codes:?}");
    }
    let whole = reports(&[200, 200, 200]);
    let cut = whole.get(..whole.len() - 10).unwrap();
    for (body, expected) in [
        (whole.replace("\r\n", "").as_str(), "accepted"),
        (cut, "partial [2] []"),
        ("{}", NOT_A_PROXY),
        (r#"{"offsets":[]}"#, NOT_A_PROXY),
        ("<html>please log in</html>", NOT_A_PROXY),
    ] {
        assert_eq!(name(&of_three(sink.as_ref(), body)), expected, "{body}");
    }
}

#[test]
fn health_is_that_of_a_proxy_that_takes_our_credentials() {
    let [second, third] = [sink("kafka-rest", &v2()), sink("kafka-rest", &v3())];
    let refused = "the proxy refused our credentials";
    for (sink, status, body, expected) in [
        (&second, 200, r#"["akamai-waf"]"#, "well"),
        (&third, 200, r#"{"kind":"KafkaTopic"}"#, "well"),
        (
            &second,
            200,
            "<html>",
            "the answer is not that of a Kafka REST proxy",
        ),
        (&third, 401, "", refused),
        (
            &third,
            404,
            r#"{"error_code":40403,"message":"This server does not host this topic-partition."}"#,
            "there is no such topic, cluster or address",
        ),
        (
            &second,
            503,
            "",
            "the sink is there, and does not take events at the moment",
        ),
    ] {
        assert_eq!(health(sink.as_ref(), status, body), expected, "{body}");
    }
}

#[test]
fn text_goes_in_base64_only() {
    for (encoding, form, takes) in [
        ("json", DocumentForm::Json, true),
        ("json", DocumentForm::Text, false),
        ("base64", DocumentForm::Json, true),
        ("base64", DocumentForm::Text, true),
    ] {
        let mut config = v2();
        config["encoding"] = json!(encoding);
        assert_eq!(sink("kafka-rest", &config).takes(form), takes, "{config}");
    }
}

#[test]
fn no_credential_is_shown() {
    check_nothing_leaks(sink("kafka-rest", &v2()).as_ref(), &[TOKEN]);
    // The pair of user and password in base64 is as good as the password.
    let pair = "S0VZOmtleS0wMTIzNDU2Nzg5YWJjZGVm";
    check_nothing_leaks(sink("kafka-rest", &v3()).as_ref(), &[API_KEY, pair]);
}

#[test]
fn problems_are_named_by_their_keys() {
    let url = "https://rest-proxy.example:8082";
    for (config, expected) in [
        (json!({"url": url, "topic": "a"}), &[][..]),
        (v3(), &[]),
        (
            json!({"url": url, "topic": "a", "api": "v3"}),
            &["cluster_id"],
        ),
        (
            json!({"url": url, "topic": "a", "cluster_id": "lkc-1"}),
            &["cluster_id"],
        ),
        (
            json!({"url": url, "topic": "..", "api": "v3", "cluster_id": "a/b"}),
            &["topic", "cluster_id"],
        ),
        (
            json!({"url": format!("{url}?x"), "topic": "a b", "user": "u:v", "password": {"secret": "NOT_SET"}}),
            &["url", "topic", "user", "password"],
        ),
        (
            json!({"url": url, "topic": "a", "user": "u"}),
            &["password"],
        ),
        (
            json!({"url": url, "topic": "a", "password": {"secret": "TOKEN"}}),
            &["user"],
        ),
        (
            json!({"url": url, "topic": "a", "user": "u", "password": {"secret": "TOKEN"}, "token": {"secret": "NOT_SET"}}),
            &["token", "token"],
        ),
        (
            json!({"url": url, "topic": "a", "max_batch_events": 5001}),
            &["max_batch_events"],
        ),
    ] {
        assert_eq!(problem_keys("kafka-rest", &config), expected, "{config}");
    }
}
