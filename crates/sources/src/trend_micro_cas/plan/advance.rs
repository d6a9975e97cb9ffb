//! What a page makes of the cursor.

use std::collections::{BTreeSet, VecDeque};

use edgesiem_model::{Incomplete, Timestamp};

use super::super::cursor::{Chain, Mark, Place, Seen, State};
use super::link::next_chain;
use super::{GRAIN_MS, MAX_SEEN, MINUTE_MS, Plan, Read, Rules, after, before};

/// So many marks are kept for as long as no newer event comes.
const KEPT_SEEN: usize = 64;
/// More are forgotten after this time without a newer event, and what came with them is not asked for again.
const QUIET_MS: u64 = 10 * MINUTE_MS;
/// An answer that does not tell generation times says nothing about how far it goes but that it goes to the window's end, by our
/// clock if it has no `Date` either. So far before that the next window begins: a clock that is no further ahead loses nothing.
const UNTOLD_MS: u64 = 10 * MINUTE_MS;

impl Rules {
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
            (None, None) if chain.is_none() && page.events > 0 => {
                place.since = place.since.max(before(plan.end, UNTOLD_MS));
                match plan.chain() {
                    None => place.seen = Seen(page.marks.into()),
                    // The pages before had events of these minutes too.
                    Some(_) => remember(&mut place.seen, page.marks),
                }
            }
            (None, None) => remember(&mut place.seen, page.marks),
        }
        // A window that ends doubtfully is not known to be read whole, and goes on from the newest event that it gave.
        let is_read_whole = chain.is_none() && !is_doubtful_end(plan, page.events);
        if is_read_whole {
            place.to = Some(plan.to);
            let is_told = last.is_some() || (page.events == 0 && plan.chain().is_none());
            let is_quiet = after(place.since, QUIET_MS) <= plan.end;
            if place.seen.0.len() > KEPT_SEEN && is_told && is_quiet {
                place.since = after(place.since, GRAIN_MS);
                place.seen = Seen::default();
            }
        }
        let is_further = is_read_whole
            || place.since > plan.place.since
            || (plan.chain().is_some() && page.new > 0);
        if is_further {
            place.lost_links = 0;
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
            turn: if place.stays() {
                plan.number
            } else {
                self.turn_after(plan.number)
            },
            combinations: state.combinations.clone(),
        };
        for combination in &self.combinations {
            next.combinations
                .entry(combination.name())
                .or_insert_with(|| self.place(state, combination, plan.now));
        }
        next.combinations.insert(plan.combination.name(), place);
        self.bound(&mut next, plan.now);
        let more = self.has_pending(&next, plan.round, plan.now);
        (next, more)
    }
}

fn remember(seen: &mut Seen, marks: VecDeque<Mark>) {
    let known: BTreeSet<Mark> = seen.0.iter().copied().collect();
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
