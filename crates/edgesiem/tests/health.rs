//! Which streams somebody should look at, and why.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

use edgesiem::stores::{Failure, GapRecord, Position, Replay, StreamStatus};
use edgesiem::{
    Budget, Counters, Cursor, Expectations, Gap, ProblemKind, Revision, Severity, Timestamp,
    health, shown_status, shown_without_status,
};
use serde_json::{Value, json};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
/// 2014-03-21T19:34:21Z
const NOW: Timestamp = Timestamp::from_secs(1_395_430_461);

fn ago(ms: u64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() - ms)
}

fn expected() -> Expectations {
    Expectations {
        now: NOW,
        retention_s: Some(12 * 3600),
        patience_ms: 15 * MINUTE,
        run_ms: 13 * MINUTE,
    }
}

/// A stream that ran a minute ago and has nothing to fetch.
fn well() -> StreamStatus {
    let mut status = StreamStatus {
        stream: "prod-waf".to_owned(),
        position: Some(Position {
            cursor: Cursor(json!({"offset": "a"})),
            revision: Revision(7),
            saved_at: ago(MINUTE),
            last_event_at: Some(ago(2 * MINUTE)),
            page_limit: None,
            clock_skew_ms: 0,
            counters: Counters::default(),
        }),
        ..StreamStatus::default()
    };
    status.runs.ended_at = Some(ago(MINUTE));
    status.runs.last_success_at = Some(ago(MINUTE));
    status.runs.last = json!({"report": {"caught_up": true, "sinks": {"soc": {"dropped": 0}}}});
    status
}

fn fail(status: &mut StreamStatus, retryable: bool, since: Timestamp) {
    status.runs.error = Some(Failure {
        code: "sink_unavailable".to_owned(),
        message: "the sink is full".to_owned(),
        user_action: "make room".to_owned(),
        retryable,
    });
    status.runs.failing_since = Some(since);
    status.runs.last = json!({"report": {"caught_up": false}});
}

/// The last run ended in time, with more to fetch.
fn leave_behind(status: &mut StreamStatus, last_event_at: Timestamp, saved_at: Timestamp) {
    status.runs.last = json!({"report": {"caught_up": false}});
    let position = status.position.as_mut().unwrap();
    position.last_event_at = Some(last_event_at);
    position.saved_at = saved_at;
}

fn gap(id: u64, acknowledged_at: Option<Timestamp>) -> GapRecord {
    GapRecord {
        id,
        gap: Gap {
            detected_at: ago(HOUR),
            reason: "the bookmark expired".to_owned(),
            lost: Cursor(json!({"offset": "a"})),
            last_event_at: None,
            resumed_from: ago(2 * HOUR),
        },
        acknowledged_at,
    }
}

/// What is said of a stream after `change`: `red stopped: the text`.
fn said(change: fn(&mut StreamStatus)) -> Vec<String> {
    let mut status = well();
    change(&mut status);
    health(&status, &expected())
        .iter()
        .map(|problem| {
            let severity = match problem.severity {
                Severity::Red => "red",
                Severity::Warning => "warning",
            };
            format!("{severity} {}: {}", problem.kind.code(), problem.text)
        })
        .collect()
}

#[test]
fn a_stream_that_nothing_is_wrong_with_has_no_problem() {
    type Change = fn(&mut StreamStatus);
    let changes: &[(&str, Change)] = &[
        ("as it should be", |_| {}),
        ("before the first run", |status| {
            *status = StreamStatus::default();
        }),
        ("in its first run", |status| {
            *status = StreamStatus {
                running_since: Some(ago(MINUTE)),
                ..StreamStatus::default()
            };
        }),
        ("after one run that failed", |status| {
            fail(status, true, ago(14 * MINUTE));
        }),
        (
            "after a run that failed, of a source that is quiet",
            |status| {
                fail(status, true, ago(14 * MINUTE));
                status.position.as_mut().unwrap().last_event_at = Some(ago(11 * HOUR));
            },
        ),
        ("after two killed runs", |status| status.killed_runs = 2),
        ("in a long run", |status| {
            status.running_since = Some(ago(13 * MINUTE));
            status.runs.ended_at = Some(ago(16 * MINUTE));
        }),
        ("quiet for hours", |status| {
            status.position.as_mut().unwrap().last_event_at = Some(ago(11 * HOUR));
        }),
        ("not quite half the retention behind", |status| {
            leave_behind(status, ago(6 * HOUR), ago(MINUTE));
        }),
        ("with a gap that somebody knows of", |status| {
            status.gaps = vec![gap(1, Some(ago(MINUTE)))];
        }),
        ("with a clock that is wrong by hours", |status| {
            leave_behind(
                status,
                Timestamp::from_millis(NOW.millis() + 9 * HOUR),
                ago(MINUTE),
            );
            status.position.as_mut().unwrap().clock_skew_ms = (9 * HOUR).cast_signed();
        }),
        ("with a replay that failed and one that ended", |status| {
            let replay = |retryable, ended_at| Replay {
                id: "r1".to_owned(),
                from: ago(2 * HOUR),
                to: ago(HOUR),
                asked_at: ago(HOUR),
                ended_at,
                counters: Counters::default(),
                error: Some(Failure {
                    retryable,
                    ..Failure::default()
                }),
            };
            status.replays = vec![replay(true, None), replay(false, Some(ago(MINUTE)))];
        }),
    ];
    for (name, change) in changes {
        assert_eq!(said(*change), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn each_problem_is_told_with_its_severity_and_what_the_operator_needs() {
    type Change = fn(&mut StreamStatus);
    let changes: &[(Change, &[&str])] = &[
        (
            |status| fail(status, false, ago(MINUTE)),
            &["red stopped: the sink is full. What to do: make room"],
        ),
        (
            |status| fail(status, false, ago(HOUR)),
            &["red stopped: the sink is full. What to do: make room"],
        ),
        (
            |status| fail(status, true, ago(16 * MINUTE)),
            &["red failing: every run has failed for 16 min: the sink is full"],
        ),
        (
            |status| {
                fail(status, true, ago(7 * HOUR));
                status.position.as_mut().unwrap().saved_at = ago(7 * HOUR);
            },
            &[
                "red failing: every run has failed for 7 h: the sink is full",
                "warning behind: the offset has not moved for 7 h; the source keeps events for 12 h",
            ],
        ),
        (
            |status| {
                status.runs.ended_at = Some(ago(75 * MINUTE));
            },
            &["red not_running: no run has begun or ended for 1 h 15 min"],
        ),
        (
            |status| status.killed_runs = 3,
            &[
                "red killed: 3 runs in a row did not come to their end: the host ended them, for CPU time or memory as a rule",
            ],
        ),
        (
            |status| status.running_since = Some(ago(14 * MINUTE)),
            &[
                "red killed: the run that began 14 min ago should have ended by itself: the host ended it, or it hangs",
            ],
        ),
        (
            |status| leave_behind(status, ago(6 * HOUR + 1), ago(MINUTE)),
            &[
                "warning behind: the newest event that was seen is 6 h old; the source keeps events for 12 h",
            ],
        ),
        (
            |status| leave_behind(status, ago(9 * HOUR + 36 * MINUTE), ago(MINUTE)),
            &[
                "warning behind: the newest event that was seen is 9 h 36 min old; the source keeps events for 12 h",
            ],
        ),
        (
            |status| leave_behind(status, ago(9 * HOUR + 36 * MINUTE + 1), ago(MINUTE)),
            &[
                "red behind: the newest event that was seen is 9 h 36 min old; the source keeps events for 12 h",
            ],
        ),
        (
            |status| leave_behind(status, ago(MINUTE), ago(10 * HOUR)),
            &["red behind: the offset has not moved for 10 h; the source keeps events for 12 h"],
        ),
        // The source's clock is what its events go by.
        (
            |status| {
                leave_behind(status, ago(MINUTE), ago(MINUTE));
                status.position.as_mut().unwrap().clock_skew_ms = (7 * HOUR).cast_signed();
            },
            &[
                "warning behind: the newest event that was seen is 7 h 1 min old; the source keeps events for 12 h",
            ],
        ),
        (
            |status| {
                status.gaps_unacknowledged = 2;
                status.gaps = vec![gap(3, Some(ago(MINUTE))), gap(2, None), gap(1, None)];
            },
            &[
                "red gap: gaps that nobody has acknowledged: 2; the newest, number 2: the bookmark expired",
            ],
        ),
        // Older ones than the list holds.
        (
            |status| status.gaps_unacknowledged = 1,
            &["red gap: gaps that nobody has acknowledged: 1"],
        ),
        (
            |status| status.paused_at = Some(ago(10 * MINUTE)),
            &["warning paused: paused since 2014-03-21T19:24:21.000Z"],
        ),
        // Nobody expects runs of a paused stream, but its events expire all the same.
        (
            |status| {
                status.paused_at = Some(ago(10 * HOUR));
                status.runs.ended_at = Some(ago(10 * HOUR));
                status.position.as_mut().unwrap().saved_at = ago(10 * HOUR);
            },
            &[
                "red behind: the source was last asked for events 10 h ago; the source keeps events for 12 h",
                "warning paused: paused since 2014-03-21T09:34:21.000Z",
            ],
        ),
        (
            |status| {
                status.dead_letters.kept = 3;
                status.dead_letters.oldest_at = Some(ago(HOUR));
            },
            &[
                "warning dead_letters: dead letters are kept: 3, the oldest since 2014-03-21T18:34:21.000Z",
            ],
        ),
        (
            |status| {
                status.runs.last = json!({"report": {"caught_up": true, "sinks": {
                    "a": {"dropped": 4}, "b": {"dropped": 0}, "c": {"dropped": 1}, "d": {}, "e": 5,
                }}});
            },
            &["warning dropped: the last run dropped events for optional sinks: 4 by a, 1 by c"],
        ),
        (
            |status| {
                status.replays = vec![Replay {
                    id: "r7".to_owned(),
                    from: ago(2 * HOUR),
                    to: ago(HOUR),
                    asked_at: ago(HOUR),
                    ended_at: None,
                    counters: Counters::default(),
                    error: Some(Failure {
                        message: "the token was refused".to_owned(),
                        user_action: "set another one".to_owned(),
                        ..Failure::default()
                    }),
                }];
            },
            &[
                "warning replay_stopped: replay r7: the token was refused. What to do: set another one",
            ],
        ),
    ];
    for (change, expected) in changes {
        assert_eq!(said(*change), *expected);
    }
}

#[test]
fn without_a_known_retention_no_stream_is_behind() {
    let mut status = well();
    leave_behind(&mut status, ago(100 * HOUR), ago(100 * HOUR));
    let unknown = Expectations {
        retention_s: None,
        ..expected()
    };
    assert_eq!(health(&status, &unknown), Vec::new());
    let kinds: Vec<ProblemKind> = health(&status, &expected())
        .iter()
        .map(|problem| problem.kind)
        .collect();
    assert_eq!(kinds, [ProblemKind::Behind]);
}

#[test]
fn no_number_of_a_status_overflows() {
    let mut status = well();
    leave_behind(&mut status, Timestamp::default(), Timestamp::default());
    status.position.as_mut().unwrap().clock_skew_ms = i64::MAX;
    status.running_since = Some(Timestamp::from_millis(u64::MAX));
    for now in [0, u64::MAX] {
        let extreme = Expectations {
            now: Timestamp::from_millis(now),
            retention_s: Some(u64::MAX),
            patience_ms: u64::MAX,
            run_ms: u64::MAX,
        };
        assert!(health(&status, &extreme).len() < 9);
    }
}

#[test]
fn a_problem_as_data_has_the_names_that_scripts_go_by() {
    let mut status = well();
    status.dead_letters.kept = 1;
    let problems = serde_json::to_value(health(&status, &expected())).unwrap();
    assert_eq!(
        problems,
        json!([{"kind": "dead_letters", "severity": "warning", "text": "dead letters are kept: 1"}])
    );
    assert!(Severity::Red > Severity::Warning);
}

#[test]
fn a_run_is_expected_to_end_within_its_budget_and_what_it_may_take_beyond() {
    let config = edgesiem::Config::from_json(
        json!({
            "streams": [{"id": "a", "sinks": ["s"], "source": {
                "kind": "akamai-siem", "host": "akab-x.luna.akamaiapis.net", "config_ids": [1], "retention_s": 7200,
                "client_token": {"secret": "A"}, "client_secret": {"secret": "A"}, "access_token": {"secret": "A"},
            }}],
            "sinks": {"s": {"kind": "splunk-hec", "url": "https://splunk.example", "token": {"secret": "A"}}},
        }),
        &|_| Some(edgesiem::Secret::new("a".to_owned())),
        &[],
    );
    let config = config.map_err(|errors| format!("{errors:?}")).unwrap();
    let budget = Budget {
        wall_ms: 10 * MINUTE,
        ..Budget::default()
    };
    for stream in &config.streams {
        assert_eq!(
            Expectations::of(stream, budget, NOW),
            Expectations {
                now: NOW,
                retention_s: Some(7200),
                patience_ms: 15 * MINUTE,
                run_ms: 13 * MINUTE + 30_000,
            }
        );
    }
}

#[test]
fn a_stream_is_shown_with_its_status_and_what_is_wrong_with_it() {
    let mut status = well();
    status.paused_at = Some(ago(MINUTE));
    let shown = shown_status(&status, Some(&expected()));
    assert_eq!(shown["stream"], "prod-waf");
    assert_eq!(shown["position"]["revision"], 7);
    assert_eq!(
        shown["problems"],
        json!([{"kind": "paused", "severity": "warning", "text": format!("paused since {}", ago(MINUTE))}])
    );
    assert_eq!(shown.get("error"), Some(&Value::Null));
    // Nobody knows what to measure it against.
    assert_eq!(shown_status(&status, None)["problems"], json!([]));
}

#[test]
fn a_stream_whose_state_is_not_known_is_shown_with_why() {
    for (error, expected) in [(Some("gone"), json!("gone")), (None, Value::Null)] {
        assert_eq!(
            shown_without_status("prod-waf", error),
            json!({"stream": "prod-waf", "problems": [], "error": expected})
        );
    }
}
