//! What a query names, with what is known of it from where it stands.

use super::query::{Filter, IdOrName, Kind, Query};

/// Something that a query names.
pub(super) struct Asked<'q> {
    pub(super) key: String,
    pub(super) by: &'q IdOrName,
    /// What it must be.
    pub(super) kind: Option<Kind>,
    /// What it rather is, if it could be both.
    pub(super) rather: Option<Kind>,
}

impl<'q> Asked<'q> {
    pub(super) fn by_filter(number: usize, filter: &'q Filter) -> Self {
        Self {
            key: format!("filters[{number}].by"),
            by: &filter.by,
            kind: filter.kind,
            rather: Kind::of_condition(&filter.condition),
        }
    }
}

/// All that a query names: dimensions, metrics, filters and sorts, in this order.
pub(super) fn asked(query: &Query) -> Vec<Asked<'_>> {
    let mut asked = Vec::new();
    for (list, kind, items) in [
        ("dimensions", Kind::Dimension, &query.dimensions),
        ("metrics", Kind::Metric, &query.metrics),
    ] {
        for (number, by) in items.iter().enumerate() {
            asked.push(Asked {
                key: format!("{list}[{number}]"),
                by,
                kind: Some(kind),
                rather: None,
            });
        }
    }
    for (number, filter) in query.filters.iter().enumerate() {
        asked.push(Asked::by_filter(number, filter));
    }
    for (number, sort) in query.sort.iter().enumerate() {
        asked.push(Asked {
            key: format!("sort[{number}].by"),
            by: &sort.by,
            kind: sort.kind,
            rather: None,
        });
    }
    asked
}
