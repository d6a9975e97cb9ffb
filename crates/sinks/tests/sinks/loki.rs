//! Loki's answers, and what is refused at start.

use edgesiem_model::{Attempt, Batch, Event, EventId, Timestamp};
use serde_json::{Value, json};

use super::answers::{check_common_statuses, check_nothing_leaks, health, problem_keys};
use super::{TOKEN, head, name, sink, verdict};

fn config() -> Value {
    json!({
        "url": "https://loki.example",
        "basic": {"username": "123", "password": {"secret": "TOKEN"}},
    })
}

const NOT_LOKI: &str = "stop: the answer is not that of Loki's push endpoint, which says 204";
const BLOCKED: &str = "stop: Loki's operator has blocked ingestion";
const LABELS: &str = "stop: Loki refuses the stream's labels";
const TENANT: &str = "stop: Loki wants a tenant, or another one";

/// Texts after Loki's `pkg/validation/validate.go` and the errors of its ingesters, with values filled in.
#[test]
fn a_refusal_of_lines_isolates_and_one_of_everything_stops() {
    let sink = sink("loki", &config());
    check_common_statuses(sink.as_ref());
    for (status, body, expected) in [
        (204, "", "accepted"),
        (200, "", NOT_LOKI),
        (202, "", NOT_LOKI),
        (200, "<html>please log in</html>", NOT_LOKI),
        (
            260,
            "ingestion blocked for user 1 until '2026-12-01T00:00:00Z' with status code '260'",
            BLOCKED,
        ),
        (
            400,
            "ingestion blocked for user 1 until '2026-12-01T00:00:00Z' with status code '400'",
            BLOCKED,
        ),
        (
            400,
            "entry for stream '{job=\"edgesiem\"}' has timestamp too old: 2026-01-01T00:00:00Z, oldest acceptable timestamp is: 2026-11-15T00:00:00Z",
            "rejected",
        ),
        (
            400,
            "entry for stream '{job=\"edgesiem\"}' has timestamp too new: 2036-01-01T00:00:00Z",
            "rejected",
        ),
        (
            400,
            "entry with timestamp 2026-11-22 10:00:00 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-22T10:00:00Z, oldest acceptable timestamp is: 2026-11-22T11:00:00Z',\nuser '1', total ignored: 1 out of 2 for stream: {job=\"edgesiem\"}",
            "rejected",
        ),
        (
            400,
            "Max entry size '262144' bytes exceeded for stream '{job=\"edgesiem\"}' while adding an entry with length '300000' bytes",
            "rejected",
        ),
        (
            400,
            "stream '{job=\"edgesiem\"}' has structured metadata too large: '70000' bytes, limit: '65536' bytes. Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it.",
            "rejected",
        ),
        (
            400,
            "stream '{job=\"edgesiem\"}' includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it.",
            "stop: Loki disallows structured metadata",
        ),
        (
            400,
            "entry for stream '{job=\"edgesiem\"}' has 16 label names; limit 15",
            LABELS,
        ),
        (
            400,
            "stream '{a=\"b\"}' has label name too long: 'a'",
            LABELS,
        ),
        (
            400,
            "stream '{a=\"b\"}' has label value too long: 'b'",
            LABELS,
        ),
        (
            400,
            "stream '{a=\"b\"}' has duplicate label name: 'a'",
            LABELS,
        ),
        (
            400,
            "Error parsing labels '{a=}' with error: parse error",
            LABELS,
        ),
        (
            400,
            "missing required labels env for user 1 for stream {job=\"edgesiem\"}",
            "stop: Loki wants labels that the sink does not have",
        ),
        (400, "no org id", TENANT),
        (401, "no org id", "stop: Loki refused our credentials"),
        (
            429,
            "Ingestion rate limit exceeded for user 1 (limit: 4194304 bytes/sec) while attempting to ingest '9' lines totaling '99' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased",
            "retry",
        ),
        (
            429,
            "Maximum active stream limit exceeded when trying to create stream {job=\"edgesiem\"}",
            "retry",
        ),
        (
            500,
            "at least 2 live replicas required, could only find 1",
            "retry",
        ),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn a_push_of_nothing_shows_whether_loki_takes_our_credentials() {
    let sink = sink("loki", &config());
    for (status, body, expected) in [
        (204, "", "well"),
        (
            422,
            "error at least one valid stream is required for ingestion",
            "well",
        ),
        (
            400,
            "error at least one valid stream is required for ingestion",
            "well",
        ),
        (401, "", "Loki refused our credentials"),
        (404, "", "there is no Loki at this address"),
        (400, "no org id", "Loki wants a tenant, or another one"),
        (
            400,
            "what?",
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

/// `[time, line]` of each event, of events with these ids and times in milliseconds.
fn times(events: &[(u8, Option<u64>)]) -> Vec<String> {
    let mut batch = Batch::default();
    for (id, time) in events {
        let id = EventId::from_bytes([*id; 16]);
        batch.push(&Event {
            id,
            line_id: id,
            line: 0,
            time: time.map(Timestamp::from_millis),
            raw: b"",
            document: b"{}",
        });
    }
    let sink = sink("loki", &config());
    let body = sink
        .request(&batch.view(), &Attempt::at(Timestamp::from_secs(9)))
        .body;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let values = body["streams"][0]["values"].as_array().unwrap().iter();
    values
        .map(|value| value[0].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn identical_lines_have_nanoseconds_of_their_own_and_a_repeated_event_has_the_same() {
    let [first, second, again] = times(&[(1, Some(5)), (2, Some(5)), (1, Some(5))])
        .try_into()
        .unwrap();
    assert_ne!(first, second);
    assert_eq!(first, again);
    for time in [&first, &second] {
        assert_eq!(time.parse::<u64>().unwrap() / 1_000_000, 5);
    }
}

#[test]
fn two_replays_have_streams_of_their_own() {
    let sink = sink("loki", &config());
    let labels = |replay: Option<&str>| {
        let mut batch = super::batch(&["{}"]);
        batch.set_replay(replay.map(Into::into));
        let request = sink.request(&batch.view(), &Attempt::at(Timestamp::default()));
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        body["streams"][0]["stream"].clone()
    };
    for (replay, expected) in [
        (None, json!({"job": "edgesiem"})),
        (Some("r7"), json!({"job": "edgesiem", "mode": "replay-r7"})),
        (Some("r8"), json!({"job": "edgesiem", "mode": "replay-r8"})),
    ] {
        assert_eq!(labels(replay), expected);
    }
}

#[test]
fn an_event_without_a_time_takes_its_neighbours() {
    let millis = |times: Vec<String>| -> Vec<u64> {
        let millis = times
            .iter()
            .map(|time| time.parse::<u64>().unwrap() / 1_000_000);
        millis.collect()
    };
    for (given, expected) in [
        (
            vec![None, Some(7), None, Some(9), None],
            vec![7, 7, 7, 9, 9],
        ),
        (vec![None, None], vec![0, 0]),
    ] {
        let events: Vec<_> = given.into_iter().map(|time| (1, time)).collect();
        assert_eq!(millis(times(&events)), expected);
    }
}

#[test]
fn no_credential_is_shown() {
    let basic = format!("123:{}", TOKEN);
    let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, basic);
    check_nothing_leaks(sink("loki", &config()).as_ref(), &[TOKEN, &basic]);
    let bearer = json!({"url": "https://loki.example", "bearer": {"secret": "TOKEN"}});
    check_nothing_leaks(sink("loki", &bearer).as_ref(), &[TOKEN]);
}

#[test]
fn problems_are_named_by_their_keys() {
    let many: serde_json::Map<_, _> = (0..15).map(|n| (format!("l{n}"), json!("v"))).collect();
    let url = "https://loki.example";
    for (config, expected) in [
        (config(), &[][..]),
        (
            json!({"url": "https://loki.example/otlp/v1/logs", "labels": many}),
            &["labels", "url"],
        ),
        (
            json!({
                "url": url,
                "labels": {"1a": "x", "__a": "x", "a-b": "x", "mode": "x", "ok": "", "pok": "a\nb"},
                "tenant": "a\nb", "max_line_bytes": 1, "max_batch_bytes": 4_000_001,
            }),
            &[
                "labels.1a",
                "labels.__a",
                "labels.a-b",
                "labels.mode",
                "labels.ok",
                "labels.pok",
                "tenant",
                "max_line_bytes",
                "max_batch_bytes",
            ],
        ),
        (
            json!({"url": url, "bearer": {"secret": "TOKEN"}, "basic": {"username": "u", "password": {"secret": "TOKEN"}}}),
            &["bearer"],
        ),
        (
            json!({"url": url, "basic": {"username": "a:b", "password": {"secret": "NOT_SET"}}}),
            &["basic.password", "basic.username"],
        ),
        (
            json!({"url": url, "bearer": {"secret": "NOT_SET"}}),
            &["bearer"],
        ),
    ] {
        assert_eq!(problem_keys("loki", &config), expected, "{config}");
    }
}
