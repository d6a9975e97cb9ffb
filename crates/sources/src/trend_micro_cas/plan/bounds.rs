//! How large a cursor may become.
//!
//! | what | at most | bytes as JSON |
//! |---|---|---|
//! | marks of all combinations together | [`MAX_MARKS`] | 350,000 |
//! | links, one for each of 200 combinations | [`MAX_LINK_BYTES`](super::super::page::MAX_LINK_BYTES) each | 410,000 |
//! | names, times and numbers of 200 combinations | | 90,000 |
//! | combinations that are no longer configured | [`MAX_REMEMBERED`] | 10,000 |
//!
//! So it stays below 1 MB, and a store may keep two in one row of 2 MB: where the stream stands, and the page that was begun.

use std::collections::BTreeSet;

use edgesiem_model::Timestamp;

use super::super::cursor::{Seen, State};
use super::{Combination, HOUR_MS, Rules, after, oldest};

/// Most marks of all combinations together. Those that have many share what is left by the others, and forget their oldest
/// ones first: what is forgotten may come twice, and is not lost.
const MAX_MARKS: usize = 16_384;
/// A combination that is no longer configured is remembered for so long after its last window,
const REMEMBERED_MS: u64 = 30 * 24 * HOUR_MS;
/// and no more of them than so many, those that were asked last.
const MAX_REMEMBERED: usize = 50;

impl Rules {
    pub(super) fn bound(&self, state: &mut State, now: Timestamp) {
        self.forget_others(state, now);
        share_marks(state);
    }

    /// Of combinations that are no longer configured, nothing can come twice that can no longer be asked for.
    fn forget_others(&self, state: &mut State, now: Timestamp) {
        let configured: BTreeSet<String> =
            self.combinations.iter().map(Combination::name).collect();
        let mut others = Vec::new();
        for (name, place) in &mut state.combinations {
            if configured.contains(name) {
                continue;
            }
            let known_until = self.known_until(place, now);
            // Its window can be asked for again, and nobody keeps a link for so long.
            place.chain = None;
            place.hurries = false;
            if known_until < oldest(now) {
                place.seen = Seen::default();
            }
            others.push((known_until, name.clone()));
        }
        others.sort_unstable_by(|one, other| other.cmp(one));
        for (rank, (known_until, name)) in others.iter().enumerate() {
            if rank >= MAX_REMEMBERED || after(*known_until, REMEMBERED_MS) < now {
                state.combinations.remove(name);
            }
        }
    }
}

fn share_marks(state: &mut State) {
    let seen = state.combinations.values();
    let mut lengths: Vec<usize> = seen.map(|place| place.seen.0.len()).collect();
    lengths.sort_unstable();
    let (mut left, mut places) = (MAX_MARKS, lengths.len());
    let mut most = MAX_MARKS;
    for length in lengths {
        let share = left.checked_div(places).unwrap_or(0);
        if length > share {
            most = share;
            break;
        }
        left = left.saturating_sub(length);
        places = places.saturating_sub(1);
    }
    for place in state.combinations.values_mut() {
        let too_many = place.seen.0.len().saturating_sub(most);
        place.seen.0.drain(..too_many);
    }
}
