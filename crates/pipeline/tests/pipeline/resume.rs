//! What a later run makes of a page that an earlier one left.

use std::cell::Cell;
use std::rc::Rc;

use edgesiem_model::{Accepted, BatchKey, Budget, ErrorKind, Note, StoreError};
use edgesiem_testkit::{Reply, page};

use crate::case::{Case, kind, lines};

/// A sink that answers 503 while the switch is off.
fn down(up: &Rc<Cell<bool>>) -> impl Fn(usize, &str) -> Option<Reply> + 'static {
    let up = Rc::clone(up);
    move |_, _| (!up.get()).then(|| Reply::new(503, ""))
}

#[test]
fn a_healthy_sink_gets_nothing_twice_while_another_one_is_down() {
    let up = Rc::new(Cell::new(false));
    let case = Case::new()
        .sink("a", 7, |_, _| None)
        .sink("b", 7, down(&up))
        .source(|_, _| Reply::new(200, page(&lines(0..30), "1", false)));
    for _ in 0..3 {
        assert_eq!(kind(&case.run()), Some(ErrorKind::SinkUnavailable));
    }
    up.set(true);
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (case.received.most_often("a"), case.received.most_often("b")),
        (1, 1)
    );
    assert_eq!(
        (case.received.unique("a"), case.received.unique("b")),
        (30, 30)
    );
    assert!(outcome.report.sinks["a"].resumed_batches > 0);
    assert_eq!(case.world.checkpoint().unwrap().counters.delivered, 30);
}

#[test]
fn a_page_that_is_cut_while_one_sink_is_behind_sends_the_other_nothing_twice() {
    let up = Rc::new(Cell::new(false));
    let down_after_two = Rc::clone(&up);
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .sink("b", 10, move |n, _| {
            (n >= 2 && !down_after_two.get()).then(|| Reply::new(503, ""))
        })
        .source(|n, target| {
            let limit: u32 = target.rsplit('=').next().unwrap().parse().unwrap();
            let path = target.trim_start_matches('/');
            let from: u32 = path.split('?').next().unwrap().parse().unwrap();
            let to = (from + limit).min(300);
            let whole = Reply::new(200, page(&lines(from..to), &to.to_string(), to < 300));
            if n == 1 { whole.cut(9000) } else { whole }
        });
    case.run().result.unwrap_err();
    up.set(true);
    case.run().result.unwrap_err();
    case.run().result.unwrap();
    for sink in ["a", "b"] {
        assert_eq!(
            (case.received.unique(sink), case.received.most_often(sink)),
            (300, 1),
            "{sink}"
        );
    }
}

#[test]
fn a_failing_sink_does_not_break_off_what_is_on_its_way_to_another() {
    let up = Rc::new(Cell::new(false));
    let mut case = Case::new()
        .sink("a", 7, |_, _| Some(Reply::new(200, "").after(60_000)))
        .sink("b", 7, down(&up))
        .source(|_, _| Reply::new(200, page(&lines(0..7), "1", false)));
    case.limits.max_attempts = 1;
    assert_eq!(kind(&case.run()), Some(ErrorKind::SinkUnavailable));
    up.set(true);
    case.run().result.unwrap();
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (7, 1)
    );
}

#[test]
fn a_page_that_grew_meanwhile_is_cut_as_before_and_only_what_is_new_is_sent() {
    let up = Rc::new(Cell::new(false));
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .sink("b", 10, down(&up))
        .source(|n, _| Reply::new(200, page(&lines(0..15 + 4 * n as u32), "1", false)));
    case.run().result.unwrap_err();
    up.set(true);
    case.run().result.unwrap();
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (19, 1)
    );
}

#[test]
fn of_a_page_that_came_back_otherwise_everything_is_sent() {
    for change in ["reordered", "shorter", "another"] {
        let up = Rc::new(Cell::new(false));
        let case = Case::new()
            .sink("a", 10, |_, _| None)
            .sink("b", 10, down(&up))
            .source(move |n, _| {
                let mut events = lines(0..25);
                match (n, change) {
                    (0, _) => {}
                    (_, "reordered") => events.reverse(),
                    (_, "shorter") => events.truncate(8),
                    _ => events = lines(100..125),
                }
                Reply::new(200, page(&events, "1", false))
            });
        case.run().result.unwrap_err();
        up.set(true);
        let outcome = case.run();
        outcome.result.unwrap();
        let expected = if change == "shorter" { 8 } else { 25 };
        assert_eq!(case.received.unique("b"), expected, "{change}");
        let seen = case.received.unique("a");
        assert_eq!(seen, if change == "another" { 50 } else { 25 }, "{change}");
        assert_eq!(outcome.report.sinks["a"].resumed_batches, 0, "{change}");
    }
}

#[test]
fn an_event_that_was_refused_before_the_resume_stays_counted_as_a_dead_letter() {
    let up = Rc::new(Cell::new(false));
    let case = Case::new()
        .sink("a", 10, |_, body| {
            body.contains("event 3").then(|| Reply::new(422, ""))
        })
        .sink("b", 10, down(&up))
        .source(|_, _| Reply::new(200, page(&lines(0..10), "1", false)));
    case.run().result.unwrap_err();
    up.set(true);
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (
            outcome.report.fetched,
            outcome.report.delivered,
            outcome.report.dead_lettered
        ),
        (10, 9, 1)
    );
    assert_eq!(case.world.letters.borrow().len(), 1);
}

#[test]
fn what_one_sink_accepted_says_nothing_about_another() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..10), "1", false)));
    let key: BatchKey = "00000000000000000000000000000000".parse().unwrap();
    let foreign = |sink: &str| Accepted {
        sink: sink.to_owned(),
        key,
        lines: 0..10,
        note: Note::default(),
    };
    {
        let mut stored = case.world.stored.borrow_mut();
        stored.progress.cursor = Some(edgesiem_model::Cursor("0".into()));
        stored.progress.accepted = vec![foreign("a"), foreign("b")];
    }
    case.run().result.unwrap();
    assert_eq!(case.received.unique("a"), 10);
}

#[test]
fn a_page_that_kills_its_runs_is_asked_for_smaller_after_three() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..5), "1", false)));
    for (killed, limit) in [(0, 1000), (2, 1000), (3, 500), (4, 125), (5, 31), (40, 10)] {
        let mut stored = case.world.stored.borrow_mut();
        *stored = Default::default();
        stored.progress.cursor = Some(edgesiem_model::Cursor("0".into()));
        stored.progress.killed = killed;
        drop(stored);
        case.run().result.unwrap();
        assert_eq!(case.asked().last(), Some(&format!("/0?limit={limit}")));
    }
    // It grows back.
    let limit = case.world.checkpoint().unwrap().page_limit;
    assert_eq!(limit, Some(20));
}

#[test]
fn a_page_that_a_recovery_led_to_goes_on_where_it_was_too() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, target| match target {
            "/0?limit=1000" => Reply::new(416, ""),
            _ => Reply::new(200, page(&lines(0..100), "7", false)),
        });
    case.budget.max_requests = 5;
    let mut runs = 0;
    while case.cursor().as_deref() != Some("7") {
        // The place to recover to must not depend on the time of the run.
        case.world.clock = edgesiem_testkit::Clock::starting_at(crate::case::NOW);
        let outcome = case.run();
        outcome.result.unwrap();
        runs += 1;
        assert!(runs < 8);
    }
    assert!(runs > 2, "{runs}");
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (100, 1)
    );
    assert_eq!(case.world.gaps.borrow().len(), 1);
}

#[test]
fn a_source_that_is_down_does_not_make_a_page_that_kills_forgotten() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(403, ""));
    {
        let mut stored = case.world.stored.borrow_mut();
        stored.progress.cursor = Some(edgesiem_model::Cursor("0".into()));
        stored.progress.killed = 4;
    }
    case.run().result.unwrap_err();
    assert_eq!(case.world.stored.borrow().progress.killed, 4);
}

#[test]
fn a_run_ends_by_itself_when_its_host_is_about_to_end_it() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..100), "1", false)).chunked(300));
    let flag = "the CPU time is nearly used up";
    case.world.must_end.set(Some(flag));
    let outcome = case.run();
    assert_eq!(kind(&outcome), Some(ErrorKind::PageIncomplete));
    assert!(outcome.result.unwrap_err().to_string().contains(flag));
    case.world.must_end.set(None);
    case.run().result.unwrap();
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (100, 1)
    );
}

#[test]
fn a_run_that_was_asked_to_end_neither_fails_nor_asks_for_less() {
    const WHOLE_MS: u64 = 400;
    let mut middles = 0;
    for asked_ms in (0..WHOLE_MS).step_by(10) {
        let case = Case::new()
            .sink("a", 10, |_, _| Some(Reply::new(200, "").after(100)))
            .source(|_, _| Reply::new(200, page(&lines(0..100), "1", false)).chunked(300));
        let outcome = case.run_asked_to_end_after(asked_ms);
        outcome.result.unwrap();
        assert_eq!(outcome.report.unfinished, outcome.report.pages == 0);
        let events = case.received.unique("a");
        middles += u32::from(events > 0 && events < 100);
        let limit = |case: &Case| case.world.checkpoint().and_then(|it| it.page_limit);
        assert_eq!(limit(&case), None);
        case.run().result.unwrap();
        assert_eq!(
            (case.received.unique("a"), case.received.most_often("a")),
            (100, 1)
        );
    }
    assert!(middles > 3, "{middles}");
}

#[test]
fn what_fails_because_a_run_was_asked_to_end_is_no_failure_of_it() {
    let whole = || Reply::new(200, page(&lines(0..3), "1", false));
    let source_fails = |reply: fn() -> Reply| {
        let case = Case::new().sink("a", 10, |_, _| None);
        case.source(move |_, _| reply().after(1000))
    };
    let sink_fails = |reply: fn() -> Reply| {
        let case = Case::new().source(move |_, _| whole());
        case.sink("a", 10, move |_, _| Some(reply().after(1000)))
    };
    type Reason = Option<ErrorKind>;
    let unavailable = Some(ErrorKind::SourceUnavailable);
    let cases: [(&str, &dyn Fn() -> Case, Reason, Reason); 6] = [
        (
            "no answer",
            &|| source_fails(Reply::lost),
            None,
            unavailable,
        ),
        (
            "a 503",
            &|| source_fails(|| Reply::new(503, "")),
            None,
            unavailable,
        ),
        (
            "a body that breaks off",
            &|| source_fails(|| Reply::new(200, "@1 a\n").cut(3)),
            None,
            Some(ErrorKind::PageIncomplete),
        ),
        (
            "a sink without an answer",
            &|| sink_fails(Reply::lost),
            None,
            Some(ErrorKind::SinkUnavailable),
        ),
        // These have nothing to do with it.
        (
            "a source that refuses",
            &|| source_fails(|| Reply::new(403, "")),
            Some(ErrorKind::SourceRefused),
            Some(ErrorKind::SourceRefused),
        ),
        (
            "a sink that refuses",
            &|| sink_fails(|| Reply::new(401, "")),
            Some(ErrorKind::SinkRefused),
            Some(ErrorKind::SinkRefused),
        ),
    ];
    for (what, case, asked_to_end, otherwise) in cases {
        // Before there is a head, and while each piece of a body is waited for, which takes a millisecond.
        for asked_ms in [500, 1000, 1001, 1002, 1003] {
            let case = case();
            let outcome = case.run_asked_to_end_after(asked_ms);
            assert_eq!(kind(&outcome), asked_to_end, "{what}: {asked_ms}");
        }
        assert_eq!(kind(&case().run()), otherwise, "{what}");
    }
}

#[test]
fn requests_are_counted_and_the_page_goes_on_in_the_next_run() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..100), "1", false)));
    case.budget = Budget {
        max_requests: 4,
        ..Budget::default()
    };
    let mut runs = 0;
    while case.cursor().as_deref() != Some("1") {
        let before = case.world.requests.borrow().len();
        let outcome = case.run();
        outcome.result.unwrap();
        assert!(case.world.requests.borrow().len() - before <= 5);
        runs += 1;
        assert!(runs < 6);
    }
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (100, 1)
    );
}

#[test]
fn a_full_store_of_dead_letters_holds_the_stream_and_loses_nothing() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&["one", "!two", "!three"], "1", false)));
    case.world.room_for_letters.set(1);
    for _ in 0..2 {
        let outcome = case.run();
        assert_eq!(kind(&outcome), Some(ErrorKind::Store));
        let text = outcome.result.unwrap_err().to_string();
        assert!(text.contains("max_stored_dead_letters"), "{text}");
        assert_eq!(case.cursor(), None);
    }
    case.world.room_for_letters.set(2);
    case.run().result.unwrap();
    assert_eq!(case.world.letters.borrow().len(), 2);
    assert_eq!(case.received.most_often("a"), 1);
}

#[test]
fn a_batch_whose_refused_event_found_no_room_is_not_sent_again_and_again() {
    let case = Case::new()
        .sink("a", 10, |_, body| {
            body.contains("event 3").then(|| Reply::new(422, ""))
        })
        .source(|_, _| Reply::new(200, page(&lines(0..10), "1", false)));
    case.world.room_for_letters.set(0);
    for _ in 0..3 {
        assert_eq!(kind(&case.run()), Some(ErrorKind::Store));
    }
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (9, 1)
    );
    case.world.room_for_letters.set(1);
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (outcome.report.delivered, outcome.report.dead_lettered),
        (9, 1)
    );
    let letters = case.world.letters.borrow();
    let letter = letters.values().next().unwrap();
    assert_eq!(
        (letter.line, letter.reason.as_str(), letter.sink.as_deref()),
        (3, "status 422", Some("a"))
    );
    assert_eq!(case.received.most_often("a"), 1);
}

#[test]
fn of_a_batch_that_was_taken_in_part_a_later_run_sends_only_the_rest() {
    // The first three answers each take what their mask says; the run ends after each.
    for mask in 0..63_usize {
        let mut case = Case::new()
            .sink("a", 6, move |n, body| {
                let count = body.split('\n').count();
                let again: Vec<_> = (0..count)
                    .filter(|place| mask >> (place + n) & 1 == 1)
                    .map(|place| place.to_string())
                    .collect();
                (n < 3 && !again.is_empty())
                    .then(|| Reply::new(207, "").header("again", &again.join(",")))
            })
            .source(|_, _| Reply::new(200, page(&lines(0..6), "1", false)));
        case.limits.max_attempts = 1;
        for _ in 0..4 {
            if case.run().result.is_ok() {
                break;
            }
        }
        assert_eq!(case.cursor().as_deref(), Some("1"), "{mask:b}");
        assert_eq!(
            (case.received.unique("a"), case.received.most_often("a")),
            (6, 1),
            "{mask:b}"
        );
    }
}

#[test]
fn of_a_batch_that_was_halved_a_later_run_sends_only_what_is_left() {
    let case = Case::new()
        .sink("a", 8, |n, body| match n {
            // Too large, then one half taken, then down.
            0 => Some(Reply::new(413, "")),
            1 => None,
            2..7 => Some(Reply::new(503, "")),
            _ => (body.split('\n').count() > 4).then(|| Reply::new(413, "")),
        })
        .source(|_, _| Reply::new(200, page(&lines(0..8), "1", false)));
    assert_eq!(kind(&case.run()), Some(ErrorKind::SinkUnavailable));
    case.run().result.unwrap();
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (8, 1)
    );
}

#[test]
fn a_run_that_lost_its_stream_sends_nothing_more() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..50), "1", false)));
    // Another run takes over when the first batch has arrived.
    case.world.lose_after_accepts.set(Some(1));
    assert_eq!(kind(&case.run()), Some(ErrorKind::Conflict));
    assert_eq!(case.received.unique("a"), 20);
}

#[test]
fn a_run_that_lost_its_stream_stops_at_the_first_word_of_it() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..30), "1", false)));
    let stored = edgesiem_model::Revision(9);
    case.world
        .save_errors
        .borrow_mut()
        .push_back(StoreError::Conflict { stored });
    assert_eq!(kind(&case.run()), Some(ErrorKind::Conflict));
}

#[test]
fn an_answer_lost_in_the_last_attempt_is_made_up_for_with_one_batch_twice() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..30), "1", false)));
    case.limits.max_attempts = 1;
    let (received, count) = (case.received.clone(), Cell::new(0));
    case.world.serve("a.test", move |request| {
        received.add("a", &request.body);
        count.set(count.get() + 1);
        if count.get() == 2 {
            Reply::lost()
        } else {
            Reply::new(200, "")
        }
    });
    case.run().result.unwrap_err();
    case.run().result.unwrap();
    assert_eq!(case.received.unique("a"), 30);
    // Ten events came twice: the batch whose answer was lost.
    assert_eq!(case.world.requests.borrow().len(), 2 + 4);
}
