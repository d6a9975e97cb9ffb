//! Every kind of answer, and what it means.

use edgesiem_model::{Answer, Attempt, HttpRequest, SinkVerdict, Timestamp};
use serde_json::json;

use super::{API_KEY, TOKEN, WEBHOOK_SECRET, batch, head, name, sink, splunk, verdict, webhook};

#[test]
fn a_webhooks_status_decides() {
    let credentials = "stop: the webhook refused our credentials";
    let address = "stop: nothing takes webhooks at this address";
    let kind = "stop: the webhook refuses requests of this kind";
    let redirect = "stop: the sink answered with a redirect, and redirects are never followed";
    for (status, headers, expected) in [
        (200, &[][..], "accepted"),
        (202, &[], "accepted"),
        (204, &[], "accepted"),
        (301, &[("location", "https://other.example/")], redirect),
        (304, &[], redirect),
        (307, &[], redirect),
        (400, &[], "rejected"),
        (401, &[], credentials),
        (402, &[], credentials),
        (403, &[], credentials),
        (404, &[], address),
        (405, &[], address),
        (406, &[], kind),
        (408, &[], "retry"),
        (409, &[], "retry"),
        (
            410,
            &[],
            "stop: the webhook is disabled by its owner (410 Gone)",
        ),
        (411, &[], kind),
        (413, &[], "too large"),
        (415, &[], kind),
        (422, &[], "rejected"),
        (425, &[], "retry"),
        (429, &[("retry-after", "7")], "retry 7000"),
        (
            429,
            &[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")],
            "retry 60000",
        ),
        (429, &[("retry-after", "soon")], "retry"),
        (451, &[], kind),
        (500, &[], "retry"),
        (503, &[("retry-after", "0")], "retry 0"),
        (599, &[], "retry"),
        (0, &[], kind),
        (101, &[], kind),
        (600, &[], kind),
    ] {
        let verdict = verdict(webhook().as_ref(), &head(status, headers), b"why");
        assert_eq!(name(&verdict), expected, "{status}");
    }
}

const TOKEN_REFUSED: &str = "stop: the collector refused our token";
const NOT_HEC: &str = "stop: the answer is not that of an event collector";
const NO_HEC: &str = "stop: there is no event collector at this address";

#[test]
fn a_collectors_code_decides_and_its_status_where_there_is_none() {
    let index = "stop: the token may not write to the configured index";
    let channel = "stop: the token wants indexer acknowledgement, which needs a channel";
    let no_ack =
        "stop: the sink waits for indexer acknowledgement, and the token has it turned off";
    for (status, body, expected) in [
        (200, r#"{"text":"Success","code":0}"#, "accepted"),
        (200, r#"{"text":"Success","code":0,"ackId":3}"#, "accepted"),
        (403, r#"{"text":"Token disabled","code":1}"#, TOKEN_REFUSED),
        (
            401,
            r#"{"text":"Token is required","code":2}"#,
            TOKEN_REFUSED,
        ),
        (
            401,
            r#"{"text":"Invalid authorization","code":3}"#,
            TOKEN_REFUSED,
        ),
        (403, r#"{"text":"Invalid token","code":4}"#, TOKEN_REFUSED),
        (400, r#"{"text":"No data","code":5}"#, "rejected"),
        (
            400,
            r#"{"text":"Invalid data format","code":6,"invalid-event-number":2}"#,
            "rejected",
        ),
        (
            400,
            r#"{"text":"Incorrect index","code":7,"invalid-event-number":1}"#,
            index,
        ),
        (500, r#"{"text":"Internal server error","code":8}"#, "retry"),
        (503, r#"{"text":"Server is busy","code":9}"#, "retry"),
        (
            400,
            r#"{"text":"Data channel is missing","code":10}"#,
            channel,
        ),
        (400, r#"{"text":"Invalid data channel","code":11}"#, channel),
        (
            400,
            r#"{"text":"Event field is required","code":12}"#,
            "rejected",
        ),
        (
            400,
            r#"{"text":"Event field cannot be blank","code":13}"#,
            "rejected",
        ),
        (400, r#"{"text":"ACK is disabled","code":14}"#, no_ack),
        (
            400,
            r#"{"text":"Error in handling indexed fields","code":15}"#,
            "rejected",
        ),
        (
            400,
            r#"{"text":"Query string authorization is not enabled","code":16}"#,
            TOKEN_REFUSED,
        ),
        // The health endpoint's own, should a load balancer mix them up: 17 is no answer to events.
        (200, r#"{"text":"HEC is healthy","code":17}"#, NOT_HEC),
        (
            503,
            r#"{"text":"HEC is unhealthy, queues are full","code":18}"#,
            "retry",
        ),
        (
            503,
            r#"{"text":"HEC is unhealthy, ack service unavailable","code":19}"#,
            "retry",
        ),
        (
            503,
            r#"{"text":"HEC is unhealthy, queues are full, ack service unavailable","code":20}"#,
            "retry",
        ),
        (400, r#"{"text":"Invalid token","code":21}"#, TOKEN_REFUSED),
        (400, r#"{"text":"Token disabled","code":22}"#, TOKEN_REFUSED),
        // Warnings beside an acceptance.
        (
            200,
            r#"{"text":"HEC queue is approaching its capacity limit","code":24}"#,
            "accepted",
        ),
        (
            200,
            r#"{"text":"HEC ACK is approaching its capacity limit","code":25}"#,
            "accepted",
        ),
        (503, r#"{"text":"?","code":24}"#, "retry"),
        (
            429,
            r#"{"text":"HEC queue is at capacity and cannot process any more requests","code":26}"#,
            "retry",
        ),
        (
            429,
            r#"{"text":"HEC ACK channel is at capacity and cannot process any more requests","code":27}"#,
            "retry",
        ),
        // A code that means trouble wins over a friendly status, and a status of trouble over code 0.
        (200, r#"{"text":"Incorrect index","code":7}"#, index),
        (503, r#"{"text":"Success","code":0}"#, "retry"),
        (200, r#"{"text":"?","code":99}"#, NOT_HEC),
        (
            503,
            r#"{"text":"Server is shutting down","code":23}"#,
            "retry",
        ),
        (400, r#"{"text":"?","code":"6"}"#, "rejected"),
        (200, r#"{"text":"Success","code":"0"}"#, NOT_HEC),
        (200, r#"{"code":0,"code":0}"#, NOT_HEC),
        (200, "{}", NOT_HEC),
        (200, "", NOT_HEC),
        (200, "<html>please log in</html>", NOT_HEC),
        (204, "", NOT_HEC),
        (
            302,
            "",
            "stop: the sink answered with a redirect, and redirects are never followed",
        ),
        (401, "", TOKEN_REFUSED),
        (404, "Not Found", NO_HEC),
        (405, "", NO_HEC),
        (408, "", "retry"),
        (413, "", "too large"),
        (415, "", "stop: the collector refuses requests of this kind"),
        (429, "", "retry"),
        (502, "<html>", "retry"),
        (504, "\u{0}", "retry"),
    ] {
        let verdict = verdict(splunk(false).as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn what_the_operator_reads_has_the_answer_and_the_way_out() {
    let answer = head(302, &[("location", "https://other.example/\u{202e}x")]);
    let SinkVerdict::Stop(error) = verdict(webhook().as_ref(), &answer, b"moved\x1b[2J") else {
        panic!("a redirect stops");
    };
    assert_eq!(
        error.to_string(),
        "the sink answered with a redirect, and redirects are never followed; \
         points to: https://other.example/\\u{202e}x; answer: HTTP 302: moved\\u{1b}[2J. \
         What to do: if the new address is right, set it as the sink's url"
    );
    let busy = verdict(splunk(false).as_ref(), &head(503, &[]), b"{\"code\":9}");
    let SinkVerdict::Retry { reason, .. } = busy else {
        panic!("busy passes");
    };
    assert_eq!(reason, "HTTP 503: {\"code\":9}");
}

#[test]
fn an_acknowledged_batch_is_polled_until_it_is_true_or_the_time_is_over() {
    let sink = splunk(true);
    let start = 1_000_000_000_000_u64;
    let at = |ms: u64, status: u16, headers: &[(&str, &str)], body: &str| {
        (ms, head(status, headers), body.as_bytes().to_vec())
    };
    let (_, taken, body) = at(0, 200, &[], r#"{"text":"Success","code":0,"ackId":7}"#);
    let first = Answer {
        head: &taken,
        body: &body,
        now: Timestamp::from_millis(start),
    };
    let SinkVerdict::Pending { poll, after_ms } = sink.verdict(&batch(&["{}"]).view(), &first)
    else {
        panic!("an acknowledgement is outstanding");
    };
    assert_eq!(after_ms, 1000);
    let header = |wanted: &str| {
        let found = poll.headers.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.expose().to_owned()).unwrap()
    };
    assert_eq!(
        poll.url(),
        format!(
            "https://splunk.example:8088/services/collector/ack?channel={}",
            header("x-splunk-request-channel")
        )
    );
    assert_eq!(poll.body, br#"{"acks":[7]}"#);
    assert_eq!(header("authorization"), format!("Splunk {TOKEN}"));
    assert_eq!(header("x-edgesiem-pending-since"), start.to_string());

    let not_yet = r#"{"acks":{"7":false}}"#;
    for ((ms, head, body), expected) in [
        (at(1_000, 200, &[], r#"{"acks":{"7":true}}"#), "accepted"),
        (
            at(299_999, 200, &[], r#"{"acks":{"6":false,"7":true}}"#),
            "accepted",
        ),
        (at(300_000, 200, &[], r#"{"acks":{"7":true}}"#), "accepted"),
        (at(1_000, 200, &[], not_yet), "pending 1000"),
        (at(4_000, 200, &[], not_yet), "pending 4000"),
        (at(60_000, 200, &[], not_yet), "pending 10000"),
        (at(299_000, 200, &[], not_yet), "pending 1000"),
        (at(299_999, 200, &[], not_yet), "pending 1"),
        (at(300_000, 200, &[], not_yet), "retry"),
        (
            at(9_000, 200, &[], r#"{"acks":{"70":true}}"#),
            "pending 9000",
        ),
        (at(9_000, 200, &[], r#"{"acks":{"7":1}}"#), "pending 9000"),
        (at(9_000, 200, &[], "<html>"), "pending 9000"),
        (
            at(9_000, 503, &[], r#"{"text":"Server is busy","code":9}"#),
            "pending 9000",
        ),
        (
            at(9_000, 429, &[("retry-after", "20")], ""),
            "pending 20000",
        ),
        (
            at(9_000, 429, &[("retry-after", "9999")], ""),
            "pending 291000",
        ),
        (at(300_001, 503, &[], ""), "retry"),
        (
            at(9_000, 403, &[], r#"{"text":"Invalid token","code":4}"#),
            TOKEN_REFUSED,
        ),
        (
            at(9_000, 400, &[], r#"{"text":"ACK is disabled","code":14}"#),
            "stop: the sink waits for indexer acknowledgement, and the token has it turned off",
        ),
        (at(9_000, 404, &[], ""), NO_HEC),
        (at(9_000, 400, &[], "?"), "retry"),
        (at(9_000, 413, &[], "?"), "retry"),
    ] {
        let answer = Answer {
            head: &head,
            body: &body,
            now: Timestamp::from_millis(start + ms),
        };
        let verdict = sink.poll_verdict(&poll, &answer);
        let shown = String::from_utf8_lossy(&body);
        assert_eq!(name(&verdict), expected, "{ms} {} {shown}", head.status);
        if let SinkVerdict::Pending { poll: again, .. } = verdict {
            // The next poll is the same one: it still knows when waiting began.
            let parts = |request: &HttpRequest| {
                let headers = request.headers.iter();
                let headers: Vec<_> = headers
                    .map(|(name, value)| (name.clone(), value.expose().to_owned()))
                    .collect();
                (request.url(), headers, request.body.clone())
            };
            assert_eq!(parts(&again), parts(&poll));
        }
    }
}

#[test]
fn a_collector_close_to_capacity_is_asked_for_its_acknowledgement_all_the_same() {
    for (body, expected) in [
        (r#"{"text":"x","code":24,"ackId":7}"#, "pending 1000"),
        (r#"{"text":"x","code":25,"ackId":7}"#, "pending 1000"),
        // It took the events, and does not say under which number.
        (r#"{"text":"x","code":25}"#, "retry"),
    ] {
        let verdict = verdict(splunk(true).as_ref(), &head(200, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{body}");
    }
}

#[test]
fn raw_lines_are_judged_and_acknowledged_as_objects_are() {
    let raw = sink(
        "splunk-hec",
        &json!({"url": "https://splunk.example:8088/services/collector/raw", "token": {"secret": "TOKEN"}, "ack": true}),
    );
    let taken = verdict(raw.as_ref(), &head(200, &[]), br#"{"code":0,"ackId":7}"#);
    let SinkVerdict::Pending { poll, .. } = taken else {
        panic!("an acknowledgement is outstanding");
    };
    let request = raw.request(&batch(&["a"]).view(), &Attempt::at(Timestamp::default()));
    let channel = |target: &str| {
        let (_, query) = target.split_once("channel=").unwrap();
        query.split('&').next().unwrap().to_owned()
    };
    assert_eq!(channel(&poll.target), channel(&request.target));
    assert!(poll.target.starts_with("/services/collector/ack?"));
    for (status, body, expected) in [
        (400, r#"{"code":6}"#, "rejected"),
        (200, "<html>", NOT_HEC),
        (404, "", NO_HEC),
    ] {
        let verdict = verdict(raw.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn a_collector_that_does_not_acknowledge_stops_a_sink_that_waits_for_it() {
    let body = br#"{"text":"Success","code":0}"#;
    let verdict = verdict(splunk(true).as_ref(), &head(200, &[]), body);
    assert_eq!(
        name(&verdict),
        "stop: the sink waits for indexer acknowledgement, and the token has it turned off"
    );
}

#[test]
fn no_secret_is_printed_whatever_the_server_echoes() {
    let echo = format!("you sent {TOKEN} {WEBHOOK_SECRET} {API_KEY}");
    for sink in [webhook(), splunk(false), splunk(true)] {
        let request = sink.request(
            &batch(&["{}"]).view(),
            &Attempt::at(Timestamp::from_secs(1_491_303_500)),
        );
        let hidden: Vec<String> = request
            .headers
            .iter()
            .filter(|(name, _)| {
                matches!(
                    name.as_ref(),
                    "authorization" | "webhook-signature" | "x-api-key"
                )
            })
            .map(|(_, value)| value.expose().to_owned())
            .collect();
        assert!(!hidden.is_empty());
        let mut shown = format!("{request:?} {request:#?}");
        // The signing secret is never sent, so no server can echo it.
        let echo = echo.replace(WEBHOOK_SECRET, "");
        for status in [200, 302, 400, 401, 404, 410, 415, 429, 500] {
            let head = head(status, &[("location", &echo)]);
            let verdict = verdict(sink.as_ref(), &head, echo.as_bytes());
            shown += &format!("{verdict:?} {verdict:#?}");
            if let SinkVerdict::Stop(error) = verdict {
                shown += &error.to_string();
            }
        }
        let own = match sink.name() {
            "webhook" => API_KEY,
            _ => TOKEN,
        };
        for secret in hidden
            .iter()
            .map(String::as_str)
            .chain([own, WEBHOOK_SECRET])
        {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[test]
fn a_webhooks_path_is_not_quoted_whatever_part_of_it_the_server_echoes() {
    for (target, echo, quoted) in [
        ("/in", "no route /in", "no route ***"),
        (
            "/T0/0123456789abcdef0123?key=fedcba9876543210",
            "POST /T0/0123456789abcdef0123?key=fedcba9876543210 is gone",
            "POST *** is gone",
        ),
        (
            "/T0/0123456789abcdef0123?key=fedcba9876543210",
            "/T0/0123456789abcdef0123/ 0123456789abcdef0123 key=fedcba9876543210",
            "***/ *** key=***",
        ),
        ("/?fedcba9876543210", "a/b fedcba9876543210", "a/b ***"),
        ("/", "a/b", "a/b"),
    ] {
        let config = json!({"url": format!("https://hooks.example{target}"), "unsigned": true});
        let sink = sink("webhook", &config);
        let request = sink.request(&batch(&["{}"]).view(), &Attempt::at(Timestamp::default()));
        assert_eq!(request.target, target);
        for status in [301, 400, 404, 410, 415, 503] {
            let head = head(status, &[("location", echo)]);
            let shown = match verdict(sink.as_ref(), &head, echo.as_bytes()) {
                SinkVerdict::Stop(error) => error.to_string(),
                SinkVerdict::Retry { reason, .. } | SinkVerdict::Rejected { reason } => reason,
                other => panic!("{other:?}"),
            };
            let answer = format!("HTTP {status}: {quoted}");
            assert!(shown.contains(&answer), "{shown}");
            if status == 301 {
                let location = format!("points to: {quoted};");
                assert!(shown.contains(&location), "{shown}");
            }
        }
    }
}
