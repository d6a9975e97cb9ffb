//! Pages that are not what they were, bookmarks that are no longer known, and a source that refuses.

use super::{ALL, Row, Schedules};
use crate::case::{Blow, Case, SinkCase};
use crate::simulate::Simulated;
use crate::world::fault::SourceFault;
use crate::world::receiver::{ItemFault, Kind};

pub(super) const ROWS: &[Row] = &[
    (
        "page re-read in another order after a kill at every await point",
        ALL,
        reordered,
    ),
    (
        "page re-read in another order after a part of a batch was accepted",
        ALL,
        reordered_after_parts,
    ),
    (
        "page re-read longer after a kill at every await point",
        ALL,
        longer,
    ),
    (
        "page re-read shorter after a kill at every await point",
        ALL,
        shorter,
    ),
    ("416, and a kill at every await point", ALL, expired),
    (
        "limit ignored by the server, and a kill at every await point",
        ALL,
        overshoot,
    ),
    ("clock off by up to a day", ALL, clock),
    (
        "source: 429, 500, 503, burst block, reset, timeout",
        ALL,
        refusals,
    ),
];

fn killed_everywhere(schedules: &mut Schedules, case: &Case) {
    for point in 0..schedules.points(case) {
        schedules.add(&case.clone().blow(0, point, Blow::Kill));
    }
}

fn reordered(schedules: &mut Schedules) {
    for seed in 1..=4 {
        let base = schedules.case();
        killed_everywhere(schedules, &base.source_fault(1, SourceFault::Reorder(seed)));
        // The page ends cleanly in the first run; what comes after it does not.
        let mut small = schedules.case().events(9);
        small.limit = 5;
        small.batch_events = 3;
        for request in 1..4 {
            small = small.source_fault(request, SourceFault::Reorder(seed + u64::from(request)));
        }
        killed_everywhere(schedules, &small);
    }
}

/// A batch of the same events may lie elsewhere in the page than where the rest of it was noted.
fn reordered_after_parts(schedules: &mut Schedules) {
    for item in 0..6 {
        for seed in 1..=40 {
            let mut case = schedules.case();
            case.batch_events = 2;
            case.max_attempts = 1;
            case.sinks = vec![SinkCase::new(Kind::Bulk), SinkCase::new(Kind::Webhook)];
            let items = &mut case.sinks[0].script.items;
            items.insert(item, ItemFault::Again(2));
            items.insert((item + 3) % 6, ItemFault::Refused);
            schedules.add(&case.source_fault(1, SourceFault::Reorder(seed)));
        }
    }
}

fn longer(schedules: &mut Schedules) {
    for (available, more) in [(4, 2), (3, 3), (5, 4), (0, 2)] {
        let mut case = schedules.case().events(available + more);
        case.available = available;
        case.arrivals.insert(0, more);
        killed_everywhere(schedules, &case);
    }
}

fn shorter(schedules: &mut Schedules) {
    for events in 0..6 {
        let case = schedules.case();
        killed_everywhere(
            schedules,
            &case.source_fault(1, SourceFault::Shorter(events)),
        );
    }
}

fn expired(schedules: &mut Schedules) {
    for limit in [2, 4] {
        for request in 1..3 {
            let mut case = schedules.case().events(9);
            case.limit = limit;
            let case = case.source_fault(request, SourceFault::Expired);
            schedules.add_checked(&case, gap_is_recorded);
            killed_everywhere(schedules, &case);
        }
    }
}

fn gap_is_recorded(simulated: &Simulated) -> Option<String> {
    let gaps = simulated.platform.status().gaps_unacknowledged;
    (gaps == 0).then(|| "no gap is recorded".to_owned())
}

fn overshoot(schedules: &mut Schedules) {
    for more in [1, 2, 5] {
        let mut case = schedules.case().events(9);
        case.limit = 3;
        for request in 0..9 {
            case = case.source_fault(request, SourceFault::Overshoot(more));
        }
        schedules.add(&case);
        killed_everywhere(schedules, &case);
    }
}

fn clock(schedules: &mut Schedules) {
    for off_s in [31, 60, 300, 3600, 6 * 3600, 86_400] {
        for host_clock_off_s in [off_s, -off_s] {
            let mut case = schedules.case();
            case.host_clock_off_s = host_clock_off_s;
            case.limit = 4;
            schedules.add(&case);
            schedules.add(&case.clone().source_fault(1, SourceFault::Expired));
            killed_everywhere(schedules, &case);
        }
    }
}

fn refusals(schedules: &mut Schedules) {
    let faults = [
        SourceFault::TooMany(None),
        SourceFault::TooMany(Some(30)),
        SourceFault::Internal,
        SourceFault::Unavailable,
        SourceFault::Burst,
        SourceFault::Reset,
        SourceFault::Timeout,
    ];
    for fault in faults {
        for first in 0..3 {
            for times in [1, 2, 3, 7] {
                let mut case = schedules.case();
                case.limit = 3;
                for request in first..first + times {
                    case = case.source_fault(request, fault.clone());
                }
                schedules.add(&case);
            }
        }
    }
}
