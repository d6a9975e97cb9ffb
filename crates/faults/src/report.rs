//! The table, for people and for scripts.

use serde_json::{Value, json};

use crate::case::Profile;
use crate::rows::Tally;

/// A row that was run.
pub struct Line {
    /// What goes wrong.
    pub fault: String,
    /// In which profile.
    pub profile: Profile,
    /// What it added up to.
    pub tally: Tally,
}

/// As a list of `{profile, fault, schedules, events, lost, sent_twice, bound}`; `bound` is `null` where nothing is
/// promised.
pub fn json(lines: &[Line]) -> Value {
    let rows = lines.iter().map(|line| {
        json!({
            "profile": line.profile.name(),
            "fault": line.fault,
            "schedules": line.tally.schedules,
            "events": line.tally.events,
            "lost": line.tally.lost,
            "sent_twice": line.tally.sent_twice,
            "bound": line.tally.bound,
        })
    });
    rows.collect()
}

/// Widths of the columns: names to the left, numbers to the right.
pub struct Table {
    fault: usize,
}

impl Table {
    /// For faults of these names.
    pub fn new<'a>(faults: impl Iterator<Item = &'a str>) -> Self {
        let longest = faults.map(str::len).max();
        Self {
            fault: longest.unwrap_or(0),
        }
    }

    fn row(&self, fault: &str, profile: &str, numbers: [&str; 5]) -> String {
        let width = self.fault;
        let [schedules, events, lost, sent_twice, bound] = numbers;
        format!(
            "{fault:<width$}  {profile:<14}  {schedules:>9}  {events:>9}  {lost:>6}  {sent_twice:>10}  {bound:>9}"
        )
    }

    /// The line above the table.
    pub fn head(&self) -> String {
        let numbers = ["schedules", "events", "lost", "sent twice", "bound"];
        self.row("fault", "profile", numbers)
    }

    /// A line of the table.
    pub fn line(&self, line: &Line) -> String {
        let tally = &line.tally;
        let bound = tally.bound.map(|bound| bound.to_string());
        let numbers = [
            &tally.schedules.to_string(),
            &tally.events.to_string(),
            &tally.lost.to_string(),
            &tally.sent_twice.to_string(),
            bound.as_deref().unwrap_or("-"),
        ];
        self.row(&line.fault, line.profile.name(), numbers)
    }
}

/// The line below the table: `N faults, M schedules, L lost`.
pub fn foot(lines: &[Line]) -> String {
    let sum = |of: fn(&Tally) -> u64| lines.iter().map(|line| of(&line.tally)).sum::<u64>();
    let (schedules, lost) = (sum(|tally| tally.schedules), sum(|tally| tally.lost));
    format!(
        "{} faults, {schedules} schedules, {lost} lost",
        faults(lines)
    )
}

fn faults(lines: &[Line]) -> usize {
    let names: std::collections::BTreeSet<&str> =
        lines.iter().map(|line| line.fault.as_str()).collect();
    names.len()
}
