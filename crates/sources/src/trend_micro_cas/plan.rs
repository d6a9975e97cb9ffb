//! What is asked for next, and what the answer makes of the cursor: functions of the cursor and the clock, and of nothing else.

use std::collections::VecDeque;

use edgesiem_model::{Cursor, Error, ErrorKind, Gap, Incomplete, Recovery, Timestamp};
use serde_json::json;

use super::cursor::{Chain, Mark, Place, Seen, State};

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
/// So many marks are kept for as long as no newer event comes.
const KEPT_SEEN: usize = 64;
/// More are forgotten after this time without a newer event, and what came with them is not asked for again.
const QUIET_MS: u64 = 10 * MINUTE_MS;
/// Pages without an event that may follow each other in one window.
const MAX_EMPTY: u32 = 100;
/// Events that were detected within a replay's window may have been generated so long after it. The pipeline ends a
/// replay at a page whose events are all later.
const LATENESS_MS: u64 = 15 * MINUTE_MS;

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

impl Plan {
    /// The window whose next page is asked for.
    fn chain(&self) -> Option<&Chain> {
        match self.ask {
            Ask::Link(_) => self.place.chain.as_ref(),
            Ask::Window { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// From here to the plan's end.
    Window { start: Timestamp },
    /// Path and query that the page before gave.
    Link(String),
}

impl Plan {
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

fn mark_of_link(link: &str) -> Mark {
    super::item::mark(b"link", link.as_bytes())
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

    /// How many events to ask a window for so that `limit` of them are new: those that were delivered come first. A smaller
    /// limit says how many were read of a page that was cut, and what is asked for instead should not end before them. How
    /// many come first is not known, one of them as a rule, and too many would be cut again.
    pub fn window_limit(&self, plan: &Plan, limit: u32) -> u32 {
        let delivered = u32::try_from(plan.place.seen.0.len()).unwrap_or(u32::MAX);
        limit
            .saturating_add(delivered.min(limit))
            .min(self.limit.max(limit))
    }

    /// The cursor after the page that `plan` asked for, and whether there is more to ask for in this round.
    ///
    /// # Errors
    /// [`Incomplete`] if the page cannot be gone on from.
    pub fn advance(
        &self,
        state: &State,
        plan: &Plan,
        page: Read,
    ) -> Result<(State, bool), Incomplete> {
        let mut place = plan.place.clone();
        let chain = next_chain(plan, &page)?;
        let last = believed(plan, &page);
        let newest = newest_of_unordered(plan, last);
        match (newest, last) {
            (Some(newest), _) => {
                remember(&mut place.seen, page.marks);
                place.since = match plan.chain() {
                    Some(used) if chain.is_some() => used.began,
                    _ => newest,
                };
            }
            (None, Some(last)) if last > place.since => {
                place.since = last;
                place.seen = Seen(page.marks.into());
            }
            // As old as what was delivered before, or told in whole seconds.
            (None, Some(_)) => remember(&mut place.seen, page.marks),
            (None, None) if page.new == 0 => {}
            // Nothing but the window's end tells how far it went.
            (None, None) if chain.is_none() => {
                place.since = place.since.max(plan.end);
                match plan.chain() {
                    None => place.seen = Seen(page.marks.into()),
                    // The pages before may have had events of the window's end too.
                    Some(_) => remember(&mut place.seen, page.marks),
                }
            }
            (None, None) => remember(&mut place.seen, page.marks),
        }
        if chain.is_none() && is_doubtful_end(plan, page.events) {
            // The window is not known to be read whole, and goes on from the newest event that it gave.
        } else if chain.is_none() {
            place.to = Some(plan.to);
            if place.seen.0.len() > KEPT_SEEN && after(place.since, QUIET_MS) <= plan.end {
                place.since = after(place.since, GRAIN_MS);
                place.seen = Seen::default();
            }
        }
        place.hurries &= chain.is_some();
        place.chain = chain.map(|chain| Chain { newest, ..chain });
        Ok(self.committed(state, plan, place))
    }

    fn committed(&self, state: &State, plan: &Plan, place: Place) -> (State, bool) {
        let mut next = State {
            from: None,
            until: state.until,
            round: Some(plan.round),
            turn: plan.number.saturating_add(u32::from(!place.stays())),
            combinations: state.combinations.clone(),
        };
        for combination in &self.combinations {
            next.combinations
                .entry(combination.name())
                .or_insert_with(|| self.place(state, combination, plan.now));
        }
        if next.turn as usize >= self.combinations.len() {
            next.turn = 0;
        }
        next.combinations.insert(plan.combination.name(), place);
        self.tidy(&mut next, plan.now);
        let more = self.has_pending(&next, plan.round, plan.now);
        (next, more)
    }

    /// Of combinations that are no longer configured, nothing can come twice that can no longer be asked for.
    fn tidy(&self, state: &mut State, now: Timestamp) {
        let configured: Vec<String> = self.combinations.iter().map(Combination::name).collect();
        for (name, place) in &mut state.combinations {
            if !configured.contains(name) && self.known_until(place, now) < oldest(now) {
                place.seen = Seen::default();
                place.chain = None;
            }
        }
    }

    /// The same cursor without the link that `plan` follows: its window is asked for again from the newest delivered
    /// event on.
    pub fn without_link(state: &State, plan: &Plan) -> State {
        let mut next = state.clone();
        if let Some(place) = next.combinations.get_mut(&plan.combination.name()) {
            place.chain = None;
            place.hurries = true;
        }
        next
    }

    /// Goes on at the oldest time that may be asked for, with every combination that was not asked for too long.
    pub fn recover(
        &self,
        lost: &Cursor,
        last_event_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Recovery {
        let state = State::read(lost).unwrap_or_default();
        let mut next = state.clone();
        let mut moved = Vec::new();
        let begin = oldest(now);
        for combination in &self.combinations {
            let place = self.place(&state, combination, now);
            if self.is_too_old(&place, now) {
                moved.push((combination.name(), self.known_until(&place, now)));
                next.combinations
                    .insert(combination.name(), beginning_at(begin));
            }
        }
        let (resumed_from, reason) = if moved.is_empty() {
            self.step_forward(&state, &mut next, now)
        } else {
            // Some are asked for a round later, when a little more is past the retention.
            let resumed_from = after(begin, self.slack_ms());
            (resumed_from, too_old(&moved, resumed_from))
        };
        Recovery {
            cursor: next.to_cursor(),
            gap: Gap {
                detected_at: now,
                reason,
                lost: lost.clone(),
                last_event_at,
                resumed_from,
            },
        }
    }

    /// A beginning within the retention was refused: the server's clock must differ from ours. Asking for the same again
    /// would be refused again, so each step is longer than the one before.
    fn step_forward(&self, state: &State, next: &mut State, now: Timestamp) -> (Timestamp, String) {
        // Smaller than any page: the window and not the link.
        let plan = self.plan(state, now, 0);
        let start = match plan.ask {
            Ask::Window { start } => start,
            Ask::Link(_) => oldest(now),
        };
        let passed_ms = start.since_ms(oldest(now));
        let step_ms = passed_ms.saturating_mul(2).max(HOUR_MS);
        let begin = after(start, step_ms).min(plan.to.max(start));
        let name = plan.combination.name();
        let reason = format!(
            "the source refused to give the events of {name} from {start} on: those before {begin} may be missing. \
             Check this host's clock"
        );
        next.combinations.insert(name, beginning_at(begin));
        (begin, reason)
    }

    /// Every combination over a range that somebody asked for.
    pub fn since(
        &self,
        from: Timestamp,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<State, Error> {
        let earliest = after(oldest(now), self.slack_ms());
        let latest = before(now, self.settle_ms);
        let begin = format!("begin no earlier than {earliest} and no later than {latest}");
        let refuse = |reason: &str, user_action: String| {
            let error =
                Error::new(ErrorKind::Config, reason, user_action).with("from", from.to_rfc3339());
            Err(match to {
                Some(to) => error.with("to", to.to_rfc3339()),
                None => error,
            })
        };
        if from < earliest {
            return refuse("the source no longer has events that old", begin);
        }
        if from > latest {
            return refuse("the beginning lies in the future", begin);
        }
        if to.is_some_and(|to| to <= from) {
            return refuse(
                "the end is not after the beginning",
                format!("end later than {from}"),
            );
        }
        Ok(State {
            from: Some(from),
            until: to.map(|to| after(to, LATENESS_MS)),
            ..State::default()
        })
    }
}

fn beginning_at(since: Timestamp) -> Place {
    Place {
        since,
        ..Place::default()
    }
}

fn too_old(moved: &[(String, Timestamp)], resumed_from: Timestamp) -> String {
    const NAMED: usize = 5;
    let names: Vec<&str> = moved
        .iter()
        .take(NAMED)
        .map(|(name, _)| name.as_str())
        .collect();
    let others = match moved.len().saturating_sub(NAMED) {
        0 => String::new(),
        others => format!(" and {others} others"),
    };
    let known = moved.iter().map(|(_, known)| *known).min();
    format!(
        "{}{others} were not asked for longer than the source keeps events: those from {} to {resumed_from} may be missing",
        names.join(", "),
        known.unwrap_or_default()
    )
}

fn remember(seen: &mut Seen, marks: VecDeque<Mark>) {
    let known: std::collections::BTreeSet<Mark> = seen.0.iter().copied().collect();
    let new = marks.into_iter().filter(|mark| !known.contains(mark));
    seen.0.extend(new);
    let too_many = seen.0.len().saturating_sub(MAX_SEEN);
    seen.0.drain(..too_many);
}

/// Whether a window ends with a link that led to nothing, after pages of it that had new events. Then the server may have
/// forgotten what the link stood for. As every page before brought the window's beginning forward, asking again comes to an end.
fn is_doubtful_end(plan: &Plan, events: u64) -> bool {
    events == 0
        && plan
            .chain()
            .is_some_and(|used| plan.place.since > used.began)
}

/// How far the page says that it goes, if that can be.
fn believed(plan: &Plan, page: &Read) -> Option<Timestamp> {
    let last = page.last.filter(|_| page.events > 0)?;
    let is_old = after(last, GRAIN_MS) < plan.place.since;
    // Nothing is as late that was asked for, and a window does not begin before its beginning.
    if last > after(plan.end, GRAIN_MS) || (is_old && plan.chain().is_none()) {
        return None;
    }
    Some(last.min(plan.end))
}

/// When the newest event of the window was generated, if its pages are not in the order of their events. Those who read the API by
/// the time of the last event rely on that order; without it, only the whole window says up to when everything is delivered.
fn newest_of_unordered(plan: &Plan, last: Option<Timestamp>) -> Option<Timestamp> {
    let used = plan.chain()?;
    let goes_back = last.is_some_and(|last| after(last, GRAIN_MS) < plan.place.since);
    let newest = used.newest.or(goes_back.then_some(plan.place.since))?;
    Some(newest.max(last.unwrap_or(newest)))
}

/// The chain after the page, if it goes on. No link may lead back, and there must be events now and then.
fn next_chain(plan: &Plan, page: &Read) -> Result<Option<Chain>, Incomplete> {
    let Some(link) = &page.link else {
        return Ok(None);
    };
    let used = plan.chain();
    let mark = mark_of_link(link);
    let returns = |chain: &Chain| chain.link == *link || chain.mark.0.contains(&mark);
    if used.is_some_and(returns) {
        return Err(Incomplete(
            "the page's next_link leads to a page that was already read".to_owned(),
        ));
    }
    let links = used.map_or(0, |chain| chain.links).saturating_add(1);
    let empty = match page.events {
        0 => used.map_or(0, |chain| chain.empty).saturating_add(1),
        _ => 0,
    };
    if empty > MAX_EMPTY {
        return Err(Incomplete(format!(
            "{MAX_EMPTY} pages without an event follow each other, and there is yet another link"
        )));
    }
    Ok(Some(Chain {
        link: link.clone(),
        window_to: plan.end,
        began: used.map_or(plan.place.since, |chain| chain.began),
        newest: None,
        links,
        empty,
        // One link of two, four, eight, … is remembered: every circle, however long, comes back to one of them
        // (Brent, "An improved Monte Carlo factorization algorithm", 1980).
        mark: match used {
            Some(chain) if !links.is_power_of_two() => chain.mark.clone(),
            _ => Seen(vec![mark]),
        },
    }))
}
