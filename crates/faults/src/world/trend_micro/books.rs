//! What the server counts: requests against the quota, and pages that are not what they were.

use std::collections::VecDeque;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 3_600_000;

/// Every request of the last day.
#[derive(Default)]
pub struct Quota {
    asked_at: VecDeque<u64>,
}

impl Quota {
    /// Counts a request; says which limit it broke.
    pub fn count(&mut self, now: u64, per_minute: usize, per_day: usize) -> Option<&'static str> {
        while self.asked_at.front().is_some_and(|at| at + DAY_MS <= now) {
            self.asked_at.pop_front();
        }
        let is_in_minute = |at: &&u64| **at + MINUTE_MS > now;
        let in_minute = self.asked_at.iter().rev().take_while(is_in_minute).count();
        let in_day = self.asked_at.len();
        self.asked_at.push_back(now);
        if in_minute >= per_minute {
            return Some("minute");
        }
        (in_day >= per_day).then_some("day")
    }
}

/// The newest first page of a window that was served.
#[derive(Clone, Debug, Default)]
pub struct Newest {
    /// Of what service and event type. When it begins says less: that of a stream's first page moves on until there is a
    /// checkpoint.
    pub of: Option<(usize, usize)>,
    /// When it begins.
    pub start_ms: u64,
    /// Whether it begins where the server's reach ends, which moves on.
    pub is_edge: bool,
    /// Most events that were asked for.
    pub limit: usize,
    /// Its events.
    pub order: Vec<u32>,
    /// Most events of it, from its start, that a client has seen by now.
    pub seen: usize,
    /// How often in a row it was cut.
    pub cuts: u32,
}

impl Newest {
    /// How many events may come twice because a page is asked for again and is another one: at a limit that follows from
    /// a second cut, or from a cut and a kill, no batch need end where one did before. `batch` is the most events of one.
    pub fn excused(&self, page: &Self, is_disturbed: bool, batch: usize) -> usize {
        if self.of != page.of {
            return 0;
        }
        // Where the client begins anew is another bookmark each time, and so another page.
        if self.is_edge && page.is_edge && self.start_ms != page.start_ms {
            return self.order.len();
        }
        if page.order.starts_with(&self.order) {
            return 0;
        }
        let is_smaller = page.limit < self.limit && self.order.starts_with(&page.order);
        let beyond = self.seen.saturating_sub(page.order.len());
        let is_same = self.order.first() == page.order.first();
        match (is_smaller, is_same) {
            (true, _) if beyond > 0 && (self.cuts > 1 || is_disturbed) => beyond + batch - 1,
            (true, _) => 0,
            // Events became visible between those that were there.
            (false, true) => self.order.len().max(page.order.len()),
            // The page after it.
            (false, false) => 0,
        }
    }
}
