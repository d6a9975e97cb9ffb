//! Sources that count requests: never two within the least time, whatever the second is for.

use std::cell::RefCell;
use std::rc::Rc;

use edgesiem_model::{Budget, ErrorKind};
use edgesiem_testkit::{Clock, Reply, page};

use crate::case::{Case, NOW, kind, lines};

const QUOTA_MS: u64 = 6000;

/// When the source was asked, in milliseconds since [`NOW`], and when it had answered.
#[derive(Clone, Default)]
struct Log {
    clock: Rc<RefCell<Option<Clock>>>,
    asked: Rc<RefCell<Vec<(u64, u64)>>>,
}

impl Log {
    fn since_now(&self) -> u64 {
        let clock = self.clock.borrow();
        clock.as_ref().unwrap().now().since_ms(NOW)
    }

    fn asked(&self) -> Vec<u64> {
        let asked = self.asked.borrow();
        asked.iter().map(|(at, _)| *at).collect()
    }

    /// None of them was earlier than allowed.
    fn is_kept(&self) -> bool {
        let asked = self.asked.borrow();
        asked
            .windows(2)
            .all(|pair| pair[1].0 >= pair[0].1 + QUOTA_MS)
    }
}

/// A stream whose source counts requests, and answers the n-th as `answer` says.
fn counted(answer: impl Fn(usize) -> Reply + 'static) -> (Case, Log) {
    let log = Log::default();
    let kept = log.clone();
    let mut case = Case::new().sink("a", 10, |_, _| None).source(move |n, _| {
        let reply = answer(n);
        let at = kept.since_now();
        kept.asked.borrow_mut().push((at, at + reply.delay_ms));
        reply
    });
    *log.clock.borrow_mut() = Some(case.world.clock.clone());
    case.source.quota_interval_ms = QUOTA_MS;
    (case, log)
}

#[test]
fn pages_are_asked_for_no_sooner_than_the_quota_allows() {
    let (case, log) =
        counted(|n| Reply::new(200, page(&lines(0..1), &n.to_string(), n < 3)).after(1000));
    case.run().result.unwrap();
    // Also the first: a run before it may have been killed the moment before.
    assert_eq!(log.asked(), [6000, 13_000, 20_000, 27_000]);
    assert!(log.is_kept());
}

#[test]
fn what_is_asked_again_counts_too() {
    let (case, log) = counted(|n| match n {
        0 => Reply::new(503, ""),
        1 => Reply::lost().after(3000),
        2 => Reply::new(408, "").header("skew", "5"),
        3 => Reply::new(410, "").header("cursor", "elsewhere"),
        4 => Reply::new(416, ""),
        5 => Reply::new(429, "").header("retry-after", "60"),
        6 => Reply::new(429, "").header("retry-after", "1"),
        n => Reply::new(200, page(&lines(0..1), &n.to_string(), n < 9)),
    });
    case.run().result.unwrap();
    assert_eq!(log.asked().len(), 10);
    assert!(log.is_kept(), "{:?}", log.asked());
    let asked = log.asked();
    assert!(asked[6] >= asked[5] + 60_000);
}

#[test]
fn runs_keep_the_distance_too_whatever_became_of_the_one_before() {
    let (case, log) = counted(|n| match n % 3 {
        0 => Reply::new(200, page(&lines(0..1), &n.to_string(), false)),
        1 => Reply::new(403, ""),
        _ => Reply::new(200, "").cut(0),
    });
    for _ in 0..9 {
        let _ = case.run();
    }
    assert_eq!(log.asked().len(), 9);
    assert!(log.is_kept(), "{:?}", log.asked());
}

#[test]
fn a_run_that_is_killed_anywhere_leaves_the_next_one_its_distance() {
    for killed_ms in (0..30_000).step_by(250) {
        let (case, log) =
            counted(|n| Reply::new(200, page(&lines(0..3), &n.to_string(), true)).after(400));
        case.run_killed_after(killed_ms);
        let last = log.asked.borrow().len();
        let run = case.run();
        run.result.unwrap();
        let asked = log.asked.borrow();
        assert!(asked.len() > last);
        // Of the killed run's last request nobody knows when it was answered.
        if let (Some(before), Some(after)) = (last.checked_sub(1), asked.get(last)) {
            assert!(
                after.0 >= asked[before].0 + QUOTA_MS,
                "{killed_ms}: {asked:?}"
            );
        }
    }
}

#[test]
fn a_run_ends_rather_than_wait_past_its_time() {
    let (mut case, log) = counted(|n| Reply::new(200, page(&lines(0..1), &n.to_string(), true)));
    case.budget = Budget {
        wall_ms: 20_000,
        ..Budget::default()
    };
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!((outcome.report.pages, log.asked().len()), (3, 3));
    assert!(outcome.report.wall_ms < 20_000);

    let (mut case, log) = counted(|_| Reply::new(503, ""));
    case.budget = Budget {
        wall_ms: 20_000,
        ..Budget::default()
    };
    let outcome = case.run();
    assert_eq!(kind(&outcome), Some(ErrorKind::SourceUnavailable));
    assert_eq!(log.asked().len(), 3);

    // A wait that is longer than the run is no reason never to ask.
    let (mut case, log) = counted(|n| Reply::new(200, page(&lines(0..1), &n.to_string(), true)));
    case.budget = Budget {
        wall_ms: 1000,
        ..Budget::default()
    };
    case.run().result.unwrap();
    assert_eq!(log.asked().len(), 1);
}
