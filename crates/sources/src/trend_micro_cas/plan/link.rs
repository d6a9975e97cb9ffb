//! Links from one page of a window to the next.

use edgesiem_model::Incomplete;

use super::super::cursor::{Chain, Mark, Seen, State};
use super::super::item::mark;
use super::{Plan, Read, Rules};

/// Pages without an event that may follow each other in one window.
const MAX_EMPTY: u32 = 100;
/// When so many links in a row were refused, and nothing between them brought the combination further, somebody must do
/// something about it.
const MOST_LOST: u32 = 3;

fn mark_of_link(link: &str) -> Mark {
    mark(b"link", link.as_bytes())
}

impl Plan {
    /// Whether the links of a combination are refused again and again before they can be followed, its windows bringing it
    /// no further, if the one that is asked for is refused too.
    pub fn stands_still(&self) -> bool {
        self.place.lost_links.saturating_add(1) >= MOST_LOST
    }
}

impl Rules {
    /// The same cursor without the link that `plan` follows: its window is asked for again from the newest delivered
    /// event on. If that has not helped before, others have their turn first.
    pub fn without_link(&self, state: &State, plan: &Plan) -> State {
        let mut next = state.clone();
        if let Some(place) = next.combinations.get_mut(&plan.combination.name()) {
            place.chain = None;
            place.lost_links = place.lost_links.saturating_add(1);
            place.hurries = !plan.stands_still();
        }
        if plan.stands_still() {
            next.turn = self.turn_after(plan.number);
        }
        next
    }
}

/// The chain after the page, if it goes on. No link may lead back, and there must be events now and then.
pub(super) fn next_chain(plan: &Plan, page: &Read) -> Result<Option<Chain>, Incomplete> {
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
