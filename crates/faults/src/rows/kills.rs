//! Runs that are killed: memory is gone, what was stored and what was sent stays.

use super::{ALL, Row, Schedules};
use crate::case::{Blow, Case, Profile, SinkCase};
use crate::world::receiver::{ItemFault, Kind};

pub(super) const ROWS: &[Row] = &[
    ("killed at every await point", ALL, everywhere),
    ("killed at every pair of await points", ALL, pairs),
    (
        "killed again and again at the same await point",
        ALL,
        again_and_again,
    ),
];

/// Streams that differ in what a run has to do.
fn streams(schedules: &Schedules) -> Vec<Case> {
    let base = schedules.case();
    let mut small_pages = base.clone().events(7);
    small_pages.limit = 3;
    let mut acknowledged = base.clone();
    acknowledged.sinks = vec![SinkCase::new(Kind::SplunkAck), SinkCase::new(Kind::Webhook)];
    let mut poisoned = base.clone();
    poisoned.sinks[0].script.poison.insert(3);
    let mut halved = base.clone().events(8);
    halved.batch_events = 4;
    halved.sinks[1].script.most_events = Some(1);
    let mut partial = base.clone();
    partial.batch_events = 6;
    partial.sinks = vec![SinkCase::new(Kind::Bulk), SinkCase::new(Kind::Webhook)];
    let items = &mut partial.sinks[0].script.items;
    items.insert(1, ItemFault::Again(1));
    items.insert(4, ItemFault::Refused);
    vec![base, small_pages, acknowledged, poisoned, halved, partial]
}

fn everywhere(schedules: &mut Schedules) {
    for case in streams(schedules) {
        for point in 0..schedules.points(&case) {
            schedules.add(&case.clone().blow(0, point, Blow::Kill));
        }
    }
}

fn pairs(schedules: &mut Schedules) {
    let mut one_sink = schedules.case().events(4);
    one_sink.sinks.truncate(1);
    let mut two_sinks = schedules.case().events(2);
    two_sinks.batch_events = 1;
    for case in [one_sink, two_sinks] {
        for first in 0..schedules.points(&case) {
            let once = case.clone().blow(0, first, Blow::Kill);
            for second in 0..schedules.points_of(&once, second_run(&once)) {
                schedules.add(&once.clone().blow(second_run(&once), second, Blow::Kill));
            }
        }
    }
}

/// The run after the one that was killed. With a key-value namespace, ticks find its lease first.
fn second_run(case: &Case) -> usize {
    match case.profile {
        Profile::DurableObject | Profile::Folder => 1,
        Profile::Kv => 2,
    }
}

fn again_and_again(schedules: &mut Schedules) {
    for case in streams(schedules) {
        for point in 0..schedules.points(&case) {
            let runs = 0..12;
            let killed = runs.fold(case.clone(), |case, run| case.blow(run, point, Blow::Kill));
            schedules.add(&killed);
        }
    }
}
