//! Pages that are found elsewhere than they were looked for.

use std::cell::Cell;
use std::rc::Rc;

use edgesiem_model::{Budget, ErrorKind};
use edgesiem_testkit::{Reply, page};

use crate::case::{Case, kind, lines};

const QUOTA_MS: u64 = 6000;

/// The first place is never the one: `b` is, whose page takes a while.
fn moved() -> Case {
    let mut case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, target| match target {
            "/0?limit=1000" => Reply::new(410, "").header("cursor", "b"),
            "/b?limit=1000" => Reply::new(200, page(&lines(0..3), "c", false)).after(400),
            "/c?limit=1000" => Reply::new(200, page(&lines(3..4), "c", false)),
            other => Reply::new(404, other),
        });
    case.source.quota_interval_ms = QUOTA_MS;
    case
}

fn assert_each_once(case: &Case, events: usize) {
    let received = &case.received;
    assert_eq!(
        (received.unique("a"), received.most_often("a")),
        (events, 1)
    );
}

#[test]
fn a_run_with_time_for_one_request_leaves_the_next_one_the_place_that_it_was_told() {
    let mut case = moved();
    case.budget = Budget {
        wall_ms: 1000,
        ..Budget::default()
    };
    let first = case.run();
    first.result.unwrap();
    assert!(first.report.unfinished && first.report.pages == 0);
    case.run().result.unwrap();
    assert_eq!(case.asked(), ["/0?limit=1000", "/b?limit=1000"]);
    assert_each_once(&case, 3);
}

#[test]
fn a_run_that_is_killed_before_the_page_came_leaves_the_next_one_the_place_that_it_was_told() {
    for killed_ms in (0..13_000).step_by(100) {
        let case = moved();
        case.run_killed_after(killed_ms);
        // The answer takes ten milliseconds.
        let is_answered = killed_ms > QUOTA_MS + 10;
        let before = case.asked().len();
        case.run().result.unwrap();
        let asked = &case.asked()[before..];
        assert_eq!(
            asked.contains(&"/0?limit=1000".to_owned()),
            !is_answered,
            "{killed_ms}: {asked:?}"
        );
        assert!(case.received.unique("a") >= 3);
    }
}

#[test]
fn a_source_that_needs_somebody_s_help_ends_the_run_and_the_next_one_goes_on() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|_, target| match target {
            "/0?limit=1000" => Reply::new(410, "")
                .header("cursor", "b")
                .header("stuck", ""),
            "/b?limit=1000" => Reply::new(200, page(&lines(0..3), "c", false)),
            other => Reply::new(404, other),
        });
    assert_eq!(kind(&case.run()), Some(ErrorKind::SourceRefused));
    assert_eq!(case.asked().len(), 1);
    case.run().result.unwrap();
    assert_each_once(&case, 3);
}

#[test]
fn a_place_after_a_recovery_is_not_stored_before_its_gap_is() {
    let is_there = Rc::new(Cell::new(false));
    let there = Rc::clone(&is_there);
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(move |_, target| match target {
            "/0?limit=1000" => Reply::new(416, ""),
            "/b?limit=1000" if there.get() => Reply::new(200, page(&lines(0..3), "c", false)),
            "/b?limit=1000" => Reply::new(403, ""),
            _ => Reply::new(410, "").header("cursor", "b"),
        });
    case.run().result.unwrap_err();
    assert_eq!((case.cursor(), case.world.gaps.borrow().len()), (None, 0));
    is_there.set(true);
    case.run().result.unwrap();
    assert_eq!(case.cursor().as_deref(), Some("c"));
    assert_eq!(case.world.gaps.borrow().len(), 1);
}

#[test]
fn a_page_under_another_name_is_asked_for_there_and_is_no_gap() {
    let is_known = Rc::new(Cell::new(false));
    let known = Rc::clone(&is_known);
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(move |_, target| match target {
            "/0?limit=1000" => Reply::new(410, "").header("cursor", "b"),
            "/b?limit=1000" if known.get() => Reply::new(200, page(&lines(0..3), "c", false)),
            "/b?limit=1000" => Reply::new(200, page(&lines(0..3), "c", false)).cut(20),
            other => Reply::new(404, other),
        });
    case.run().result.unwrap_err();
    is_known.set(true);
    // The page that was cut is asked for smaller, and not again where it no longer is.
    assert_eq!(case.cursor().as_deref(), Some("b"));
    let case = case.source(|_, target| match target {
        "/b?limit=500" => Reply::new(200, page(&lines(0..3), "c", false)),
        other => Reply::new(404, other),
    });
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!((outcome.report.gaps, outcome.report.source_retries), (0, 0));
    assert_eq!(case.cursor().as_deref(), Some("c"));
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (3, 1)
    );
}

#[test]
fn a_source_that_only_ever_names_another_place_is_not_asked_for_ever() {
    let case = Case::new()
        .sink("a", 10, |_, _| None)
        .source(|n, _| Reply::new(410, "").header("cursor", &n.to_string()));
    assert_eq!(kind(&case.run()), Some(ErrorKind::SourceUnavailable));
    assert!(case.asked().len() <= 4, "{:?}", case.asked());
}
