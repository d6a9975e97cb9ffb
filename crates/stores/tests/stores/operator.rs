//! What an operator sees and does.

use edgesiem_model::{Checkpoint, Host, Loaded, Note, Progress, Save, Store, StoreError, WhenFull};

use crate::bench::{Bench, checkpoint, cursor, failure, gap, letter, over_both};
use crate::support::block_on;

over_both! {
    a_status_says_how_runs_went
    a_status_says_which_run_is_under_way_and_how_many_were_never_heard_of
    a_pause_lasts_until_it_is_ended
    a_reset_begins_anew_and_keeps_what_is_not_about_the_place
    a_reset_to_a_place_begins_there
    a_run_that_is_under_way_when_the_stream_is_reset_commits_nothing_more
}

fn commit<S: Store>(run: &S, name: &str) {
    let loaded = block_on(run.load()).unwrap();
    let page = loaded
        .checkpoint
        .map_or(cursor("0"), |checkpoint| checkpoint.cursor);
    block_on(run.begin_page(loaded.revision, &page)).unwrap();
    block_on(run.save(loaded.revision, &checkpoint(name), Save::Page { gap: None })).unwrap();
}

fn a_status_says_how_runs_went<B: Bench>(bench: &B) {
    let fresh = bench.status();
    assert_eq!(fresh.runs, edgesiem_stores::Runs::default());
    let error = failure();
    let run = bench.begin();
    let began = bench.host().now();
    bench.wait();
    bench.end(run, Some(&error));
    let status = bench.status();
    assert_eq!(status.runs.failing_since, Some(began));
    assert_eq!(status.runs.last_success_at, None);
    assert_eq!(status.runs.ended_at, Some(bench.host().now()));
    assert_eq!(status.runs.error.unwrap().code, "sink_unavailable");
    assert_eq!(status.runs.last["pages"], 1);
    bench.end(bench.begin(), Some(&error));
    assert_eq!(bench.status().runs.failing_since, Some(began));
    bench.end(bench.begin(), None);
    let status = bench.status();
    let now = Some(bench.host().now());
    assert_eq!((status.runs.failing_since, status.runs.error), (None, None));
    assert_eq!(
        (status.runs.last_success_at, status.runs.ended_at),
        (now, now)
    );
    assert_eq!((status.totals.runs, status.totals.failed_runs), (3, 2));
    assert_eq!(status.totals.bytes_in, 30);
}

fn a_status_says_which_run_is_under_way_and_how_many_were_never_heard_of<B: Bench>(bench: &B) {
    drop(bench.begin());
    let first = bench.host().now();
    for killed in 1..4 {
        bench.wait();
        let run = bench.begin();
        let status = bench.status();
        assert_eq!(status.running_since, Some(bench.host().now()));
        assert_eq!(status.not_ended_since, Some(first));
        assert_eq!(status.killed_runs, killed);
        drop(run);
    }
    let run = bench.begin();
    bench.end(run, Some(&failure()));
    let status = bench.status();
    assert_eq!((status.running_since, status.not_ended_since), (None, None));
    assert_eq!(status.killed_runs, 0);
    // It has not worked since the first of them.
    assert_eq!(status.runs.failing_since, Some(first));
}

fn a_pause_lasts_until_it_is_ended<B: Bench>(bench: &B) {
    bench.pause();
    let paused_at = Some(bench.host().now());
    bench.wait();
    bench.pause();
    assert_eq!(bench.status().paused_at, paused_at);
    bench.resume();
    assert_eq!(bench.status().paused_at, None);
}

fn a_reset_begins_anew_and_keeps_what_is_not_about_the_place<B: Bench>(bench: &B) {
    let run = bench.begin();
    commit(&run, "1");
    let lost = gap(bench.host().now(), "1");
    let at = block_on(run.load()).unwrap().revision;
    bench.wait();
    let what = Save::Page { gap: Some(&lost) };
    let at = block_on(run.save(at, &checkpoint("2"), what)).unwrap();
    block_on(run.keep_dead_letters(&[letter(1, None, b"x")], WhenFull::Refuse)).unwrap();
    bench.end(run, None);
    bench.reset(None);
    let status = bench.status();
    assert_eq!(status.position, None);
    assert_eq!((status.gaps.len(), status.dead_letters.kept), (1, 1));
    assert_eq!(status.totals.runs, 1);
    let run = bench.begin();
    let Loaded {
        checkpoint,
        revision,
        progress,
    } = block_on(run.load()).unwrap();
    assert_eq!((checkpoint, progress), (None, Progress::default()));
    assert!(revision >= at, "an older writer must not match");
    commit(&run, "9");
    bench.end(run, None);
    assert_eq!(bench.status().position.unwrap().cursor, cursor("9"));
}

fn a_reset_to_a_place_begins_there<B: Bench>(bench: &B) {
    for round in 0..3 {
        let run = bench.begin();
        commit(&run, "1");
        let at = block_on(run.load()).unwrap().revision;
        block_on(run.begin_page(at, &cursor("1"))).unwrap();
        let accepted = edgesiem_model::Accepted {
            sink: "a".to_owned(),
            key: crate::bench::key(1),
            lines: 0..1,
            note: Note::default(),
        };
        block_on(run.accept(at, &accepted)).unwrap();
        bench.end(run, None);
        // To the very place where it stands: what was accepted is meant to be sent again.
        bench.reset(Some(&cursor("1")));
        let run = bench.begin();
        let loaded = block_on(run.load()).unwrap();
        let saved_at = loaded.checkpoint.as_ref().unwrap().saved_at;
        let expected = Checkpoint {
            saved_at,
            ..Checkpoint::start(cursor("1"))
        };
        assert_eq!(loaded.checkpoint, Some(expected), "{round}");
        let progress = block_on(run.begin_page(loaded.revision, &cursor("1"))).unwrap();
        assert_eq!(progress.accepted, []);
        assert_eq!(bench.status().position.unwrap().cursor, cursor("1"));
        bench.end(run, None);
    }
}

fn a_run_that_is_under_way_when_the_stream_is_reset_commits_nothing_more<B: Bench>(bench: &B) {
    let run = bench.begin();
    commit(&run, "1");
    let at = block_on(run.load()).unwrap().revision;
    bench.wait();
    bench.reset(Some(&cursor("5")));
    bench.wait();
    let saved = block_on(run.save(at, &checkpoint("2"), Save::Page { gap: None }));
    assert!(
        matches!(saved, Err(StoreError::Conflict { .. })),
        "{saved:?}"
    );
    drop(run);
    let loaded = block_on(bench.begin().load()).unwrap();
    assert_eq!(loaded.checkpoint.unwrap().cursor, cursor("5"));
}
