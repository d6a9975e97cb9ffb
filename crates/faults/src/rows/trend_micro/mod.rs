//! Trend Micro's API: many combinations in turn, by time, within a quota.

mod days;
mod mixtures;

use super::{ALL, Row, Schedules};
use crate::case::{Blow, Case, Profile, SinkCase, Written};
use crate::simulate::{Simulated, simulate};
use crate::world::fault::SourceFault;
use crate::world::receiver::Kind;
use crate::world::reply::Ending;
use crate::world::trend_micro::setting::{Clock, Ends, Form, NoLink, Setting, Sorted, When};

pub(super) const ROWS: &[Row] = &[
    (
        "trend-micro: days of 48 combinations, nothing wrong",
        ALL,
        days::days,
    ),
    ("trend-micro: killed at every await point", ALL, everywhere),
    (
        "trend-micro: killed again and again at the same await point",
        ALL,
        again_and_again,
    ),
    (
        "trend-micro: events at one instant across the ends of pages and windows",
        ALL,
        instants,
    ),
    ("trend-micro: body cut at every byte", ALL, cuts),
    (
        "trend-micro: 429, 500, 503, reset, timeout, no JSON",
        ALL,
        refusals,
    ),
    (
        "trend-micro: link expired, and a kill at every await point",
        ALL,
        expired,
    ),
    (
        "trend-micro: link that leads elsewhere or nowhere",
        ALL,
        odd_links,
    ),
    (
        "trend-micro: source or client missing for 70 and for 80 hours",
        ALL,
        days::missing,
    ),
    (
        "trend-micro: quota of a day that is below that of its minutes",
        ALL,
        days::scarce,
    ),
    ("trend-micro: clock off", ALL, clock),
    ("trend-micro: random mixtures", ALL, mixtures::mixtures),
];

/// As events are told, from the beginning of the world on.
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: u64 = 3_600_000;

/// Two services and two event types: one with pages of an hour, one whose events are all of one instant, one that goes
/// on, one without any.
fn small(schedules: &Schedules) -> Case {
    case(schedules, small_setting(), 4)
}

fn small_setting() -> Setting {
    let mut setting = Setting::new(2, 2);
    for number in 0..9 {
        setting.add(0, When::At((number - 50) * MINUTE_MS));
    }
    for _ in 0..6 {
        setting.add(1, When::At(-30 * MINUTE_MS));
    }
    for number in 0..4 {
        setting.add(3, When::At(number * 50_000 - 20_000));
    }
    setting
}

fn case(schedules: &Schedules, setting: Setting, limit: u32) -> Case {
    let mut case = schedules.case().trend_micro(setting);
    case.written = Written::Raw;
    case.limit = limit;
    case
}

fn with(case: &Case, change: impl FnOnce(&mut Setting)) -> Case {
    let mut case = case.clone();
    case.trend_micro.as_mut().map(change);
    case
}

/// Streams that differ in what their server is like.
fn streams(schedules: &Schedules) -> Vec<Case> {
    let base = small(schedules);
    let camel = with(&base, |setting| {
        setting.form = Form::Camel;
        setting.no_link = NoLink::NullText;
        setting.is_legacy = true;
    });
    let coarse = with(&base, |setting| {
        setting.clock = Clock::Seconds;
        setting.ends = Ends::Excluded;
        setting.no_link = NoLink::Absent;
    });
    let unsorted = with(&base, |setting| setting.sorted = Sorted::NewestFirst);
    let mut acknowledged = base.clone();
    acknowledged.sinks = vec![SinkCase::new(Kind::SplunkAck), SinkCase::new(Kind::Webhook)];
    let mut poisoned = base.clone();
    poisoned.sinks[0].script.poison.extend([2, 11]);
    vec![base, camel, coarse, unsorted, acknowledged, poisoned]
}

fn no_gap(simulated: &Simulated) -> Option<String> {
    let gaps = simulated.platform.status().gaps_unacknowledged;
    (gaps > 0).then(|| format!("{gaps} gaps are recorded, and nothing is missing"))
}

fn a_gap(simulated: &Simulated) -> Option<String> {
    let gaps = simulated.platform.status().gaps_unacknowledged;
    (gaps == 0).then(|| "no gap is recorded".to_owned())
}

/// The first two runs: what there was before, and what came since.
fn killed_everywhere(schedules: &mut Schedules, case: &Case) {
    for run in 0..2 {
        for point in 0..schedules.points_of(case, run) {
            schedules.add_checked(&case.clone().blow(run, point, Blow::Kill), no_gap);
        }
    }
}

fn everywhere(schedules: &mut Schedules) {
    for case in streams(schedules) {
        schedules.add_checked(&case, no_gap);
        killed_everywhere(schedules, &case);
    }
}

fn again_and_again(schedules: &mut Schedules) {
    for case in &streams(schedules)[..2] {
        for point in 0..schedules.points(case) {
            let runs = 0..12;
            let killed = runs.fold(case.clone(), |case, run| case.blow(run, point, Blow::Kill));
            schedules.add_checked(&killed, no_gap);
        }
    }
}

fn instants(schedules: &mut Schedules) {
    for ends in [Ends::Included, Ends::Excluded] {
        for form in [Form::Snake, Form::Camel] {
            for clock in [Clock::Millis, Clock::Seconds] {
                for (events, limit) in [(1, 4), (3, 4), (4, 4), (5, 4), (13, 4), (30, 500)] {
                    let mut setting = Setting::new(2, 1);
                    (setting.ends, setting.form, setting.clock) = (ends, form, clock);
                    for after in [-1000, -1, 0, 1, 999, 1000] {
                        for number in 0..events {
                            setting.add(number % 2, When::WindowEnd(after));
                        }
                    }
                    for number in 0..events {
                        let at = (number as i64 % 3 + 1) * 100_000;
                        setting.add(0, When::At(at));
                        setting.add(1, When::At(at + 1));
                    }
                    schedules.add_checked(&case(schedules, setting, limit), no_gap);
                }
            }
        }
    }
}

/// The scanner is the source's own, so every byte of one page is worth a try; of the others, and with another store, some.
fn cuts(schedules: &mut Schedules) {
    let is_first = schedules.profile == Profile::DurableObject;
    // Request 0 is the first page of the first combination, request 4 the second.
    for (request, form, step) in [
        (0, Form::Snake, if is_first { 1 } else { 7 }),
        (0, Form::Camel, 7),
        (4, Form::Snake, 7),
        (4, Form::Camel, 7),
    ] {
        let case = with(&small(schedules), |setting| setting.form = form);
        let bytes = simulated_page_bytes(&case);
        for at in (0..bytes).step_by(step) {
            for fault in [
                SourceFault::Cut(at, Ending::Clean),
                SourceFault::Cut(at, Ending::Broken),
                SourceFault::Split(at.max(1)),
            ] {
                schedules.add_checked(&case.clone().source_fault(request, fault), no_gap);
            }
        }
    }
    // A page that is cut again and again.
    let case = small(schedules);
    for at in (0..simulated_page_bytes(&case)).step_by(23) {
        for ending in [Ending::Clean, Ending::Broken] {
            let cut =
                |case: Case, request| case.source_fault(request, SourceFault::Cut(at, ending));
            schedules.add_checked(&(0..5).fold(case.clone(), cut), no_gap);
        }
    }
}

fn simulated_page_bytes(case: &Case) -> usize {
    let simulated = simulate(case, false);
    let server = simulated.world.trend_micro.as_ref();
    server.map_or(0, |server| server.borrow().first_body_bytes)
}

fn refusals(schedules: &mut Schedules) {
    let faults = [
        SourceFault::TooMany(None),
        SourceFault::TooMany(Some(30)),
        SourceFault::TooMany(Some(0)),
        SourceFault::Internal,
        SourceFault::Unavailable,
        SourceFault::Reset,
        SourceFault::Timeout,
        SourceFault::NoJson,
    ];
    for fault in faults {
        for first in [0, 1, 4, 6] {
            for times in [1, 2, 3, 7] {
                let case = (first..first + times).fold(small(schedules), |case, request| {
                    case.source_fault(request, fault.clone())
                });
                schedules.add_checked(&case, no_gap);
            }
        }
    }
}

fn expired(schedules: &mut Schedules) {
    for (gone, form) in [
        (400, Form::Snake),
        (404, Form::Snake),
        (410, Form::Snake),
        (404, Form::Camel),
    ] {
        let case = with(&small(schedules), |setting| {
            (setting.gone, setting.form) = (gone, form);
        });
        for request in 0..9 {
            let case = case.clone().source_fault(request, SourceFault::Expired);
            schedules.add_checked(&case, no_gap);
        }
        let case = case.source_fault(4, SourceFault::Expired);
        killed_everywhere(schedules, &case);
    }
    // No link can ever be followed: there is time for no more than one page of a window.
    let mut setting = Setting::new(1, 1);
    setting.link_ms = 1000;
    for number in 0..15 {
        setting.add(0, When::At((number - 40) * MINUTE_MS));
    }
    let case = case(schedules, setting, 4);
    schedules.add_checked(&case, no_gap);
    // Nor is there time for more than one request of a run, or that run is killed too.
    let mut short = case;
    short.budget.wall_ms = 1;
    schedules.add_checked(&short, no_gap);
    for run in 0..4 {
        for point in 0..schedules.points_of(&short, run) {
            schedules.add_checked(&short.clone().blow(run, point, Blow::Kill), no_gap);
        }
    }
}

fn odd_links(schedules: &mut Schedules) {
    let links = [
        r#""https://elsewhere.test/v1/siem/security_events?page_id=1""#,
        r#""http://cas.test/v1/siem/security_events?page_id=1""#,
        r#""https://cas.test:8443/v1/siem/security_events?page_id=1""#,
        r#""https://cas.test@elsewhere.test/v1/siem/security_events""#,
        r#""https://cas.test.elsewhere.test/""#,
        r#""//elsewhere.test/v1/siem/security_events""#,
        r#""https:\/\/elsewhere.test\/""#,
        r#""javascript:alert(1)""#,
        r#"" ""#,
        r#""%""#,
        "42",
        "true",
        "[]",
        r#"{"href":"https://elsewhere.test/"}"#,
    ];
    for link in links {
        for (first, times) in [(0, 1), (4, 1), (1, 1), (0, 6), (0, 40)] {
            let requests = first..first + times;
            let case = requests.fold(small(schedules), |case, request| {
                case.source_fault(request, SourceFault::Link(link))
            });
            schedules.add(&case);
        }
    }
}

fn clock(schedules: &mut Schedules) {
    for off_s in [1, 30, 55, 300, 3600] {
        for host_clock_off_s in [off_s, -off_s] {
            let mut case = small(schedules);
            case.host_clock_off_s = host_clock_off_s;
            schedules.add_checked(&case, no_gap);
        }
    }
    // Nothing tells the server's time: a fast clock asks for its future, and a slow one is only late.
    for off_s in [30, 300, 590] {
        for host_clock_off_s in [off_s, -off_s] {
            for form in [Form::Snake, Form::Camel] {
                let mut setting = small_setting();
                (setting.form, setting.has_date) = (form, false);
                for number in 0..20 {
                    setting.add(number % 4, When::At(number as i64 * MINUTE_MS + 1));
                }
                let mut case = case(schedules, setting, 4);
                case.host_clock_off_s = host_clock_off_s;
                schedules.add_checked(&case, no_gap);
            }
        }
    }
}
