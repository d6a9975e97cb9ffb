//! Every kind of response, and what it means.

use edgesiem_model::{Cursor, ErrorKind, Source, SourceVerdict, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::{HOUR_MS, NOW, TOKEN, before, head, page, single};

fn name(verdict: &SourceVerdict) -> String {
    match verdict {
        SourceVerdict::Page => "page".to_owned(),
        SourceVerdict::Retry { after_ms: None, .. } => "retry".to_owned(),
        SourceVerdict::Retry {
            after_ms: Some(ms), ..
        } => format!("retry {ms}"),
        SourceVerdict::Resign { .. } => "resign".to_owned(),
        SourceVerdict::AskFrom { .. } => "ask from".to_owned(),
        SourceVerdict::Recover { .. } => "recover".to_owned(),
        SourceVerdict::Stop(_) => "stop".to_owned(),
    }
}

fn error(verdict: &SourceVerdict) -> String {
    match verdict {
        SourceVerdict::Page => String::new(),
        SourceVerdict::Retry { error, .. }
        | SourceVerdict::Resign { error, .. }
        | SourceVerdict::AskFrom { error, .. }
        | SourceVerdict::Recover { error }
        | SourceVerdict::Stop(error) => error.to_string(),
    }
}

/// The one combination of [`single`], with these members.
fn at(mut place: serde_json::Value, to: Timestamp) -> Cursor {
    place["to"] = json!(to.millis());
    Cursor(json!({"round": to.millis(), "turn": 0, "combinations": {"exchange/dlp": place}}))
}

fn known_until(to: Timestamp) -> Cursor {
    at(json!({"since": before(to, 1000).millis()}), to)
}

fn linked() -> Cursor {
    let to = before(NOW, HOUR_MS);
    let chain = json!({
        "link": "/v1/siem/security_events?page_id=a%2Fb&x=%20", "window_to": to.millis(), "links": 1, "empty": 0,
        "mark": "",
    });
    at(
        json!({"since": before(to, 1000).millis(), "chain": chain}),
        to,
    )
}

#[test]
fn every_status_has_its_verdict() {
    let recent = known_until(before(NOW, HOUR_MS));
    let edge = known_until(before(NOW, 71 * HOUR_MS));
    let old = known_until(before(NOW, 73 * HOUR_MS));
    let start =
        json!({"code": -4000001, "traceId": "t", "msg": "Parameter START is invalid"}).to_string();
    for (cursor, status, headers, body, expected) in [
        (&recent, 200, &[][..], "", "page"),
        (&linked(), 200, &[], "", "page"),
        (&old, 200, &[], "", "recover"),
        (&recent, 201, &[], "", "retry"),
        (&recent, 204, &[], "", "retry"),
        (
            &recent,
            302,
            &[("location", "https://elsewhere.example/")],
            "",
            "stop",
        ),
        (&recent, 400, &[], &start, "stop"),
        (&edge, 400, &[], &start, "recover"),
        (&edge, 400, &[], "start 72 days", "stop"),
        (&edge, 400, &[], "{}", "stop"),
        (&linked(), 400, &[], "", "ask from"),
        (&linked(), 404, &[], "", "ask from"),
        (&linked(), 410, &[], "", "ask from"),
        (&recent, 401, &[], "", "stop"),
        (&linked(), 401, &[], "", "ask from"),
        (&linked(), 403, &[], "", "ask from"),
        (&recent, 403, &[], "", "stop"),
        (&recent, 404, &[], "", "stop"),
        (&recent, 405, &[], "", "stop"),
        (&recent, 408, &[], "", "retry"),
        (&recent, 410, &[], "", "stop"),
        (&recent, 429, &[], "", "retry 60000"),
        (&recent, 429, &[("retry-after", "7")], "", "retry 7000"),
        (&recent, 500, &[], "", "retry"),
        (
            &recent,
            503,
            &[("retry-after", "120")],
            "<html>",
            "retry 120000",
        ),
        (&recent, 100, &[], "", "stop"),
    ] {
        let verdict = single().verdict(&page(cursor), &head(status, headers), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body} {}", cursor.0);
    }
}

#[test]
fn a_clock_that_is_off_is_learned_from_an_answer_before_events_are_lost_by_it() {
    // `NOW` is noon.
    let recent = known_until(before(NOW, HOUR_MS));
    let edge = known_until(before(NOW, 71 * HOUR_MS));
    let start = json!({"code": 1, "msg": "start is more than 72 hours ago"}).to_string();
    let five_slow = "Sun, 22 Nov 2026 12:05:00 GMT";
    let five_fast = "Sun, 22 Nov 2026 11:55:00 GMT";
    for (cursor, status, headers, known_skew_ms, expected) in [
        (&recent, 200, &[("date", five_fast)][..], 0, Some(-300_000)),
        (&recent, 200, &[("date", five_fast)], -280_000, None),
        (
            &recent,
            200,
            &[("date", five_fast)],
            3_600_000,
            Some(-300_000),
        ),
        // A slow clock makes events late, and a slow answer looks like one.
        (&recent, 200, &[("date", five_slow)], 0, None),
        (&linked(), 200, &[("date", five_fast)], 0, None),
        (
            &recent,
            200,
            &[("date", five_fast), ("age", "300")],
            0,
            None,
        ),
        (
            &recent,
            200,
            &[("date", "Sun, 22 Nov 2026 11:59:31 GMT")],
            0,
            None,
        ),
        (
            &recent,
            200,
            &[("date", "Thu, 01 Jan 1970 00:00:00 GMT")],
            0,
            None,
        ),
        (&recent, 200, &[("date", "noon")], 0, None),
        (&recent, 200, &[], 0, None),
        (&edge, 400, &[("date", five_slow)], 0, Some(300_000)),
        (&edge, 400, &[("date", five_fast)], 0, Some(-300_000)),
        (&recent, 400, &[("date", five_slow)], 0, None),
    ] {
        let asked = edgesiem_model::PageRequest {
            clock_skew_ms: known_skew_ms,
            ..page(cursor)
        };
        let learned = match single().verdict(&asked, &head(status, headers), start.as_bytes()) {
            SourceVerdict::Resign { clock_skew_ms, .. } => clock_skew_ms,
            _ => None,
        };
        assert_eq!(learned, expected, "{status} {headers:?} {known_skew_ms}");
    }
}

#[test]
fn an_error_says_what_the_api_said_and_what_to_do() {
    for (status, body, words) in [
        (
            401,
            r#"{"code":401,"traceId":"trace1","msg":"A test string"}"#,
            &[
                "answered 401: A test string",
                "trace1",
                "exchange/dlp",
                "365 days",
                "Administration",
            ][..],
        ),
        (400, r#"{"code":-4000001}"#, &["answered 400;", "-4000001"]),
        (403, "", &["answered 403;", "leave it out"]),
        (
            404,
            "<html>\u{1b}[2J",
            &["answered 404;", "\\u{1b}[2J", "legacy"],
        ),
        (
            429,
            r#"{"msg":7}"#,
            &["answered 429;", "requests_per_minute"],
        ),
        (405, "null", &["answered 405;", "does not know"]),
    ] {
        let cursor = single().start();
        let verdict = single().verdict(&page(&cursor), &head(status, &[]), body.as_bytes());
        let text = error(&verdict);
        for word in words {
            assert!(text.contains(word), "{word} is not in: {text}");
        }
    }
}

#[test]
fn a_link_that_is_gone_is_asked_for_by_time() {
    let cursor = linked();
    let source = single();
    let asked = page(&cursor);
    assert_eq!(
        source.request(&asked).unwrap().target,
        "/v1/siem/security_events?page_id=a%2Fb&x=%20"
    );
    let SourceVerdict::AskFrom { cursor, .. } = source.verdict(&asked, &head(404, &[]), b"") else {
        panic!("another verdict")
    };
    assert_eq!(
        source.request(&page(&cursor)).unwrap().target,
        "/v1/siem/security_events?service=exchange&event=dlp\
         &start=2026-11-22T10:59:59.000Z&end=2026-11-22T11:59:00.000Z&limit=500"
    );
    // What it leads to was asked for with the size that pages had then.
    let cursor = linked();
    let smaller = edgesiem_model::PageRequest {
        limit: 250,
        ..page(&cursor)
    };
    let target = source.request(&smaller).unwrap().target;
    assert!(target.ends_with("&limit=250"), "{target}");
}

#[test]
fn a_foreign_cursor_stops_the_stream() {
    for foreign in [
        json!({"offset": "a"}),
        json!("a"),
        json!(null),
        json!({"turn": -1}),
        json!({"combinations": {"exchange/dlp": {}}}),
        json!({"combinations": {"exchange/dlp": {"since": 1, "seen": "AAAA"}}}),
    ] {
        let cursor = Cursor(foreign);
        let error = single().request(&page(&cursor)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{}", cursor.0);
        assert_eq!(
            name(&single().verdict(&page(&cursor), &head(200, &[]), b"")),
            "stop"
        );
        assert!(
            single()
                .reader(&page(&cursor), &edgesiem_model::Limits::default())
                .finish(&mut |_| {})
                .is_err()
        );
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_or_shows_the_token(status in 100_u16..600, body in ".{0,200}", at in 0_usize..3) {
        let body = [body.as_str(), TOKEN, &body].concat();
        let headers = [("location", body.as_str()), ("retry-after", TOKEN)];
        let cursor = [known_until(before(NOW, HOUR_MS)), linked(), known_until(before(NOW, 71 * HOUR_MS))];
        let verdict = single().verdict(&page(&cursor[at]), &head(status, &headers), body.as_bytes());
        let shown = format!("{verdict:?}{}", error(&verdict));
        prop_assert!(!shown.contains(TOKEN));
    }
}
