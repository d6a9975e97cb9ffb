//! Days: of events, of nobody who reads them, and of quotas.

use super::{HOUR_MS, MINUTE_MS, Schedules, a_gap, case, no_gap};
use crate::case::{Blow, Case, Profile};
use crate::chance::Chance;
use crate::world::trend_micro::setting::{Form, Missing, Outage, Setting, When};

/// Everything, one request after the other: days, and hours where the store is another.
pub(super) fn days(schedules: &mut Schedules) {
    const DAY_MS: u64 = 24 * HOUR_MS;
    let spans: &[(u64, usize)] = match schedules.profile {
        Profile::DurableObject => &[(3 * DAY_MS, 10)],
        Profile::Folder => &[(DAY_MS / 2, 20)],
        Profile::Kv => &[(DAY_MS / 4, 10)],
    };
    for (seed, (millis, per_minute)) in (1..).zip(spans) {
        let case = case_of_days(schedules, *millis, seed, *per_minute);
        schedules.add_checked(&case, no_gap);
    }
}

fn case_of_days(schedules: &Schedules, millis: u64, seed: u64, per_minute: usize) -> Case {
    let mut chance = Chance::new(seed);
    let mut setting = Setting::new(12, 4);
    (setting.per_minute, setting.per_day) = (per_minute, Some(per_minute * 1440));
    setting.lookback_s = 86_400;
    let until = millis as i64;
    let before = -(20 * HOUR_MS as i64);
    for combination in 0..setting.combinations() {
        // From one event in two hours to one in a minute and a half.
        let every = 7_200_000 >> (combination % 7).min(6);
        let mut at = before;
        while at < until {
            at += chance.below(2 * every) as i64;
            let at_once = if chance.happens(20) {
                chance.between(2, 120)
            } else {
                1
            };
            for _ in 0..at_once {
                setting.add(combination, When::At(at));
                if chance.happens(300)
                    && let Some(log) = setting.logs.last_mut()
                {
                    log.late_ms = chance.below(55_000);
                }
            }
        }
        setting.add(combination, When::WindowEnd(0));
    }
    let mut case = case(schedules, setting, 50);
    case.batch_events = 100;
    case.sinks.truncate(1);
    case
}

pub(super) fn missing(schedules: &mut Schedules) {
    for (who, hours, form) in [
        (Missing::Client, 70, Form::Snake),
        (Missing::Client, 70, Form::Camel),
        (Missing::Client, 80, Form::Snake),
        (Missing::Client, 80, Form::Camel),
        (Missing::Server, 80, Form::Snake),
    ] {
        let mut setting = Setting::new(2, 2);
        setting.form = form;
        setting.outage = Some(Outage {
            who,
            from_ms: HOUR_MS,
            millis: hours * HOUR_MS,
        });
        // The last combination never has any.
        for number in 0..84 {
            for combination in 0..3 {
                let at = number * 60 + combination as i64 * 7;
                setting.add(combination, When::At(at * MINUTE_MS));
            }
        }
        let mut case = case(schedules, setting, 20);
        case.max_attempts = 1;
        let check = if hours > 72 { a_gap } else { no_gap };
        schedules.add_checked(&case, check);
    }
    // The run after it is killed everywhere.
    for hours in [71, 80] {
        let mut setting = Setting::new(2, 1);
        setting.outage = Some(Outage {
            who: Missing::Client,
            from_ms: 1,
            millis: hours * HOUR_MS,
        });
        for number in 0..hours as i64 / 8 {
            setting.add(0, When::At((number * 8 - 1) * 60 * MINUTE_MS));
        }
        let case = case(schedules, setting, 4);
        let check = if hours > 72 { a_gap } else { no_gap };
        schedules.add_checked(&case, check);
        for point in 0..schedules.points_of(&case, 1) {
            schedules.add_checked(&case.clone().blow(1, point, Blow::Kill), check);
        }
    }
}

pub(super) fn scarce(schedules: &mut Schedules) {
    for per_day in [1440, 2000, 5000] {
        let mut setting = Setting::new(2, 1);
        setting.per_day = Some(per_day);
        for number in 0..20 {
            setting.add(number % 2, When::At((number as i64 - 5) * 10 * MINUTE_MS));
        }
        let case = case(schedules, setting, 4);
        schedules.add_checked(&case, no_gap);
        for point in [5, 10, 15, 20] {
            let killed = (0..6).fold(case.clone(), |case, run| case.blow(run, point, Blow::Kill));
            schedules.add_checked(&killed, no_gap);
        }
    }
}
