//! Every sentence of `model::Store`.

use edgesiem_model::{
    Accepted, Checkpoint, Counters, Gap, Host, Loaded, Note, Progress, RefusedLine, Revision, Save,
    Store, StoreError, Timestamp,
};

use crate::bench::{Bench, checkpoint, cursor, failure, gap, key, over_both};
use crate::support::block_on;

const PAGE: Save<'static> = Save::Page { gap: None };

over_both! {
    a_new_stream_has_nothing
    what_was_saved_is_what_the_next_run_loads
    a_save_that_expects_another_revision_is_refused_and_changes_nothing
    what_was_accepted_of_a_page_is_known_to_the_run_that_begins_it_again
    another_page_begins_with_nothing_accepted
    a_batch_that_is_accepted_again_is_known_once
    settings_keep_what_was_accepted_and_a_page_forgets_it_even_if_its_cursor_stays
    a_page_is_suspected_of_the_runs_that_it_killed
    a_gap_is_recorded_with_the_checkpoint_that_passes_it
}

fn accepted(sink: &str, number: u8) -> Accepted {
    let first = u64::from(number) * 10;
    Accepted {
        sink: sink.to_owned(),
        key: key(number),
        lines: first..first + 10,
        note: Note {
            refused: vec![RefusedLine {
                place: first + 3,
                not_kept: Some("no room".to_owned()),
                uncounted: false,
            }],
            left: vec![first + 5],
        },
    }
}

fn load<S: Store>(run: &S) -> Loaded {
    block_on(run.load()).unwrap()
}

/// Loads and begins the page at `name`.
fn open<S: Store>(run: &S, name: &str) -> (Revision, Progress) {
    let at = load(run).revision;
    (at, block_on(run.begin_page(at, &cursor(name))).unwrap())
}

fn a_new_stream_has_nothing<B: Bench>(bench: &B) {
    assert_eq!(load(&bench.begin()), Loaded::default());
    let status = bench.status();
    assert_eq!((status.position, status.stream.as_str()), (None, "waf"));
}

fn what_was_saved_is_what_the_next_run_loads<B: Bench>(bench: &B) {
    for number in 0..4_u64 {
        let run = bench.begin();
        let (at, _) = open(&run, &number.to_string());
        assert_eq!(at, Revision(number));
        let next = Checkpoint {
            saved_at: bench.host().now(),
            last_event_at: Some(Timestamp::from_secs(number)),
            counters: Counters {
                pages: number,
                ..Counters::default()
            },
            ..checkpoint(&(number + 1).to_string())
        };
        let revision = block_on(run.save(at, &next, PAGE)).unwrap();
        assert_eq!(revision, Revision(number + 1));
        bench.end(run, None);
        let run = bench.begin();
        let loaded = load(&run);
        assert_eq!(loaded.checkpoint.as_ref(), Some(&next));
        assert_eq!(
            (loaded.revision, loaded.progress),
            (revision, Progress::default())
        );
        let position = bench.status().position.unwrap();
        assert_eq!(
            (position.cursor, position.revision, position.counters),
            (next.cursor, revision, next.counters)
        );
        bench.end(run, None);
    }
}

fn a_save_that_expects_another_revision_is_refused_and_changes_nothing<B: Bench>(bench: &B) {
    let run = bench.begin();
    let (at, _) = open(&run, "0");
    let at = block_on(run.save(at, &checkpoint("1"), PAGE)).unwrap();
    let at = block_on(run.save(at, &checkpoint("2"), PAGE)).unwrap();
    let lost = gap(bench.host().now(), "0");
    let what = Save::Page { gap: Some(&lost) };
    for old in 0..at.0 {
        bench.wait();
        let refused = block_on(run.save(Revision(old), &checkpoint("9"), what));
        assert_eq!(refused, Err(StoreError::Conflict { stored: at }));
    }
    assert_eq!(
        block_on(run.begin_page(Revision(0), &cursor("2"))),
        Err(StoreError::Conflict { stored: at })
    );
    assert_eq!(
        block_on(run.accept(Revision(0), &accepted("a", 1))),
        Err(StoreError::Conflict { stored: at })
    );
    assert_eq!(
        block_on(run.abandon_page(Revision(0))),
        Err(StoreError::Conflict { stored: at })
    );
    bench.end(run, None);
    let run = bench.begin();
    assert_eq!(load(&run).checkpoint, Some(checkpoint("2")));
    assert_eq!(bench.status().gaps_unacknowledged, 0);
}

fn what_was_accepted_of_a_page_is_known_to_the_run_that_begins_it_again<B: Bench>(bench: &B) {
    // The last one is killed, the one before gives up, the first is heard of no more after it ended.
    for fate in 0..3 {
        let run = bench.begin();
        let (at, before) = open(&run, "0");
        block_on(run.accept(at, &accepted("b", fate))).unwrap();
        bench.wait();
        block_on(run.accept(at, &accepted("a", fate))).unwrap();
        match fate {
            0 => bench.end(run, Some(&failure())),
            1 => {
                block_on(run.abandon_page(at)).unwrap();
                bench.end(run, None);
            }
            _ => drop(run),
        }
        let run = bench.begin();
        let loaded = load(&run).progress;
        let (_, after) = open(&run, "0");
        assert_eq!(loaded, after);
        assert_eq!(after.cursor, Some(cursor("0")));
        assert_eq!(after.killed, 0);
        assert_eq!(after.accepted.len(), before.accepted.len() + 2);
        for sink in ["a", "b"] {
            assert!(after.accepted.contains(&accepted(sink, fate)), "{after:?}");
        }
        bench.end(run, None);
    }
}

fn another_page_begins_with_nothing_accepted<B: Bench>(bench: &B) {
    let run = bench.begin();
    let (at, _) = open(&run, "0");
    block_on(run.accept(at, &accepted("a", 1))).unwrap();
    let other = block_on(run.begin_page(at, &cursor("other"))).unwrap();
    assert_eq!(other.accepted, []);
    assert_eq!(other.cursor, Some(cursor("other")));
    // It is forgotten, not set aside.
    let again = block_on(run.begin_page(at, &cursor("0"))).unwrap();
    assert_eq!(again.accepted, []);
}

fn a_batch_that_is_accepted_again_is_known_once<B: Bench>(bench: &B) {
    let run = bench.begin();
    let (at, _) = open(&run, "0");
    let first = accepted("a", 1);
    let second = Accepted {
        note: Note {
            refused: [11, 12]
                .map(|line| RefusedLine {
                    place: line,
                    not_kept: None,
                    uncounted: true,
                })
                .to_vec(),
            left: Vec::new(),
        },
        ..first.clone()
    };
    let other_sink = accepted("b", 1);
    for accepted in [&first, &other_sink, &second] {
        block_on(run.accept(at, accepted)).unwrap();
    }
    let within = block_on(run.begin_page(at, &cursor("0"))).unwrap();
    bench.end(run, None);
    let (_, later) = open(&bench.begin(), "0");
    for progress in [within, later] {
        let mut known = progress.accepted;
        known.sort_by(|a, b| a.sink.cmp(&b.sink));
        assert_eq!(known, [second.clone(), other_sink.clone()]);
    }
}

fn settings_keep_what_was_accepted_and_a_page_forgets_it_even_if_its_cursor_stays<B: Bench>(
    bench: &B,
) {
    for (what, kept) in [(Save::Settings, 1), (PAGE, 0)] {
        let run = bench.begin();
        let (at, _) = open(&run, "0");
        block_on(run.accept(at, &accepted("a", 1))).unwrap();
        let at = block_on(run.save(at, &checkpoint("0"), what)).unwrap();
        let known = block_on(run.begin_page(at, &cursor("0"))).unwrap().accepted;
        assert_eq!(known.len(), kept, "{what:?}");
        bench.end(run, None);
        let run = bench.begin();
        assert_eq!(open(&run, "0").1.accepted.len(), kept, "{what:?}");
        bench.end(run, None);
    }
}

/// What a run does with the page at its checkpoint.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// Begins it and is killed.
    Dies,
    /// Begins it, has a batch accepted and is killed.
    AcceptsAndDies,
    /// Begins it, gives it up and is killed.
    GivesUpAndDies,
    /// Begins it, asks for it smaller and is killed.
    ShrinksAndDies,
    /// Begins it and ends.
    Ends,
    /// Commits it, begins the next and is killed.
    CommitsAndDies,
}

fn a_page_is_suspected_of_the_runs_that_it_killed<B: Bench>(_: &B) {
    use Does::{AcceptsAndDies, CommitsAndDies, Dies, Ends, GivesUpAndDies, ShrinksAndDies};
    let cases: &[(&[Does], u32)] = &[
        (&[], 0),
        (&[Dies], 1),
        (&[Dies, Dies, Dies], 3),
        (&[AcceptsAndDies], 0),
        (&[Dies, Dies, AcceptsAndDies], 0),
        (&[Dies, AcceptsAndDies, Dies], 1),
        (&[AcceptsAndDies, AcceptsAndDies, Dies, Dies], 2),
        (&[ShrinksAndDies], 0),
        (&[Dies, Dies, ShrinksAndDies, Dies], 1),
        (&[Ends], 0),
        (&[Dies, Dies, Ends], 0),
        (&[Dies, Ends, Dies], 1),
        (&[Dies, Dies, AcceptsAndDies, Ends, Dies, Dies], 2),
        (&[CommitsAndDies], 1),
        (&[Dies, Dies, CommitsAndDies], 1),
        (&[CommitsAndDies, CommitsAndDies, Dies], 2),
        (&[Dies, Ends, CommitsAndDies, Dies, Dies], 3),
        // Nobody wrote down that the page was given up if nothing had been accepted and the run did not end.
        (&[AcceptsAndDies, GivesUpAndDies, Ends], 0),
    ];
    for (runs, killed) in cases {
        let bench = B::default();
        let mut place = 0_u8;
        for does in *runs {
            let run = bench.begin();
            let (at, _) = open(&run, &place.to_string());
            bench.wait();
            match does {
                Dies => {}
                AcceptsAndDies => block_on(run.accept(at, &accepted("a", place))).unwrap(),
                GivesUpAndDies => block_on(run.abandon_page(at)).unwrap(),
                ShrinksAndDies => {
                    let next = checkpoint(&place.to_string());
                    block_on(run.save(at, &next, Save::Settings)).unwrap();
                }
                Ends => {
                    bench.end(run, None);
                    continue;
                }
                CommitsAndDies => {
                    place += 1;
                    let next = checkpoint(&place.to_string());
                    let at = block_on(run.save(at, &next, PAGE)).unwrap();
                    block_on(run.begin_page(at, &next.cursor)).unwrap();
                }
            }
        }
        let run = bench.begin();
        assert_eq!(load(&run).progress.killed, *killed, "loaded: {runs:?}");
        let (at, progress) = open(&run, &place.to_string());
        assert_eq!(progress.killed, *killed, "{runs:?}");
        // A run that begins a page twice is not taken for two.
        let again = block_on(run.begin_page(at, &cursor(&place.to_string()))).unwrap();
        assert_eq!(again.killed, *killed, "{runs:?}");
    }
}

fn a_gap_is_recorded_with_the_checkpoint_that_passes_it<B: Bench>(bench: &B) {
    let run = bench.begin();
    let (mut at, _) = open(&run, "0");
    let mut gaps: Vec<Gap> = Vec::new();
    for number in 0..3_u64 {
        bench.wait();
        let lost = gap(bench.host().now(), &number.to_string());
        let what = Save::Page { gap: Some(&lost) };
        at = block_on(run.save(at, &checkpoint(&number.to_string()), what)).unwrap();
        gaps.insert(0, lost);
    }
    let status = bench.status();
    let recorded: Vec<Gap> = status.gaps.iter().map(|gap| gap.gap.clone()).collect();
    assert_eq!(recorded, gaps, "newest first");
    assert_eq!(status.gaps_unacknowledged, 3);
    assert!(
        status
            .gaps
            .windows(2)
            .all(|pair| pair[0].id > pair[1].id && pair[1].id > 0),
        "{status:?}"
    );
    let (newest, middle) = (status.gaps[0].id, status.gaps[1].id);
    assert!(bench.acknowledge(middle));
    assert!(!bench.acknowledge(newest + 1));
    let status = bench.status();
    assert_eq!(status.gaps_unacknowledged, 2);
    assert!(status.gaps[0].acknowledged_at.is_none());
    assert_eq!(status.gaps[1].acknowledged_at, Some(bench.host().now()));
    assert_eq!(bench.acknowledge_all(), 2);
    assert_eq!(bench.acknowledge_all(), 0);
    let status = bench.status();
    assert_eq!((status.gaps.len(), status.gaps_unacknowledged), (3, 0));
    assert!(status.gaps.iter().all(|gap| gap.acknowledged_at.is_some()));
}
