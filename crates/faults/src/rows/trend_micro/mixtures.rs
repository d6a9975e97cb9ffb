//! Everything at once, drawn from a seed.

use super::{HOUR_MS, MINUTE_MS, Schedules, case};
use crate::case::{Blow, Case};
use crate::chance::Chance;
use crate::random;
use crate::world::fault::SourceFault;
use crate::world::reply::Ending;
use crate::world::trend_micro::setting::{Clock, Ends, Form, NoLink, Setting, When};

const MIXTURES: u64 = 1000;

pub(super) fn mixtures(schedules: &mut Schedules) {
    for seed in 0..MIXTURES {
        let mut chance = Chance::new(random::seed_of(0x6361_7300, seed));
        let setting = mixed(&mut chance);
        let mut case = case(schedules, setting, chance.between(1, 8) as u32);
        case.seed = seed;
        case.batch_events = chance.between(1, 8) as usize;
        case.max_attempts = chance.between(1, 4) as u32;
        random::sinks(&mut case, &mut chance);
        for request in 0..20 {
            if chance.happens(150) {
                case = case.source_fault(request, fault(&mut chance));
            }
        }
        if chance.happens(600) {
            for _ in 0..chance.between(1, 5) {
                let (run, point) = (chance.below(8) as usize, chance.below(300) as u32);
                case = case.blow(run, point, Blow::Kill);
            }
        }
        if chance.happens(300) {
            tighten(&mut case, &mut chance);
        }
        schedules.add(&case);
    }
}

/// Runs that end early. Waiting for the quota takes time of theirs, and links must lead somewhere for longer than from one to
/// the next.
fn tighten(case: &mut Case, chance: &mut Chance) {
    let Some(setting) = &mut case.trend_micro else {
        return;
    };
    let interval_ms = 60_000 / setting.per_minute as u64;
    setting.link_ms = 2 * HOUR_MS;
    case.budget.wall_ms = interval_ms * chance.between(5, 12) + 10_000;
    case.budget.max_pages = chance.between(1, 20) as u32;
}

fn mixed(chance: &mut Chance) -> Setting {
    let mut setting = Setting::new(chance.between(1, 3) as usize, chance.between(1, 2) as usize);
    setting.form = chance.one_of(&[Form::Snake, Form::Snake, Form::Camel]);
    setting.no_link = chance.one_of(&[
        NoLink::Empty,
        NoLink::Null,
        NoLink::NullText,
        NoLink::Absent,
    ]);
    setting.ends = chance.one_of(&[Ends::Included, Ends::Excluded]);
    setting.clock = chance.one_of(&[Clock::Millis, Clock::Seconds]);
    setting.is_legacy = chance.happens(200);
    setting.gone = chance.one_of(&[400, 404, 410]);
    setting.per_minute = chance.between(1, 20) as usize;
    // Until the turn comes round, in the next run: more events of one instant than a page holds need their link.
    let round_ms = 60_000 * (setting.combinations() as u64 + 2) / setting.per_minute as u64;
    setting.link_ms = round_ms + chance.one_of(&[100_000, 600_000]);
    let is_late = chance.happens(300);
    let mut at = 0;
    for _ in 0..chance.between(0, 40) {
        if chance.happens(600) {
            at = chance.between(0, 70 * 60_000) as i64 - 50 * MINUTE_MS;
        }
        let combination = chance.below(setting.combinations() as u64) as usize;
        let when = if chance.happens(100) {
            When::WindowEnd(chance.between(0, 2000) as i64 - 1000)
        } else {
            When::At(at)
        };
        setting.add(combination, when);
        if is_late
            && let Some(log) = setting.logs.last_mut()
            && log.when == When::At(at)
        {
            log.late_ms = chance.below(50_000);
        }
    }
    setting
}

fn fault(chance: &mut Chance) -> SourceFault {
    let ending = chance.one_of(&[Ending::Broken, Ending::Clean]);
    match chance.below(11) {
        0 => SourceFault::TooMany(None),
        1 => SourceFault::TooMany(Some(chance.below(90) as u32)),
        2 => SourceFault::Internal,
        3 => SourceFault::Unavailable,
        4 => SourceFault::Reset,
        5 => SourceFault::Timeout,
        6 => SourceFault::Expired,
        7 | 8 => SourceFault::Cut(chance.below(1500) as usize, ending),
        9 => SourceFault::NoJson,
        _ => SourceFault::Split(chance.below(1500) as usize),
    }
}
