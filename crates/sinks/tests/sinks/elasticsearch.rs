//! Elasticsearch: what every answer means, and what a configuration must say. OpenSearch shares the code behind it.

use edgesiem_model::{
    Answer, Attempt, Batch, DocumentForm, Event, EventId, Sink, SinkVerdict, Timestamp,
};
use serde_json::{Value, json};

use super::answers::problem_keys;
use super::{API_KEY, batch, head, name, sink};

fn cluster() -> Box<dyn Sink> {
    let config = json!({"url": "https://es.example:9200", "api_key": {"secret": "API_KEY"}});
    sink("elasticsearch", &config)
}

/// What an answer means for a batch of so many events.
fn judge(
    sink: &dyn Sink,
    events: usize,
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
) -> SinkVerdict {
    let documents = vec!["{}"; events];
    let head = head(status, headers);
    let answer = Answer {
        head: &head,
        body,
        now: Timestamp::from_secs(784_111_777),
    };
    sink.verdict(&batch(&documents).view(), &answer)
}

fn refusal(status: u16, kind: &str, reason: &str) -> Value {
    json!({"create": {"status": status, "error": {"type": kind, "reason": reason}}})
}

const FORBIDDEN: &str = "stop: our credentials may not write there";
const MISSING: &str =
    "stop: there is no such index or data stream, and the cluster may not create it";

#[test]
fn each_event_is_judged_by_its_own_status() {
    let there = json!({"create": {"status": 201}});
    let duplicate = refusal(
        409,
        "version_conflict_engine_exception",
        "[9f]: version conflict, document already exists",
    );
    let busy = refusal(429, "es_rejected_execution_exception", "queue full");
    let mapping = json!({"create": {"status": 400, "error": {
        "type": "document_parsing_exception", "reason": "failed to parse field [ip] of type [ip]",
        "caused_by": {"type": "illegal_argument_exception", "reason": "'\u{1b}[2Jx' is not an IP string literal."},
    }}});
    let mapping_told = "HTTP 400: document_parsing_exception: failed to parse field [ip] of type [ip]: \
                        '\\u{1b}[2Jx' is not an IP string literal.";
    let forbidden = refusal(403, "security_exception", "action is unauthorized");
    let missing = refusal(404, "index_not_found_exception", "no such index [x]");
    for (items, expected) in [
        (vec![&there], "accepted".to_owned()),
        (vec![&there, &duplicate, &there], "accepted".to_owned()),
        (vec![&busy, &there], "partial [0] []".to_owned()),
        (
            vec![&there, &mapping, &busy],
            format!("partial [2] {:?}", [(1, mapping_told)]),
        ),
        (
            vec![&mapping],
            format!("partial [] {:?}", [(0, mapping_told)]),
        ),
        // Nothing was taken: it is about the place.
        (vec![&forbidden, &forbidden], FORBIDDEN.to_owned()),
        (vec![&missing, &mapping], MISSING.to_owned()),
        // Something was taken: it is about the event.
        (
            vec![&there, &forbidden],
            "partial [] [(1, \"HTTP 403: security_exception: action is unauthorized\")]".to_owned(),
        ),
    ] {
        let body = json!({"errors": true, "items": items}).to_string();
        let verdict = judge(cluster().as_ref(), items.len(), 200, &[], body.as_bytes());
        assert_eq!(name(&verdict), expected, "{body}");
    }
}

#[test]
fn every_status_of_an_event_means_something() {
    let refused = |why: &str| format!("partial [] {:?}", [(0, why)]);
    let again = "partial [0] []".to_owned();
    let argument = "illegal_argument_exception";
    for (item, expected) in [
        (json!({"create": {"status": 200}}), "accepted".to_owned()),
        // In the failure store of its data stream.
        (
            json!({"create": {"status": 201, "failure_store": "used"}}),
            "accepted".to_owned(),
        ),
        (json!({"create": {"status": 409}}), "accepted".to_owned()),
        (refusal(409, "some_other_conflict", "x"), again.clone()),
        (refusal(408, "timeout", "x"), again.clone()),
        (
            refusal(
                429,
                "cluster_block_exception",
                "disk usage exceeded flood-stage watermark",
            ),
            again.clone(),
        ),
        (
            refusal(403, "cluster_block_exception", "index [x] blocked"),
            again.clone(),
        ),
        (
            refusal(
                503,
                "unavailable_shards_exception",
                "primary shard is not active",
            ),
            again.clone(),
        ),
        (refusal(500, "exception", "x"), again),
        (
            refusal(401, "security_exception", "x"),
            FORBIDDEN.to_owned(),
        ),
        (
            refusal(403, "security_exception", "x"),
            FORBIDDEN.to_owned(),
        ),
        (
            refusal(404, "index_not_found_exception", "x"),
            MISSING.to_owned(),
        ),
        (
            refusal(400, "index_closed_exception", "closed"),
            "stop: the index is closed".to_owned(),
        ),
        (
            refusal(400, "invalid_index_name_exception", "x"),
            "stop: the cluster does not take the name of the sink's index".to_owned(),
        ),
        (
            refusal(
                400,
                "validation_exception",
                "this action would add [2] shards",
            ),
            "stop: the cluster cannot create what the sink writes to".to_owned(),
        ),
        (
            refusal(400, argument, "pipeline with id [waf] does not exist"),
            "stop: the cluster does not have the ingest pipeline".to_owned(),
        ),
        (
            refusal(400, argument, "no write index is defined for alias [waf]"),
            "stop: the alias does not say which of its indices is written to".to_owned(),
        ),
        (
            refusal(
                400,
                argument,
                "Document ID is not supported in create/index operation request",
            ),
            "stop: the collection takes no ids of ours (it is of the type time series)".to_owned(),
        ),
        (
            refusal(
                400,
                argument,
                "Limit of total fields [1000] has been exceeded",
            ),
            refused(
                "HTTP 400: illegal_argument_exception: Limit of total fields [1000] has been exceeded",
            ),
        ),
        (
            refusal(
                400,
                "strict_dynamic_mapping_exception",
                "mapping set to strict",
            ),
            refused("HTTP 400: strict_dynamic_mapping_exception: mapping set to strict"),
        ),
        (json!({"create": {"status": 413}}), refused("HTTP 413")),
        (
            json!({"create": {"status": 400, "error": "in one sentence"}}),
            refused("HTTP 400: in one sentence"),
        ),
    ] {
        let body = json!({"errors": false, "items": [item]}).to_string();
        let verdict = judge(cluster().as_ref(), 1, 200, &[], body.as_bytes());
        assert_eq!(name(&verdict), expected, "{body}");
    }
}

#[test]
fn an_event_that_a_pipeline_sent_elsewhere_does_not_stop_the_others() {
    let of = |index: &str, status: u16, kind: &str| {
        let error = json!({"type": kind, "reason": "x"});
        let item = json!({"create": {"_index": index, "status": status, "error": error}});
        json!({"items": [item]}).to_string()
    };
    for (index, is_ours) in [
        ("logs-akamai.siem-default", true),
        (".ds-logs-akamai.siem-default-2026.11.22-000001", true),
        (".fs-logs-akamai.siem-default-2026.11.22-000001", true),
        ("logs-akamai.siem-default-000001", true),
        ("logs-akamai.siem-default2", false),
        ("logs-akamai.siem-default-blocked", false),
        ("logs-akamai.siem-other", false),
        (".ds-logs-akamai.siem-other-2026.11.22-000001", false),
        ("logs-\"quoted", false),
        ("", false),
    ] {
        for (status, kind, stop) in [
            (403, "security_exception", FORBIDDEN),
            (404, "index_not_found_exception", MISSING),
            (400, "index_closed_exception", "stop: the index is closed"),
        ] {
            let body = of(index, status, kind);
            let verdict = judge(cluster().as_ref(), 1, 200, &[], body.as_bytes());
            let expected = match is_ours {
                true => stop.to_owned(),
                false => format!(
                    "partial [] {:?}",
                    [(0, format!("HTTP {status}: {kind}: x"))]
                ),
            };
            assert_eq!(name(&verdict), expected, "{body}");
        }
    }
}

#[test]
fn a_schema_without_a_timestamp_stops_before_a_data_stream() {
    let stop = "stop: the schema writes no @timestamp, which a data stream needs";
    let missing = "data stream timestamp field [@timestamp] is missing";
    let parsed = format!("[1:9] failed to parse: {missing}");
    let quoted =
        format!("failed to parse field [a] of type [ip]. Preview of field's value: '] {missing}'");
    for (reason, cause, stops) in [
        ("failed to parse", missing, true),
        (parsed.as_str(), "", true),
        (missing, "", true),
        ("timestamp field [@timestamp] is missing", "", true),
        // What the event says decides nothing.
        (quoted.as_str(), quoted.as_str(), false),
        (
            "failed to parse field [@timestamp] of type [date]",
            "",
            false,
        ),
    ] {
        let error = json!({"type": "document_parsing_exception", "reason": reason, "caused_by": {"reason": cause}});
        let item = json!({"create": {"status": 400, "error": error}});
        let body = json!({"items": [item]}).to_string();
        let verdict = judge(cluster().as_ref(), 1, 200, &[], body.as_bytes());
        let shown = name(&verdict);
        assert_eq!(shown == stop, stops, "{shown}");
        assert!(stops || shown.starts_with("partial [] [(0,"), "{shown}");

        // An event without a time is at fault itself, whatever the schema.
        let mut untimed = Batch::default();
        untimed.push(&Event {
            id: EventId::from_bytes([0; 16]),
            line_id: EventId::from_bytes([0; 16]),
            line: 0,
            time: None,
            raw: b"",
            document: b"{}",
        });
        let head = head(200, &[]);
        let answer = Answer {
            head: &head,
            body: body.as_bytes(),
            now: Timestamp::default(),
        };
        let shown = name(&cluster().verdict(&untimed.view(), &answer));
        assert!(shown.starts_with("partial [] [(0,"), "{shown}");
    }
}

#[test]
fn a_reason_is_printable_and_bounded() {
    let body = json!({"items": [refusal(400, "x", &"\u{202e}long".repeat(1000))]}).to_string();
    let verdict = judge(cluster().as_ref(), 1, 200, &[], body.as_bytes());
    let SinkVerdict::Partial { refused, .. } = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(refused.len(), 1);
    let reason = &refused[0].1;
    assert!(
        reason.len() < 5100 && !reason.contains('\u{202e}'),
        "{reason}"
    );
}

#[test]
fn a_success_must_be_about_exactly_the_events_that_were_sent() {
    let not_bulk = "stop: the answer is not that of a _bulk request";
    let two = br#"{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}}]}"#;
    for (events, body, expected) in [
        (2, &two[..], "accepted"),
        (1, two, "retry"),
        (3, two, "retry"),
        // Broken off, or no body at all.
        (2, &two[..40], "retry"),
        (2, b"", "retry"),
        (2, br#"{"errors":false}"#, not_bulk),
        (2, b"<html>please log in</html>", not_bulk),
        (2, br#"{"items":[{"index":{"status":201}}]}"#, not_bulk),
        (2, b"[]", not_bulk),
    ] {
        let verdict = judge(cluster().as_ref(), events, 200, &[], body);
        assert_eq!(name(&verdict), expected, "{events} {body:?}");
    }
}

#[test]
fn an_answer_that_is_cut_by_our_limit_halves_the_batch() {
    let sink = cluster();
    let limits = sink.limits();
    let item =
        br#"{"create":{"_index":".ds-logs-akamai.siem-default-2026.11.22-000001","status":201}},"#;
    assert!(
        limits.max_events * item.len() < limits.max_answer_bytes,
        "a success is never cut"
    );
    let cut = vec![b' '; limits.max_answer_bytes];
    let verdict = judge(sink.as_ref(), 2, 200, &[], &cut);
    assert_eq!(name(&verdict), "too large");
}

#[test]
fn the_status_of_a_whole_request_decides_about_all_of_it() {
    let credentials = "stop: the cluster refused our credentials, or they may not write there";
    let address = "stop: there is no _bulk endpoint at this address, or no such index";
    let foreign = "stop: nothing that takes _bulk requests answered";
    let redirect = "stop: the sink answered with a redirect, and redirects are never followed";
    for (status, headers, expected) in [
        (201, &[][..], foreign),
        (204, &[], foreign),
        (302, &[("location", "https://login.example/")], redirect),
        (400, &[], "rejected"),
        (401, &[], credentials),
        (
            402,
            &[],
            "stop: the cluster's owner has to pay, or its licence has ended",
        ),
        (403, &[], credentials),
        (404, &[], address),
        (405, &[], address),
        (406, &[], foreign),
        (408, &[], "retry"),
        (409, &[], "retry"),
        (410, &[], address),
        (413, &[], "too large"),
        (415, &[], foreign),
        (429, &[("retry-after", "7")], "retry 7000"),
        (429, &[], "retry"),
        (500, &[], "retry"),
        (501, &[], foreign),
        (502, &[], "retry"),
        (
            503,
            &[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")],
            "retry 60000",
        ),
        (504, &[], "retry"),
    ] {
        let verdict = judge(cluster().as_ref(), 1, status, headers, b"why");
        assert_eq!(name(&verdict), expected, "{status}");
    }
}

#[test]
fn a_400_about_the_requests_line_isolates_no_event() {
    for (body, expected) in [
        (
            r#"{"error":"no handler found for uri [/x/waf/_bulk] and method [POST]"}"#,
            "stop: there is no _bulk endpoint at this address, or no such index",
        ),
        (
            r#"{"error":{"type":"illegal_argument_exception","reason":"request [/waf/_bulk] contains unrecognized parameter: [pipeline]"}}"#,
            "stop: nothing that takes _bulk requests answered",
        ),
        (
            r#"{"error":{"type":"illegal_argument_exception","reason":"Malformed action/metadata line [1]"},"status":400}"#,
            "rejected",
        ),
    ] {
        let verdict = judge(cluster().as_ref(), 1, 400, &[], body.as_bytes());
        assert_eq!(name(&verdict), expected, "{body}");
    }
}

#[test]
fn documents_that_are_no_objects_are_not_taken() {
    for kind in ["elasticsearch", "opensearch"] {
        let config = json!({"url": "https://h.example", "index": "i", "unauthenticated": true});
        let sink = sink(kind, &config);
        assert!(sink.takes(DocumentForm::Json));
        assert!(!sink.takes(DocumentForm::Text));
        assert!(!sink.takes(DocumentForm::OtlpLogRecord));
    }
}

#[test]
fn health_tells_whether_the_credentials_may_write() {
    let open = sink(
        "elasticsearch",
        &json!({"url": "https://es.example", "unauthenticated": true}),
    );
    let secured = cluster();
    let root = br#"{"name":"a","version":{"number":"9.2.0"},"tagline":"You Know, for Search"}"#;
    for (sink, status, body, part) in [
        (&open, 200, &root[..], None),
        (&open, 200, b"<html>", Some("nothing that takes _bulk")),
        (&open, 401, b"", Some("the cluster asks who we are")),
        (&open, 503, b"", Some("does not take events at the moment")),
        (
            &secured,
            200,
            br#"{"username":"u","has_all_requested":true,"index":{}}"#,
            None,
        ),
        (
            &secured,
            200,
            br#"{"username":"u","has_all_requested":false,"index":{}}"#,
            Some("may not write there"),
        ),
        (&secured, 200, root, Some("nothing that takes _bulk")),
        (&secured, 401, b"", Some("refused our credentials")),
        (&secured, 404, b"", Some("no _bulk endpoint")),
        (
            &secured,
            400,
            br#"{"error":"no handler found for uri [/_security/user/_has_privileges] and method [POST]"}"#,
            None,
        ),
    ] {
        let head = head(status, &[]);
        let answer = Answer {
            head: &head,
            body,
            now: Timestamp::default(),
        };
        let error = sink
            .health_verdict(&answer)
            .err()
            .map(|error| error.to_string());
        match (error, part) {
            (None, None) => {}
            (Some(error), Some(part)) => assert!(error.contains(part), "{error}"),
            (error, part) => panic!("{status} {body:?}: {error:?}, expected {part:?}"),
        }
    }
}

#[test]
fn no_credential_is_quoted_from_an_answer() {
    let sink = cluster();
    for status in [200, 301, 400, 401, 404, 415, 500] {
        let echo = format!("you sent ApiKey {API_KEY}");
        let verdict = judge(
            sink.as_ref(),
            1,
            status,
            &[("location", &format!("https://x.example/{API_KEY}"))],
            echo.as_bytes(),
        );
        let shown = format!("{verdict:?}");
        assert!(!shown.contains(API_KEY), "{shown}");
    }
}

#[test]
fn problems_are_named_by_their_keys() {
    let url = "https://es.example";
    let secret = json!({"secret": "API_KEY"});
    for (config, expected) in [
        (json!({"url": url, "api_key": secret}), &[][..]),
        (
            json!({"url": url, "headers": {"authorization": secret}}),
            &[],
        ),
        (json!({"url": url, "user": "u", "password": secret}), &[]),
        (json!({"url": url}), &["api_key"]),
        (
            json!({"url": url, "api_key": {"secret": "NOT_SET"}}),
            &["api_key"],
        ),
        (json!({"url": url, "user": "u"}), &["password"]),
        (json!({"url": url, "password": secret}), &["user"]),
        (
            json!({"url": url, "user": "a:b", "password": secret}),
            &["user"],
        ),
        (
            json!({"url": url, "api_key": secret, "user": "u", "password": secret}),
            &["user"],
        ),
        (
            json!({"url": url, "api_key": secret, "unauthenticated": true}),
            &["unauthenticated"],
        ),
        (
            json!({"url": url, "api_key": secret, "headers": {"authorization": secret}}),
            &["headers.authorization"],
        ),
        (
            json!({"url": "http://es.example/?x", "api_key": secret, "index": "Upper", "pipeline": "a b"}),
            &["url", "pipeline"],
        ),
        (
            json!({"url": "https://es.example/?x", "api_key": secret, "index": "-x"}),
            &["url", "index"],
        ),
        (
            json!({"url": url, "api_key": secret, "index": "x", "data_stream": {}}),
            &["data_stream"],
        ),
        (
            json!({"url": url, "api_key": secret, "data_stream": {"dataset": "a-b", "namespace": ""}}),
            &["data_stream.dataset", "data_stream.namespace"],
        ),
        (
            json!({"url": url, "api_key": secret, "max_batch_bytes": 100_000_001, "max_batch_events": 0, "timeout_s": 601}),
            &["timeout_s", "max_batch_events", "max_batch_bytes"],
        ),
    ] {
        assert_eq!(problem_keys("elasticsearch", &config), expected, "{config}");
    }
}

#[test]
fn an_event_brings_its_id_and_is_one_line() {
    let spread = "{\n \"a\": 1\r\n}";
    let batch = batch(&[spread]);
    let request = cluster().request(&batch.view(), &Attempt::at(Timestamp::default()));
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        "{\"create\":{\"_id\":\"00000000000000000000000000000000\"}}\n{  \"a\": 1  }\n"
    );
}
