//! Sinks that refuse, are down, or take what they were sent and do not say so.

use super::{ALL, Row, Schedules};
use crate::case::{Blow, Case, SinkCase};
use crate::simulate::Simulated;
use crate::world::receiver::{ItemFault, Kind, SinkFault};

pub(super) const ROWS: &[Row] = &[
    ("sink: 429 with Retry-After", ALL, |s| {
        each_request(s, &[SinkFault::Status(429, Some(7))])
    }),
    ("sink: 500 and 503", ALL, |s| {
        each_request(
            s,
            &[
                SinkFault::Status(500, None),
                SinkFault::Status(503, Some(1)),
            ],
        )
    }),
    (
        "sink: timeout and reset before anything is applied",
        ALL,
        |s| {
            each_request(s, &[SinkFault::Timeout, SinkFault::Reset]);
        },
    ),
    ("sink: answer lost after it was applied", ALL, |s| {
        each_request(
            s,
            &[SinkFault::AppliedThenReset, SinkFault::AppliedThenTimeout],
        );
    }),
    (
        "sink: every subset of 6 items not now, never or taken",
        ALL,
        subsets,
    ),
    (
        "sink: items fail and the run is killed at every await point",
        ALL,
        subsets_and_kills,
    ),
    (
        "sink: a batch fails half-way, after parts of it were accepted",
        ALL,
        half_way,
    ),
    (
        "sink: poison at each position, alone and in pairs",
        ALL,
        poison,
    ),
    ("sink: 413 above every size", ALL, too_large),
    (
        "sink: dead letters find no room until they are taken out",
        ALL,
        full,
    ),
    (
        "sink: one required sink is down for some runs, the other is well",
        ALL,
        one_down,
    ),
    (
        "sink: an optional sink is down for ever",
        ALL,
        optional_down,
    ),
];

fn kinds(schedules: &Schedules) -> Vec<Case> {
    [Kind::Webhook, Kind::Splunk, Kind::SplunkAck, Kind::Bulk]
        .into_iter()
        .map(|kind| {
            let mut case = schedules.case();
            case.sinks = vec![SinkCase::new(kind), SinkCase::new(Kind::Webhook)];
            case
        })
        .collect()
}

fn each_request(schedules: &mut Schedules, faults: &[SinkFault]) {
    for case in kinds(schedules) {
        for fault in faults {
            for first in 0..4 {
                // So often in a row: within what a run attempts, and beyond it.
                for times in [1, 2, 3, 7] {
                    let mut case = case.clone();
                    let script = &mut case.sinks[0].script;
                    script
                        .faults
                        .extend((first..first + times).map(|request| (request, *fault)));
                    schedules.add(&case);
                }
            }
        }
    }
}

fn items(schedules: &Schedules, mut code: u32) -> Case {
    let mut case = schedules.case();
    case.batch_events = 6;
    case.sinks = vec![SinkCase::new(Kind::Bulk), SinkCase::new(Kind::Webhook)];
    let items = &mut case.sinks[0].script.items;
    for number in 0..6 {
        match code % 3 {
            1 => drop(items.insert(number, ItemFault::Again(1 + number % 2))),
            2 => drop(items.insert(number, ItemFault::Refused)),
            _ => {}
        }
        code /= 3;
    }
    case
}

fn subsets(schedules: &mut Schedules) {
    for code in 0..3_u32.pow(6) {
        let case = items(schedules, code);
        schedules.add_checked(
            &case,
            letters_are(
                case.sinks[0]
                    .script
                    .items
                    .values()
                    .filter(|item| **item == ItemFault::Refused)
                    .count(),
            ),
        );
    }
}

fn letters_are(expected: usize) -> impl Fn(&Simulated) -> Option<String> {
    move |simulated| {
        let letters = simulated.world.ledger.borrow().letters();
        (letters != expected).then(|| format!("{letters} dead letters instead of {expected}"))
    }
}

fn subsets_and_kills(schedules: &mut Schedules) {
    for code in [13, 98, 211, 365, 607] {
        let case = items(schedules, code);
        for point in 0..schedules.points(&case) {
            schedules.add(&case.clone().blow(0, point, Blow::Kill));
        }
    }
}

/// Parts come from items that are not ready, from halves (413) and from bisecting (400).
fn half_way(schedules: &mut Schedules) {
    for case in kinds(schedules) {
        for first in 0..10 {
            let mut case = case.clone();
            case.batch_events = 6;
            case.max_attempts = 1;
            let script = &mut case.sinks[0].script;
            let down = (first, SinkFault::Status(503, None));
            script.faults.extend([down, (first + 4, down.1)]);
            script.most_events = Some(2);
            schedules.add(&case);
            let script = &mut case.sinks[0].script;
            script.most_events = None;
            script.poison.extend([1, 4]);
            schedules.add(&case);
        }
    }
    for runs in 1..8 {
        for item in 0..6 {
            let mut case = schedules.case();
            case.batch_events = 6;
            case.max_attempts = 2;
            case.sinks = vec![SinkCase::new(Kind::Bulk), SinkCase::new(Kind::Webhook)];
            let items = &mut case.sinks[0].script.items;
            items.insert(item, ItemFault::Again(runs * 2));
            schedules.add(&case);
        }
    }
}

fn poison(schedules: &mut Schedules) {
    for kind in [Kind::Webhook, Kind::Splunk] {
        for batch_events in [2, 6] {
            for first in 0..6 {
                for second in first..6 {
                    let mut case = schedules.case();
                    case.batch_events = batch_events;
                    case.sinks[0] = SinkCase::new(kind);
                    case.sinks[0].script.poison.extend([first, second]);
                    let letters = case.sinks[0].script.poison.len();
                    schedules.add_checked(&case, letters_are(letters));
                }
            }
        }
    }
}

fn too_large(schedules: &mut Schedules) {
    for case in kinds(schedules) {
        for batch_events in 1..=8 {
            for most in 1..=8 {
                let mut case = case.clone().events(8);
                case.batch_events = batch_events;
                case.sinks[0].script.most_events = Some(most);
                schedules.add(&case);
            }
        }
    }
}

fn full(schedules: &mut Schedules) {
    for room in 1..4 {
        for kind in [Kind::Webhook, Kind::Splunk] {
            for poison in [[0, 2, 5], [1, 3, 4], [0, 3, 4], [1, 2, 5]] {
                for every in [1, 3] {
                    let mut case = schedules.case();
                    case.max_stored_dead_letters = room;
                    case.sinks[0] = SinkCase::new(kind);
                    case.sinks[0].script.poison.extend(poison);
                    case.emptied_after = (1..30).step_by(every).collect();
                    schedules.add(&case);
                }
            }
        }
    }
}

fn one_down(schedules: &mut Schedules) {
    for runs in 1..8 {
        for limit in [2, 3, 10] {
            for down in 0..2 {
                let mut case = schedules.case().events(7);
                case.limit = limit;
                case.sinks[down].script.down_for_runs = runs;
                schedules.add(&case);
            }
        }
    }
}

fn optional_down(schedules: &mut Schedules) {
    for room in [0, 3, 1000] {
        for limit in [2, 3, 10] {
            let mut case = schedules.case().events(7);
            case.limit = limit;
            case.max_stored_dead_letters = room;
            let mut optional = SinkCase::new(Kind::Webhook);
            optional.required = false;
            optional.script.down_for_ever = true;
            case.sinks.insert(1, optional);
            schedules.add(&case);
            for point in 0..schedules.points(&case) {
                schedules.add(&case.clone().blow(0, point, Blow::Kill));
            }
        }
    }
}
