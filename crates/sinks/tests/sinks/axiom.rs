//! Axiom's answers, and what is refused at start.

use edgesiem_model::{Answer, Batch, Event, EventId, Sink, SinkVerdict, Timestamp};
use serde_json::{Value, json};

use super::answers::{check_nothing_leaks, problem_keys};
use super::{TOKEN, head, name, sink};

fn config() -> Value {
    json!({"dataset": "akamai-waf", "token": {"secret": "TOKEN"}})
}

/// A batch of events at these times.
fn at(times: &[Option<u64>]) -> Batch {
    let mut batch = Batch::default();
    for (line, time) in (0_u64..).zip(times) {
        let id = EventId::from_bytes(u128::from(line).to_be_bytes());
        batch.push(&Event {
            id,
            line_id: id,
            line,
            time: time.map(Timestamp::from_millis),
            raw: b"",
            document: b"{}",
        });
    }
    batch
}

fn verdict(
    sink: &dyn Sink,
    times: &[Option<u64>],
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> SinkVerdict {
    let head = head(status, headers);
    let answer = Answer {
        head: &head,
        body: body.as_bytes(),
        now: Timestamp::from_secs(784_111_777),
    };
    sink.verdict(&at(times).view(), &answer)
}

/// 2017-04-04T10:57:02Z.
const T: u64 = 1_491_303_422_000;
const NOT_AXIOM: &str = "stop: the answer is not that of Axiom's ingest API";
const REFUSED: &str = "stop: Axiom refused our token, or the plan does not allow more";
const NO_DATASET: &str = "stop: Axiom knows no such dataset or address";

#[test]
fn a_status_without_counts_decides_by_itself() {
    let sink = sink("axiom", &config());
    for (status, headers, body, expected) in [
        (
            200,
            &[][..],
            r#"{"ingested":1,"failed":0,"failures":[],"processedBytes":16}"#,
            "accepted",
        ),
        (
            200,
            &[],
            r#"{"blocksCreated":0,"failed":0,"ingested":1,"processedBytes":1,"walLength":2}"#,
            "accepted",
        ),
        (200, &[], r#"{"ingested":0,"failed":0}"#, "retry"),
        (200, &[], r#"{"ingested":1,"failed":0,"#, "retry"),
        (200, &[], "", NOT_AXIOM),
        (200, &[], "{}", NOT_AXIOM),
        (200, &[], "<html>please log in</html>", NOT_AXIOM),
        (204, &[], "", NOT_AXIOM),
        (
            307,
            &[],
            "",
            "stop: the sink answered with a redirect, and redirects are never followed",
        ),
        (400, &[], r#"{"message":"invalid JSON"}"#, "rejected"),
        (401, &[], "", REFUSED),
        (402, &[], "", REFUSED),
        (403, &[], r#"{"message":"forbidden"}"#, REFUSED),
        (404, &[], r#"{"message":"dataset not found"}"#, NO_DATASET),
        (405, &[], "", NO_DATASET),
        (408, &[], "", "retry"),
        (413, &[], "", "too large"),
        (415, &[], "", "stop: Axiom refuses requests of this kind"),
        (422, &[], "", "rejected"),
        (429, &[], r#"{"message":"rate limit exceeded"}"#, "retry"),
        (
            429,
            &[
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "784111797"),
            ],
            "",
            "retry 20000",
        ),
        (
            429,
            &[("x-ratelimit-reset", "784111797")],
            "",
            "retry 20000",
        ),
        (
            429,
            &[
                ("x-ratelimit-remaining", "17"),
                ("x-ratelimit-reset", "784111797"),
                ("x-ingestlimit-remaining", "0"),
                ("x-ingestlimit-reset", "784112777"),
            ],
            "",
            "retry 1000000",
        ),
        (
            429,
            &[
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "784111797"),
                ("x-ingestlimit-remaining", "99"),
                ("x-ingestlimit-reset", "784112777"),
            ],
            "",
            "retry 20000",
        ),
        (
            429,
            &[("x-ratelimit-reset", "784111797"), ("retry-after", "5")],
            "",
            "retry 5000",
        ),
        (429, &[("x-ratelimit-reset", "1")], "", "retry 0"),
        (
            429,
            &[("x-ratelimit-reset", "99999999999999999999")],
            "",
            "retry",
        ),
        (500, &[], "", "retry"),
        (503, &[("retry-after", "7")], "", "retry 7000"),
    ] {
        let verdict = verdict(sink.as_ref(), &[Some(T)], status, headers, body);
        assert_eq!(name(&verdict), expected, "{status} {headers:?} {body}");
    }
}

#[test]
fn an_answer_that_is_cut_by_our_limit_halves_the_batch() {
    let sink = sink("axiom", &config());
    let beginning = r#"{"ingested":1,"failed":2,"failures":[{"error":""#;
    let rest = sink.limits().max_answer_bytes - beginning.len();
    for (length, expected) in [(rest, "too large"), (rest - 1, "retry")] {
        let body = format!("{beginning}{}", "x".repeat(length));
        let verdict = verdict(sink.as_ref(), &[Some(T); 3], 200, &[], &body);
        assert_eq!(name(&verdict), expected);
    }
}

#[test]
fn refused_events_are_found_by_their_times() {
    let sink = sink("axiom", &config());
    let failure = |time: &str| json!({"timestamp": time, "error": "field too long"});
    let second = |n: u64| Some(T + n * 1000);
    for (times, failures, expected) in [
        // As we wrote the time, and as Go writes it.
        (
            &[second(0), second(1), Some(T + 2120)][..],
            &["2017-04-04T10:57:03.000Z"][..],
            r#"partial [] [(1, "field too long")]"#,
        ),
        (
            &[second(0), second(1), Some(T + 2120)],
            &["2017-04-04T10:57:03Z", "2017-04-04T10:57:04.12Z"],
            r#"partial [] [(1, "field too long"), (2, "field too long")]"#,
        ),
        (
            &[second(0), second(10)],
            &["2017-04-04T10:57:12Z"],
            r#"partial [] [(1, "field too long")]"#,
        ),
        // All that happened then failed.
        (
            &[second(0), second(1), second(1)],
            &["2017-04-04T10:57:03Z", "2017-04-04T10:57:03Z"],
            r#"partial [] [(1, "field too long"), (2, "field too long")]"#,
        ),
        (
            &[second(0)],
            &["2017-04-04T10:57:02Z"],
            r#"partial [] [(0, "field too long")]"#,
        ),
        // One of two: they alone are sent again, and then bisected.
        (
            &[second(0), second(1), second(1)],
            &["2017-04-04T10:57:03Z"],
            "partial [1, 2] []",
        ),
        (
            &[second(1), second(1)],
            &["2017-04-04T10:57:03Z"],
            "rejected",
        ),
        // Equal sums, but not moment by moment.
        (
            &[second(1), second(1), second(2)],
            &["2017-04-04T10:57:03Z", "2017-04-04T11:00:00Z"],
            "rejected",
        ),
        // An event without a time, or one whose time Axiom did not read.
        (&[None, second(1)], &["2026-01-01T00:00:00Z"], "rejected"),
        (&[second(0), second(1)], &[""], "rejected"),
    ] {
        let failures: Vec<Value> = failures.iter().map(|time| failure(time)).collect();
        let body = json!({
            "ingested": times.len() - failures.len(), "failed": failures.len(), "failures": failures,
        });
        let verdict = verdict(sink.as_ref(), times, 200, &[], &body.to_string());
        assert_eq!(name(&verdict), expected, "{times:?} {body}");
    }
    for (body, expected) in [
        (r#"{"ingested":1,"failed":1}"#, "rejected"),
        (r#"{"ingested":1,"failed":1,"failures":null}"#, "rejected"),
        (r#"{"ingested":0,"failed":2,"failures":[]}"#, "rejected"),
        (
            r#"{"ingested":1,"failed":1,"failures":[{"timestamp":"2017-04-04T10:57:03Z"}]}"#,
            r#"partial [] [(1, "failed")]"#,
        ),
    ] {
        let verdict = verdict(sink.as_ref(), &[Some(T), Some(T + 1000)], 200, &[], body);
        assert_eq!(name(&verdict), expected, "{body}");
    }
}

#[test]
fn no_token_is_shown() {
    check_nothing_leaks(sink("axiom", &config()).as_ref(), &[TOKEN]);
}

#[test]
fn problems_are_named_by_their_keys() {
    let token = json!({"secret": "TOKEN"});
    for (config, expected) in [
        (config(), &[][..]),
        (
            json!({"dataset": "a", "token": token, "org_id": "acme-1"}),
            &[],
        ),
        (
            json!({"url": "https://us-east-1.aws.edge.axiom.co", "dataset": "a", "token": token, "org_id": "acme-1"}),
            &["org_id"],
        ),
        (
            json!({"url": "https://api.axiom.co?x", "dataset": "a/b", "token": {"secret": "NOT_SET"}, "org_id": "a\nb"}),
            &["url", "token", "dataset", "org_id"],
        ),
        (
            json!({"dataset": "..", "token": token, "max_batch_events": 10_001}),
            &["dataset", "max_batch_events"],
        ),
    ] {
        assert_eq!(problem_keys("axiom", &config), expected, "{config}");
    }
}
