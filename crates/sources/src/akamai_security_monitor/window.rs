//! The window of a report, and which data stores allow it.

use edgesiem_model::printable;

use super::minute::Minute;
use super::names::Candidate;
use super::query::Query;
use super::rules::Broken;
use super::wire::DataStore;
use super::wording::{SHOWN, listed, shown_store};

/// A report covers less than this.
const MAX_WINDOW_MINUTES: i64 = 240;

/// Beginning and end, if both can be read; what is wrong with them is told.
pub(super) fn window(query: &Query, broken: &mut Broken) -> Option<(Minute, Minute)> {
    let mut minute = |key, text: &str| {
        let minute = Minute::parse(text);
        if minute.is_none() {
            broken.rule(
                key,
                &format!("`{}` is no minute", printable(text, SHOWN)),
                "write MM/dd/yyyy:HH:mm or yyyy-MM-ddTHH:mm, in the report pack's time zone and without naming it",
            );
        }
        minute
    };
    let (start, end) = (minute("start", &query.start), minute("end", &query.end));
    let (start, end) = (start?, end?);
    let minutes = end.since(start);
    if minutes <= 0 {
        broken.rule("end", "the end is not after the start", "set a later end");
    } else if minutes >= MAX_WINDOW_MINUTES {
        broken.rule(
            "end",
            &format!("a report covers less than four hours, and these are {minutes} minutes"),
            "end at most 239 minutes after the start, and ask for the rest in another report",
        );
    }
    Some((start, end))
}

/// Those of the stores that have all that is asked for which allow the window. They give the same ids, so it does not matter
/// which of them the API takes.
pub(super) fn fitting<'a>(
    candidates: Vec<Candidate<'a>>,
    minutes: Option<(Minute, Minute)>,
    broken: &mut Broken,
) -> Vec<Candidate<'a>> {
    let stores: Vec<&DataStore> = candidates.iter().map(|candidate| candidate.store).collect();
    if too_long(&stores, minutes, broken) {
        return candidates;
    }
    let is_allowed = |candidate: &Candidate<'_>| allows(candidate.store, minutes);
    candidates.into_iter().filter(is_allowed).collect()
}

/// Whether none of the stores allows the window; there may be no store.
pub(super) fn too_long(
    stores: &[&DataStore],
    minutes: Option<(Minute, Minute)>,
    broken: &mut Broken,
) -> bool {
    let Some((start, end)) = minutes else {
        return false;
    };
    if stores.is_empty() || stores.iter().any(|store| allows(store, minutes)) {
        return false;
    }
    let most: Vec<String> = stores
        .iter()
        .filter_map(|store| {
            let most = store.max_query_duration_in_minutes?;
            Some(format!("{} allows {most}", shown_store(store)))
        })
        .collect();
    broken.rule(
        "end",
        &format!(
            "{} minutes are more than the data store allows at once: {}",
            end.since(start),
            listed(&most)
        ),
        "ask for a shorter window",
    );
    true
}

fn allows(store: &DataStore, minutes: Option<(Minute, Minute)>) -> bool {
    let (Some(most), Some((start, end))) = (store.max_query_duration_in_minutes, minutes) else {
        return true;
    };
    end.since(start) <= i64::try_from(most).unwrap_or(i64::MAX)
}
