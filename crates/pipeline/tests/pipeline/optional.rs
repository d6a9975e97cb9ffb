//! Sinks that need not take anything, and what sinks are told of gaps.

use edgesiem_model::ErrorKind;
use edgesiem_testkit::{Reply, page};

use crate::case::{Case, kind, lines};

#[test]
fn an_optional_sink_that_is_down_holds_nothing_back_and_its_events_are_kept() {
    for status in [503, 401] {
        let mut case = Case::new()
            .sink("a", 10, |_, _| None)
            .sink("b", 10, move |_, _| Some(Reply::new(status, "")))
            .optional()
            .source(|_, _| Reply::new(200, page(&lines(0..300), "1", false)));
        case.limits.max_attempts = 2;
        let outcome = case.run();
        outcome.result.unwrap();
        assert_eq!(case.cursor().as_deref(), Some("1"));
        assert_eq!(
            (outcome.report.delivered, outcome.report.dead_lettered),
            (300, 0)
        );
        let letters = case.world.letters.borrow();
        assert_eq!(letters.len(), 300);
        assert!(
            letters
                .values()
                .all(|letter| letter.sink.as_deref() == Some("b"))
        );
        // It is not asked again and again for every batch.
        assert!(outcome.report.sinks["b"].posts <= 2);
    }
}

#[test]
fn an_optional_sink_that_never_answers_is_waited_for_a_little_and_set_aside() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .sink("b", 10, |_, _| Some(Reply::new(200, "").after(9_000_000)))
        .optional()
        .source(|_, _| Reply::new(200, page(&lines(0..30), "1", false)));
    let outcome = case.run();
    outcome.result.unwrap();
    assert!(
        outcome.report.wall_ms < 70_000,
        "{}",
        outcome.report.wall_ms
    );
    assert_eq!(case.world.letters.borrow().len(), 30);
    assert_eq!(case.received.unique("a"), 30);
}

#[test]
fn what_an_optional_sink_did_not_get_stays_when_it_cannot_be_kept_either() {
    // Down, or refusing one event; the first dead letters find the store broken.
    for status in [503, 422] {
        let mut case = Case::new()
            .sink("a", 10, |_, _| None)
            .sink("b", 10, move |_, body| {
                (status == 503 || body.contains("event 3")).then(|| Reply::new(status, ""))
            })
            .optional()
            .source(|_, _| Reply::new(200, page(&lines(0..30), "1", false)));
        case.limits.max_attempts = 1;
        case.world.letter_errors.set(1);
        assert_eq!(kind(&case.run()), Some(ErrorKind::Store));
        case.run().result.unwrap();
        let kept = case.world.letters.borrow().len();
        assert_eq!(kept + case.received.unique("b"), 30, "{status}");
        assert_eq!(case.received.most_often("a"), 1);
    }
}

#[test]
fn an_optional_sink_that_is_slow_does_not_slow_the_others_down() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .sink("b", 10, |_, _| Some(Reply::new(200, "").after(2_000)))
        .optional()
        .source(|_, _| Reply::new(200, page(&lines(0..2500), "1", false)).chunked(2000));
    case.limits.max_in_flight_bytes = 20_000;
    let outcome = case.run();
    outcome.result.unwrap();
    // 250 batches of two seconds each would take 500.
    assert!(
        outcome.report.wall_ms < 60_000,
        "{}",
        outcome.report.wall_ms
    );
    let sent = outcome.report.sinks["b"].events;
    assert!(sent > 0);
    assert_eq!(case.world.letters.borrow().len() as u64 + sent, 2500);
}

#[test]
fn an_optional_sink_that_is_as_quick_as_the_others_gets_everything() {
    for delay_ms in [0, 20, 400] {
        let slow = move |_: usize, _: &str| Some(Reply::new(200, "").after(delay_ms));
        let mut case = Case::new()
            .sink("a", 10, slow)
            .sink("b", 10, slow)
            .optional()
            .source(|_, _| Reply::new(200, page(&lines(0..2500), "1", false)).chunked(900));
        case.limits.max_in_flight_bytes = 20_000;
        case.run().result.unwrap();
        assert_eq!(case.received.unique("b"), 2500, "{delay_ms}");
    }
}

#[test]
fn what_an_optional_sink_refuses_does_not_count_against_the_stream() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .sink("b", 10, |_, body| {
            body.contains("event 3").then(|| Reply::new(422, ""))
        })
        .optional()
        .source(|_, _| Reply::new(200, page(&lines(0..10), "1", false)));
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (outcome.report.delivered, outcome.report.dead_lettered),
        (10, 0)
    );
    assert_eq!(case.received.unique("b"), 9);
    assert_eq!(case.world.letters.borrow().len(), 1);
}

#[test]
fn what_finds_no_room_of_an_optional_sink_is_dropped_and_counted() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .sink("b", 10, |_, _| Some(Reply::new(503, "")))
        .optional()
        .source(|_, _| Reply::new(200, page(&lines(0..50), "1", false)));
    case.limits.max_attempts = 1;
    case.world.room_for_letters.set(20);
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(outcome.report.sinks["b"].dropped, 30);
    assert_eq!(case.cursor().as_deref(), Some("1"));
}

#[test]
fn an_optional_sink_is_not_sent_again_what_it_took_or_what_was_set_aside() {
    let case = Case::new()
        .sink("a", 10, |n, _| (n < 5).then(|| Reply::new(503, "")))
        .sink("b", 10, |n, _| (n == 1).then(|| Reply::new(401, "")))
        .optional()
        .source(|_, _| Reply::new(200, page(&lines(0..30), "1", false)));
    assert_eq!(kind(&case.run()), Some(ErrorKind::SinkUnavailable));
    case.run().result.unwrap();
    assert_eq!(case.received.most_often("b"), 1);
    assert_eq!(
        case.received.unique("b") + case.world.letters.borrow().len(),
        30
    );
}

#[test]
fn sinks_are_told_of_a_gap_if_the_stream_wants_it() {
    for emit_gaps in [false, true] {
        let mut case = Case::new()
            .sink("a", 100, |_, _| None)
            .source(|_, target| match target {
                "/0?limit=1000" => Reply::new(416, ""),
                _ => Reply::new(200, page(&lines(0..5), "7", false)),
            });
        case.emit_gaps = emit_gaps;
        let outcome = case.run();
        outcome.result.unwrap();
        assert_eq!((outcome.report.fetched, outcome.report.delivered), (5, 5));
        assert_eq!(case.received.unique("a"), 5 + usize::from(emit_gaps));
        let requests = case.world.requests.borrow();
        let told = requests.iter().any(|request| {
            let body = String::from_utf8_lossy(&request.body);
            body.contains(r#""type":"edgesiem_gap""#) && body.contains(r#""lost":"0""#)
        });
        assert_eq!(told, emit_gaps);
    }
}
