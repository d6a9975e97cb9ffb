//! The API's rate limit: five requests in any minute.

use std::cell::RefCell;

use edgesiem_model::{Host, Timestamp};
use edgesiem_sources::akamai_security_monitor::TIMEOUT_MS;

/// Requests of any minute.
const REQUESTS: usize = 5;
const MINUTE_MS: u64 = 60_000;
/// Waits after one refusal, two and so on, if the API does not say how long; within the minute after which every place was free once.
const REFUSED_MS: [u64; 3] = [15_000, 15_000, 30_000];

/// When requests were sent. The server counts them when they arrive, which is between their sending and their answer: a request
/// leaves its place a minute after its answer.
pub(super) struct Pace {
    /// At most [`REQUESTS`], in no order.
    taken: RefCell<Vec<Place>>,
}

struct Place {
    number: u64,
    until: Timestamp,
    what: Fate,
}

/// What became of the request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    UnderWay,
    Answered,
    /// For the number of requests. Whether the API counts such a request too is not documented; here it is.
    Refused,
}

/// A request that is under way.
pub(super) struct Taken(u64);

impl Pace {
    pub(super) const fn new() -> Self {
        Self {
            taken: RefCell::new(Vec::new()),
        }
    }

    /// Takes a place for a request at `now`, or says when the next one becomes free.
    pub(super) fn take(&self, now: Timestamp) -> Result<Taken, Timestamp> {
        let mut taken = self.taken.borrow_mut();
        // A clock that was set back must not hold requests for longer than they can last.
        let latest = later(now, u64::from(TIMEOUT_MS).saturating_add(MINUTE_MS));
        for place in taken.iter_mut() {
            place.until = place.until.min(latest);
        }
        taken.retain(|place| place.until > now);
        if taken.len() >= REQUESTS {
            let next = taken.iter().map(|place| place.until).min();
            return Err(next.unwrap_or(now));
        }
        let number = taken
            .iter()
            .map(|place| place.number)
            .max()
            .map_or(0, |last| last.wrapping_add(1));
        // Also one that nobody waits for any more, as after a page was closed, becomes free.
        taken.push(Place {
            number,
            until: latest,
            what: Fate::UnderWay,
        });
        Ok(Taken(number))
    }

    /// The answer to a request came, or none will.
    pub(super) fn answered(&self, request: &Taken, now: Timestamp) {
        self.settle(request, now, Fate::Answered);
    }

    /// The API refused a request for the number of requests, the `times`th of one question. When to ask again, if it did not say:
    /// others use the same limit, and when they asked nobody knows, but a place becomes free when the first of ours leaves, at the
    /// latest. Asking sooner costs nothing, as there are never more than [`REQUESTS`] of ours in a minute.
    pub(super) fn refused(&self, request: &Taken, now: Timestamp, times: usize) -> Timestamp {
        self.settle(request, now, Fate::Refused);
        let wait_ms = REFUSED_MS
            .get(times.saturating_sub(1))
            .copied()
            .unwrap_or(MINUTE_MS);
        let taken = self.taken.borrow();
        let ours = taken.iter().filter(|place| place.what == Fate::Answered);
        let leaves = ours.map(|place| place.until).filter(|until| *until > now);
        let latest = later(now, wait_ms);
        leaves.min().map_or(latest, |leaves| leaves.min(latest))
    }

    fn settle(&self, request: &Taken, now: Timestamp, what: Fate) {
        let mut taken = self.taken.borrow_mut();
        if let Some(place) = taken.iter_mut().find(|place| place.number == request.0) {
            place.until = later(now, MINUTE_MS);
            place.what = what;
        }
    }
}

pub(super) fn later(at: Timestamp, millis: u64) -> Timestamp {
    at.shifted(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Waits until `until`, but no longer than the host lets it.
///
/// # Errors
/// Why the host wants it to end.
pub(super) async fn wait<H: Host>(host: &H, until: Timestamp) -> Result<(), &'static str> {
    /// A host may wake up early, because it is asked to end. One that always does so would keep everybody else from working.
    const MAX_WAKES: u32 = 1000;

    for _ in 0..MAX_WAKES {
        if let Some(reason) = host.must_end() {
            return Err(reason);
        }
        let left_ms = until.since_ms(host.now());
        if left_ms == 0 {
            return Ok(());
        }
        host.sleep(left_ms).await;
    }
    Err("the host does not wait as long as it is asked to")
}

#[cfg(test)]
mod tests {
    use edgesiem_model::Timestamp;

    use super::{MINUTE_MS, Pace, TIMEOUT_MS};

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000_u64.saturating_add(millis))
    }

    #[test]
    fn a_place_becomes_free_a_minute_after_the_answer() {
        let pace = Pace::new();
        for number in 0..5 {
            let taken = pace.take(at(number)).ok().unwrap();
            pace.answered(&taken, at(1000 + number));
        }
        let free_at = 1000 + MINUTE_MS;
        assert_eq!(pace.take(at(2000)).err(), Some(at(free_at)));
        assert_eq!(pace.take(at(free_at - 1)).err(), Some(at(free_at)));
        assert!(pace.take(at(free_at)).is_ok());
        assert_eq!(pace.take(at(free_at)).err(), Some(at(free_at + 1)));
    }

    #[test]
    fn requests_that_overlap_share_the_places_and_lost_ones_give_theirs_back() {
        let pace = Pace::new();
        let given_up = u64::from(TIMEOUT_MS) + MINUTE_MS;
        let taken: Vec<_> = (0..5).map(|_| pace.take(at(0)).ok().unwrap()).collect();
        assert_eq!(pace.take(at(1)).err(), Some(at(given_up)));
        pace.answered(&taken[3], at(10));
        assert_eq!(pace.take(at(11)).err(), Some(at(10 + MINUTE_MS)));
        assert!(pace.take(at(10 + MINUTE_MS)).is_ok());
        // Nobody waits for the other four any more.
        let free = (0..6).filter(|_| pace.take(at(given_up)).is_ok()).count();
        assert_eq!(free, 4);
    }

    #[test]
    fn after_a_refusal_it_is_asked_again_within_a_minute_or_when_the_first_of_ours_leaves() {
        let pace = Pace::new();
        let first = pace.take(at(0)).ok().unwrap();
        pace.answered(&first, at(1000));
        let free_at = 1000 + MINUTE_MS;
        for (times, now, expected) in [
            (1, 2000, 17_000),
            (2, 17_000, 32_000),
            (3, 32_000, free_at),
            (4, free_at, free_at + MINUTE_MS),
        ] {
            let taken = pace.take(at(now)).ok().unwrap();
            assert_eq!(
                pace.refused(&taken, at(now), times),
                at(expected),
                "{times}"
            );
        }
        // Those that were refused keep their places.
        let late = free_at + 1;
        assert!(pace.take(at(late)).is_ok());
        assert_eq!(pace.take(at(late)).err(), Some(at(2000 + MINUTE_MS)));
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_for_longer_than_a_request_lasts() {
        let pace = Pace::new();
        let year_ms = 365 * 86_400_000;
        for _ in 0..5 {
            let taken = pace.take(at(year_ms)).ok().unwrap();
            pace.answered(&taken, at(year_ms));
        }
        let free_at = u64::from(TIMEOUT_MS) + MINUTE_MS;
        assert_eq!(pace.take(at(0)).err(), Some(at(free_at)));
        assert!(pace.take(at(free_at)).is_ok());
    }
}
