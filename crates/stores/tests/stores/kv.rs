//! What KV promises although it reads late: nothing is invented, and nothing is lost.

use std::collections::BTreeSet;

use edgesiem_model::{
    Accepted, Checkpoint, Cursor, DeadLetter, EventId, Gap, Host, Loaded, Note, Revision, Save,
    Store, StoreError, WhenFull,
};
use edgesiem_stores::{Lease, LetterKey, Which};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::bench::{
    Bench, KvBench, KvTestRun, checkpoint, cursor, failure, gap, key, key_of, letter, run_end,
    stream,
};
use crate::support::block_on;

const PAGE: Save<'static> = Save::Page { gap: None };

fn accepted(number: u8) -> Accepted {
    Accepted {
        sink: "a".to_owned(),
        key: key(number),
        lines: 0..1,
        note: Note::default(),
    }
}

fn open(run: &KvTestRun, name: &str) -> Revision {
    let at = block_on(run.load()).unwrap().revision;
    block_on(run.begin_page(at, &cursor(name))).unwrap();
    at
}

fn json_at(bench: &KvBench, key: &str) -> Value {
    serde_json::from_str(&bench.map.peek(key).expect(key)).unwrap()
}

fn is_held(bench: &KvBench) -> bool {
    matches!(bench.take(), Ok(Lease::Held { .. }))
}

fn taken(bench: &KvBench) -> KvTestRun {
    match bench.take().unwrap() {
        Lease::Taken(run) => run,
        Lease::Held { until } => panic!("held until {until}"),
    }
}

#[test]
fn a_lease_ends_with_its_run_or_three_minutes_after_its_last_request() {
    let bench = KvBench::default();
    let run = taken(&bench);
    bench.host.pass(1_000);
    assert!(is_held(&bench));
    bench.end(run, None);
    let run = taken(&bench);
    // Young, it is not written again.
    bench.host.pass(19_000);
    let operations = bench.map.operations.get();
    block_on(run.still_running());
    assert_eq!(bench.map.operations.get(), operations);
    for _ in 0..100 {
        bench.host.pass(60_000);
        block_on(run.still_running());
        assert_eq!(run.lease_problem(), None);
    }
    bench.host.pass(179_000);
    assert!(is_held(&bench));
    bench.host.pass(2_000);
    assert!(!is_held(&bench));
}

#[test]
fn a_lease_that_cannot_be_renewed_ends_nothing() {
    let bench = KvBench::default();
    let run = taken(&bench);
    let at = open(&run, "0");
    bench.map.puts_left.set(Some(0));
    bench.host.pass(60_000);
    block_on(run.still_running());
    assert!(run.lease_problem().is_some());
    bench.map.puts_left.set(None);
    bench.host.pass(1_000);
    block_on(run.save(at, &checkpoint("1"), PAGE)).unwrap();
    assert_eq!(run.lease_problem(), None);
}

#[test]
fn an_old_read_of_a_lease_is_not_taken_for_a_killed_run() {
    let bench = KvBench::default();
    bench.end(bench.begin(), None);
    let old = bench.map.peek("lease/waf").unwrap();
    bench.end(bench.begin(), None);
    bench.host.pass(600_000);
    bench.map.poke("lease/waf", Some(&old));
    assert_eq!(bench.status().running_since, None);
    let run = taken(&bench);
    assert_eq!(block_on(run.load()).unwrap().progress.killed, 0);
}

#[test]
fn progress_is_written_every_ten_seconds_at_most_and_when_the_run_gives_up() {
    let bench = KvBench::default();
    let run = bench.begin();
    let at = open(&run, "0");
    let written = || bench.map.peek("progress/waf");
    let mut writes = 0;
    let mut last = written();
    for number in 0..60 {
        bench.host.pass(1_000);
        block_on(run.accept(at, &accepted(number))).unwrap();
        let now = written();
        writes += u32::from(now != last);
        last = now;
    }
    assert_eq!(writes, 6);
    bench.host.pass(1_000);
    block_on(run.accept(at, &accepted(60))).unwrap();
    assert_eq!(written(), last);
    block_on(run.abandon_page(at)).unwrap();
    let progress = json_at(&bench, "progress/waf");
    let batches = progress["progress"]["accepted"].as_array().unwrap().len();
    assert_eq!(batches, 61);
    // Nothing is new, nothing is written.
    let operations = bench.map.operations.get();
    block_on(run.abandon_page(at)).unwrap();
    assert_eq!(bench.map.operations.get(), operations);
}

#[test]
fn no_key_is_written_twice_at_once() {
    let bench = KvBench::default();
    let run = bench.begin();
    let at = open(&run, "0");
    bench.wait();
    // So long that the next one would be due before the first is done.
    bench.map.takes_ms.set(11_000);
    let batches: Vec<Accepted> = (0..20).map(accepted).collect();
    let all = join_all(batches.iter().map(|batch| run.accept(at, batch)));
    assert!(block_on(all).iter().all(Result::is_ok));
    bench.map.takes_ms.set(0);
    bench.wait();
    bench.end(run, Some(&failure()));
    let run = bench.begin();
    let known = block_on(run.load()).unwrap().progress;
    assert_eq!(known.accepted.len(), 20);
}

#[test]
fn progress_of_another_revision_or_reset_does_not_count() {
    for (member, other) in [("revision", json!(7)), ("reset", json!(7))] {
        let bench = KvBench::default();
        let run = bench.begin();
        let at = open(&run, "0");
        block_on(run.accept(at, &accepted(1))).unwrap();
        bench.end(run, None);
        let mut record = json_at(&bench, "progress/waf");
        record[member] = other;
        bench.map.poke("progress/waf", Some(&record.to_string()));
        let loaded = block_on(bench.begin().load()).unwrap();
        assert_eq!(loaded.progress.accepted, [], "{member}");
    }
}

#[test]
fn progress_that_cannot_be_written_is_written_the_next_time() {
    let bench = KvBench::default();
    let run = bench.begin();
    let at = open(&run, "0");
    bench.wait();
    bench.map.puts_left.set(Some(0));
    block_on(run.accept(at, &accepted(1))).unwrap();
    assert_eq!(bench.map.peek("progress/waf"), None);
    bench.map.puts_left.set(None);
    bench.wait();
    bench.end(run, Some(&failure()));
    let progress = json_at(&bench, "progress/waf");
    let batches = progress["progress"]["accepted"].as_array().unwrap().len();
    assert_eq!(batches, 1);
}

#[test]
fn a_checkpoint_that_cannot_be_seen_is_no_reason_to_begin_anew() {
    let bench = KvBench::default();
    let run = bench.begin();
    let at = open(&run, "0");
    let at = block_on(run.save(at, &checkpoint("1"), PAGE)).unwrap();
    // The run itself knows better than a late read.
    bench
        .map
        .hidden
        .borrow_mut()
        .push("checkpoint/waf".to_owned());
    bench.wait();
    block_on(run.save(at, &checkpoint("2"), PAGE)).unwrap();
    bench.end(run, Some(&failure()));
    let run = bench.begin();
    let refused = block_on(run.load());
    assert!(matches!(&refused, Err(StoreError::Failed(reason)) if reason.contains("minute late")));
    bench.end(run, Some(&failure()));
    // Nor did that run make the next one forget.
    assert!(block_on(bench.begin().load()).is_err());
    bench.map.hidden.borrow_mut().clear();
    let loaded = block_on(bench.begin().load()).unwrap();
    assert_eq!(loaded.checkpoint, Some(checkpoint("2")));
}

#[test]
fn a_run_that_leaves_its_first_page_half_way_does_not_bar_the_next_one() {
    let bench = KvBench::default();
    let run = bench.begin();
    let at = open(&run, "0");
    block_on(run.accept(at, &accepted(1))).unwrap();
    bench.end(run, None);
    let loaded = block_on(bench.begin().load()).unwrap();
    assert_eq!(loaded.checkpoint, None);
    assert_eq!(loaded.progress.accepted, [accepted(1)]);
}

#[test]
fn whatever_write_fails_no_checkpoint_passes_a_gap_that_is_not_written_down() {
    let mut ended = false;
    for place in 0..20 {
        let bench = KvBench::default();
        let lost = gap(bench.host.now(), "0");
        let run = bench.begin();
        let at = open(&run, "0");
        block_on(run.accept(at, &accepted(1))).unwrap();
        bench.map.puts_left.set(Some(place));
        let saved = block_on(run.save(at, &checkpoint("1"), Save::Page { gap: Some(&lost) }));
        let end = block_on(run.end(run_end(None)));
        bench.map.puts_left.set(None);
        ended = saved.is_ok() && end.is_ok();
        let loaded = block_on(bench.begin().load()).unwrap();
        let gaps: Vec<Gap> = bench.status().gaps.into_iter().map(|gap| gap.gap).collect();
        if loaded.checkpoint.is_some() {
            assert_eq!(gaps, [lost], "{place}");
        } else {
            assert!(saved.is_err(), "{place}");
        }
        if ended {
            break;
        }
    }
    assert!(ended);
}

#[test]
fn the_same_gap_written_again_is_one_gap() {
    let bench = KvBench::default();
    let lost = gap(bench.host.now(), "0");
    let what = Save::Page { gap: Some(&lost) };
    let run = bench.begin();
    let at = open(&run, "0");
    // The gap is written, the checkpoint is not.
    bench.map.puts_left.set(Some(2));
    bench.wait();
    bench.wait();
    assert!(block_on(run.save(at, &checkpoint("1"), what)).is_err());
    bench.map.puts_left.set(None);
    bench.wait();
    block_on(run.save(at, &checkpoint("1"), what)).unwrap();
    assert_eq!(bench.status().gaps.len(), 1);
}

#[test]
fn letters_leave_operations_for_the_end_of_the_run() {
    let bench = KvBench::default();
    let store = bench.store();
    let Ok(Lease::Taken(run)) = block_on(store.take_lease(&stream(), 100_000)) else {
        panic!("the lease is free");
    };
    let at = open(&run, "0");
    let many = |numbers: std::ops::Range<u64>, sink: &str| -> Vec<DeadLetter> {
        numbers.map(|n| letter(n, Some(sink), b"x")).collect()
    };
    let dropped = block_on(run.keep_dead_letters(&many(0..150, "o"), WhenFull::Drop));
    assert_eq!(dropped, Ok(50));
    let dropped = block_on(run.keep_dead_letters(&many(150..160, "p"), WhenFull::Drop));
    assert_eq!(dropped, Ok(10), "a run writes a hundred of them");
    let mut kept = 0;
    let refused = loop {
        match block_on(run.keep_dead_letters(&many(kept..kept + 50, "a"), WhenFull::Refuse)) {
            Ok(_) => kept += 50,
            Err(error) => break error,
        }
    };
    assert!(
        refused.to_string().contains("900 KV operations"),
        "{refused}"
    );
    assert!((700..800).contains(&kept), "{kept}");
    bench.host.pass(1_000);
    block_on(run.accept(at, &accepted(1))).unwrap();
    block_on(run.save(at, &checkpoint("1"), PAGE)).unwrap();
    block_on(run.end(run_end(None))).unwrap();
    assert!(bench.map.operations.get() <= 1_000);
    // More than one invocation may delete are deleted by and by.
    let mut deleted = 0;
    loop {
        let some = bench.delete(Which::All);
        deleted += some.deleted;
        if !some.more {
            break;
        }
        assert!(some.deleted > 0);
    }
    assert_eq!(deleted, kept + 100);
}

#[test]
fn a_list_that_comes_in_small_answers_is_read_to_its_end() {
    let bench = KvBench::default();
    let run = bench.begin();
    let letters: Vec<DeadLetter> = (0..5).map(|n| letter(n, None, b"x")).collect();
    block_on(run.keep_dead_letters(&letters, WhenFull::Refuse)).unwrap();
    for at_once in 1..7 {
        bench.map.names_at_once.set(at_once);
        assert_eq!(bench.status().dead_letters.kept, 5);
        let page = bench.redeliver(Which::All, None, usize::MAX).unwrap();
        assert_eq!(page.letters, letters);
        let run = bench.begin();
        let one_more = block_on(run.keep_dead_letters(&[letter(9, None, b"x")], WhenFull::Refuse));
        assert_eq!(one_more, Err(StoreError::Full { kept: 5 }));
    }
}

#[test]
fn dead_letters_are_sent_again_beside_the_run_that_is_under_way() {
    let bench = KvBench::default();
    let live = bench.begin();
    let at = open(&live, "0");
    let again = bench.store().redelivery(&stream(), 9);
    block_on(again.still_running());
    block_on(again.keep_dead_letters(&[letter(1, None, b"x")], WhenFull::Refuse)).unwrap();
    block_on(again.end(run_end(None))).unwrap();
    assert!(bench.status().running_since.is_some());
    block_on(live.save(at, &checkpoint("1"), PAGE)).unwrap();
    bench.end(live, None);
    assert_eq!(bench.status().totals.runs, 1);
}

#[test]
fn what_is_not_ours_is_an_error_that_says_what_to_do_and_stays_as_it_is() {
    let other_format = |bench: &KvBench| {
        let mut record = json_at(bench, "checkpoint/waf");
        record["checkpoint"]["format"] = json!(2);
        record.to_string()
    };
    for name in ["checkpoint/waf", "progress/waf", "reset/waf", "lease/waf"] {
        for damage in ["", "{", "null", "[1]", "{\"revision\":-1}", "other format"] {
            let bench = KvBench::default();
            let run = bench.begin();
            let at = open(&run, "0");
            let at = block_on(run.save(at, &checkpoint("1"), PAGE)).unwrap();
            block_on(run.begin_page(at, &cursor("1"))).unwrap();
            block_on(run.accept(at, &accepted(1))).unwrap();
            bench.end(run, None);
            let damaged = match damage {
                "other format" if name == "checkpoint/waf" => other_format(&bench),
                "other format" => continue,
                damage => damage.to_owned(),
            };
            bench.map.poke(name, Some(&damaged));
            bench.host.pass(600_000);
            let result = match bench.take() {
                Ok(Lease::Taken(run)) => block_on(run.load()).map(drop),
                Ok(Lease::Held { .. }) => Ok(()),
                Err(error) => Err(error),
            };
            match result {
                Err(StoreError::Failed(reason)) => {
                    assert!(reason.contains(name), "{name} {damage}: {reason}");
                    assert!(reason.contains("reset the stream"), "{reason}");
                }
                other => panic!("{name} {damage}: {other:?}"),
            }
            assert_eq!(bench.map.peek(name), Some(damaged));
            // And doing so helps.
            bench.reset(Some(&cursor("7")));
            let loaded = block_on(bench.begin().load()).unwrap();
            assert_eq!(loaded.checkpoint.unwrap().cursor, cursor("7"));
        }
    }
    // A status alone is replaced by the next run that ends; without a checkpoint it is needed.
    let bench = KvBench::default();
    let run = bench.begin();
    let at = open(&run, "0");
    block_on(run.save(at, &checkpoint("1"), PAGE)).unwrap();
    bench.map.poke("status/waf", Some("{"));
    bench.host.pass(600_000);
    let run = bench.begin();
    assert!(block_on(run.load()).is_ok());
    bench
        .map
        .hidden
        .borrow_mut()
        .push("checkpoint/waf".to_owned());
    assert!(block_on(run.load()).is_err());
    bench.map.hidden.borrow_mut().clear();
    block_on(run.load()).unwrap();
    bench.end(run, None);
    assert_eq!(bench.status().totals.runs, 1);
}

#[test]
fn a_reset_outlives_a_run_that_did_not_see_it() {
    let bench = KvBench::default();
    let run = bench.begin();
    let at = open(&run, "0");
    let at = block_on(run.save(at, &checkpoint("1"), PAGE)).unwrap();
    bench.reset(Some(&cursor("5")));
    // It reads as if there were none, and overwrites the checkpoint.
    bench.map.hidden.borrow_mut().push("reset/waf".to_owned());
    bench.wait();
    block_on(run.save(at, &checkpoint("2"), PAGE)).unwrap();
    bench.end(run, None);
    bench.map.hidden.borrow_mut().clear();
    let run = bench.begin();
    let loaded = block_on(run.load()).unwrap();
    assert_eq!(loaded.checkpoint.unwrap().cursor, cursor("5"));
    // Once it is seen, it is over.
    block_on(run.begin_page(loaded.revision, &cursor("5"))).unwrap();
    block_on(run.save(loaded.revision, &checkpoint("6"), PAGE)).unwrap();
    bench.end(run, None);
    let run = bench.begin();
    let loaded = block_on(run.load()).unwrap();
    assert_eq!(loaded.checkpoint, Some(checkpoint("6")));
}

#[test]
fn a_reset_counts_although_the_clock_of_the_one_before_was_ahead() {
    let bench = KvBench::default();
    let ahead = json!({ "at": bench.host.now().millis() + 1_000_000_000, "from": cursor("1") });
    bench.map.poke("reset/waf", Some(&ahead.to_string()));
    let run = bench.begin();
    let at = block_on(run.load()).unwrap().revision;
    block_on(run.begin_page(at, &cursor("1"))).unwrap();
    block_on(run.save(at, &checkpoint("2"), PAGE)).unwrap();
    bench.end(run, None);
    bench.reset(Some(&cursor("9")));
    let loaded = block_on(bench.begin().load()).unwrap();
    assert_eq!(loaded.checkpoint.unwrap().cursor, cursor("9"));
}

/// A world in which every read may be old: what must hold all the same.
struct History {
    bench: KvBench,
    saved: Vec<Checkpoint>,
    accepted: BTreeSet<(String, String, String)>,
    gaps: Vec<Gap>,
    letters: Vec<LetterKey>,
    runs: u64,
}

impl History {
    fn run(&mut self, seed: u64) {
        self.bench.map.seed(seed);
        for step in 0..30 {
            self.bench.host.pass(self.bench.map.draw(400_000));
            self.bench.map.lag.set(4);
            if let Ok(Lease::Taken(run)) = self.bench.take() {
                self.one(&run, step);
                let ends = self.bench.map.draw(3) > 0;
                if ends && block_on(run.end(run_end(None))).is_ok() {
                    self.runs += 1;
                }
            }
            self.bench.map.lag.set(0);
            self.check(seed);
        }
    }

    fn one(&mut self, run: &KvTestRun, step: u64) {
        let map = self.bench.map;
        let Ok(Loaded {
            checkpoint: loaded,
            revision: mut at,
            progress,
        }) = block_on(run.load())
        else {
            // It saw that it cannot see.
            return;
        };
        let mut place = match loaded {
            Some(loaded) => {
                assert!(self.saved.contains(&loaded), "{loaded:?}");
                loaded.cursor
            }
            None => cursor("start"),
        };
        self.know(progress.cursor.as_ref(), &progress.accepted);
        for page in 0..map.draw(4) {
            let Ok(progress) = block_on(run.begin_page(at, &place)) else {
                return;
            };
            assert_eq!(progress.cursor.as_ref(), Some(&place));
            self.know(Some(&place), &progress.accepted);
            for number in 0..map.draw(5) {
                self.bench.host.pass(map.draw(12_000));
                let batch = accepted(map.draw(200) as u8);
                block_on(run.accept(at, &batch)).unwrap();
                self.accepted
                    .insert((place.0.to_string(), batch.sink, batch.key.to_string()));
                let id = step * 100 + page * 10 + number;
                let letters = [letter(id, None, b"x")];
                if block_on(run.keep_dead_letters(&letters, WhenFull::Refuse)).is_ok() {
                    self.letters.push(key_of(&letters[0]));
                }
            }
            let next = checkpoint(&format!("{step}/{page}"));
            let lost = (map.draw(3) == 0).then(|| gap(self.bench.host.now(), "x"));
            let what = match map.draw(4) {
                0 => Save::Settings,
                _ => Save::Page { gap: lost.as_ref() },
            };
            let next = match what {
                Save::Settings => Checkpoint {
                    cursor: place.clone(),
                    ..next
                },
                Save::Page { .. } => next,
            };
            let Ok(revision) = block_on(run.save(at, &next, what)) else {
                return;
            };
            assert_eq!(revision.0, at.0 + 1);
            at = revision;
            place = next.cursor.clone();
            self.saved.push(next);
            if matches!(what, Save::Page { .. }) {
                self.gaps.extend(lost);
            }
        }
        if map.draw(2) == 0 {
            let _ = block_on(run.abandon_page(at));
        }
    }

    /// Nothing is known that did not happen.
    fn know(&self, cursor: Option<&Cursor>, known: &[Accepted]) {
        for accepted in known {
            let place = cursor.expect("of some page").0.to_string();
            let fact = (place, accepted.sink.clone(), accepted.key.to_string());
            assert!(self.accepted.contains(&fact), "{fact:?}");
        }
    }

    /// Nothing that was promised is gone.
    fn check(&self, seed: u64) {
        let names = self.bench.map.keys();
        for key in &self.letters {
            let id: EventId = key.id;
            let name = format!("dead-letter/waf/{id}/-");
            assert!(names.contains(&name), "seed {seed}: {name}");
        }
        let there: Vec<Gap> = names
            .iter()
            .filter(|name| name.starts_with("gap/waf/"))
            .map(|name| serde_json::from_str(&self.bench.map.peek(name).unwrap()).unwrap())
            .collect();
        for gap in &self.gaps {
            assert!(there.contains(gap), "seed {seed}: {gap:?}");
        }
        let status = self.bench.status();
        assert!(status.totals.runs <= self.runs, "seed {seed}");
        assert_eq!(status.position.is_some(), !self.saved.is_empty());
    }
}

#[test]
fn however_old_a_read_is_nothing_is_invented_and_nothing_is_lost() {
    let (mut saved, mut gaps, mut letters, mut runs) = (0, 0, 0, 0);
    for seed in 0..60 {
        let mut history = History {
            bench: KvBench::default(),
            saved: Vec::new(),
            accepted: BTreeSet::new(),
            gaps: Vec::new(),
            letters: Vec::new(),
            runs: 0,
        };
        history.run(seed);
        saved += history.saved.len();
        gaps += history.gaps.len();
        letters += history.letters.len();
        runs += history.runs;
    }
    // Enough happened for the above to mean something.
    let enough = saved > 500 && gaps > 100 && letters >= 300 && runs > 300;
    assert!(enough, "{saved} {gaps} {letters} {runs}");
}
