//! Which data store a query means, and which ids its names stand for there.

use std::collections::BTreeMap;

use edgesiem_model::printable;

use super::asked::{Asked, asked};
use super::query::{IdOrName, Kind, Query, folded};
use super::rules::Broken;
use super::wire::{DataStore, Field};
use super::wording::{SHOWN, first_of, listed, once, shown, shown_store};

/// A dimension or metric of a data store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) id: u64,
}

/// A data store that has all that a query names.
pub(super) struct Candidate<'a> {
    pub(super) store: &'a DataStore,
    pub(super) dimensions: Vec<u64>,
    pub(super) metrics: Vec<u64>,
    pub(super) filters: Vec<Found>,
    pub(super) sort: Vec<Found>,
}

/// The data stores of a pack, by what people call their dimensions and metrics.
pub(super) struct Names<'a>(Vec<NamesOf<'a>>);

struct NamesOf<'a> {
    store: &'a DataStore,
    ids: BTreeMap<u64, Vec<Kind>>,
    names: BTreeMap<String, Vec<Found>>,
}

/// The data stores that a query may be about.
#[derive(Default)]
pub(super) struct Meant<'n, 'a>(Vec<&'n NamesOf<'a>>);

impl<'a> Names<'a> {
    pub(super) fn of(stores: &'a [DataStore]) -> Self {
        Self(stores.iter().map(NamesOf::new).collect())
    }

    /// The store that the query names, or all of them.
    pub(super) fn meant(&self, query: &Query, broken: &mut Broken) -> Option<Meant<'_, 'a>> {
        let Some(wanted) = &query.store else {
            return Some(Meant(self.0.iter().collect()));
        };
        let is_meant =
            |names: &&NamesOf<'a>| wanted.means(names.store.id, names.store.name.as_deref());
        let meant: Vec<&NamesOf<'a>> = self.0.iter().filter(is_meant).collect();
        if meant.len() == 1 {
            return Some(Meant(meant));
        }
        let known: Vec<String> = self
            .0
            .iter()
            .map(|names| shown_store(names.store))
            .collect();
        let message = if meant.is_empty() {
            format!("the pack has no data store {}", shown(wanted))
        } else {
            format!("{} is the name of several data stores", shown(wanted))
        };
        broken.rule(
            "store",
            &message,
            &format!("use the id of one of: {}", listed(&known)),
        );
        // What no store has at all is wrong whichever is meant.
        Meant(self.0.iter().collect()).know(&asked(query), broken);
        None
    }
}

impl<'a> Meant<'_, 'a> {
    pub(super) fn stores(&self) -> Vec<&'a DataStore> {
        self.0.iter().map(|names| names.store).collect()
    }

    /// What each filter is by, where all stores that know its name agree on it.
    pub(super) fn kinds_of_filters(&self, query: &Query) -> Vec<Option<Kind>> {
        let filters = query.filters.iter().enumerate();
        filters
            .map(|(number, filter)| {
                let item = Asked::by_filter(number, filter);
                let mut found = self.0.iter().flat_map(|names| names.find(&item));
                let first = found.next()?.kind;
                found.all(|it| it.kind == first).then_some(first)
            })
            .collect()
    }

    /// Whether each of what is asked for is in some store.
    fn know(&self, asked: &[Asked<'_>], broken: &mut Broken) -> bool {
        let mut are_known = true;
        for item in asked {
            if self.0.iter().all(|names| names.find(item).is_empty()) {
                are_known = false;
                let what = item.kind.map_or("dimension or metric", Kind::as_str);
                let known = self.0.iter().flat_map(|names| names.known(item.kind));
                broken.rule(
                    &item.key,
                    &format!("no data store of the pack has a {what} {}", shown(item.by)),
                    &format!("use one of: {}", once(known)),
                );
            }
        }
        are_known
    }

    /// The data stores that have all that `query` names; `None` after a problem.
    pub(super) fn choose(&self, query: &Query, broken: &mut Broken) -> Option<Vec<Candidate<'a>>> {
        let asked = asked(query);
        let meant = &self.0;
        if asked.is_empty() {
            return None;
        }
        if meant.is_empty() {
            broken.rule(
                "pack",
                "the report pack has no data store",
                "choose another; the operation report-packs lists them",
            );
            return None;
        }
        if !self.know(&asked, broken) {
            return None;
        }
        let complete =
            |names: &&&NamesOf<'a>| asked.iter().all(|item| !names.find(item).is_empty());
        let complete: Vec<&NamesOf<'a>> = meant.iter().filter(complete).copied().collect();
        let Some(first) = complete.first() else {
            broken.rule(
                first_key(query),
                &format!(
                    "what is asked for is in different data stores, which cannot be combined: {}",
                    has_what(meant, &asked)
                ),
                "ask for a report of each store",
            );
            return None;
        };
        let mut is_clear = true;
        for item in &asked {
            if let [_, _, ..] = first.find(item).as_slice() {
                is_clear = false;
                ambiguous(item, &first.find(item), broken);
            }
        }
        let found = |names: &NamesOf<'a>| -> Vec<Vec<Found>> {
            asked.iter().map(|item| names.find(item)).collect()
        };
        let same = found(first);
        if is_clear && complete.iter().any(|names| found(names) != same) {
            is_clear = false;
            broken.rule(
                "store",
                &format!(
                    "several data stores have all that is asked for, under different ids: {}",
                    has_what(&complete, &asked)
                ),
                "set store to the id of one of them",
            );
        }
        is_clear.then(|| {
            complete
                .iter()
                .map(|names| names.candidate(query, &asked))
                .collect()
        })
    }
}

impl<'a> NamesOf<'a> {
    fn new(store: &'a DataStore) -> Self {
        let mut names = Self {
            store,
            ids: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        names.add(Kind::Dimension, &store.dimensions);
        names.add(Kind::Metric, &store.metrics);
        names
    }

    fn add(&mut self, kind: Kind, fields: &[Field]) {
        for field in fields {
            let id = field.id;
            let kinds = self.ids.entry(id).or_default();
            if kinds.contains(&kind) {
                continue;
            }
            kinds.push(kind);
            if let Some(name) = &field.name {
                self.names
                    .entry(folded(name))
                    .or_default()
                    .push(Found { kind, id });
            }
        }
    }

    /// What `item` may mean here.
    fn find(&self, item: &Asked<'_>) -> Vec<Found> {
        let found = match (item.by.id(), item.by) {
            (Some(id), _) => {
                let kinds = self.ids.get(&id).into_iter().flatten();
                kinds.map(|kind| Found { kind: *kind, id }).collect()
            }
            (None, IdOrName::Text(name)) => {
                self.names.get(&folded(name)).cloned().unwrap_or_default()
            }
            (None, IdOrName::Id(_)) => Vec::new(),
        };
        let of = |kind: Kind| -> Vec<Found> {
            found.iter().filter(|it| it.kind == kind).copied().collect()
        };
        if let Some(kind) = item.kind {
            return of(kind);
        }
        match item.rather.map(of) {
            Some(rather) if !rather.is_empty() => rather,
            _ => found,
        }
    }

    /// Names of its dimensions, its metrics or both.
    fn known(&self, kind: Option<Kind>) -> Vec<String> {
        let lists = [
            (Kind::Dimension, &self.store.dimensions),
            (Kind::Metric, &self.store.metrics),
        ];
        let of_kind = lists
            .into_iter()
            .filter(|(its, _)| kind.is_none_or(|kind| kind == *its));
        of_kind
            .flat_map(|(_, fields)| fields)
            .map(|field| match &field.name {
                Some(name) => format!("{} ({})", printable(name, SHOWN), field.id),
                None => field.id.to_string(),
            })
            .collect()
    }

    /// Which of what is asked for it has.
    fn has(&self, asked: &[Asked<'_>]) -> String {
        let mut has = Vec::new();
        for item in asked {
            for found in self.find(item) {
                let text = match item.by.id() {
                    Some(id) => id.to_string(),
                    None => format!("{} ({})", shown(item.by), found.id),
                };
                if !has.contains(&text) {
                    has.push(text);
                }
            }
        }
        let has = if has.is_empty() {
            "none of it".to_owned()
        } else {
            listed(&has)
        };
        format!("{} has {has}", shown_store(self.store))
    }

    fn candidate(&self, query: &Query, asked: &[Asked<'_>]) -> Candidate<'a> {
        let mut found = asked
            .iter()
            .filter_map(|item| self.find(item).first().copied());
        let mut ids =
            |count: usize| -> Vec<u64> { found.by_ref().take(count).map(|it| it.id).collect() };
        let (dimensions, metrics) = (ids(query.dimensions.len()), ids(query.metrics.len()));
        Candidate {
            store: self.store,
            dimensions,
            metrics,
            filters: found.by_ref().take(query.filters.len()).collect(),
            sort: found.collect(),
        }
    }
}

/// Which store has what.
fn has_what(stores: &[&NamesOf<'_>], asked: &[Asked<'_>]) -> String {
    first_of(stores, "; ", |names| names.has(asked))
}

fn ambiguous(item: &Asked<'_>, found: &[Found], broken: &mut Broken) {
    let is_both = found.iter().any(|it| it.kind == Kind::Dimension)
        && found.iter().any(|it| it.kind == Kind::Metric);
    let which: Vec<String> = found
        .iter()
        .map(|it| format!("{} {}", it.kind.as_str(), it.id))
        .collect();
    let message = format!("{} can be several: {}", shown(item.by), listed(&which));
    let action = if is_both {
        "set type to dimension or metric beside it"
    } else {
        "use the id"
    };
    broken.rule(&item.key, &message, action);
}

/// The key that names what was asked for first.
const fn first_key(query: &Query) -> &'static str {
    if query.dimensions.is_empty() {
        "metrics"
    } else {
        "dimensions"
    }
}
