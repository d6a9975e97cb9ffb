//! Pages: asked for, read, committed.

use std::cell::Cell;
use std::rc::Rc;

use edgesiem_model::{Budget, ErrorKind, Revision, StoreError, Timestamp};
use edgesiem_testkit::{Reply, page};

use crate::case::{Case, NOW, kind, lines};

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
    let checkpoint = case.world.checkpoint().unwrap();
    assert_eq!(checkpoint.cursor.0, "2");
    assert_eq!(
        checkpoint.last_event_at,
        Some(Timestamp::from_secs(1_699_990_059))
    );
    assert_eq!(checkpoint.counters.delivered, 60);
}

#[test]
fn the_age_of_a_cursor_does_not_begin_anew_when_only_the_limit_changes() {
    let case = Case::new()
        .sink("a", 7, |_, _| None)
        .source(|n, _| match n {
            0 => Reply::new(200, page(&lines(0..3), "1", false)),
            _ => Reply::new(200, "").cut(0),
        });
    case.run().result.unwrap();
    let saved_at = case.world.checkpoint().unwrap().saved_at;
    case.world.clock.advance(60_000);
    case.run().result.unwrap_err();
    let checkpoint = case.world.checkpoint().unwrap();
    assert_eq!(
        (checkpoint.saved_at, checkpoint.page_limit),
        (saved_at, Some(500))
    );
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
            assert_eq!(case.world.checkpoint().unwrap().counters.fetched, 0);
            // As many as were accepted, if that is a page at all; otherwise half.
            let accepted = case.received.unique("a");
            let limit = if accepted >= 10 { accepted } else { 500 };
            case.run().result.unwrap();
            assert_eq!(
                case.asked(),
                ["/0?limit=1000".to_owned(), format!("/0?limit={limit}")]
            );
            assert_eq!(
                (
                    case.cursor().as_deref(),
                    case.received.unique("a"),
                    case.received.most_often("a")
                ),
                (Some("1"), 20, 1)
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
fn a_limit_does_not_shrink_below_the_sources_least() {
    let case = Case::new()
        .sink("a", 7, |_, _| None)
        .source(|_, _| Reply::new(200, "").cut(0));
    for _ in 0..9 {
        case.run().result.unwrap_err();
    }
    assert_eq!(case.world.checkpoint().unwrap().page_limit, Some(10));
    assert_eq!(case.asked().last().map(String::as_str), Some("/0?limit=10"));
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
    assert_eq!(case.world.checkpoint().unwrap().clock_skew_ms, -90_000);
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
    let checkpoint = case.world.checkpoint().unwrap();
    assert_eq!(checkpoint.cursor.0, "7");
    assert_eq!(case.world.gaps.borrow()[0].lost.0, "1");
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
    let last = case.world.checkpoint().unwrap().last_event_at;
    assert_eq!(last, Some(Timestamp::from_secs(1_699_990_000)));
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
        ..Budget::default()
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
        ..Budget::default()
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
fn a_source_that_only_ever_answers_expired_is_not_asked_for_ever() {
    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|_, _| Reply::new(416, ""));
    assert_eq!(kind(&case.run()), Some(ErrorKind::SourceRefused));
    assert!(case.asked().len() <= 4, "{}", case.asked().len());
}

#[test]
fn a_recovery_goes_by_the_servers_clock() {
    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|n, target| match n {
            0 => Reply::new(408, "").header("skew", "86400000"),
            1 => Reply::new(416, ""),
            // The scripted source goes back one hour from the time it is given.
            _ if target.starts_with(&format!("/since-{}?", NOW.secs() + 86_400 - 3600)) => {
                Reply::new(200, "end 1")
            }
            _ => Reply::new(400, target),
        });
    case.run().result.unwrap();
}

#[test]
fn every_attempt_is_signed_anew() {
    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|n, _| match n {
            0..3 => Reply::new(503, ""),
            _ => Reply::new(200, "end 1"),
        });
    case.run().result.unwrap();
    let requests = case.world.requests.borrow();
    let of = |name: &str| -> std::collections::BTreeSet<String> {
        requests
            .iter()
            .filter_map(|request| {
                let (_, value) = request.headers.iter().find(|(key, _)| *key == name)?;
                Some(value.expose().to_owned())
            })
            .collect()
    };
    assert_eq!((of("nonce").len(), of("signed-at").len()), (4, 4));
}

#[test]
fn a_checkpoint_of_another_format_is_neither_read_nor_replaced() {
    let case = Case::new()
        .sink("a", 100, |_, _| None)
        .source(|_, _| Reply::new(200, "end 1"));
    case.run().result.unwrap();
    let mut stored = case.world.stored.borrow_mut();
    stored.checkpoint.as_mut().unwrap().format = 2;
    drop(stored);
    assert_eq!(kind(&case.run()), Some(ErrorKind::Store));
    assert_eq!(case.asked().len(), 1);
    assert_eq!(case.world.checkpoint().unwrap().format, 2);
}

#[test]
fn a_page_with_far_more_events_than_asked_for_is_given_up() {
    let mut case = Case::new()
        .sink("a", 1000, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..4000), "1", false)).chunked(5000));
    case.source.limit = 100;
    assert_eq!(kind(&case.run()), Some(ErrorKind::PageIncomplete));
    assert_eq!(case.cursor().as_deref(), Some("0"));
    assert!(case.received.unique("a") < 2500);
}

#[test]
fn a_page_that_outlasts_the_run_is_finished_by_later_ones_and_nothing_is_sent_twice() {
    let case = Case::new()
        .sink("a", 10, |_, _| Some(Reply::new(200, "").after(29_000)))
        .source(|_, _| Reply::new(200, page(&lines(0..1000), "1", false)));
    let mut runs = 0;
    while case.cursor().as_deref() != Some("1") {
        let outcome = case.run();
        outcome.result.unwrap();
        assert!(
            outcome.report.wall_ms <= 800_000,
            "{}",
            outcome.report.wall_ms
        );
        runs += 1;
        assert!(runs < 10);
    }
    assert!(runs > 2, "{runs}");
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (1000, 1)
    );
}

#[test]
fn a_page_of_which_nothing_gets_through_in_time_is_asked_for_again_with_a_smaller_limit() {
    let mut case = Case::new()
        .sink("a", 1000, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..500), "1", false)).chunked(10));
    case.budget.wall_ms = 200;
    let outcome = case.run();
    assert_eq!(kind(&outcome), Some(ErrorKind::PageIncomplete));
    assert_eq!(case.world.checkpoint().unwrap().page_limit, Some(500));
}

#[test]
fn the_time_of_the_last_event_never_goes_back() {
    let case = Case::new().sink("a", 100, |_, _| None).source(|n, _| {
        let line = if n == 0 {
            "@1699990009 one"
        } else {
            "@1699990001 late"
        };
        Reply::new(200, page(&[line], &n.to_string(), false))
    });
    case.run().result.unwrap();
    case.run().result.unwrap();
    let last = case.world.checkpoint().unwrap().last_event_at;
    assert_eq!(last, Some(Timestamp::from_secs(1_699_990_009)));
}
