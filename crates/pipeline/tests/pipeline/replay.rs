//! A window of time delivered again, and dead letters sent again.

use edgesiem_model::{Cursor, DeadLetter, ErrorKind, EventId, Timestamp};
use edgesiem_pipeline::{Redelivered, Window, redeliver};
use edgesiem_testkit::{PlainSchema, Reply, page};

use crate::case::{Case, kind, lines};

fn window(from: u64, to: u64) -> Option<Window> {
    Some(Window {
        id: "r1".into(),
        from: Timestamp::from_secs(from),
        to: Timestamp::from_secs(to),
        start: Cursor(format!("since-{from}").into()),
    })
}

#[test]
fn a_replay_sends_the_events_of_its_window_and_ends_behind_it() {
    let first = 1_699_990_000;
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(move |_, target| match target {
            "/since-1699990005?limit=1000" => Reply::new(200, page(&lines(0..20), "x", true)),
            // Stored late: an event of the window, among later ones.
            "/x?limit=1000" => {
                let mut events = lines(3000..3005);
                events.push(format!("@{} late", first + 10));
                Reply::new(200, page(&events, "y", true))
            }
            "/y?limit=1000" => Reply::new(200, page(&lines(3005..3010), "z", true)),
            other => Reply::new(404, other),
        });
    case.replay = window(first + 5, first + 15);
    let outcome = case.run();
    outcome.result.unwrap();
    assert!(outcome.report.caught_up);
    assert_eq!(
        (
            outcome.report.fetched,
            outcome.report.delivered,
            outcome.report.outside
        ),
        (31, 12, 19)
    );
    assert_eq!(case.received.unique("a"), 12);
}

#[test]
fn a_replay_of_pages_in_no_order_ends_where_its_source_says_and_not_behind_the_window() {
    let first = 1_699_990_000;
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(move |_, target| match target {
            // The first page of one combination is behind the window, that of the next one begins before it.
            "/since-1699990005?limit=1000" => Reply::new(200, page(&lines(3000..3005), "x", true)),
            "/x?limit=1000" => Reply::new(200, page(&lines(0..20), "y", true)),
            "/y?limit=1000" => {
                let mut events = lines(3005..3010);
                events.push(format!("@{} late", first + 10));
                Reply::new(200, page(&events, "z", false))
            }
            other => Reply::new(404, other),
        });
    case.source.in_order = false;
    case.replay = window(first + 5, first + 15);
    let outcome = case.run();
    outcome.result.unwrap();
    let report = &outcome.report;
    assert!(report.caught_up);
    assert_eq!(
        (
            report.pages,
            report.fetched,
            report.delivered,
            report.outside
        ),
        (3, 31, 12, 19)
    );
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (12, 1)
    );
}

#[test]
fn a_replay_of_events_that_are_gone_says_so_instead_of_going_elsewhere() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(416, ""));
    case.replay = window(1, 2);
    let outcome = case.run();
    assert_eq!(kind(&outcome), Some(ErrorKind::SourceRefused));
    assert!(case.world.gaps.borrow().is_empty());
    assert_eq!(case.asked().len(), 1);
}

fn letter(n: u8, raw: &str, sink: Option<&str>, part: Option<u32>) -> DeadLetter {
    DeadLetter {
        page: Cursor("0".into()),
        line: 7,
        part,
        id: EventId::from_bytes([n; 16]),
        reason: "once".to_owned(),
        sink: sink.map(str::to_owned),
        raw: raw.as_bytes().to_vec(),
    }
}

#[test]
fn dead_letters_go_to_the_sinks_that_did_not_take_them() {
    let case = Case::new()
        .sink("a", 2, |_, body| {
            body.contains("bad").then(|| Reply::new(422, ""))
        })
        .sink("b", 10, |_, _| None);
    let letters = [
        letter(0, "one", Some("a"), None),
        letter(1, "two", Some("b"), None),
        letter(2, "three", None, None),
        letter(3, "!four", None, None),
        letter(4, "bad", Some("a"), None),
        letter(5, "part", None, Some(0)),
        letter(6, "six", Some("gone"), None),
        letter(7, "seven", Some("a"), None),
    ];
    let stream = case.stream();
    let done: Redelivered = case.world.clock.run(redeliver(
        &case.world,
        &case.world,
        &stream,
        &mut PlainSchema,
        &letters,
        case.budget,
    ));
    assert_eq!(done.accepted, [0, 1, 2, 7]);
    let refused: Vec<_> = done.refused.iter().map(|(number, _)| *number).collect();
    assert_eq!(refused, [3, 4, 5, 6]);
    assert!(done.error.is_none());
    assert_eq!(
        (case.received.unique("a"), case.received.unique("b")),
        (3, 2)
    );
}

#[test]
fn a_letter_stays_when_one_of_its_sinks_is_down() {
    let case = Case::new()
        .sink("a", 2, |_, _| None)
        .sink("b", 10, |_, _| Some(Reply::new(401, "")));
    let letters = [
        letter(0, "one", Some("a"), None),
        letter(1, "two", None, None),
    ];
    let stream = case.stream();
    let done = case.world.clock.run(redeliver(
        &case.world,
        &case.world,
        &stream,
        &mut PlainSchema,
        &letters,
        case.budget,
    ));
    assert_eq!((done.accepted, done.refused.len()), (vec![0], 0));
    assert_eq!(done.error.unwrap().kind(), ErrorKind::SinkRefused);
}
