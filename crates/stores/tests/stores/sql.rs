//! What only SQL promises: exact fences, restarts, replays, and few rows.

use std::cell::Cell;

use edgesiem_model::{
    Accepted, Checkpoint, Counters, Cursor, Host, Loaded, Note, Save, Store, StoreError, Timestamp,
    WhenFull,
};
use edgesiem_stores::{Failure, Slot, Sql, SqlStore, SqlValue, Which};
use rusqlite::Connection;

use crate::bench::{
    Bench, SqlBench, checkpoint, cursor, failure, gap, key, key_of, letter, run_end, stream,
};
use crate::support::{Sqlite, TestHost, block_on};

const PAGE: Save<'static> = Save::Page { gap: None };

fn accepted(number: u8) -> Accepted {
    Accepted {
        sink: "a".to_owned(),
        key: key(number),
        lines: 0..1,
        note: Note::default(),
    }
}

fn number(sqlite: &Sqlite, statement: &str) -> i64 {
    let value = sqlite.0.query_row(statement, [], |row| row.get(0));
    value.unwrap()
}

#[test]
fn whatever_a_superseded_run_writes_is_refused() {
    let bench = SqlBench::default();
    let old = bench.begin();
    let at = block_on(old.load()).unwrap().revision;
    block_on(old.begin_page(at, &cursor("0"))).unwrap();
    let new = bench.begin();
    block_on(new.begin_page(at, &cursor("0"))).unwrap();
    block_on(new.accept(at, &accepted(1))).unwrap();
    let conflict = || StoreError::Conflict { stored: at };
    assert_eq!(block_on(old.load()), Err(conflict()));
    assert_eq!(
        block_on(old.begin_page(at, &cursor("other"))),
        Err(conflict())
    );
    assert_eq!(block_on(old.accept(at, &accepted(2))), Err(conflict()));
    assert_eq!(block_on(old.abandon_page(at)), Err(conflict()));
    let lost = gap(bench.host.now(), "0");
    for what in [PAGE, Save::Settings, Save::Page { gap: Some(&lost) }] {
        let saved = block_on(old.save(at, &checkpoint("1"), what));
        assert_eq!(saved, Err(conflict()));
    }
    for when_full in [WhenFull::Refuse, WhenFull::Drop] {
        let kept = block_on(old.keep_dead_letters(&[letter(1, None, b"x")], when_full));
        assert_eq!(kept, Err(conflict()));
    }
    assert_eq!(old.end(run_end(None)), Err(conflict()));
    let Loaded {
        checkpoint,
        progress,
        ..
    } = block_on(new.load()).unwrap();
    assert_eq!((checkpoint, progress.accepted), (None, vec![accepted(1)]));
    let status = bench.status();
    assert_eq!((status.gaps.len(), status.dead_letters.kept), (0, 0));
    assert_eq!(status.totals.runs, 0);
    bench.end(new, None);
}

#[test]
fn a_database_that_is_opened_again_goes_on() {
    let path = std::env::temp_dir().join(format!("edgesiem-stores-{}.db", std::process::id()));
    let host = TestHost::default();
    for round in 0..3_u64 {
        let sqlite = Sqlite(Connection::open(&path).unwrap());
        let store = SqlStore::open(&sqlite, &host, 9).unwrap();
        let run = store.begin_run(Slot::Live).unwrap();
        let loaded = block_on(run.load()).unwrap();
        assert_eq!(loaded.revision.0, round);
        assert_eq!(loaded.progress.accepted.len(), usize::from(round > 0));
        let at = block_on(run.save(loaded.revision, &checkpoint("1"), PAGE)).unwrap();
        block_on(run.begin_page(at, &cursor("1"))).unwrap();
        block_on(run.accept(at, &accepted(1))).unwrap();
        let letters = [letter(round, None, &[0xff; 3 << 20])];
        block_on(run.keep_dead_letters(&letters, WhenFull::Refuse)).unwrap();
        let kept = store
            .letters_to_redeliver(Which::All, None, 99, usize::MAX)
            .unwrap();
        assert_eq!(kept.letters.len() as u64, round + 1);
        assert!(
            kept.letters
                .iter()
                .all(|letter| letter.raw == [0xff; 3 << 20])
        );
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn only_a_database_of_ours_is_opened() {
    let fresh = |statements: &str| {
        let bench = SqlBench::default();
        bench.sqlite.0.execute_batch(statements).unwrap();
        bench
    };
    for (statements, says) in [
        ("CREATE TABLE slot (x)", "a database of its own"),
        ("CREATE TABLE meta (x)", "a database of its own"),
        (
            "CREATE TABLE meta (name, value); INSERT INTO meta VALUES ('x', 1); CREATE TABLE x (y)",
            "a database of its own",
        ),
        (
            "CREATE TABLE meta (name, value); INSERT INTO meta VALUES ('schema', 2)",
            "schema version 2",
        ),
        (
            "CREATE TABLE meta (name, value); INSERT INTO meta VALUES ('schema', 'x')",
            "does not hold what was expected",
        ),
    ] {
        let bench = fresh(statements);
        let before = number(&bench.sqlite, "SELECT total_changes()");
        match SqlStore::open(&bench.sqlite, &bench.host, 1) {
            Ok(_) => panic!("{statements}"),
            Err(error) => assert!(error.to_string().contains(says), "{error}"),
        }
        let tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'";
        assert!(number(&bench.sqlite, tables) <= 2, "{statements}");
        assert_eq!(number(&bench.sqlite, "SELECT total_changes()"), before);
    }
    // The runtime's own tables are no strangers.
    fresh("CREATE TABLE _cf_METADATA (x)").store();
    fresh("CREATE TABLE __miniflare_do_name (x)").store();
}

/// A database that fails at one statement.
struct Failing<'a> {
    sqlite: &'a Sqlite,
    statements_left: Cell<u32>,
}

impl Sql for Failing<'_> {
    fn exec(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, String> {
        match self
            .statements_left
            .replace(self.statements_left.get().wrapping_sub(1))
        {
            0 => Err("disk full".to_owned()),
            _ => self.sqlite.exec(statement, parameters),
        }
    }
}

#[test]
fn a_database_that_fails_at_any_statement_goes_on_when_it_is_well_again() {
    let mut ended = false;
    for place in 0..200 {
        let bench = SqlBench::default();
        let failing = Failing {
            sqlite: &bench.sqlite,
            statements_left: Cell::new(place),
        };
        let letters = [
            letter(1, None, &[1; 2 << 20]),
            letter(2, Some("a"), &[2; 10]),
        ];
        let lost = gap(bench.host.now(), "0");
        let work = || -> Result<(), StoreError> {
            let store = SqlStore::open(&failing, &bench.host, 9)?;
            let run = store.begin_run(Slot::Live)?;
            let at = block_on(run.load())?.revision;
            block_on(run.begin_page(at, &cursor("0")))?;
            block_on(run.accept(at, &accepted(1)))?;
            block_on(run.keep_dead_letters(&letters, WhenFull::Refuse))?;
            block_on(run.save(at, &checkpoint("1"), Save::Page { gap: Some(&lost) }))?;
            run.end(run_end(None))
        };
        let result = work();
        ended = result.is_ok();
        if ended {
            break;
        }
        assert!(result.unwrap_err().to_string().contains("disk full"));
        // Well again: what is there is whole, and the same run can be done.
        let run = bench.begin();
        let loaded = block_on(run.load()).unwrap();
        let status = bench.status();
        if loaded.checkpoint.is_some() {
            assert_eq!((loaded.revision.0, status.gaps.len()), (1, 1));
        } else {
            assert_eq!(loaded.revision.0, 0);
            assert!(loaded.progress.accepted.len() <= 1);
            let all = bench
                .store()
                .letters_to_redeliver(Which::All, None, 9, usize::MAX);
            let whole = all.unwrap().letters;
            assert!(
                whole.iter().all(|letter| letters.contains(letter)),
                "{place}"
            );
            block_on(run.keep_dead_letters(&letters, WhenFull::Refuse)).unwrap();
            block_on(run.save(loaded.revision, &checkpoint("1"), PAGE)).unwrap();
        }
        let run = bench.begin();
        let loaded = block_on(run.load()).unwrap();
        assert_eq!(loaded.progress.accepted, []);
        let begun = block_on(run.begin_page(loaded.revision, &cursor("1"))).unwrap();
        assert_eq!(begun.accepted, [], "{place}");
        let all = bench
            .store()
            .letters_to_redeliver(Which::All, None, 9, usize::MAX);
        assert!(all.unwrap().letters == letters, "{place}");
        let pieces = "SELECT COUNT(*) FROM dead_letter_piece";
        assert_eq!(number(&bench.sqlite, pieces), 3, "{place}");
    }
    assert!(ended, "the work takes more statements than were tried");
}

#[test]
fn what_is_not_ours_is_an_error_that_says_what_to_do_and_stays_as_it_is() {
    type Act = fn(&SqlBench) -> Result<(), StoreError>;
    fn load(bench: &SqlBench) -> Result<(), StoreError> {
        block_on(bench.begin().load()).map(drop)
    }
    fn status(bench: &SqlBench) -> Result<(), StoreError> {
        bench.store().status(&stream()).map(drop)
    }
    fn letters(bench: &SqlBench) -> Result<(), StoreError> {
        let store = bench.store();
        store.letters_to_redeliver(Which::All, None, 9, 9).map(drop)
    }
    fn save(bench: &SqlBench) -> Result<(), StoreError> {
        let run = bench.begin();
        let at = edgesiem_model::Revision(1);
        block_on(run.begin_page(at, &cursor("1"))).map(drop)
    }
    let cases: &[(&str, &[Act])] = &[
        ("UPDATE slot SET checkpoint = '{'", &[load, status, save]),
        ("UPDATE slot SET checkpoint = '{}'", &[load, status, save]),
        ("UPDATE slot SET checkpoint = x'00'", &[load, status, save]),
        (
            "UPDATE slot SET checkpoint = json_set(checkpoint, '$.format', 2)",
            &[load, status, save],
        ),
        ("UPDATE slot SET revision = 'x'", &[load, status, save]),
        ("UPDATE slot SET revision = -1", &[load, status, save]),
        ("UPDATE slot SET page = 'x'", &[load, save]),
        ("UPDATE accepted SET key = 'x'", &[load, save]),
        ("UPDATE accepted SET note = '[1]'", &[load, save]),
        ("UPDATE control SET totals = 'x'", &[status]),
        ("UPDATE gap SET gap = 'x'", &[status]),
        ("UPDATE dead_letter SET id = 'x'", &[letters]),
        ("UPDATE dead_letter SET bytes = bytes + 1", &[letters]),
        ("DELETE FROM dead_letter_piece", &[letters]),
        ("UPDATE dead_letter_piece SET bytes = 'x'", &[letters]),
    ];
    for (damage, acts) in cases {
        let bench = SqlBench::default();
        let run = bench.begin();
        let at = block_on(run.load()).unwrap().revision;
        let lost = gap(bench.host.now(), "0");
        let what = Save::Page { gap: Some(&lost) };
        let at = block_on(run.save(at, &checkpoint("1"), what)).unwrap();
        block_on(run.begin_page(at, &cursor("1"))).unwrap();
        block_on(run.accept(at, &accepted(1))).unwrap();
        block_on(run.keep_dead_letters(&[letter(1, None, b"x")], WhenFull::Refuse)).unwrap();
        bench.sqlite.0.execute_batch(damage).unwrap();
        for act in *acts {
            match act(&bench) {
                Err(StoreError::Failed(reason)) => {
                    assert!(reason.contains("reset the stream"), "{damage}: {reason}");
                }
                other => panic!("{damage}: {other:?}"),
            }
        }
        // And doing so helps, where the place is concerned.
        if damage.contains("slot") && !damage.contains("revision") {
            bench.reset(None);
            assert_eq!(load(&bench), Ok(()), "{damage}");
        }
    }
}

#[test]
fn few_rows_are_written() {
    let bench = SqlBench::default();
    let run = bench.begin();
    let at = block_on(run.load()).unwrap().revision;
    let mut before = 0;
    let mut written = || {
        let now = number(&bench.sqlite, "SELECT total_changes()");
        let rows = now - std::mem::replace(&mut before, now);
        usize::try_from(rows).unwrap()
    };
    written();
    SqlStore::open(&bench.sqlite, &bench.host, 1).unwrap();
    assert_eq!(written(), 0, "opened again");
    block_on(run.begin_page(at, &cursor("0"))).unwrap();
    assert_eq!(written(), 1, "a page is begun");
    block_on(run.accept(at, &accepted(1))).unwrap();
    assert_eq!(written(), 2, "the first batch");
    for number in 2..9 {
        block_on(run.accept(at, &accepted(number))).unwrap();
        assert_eq!(written(), 1, "batch {number}");
    }
    let one = [letter(1, None, &[1; 100])];
    block_on(run.keep_dead_letters(&one, WhenFull::Refuse)).unwrap();
    assert_eq!(written(), 2, "a letter and its one piece");
    bench.host.pass(60_000);
    block_on(run.keep_dead_letters(&one, WhenFull::Refuse)).unwrap();
    assert_eq!(written(), 0, "the same letter");
    let kept_at = bench.one(&key_of(&one[0])).unwrap().kept_at;
    assert_ne!(kept_at, bench.host.now().to_rfc3339());
    block_on(run.save(at, &checkpoint("1"), PAGE)).unwrap();
    assert_eq!(written(), 1 + 8, "a checkpoint, and what was accepted goes");
    run.end(run_end(None)).unwrap();
    assert_eq!(written(), 2, "the run ends");
}

#[test]
fn a_letter_is_stored_in_pieces_that_fit_and_leaves_none_behind() {
    let bench = SqlBench::default();
    let run = bench.begin();
    for (bytes, pieces) in [
        (0, 0),
        (1, 1),
        (1 << 20, 1),
        ((1 << 20) + 1, 2),
        (3 << 20, 3),
        (16 << 20, 16),
    ] {
        let letters = [letter(1, Some("a"), &vec![9; bytes])];
        block_on(run.keep_dead_letters(&letters, WhenFull::Refuse)).unwrap();
        let longest = "SELECT COALESCE(MAX(length(bytes)), 0) FROM dead_letter_piece";
        assert!(number(&bench.sqlite, longest) <= 1 << 20);
        let count = "SELECT COUNT(*) FROM dead_letter_piece";
        assert_eq!(number(&bench.sqlite, count), pieces);
        let named = [key_of(&letters[0])];
        let which = match pieces % 3 {
            0 => Which::All,
            1 => Which::Sink(Some("a")),
            _ => Which::These(&named),
        };
        assert_eq!(bench.delete(which).deleted, 1);
        assert_eq!(number(&bench.sqlite, count), 0, "{which:?}");
    }
}

#[test]
fn gaps_are_numbered_from_one_and_only_known_ones_are_forgotten() {
    let bench = SqlBench::default();
    let run = bench.begin();
    let mut at = block_on(run.load()).unwrap().revision;
    let mut record = |count: u64| {
        for _ in 0..count {
            let lost = gap(bench.host.now(), "x");
            let what = Save::Page { gap: Some(&lost) };
            at = block_on(run.save(at, &checkpoint("x"), what)).unwrap();
        }
    };
    record(700);
    assert_eq!(bench.acknowledge_all(), 700);
    record(500);
    assert!(bench.acknowledge(1_200));
    let status = bench.status();
    assert_eq!((status.gaps[0].id, status.gaps.len()), (1_200, 100));
    assert_eq!(status.gaps_unacknowledged, 499);
    // The newest thousand, whoever knows of them.
    assert_eq!(number(&bench.sqlite, "SELECT MIN(id) FROM gap"), 201);
    record(1_000);
    assert!(bench.acknowledge(1_000));
    let status = bench.status();
    assert_eq!(
        (status.gaps[0].id, status.gaps_unacknowledged),
        (2_200, 1_498)
    );
    assert_eq!(number(&bench.sqlite, "SELECT MIN(id) FROM gap"), 701);
}

#[test]
fn a_run_that_is_under_way_when_the_stream_is_reset_writes_nothing_more() {
    let bench = SqlBench::default();
    let run = bench.begin();
    bench.reset(None);
    let stored = block_on(bench.begin().load()).unwrap().revision;
    let kept = block_on(run.keep_dead_letters(&[letter(1, None, b"x")], WhenFull::Drop));
    assert_eq!(kept, Err(StoreError::Conflict { stored }));
    let run = bench.begin();
    bench.reset(None);
    assert!(matches!(
        run.end(run_end(None)),
        Err(StoreError::Conflict { .. })
    ));
    assert_eq!(bench.status().running_since, None);
}

fn ask(bench: &SqlBench, from: u64) -> edgesiem_stores::Replay {
    let (from, to) = (Timestamp::from_secs(from), Timestamp::from_secs(from + 60));
    let start = Cursor(serde_json::json!({ "from": from }));
    bench.store().ask_replay(from, to, &start).unwrap()
}

#[test]
fn replays_are_worked_off_one_after_the_other_beside_the_live_stream() {
    let bench = SqlBench::default();
    let store = bench.store();
    let live = bench.begin();
    let at = block_on(live.load()).unwrap().revision;
    let at = block_on(live.save(at, &checkpoint("live"), PAGE)).unwrap();
    assert_eq!(store.replay_under_way(), Ok(None));
    let (first, second) = (ask(&bench, 100), ask(&bench, 200));
    assert_eq!((first.id.as_str(), second.id.as_str()), ("r1", "r2"));
    let (under_way, start) = store.replay_under_way().unwrap().unwrap();
    assert_eq!(under_way, first);
    assert_eq!(start, Cursor(serde_json::json!({ "from": 100_000 })));

    let run = store.begin_run(Slot::Replay("r1".to_owned())).unwrap();
    let loaded = block_on(run.load()).unwrap();
    assert_eq!(loaded, Loaded::default());
    block_on(run.begin_page(loaded.revision, &start)).unwrap();
    block_on(run.accept(loaded.revision, &accepted(1))).unwrap();
    let next = Checkpoint {
        counters: Counters {
            pages: 1,
            fetched: 7,
            outside: 2,
            ..Counters::default()
        },
        ..checkpoint("replayed")
    };
    let replayed = block_on(run.save(loaded.revision, &next, PAGE)).unwrap();
    let (under_way, _) = store.replay_under_way().unwrap().unwrap();
    assert_eq!(under_way.counters, next.counters);
    // Neither knows of the other.
    block_on(live.save(at, &checkpoint("live 2"), PAGE)).unwrap();
    assert_eq!(block_on(run.load()).unwrap().checkpoint, Some(next.clone()));

    let error = failure();
    run.end(run_end(Some(&error))).unwrap();
    let status = bench.status();
    assert_eq!(status.replays[0].error, Some(Failure::from(&error)));
    assert_eq!((status.totals.runs, status.runs.ended_at), (1, None));
    let run = store.begin_run(Slot::Replay("r1".to_owned())).unwrap();
    assert_eq!(block_on(run.load()).unwrap().revision, replayed);
    bench.host.pass(5);
    assert_eq!(store.end_replay("r1", None), Ok(true));
    assert_eq!(store.end_replay("r1", None), Ok(false));
    // Its run can write no more, not even as a beginner.
    assert!(block_on(run.save(replayed, &next, PAGE)).is_err());
    assert!(block_on(run.begin_page(replayed, &start)).is_err());
    assert!(store.begin_run(Slot::Replay("r1".to_owned())).is_err());

    let (under_way, _) = store.replay_under_way().unwrap().unwrap();
    assert_eq!(under_way.id, "r2");
    assert_eq!(store.cancel_replay("r2"), Ok(true));
    assert_eq!(store.replay_under_way(), Ok(None));
    let third = ask(&bench, 300);
    let replays = bench.status().replays;
    let ids: Vec<&str> = replays.iter().map(|replay| replay.id.as_str()).collect();
    assert_eq!(ids, ["r3", "r2", "r1"], "{third:?}");
    assert_eq!(replays[2].counters, next.counters);
    assert_eq!(replays[2].ended_at, Some(bench.host.now()));
    assert_eq!(replays[2].error, None);
    assert_eq!(replays[1].error.as_ref().unwrap().code, "cancelled");
    assert_eq!(number(&bench.sqlite, "SELECT COUNT(*) FROM slot"), 1);
    assert_eq!(bench.status().position.unwrap().cursor, cursor("live 2"));
}

#[test]
fn no_more_replays_wait_than_somebody_can_have_meant() {
    let bench = SqlBench::default();
    let store = bench.store();
    for number in 0..20 {
        ask(&bench, number);
    }
    let times = (Timestamp::from_secs(1), Timestamp::from_secs(2));
    let refused = store.ask_replay(times.0, times.1, &cursor("x"));
    assert!(matches!(refused, Err(StoreError::Failed(_))));
    for unknown in [
        "r0",
        "r21",
        "r01",
        "live",
        "redelivery",
        "",
        "r",
        "r-1",
        "r1 ",
    ] {
        assert_eq!(store.cancel_replay(unknown), Ok(false), "{unknown}");
        let run = store.begin_run(Slot::Replay(unknown.to_owned()));
        assert!(run.is_err(), "{unknown}");
    }
    // What ended is shown up to ten, and kept up to a hundred numbers back.
    for number in 1..=150 {
        assert_eq!(store.cancel_replay(&format!("r{number}")), Ok(true));
        ask(&bench, number);
    }
    assert_eq!(bench.status().replays.len(), 20 + 10);
    let kept = number(&bench.sqlite, "SELECT COUNT(*) FROM replay");
    assert!((100..=121).contains(&kept), "{kept}");
}

#[test]
fn dead_letters_are_sent_again_beside_the_run_that_is_under_way() {
    let bench = SqlBench::default();
    let live = bench.begin();
    let at = block_on(live.load()).unwrap().revision;
    let again = bench.store().begin_run(Slot::Redelivery).unwrap();
    block_on(again.keep_dead_letters(&[letter(1, None, b"x")], WhenFull::Refuse)).unwrap();
    again.end(run_end(None)).unwrap();
    block_on(live.save(at, &checkpoint("1"), PAGE)).unwrap();
    let status = bench.status();
    assert_eq!((status.totals.runs, status.runs.ended_at), (1, None));
    assert!(status.running_since.is_some());
}
