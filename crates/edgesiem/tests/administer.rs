//! What an administrator may do with a stream, over a key-value namespace.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

mod support;

use std::cell::Cell;
use std::rc::Rc;

use edgesiem::administer::{Gaps, InKv, Letters, Operation, Refusal, RefusalKind, perform};
use edgesiem::stores::{KvStore, Lease, LetterKey};
use edgesiem::{Budget, ErrorKind, EventId, StreamConfig, StreamId, Timestamp, run, run_end};
use edgesiem_testkit::{Reply, World};
use serde_json::{Value, json};
use support::{Map, NOW, SOURCE, stream, webhook};

const ID: EventId = EventId::from_bytes([7; 16]);

/// A stream over a namespace, and the world around it.
struct Rig {
    world: World,
    map: Map,
    stream: StreamConfig,
    id: StreamId,
    /// What the sink answers.
    sink_status: Rc<Cell<u16>>,
}

impl Rig {
    fn new() -> Self {
        let world = World::new(NOW);
        let sink_status = Rc::new(Cell::new(200));
        let status = Rc::clone(&sink_status);
        world.serve("soc.test", move |_| Reply::new(status.get(), ""));
        let stream = stream(&json!({"soc": webhook("soc")}));
        Self {
            world,
            map: Map::default(),
            id: stream.id.clone(),
            stream,
            sink_status,
        }
    }

    fn operate(&mut self, operation: Operation) -> Result<Value, Refusal> {
        self.operate_with(true, operation)
    }

    fn operate_with(&mut self, is_usable: bool, operation: Operation) -> Result<Value, Refusal> {
        let store = KvStore::new(&self.map, &self.world);
        let stored = InKv {
            store: &store,
            id: &self.id,
            max_stored_dead_letters: 100,
        };
        let stream = Some(&mut self.stream).filter(|_| is_usable);
        let done = perform(&self.world, &stored, stream, Budget::default(), operation);
        self.world.clock.run(done)
    }

    fn run(&mut self) {
        let store = KvStore::new(&self.map, &self.world);
        self.world.clock.run(async {
            let Lease::Taken(held) = store.take_lease(&self.id, 100).await.unwrap() else {
                return;
            };
            let outcome = run(&self.world, &held, Budget::default(), &mut self.stream).await;
            held.end(run_end(&outcome)).await.unwrap();
        });
    }

    /// A run in which the bookmark had expired and the sink refused each of two events.
    fn run_with_a_gap_and_dead_letters(&mut self) {
        let mut answers = 0;
        self.world.serve(SOURCE, move |_| {
            answers += 1;
            let event = |number: u64| json!({"attackData": {"configId": number.to_string()}});
            match answers {
                1 => Reply::new(416, ""),
                2 => Reply::new(
                    200,
                    format!(
                        "{}\n{}\n{}\n",
                        event(1),
                        event(2),
                        json!({"offset": "b", "total": 2})
                    ),
                ),
                _ => Reply::new(200, json!({"offset": "b", "total": 0}).to_string() + "\n"),
            }
        });
        self.sink_status.set(400);
        self.run();
    }

    fn letters(&mut self) -> Vec<Value> {
        let listed = self
            .operate(Operation::ListLetters {
                after: None,
                limit: 50,
            })
            .unwrap();
        assert_eq!(listed["after"], Value::Null);
        listed["dead_letters"].as_array().unwrap().clone()
    }
}

fn key(letter: &Value) -> LetterKey {
    serde_json::from_value(letter.clone()).unwrap()
}

#[test]
fn an_operation_is_a_word_or_an_object_with_one_member() {
    let key = LetterKey {
        id: ID,
        sink: Some("soc".to_owned()),
    };
    let these = json!([{"id": ID, "sink": "soc"}]);
    for (operation, expected) in [
        (Operation::Status, json!("status")),
        (
            Operation::Pause { abort: true },
            json!({"pause": {"abort": true}}),
        ),
        (Operation::Resume, json!("resume")),
        (
            Operation::Reset { from: None },
            json!({"reset": {"from": null}}),
        ),
        (
            Operation::Reset {
                from: Some(Timestamp::from_millis(7)),
            },
            json!({"reset": {"from": 7}}),
        ),
        (
            Operation::Replay {
                from: Timestamp::from_millis(7),
                to: Timestamp::from_millis(9),
            },
            json!({"replay": {"from": 7, "to": 9}}),
        ),
        (
            Operation::CancelReplay("r1".to_owned()),
            json!({"cancel_replay": "r1"}),
        ),
        (
            Operation::ListLetters {
                after: None,
                limit: 50,
            },
            json!({"list_letters": {"after": null, "limit": 50}}),
        ),
        (
            Operation::ShowLetter(key.clone()),
            json!({"show_letter": these[0]}),
        ),
        (
            Operation::Redeliver(Letters::All),
            json!({"redeliver": "all"}),
        ),
        (
            Operation::Redeliver(Letters::Sink(None)),
            json!({"redeliver": {"sink": null}}),
        ),
        (
            Operation::DeleteLetters(Letters::These(vec![key])),
            json!({"delete_letters": {"these": these}}),
        ),
        (Operation::ListGaps, json!("list_gaps")),
        (
            Operation::AcknowledgeGaps(Gaps::These(vec![1, 2])),
            json!({"acknowledge_gaps": {"these": [1, 2]}}),
        ),
    ] {
        assert_eq!(serde_json::to_value(&operation).unwrap(), expected);
        let read: Operation = serde_json::from_value(expected).unwrap();
        assert_eq!(
            read.needs_the_stream_alone(),
            matches!(read, Operation::Redeliver(_))
        );
        assert_eq!(read, operation);
    }
}

#[test]
fn a_pause_is_seen_until_it_is_ended() {
    let mut rig = Rig::new();
    let not_paused = json!({"paused_at": null});
    let paused = json!({"paused_at": NOW});
    for (operation, expected) in [
        (Operation::Pause { abort: false }, &paused),
        (Operation::Pause { abort: true }, &paused),
        (Operation::Resume, &not_paused),
        (Operation::Resume, &not_paused),
    ] {
        assert_eq!(rig.operate(operation).as_ref(), Ok(expected));
        let status = rig.operate(Operation::Status).unwrap();
        assert_eq!(status["paused_at"], expected["paused_at"]);
        assert_eq!(status["stream"], "prod-waf");
    }
}

#[test]
fn a_reset_begins_anew_where_it_is_told_to() {
    let mut rig = Rig::new();
    rig.run_with_a_gap_and_dead_letters();
    let status = rig.operate(Operation::Status).unwrap();
    assert_eq!(status["position"]["cursor"], json!({"offset": "b"}));
    let from = NOW.shifted(-3_600_000);
    for (operation, begins_at) in [
        (
            Operation::Reset { from: Some(from) },
            json!({"from": from.secs()}),
        ),
        (Operation::Reset { from: None }, Value::Null),
    ] {
        let expected = json!({"reset": true, "begins_at": begins_at});
        assert_eq!(rig.operate(operation), Ok(expected));
        let status = rig.operate(Operation::Status).unwrap();
        assert_eq!(status["position"]["cursor"], begins_at);
    }
}

#[test]
fn gaps_are_listed_and_acknowledged_one_by_one_or_all_at_once() {
    let mut rig = Rig::new();
    rig.run_with_a_gap_and_dead_letters();
    let listed = rig.operate(Operation::ListGaps).unwrap();
    assert_eq!(listed["unacknowledged"], 1);
    let id = listed["gaps"][0]["id"].as_u64().unwrap();
    for (gaps, expected) in [
        (
            Gaps::These(vec![5]),
            json!({"acknowledged": 0, "unknown": [5]}),
        ),
        (
            Gaps::These(vec![id, 5]),
            json!({"acknowledged": 1, "unknown": [5]}),
        ),
        (Gaps::All, json!({"acknowledged": 0})),
    ] {
        assert_eq!(rig.operate(Operation::AcknowledgeGaps(gaps)), Ok(expected));
    }
    let listed = rig.operate(Operation::ListGaps).unwrap();
    assert_eq!(listed["unacknowledged"], 0);
}

#[test]
fn dead_letters_are_listed_shown_sent_again_and_deleted() {
    let mut rig = Rig::new();
    rig.run_with_a_gap_and_dead_letters();
    let letters = rig.letters();
    assert_eq!(letters.len(), 2, "{letters:?}");
    let shown = rig
        .operate(Operation::ShowLetter(key(&letters[0])))
        .unwrap();
    assert_eq!(shown, letters[0]);

    let still_refused = rig.operate(Operation::Redeliver(Letters::All)).unwrap();
    assert_eq!(still_refused["refused_count"], 2);
    let reason = still_refused["refused"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("HTTP 400"), "{reason}");
    assert_eq!(rig.letters().len(), 2);

    rig.sink_status.set(200);
    let one = Letters::These(vec![key(&letters[0])]);
    let accepted = rig.operate(Operation::Redeliver(one)).unwrap();
    assert_eq!(
        accepted,
        json!({
            "tried": 1, "accepted": 1, "refused": [], "refused_count": 0, "more": false,
            "accepted_but_not_deleted": false, "error": null,
        })
    );
    assert_eq!(rig.letters(), letters[1..]);

    let of_sink = Letters::Sink(Some("soc".to_owned()));
    for deleted in [1, 0] {
        let done = rig.operate(Operation::DeleteLetters(of_sink.clone()));
        assert_eq!(done, Ok(json!({"deleted": deleted, "more": false})));
    }
}

#[test]
fn what_is_not_done_is_refused_with_a_kind_and_with_what_to_do() {
    let replay = |from, to| Operation::Replay { from, to };
    let hour_ago = NOW.shifted(-3_600_000);
    let day_ago = NOW.shifted(-24 * 3_600_000);
    let unknown = LetterKey { id: ID, sink: None };
    let config = RefusalKind::Source(ErrorKind::Config);
    for (is_usable, operation, kind, code) in [
        (
            false,
            replay(hour_ago, NOW),
            RefusalKind::Misconfigured,
            "config",
        ),
        (
            false,
            Operation::Reset {
                from: Some(hour_ago),
            },
            RefusalKind::Misconfigured,
            "config",
        ),
        (
            false,
            Operation::Redeliver(Letters::All),
            RefusalKind::Misconfigured,
            "config",
        ),
        (true, replay(day_ago, NOW), config, "config"),
        (true, replay(hour_ago, hour_ago), config, "config"),
        (
            true,
            Operation::Reset {
                from: Some(day_ago),
            },
            config,
            "config",
        ),
        (
            true,
            replay(hour_ago, NOW),
            RefusalKind::NoReplays,
            "no_replays",
        ),
        (
            true,
            Operation::CancelReplay("r1".to_owned()),
            RefusalKind::NoReplays,
            "no_replays",
        ),
        (
            true,
            Operation::ShowLetter(unknown),
            RefusalKind::NoSuchLetter,
            "not_found",
        ),
        (
            true,
            Operation::ListLetters {
                after: Some("made up".to_owned()),
                limit: 1,
            },
            RefusalKind::Store,
            "store",
        ),
    ] {
        let mut rig = Rig::new();
        let label = format!("{operation:?}");
        let refused = rig.operate_with(is_usable, operation).unwrap_err();
        assert_eq!((refused.kind, refused.kind.code()), (kind, code), "{label}");
        assert!(!refused.message.is_empty() && !refused.user_action.is_empty());
        assert!(rig.world.requests.borrow().is_empty(), "{label}");
        // Nothing was changed either.
        let status = rig.operate(Operation::Status).unwrap();
        assert_eq!(status["position"], Value::Null, "{label}");
    }
}

#[test]
fn most_can_be_done_to_a_stream_whose_configuration_is_wrong() {
    let mut rig = Rig::new();
    rig.run_with_a_gap_and_dead_letters();
    for operation in [
        Operation::Status,
        Operation::Pause { abort: false },
        Operation::Resume,
        Operation::ListGaps,
        Operation::AcknowledgeGaps(Gaps::All),
        Operation::ListLetters {
            after: None,
            limit: 1,
        },
        Operation::DeleteLetters(Letters::All),
        Operation::Reset { from: None },
    ] {
        let done = rig.operate_with(false, operation.clone());
        assert!(done.is_ok(), "{operation:?}: {done:?}");
    }
}

#[test]
fn a_store_that_fails_is_told_of_in_printable_words_and_may_be_tried_again() {
    let mut rig = Rig::new();
    rig.map.is_down.set(true);
    for operation in [
        Operation::Status,
        Operation::Pause { abort: false },
        Operation::Resume,
        Operation::Reset { from: None },
        Operation::ListLetters {
            after: None,
            limit: 1,
        },
        Operation::Redeliver(Letters::All),
        Operation::DeleteLetters(Letters::All),
        Operation::ListGaps,
        Operation::AcknowledgeGaps(Gaps::All),
        Operation::AcknowledgeGaps(Gaps::These(vec![1])),
    ] {
        let refused = rig.operate(operation.clone()).unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Store, "{operation:?}");
        assert!(refused.kind.retryable());
        assert!(
            refused.message.contains(r"the disk is\u{1b}[31m full"),
            "{refused}"
        );
    }
}
