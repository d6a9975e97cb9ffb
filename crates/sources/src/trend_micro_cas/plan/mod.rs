//! What is asked for next, and what the answer makes of the cursor: functions of the cursor and the clock, and of nothing else.

mod advance;
mod bounds;
mod link;
mod recover;

use std::collections::VecDeque;

use edgesiem_model::{Cursor, Timestamp};
use serde_json::json;

use super::cursor::{Chain, Mark, Place, State};

/// How long events can be asked for.
pub(super) const RETENTION_MS: u64 = 72 * HOUR_MS;
/// Least distance from the end of the retention: clocks differ, and time passes between asking and being served.
const MARGIN_MS: u64 = 5 * MINUTE_MS;
/// What the clock decides about the beginning of a window moves in steps of this, so that a run that follows a failed one
/// asks for the same page.
const STEP_MS: u64 = 5 * MINUTE_MS;
/// How far before the end of the last window the next one begins at most, although nothing was found there: some events are
/// listed late.
pub(super) const OVERLAP_MS: u64 = 6 * HOUR_MS;
/// A generation time may be given in whole seconds.
const GRAIN_MS: u64 = 1000;
/// Most marks of one combination. More only come together when so many events have one generation time; then some of them
/// may come twice.
pub(super) const MAX_SEEN: usize = 2000;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// What of the configuration the plan depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// At least one.
    pub combinations: Vec<Combination>,
    pub settle_ms: u64,
    pub lookback_ms: u64,
    /// Most events of a page.
    pub limit: u32,
    /// Least time between two requests.
    pub interval_ms: u64,
}

/// One service and one type of event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Combination {
    pub service: String,
    pub event: String,
}

impl Combination {
    pub fn name(&self) -> String {
        format!("{}/{}", self.service, self.event)
    }
}

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub combination: Combination,
    /// Its number in the configuration.
    pub number: u32,
    pub ask: Ask,
    /// Where the combination stands.
    pub place: Place,
    /// End of the window.
    pub end: Timestamp,
    /// Up to when the combination is known when the window was read whole.
    pub to: Timestamp,
    pub round: Timestamp,
    /// The server's time.
    pub now: Timestamp,
    /// Events between the last window and this one can no longer be asked for.
    pub is_too_old: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// From here to the plan's end.
    Window { start: Timestamp },
    /// Path and query that the page before gave.
    Link(String),
}

impl Plan {
    /// The window whose next page is asked for.
    fn chain(&self) -> Option<&Chain> {
        match self.ask {
            Ask::Link(_) => self.place.chain.as_ref(),
            Ask::Window { .. } => None,
        }
    }

    /// The combination alone, and where it stands: the whole cursor has all of them, with what they remember.
    pub fn shown(&self) -> Cursor {
        Cursor(json!({ "combination": self.combination.name(), "since": self.place.since }))
    }

    /// Whether the window begins so close to the end of the retention that the server's clock may see it otherwise.
    pub fn is_at_retention(&self) -> bool {
        match self.ask {
            Ask::Window { start } => start <= after(oldest(self.now), RETENTION_MS / 4),
            Ask::Link(_) => false,
        }
    }
}

/// What a page said that is whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    /// Marks of the newest events, at most [`MAX_SEEN`].
    pub marks: VecDeque<Mark>,
    /// How many events there were, those included that were delivered before.
    pub events: u64,
    /// How many of them were new.
    pub new: u64,
    /// When the last one was generated, if that was told.
    pub last: Option<Timestamp>,
    /// Path and query of the next page.
    pub link: Option<String>,
}

fn before(time: Timestamp, millis: u64) -> Timestamp {
    Timestamp::from_millis(time.millis().saturating_sub(millis))
}

fn after(time: Timestamp, millis: u64) -> Timestamp {
    Timestamp::from_millis(time.millis().saturating_add(millis))
}

/// The oldest time that may be asked for.
fn oldest(now: Timestamp) -> Timestamp {
    let distance_ms = RETENTION_MS.saturating_sub(MARGIN_MS);
    begin_of_step(before(now, distance_ms.saturating_sub(STEP_MS)))
}

fn begin_of_step(time: Timestamp) -> Timestamp {
    before(time, time.millis().checked_rem(STEP_MS).unwrap_or(0))
}

impl Rules {
    /// Time for a round, twice over: so much later a combination that begins at the end of the retention may be asked for
    /// the first time without that being a gap.
    fn slack_ms(&self) -> u64 {
        let requests = (self.combinations.len() as u64).saturating_mul(2);
        requests
            .saturating_mul(self.interval_ms)
            .saturating_add(10 * MINUTE_MS)
    }

    /// Where a combination stands.
    fn place(&self, state: &State, combination: &Combination, now: Timestamp) -> Place {
        let known = state.combinations.get(&combination.name());
        known.cloned().unwrap_or_else(|| Place {
            since: state
                .from
                .unwrap_or_else(|| begin_of_step(before(now, self.lookback_ms)).max(oldest(now))),
            ..Place::default()
        })
    }

    /// Up to when everything is delivered or known not to be there.
    fn known_until(&self, place: &Place, now: Timestamp) -> Timestamp {
        match place.to {
            // A clock that was set back must not make us believe that we asked for the future.
            Some(to) => place.since.max(to.min(before(now, self.settle_ms))),
            None => place.since,
        }
    }

    fn is_too_old(&self, place: &Place, now: Timestamp) -> bool {
        let slack_ms = if place.to.is_none() {
            self.slack_ms()
        } else {
            0
        };
        after(self.known_until(place, now), slack_ms) < oldest(now)
    }

    /// Whether a combination is still to be asked in this round.
    fn is_pending(
        &self,
        place: Option<&Place>,
        state: &State,
        round: Timestamp,
        now: Timestamp,
    ) -> bool {
        let Some(place) = place else { return true };
        let target = before(round, self.settle_ms).min(state.until.unwrap_or(round));
        place.chain.is_some() || place.to.is_none_or(|to| to < target || to > now)
    }

    fn has_pending(&self, state: &State, round: Timestamp, now: Timestamp) -> bool {
        self.combinations.iter().any(|combination| {
            let place = state.combinations.get(&combination.name());
            self.is_pending(place, state, round, now)
        })
    }

    /// What `state` asks for at `now`, the server's time, with pages of `limit` events.
    ///
    /// The cursor and not the clock decides which combination it is, so that a run that was killed is followed by one that
    /// asks for the same page; only its end moves with the clock.
    pub fn plan(&self, state: &State, now: Timestamp, limit: u32) -> Plan {
        let round = state
            .round
            .map(|round| round.min(now))
            .filter(|round| self.has_pending(state, *round, now))
            .unwrap_or(now);
        let in_turn = || {
            let all = (0_u32..).zip(&self.combinations);
            let later = all.clone().filter(|(number, _)| *number >= state.turn);
            later.chain(all.filter(|(number, _)| *number < state.turn))
        };
        let is_pending = |(_, combination): &(u32, &Combination)| {
            let place = state.combinations.get(&combination.name());
            self.is_pending(place, state, round, now)
        };
        let (number, combination) = in_turn()
            .find(is_pending)
            .or_else(|| in_turn().next())
            .map(|(number, combination)| (number, combination.clone()))
            .unwrap_or_default();
        let place = self.place(state, &combination, now);
        let to = before(now, self.settle_ms).min(state.until.unwrap_or(now));
        let known = Plan {
            combination,
            number,
            ask: Ask::Link(String::new()),
            end: to,
            place,
            to,
            round,
            now,
            is_too_old: false,
        };
        match &known.place.chain {
            // A link has the page size with which its window was asked for. When pages are asked for smaller because one
            // was cut, the window is asked for again from what was delivered of it.
            Some(chain) if limit >= self.limit => Plan {
                ask: Ask::Link(chain.link.clone()),
                end: chain.window_to,
                to: chain.window_to.min(to),
                ..known
            },
            _ => {
                let overlap = match known.place.to {
                    Some(_) => before(self.known_until(&known.place, now), OVERLAP_MS),
                    None => Timestamp::default(),
                };
                let start = known.place.since.max(overlap).max(oldest(now));
                Plan {
                    ask: Ask::Window { start },
                    end: to.max(start),
                    is_too_old: self.is_too_old(&known.place, now),
                    ..known
                }
            }
        }
    }

    /// Whose turn it is after number `number`.
    fn turn_after(&self, number: u32) -> u32 {
        let next = number.saturating_add(1);
        if (next as usize) < self.combinations.len() {
            next
        } else {
            0
        }
    }

    /// How many events to ask a window for so that `limit` of them are new: those that were delivered come first. A smaller
    /// limit says how many were read of a page that was cut, and what is asked for instead should not end before them. How
    /// many come first is not known, one of them as a rule, and too many would be cut again.
    pub fn window_limit(&self, plan: &Plan, limit: u32) -> u32 {
        let delivered = u32::try_from(plan.place.seen.0.len()).unwrap_or(u32::MAX);
        limit
            .saturating_add(delivered.min(limit))
            .min(self.limit.max(limit))
    }
}
