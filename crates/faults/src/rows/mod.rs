//! The table of faults: each row is a family of schedules.

mod bodies;
mod budgets;
mod kills;
mod overlaps;
mod pages;
mod sinks;
mod trend_micro;

use crate::case::{Case, Profile};
use crate::mutants::Mutant;
use crate::simulate::{Simulated, Verdict, simulate};

/// A row of the table: what goes wrong, the profiles in which it can, its schedules.
pub type Row = (&'static str, &'static [Profile], fn(&mut Schedules));

/// Every row but the random one, in the order of the table.
pub fn all() -> impl Iterator<Item = Row> {
    [
        kills::ROWS,
        overlaps::ROWS,
        sinks::ROWS,
        bodies::ROWS,
        pages::ROWS,
        budgets::ROWS,
        trend_micro::ROWS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

const ALL: &[Profile] = &Profile::ALL;
const KV: &[Profile] = &[Profile::Kv];

/// So many broken promises of a row are told one by one.
const MOST_FAILURES: usize = 5;

/// What a row adds up to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Schedules that were run.
    pub schedules: u64,
    /// Events of the source in all of them.
    pub events: u64,
    /// Events that are neither with every required sink nor dead letters.
    pub lost: u64,
    /// Deliveries of an event to a sink beyond the first.
    pub sent_twice: u64,
    /// The most of them that the faults excuse; `None` if nothing is promised.
    pub bound: Option<u64>,
    /// Schedules that broke a promise.
    pub failed: u64,
    /// The first of them, and what each broke.
    pub failures: Vec<(u64, String)>,
}

impl Tally {
    /// Adds a schedule's verdict. `number` names it in this row.
    pub fn add(&mut self, number: u64, verdict: &Verdict) {
        self.bound = match (self.schedules, self.bound, verdict.bound) {
            (0, _, bound) => bound,
            (_, Some(sum), Some(bound)) => Some(sum + bound),
            _ => None,
        };
        self.schedules += 1;
        self.events += verdict.events;
        self.lost += verdict.lost;
        self.sent_twice += verdict.sent_twice;
        if let Some(problem) = verdict.problems.first() {
            self.failed += 1;
            if self.failures.len() < MOST_FAILURES {
                self.failures.push((number, problem.clone()));
            }
        }
    }
}

/// Runs the schedules of a row.
pub struct Schedules {
    /// The profile that they run in.
    pub profile: Profile,
    /// What is broken on purpose.
    pub mutant: Option<Mutant>,
    /// Only the schedule with this number, and what happens in it.
    pub only: Option<u64>,
    /// No more schedules after the first that breaks a promise.
    pub stops_at_failure: bool,
    /// What they add up to.
    pub tally: Tally,
    /// What happened in the only one.
    pub trace: Vec<String>,
    next: u64,
}

impl Schedules {
    /// None yet.
    pub fn new(profile: Profile, mutant: Option<Mutant>, only: Option<u64>) -> Self {
        Self {
            profile,
            mutant,
            only,
            stops_at_failure: false,
            tally: Tally::default(),
            trace: Vec::new(),
            next: 0,
        }
    }

    /// A case in which nothing goes wrong yet.
    pub fn case(&self) -> Case {
        let mut case = Case::new(self.profile);
        case.mutant = self.mutant;
        case
    }

    /// Runs `case` and counts it.
    pub fn add(&mut self, case: &Case) {
        self.add_checked(case, |_| None);
    }

    /// Like [`Schedules::add`]; `check` says what else is not as it should be.
    pub fn add_checked(&mut self, case: &Case, check: impl Fn(&Simulated) -> Option<String>) {
        let number = self.next;
        self.next += 1;
        let is_over = self.stops_at_failure && self.tally.failed > 0;
        if is_over || self.only.is_some_and(|only| only != number) {
            return;
        }
        let mut simulated = simulate(case, self.only.is_some());
        let further = check(&simulated);
        simulated.verdict.problems.extend(further);
        self.tally.add(number, &simulated.verdict);
        if self.only.is_some() {
            self.trace.push(format!("{case:?}"));
            self.trace.append(&mut simulated.trace);
            self.trace.push(format!("{:?}", simulated.verdict));
        }
    }

    /// Points that the first run of `case` passes if nothing is done to it. It is not counted.
    pub fn points(&self, case: &Case) -> u32 {
        let mut undisturbed = case.clone();
        undisturbed.blows.clear();
        self.points_of(&undisturbed, 0)
    }

    /// Points that run number `run` of `case` passes. It is not counted.
    pub fn points_of(&self, case: &Case, run: usize) -> u32 {
        let points = simulate(case, false).verdict.points;
        points.get(run).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedules, Tally, all};
    use crate::case::Profile;
    use crate::mutants::Mutant;

    /// What a row shows until the first broken promise.
    fn row(name: &str, mutant: Option<Mutant>) -> Tally {
        let (_, _, row) = all().find(|(row, _, _)| *row == name).unwrap();
        let mut schedules = Schedules::new(Profile::DurableObject, mutant, None);
        schedules.stops_at_failure = true;
        row(&mut schedules);
        schedules.tally
    }

    fn loses(name: &str, mutant: Mutant) {
        let tally = row(name, Some(mutant));
        assert!(tally.lost > 0 && tally.failed > 0, "{tally:?}");
    }

    fn sends_more_than_the_bound(name: &str, mutant: Mutant) {
        let tally = row(name, Some(mutant));
        let problem = &tally.failures.first().unwrap().1;
        assert!(problem.contains("twice"), "{tally:?}");
        assert_eq!(tally.lost, 0, "{tally:?}");
    }

    #[test]
    fn a_checkpoint_that_moves_before_delivery_shows_as_lost_events() {
        loses("killed at every await point", Mutant::CheckpointFirst);
    }

    #[test]
    fn acceptance_that_no_sink_gave_shows_as_lost_events() {
        loses("sink: 500 and 503", Mutant::EveryAnswerIsYes);
    }

    #[test]
    fn a_cut_page_that_is_taken_for_a_whole_one_shows_as_lost_events() {
        loses("body cut at every byte, clean end", Mutant::CutIsWhole);
    }

    #[test]
    fn going_on_by_line_numbers_shows_as_lost_events_when_a_page_comes_in_another_order() {
        loses(
            "page re-read in another order after a kill at every await point",
            Mutant::ProgressByCount,
        );
    }

    #[test]
    fn dead_letters_that_are_not_kept_show_as_lost_events() {
        loses(
            "sink: poison at each position, alone and in pairs",
            Mutant::LettersNotKept,
        );
    }

    #[test]
    fn dead_letters_that_are_dropped_when_the_store_is_full_show_as_lost_events() {
        loses(
            "sink: dead letters find no room until they are taken out",
            Mutant::LettersDropped,
        );
    }

    #[test]
    fn progress_that_is_not_written_down_shows_as_more_than_a_batch_sent_twice_for_a_kill() {
        sends_more_than_the_bound("killed at every await point", Mutant::ProgressForgotten);
    }

    #[test]
    fn two_runs_of_one_object_show_as_events_sent_twice_without_a_kill() {
        sends_more_than_the_bound(
            "2 runs at once, every pair of switches",
            Mutant::NoSingleFlight,
        );
    }

    #[test]
    fn a_superseded_run_that_may_write_shows_as_more_than_a_batch_sent_twice() {
        for mutant in [Mutant::EpochIgnored, Mutant::RevisionIgnored] {
            sends_more_than_the_bound(
                "a run that was superseded goes on, at every await point",
                mutant,
            );
        }
    }

    #[test]
    fn a_window_of_which_only_the_first_page_is_read_shows_as_lost_events() {
        loses(
            "trend-micro: killed at every await point",
            Mutant::LinkNotFollowed,
        );
    }

    #[test]
    fn events_of_an_instant_that_are_forgotten_show_as_sent_twice_without_a_kill() {
        sends_more_than_the_bound(
            "trend-micro: events at one instant across the ends of pages and windows",
            Mutant::SeenForgotten,
        );
    }

    #[test]
    fn a_quota_that_is_not_waited_for_shows_in_the_books_of_the_server() {
        let tally = row("trend-micro: random mixtures", Some(Mutant::QuotaIgnored));
        let problem = &tally.failures.first().unwrap().1;
        assert!(problem.contains("one too many in a minute"), "{tally:?}");
    }

    #[test]
    fn a_page_beyond_the_budget_never_ends_if_progress_is_not_written_down() {
        let name = "page beyond the budget finishes over several ticks";
        let tally = row(name, Some(Mutant::ProgressForgotten));
        let problem = &tally.failures.first().unwrap().1;
        assert!(
            problem.contains("never came to rest") || problem.contains("lost"),
            "{tally:?}"
        );
    }

    #[test]
    fn a_row_without_a_mutant_keeps_its_promises() {
        for name in [
            "killed at every await point",
            "2 runs at once, every pair of switches",
            "sink: poison at each position, alone and in pairs",
            "page beyond the budget finishes over several ticks",
            "trend-micro: events at one instant across the ends of pages and windows",
        ] {
            let tally = row(name, None);
            assert_eq!((tally.failed, tally.lost), (0, 0), "{name}: {tally:?}");
        }
    }
}
