//! Pages, read in chunks.

use edgesiem_model::{Cursor, Incomplete, Limits, Line, PageEnd, PageRequest, Source};
use proptest::prelude::*;
use serde_json::json;

use super::{page, source, vector};

/// Events of a page, with oversize lines put together again, and its end.
fn read(
    asked: &Cursor,
    limit: u32,
    max_event_bytes: usize,
    chunks: &[&[u8]],
) -> (Vec<Vec<u8>>, Result<PageEnd, Incomplete>) {
    let request = PageRequest {
        limit,
        ..page(asked)
    };
    let limits = Limits {
        max_event_bytes,
        ..Limits::default()
    };
    let mut reader = source(json!({})).reader(&request, &limits);
    let mut events: Vec<Vec<u8>> = Vec::new();
    let mut take = |line: Line<'_>| match line {
        Line::Event(event) => events.push(event.to_vec()),
        Line::Oversize { part, index, .. } => {
            assert!(part.len() <= max_event_bytes);
            if index == 0 {
                events.push(Vec::new());
            }
            events.last_mut().unwrap().extend_from_slice(part);
        }
    };
    for chunk in chunks {
        reader.push(chunk, &mut take);
    }
    let end = reader.finish(&mut take);
    (events, end)
}

fn offset(token: &str) -> Cursor {
    Cursor(json!({ "offset": token }))
}

#[test]
fn the_context_line_says_where_to_go_on_and_whether_to_go_on_at_once() {
    for (context, limit, next, more) in [
        (r#"{"total": 0, "offset":"318d8"}"#, 10, "318d8", false),
        (
            r#"{ "total": 4, "offset": "7015d;spnIX1f" }"#,
            10,
            "7015d;spnIX1f",
            false,
        ),
        // The limit is there only if it was reached, whatever the total.
        (r#"{"total": 4, "offset": "a", "limit": 10}"#, 10, "a", true),
        (r#"{"offset": "a", "limit": 10}"#, 10, "a", true),
        (r#"{"total": 10, "offset": "a"}"#, 10, "a", true),
        (r#"{"total": 11, "offset": "a"}"#, 10, "a", true),
        (r#"{"total": 9, "offset": "a"}"#, 10, "a", false),
        (r#"{"offset": "a"}"#, 10, "a", false),
        // A page without events is not full, whatever limit it names.
        (
            r#"{"total": 0, "offset": "a", "limit": 10}"#,
            10,
            "a",
            false,
        ),
        // Nothing new, whatever is counted: asking again at once would go on for ever.
        (
            r#"{"total": 10, "offset": "asked", "limit": 10}"#,
            10,
            "asked",
            false,
        ),
    ] {
        let body = format!("{{\"type\":\"akamai_siem\"}}\n{context}\n");
        let (events, end) = read(&offset("asked"), limit, 1000, &[body.as_bytes()]);
        assert_eq!(events, [b"{\"type\":\"akamai_siem\"}"]);
        let end = end.unwrap();
        assert_eq!((end.next, end.more), (offset(next), more), "{context}");
    }
}

#[test]
fn a_page_without_a_context_line_is_incomplete() {
    let long = format!("{{\"offset\":\"{}\"}}\n", "x".repeat(5000));
    for (body, reason) in [
        ("", "empty"),
        ("\n\n", "empty"),
        ("{\"type\":\"akamai_siem\"}\n", "context line"),
        ("{\"type\":\"a\"}\n{\"offset\":\"318", "neither"),
        ("<html>", "neither"),
        (&long, "more than a URL should carry"),
    ] {
        let (_, end) = read(&offset("NULL"), 10, 10_000, &[body.as_bytes()]);
        let reason_given = end.unwrap_err().to_string();
        assert!(reason_given.contains(reason), "{body:?}: {reason_given}");
    }
}

#[test]
fn recorded_responses_are_read_whole_in_chunks_of_any_size() {
    for (file, count, next, more) in [
        ("sekoia/response_2.ndjson", 0, "EMPTY_TOKEN", false),
        ("sekoia/response_1.ndjson", 3, "OFFSET_TOKEN", false),
        (
            "elastic-otel/siem_response.ndjson",
            2,
            "eyJhbGciOiJIUzI1NiJ9.next-page-cursor",
            true,
        ),
        (
            "elastic-otel/siem_response_full.ndjson",
            3,
            "test-cursor-abc123",
            true,
        ),
    ] {
        let body = vector(file);
        for size in [1, 2, 7, 100, 4096, body.len()] {
            let chunks: Vec<_> = body.chunks(size).collect();
            let (events, end) = read(&offset("NULL"), 10_000, 1 << 20, &chunks);
            let end = end.unwrap();
            assert_eq!(
                (events.len(), end.next, end.more),
                (count, offset(next), more),
                "{file}"
            );
            for event in events {
                assert!(
                    serde_json::from_slice::<serde_json::Value>(&event).is_ok(),
                    "{file}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn no_event_of_a_complete_page_is_lost_however_it_arrives(
        events in prop::collection::vec("[a-z]{0,40}", 0..8),
        size in 1_usize..60,
        max_event_bytes in 20_usize..60,
        last_line_break in any::<bool>(),
    ) {
        let events: Vec<_> = events.iter().map(|text| format!("{{\"type\":\"{text}\"}}").into_bytes()).collect();
        let mut body = events.join(&b'\n');
        body.extend_from_slice(b"\n{\"offset\":\"a\"}");
        if last_line_break {
            body.push(b'\n');
        }
        let chunks: Vec<_> = body.chunks(size).collect();
        let (seen, end) = read(&offset("NULL"), 10, max_event_bytes, &chunks);
        prop_assert!(end.is_ok());
        prop_assert_eq!(seen, events);
    }

    #[test]
    fn no_body_panics(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..10)) {
        let chunks: Vec<_> = chunks.iter().map(Vec::as_slice).collect();
        let _ = read(&offset("NULL"), 10, 16, &chunks);
    }
}
