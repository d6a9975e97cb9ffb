//! Batches: delivered, repeated, divided, set aside.

use std::cell::Cell;
use std::rc::Rc;

use edgesiem_model::{BatchLimits, Budget, ErrorKind, EventFacts, Schema, Unreadable};
use edgesiem_pipeline::Destination;
use edgesiem_testkit::{Reply, ScriptedSink, page};

use crate::case::{Case, kind, lines};

#[test]
fn a_sink_that_is_down_holds_the_checkpoint_and_loses_nothing() {
    let up = Rc::new(Cell::new(false));
    let switch = Rc::clone(&up);
    let case = Case::new()
        .sink("a", 7, |_, _| None)
        .sink("b", 9, move |_, _| {
            (!switch.get()).then(|| Reply::new(503, ""))
        })
        .source(|_, _| Reply::new(200, page(&lines(0..30), "1", false)));
    for _ in 0..2 {
        let outcome = case.run();
        assert_eq!(kind(&outcome), Some(ErrorKind::SinkUnavailable));
        assert_eq!(case.cursor(), None);
        assert!(outcome.result.unwrap_err().to_string().contains("sink: b"));
    }
    up.set(true);
    case.run().result.unwrap();
    assert_eq!(case.cursor().as_deref(), Some("1"));
    assert_eq!(
        (case.received.unique("a"), case.received.unique("b")),
        (30, 30)
    );
}

#[test]
fn a_lost_acknowledgement_repeats_the_same_bytes_under_the_same_key() {
    let case = Case::new()
        .sink("a", 100, |n, _| (n == 0).then(Reply::lost))
        .source(|_, _| Reply::new(200, page(&lines(0..30), "1", false)));
    case.run().result.unwrap();
    let requests = case.world.requests.borrow();
    let posts: Vec<_> = requests
        .iter()
        .filter(|request| request.endpoint.host() == "a.test")
        .collect();
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0].body, posts[1].body);
    assert_eq!(
        posts[0].headers[0].1.expose(),
        posts[1].headers[0].1.expose()
    );
}

#[test]
fn batches_do_not_depend_on_how_the_network_cuts_the_page() {
    let keys = |chunk: usize| {
        let case = Case::new()
            .sink("a", 7, |_, _| None)
            .source(move |_, _| Reply::new(200, page(&lines(0..40), "1", false)).chunked(chunk));
        case.run().result.unwrap();
        let requests = case.world.requests.borrow();
        let posts = requests
            .iter()
            .filter(|request| request.endpoint.host() == "a.test");
        let mut keys: Vec<_> = posts
            .map(|request| request.headers[0].1.expose().to_owned())
            .collect();
        keys.sort();
        keys
    };
    let whole = keys(1_000_000);
    assert_eq!(whole.len(), 6);
    for chunk in [1, 2, 3, 17, 100] {
        assert_eq!(keys(chunk), whole, "chunks of {chunk}");
    }
}

#[test]
fn a_poison_event_at_each_place_is_isolated_and_the_rest_is_delivered() {
    for poison in 0..16 {
        let bad = format!("event {poison}");
        let case = Case::new()
            .sink("a", 16, move |_, body| {
                body.split('\n')
                    .any(|document| document.ends_with(&format!(" {bad}")))
                    .then(|| Reply::new(422, "bad"))
            })
            .source(|_, _| Reply::new(200, page(&lines(0..16), "1", false)));
        let outcome = case.run();
        outcome.result.unwrap();
        assert_eq!(
            (
                outcome.report.fetched,
                outcome.report.delivered,
                outcome.report.dead_lettered
            ),
            (16, 15, 1)
        );
        assert!(outcome.report.posts <= 9, "{}", outcome.report.posts);
        assert_eq!(
            (case.received.unique("a"), case.received.most_often("a")),
            (15, 1)
        );
        let letters = case.world.letters.borrow();
        let letter = letters.values().next().unwrap();
        assert_eq!(letter.raw, lines(0..16)[poison].as_bytes());
        assert_eq!(
            (letter.line, letter.sink.as_deref(), letter.reason.as_str()),
            (poison as u64, Some("a"), "status 422")
        );
    }
}

#[test]
fn a_batch_that_is_too_large_is_halved() {
    let case = Case::new()
        .sink("a", 100, |_, body| {
            (body.split('\n').count() > 5).then(|| Reply::new(413, ""))
        })
        .source(|_, _| Reply::new(200, page(&lines(0..40), "1", false)));
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (
            case.received.unique("a"),
            case.received.most_often("a"),
            outcome.report.dead_lettered
        ),
        (40, 1, 0)
    );
}

#[test]
fn an_unreadable_line_is_kept_whole_and_its_neighbours_are_delivered() {
    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|_, _| Reply::new(200, page(&["one", "!two", "three"], "1", false)));
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (
            outcome.report.fetched,
            outcome.report.delivered,
            outcome.report.dead_lettered
        ),
        (3, 2, 1)
    );
    let letters = case.world.letters.borrow();
    let letter = letters.values().next().unwrap();
    assert_eq!(
        (letter.raw.as_slice(), letter.line, letter.reason.as_str()),
        (&b"!two"[..], 1, "begins with ! at byte 0")
    );
    assert_eq!(case.received.unique("a"), 2);
}

#[test]
fn an_oversize_line_is_kept_whole_in_parts_and_counted_once() {
    let mut case = Case::new().sink("a", 100, |_, _| None).source(|_, _| {
        let long = "x".repeat(25);
        Reply::new(200, page(&["one", &long, "three"], "1", false))
    });
    case.limits.max_event_bytes = 10;
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (
            outcome.report.fetched,
            outcome.report.delivered,
            outcome.report.dead_lettered
        ),
        (3, 2, 1)
    );
    let letters = case.world.letters.borrow();
    let mut parts: Vec<_> = letters
        .values()
        .map(|letter| (letter.part, letter.line, letter.raw.len()))
        .collect();
    parts.sort_unstable();
    assert_eq!(parts, [(Some(0), 1, 10), (Some(1), 1, 10), (Some(2), 1, 5)]);
}

#[test]
fn a_page_full_of_garbage_stops_instead_of_filling_the_store() {
    let case = Case::new()
        .sink("a", 1000, |_, _| None)
        .source(|_, _| Reply::new(200, page(&["!x"; 500], "1", false)).chunked(20));
    assert_eq!(kind(&case.run()), Some(ErrorKind::SourceRefused));
    assert_eq!(case.cursor(), None);
    assert!(case.world.letters.borrow().len() <= 101);
}

#[test]
fn a_sink_that_refuses_everything_stops_instead_of_emptying_into_dead_letters() {
    let case = Case::new()
        .sink("a", 1000, |_, _| Some(Reply::new(422, "")))
        .source(|_, _| Reply::new(200, page(&lines(0..900), "1", false)));
    assert_eq!(kind(&case.run()), Some(ErrorKind::SinkRefused));
    assert_eq!(case.cursor(), None);
}

#[test]
fn what_a_sink_accepted_between_too_many_refusals_is_not_sent_again() {
    let mut case = Case::new()
        .sink("a", 1000, |_, body| {
            let poison = body.split('\n').any(|document| document.ends_with('0'));
            poison.then(|| Reply::new(422, ""))
        })
        .source(|_, _| Reply::new(200, page(&lines(0..400), "1", false)));
    case.limits.max_dead_letters = 20;
    for _ in 0..4 {
        assert_eq!(kind(&case.run()), Some(ErrorKind::SinkRefused));
    }
    assert_eq!(case.received.most_often("a"), 1);
    assert!(case.world.letters.borrow().is_empty());
}

#[test]
fn an_acknowledged_sink_is_polled_until_it_has_secured_the_batch() {
    let case = Case::new()
        .sink("a", 100, |n, _| (n < 3).then(|| Reply::new(202, "")))
        .source(|_, _| Reply::new(200, page(&lines(0..3), "1", false)));
    let outcome = case.run();
    outcome.result.unwrap();
    let requests = case.world.requests.borrow();
    let targets: Vec<_> = requests
        .iter()
        .filter(|request| request.endpoint.host() == "a.test")
        .map(|request| request.target.as_str())
        .collect();
    assert_eq!(targets, ["/", "/poll", "/poll", "/poll"]);
    assert_eq!(outcome.report.posts, 1);
}

#[test]
fn a_sink_that_never_secures_a_batch_is_not_asked_beyond_the_end_of_the_run() {
    let mut case = Case::new()
        .sink("a", 100, |_, _| Some(Reply::new(202, "")))
        .source(|_, _| Reply::new(200, page(&lines(0..3), "1", false)));
    case.budget.wall_ms = 9000;
    let outcome = case.run();
    assert_eq!(kind(&outcome), Some(ErrorKind::SinkUnavailable));
    assert!(
        outcome.report.wall_ms <= 10_000,
        "{}",
        outcome.report.wall_ms
    );
}

#[test]
fn waits_grow_with_every_attempt() {
    let mut case = Case::new()
        .sink("a", 100, |_, _| Some(Reply::new(503, "")))
        .source(|_, _| Reply::new(200, page(&lines(0..3), "1", false)));
    case.limits.max_attempts = 10;
    let outcome = case.run();
    assert_eq!(outcome.report.posts, 10);
    // Nine waits of at most half a second would be over long before.
    assert!(
        (15_000..180_000).contains(&outcome.report.wall_ms),
        "{}",
        outcome.report.wall_ms
    );
}

#[test]
fn no_more_than_four_posts_are_in_flight_and_the_reader_waits_for_them() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| Some(Reply::new(200, "").after(5000)))
        .source(|_, _| Reply::new(200, page(&lines(0..400), "1", false)).chunked(64));
    case.limits.max_in_flight_bytes = 10_000;
    case.limits.max_in_flight_per_sink = 6;
    case.run().result.unwrap();
    assert_eq!(case.world.most_busy("a.test"), 4);
    assert_eq!(case.received.unique("a"), 400);
}

#[test]
fn each_sink_has_one_post_in_flight_unless_it_may_have_more() {
    for (per_sink, expected) in [(1, 1), (3, 3)] {
        let mut case = Case::new()
            .sink("a", 10, |_, _| None)
            .sink("b", 10, |_, _| Some(Reply::new(200, "").after(500)))
            .source(|_, _| Reply::new(200, page(&lines(0..400), "1", false)));
        case.limits.max_in_flight_per_sink = per_sink;
        let outcome = case.run();
        outcome.result.unwrap();
        assert_eq!(case.world.most_busy("b.test"), expected);
        // The quick one does not wait for the slow one.
        let sinks = &outcome.report.sinks;
        assert_eq!((sinks["a"].batches, sinks["b"].events), (40, 400));
    }
}

#[test]
fn every_one_of_many_sinks_gets_its_turn() {
    let mut case = Case::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        case = case.sink(name, 10, |_, _| Some(Reply::new(200, "").after(100)));
    }
    let case = case.source(|_, _| Reply::new(200, page(&lines(0..300), "1", false)));
    let outcome = case.run();
    outcome.result.unwrap();
    // 180 posts, four at a time: no sink waited for the others to end.
    assert!(outcome.report.wall_ms < 6000, "{}", outcome.report.wall_ms);
}

#[test]
fn of_a_batch_that_is_taken_in_part_only_the_rest_is_sent_again() {
    let place = |mask: usize| {
        move |places: &[usize]| -> String {
            let named: Vec<_> = places
                .iter()
                .filter(|place| mask >> **place & 1 == 1)
                .map(ToString::to_string)
                .collect();
            named.join(",")
        }
    };
    for mask in 0..64_usize {
        let name = place(mask);
        let case = Case::new()
            .sink("a", 6, move |n, _| {
                let again = name(&[0, 1, 2, 4]);
                let refused = name(&[3, 5]);
                (n == 0).then(|| {
                    Reply::new(207, "")
                        .header("again", &again)
                        .header("refused", &refused)
                })
            })
            .source(|_, _| Reply::new(200, page(&lines(0..6), "1", false)));
        let outcome = case.run();
        outcome.result.unwrap();
        let refused = u64::from((mask & 0b10_1000).count_ones());
        assert_eq!(
            (outcome.report.delivered, outcome.report.dead_lettered),
            (6 - refused, refused)
        );
        assert_eq!(
            (case.received.unique("a"), case.received.most_often("a")),
            (6 - refused as usize, 1),
            "{mask:b}"
        );
        let expected_posts = 1 + u64::from(mask & 0b1_0111 != 0);
        assert_eq!(outcome.report.posts, expected_posts);
    }
}

#[test]
fn a_batch_fits_every_sink_of_the_stream() {
    let mut case = Case::new()
        .sink("a", 50, |_, _| None)
        .sink("b", 9, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..100), "1", false)));
    let small = ScriptedSink {
        name: "c".to_owned(),
        limits: BatchLimits {
            bytes_per_event: 1,
            bytes_per_batch: 10,
            ..BatchLimits::new(1000, 200)
        },
    };
    case.sinks.push(Destination::new(Box::new(small), true));
    case.world.serve("c.test", |_| Reply::new(200, ""));
    case.run().result.unwrap();
    let requests = case.world.requests.borrow();
    for request in requests
        .iter()
        .filter(|request| request.endpoint.host() != "source.test")
    {
        assert!(
            request.body.len() <= 200 && request.body.split(|byte| *byte == b'\n').count() <= 9
        );
    }
}

#[test]
fn the_same_line_twice_in_a_page_is_two_events() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&["same", "same"], "1", false)));
    assert_eq!(case.run().report.delivered, 2);
    assert_eq!(case.received.most_often("a"), 2);
}

#[test]
fn an_event_that_two_sinks_refuse_is_counted_once_and_kept_for_each() {
    let bad = |_: usize, body: &str| body.contains("event 7").then(|| Reply::new(422, ""));
    let case = Case::new()
        .sink("a", 100, bad)
        .sink("b", 100, bad)
        .source(|_, _| Reply::new(200, page(&lines(0..9), "1", false)));
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (
            outcome.report.fetched,
            outcome.report.delivered,
            outcome.report.dead_lettered
        ),
        (9, 8, 1)
    );
    let letters = case.world.letters.borrow();
    let sinks: Vec<_> = letters
        .values()
        .map(|letter| letter.sink.as_deref())
        .collect();
    assert_eq!(sinks, [Some("a"), Some("b")]);
}

#[test]
fn exactly_as_many_dead_letters_as_allowed_are_kept() {
    for (garbage, ok) in [(100, true), (101, false)] {
        let case = Case::new()
            .sink("a", 1000, |_, _| None)
            .source(move |_, _| {
                let lines: Vec<_> = (0..garbage).map(|n| format!("!{n}")).collect();
                Reply::new(200, page(&lines, "1", false))
            });
        assert_eq!(case.run().result.is_ok(), ok);
        let case = Case::new()
            .sink("a", 1000, |_, _| Some(Reply::new(422, "")))
            .source(move |_, _| Reply::new(200, page(&lines(0..garbage), "1", false)));
        assert_eq!(case.run().result.is_ok(), ok);
    }
}

#[test]
fn a_run_that_fails_reports_what_it_sent() {
    let mut case = Case::new()
        .sink("a", 100, |_, _| Some(Reply::new(503, "")))
        .source(|_, _| Reply::new(200, page(&lines(0..30), "1", false)));
    case.limits.max_attempts = 3;
    let outcome = case.run();
    assert_eq!((outcome.report.posts, outcome.report.retries), (3, 2));
    assert!(outcome.report.bytes_out > 0);
}

#[test]
fn the_body_is_not_read_while_the_sinks_are_behind() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| Some(Reply::new(200, "").after(1_000_000)))
        .source(|_, _| Reply::new(200, page(&lines(0..4000), "1", false)).chunked(100));
    case.limits.max_in_flight_bytes = 20_000;
    case.limits.max_attempts = 1;
    case.budget = Budget {
        wall_ms: 60_000,
        max_pages: 1,
        ..Budget::default()
    };
    case.run().result.unwrap();
    let read = case.world.body_pieces_read.get();
    assert!((10..400).contains(&read), "{read} of 1000 pieces");
}

#[test]
fn lines_whose_documents_are_tiny_do_not_fill_the_memory() {
    let mut case = Case::new()
        .sink("a", 1000, |_, _| None)
        .source(|_, _| Reply::new(200, page(&vec!["x".repeat(5000); 100], "1", false)));
    case.limits.max_batch_bytes = 10_000;
    case.run_with(&mut Shortened).result.unwrap();
    let requests = case.world.requests.borrow();
    let posts = requests
        .iter()
        .filter(|request| request.endpoint.host() == "a.test");
    // Four lines of 5,000 bytes are twice max_batch_bytes.
    assert_eq!(posts.count(), 25);
}

/// Documents of one byte.
struct Shortened;

impl Schema for Shortened {
    fn name(&self) -> &'static str {
        "shortened"
    }

    fn convert(&mut self, _line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        out.push(b'x');
        Ok(EventFacts::default())
    }
}

#[test]
fn an_event_whose_document_grows_out_of_bounds_is_kept_instead_of_sent() {
    let mut case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|_, _| Reply::new(200, page(&["short", &"x".repeat(900), "end"], "1", false)));
    case.limits.max_event_bytes = 1000;
    let outcome = case.run_with(&mut Fivefold);
    outcome.result.unwrap();
    assert_eq!(
        (
            outcome.report.fetched,
            outcome.report.delivered,
            outcome.report.dead_lettered
        ),
        (3, 2, 1)
    );
    let letters = case.world.letters.borrow();
    let letter = letters.values().next().unwrap();
    assert_eq!((letter.raw.len(), letter.line), (900, 1));
    assert!(letter.reason.contains("max_event_bytes"));
}

/// Documents five times as long as their lines.
struct Fivefold;

impl Schema for Fivefold {
    fn name(&self) -> &'static str {
        "fivefold"
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        out.extend_from_slice(&line.repeat(5));
        Ok(EventFacts::default())
    }
}

#[test]
fn refused_events_past_the_limit_of_dead_letters_are_neither_lost_nor_called_delivered() {
    let mended = std::rc::Rc::new(std::cell::Cell::new(false));
    let is_mended = std::rc::Rc::clone(&mended);
    let mut case = Case::new()
        .sink("a", 100, move |_, _| {
            (!is_mended.get()).then(|| Reply::new(207, "").header("refused", "0,1,2,3,4,5,6,7,8,9"))
        })
        .source(|_, _| Reply::new(200, page(&lines(0..10), "1", false)));
    case.limits.max_dead_letters = 2;
    assert_eq!(kind(&case.run()), Some(ErrorKind::SinkRefused));
    mended.set(true);
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (10, 1)
    );
    assert_eq!(case.world.letters.borrow().len(), 0);
}

#[test]
fn refusals_of_many_batches_stop_the_stream_until_they_are_mended_and_then_none_is_missing() {
    let mended = std::rc::Rc::new(std::cell::Cell::new(false));
    let is_mended = std::rc::Rc::clone(&mended);
    let mut case = Case::new()
        .sink("a", 10, move |_, body| {
            let refused = body.split('\n').enumerate();
            let refused = refused.filter(|(_, document)| document.ends_with('3'));
            let places: Vec<String> = refused.map(|(place, _)| place.to_string()).collect();
            let refuses = !is_mended.get() && !places.is_empty();
            refuses.then(|| Reply::new(207, "").header("refused", &places.join(",")))
        })
        .source(|_, _| Reply::new(200, page(&lines(0..60), "1", false)));
    case.limits.max_dead_letters = 3;
    for _ in 0..3 {
        let outcome = case.run();
        assert_eq!(kind(&outcome), Some(ErrorKind::SinkRefused));
        assert_eq!(case.cursor(), None);
        assert_eq!(case.world.letters.borrow().len(), 3);
    }
    mended.set(true);
    let outcome = case.run();
    outcome.result.unwrap();
    let report = &outcome.report;
    assert_eq!((report.delivered, report.dead_lettered), (57, 3));
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (57, 1)
    );
}

#[test]
fn a_sink_that_takes_one_event_at_a_time_gets_them_all() {
    let case = Case::new()
        .sink("a", 100, |_, body| {
            let events = body.split('\n').count();
            let again: Vec<String> = (1..events).map(|place| place.to_string()).collect();
            (events > 1).then(|| Reply::new(207, "").header("again", &again.join(",")))
        })
        .source(|_, _| Reply::new(200, page(&lines(0..20), "1", false)));
    case.run().result.unwrap();
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (20, 1)
    );
}

#[test]
fn an_answer_that_broke_off_is_no_acceptance() {
    let case = Case::new()
        .sink("a", 100, |attempt, _| {
            (attempt == 0).then(|| Reply {
                broken: Some("connection reset".to_owned()),
                ..Reply::new(200, "{\"rej")
            })
        })
        .source(|_, _| Reply::new(200, page(&lines(0..3), "1", false)));
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!((outcome.report.posts, case.received.unique("a")), (2, 3));
}
