//! Which combination is asked next, and when a round is over.

use edgesiem_model::{Cursor, PageRequest, ResponseHead, Source, SourceVerdict, Timestamp};
use edgesiem_sources::trend_micro_cas::TrendMicroCas;
use serde_json::{Value, json};

use super::{HOUR_MS, NOW, before, page, read, source};

const HOST: &str = "https://api-eu.tmcas.trendmicro.com";
const BIG: usize = 1024;

/// What is asked for: service and event, or the link.
fn asked(source: &TrendMicroCas, cursor: &Cursor, now: Timestamp) -> String {
    let request = source
        .request(&PageRequest {
            now,
            ..page(cursor)
        })
        .unwrap();
    let query = request.target.split_once('?').unwrap().1.to_owned();
    let mut names = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(_, value)| value);
    match (query.starts_with("service="), names.next(), names.next()) {
        (true, Some(service), Some(event)) => format!("{service}/{event}"),
        _ => query,
    }
}

/// Answers with `answer` and says where to go on.
fn step(source: &TrendMicroCas, cursor: &Cursor, now: Timestamp, answer: &Value) -> (Cursor, bool) {
    let page = PageRequest {
        now,
        ..page(cursor)
    };
    let end = read(source, &page, answer.to_string().as_bytes(), 64, BIG)
        .1
        .unwrap();
    (end.next, end.more)
}

/// Where a combination stands.
fn place_of<'a>(cursor: &'a Cursor, name: &str) -> &'a Value {
    &cursor.0["combinations"][name]
}

fn nothing() -> Value {
    json!({"security_events": []})
}

fn more(number: u32) -> Value {
    json!({"security_events": [{"log_item_id": number.to_string()}], "next_link": format!("{HOST}/x?page={number}")})
}

fn after(secs: u64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() + secs * 1000)
}

fn two_by_two() -> TrendMicroCas {
    source(json!({"services": ["a", "b"], "events": ["x", "y"]}))
}

#[test]
fn a_round_asks_each_combination_once_and_those_with_more_in_their_turn() {
    let source = two_by_two();
    let mut cursor = source.start();
    let answers = [
        ("a/x", more(1)),
        ("a/y", nothing()),
        ("b/x", more(2)),
        ("b/y", nothing()),
        ("page=1", more(3)),
        ("page=2", nothing()),
        ("page=3", nothing()),
        // Their windows ended before the round began, so that they reach the present in the next step.
    ];
    for (number, (expected, answer)) in answers.iter().enumerate() {
        assert_eq!(asked(&source, &cursor, after(number as u64 * 6)), *expected);
        let (next, more) = step(&source, &cursor, after(number as u64 * 6), answer);
        assert_eq!(more, number + 1 < answers.len(), "{number}");
        cursor = next;
    }
    // The next round begins with whoever comes after the last one.
    assert_eq!(asked(&source, &cursor, after(60)), "a/y");
}

#[test]
fn a_round_is_over_although_time_goes_on() {
    let source = two_by_two();
    let mut cursor = source.start();
    for number in 0..4 {
        let (next, more) = step(&source, &cursor, after(number * 600), &nothing());
        assert_eq!(more, number < 3);
        cursor = next;
    }
}

#[test]
fn a_window_that_was_half_read_for_a_round_is_followed_by_one_up_to_the_present() {
    let source = source(json!({"services": ["a"], "events": ["x"]}));
    let (cursor, is_more) = step(&source, &source.start(), NOW, &more(1));
    assert!(is_more);
    // A day later, by the same link.
    let (cursor, is_more) = step(&source, &cursor, after(86_400), &nothing());
    assert!(!is_more);
    let request = source
        .request(&PageRequest {
            now: after(86_400),
            ..page(&cursor)
        })
        .unwrap();
    assert!(
        request.target.contains("&end=2026-11-23T11:59:00.000Z"),
        "{}",
        request.target
    );
}

#[test]
fn what_a_configuration_no_longer_names_is_remembered_and_what_it_adds_begins_anew() {
    let before_change = source(json!({"services": ["a", "b"], "events": ["x"]}));
    let mut cursor = before_change.start();
    let told = json!({"security_events": [{"log_item_id": "1"}], "last_log_item_generation_time": "2026-11-22T10:00:00Z"});
    for _ in 0..2 {
        cursor = step(&before_change, &cursor, NOW, &told).0;
    }
    let changed =
        source(json!({"services": ["c", "b"], "events": ["x"], "initial_lookback_s": 600}));
    let later = after(3600);
    assert_eq!(asked(&changed, &cursor, later), "c/x");
    let request = changed
        .request(&PageRequest {
            now: later,
            ..page(&cursor)
        })
        .unwrap();
    assert!(
        request.target.contains("start=2026-11-22T12:50:00.000Z"),
        "{}",
        request.target
    );
    let (next, is_more) = step(&changed, &cursor, later, &nothing());
    // The round is the one before, in which the other one was asked already.
    assert!(!is_more);
    assert_eq!(asked(&changed, &next, later), "b/x");
    assert_eq!(
        next.0["combinations"]["a/x"],
        cursor.0["combinations"]["a/x"]
    );
    // It comes back, and goes on where it was.
    let (next, _) = step(&before_change, &next, later, &nothing());
    let request = before_change
        .request(&PageRequest {
            now: later,
            ..page(&next)
        })
        .unwrap();
    assert!(
        request
            .target
            .contains("service=a&event=x&start=2026-11-22T10:00:00.000Z"),
        "{}",
        request.target
    );
    // After the retention nothing can come twice.
    let much_later = after(80 * 3600);
    let (next, _) = step(&changed, &next, much_later, &nothing());
    assert!(next.0["combinations"]["a/x"].get("seen").is_none());
    assert!(next.0["combinations"]["b/x"].get("seen").is_some());
}

#[test]
fn a_clock_that_is_set_back_neither_ends_nor_prolongs_anything() {
    let source = two_by_two();
    let mut cursor = source.start();
    for _ in 0..4 {
        cursor = step(&source, &cursor, NOW, &nothing()).0;
    }
    // An hour earlier each is asked once, and then no more.
    let earlier = before(NOW, HOUR_MS);
    let mut names = Vec::new();
    for number in 0..4 {
        names.push(asked(&source, &cursor, earlier));
        let (next, more) = step(&source, &cursor, earlier, &nothing());
        assert_eq!(more, number < 3);
        cursor = next;
    }
    assert_eq!(names, ["a/x", "a/y", "b/x", "b/y"]);
}

#[test]
fn an_event_from_before_the_clock_was_set_back_is_not_repeated() {
    let source = source(json!({"services": ["a"], "events": ["x"]}));
    let told = json!({"security_events": [{"log_item_id": "1"}], "last_log_item_generation_time": "2026-11-22T11:58:00Z"});
    let (cursor, _) = step(&source, &source.start(), NOW, &told);
    let earlier = before(NOW, HOUR_MS);
    let asked = PageRequest {
        now: earlier,
        ..page(&cursor)
    };
    let target = source.request(&asked).unwrap().target;
    assert!(
        target.contains("start=2026-11-22T11:58:00.000Z&end=2026-11-22T11:58:00.000Z"),
        "{target}"
    );
    let (events, end) = read(&source, &asked, told.to_string().as_bytes(), 64, BIG);
    assert!(events.is_empty() && !end.unwrap().more);
}

#[test]
fn links_that_lead_nowhere_end_the_page_instead_of_going_on_for_ever() {
    let source = source(json!({"services": ["a"], "events": ["x"]}));
    // The circles that a chain may run into: so many pages before it, so many in it.
    for (tail, circle) in [(0, 1), (0, 2), (1, 1), (3, 1), (2, 5), (20, 13)] {
        let mut cursor = source.start();
        let pages = (0..200).find(|number| {
            let link = if *number < tail {
                *number
            } else {
                tail + (*number - tail) % circle
            };
            let body = more(link).to_string();
            match read(&source, &page(&cursor), body.as_bytes(), 64, BIG).1 {
                Ok(end) => {
                    cursor = end.next;
                    false
                }
                Err(incomplete) => {
                    assert!(incomplete.0.contains("already read"), "{incomplete}");
                    true
                }
            }
        });
        assert!(
            pages.is_some_and(|pages| pages <= 4 * (tail + circle)),
            "{tail} {circle} {pages:?}"
        );
    }
    // Always another link, and never an event.
    let mut cursor = source.start();
    let pages = (0..500).find(|number| {
        let body = json!({"security_events": [], "next_link": format!("{HOST}/x?page={number}")});
        match read(
            &source,
            &page(&cursor),
            body.to_string().as_bytes(),
            64,
            BIG,
        )
        .1
        {
            Ok(end) => {
                cursor = end.next;
                false
            }
            Err(incomplete) => incomplete.0.contains("without an event"),
        }
    });
    assert_eq!(pages, Some(100));
}

#[test]
fn of_a_window_whose_pages_are_not_in_order_nothing_is_taken_for_delivered_before_its_end() {
    let source = source(json!({"services": ["a"], "events": ["x"]}));
    let at = |page: u32, last: &str| {
        let mut answer = more(page);
        answer["last_log_item_generation_time"] = json!(last);
        answer
    };
    let since = |cursor: &Cursor| place_of(cursor, "a/x")["since"].clone();
    let (ordered, _) = step(
        &source,
        &source.start(),
        NOW,
        &at(1, "2026-11-22T10:00:00Z"),
    );
    let began = place_of(&ordered, "a/x")["chain"]["began"].clone();
    assert!(since(&ordered).as_u64() > began.as_u64());
    let (back, _) = step(&source, &ordered, NOW, &at(2, "2026-11-22T09:00:00Z"));
    assert_eq!(since(&back), began);
    // Later pages do not move it either, the last one does.
    let (later, _) = step(&source, &back, NOW, &at(3, "2026-11-22T09:30:00Z"));
    assert_eq!(since(&later), began);
    let mut last = at(4, "2026-11-22T08:00:00Z");
    last["next_link"] = json!("");
    let (end, _) = step(&source, &later, NOW, &last);
    assert_eq!(since(&end), since(&ordered));
    assert!(place_of(&end, "a/x").get("chain").is_none());
}

#[test]
fn a_link_that_leads_to_nothing_after_new_events_does_not_end_the_window() {
    let source = source(json!({"services": ["a"], "events": ["x"]}));
    let mut first = more(1);
    first["last_log_item_generation_time"] = json!("2026-11-22T02:00:00Z");
    let (linked, _) = step(&source, &source.start(), NOW, &first);
    let (doubtful, more) = step(&source, &linked, NOW, &nothing());
    // What follows the first page's events would be skipped otherwise: nine hours, of which the next window has six.
    assert!(more);
    assert!(place_of(&doubtful, "a/x").get("to").is_none());
    let target = source.request(&page(&doubtful)).unwrap().target;
    assert!(
        target.contains("start=2026-11-22T02:00:00.000Z"),
        "{target}"
    );
    // The window itself is believed, and a link too whose window brought nothing new.
    let (end, more) = step(&source, &doubtful, NOW, &nothing());
    assert!(!more && place_of(&end, "a/x").get("to").is_some());
    let (again, _) = step(&source, &doubtful, NOW, &first);
    let (end, more) = step(&source, &again, NOW, &nothing());
    assert!(!more && place_of(&end, "a/x").get("to").is_some());
}

#[test]
fn a_combination_whose_link_was_refused_keeps_its_turn_until_its_window_is_read() {
    let source = two_by_two();
    let mut cursor = source.start();
    for answer in [more(1), nothing(), nothing(), nothing()] {
        cursor = step(&source, &cursor, NOW, &answer).0;
    }
    assert_eq!(asked(&source, &cursor, NOW), "page=1");
    let refused = ResponseHead {
        status: 404,
        headers: Vec::new(),
    };
    let verdict = source.verdict(&page(&cursor), &refused, b"{}");
    let SourceVerdict::AskFrom { mut cursor, .. } = verdict else {
        panic!("{verdict:?}");
    };
    for (expected, answer) in [("a/x", more(2)), ("page=2", more(3)), ("page=3", nothing())] {
        assert_eq!(asked(&source, &cursor, NOW), expected);
        cursor = step(&source, &cursor, NOW, &answer).0;
    }
    // And then it waits like the others.
    assert_eq!(asked(&source, &cursor, after(60)), "a/y");
}

#[test]
fn a_smaller_page_leaves_room_for_what_was_delivered_before() {
    let source = source(json!({"services": ["a"], "events": ["x"], "limit": 100}));
    let answer = json!({
        "security_events": [{"log_item_id": "1"}, {"log_item_id": "2"}, {"log_item_id": "3"}],
        "last_log_item_generation_time": "2026-11-22T10:00:00Z",
        "next_link": format!("{HOST}/x?page=1"),
    });
    let (cursor, _) = step(&source, &source.start(), NOW, &answer);
    for (limit, expected) in [
        (1, "&limit=2"),
        (2, "&limit=4"),
        (50, "&limit=53"),
        (99, "&limit=100"),
    ] {
        let request = source.request(&PageRequest {
            limit,
            ..page(&cursor)
        });
        let target = request.unwrap().target;
        assert!(target.ends_with(expected), "{limit}: {target}");
    }
}

#[test]
fn events_of_a_windows_very_end_on_several_pages_without_times_come_once() {
    let source = source(json!({"services": ["a"], "events": ["x"]}));
    let first =
        json!({"securityEvents": [{"n": 1}, {"n": 2}], "nextLink": format!("{HOST}/x?page=1")});
    let second = json!({"securityEvents": [{"n": 3}], "nextLink": ""});
    let (cursor, _) = step(&source, &source.start(), NOW, &first);
    let (cursor, _) = step(&source, &cursor, NOW, &second);
    let both = json!({"securityEvents": [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]});
    let next = PageRequest {
        now: after(600),
        ..page(&cursor)
    };
    let (lines, end) = read(&source, &next, both.to_string().as_bytes(), 64, BIG);
    assert!(end.is_ok());
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn combinations_of_earlier_configurations_are_forgotten_the_longest_unasked_first() {
    let mut cursor = two_by_two().start();
    for number in 0..100 {
        let source = source(json!({"services": [format!("s{number}")], "events": ["x"]}));
        let now = after(number * 60);
        cursor = step(&source, &cursor, now, &more(1)).0;
    }
    let names = |cursor: &Cursor| -> Vec<String> {
        let combinations = cursor.0["combinations"].as_object().unwrap();
        combinations.keys().cloned().collect()
    };
    let kept = names(&cursor);
    assert_eq!(kept.len(), 51);
    for number in 49..100 {
        assert!(kept.contains(&format!("s{number}/x")), "{number}");
    }
    // Their links are not kept.
    assert!(place_of(&cursor, "s98/x").get("chain").is_none());
    assert!(place_of(&cursor, "s99/x").get("chain").is_some());
    // Nor they for longer than a month.
    let source = source(json!({"services": ["s99"], "events": ["x"]}));
    let (month, _) = step(&source, &cursor, after(29 * 86_400), &nothing());
    assert_eq!(names(&month).len(), 51);
    let (later, _) = step(&source, &month, after(31 * 86_400), &nothing());
    assert_eq!(names(&later), ["s99/x"]);
}
