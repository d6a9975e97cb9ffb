//! Dead letters that are sent again, over a store that a test scripts: how much at once, how long, and what is left.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

mod support;

use std::cell::RefCell;

use edgesiem::administer::{
    Administered, Letters, Operation, Refusal, RefusalKind, perform, redelivered,
};
use edgesiem::stores::{
    Deleted, KvRun, KvStore, LetterKey, LetterPage, LetterRecord, Position, Replay, StreamStatus,
    Which,
};
use edgesiem::{
    Budget, Counters, Cursor, DeadLetter, Error, EventId, Revision, StoreError, StreamId, Timestamp,
};
use edgesiem_testkit::{Reply, World};
use serde_json::{Value, json};
use support::{Map, NOW, stream, webhook};

/// A store with replays, and letters that come in pages as scripted.
struct Scripted<'a> {
    kv: &'a KvStore<'a, Map, World>,
    id: StreamId,
    pages: RefCell<Vec<Result<Vec<DeadLetter>, StoreError>>>,
    deleted: RefCell<Vec<LetterKey>>,
    /// A deletion leaves some of the letters.
    deletes_all: bool,
    ended: RefCell<Vec<Option<Error>>>,
    asked: RefCell<Vec<(Timestamp, Timestamp, Cursor)>>,
}

impl<'a> Scripted<'a> {
    fn new(
        kv: &'a KvStore<'a, Map, World>,
        pages: Vec<Result<Vec<DeadLetter>, StoreError>>,
    ) -> Self {
        Self {
            kv,
            id: StreamId::new("prod-waf").unwrap(),
            pages: RefCell::new(pages),
            deleted: RefCell::default(),
            deletes_all: true,
            ended: RefCell::default(),
            asked: RefCell::default(),
        }
    }
}

fn not_scripted<T>() -> Result<T, StoreError> {
    Err(StoreError::Failed("not scripted".to_owned()))
}

impl<'a> Administered for Scripted<'a> {
    type Redelivery = KvRun<'a, Map, World>;

    async fn status(&self) -> Result<StreamStatus, StoreError> {
        Ok(StreamStatus {
            position: Some(Position {
                cursor: Cursor(Value::Null),
                revision: Revision(1),
                saved_at: NOW,
                last_event_at: None,
                page_limit: None,
                // The source's clock is an hour behind ours.
                clock_skew_ms: -3_600_000,
                counters: Counters::default(),
            }),
            ..StreamStatus::default()
        })
    }

    async fn pause(&self) -> Result<(), StoreError> {
        not_scripted()
    }

    async fn resume(&self) -> Result<(), StoreError> {
        not_scripted()
    }

    async fn reset(&self, _: Option<&Cursor>) -> Result<(), StoreError> {
        not_scripted()
    }

    async fn letters(
        &self,
        _: Option<&str>,
        _: usize,
    ) -> Result<LetterPage<LetterRecord>, StoreError> {
        not_scripted()
    }

    async fn letter(&self, _: &LetterKey) -> Result<Option<LetterRecord>, StoreError> {
        not_scripted()
    }

    async fn letters_to_redeliver(
        &self,
        _: Which<'_>,
        after: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError> {
        assert_eq!((limit, max_bytes), (200, 2 * 1024 * 1024));
        let number: usize = after.map_or(0, |after| after.parse().unwrap());
        let pages = self.pages.borrow();
        let next = number + 1;
        Ok(LetterPage {
            letters: pages[number].clone()?,
            after: (next < pages.len()).then(|| next.to_string()),
        })
    }

    async fn begin_redelivery(&self) -> Result<Self::Redelivery, StoreError> {
        Ok(self.kv.redelivery(&self.id, 1000))
    }

    async fn end_redelivery(
        &self,
        run: Self::Redelivery,
        error: Option<&Error>,
    ) -> Result<(), StoreError> {
        self.ended.borrow_mut().push(error.cloned());
        run.end(redelivered(error)).await
    }

    async fn delete_letters(&self, which: Which<'_>) -> Result<Deleted, StoreError> {
        if let Which::These(keys) = which {
            self.deleted.borrow_mut().extend(keys.iter().cloned());
        }
        Ok(Deleted {
            deleted: 1,
            more: !self.deletes_all,
        })
    }

    async fn acknowledge_gap(&self, _: u64) -> Result<bool, StoreError> {
        not_scripted()
    }

    async fn acknowledge_all_gaps(&self) -> Result<u64, StoreError> {
        not_scripted()
    }

    async fn ask_replay(
        &self,
        from: Timestamp,
        to: Timestamp,
        start: &Cursor,
    ) -> Result<Replay, Refusal> {
        self.asked.borrow_mut().push((from, to, start.clone()));
        Ok(Replay {
            id: "r1".to_owned(),
            from,
            to,
            asked_at: NOW,
            ended_at: None,
            counters: Counters::default(),
            error: None,
        })
    }

    async fn cancel_replay(&self, id: &str) -> Result<bool, Refusal> {
        Ok(id == "r1")
    }
}

/// So many letters, numbered from `first`.
fn letters(first: u8, count: u8) -> Vec<DeadLetter> {
    let letter = |number: u8| DeadLetter {
        page: Cursor(Value::Null),
        line: number.into(),
        part: None,
        id: EventId::from_bytes([number; 16]),
        reason: "why".to_owned(),
        sink: Some("soc".to_owned()),
        raw: json!({"attackData": {"configId": number.to_string()}})
            .to_string()
            .into_bytes(),
    };
    (first..first + count).map(letter).collect()
}

/// What sending them again came to, with a sink that answers like this.
fn redeliver(
    pages: Vec<Result<Vec<DeadLetter>, StoreError>>,
    script: impl FnOnce(&World, &mut Scripted<'_>),
) -> (Result<Value, Refusal>, Vec<LetterKey>, Vec<Option<Error>>) {
    let (world, map) = (World::new(NOW), Map::default());
    world.serve("soc.test", |_| Reply::new(200, ""));
    let kv = KvStore::new(&map, &world);
    let mut stored = Scripted::new(&kv, pages);
    script(&world, &mut stored);
    let mut stream = stream(&json!({"soc": webhook("soc")}));
    let done = world.clock.run(perform(
        &world,
        &stored,
        Some(&mut stream),
        Budget::default(),
        Operation::Redeliver(Letters::All),
    ));
    (done, stored.deleted.take(), stored.ended.take())
}

#[test]
fn letters_are_sent_page_by_page_and_those_that_were_accepted_are_deleted() {
    let (done, deleted, ended) = redeliver(vec![Ok(letters(1, 3)), Ok(letters(4, 2))], |_, _| {});
    let done = done.unwrap();
    assert_eq!((&done["tried"], &done["accepted"]), (&json!(5), &json!(5)));
    assert_eq!(done["more"], false);
    let expected: Vec<LetterKey> = letters(1, 5)
        .into_iter()
        .map(|letter| LetterKey {
            id: letter.id,
            sink: letter.sink,
        })
        .collect();
    assert_eq!(deleted, expected);
    assert_eq!(ended, [None]);
}

#[test]
fn of_many_refusals_some_are_shown_and_all_are_counted() {
    let (done, deleted, _) =
        redeliver(vec![Ok(letters(1, 40)), Ok(letters(41, 40))], |world, _| {
            world.serve("soc.test", |_| Reply::new(400, "no"));
        });
    let done = done.unwrap();
    assert_eq!(done["refused"].as_array().unwrap().len(), 50);
    assert_eq!(done["refused_count"], 80);
    assert_eq!(done["refused"][0]["sink"], "soc");
    assert_eq!((&done["accepted"], deleted), (&json!(0), Vec::new()));
}

#[test]
fn what_ends_it_early_is_said_and_the_rest_is_for_the_next_time() {
    type Script = fn(&World, &mut Scripted<'_>);
    let cases: [(&str, Script, u64, Value, Value); 4] = [
        (
            "a minute is over",
            |world, _| world.serve("soc.test", |_| Reply::new(200, "").after(31_000)),
            4,
            json!(true),
            Value::Null,
        ),
        (
            "the host ends",
            |world, _| world.must_end.set(Some("interrupted")),
            0,
            json!(true),
            Value::Null,
        ),
        (
            "letters cannot be deleted",
            |_, stored| stored.deletes_all = false,
            2,
            json!(true),
            Value::Null,
        ),
        (
            "the sink is down",
            |world, _| world.serve("soc.test", |_| Reply::new(503, "")),
            0,
            json!(true),
            json!("sink_unavailable"),
        ),
    ];
    for (name, script, accepted, more, code) in cases {
        let pages = (0..5).map(|page| Ok(letters(1 + page * 2, 2))).collect();
        let (done, _, ended) = redeliver(pages, script);
        let done = done.unwrap();
        assert_eq!(done["accepted"], accepted, "{name}: {done}");
        assert_eq!(done["more"], more, "{name}: {done}");
        let said = done.pointer("/error/code").unwrap_or(&Value::Null);
        assert_eq!(said, &code, "{name}: {done}");
        assert_eq!(ended.len(), 1, "{name}");
        assert_eq!(ended[0].is_some(), !code.is_null(), "{name}");
        assert_eq!(
            done["accepted_but_not_deleted"],
            name == "letters cannot be deleted",
            "{done}"
        );
    }
}

#[test]
fn a_redelivery_that_the_store_fails_is_ended_nevertheless() {
    let failed = StoreError::Failed("gone".to_owned());
    let (done, deleted, ended) = redeliver(vec![Ok(letters(1, 2)), Err(failed)], |_, _| {});
    assert_eq!(done.unwrap_err().kind, RefusalKind::Store);
    assert_eq!(deleted.len(), 2);
    assert_eq!(ended, [None]);
}

#[test]
fn a_replay_is_asked_for_by_the_source_s_clock_and_can_be_given_up() {
    let (world, map) = (World::new(NOW), Map::default());
    let kv = KvStore::new(&map, &world);
    let stored = Scripted::new(&kv, Vec::new());
    let mut stream = stream(&json!({"soc": webhook("soc")}));
    let mut operate = |operation| {
        let budget = Budget::default();
        let done = perform(&world, &stored, Some(&mut stream), budget, operation);
        world.clock.run(done)
    };
    let ago = |minutes: i64| NOW.shifted(-60_000 * minutes);
    // By our clock that is the past, by the source's it is the future.
    let future = operate(Operation::Replay {
        from: ago(30),
        to: ago(20),
    });
    let expected = RefusalKind::Source(edgesiem::ErrorKind::Config);
    assert_eq!(future.unwrap_err().kind, expected);
    let past = operate(Operation::Replay {
        from: ago(120),
        to: ago(90),
    });
    assert_eq!(past.unwrap()["id"], "r1");
    let start = Cursor(json!({"from": ago(120).secs(), "to": ago(90).secs()}));
    assert_eq!(stored.asked.take(), [(ago(120), ago(90), start)]);

    let cancel = |id: &str| Operation::CancelReplay(id.to_owned());
    assert_eq!(operate(cancel("r1")), Ok(json!({"cancelled": true})));
    let unknown = operate(cancel("r2")).unwrap_err();
    assert_eq!(unknown.kind, RefusalKind::NoSuchReplay);
}
