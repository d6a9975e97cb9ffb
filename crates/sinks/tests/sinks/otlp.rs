//! Answers of OTLP receivers, and what is refused at start.

use edgesiem_model::{Answer, DocumentForm, Sink, SinkVerdict, Timestamp};
use serde_json::{Value, json};

use super::answers::{check_nothing_leaks, health, problem_keys};
use super::{API_KEY, batch, head, name, sink};

fn config(encoding: &str) -> Value {
    json!({
        "url": "https://collector.example:4318", "encoding": encoding,
        "headers": {"x-api-key": {"secret": "API_KEY"}},
    })
}

fn both() -> [Box<dyn Sink>; 2] {
    ["protobuf", "json"].map(|encoding| sink("otlp", &config(encoding)))
}

/// What an answer to `events` records means.
fn verdict_of(sink: &dyn Sink, events: usize, status: u16, body: &[u8]) -> SinkVerdict {
    let head = head(status, &[("retry-after", "2")]);
    let answer = Answer {
        head: &head,
        body,
        now: Timestamp::default(),
    };
    sink.verdict(&batch(&vec!["{}"; events]).view(), &answer)
}

#[test]
fn only_the_statuses_that_the_protocol_names_are_repeated() {
    let failed =
        "stop: the receiver failed, and the protocol forbids to repeat a request after this status";
    let address = "stop: there is no OTLP receiver for logs at this address";
    let credentials = "stop: the receiver refuses our credentials";
    let kind = "stop: the receiver refuses requests of this kind";
    for sink in both() {
        for (status, expected) in [
            (200, "accepted"),
            (202, "accepted"),
            (204, "accepted"),
            (
                307,
                "stop: the sink answered with a redirect, and redirects are never followed",
            ),
            (400, "rejected"),
            (401, credentials),
            (403, credentials),
            (404, address),
            (405, address),
            (406, kind),
            (408, failed),
            (409, failed),
            (413, "too large"),
            (415, kind),
            (422, "rejected"),
            (425, failed),
            (429, "retry 2000"),
            (500, failed),
            (501, failed),
            (502, "retry 2000"),
            (503, "retry 2000"),
            (504, "retry 2000"),
            (505, failed),
            (0, kind),
            (600, kind),
        ] {
            let verdict = verdict_of(sink.as_ref(), 1, status, b"");
            assert_eq!(name(&verdict), expected, "{status}");
        }
    }
}

#[test]
fn a_success_must_be_an_answer_of_the_protocol() {
    let foreign = "stop: the answer is not that of an OTLP receiver";
    let [protobuf, json] = both();
    for (body, of_protobuf, of_json) in [
        (&b""[..], "accepted", "accepted"),
        (b"\n", "accepted", "accepted"),
        (b"{}", "accepted", "accepted"),
        (b" {\"partialSuccess\":{}}", "accepted", "accepted"),
        (b"{\"partialSuccess\":null}", "accepted", "accepted"),
        // A field that nobody knows.
        (b"\x7a\x01x", "accepted", foreign),
        (b"\x0a\x00", "accepted", foreign),
        (b"\x0a\x05ab", foreign, foreign),
        (b"<html>please log in</html>", foreign, foreign),
        (b"OK", foreign, foreign),
        (b"[]", foreign, foreign),
        (
            b"{\"partialSuccess\":{\"rejectedLogRecords\":\"x\"}}",
            foreign,
            foreign,
        ),
    ] {
        for (sink, expected) in [(&protobuf, of_protobuf), (&json, of_json)] {
            let verdict = verdict_of(sink.as_ref(), 1, 200, body);
            assert_eq!(name(&verdict), expected, "{sink:?} {body:?}");
        }
    }
}

#[test]
fn rejected_records_are_never_taken_for_delivered() {
    // partial_success { rejected_log_records: 2, error_message: "old\x1b" }
    let two = b"\x0a\x08\x08\x02\x12\x04old\x1b";
    let warning = b"\x0a\x05\x12\x03old";
    // rejected_log_records: -1
    let negative = b"\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    let as_json = |count: Value| {
        let partial = json!({"rejectedLogRecords": count, "errorMessage": "old\u{1b}"});
        json!({"partialSuccess": partial}).to_string().into_bytes()
    };
    for sink in both() {
        let mut cases = vec![
            (as_json(json!("2")), 2),
            (as_json(json!(2)), 2),
            (as_json(json!(0)), 0),
            (as_json(json!("-1")), 0),
        ];
        if name(&verdict_of(sink.as_ref(), 1, 200, warning)) == "accepted" {
            cases.extend([
                (two.to_vec(), 2),
                (warning.to_vec(), 0),
                (negative.to_vec(), 0),
            ]);
        }
        for (body, rejected) in cases {
            let of = |events: usize| verdict_of(sink.as_ref(), events, 200, &body);
            if rejected == 0 {
                assert_eq!(name(&of(3)), "accepted");
                continue;
            }
            let SinkVerdict::Rejected { reason } = of(3) else {
                panic!("some of them, and nobody knows which");
            };
            assert_eq!(reason, "2 of 3 log records rejected: HTTP 200: old\\u{1b}");
            for all in [1, 2] {
                let SinkVerdict::Partial { again, refused, .. } = of(all) else {
                    panic!("all of them");
                };
                assert!(again.is_empty());
                let numbers: Vec<usize> = refused.iter().map(|(number, _)| *number).collect();
                assert_eq!(numbers, (0..all).collect::<Vec<_>>());
                assert_eq!(refused[0].1, "HTTP 200: old\\u{1b}");
            }
        }
    }
}

#[test]
fn a_refusals_message_is_quoted_without_its_encoding() {
    // google.rpc.Status { code: 3, message: "bad body" }
    let status = b"\x08\x03\x12\x08bad body";
    for sink in both() {
        for body in [&status[..], b"bad body"] {
            let SinkVerdict::Rejected { reason } = verdict_of(sink.as_ref(), 1, 400, body) else {
                panic!("a 400 speaks of the content");
            };
            assert_eq!(reason, "HTTP 400: bad body");
        }
    }
}

#[test]
fn a_permanent_error_of_a_collectors_exporter_is_about_the_content() {
    let protobuf = |message: &str| {
        let length = u8::try_from(message.len()).unwrap();
        [&[8, 13, 0x12, length], message.as_bytes()].concat()
    };
    let as_json = |message: &str| {
        json!({"code": 13, "message": message})
            .to_string()
            .into_bytes()
    };
    let permanent = "Permanent error: rejected \"x\"";
    for sink in both() {
        for (status, body, expected) in [
            (500, protobuf(permanent), "rejected"),
            (500, as_json(permanent), "rejected"),
            (500, protobuf("not a Permanent error: x"), "stop"),
            (500, as_json("sending queue is full"), "stop"),
            (500, permanent.as_bytes().to_vec(), "stop"),
            (
                500,
                json!(["Permanent error: x"]).to_string().into_bytes(),
                "stop",
            ),
            (500, as_json(permanent)[..20].to_vec(), "stop"),
            (501, as_json(permanent), "stop"),
            (503, as_json(permanent), "retry 2000"),
        ] {
            let shown = name(&verdict_of(sink.as_ref(), 2, status, &body));
            let shown = shown.split(':').next().unwrap();
            assert_eq!(shown, expected, "{status} {body:?}");
        }
    }
}

#[test]
fn an_export_of_nothing_tells_whether_a_receiver_is_well() {
    for sink in both() {
        assert_eq!(health(sink.as_ref(), 200, "{}"), "well");
        assert_eq!(health(sink.as_ref(), 200, ""), "well");
        for (status, body, part) in [
            (200, "<html>", "not that of an OTLP receiver"),
            (401, "", "refuses our credentials"),
            (404, "", "no OTLP receiver"),
            (503, "", "does not take events at the moment"),
        ] {
            let shown = health(sink.as_ref(), status, body);
            assert!(shown.contains(part), "{shown}");
        }
    }
}

#[test]
fn every_form_is_taken_and_the_largest_event_fits_into_a_request() {
    for sink in both() {
        for form in [
            DocumentForm::Json,
            DocumentForm::Text,
            DocumentForm::OtlpLogRecord,
        ] {
            assert!(sink.takes(form));
        }
        let limits = sink.limits();
        assert_eq!(limits.max_event_bytes + limits.bytes_per_batch, 20 << 20);
    }
}

#[test]
fn no_credential_is_shown() {
    for sink in both() {
        check_nothing_leaks(sink.as_ref(), &[API_KEY]);
    }
}

#[test]
fn problems_are_named_by_their_keys() {
    for (changes, expected) in [
        (json!({}), &[][..]),
        (json!({"url": "http://collector.example:4318"}), &["url"]),
        (
            json!({"headers": {"api-key": "in clear text"}}),
            &["headers.api-key"],
        ),
        (
            json!({"resource": {"": "x", "ok": "\u{7}"}, "scope_name": "", "scope_version": "\n"}),
            &["resource.", "resource.ok", "scope_name", "scope_version"],
        ),
        (
            json!({"resource": (0..51).map(|n| (format!("a{n}"), json!("x"))).collect::<serde_json::Map<_, _>>()}),
            &["resource"],
        ),
        (json!({"max_batch_bytes": 20_971_521}), &["max_batch_bytes"]),
    ] {
        let mut config = config("protobuf");
        for (key, value) in changes.as_object().unwrap() {
            config[key] = value.clone();
        }
        assert_eq!(problem_keys("otlp", &config), expected, "{changes}");
    }
}
