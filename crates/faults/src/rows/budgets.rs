//! Pages that a run cannot finish within what it has.

use super::{ALL, Row, Schedules};
use crate::case::{Blow, Case};
use crate::world::fault::SourceFault;

pub(super) const ROWS: &[Row] = &[
    (
        "page beyond the budget finishes over several ticks",
        ALL,
        over_several_ticks,
    ),
    (
        "page beyond the budget, every run killed on top",
        ALL,
        and_killed,
    ),
];

fn tight(schedules: &Schedules) -> Vec<Case> {
    let mut base = schedules.case().events(12);
    base.limit = 12;
    base.batch_events = 1;
    let mut cases = Vec::new();
    for max_requests in [2, 3, 5, 8] {
        let mut case = base.clone();
        case.budget.max_requests = max_requests;
        cases.push(case);
    }
    let mut recovered = base.clone();
    recovered.limit = 6;
    recovered.budget.max_requests = 7;
    cases.push(recovered.source_fault(1, SourceFault::Expired));
    let mut halved = base.clone();
    halved.batch_events = 12;
    halved.sinks[0].script.most_events = Some(1);
    halved.budget.max_requests = 8;
    cases.push(halved);
    for wall_ms in [200, 400, 1000] {
        let mut case = base.clone();
        case.budget.wall_ms = wall_ms;
        for request in 0..60 {
            case = case.source_fault(request, SourceFault::Pieces(300, 20));
        }
        cases.push(case);
    }
    for asked in [3, 8, 20] {
        let mut case = base.clone();
        case.must_end_after = Some(asked);
        cases.push(case);
    }
    cases
}

fn over_several_ticks(schedules: &mut Schedules) {
    for case in tight(schedules) {
        schedules.add_checked(&case, |simulated| {
            let ticks = simulated.verdict.ticks;
            (ticks < 3).then(|| format!("it was finished in {ticks} ticks"))
        });
    }
}

fn and_killed(schedules: &mut Schedules) {
    for case in tight(schedules) {
        for point in 0..schedules.points(&case) {
            let runs = 0..4;
            let killed = runs.fold(case.clone(), |case, run| {
                case.blow(run, point + run as u32, Blow::Kill)
            });
            schedules.add(&killed);
        }
    }
}
