//! Random schedules: a seeded mixture of everything.

use edgesiem_model::Budget;

use crate::case::{Blow, Case, Profile, SinkCase, Staleness};
use crate::chance::Chance;
use crate::executor::Order;
use crate::mutants::Mutant;
use crate::simulate::MOST_EVENTS;
use crate::world::fault::SourceFault;
use crate::world::receiver::{ItemFault, Kind, SinkFault};
use crate::world::reply::Ending;

/// Seed of the schedule with this number.
pub const fn seed_of(seed: u64, number: u64) -> u64 {
    let mut chance = Chance::new(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
    chance.bits()
}

/// The schedule that follows from `seed`.
pub fn case(profile: Profile, seed: u64, mutant: Option<Mutant>) -> Case {
    let mut chance = Chance::new(seed);
    let mut case = Case::new(profile);
    case.seed = seed;
    case.mutant = mutant;
    case = case.events(chance.between(0, 24).min(u64::from(MOST_EVENTS)) as u32);
    if chance.happens(300) {
        case.available = chance.below(u64::from(case.events) + 1) as u32;
        for request in 0..6 {
            case.arrivals.insert(request, chance.below(6) as u32);
        }
    }
    case.limit = chance.between(1, 16) as u32;
    case.min_limit = chance.between(1, u64::from(case.limit)) as u32;
    case.batch_events = chance.between(1, 8) as usize;
    case.max_attempts = chance.between(1, 4) as u32;
    sinks(&mut case, &mut chance);
    source(&mut case, &mut chance);
    runs(&mut case, &mut chance);
    if chance.happens(100) {
        case.host_clock_off_s = chance.between(0, 2 * 86_400) as i64 - 86_400;
    }
    if chance.happens(150) {
        case.max_stored_dead_letters = chance.between(8, 12);
        case.emptied_after = (1..40).collect();
    }
    case.order = if chance.happens(700) {
        Order::Random(chance)
    } else {
        Order::Fifo
    };
    case
}

/// Sinks, and what goes wrong at them.
pub fn sinks(case: &mut Case, chance: &mut Chance) {
    let kinds = [Kind::Webhook, Kind::Splunk, Kind::SplunkAck, Kind::Bulk];
    let count = chance.between(1, 3);
    case.sinks = (0..count)
        .map(|_| SinkCase::new(chance.one_of(&kinds)))
        .collect();
    if count > 1 && chance.happens(200) {
        case.sinks[0].required = false;
    }
    for sink in &mut case.sinks {
        let script = &mut sink.script;
        if chance.happens(500) {
            for _ in 0..chance.between(1, 8) {
                let fault = match chance.below(8) {
                    0 => SinkFault::Status(429, Some(chance.below(60) as u32)),
                    1 => SinkFault::Status(429, None),
                    2 => SinkFault::Status(500, None),
                    3 => SinkFault::Status(503, Some(2)),
                    4 => SinkFault::Timeout,
                    5 => SinkFault::Reset,
                    6 => SinkFault::AppliedThenReset,
                    _ => SinkFault::AppliedThenTimeout,
                };
                script.faults.insert(chance.below(20) as u32, fault);
            }
        }
        if chance.happens(100) {
            script.down_for_runs = chance.between(1, 4) as usize;
        }
        if !sink.required && chance.happens(300) {
            script.down_for_ever = true;
        }
        if chance.happens(150) {
            script.most_events = Some(chance.between(1, 6) as usize);
        }
        for number in 0..case.events {
            if chance.happens(10) {
                script.poison.insert(number);
            }
            if sink.kind == Kind::Bulk && chance.happens(60) {
                let again = ItemFault::Again(chance.between(1, 3) as u32);
                script.items.insert(number, again);
            }
            if sink.kind == Kind::Bulk && chance.happens(20) {
                script.items.insert(number, ItemFault::Refused);
            }
        }
    }
}

fn source(case: &mut Case, chance: &mut Chance) {
    for request in 0..12 {
        if !chance.happens(250) {
            continue;
        }
        let ending = chance.one_of(&[Ending::Broken, Ending::Clean]);
        let fault = match chance.below(14) {
            0 => SourceFault::TooMany(None),
            1 => SourceFault::TooMany(Some(chance.below(90) as u32)),
            2 => SourceFault::Internal,
            3 => SourceFault::Unavailable,
            4 => SourceFault::Burst,
            5 => SourceFault::Reset,
            6 => SourceFault::Timeout,
            7 => SourceFault::Expired,
            8 | 9 => SourceFault::Cut(chance.below(2500) as usize, ending),
            10 => SourceFault::Reorder(chance.bits()),
            11 => SourceFault::Shorter(chance.below(8) as u32),
            12 => SourceFault::Overshoot(chance.between(1, 8) as u32),
            _ => SourceFault::Split(chance.below(2500) as usize),
        };
        let faults = case.source_faults.entry(request).or_default();
        faults.push(fault);
        if chance.happens(300) {
            let size = chance.between(20, 600) as usize;
            faults.push(SourceFault::Pieces(size, chance.between(1, 40)));
        }
    }
}

fn runs(case: &mut Case, chance: &mut Chance) {
    if chance.happens(600) {
        for _ in 0..chance.between(1, 5) {
            let blow = if chance.happens(800) {
                Blow::Kill
            } else {
                Blow::Beside
            };
            let (run, point) = (chance.below(8) as usize, chance.below(90) as u32);
            case.blows.push((run, point, blow));
        }
    }
    if chance.happens(300) {
        case.at_once = (0..6).map(|_| chance.between(1, 5) as usize).collect();
    }
    if case.profile == Profile::Kv && chance.happens(500) {
        case.staleness = Staleness::Random(chance.between(10, 500));
    }
    if chance.happens(150) {
        case.budget = Budget {
            // An acknowledgement takes longer than a second.
            wall_ms: chance.between(3000, 20_000),
            max_pages: chance.between(1, 10) as u32,
            max_requests: chance.between(4, 40),
        };
    }
    if chance.happens(80) {
        // More than it takes to read one batch in small pieces.
        case.must_end_after = Some(chance.between(100, 300) as u32);
    }
}
