//! Answers, read in chunks that end anywhere.

use edgesiem_model::{Cursor, PageEnd, PageRequest, Source};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{HOUR_MS, NOW, before, page, read, single};

const BIG: usize = 2 * 1024 * 1024;

fn start() -> Cursor {
    single().start()
}

fn end(body: &str) -> Result<PageEnd, String> {
    read(&single(), &page(&start()), body.as_bytes(), 7, BIG)
        .1
        .map_err(|incomplete| incomplete.0)
}

fn place(end: &PageEnd) -> &Value {
    &end.next.0["combinations"]["exchange/dlp"]
}

#[test]
fn both_forms_of_an_answer_give_their_events() {
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/trend-micro/"
    );
    let sample = std::fs::read(format!("{root}demisto-security-events.json")).unwrap();
    let (events, whole) = read(&single(), &page(&start()), &sample, 11, BIG);
    let value: Value = serde_json::from_slice(&sample).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        serde_json::from_str::<Value>(&events[0]).unwrap(),
        value["security_events"][0]
    );
    assert!(!events[0].contains('\n'));
    assert!(!whole.unwrap().more);

    let camel = r#"{"selfLink":"https://h/","nextLink":"","securityEvents":[ {"service":"exchange"} , "a]\"" ,7, [] ]} "#;
    let (events, whole) = read(&single(), &page(&start()), camel.as_bytes(), 3, BIG);
    assert_eq!(
        events,
        [r#"{"service":"exchange"}"#, r#""a]\"""#, "7", "[]"]
    );
    // Nothing says how far it went but the window, whose end nobody but our clock knows.
    assert_eq!(
        place(&whole.unwrap())["since"],
        before(NOW, 660_000).millis()
    );
}

#[test]
fn only_a_whole_answer_ends_a_page() {
    let whole = r#"{"security_events":[{"a":"]}"},{"b":[1,2]}],"next_link":null,"last_log_item_generation_time":"2026-11-22T10:00:00Z","traceId":"x"}"#;
    end(whole).unwrap();
    for cut in 0..whole.len() {
        assert!(end(&whole[..cut]).is_err(), "cut at {cut}");
    }
    for (body, reason) in [
        (" \n", "empty"),
        ("<html></html>", "not JSON"),
        ("[]", "not JSON"),
        ("{}", "no security_events"),
        (r#"{"code":500,"msg":"x"}"#, "no security_events"),
        (r#"{"security_events":{}}"#, "not a list"),
        (r#"{"security_events":"[]"}"#, "not a list"),
        (r#"{"security_events":[]}x"#, "not JSON"),
        (r#"{"security_events":[]},"#, "not JSON"),
        (r#"{"security_events":[],}"#, "not JSON"),
        (r#"{"security_events":[1,]}"#, "not JSON"),
        (r#"{"security_events":[,1]}"#, "not JSON"),
        (r#"{"security_events":[1 2]}"#, "not JSON"),
        (r#"{"security_events":[}"#, "not JSON"),
        (
            r#"{"security_events":[{"a":tru}]}"#,
            "an event of the page is not JSON",
        ),
        (
            r#"{"security_events":[{]]}"#,
            "an event of the page is not JSON",
        ),
        (r#"{"security_events" []}"#, "not JSON"),
        (r#"{"security_events":[],"x":}"#, "not JSON"),
        (r#"{"security_events":[],"x":nul}"#, "not JSON"),
        (r#"{"security_events":[],"\x":1}"#, "name is not JSON"),
        (r#"{"security_events":[],"next_link":7}"#, "not a text"),
        (
            r#"{"security_events":[],"next_link":"a","nextLink":"b"}"#,
            "comes twice",
        ),
    ] {
        let incomplete = end(body).unwrap_err();
        assert!(incomplete.contains(reason), "{body}: {incomplete}");
    }
    for body in [
        r#"{"security_events":null}"#,
        r#"{"security_events":[],"next_link":"","next_link":""}"#,
        r#"{"security\u005fevents":[]}"#,
        r#"{"x":{"security_events":7},"security_events":[]}"#,
    ] {
        end(body).unwrap();
    }
}

#[test]
fn what_would_use_up_memory_ends_the_page() {
    let long = "x".repeat(70_000);
    for body in [
        format!(r#"{{"{long}":1,"security_events":[]}}"#),
        format!(r#"{{"traceId":"{long}","security_events":[]}}"#),
        format!(
            r#"{{"security_events":[],"next_link":"https://api-eu.tmcas.trendmicro.com/{}"}}"#,
            &long[..5000]
        ),
        format!(r#"{{"security_events":[{}1]}}"#, "1,".repeat(2100)),
    ] {
        assert!(end(&body).is_err());
    }
}

#[test]
fn an_event_that_nests_without_end_is_an_event() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let body = format!(r#"{{"security_events":[{deep},1]}}"#);
    let (events, whole) = read(&single(), &page(&start()), body.as_bytes(), 65_536, 3 * BIG);
    assert_eq!((events.len(), events[1].as_str()), (2, "1"));
    whole.unwrap();
}

#[test]
fn a_page_that_was_cut_often_enough_sets_aside_what_is_not_json() {
    let body = r#"{"security_events":[{"a":1},{"a":tru},{"a":2}]}"#;
    for (limit, is_whole) in [(500, false), (250, false), (125, false), (62, true)] {
        let cursor = start();
        let asked = PageRequest {
            limit,
            ..page(&cursor)
        };
        let (events, end) = read(&single(), &asked, body.as_bytes(), 5, BIG);
        assert_eq!(
            (end.is_ok(), events.len() == 3),
            (is_whole, is_whole),
            "{limit}"
        );
    }
}

#[test]
fn links_are_followed_to_the_configured_server_only() {
    let answer = |link: &str| {
        let body = json!({"security_events": [{"log_item_id": "a"}], "next_link": link, "last_log_item_generation_time": "2026-11-22T10:00:00Z"});
        end(&body.to_string())
    };
    for link in ["", "null"] {
        let end = answer(link).unwrap();
        assert!(!end.more && place(&end).get("chain").is_none(), "{link}");
    }
    for (link, target) in [
        (
            "https://api-eu.tmcas.trendmicro.com/v1/x?page_id=a%2Fb;c",
            "/v1/x?page_id=a%2Fb;c",
        ),
        ("HTTPS://API-EU.tmcas.trendmicro.com:443/v1/x", "/v1/x"),
        ("/v1/x?page_id=a", "/v1/x?page_id=a"),
    ] {
        let end = answer(link).unwrap();
        assert!(end.more);
        assert_eq!(single().request(&page(&end.next)).unwrap().target, target);
    }
    for (link, reason) in [
        ("https://evil.example/v1/x", "leads to https://evil.example"),
        (
            "https://api-eu.tmcas.trendmicro.com.evil.example/",
            "leads to",
        ),
        ("https://api-eu.tmcas.trendmicro.com:8443/", "leads to"),
        (
            "https://api-eu.tmcas.trendmicro.com@evil.example/",
            "user information",
        ),
        (
            "https://evil.example\\@api-eu.tmcas.trendmicro.com/",
            "cannot be followed",
        ),
        ("http://api-eu.tmcas.trendmicro.com/", "cannot be followed"),
        ("http://127.0.0.1/", "leads to http://127.0.0.1"),
        ("//evil.example/", "cannot be followed"),
        ("/v1/a b", "cannot be followed"),
        ("v1/x", "cannot be followed"),
        ("ftp://api-eu.tmcas.trendmicro.com/", "cannot be followed"),
        (
            "https://api-eu.tmcas.trendmicro.com/a b",
            "cannot be followed",
        ),
        (
            "https://api-eu.tmcas.trendmicro.com/\r\nx: y",
            "cannot be followed",
        ),
        (
            "https://api-eu.tmcas.trendmicro.com/#x",
            "cannot be followed",
        ),
    ] {
        let incomplete = answer(link).unwrap_err();
        assert!(incomplete.contains(reason), "{link}: {incomplete}");
        assert!(!incomplete.contains(['\r', '\n']));
    }
}

#[test]
fn both_spellings_of_a_link_may_come_if_one_is_empty_or_they_agree() {
    let with = |first: &str, second: &str| {
        end(&format!(
            r#"{{"next_link":{first},"security_events":[{{"log_item_id":"a"}}],"nextLink":{second}}}"#
        ))
    };
    for (first, second, goes_on) in [
        (r#""/x""#, r#""""#, true),
        ("null", r#""/x""#, true),
        (r#""null""#, r#""/x""#, true),
        (r#""/x""#, r#""/x""#, true),
        ("null", r#""""#, false),
    ] {
        let end = with(first, second).unwrap();
        assert_eq!(
            place(&end).get("chain").is_some(),
            goes_on,
            "{first} {second}"
        );
    }
    let different = with(r#""/x""#, r#""/y""#).unwrap_err();
    assert!(different.contains("comes twice"), "{different}");
}

#[test]
fn a_byte_order_mark_may_come_before_an_answer_and_nowhere_else() {
    assert!(end("\u{feff}{\"security_events\":[]}").is_ok());
    for body in [
        "\u{feff}\u{feff}{\"security_events\":[]}",
        "{\u{feff}\"security_events\":[]}",
        "\u{feff}",
        "\u{fee0}{\"security_events\":[]}",
    ] {
        assert!(end(body).is_err(), "{body:?}");
    }
}

#[test]
fn the_generation_time_is_believed_as_far_as_it_can_be() {
    let window_end = before(NOW, 60_000);
    let untold = before(window_end, 600_000).millis();
    let begin = before(NOW, 24 * HOUR_MS).millis();
    let at = |text: &str| {
        let body = json!({"security_events": [{"log_item_id": "a"}], "last_log_item_generation_time": text});
        let end = end(&body.to_string()).unwrap();
        (
            place(&end)["since"].as_u64().unwrap(),
            place(&end).get("seen").is_some(),
        )
    };
    for (text, since) in [
        (
            "2026-11-22T10:00:00.000Z",
            before(NOW, 2 * HOUR_MS).millis(),
        ),
        ("2026-11-22T10:00:00", before(NOW, 2 * HOUR_MS).millis()),
        ("2026-11-22T11:59:00.900Z", window_end.millis()),
        // After the end of the window, before its beginning, and nothing at all.
        ("2026-11-22T11:59:01.100Z", untold),
        ("2099-01-01T00:00:00Z", untold),
        ("2026-11-21T11:59:58Z", untold),
        ("yesterday", untold),
        ("", untold),
        // Told in whole seconds, so it may be the beginning of the window.
        ("2026-11-21T11:59:59Z", begin),
    ] {
        assert_eq!(at(text), (since, true), "{text}");
    }
    // An answer without an event says nothing about when one was generated.
    let body = r#"{"security_events":[],"last_log_item_generation_time":"2026-11-22T10:00:00Z"}"#;
    assert_eq!(place(&end(body).unwrap())["since"], begin);
}

#[test]
fn an_event_that_is_too_long_comes_in_parts_and_once() {
    let long = format!(r#"{{"log_item_id":"a","x":"{}"}}"#, "y".repeat(5000));
    let body = format!(
        r#"{{"security_events":[{long}],"last_log_item_generation_time":"2026-11-22T10:00:00Z"}}"#
    );
    let cursor = start();
    let (events, first) = read(&single(), &page(&cursor), body.as_bytes(), 64, 1024);
    assert_eq!(events, [long.as_str()]);
    let cursor = first.unwrap().next;
    let (events, again) = read(&single(), &page(&cursor), body.as_bytes(), 999, 1024);
    assert_eq!(events, [""; 0]);
    again.unwrap();
}

#[test]
fn what_goes_with_a_dead_letter_is_short_however_much_the_cursor_remembers() {
    let events: Vec<Value> = (0..500).map(|id| json!({"log_item_id": id})).collect();
    let body =
        json!({"security_events": events, "last_log_item_generation_time": "2026-11-22T11:58:00Z"});
    let cursor = end(&body.to_string()).unwrap().next;
    assert!(cursor.0.to_string().len() > 10_000);
    let shown = single().shown(&page(&cursor));
    assert_eq!(
        shown.0,
        json!({"combination": "exchange/dlp", "since": before(NOW, 120_000).millis()})
    );
}

#[test]
fn an_event_as_long_as_allowed_is_whole() {
    for length in 1..40 {
        let event = format!("\"{}\"", "y".repeat(length));
        let body = format!(r#"{{"security_events":[{event}, {event}]}}"#);
        for chunk_bytes in 1..body.len() {
            let (events, end) = read(&single(), &page(&start()), body.as_bytes(), chunk_bytes, 20);
            assert_eq!(events, [event.as_str(), &event]);
            end.unwrap();
        }
    }
}

proptest! {
    #[test]
    fn chunks_may_end_anywhere(texts in prop::collection::vec("[ -~\\n\u{e9}]{0,20}", 0..6), chunk_bytes in 1_usize..40, max in 1_usize..60) {
        let events: Vec<Value> = texts.iter().map(|text| json!({"log_item_id": text, "\"]}": [text]})).collect();
        let body = serde_json::to_string_pretty(&json!({"security_events": events, "next_link": null, "x": {"y": [1, "]"]}})).unwrap();
        let (read, end) = read(&single(), &page(&start()), body.as_bytes(), chunk_bytes, max);
        prop_assert!(end.is_ok());
        let read: Vec<Value> = read.iter().map(|event| serde_json::from_str(event).unwrap()).collect();
        prop_assert_eq!(read, events);
    }

    #[test]
    fn no_body_makes_it_panic(body in prop::collection::vec(prop::sample::select(&b"{}[]\",:\\ nul17\n\"security_events"[..]), 0..120), chunk_bytes in 1_usize..9) {
        let _ = read(&single(), &page(&start()), &body, chunk_bytes, 16);
        let body = [b"{\"security_events\":[".as_slice(), &body].concat();
        let _ = read(&single(), &page(&start()), &body, chunk_bytes, 16);
    }
}
