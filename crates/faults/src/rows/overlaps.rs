//! Runs of one stream at the same time, and reads that are old.

use super::{ALL, KV, Row, Schedules};
use crate::case::{Blow, Staleness};
use crate::chance::Chance;
use crate::executor::Order;

pub(super) const ROWS: &[Row] = &[
    ("2 runs at once, every pair of switches", ALL, switches),
    ("2 to 5 runs at once, any order", ALL, at_once),
    (
        "a run that was superseded goes on, at every await point",
        ALL,
        beside,
    ),
    (
        "a run that was superseded goes on, any order",
        ALL,
        beside_in_any_order,
    ),
    (
        "every read stale by 1 to 3 versions, or missing",
        KV,
        one_stale,
    ),
    ("reads stale by any age, with runs at once", KV, stale),
];

fn switches(schedules: &mut Schedules) {
    let mut case = schedules.case().events(4);
    case.sinks.truncate(1);
    let points = schedules.points(&case);
    case.at_once = vec![2, 2];
    for first in 0..points {
        for second in (0..points).step_by(2) {
            let mut case = case.clone();
            case.order = Order::Switches(vec![(0, first), (1, second), (0, u32::MAX)]);
            schedules.add(&case);
        }
    }
}

fn at_once(schedules: &mut Schedules) {
    for runs in 2..=5 {
        for seed in 0..150 {
            let mut case = schedules.case().events(9);
            case.limit = 4;
            case.at_once = vec![runs; 4];
            case.order = Order::Random(Chance::new(seed));
            schedules.add(&case);
        }
    }
}

fn beside(schedules: &mut Schedules) {
    let mut case = schedules.case().events(7);
    case.limit = 4;
    for point in 0..schedules.points(&case) {
        for ahead in [0, 10, 30, u32::MAX] {
            let mut case = case.clone().blow(0, point, Blow::Beside);
            // The new one goes so far before the old one goes on.
            case.order = Order::Switches(vec![(0, point + 1), (1, ahead)]);
            schedules.add(&case);
        }
    }
}

fn beside_in_any_order(schedules: &mut Schedules) {
    let mut case = schedules.case().events(7);
    case.limit = 4;
    for seed in 0..400 {
        let mut chance = Chance::new(seed);
        let mut case = case.clone();
        for run in 0..chance.between(1, 4) {
            case = case.blow(run as usize, chance.below(60) as u32, Blow::Beside);
        }
        case.order = Order::Random(chance);
        schedules.add(&case);
    }
}

fn one_stale(schedules: &mut Schedules) {
    for (at_once, limit) in [(1, 10), (1, 2), (2, 3)] {
        for read in 0..40 {
            for age in [1, 2, 3, usize::MAX] {
                let mut case = schedules.case();
                case.limit = limit;
                case.at_once = vec![at_once; 3];
                case.staleness = Staleness::One(read, age);
                schedules.add(&case);
            }
        }
    }
}

fn stale(schedules: &mut Schedules) {
    for seed in 0..600 {
        let mut chance = Chance::new(seed);
        let mut case = schedules.case().events(9);
        case.limit = chance.between(2, 9) as u32;
        case.seed = seed;
        case.at_once = (0..8).map(|_| chance.between(1, 3) as usize).collect();
        case.staleness = Staleness::Random(chance.between(50, 700));
        case.order = Order::Random(chance);
        schedules.add(&case);
    }
}
