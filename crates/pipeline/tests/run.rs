//! What a run promises, each as a scripted world.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use edgesiem_model::{
    BatchLimits, Budget, ErrorKind, Limits, Revision, Sink, StoreError, StreamId, Timestamp,
};
use edgesiem_pipeline::{Outcome, Stream, run};
use edgesiem_testkit::{PlainSchema, Reply, ScriptedSink, ScriptedSource, World, page};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

struct Case {
    world: World,
    source: ScriptedSource,
    sinks: Vec<Box<dyn Sink>>,
    limits: Limits,
    budget: Budget,
    received: Received,
}

/// Deliveries by sink: how often each document came.
#[derive(Clone, Default)]
struct Received(Rc<RefCell<BTreeMap<String, BTreeMap<String, u32>>>>);

impl Received {
    fn add(&self, sink: &str, body: &[u8]) {
        for document in String::from_utf8_lossy(body).split('\n') {
            *self
                .0
                .borrow_mut()
                .entry(sink.to_owned())
                .or_default()
                .entry(document.to_owned())
                .or_default() += 1;
        }
    }

    fn unique(&self, sink: &str) -> usize {
        self.0.borrow().get(sink).map_or(0, BTreeMap::len)
    }

    fn most_often(&self, sink: &str) -> u32 {
        self.0
            .borrow()
            .get(sink)
            .and_then(|documents| documents.values().max().copied())
            .unwrap_or(0)
    }
}

impl Case {
    fn new() -> Self {
        Self {
            world: World::new(NOW),
            source: ScriptedSource {
                limit: 1000,
                min_interval_ms: 0,
            },
            sinks: Vec::new(),
            limits: Limits::default(),
            budget: Budget::default(),
            received: Received::default(),
        }
    }

    /// A sink that answers its n-th request (from 0) as `answer` says; `None` accepts.
    fn sink(
        mut self,
        name: &'static str,
        max_events: usize,
        answer: impl Fn(usize, &str) -> Option<Reply> + 'static,
    ) -> Self {
        self.sinks
            .push(Box::new(ScriptedSink::new(name, max_events)));
        let (received, count) = (self.received.clone(), Cell::new(0));
        self.world.serve(&format!("{name}.test"), move |request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let reply = answer(count.replace(count.get() + 1), &body)
                .unwrap_or_else(|| Reply::new(200, ""));
            if reply.head.status == 200 && request.target == "/" && !reply.lost {
                received.add(name, &request.body);
            }
            reply
        });
        self
    }

    /// The source answers its n-th request for `target` (from 0) as `answer` says.
    fn source(self, answer: impl Fn(usize, &str) -> Reply + 'static) -> Self {
        let count = Cell::new(0);
        self.world.serve("source.test", move |request| {
            answer(count.replace(count.get() + 1), &request.target)
        });
        self
    }

    fn run(&self) -> Outcome {
        let stream = Stream {
            id: StreamId::new("s").unwrap(),
            source: &self.source,
            sinks: &self.sinks,
            limits: self.limits,
        };
        self.world
            .clock
            .run(run(&self.world, &stream, &mut PlainSchema, self.budget))
    }

    fn cursor(&self) -> Option<String> {
        self.world
            .checkpoint("s")
            .map(|checkpoint| checkpoint.cursor.0.as_str().unwrap().to_owned())
    }

    fn asked(&self) -> Vec<String> {
        let requests = self.world.requests.borrow();
        requests
            .iter()
            .filter(|request| request.endpoint.host() == "source.test")
            .map(|request| request.target.clone())
            .collect()
    }
}

fn lines(range: std::ops::Range<u32>) -> Vec<String> {
    range
        .map(|n| format!("@{} event {n}", 1_699_990_000 + n))
        .collect()
}

fn kind(outcome: &Outcome) -> Option<ErrorKind> {
    outcome
        .result
        .as_ref()
        .err()
        .map(edgesiem_model::Error::kind)
}

#[test]
fn pages_follow_each_other_until_the_source_has_no_more() {
    let case = Case::new()
        .sink("a", 7, |_, _| None)
        .source(|_, target| match target {
            "/0?limit=1000" => Reply::new(200, page(&lines(0..50), "1", true)).chunked(13),
            "/1?limit=1000" => Reply::new(200, page(&lines(50..60), "2", false)),
            other => Reply::new(404, other),
        });
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (
            outcome.report.pages,
            outcome.report.fetched,
            outcome.report.delivered
        ),
        (2, 60, 60)
    );
    assert!(outcome.report.caught_up);
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (60, 1)
    );
    let checkpoint = case.world.checkpoint("s").unwrap();
    assert_eq!(checkpoint.cursor.0, "2");
    assert_eq!(
        checkpoint.last_event_at,
        Some(Timestamp::from_secs(1_699_990_059))
    );
    assert_eq!(checkpoint.counters.delivered, 60);
}

#[test]
fn an_empty_page_moves_the_cursor() {
    let case = Case::new()
        .sink("a", 7, |_, _| None)
        .source(|_, _| Reply::new(200, "end 9"));
    case.run().result.unwrap();
    assert_eq!(case.cursor().as_deref(), Some("9"));
    assert_eq!(case.received.unique("a"), 0);
}

#[test]
fn a_page_cut_anywhere_commits_nothing_and_the_next_run_recovers_with_a_smaller_limit() {
    let whole = page(&lines(0..20), "1", false);
    let end_of_events = whole.rfind("end").unwrap();
    for cut in 0..=end_of_events + 3 {
        // As a network error, and as a clean end of the body.
        for broken in [true, false] {
            let body = whole.clone();
            let case = Case::new().sink("a", 7, |_, _| None).source(move |n, _| {
                let reply = Reply::new(200, &body);
                match (n, broken) {
                    (0, true) => reply.cut(cut),
                    (0, false) => Reply {
                        broken: None,
                        ..reply.cut(cut)
                    },
                    _ => reply,
                }
            });
            assert_eq!(
                kind(&case.run()),
                Some(ErrorKind::PageIncomplete),
                "cut at {cut}"
            );
            assert_eq!(case.cursor().as_deref(), Some("0"));
            assert_eq!(case.world.checkpoint("s").unwrap().counters.fetched, 0);
            case.run().result.unwrap();
            assert_eq!(case.asked(), ["/0?limit=1000", "/0?limit=500"]);
            assert_eq!(
                (case.cursor().as_deref(), case.received.unique("a")),
                (Some("1"), 20)
            );
        }
    }
}

#[test]
fn a_smaller_limit_grows_back_with_whole_pages() {
    let case = Case::new()
        .sink("a", 7, |_, _| None)
        .source(|n, _| match n {
            0..3 => Reply::new(200, "").cut(0),
            n => Reply::new(200, page(&lines(0..1), &n.to_string(), n < 8)),
        });
    for _ in 0..3 {
        case.run().result.unwrap_err();
    }
    case.run().result.unwrap();
    let limits: Vec<_> = case
        .asked()
        .iter()
        .map(|target| target.rsplit('=').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        limits,
        [
            "1000", "500", "250", "125", "250", "500", "1000", "1000", "1000"
        ]
    );
}

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
fn retry_after_is_obeyed_and_a_longer_wait_than_the_run_ends_it() {
    let case = Case::new()
        .sink("a", 100, |n, _| {
            (n == 0).then(|| Reply::new(429, "").header("retry-after", "45"))
        })
        .source(|n, _| {
            if n == 0 {
                Reply::new(503, "").header("retry-after", "30")
            } else {
                Reply::new(200, page(&lines(0..3), "1", false))
            }
        });
    let outcome = case.run();
    outcome.result.unwrap();
    assert!(
        (75_000..100_000).contains(&outcome.report.wall_ms),
        "{}",
        outcome.report.wall_ms
    );
    assert_eq!(outcome.report.retries, 2);

    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|_, _| Reply::new(429, "").header("retry-after", "3600"));
    let outcome = case.run();
    assert_eq!(kind(&outcome), Some(ErrorKind::SourceUnavailable));
    assert_eq!((outcome.report.retries, case.asked().len()), (0, 1));
}

#[test]
fn a_refusal_of_the_source_stops_at_once() {
    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|_, _| Reply::new(403, "no"));
    assert_eq!(kind(&case.run()), Some(ErrorKind::SourceRefused));
    assert_eq!(case.asked().len(), 1);
    assert_eq!(case.cursor(), None);
}

#[test]
fn a_wrong_clock_is_learned_from_the_response_and_remembered() {
    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|n, _| match n {
            0 => Reply::new(408, "").header("skew", "-90000"),
            _ => Reply::new(200, "end 1"),
        });
    case.run().result.unwrap();
    assert_eq!(case.world.checkpoint("s").unwrap().clock_skew_ms, -90_000);
    case.run().result.unwrap();
    let requests = case.world.requests.borrow();
    let skews: Vec<_> = requests
        .iter()
        .map(|request| request.headers[0].1.expose().parse::<u64>().unwrap() < NOW.millis())
        .collect();
    assert_eq!(skews, [false, true, true]);
}

#[test]
fn a_clock_that_stays_wrong_ends_the_run_instead_of_looping() {
    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|_, _| Reply::new(408, "").header("skew", "5"));
    assert_eq!(kind(&case.run()), Some(ErrorKind::SourceRefused));
    assert!(case.asked().len() <= 8, "{}", case.asked().len());
}

#[test]
fn an_expired_cursor_goes_on_by_time_and_leaves_a_gap() {
    let expired = Rc::new(Cell::new(false));
    let switch = Rc::clone(&expired);
    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(move |_, target| match target {
            "/0?limit=1000" => Reply::new(200, page(&lines(0..3), "1", false)),
            "/1?limit=1000" if switch.get() => Reply::new(416, ""),
            "/since-1699990002?limit=1000" => Reply::new(200, page(&lines(3..5), "7", false)),
            other => Reply::new(404, other),
        });
    case.run().result.unwrap();
    expired.set(true);
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(outcome.report.gaps, 1);
    let checkpoint = case.world.checkpoint("s").unwrap();
    assert_eq!(checkpoint.cursor.0, "7");
    assert_eq!(checkpoint.gaps[0].lost.0, "1");
    assert_eq!(case.received.unique("a"), 5);
}

#[test]
fn an_event_from_the_future_does_not_move_the_place_to_recover_from() {
    let case = Case::new().sink("a", 100, |_, _| None).source(|_, _| {
        Reply::new(
            200,
            page(&["@1699990000 one", "@9999999999 two"], "1", false),
        )
    });
    case.run().result.unwrap();
    let last = case.world.checkpoint("s").unwrap().last_event_at;
    assert_eq!(last, Some(Timestamp::from_secs(1_699_990_000)));
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
fn no_more_than_four_posts_are_in_flight_and_the_reader_waits_for_them() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| Some(Reply::new(200, "").after(5000)))
        .source(|_, _| Reply::new(200, page(&lines(0..400), "1", false)).chunked(64));
    case.limits.max_in_flight_bytes = 10_000;
    case.run().result.unwrap();
    assert_eq!(case.world.most_busy("a.test"), 4);
    assert_eq!(case.received.unique("a"), 400);
}

#[test]
fn another_run_that_moved_the_checkpoint_is_never_overwritten() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..3), "1", false)));
    case.world
        .save_errors
        .borrow_mut()
        .push_back(StoreError::Conflict {
            stored: Revision(7),
        });
    assert_eq!(kind(&case.run()), Some(ErrorKind::Conflict));
    assert_eq!(case.cursor(), None);
}

#[test]
fn a_run_ends_by_itself_when_its_budget_is_used_up_and_the_next_goes_on() {
    let mut case = Case::new().sink("a", 10, |_, _| None).source(|n, _| {
        Reply::new(
            200,
            page(&lines(n as u32..n as u32 + 1), &(n + 1).to_string(), true),
        )
        .after(1000)
    });
    case.budget = Budget {
        wall_ms: 3000,
        max_pages: 100,
    };
    let outcome = case.run();
    outcome.result.unwrap();
    assert!(!outcome.report.caught_up);
    assert!(
        (2..=3).contains(&outcome.report.pages),
        "{}",
        outcome.report.pages
    );
    case.budget = Budget {
        wall_ms: 60_000,
        max_pages: 2,
    };
    let pages = outcome.report.pages;
    assert_eq!(case.run().report.pages, 2);
    assert_eq!(case.cursor(), Some((pages + 2).to_string()));
}

#[test]
fn pages_keep_the_distance_that_the_source_asks_for() {
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|n, _| Reply::new(200, page(&lines(0..1), &n.to_string(), n < 4)));
    case.source.min_interval_ms = 1000;
    assert!(case.run().report.wall_ms >= 4000);
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
            max_events: 1000,
            max_bytes: 200,
            bytes_per_event: 1,
            bytes_per_batch: 10,
        },
    };
    case.sinks.push(Box::new(small));
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
