//! What the API allows, checked before anything is sent: every broken rule is named with its key.

use edgesiem_model::printable;

use super::conditions::{self, FilterParam};
use super::minute::Minute;
use super::names::{Candidate, Found, Names};
use super::query::{Aggregation, IdOrName, MAX_LIMIT, Order, Problem, Query};
use super::window::{fitting, too_long, window};
use super::wire::DataStore;
use super::wording::{SHOWN, listed, shown};

const MAX_DIMENSIONS: usize = 2;
/// Of metrics, filters, sorts and values each. The API names no limit; an address has one.
pub(super) const MAX_ITEMS: usize = 100;

/// A report in the API's own terms.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub(super) start: Minute,
    pub(super) end: Minute,
    pub(super) aggregation: Option<String>,
    pub(super) dimensions: Vec<u64>,
    pub(super) metrics: Vec<u64>,
    pub(super) filters: Vec<FilterParam>,
    pub(super) sort: Vec<SortParam>,
    /// The data store, if only one has all that is asked for.
    pub store: Option<u64>,
}

/// An element of `sortParams`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct SortParam {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) order: &'static str,
    pub(super) id: u64,
}

/// The problems that show without the pack's data stores.
pub fn problems(query: &Query) -> Vec<Problem> {
    let mut broken = Broken::default();
    window(query, &mut broken);
    counts(query, &mut broken);
    repeated_as_written("dimensions", &query.dimensions, &mut broken);
    repeated_as_written("metrics", &query.metrics, &mut broken);
    if let Some(Aggregation::Text(text)) = &query.aggregation
        && !is_named_aggregation(text)
        && seconds(query).is_none()
    {
        broken.rule(
            "aggregation",
            &format!("`{}` is no aggregation", printable(text, SHOWN)),
            "use a number of seconds that a data store of the pack has, or day, week, month or year",
        );
    }
    conditions::check(query, &mut broken);
    broken.0
}

/// Checks all of `query` against the data stores of its pack, and makes ids of names.
///
/// # Errors
/// Every broken rule.
pub fn resolve(query: &Query, stores: &[DataStore]) -> Result<Resolved, Vec<Problem>> {
    let mut broken = Broken(problems(query));
    if query.dimensions.len() > MAX_ITEMS
        || lists(query).iter().any(|(_, count)| *count > MAX_ITEMS)
    {
        return Err(broken.0);
    }
    let names = Names::of(stores);
    let meant = names.meant(query, &mut broken);
    let candidates = meant
        .as_ref()
        .and_then(|meant| meant.choose(query, &mut broken));
    let (meant, candidates) = (meant.unwrap_or_default(), candidates.unwrap_or_default());
    conditions::fit_names(query, &meant.kinds_of_filters(query), &mut broken);
    let minutes = window(query, &mut Broken::default());
    if candidates.is_empty() {
        too_long(&meant.stores(), minutes, &mut broken);
    }
    let candidates = fitting(candidates, minutes, &mut broken);
    aggregation_fits(query, stores, &mut broken);
    if let Some(candidate) = candidates.first() {
        repeated("dimensions", &candidate.dimensions, &mut broken);
        repeated("metrics", &candidate.metrics, &mut broken);
    }
    let found = candidates.first().map_or(&[][..], |first| &first.filters);
    let filters = conditions::params(query, found, &mut broken);
    let sort = sorts(query, candidates.first());
    match (candidates.first(), minutes) {
        (Some(candidate), Some((start, end))) if broken.0.is_empty() => Ok(Resolved {
            start,
            end,
            aggregation: match &query.aggregation {
                Some(Aggregation::Text(text)) if is_named_aggregation(text) => Some(text.clone()),
                _ => seconds(query).map(|seconds| seconds.to_string()),
            },
            dimensions: candidate.dimensions.clone(),
            metrics: candidate.metrics.clone(),
            filters,
            sort,
            store: (candidates.len() == 1).then_some(candidate.store.id),
        }),
        _ => Err(broken.0),
    }
}

/// Collects what is wrong. Keys are those of the query.
#[derive(Default)]
pub(super) struct Broken(pub(super) Vec<Problem>);

impl Broken {
    pub(super) fn rule(&mut self, key: &str, message: &str, user_action: &str) {
        self.0.push(Problem {
            key: format!("query.{key}"),
            message: message.to_owned(),
            user_action: user_action.to_owned(),
        });
    }

    /// Whether something is wrong with this key already.
    pub(super) fn has(&self, key: &str) -> bool {
        let key = format!("query.{key}");
        self.0.iter().any(|problem| problem.key == key)
    }
}

fn counts(query: &Query, broken: &mut Broken) {
    if query.dimensions.len() > MAX_DIMENSIONS {
        broken.rule(
            &format!("dimensions[{MAX_DIMENSIONS}]"),
            &format!(
                "a report has at most two dimensions, and these are {}",
                query.dimensions.len()
            ),
            "leave out the others, or ask for several reports",
        );
    }
    if query.dimensions.is_empty() && query.metrics.is_empty() {
        broken.rule(
            "metrics",
            "neither a dimension nor a metric is asked for",
            "name at least one; the operation data-stores lists them",
        );
    }
    for (key, count) in lists(query) {
        if count > MAX_ITEMS {
            broken.rule(
                key,
                &format!("these are {count}"),
                &format!("name at most {MAX_ITEMS}"),
            );
        }
    }
    if !(1..=MAX_LIMIT).contains(&query.limit()) {
        broken.rule(
            "limit",
            &format!("{} is out of range", query.limit()),
            &format!("use 1 to {MAX_LIMIT}; with all = true the rows of more requests are joined"),
        );
    }
}

/// The lists that have no bound of their own.
const fn lists(query: &Query) -> [(&'static str, usize); 3] {
    [
        ("metrics", query.metrics.len()),
        ("filters", query.filters.len()),
        ("sort", query.sort.len()),
    ]
}

/// What is written twice. A list of too many is refused for that.
fn repeated_as_written(list: &str, items: &[IdOrName], broken: &mut Broken) {
    if items.len() > MAX_ITEMS {
        return;
    }
    for (number, item) in items.iter().enumerate() {
        if items.iter().take(number).any(|earlier| earlier.is(item)) {
            let item = item.id().map_or_else(|| shown(item), |id| id.to_string());
            is_there_already(list, number, &item, broken);
        }
    }
}

/// By id, because a name and an id may mean the same.
fn repeated(list: &str, ids: &[u64], broken: &mut Broken) {
    for (number, id) in ids.iter().enumerate() {
        if ids.iter().take(number).any(|earlier| earlier == id) {
            is_there_already(list, number, &id.to_string(), broken);
        }
    }
}

fn is_there_already(list: &str, number: usize, item: &str, broken: &mut Broken) {
    let key = format!("{list}[{number}]");
    if !broken.has(&key) {
        broken.rule(&key, &format!("{item} is there already"), "name each once");
    }
}

/// The aggregation, if it is a number.
fn seconds(query: &Query) -> Option<u64> {
    match query.aggregation.as_ref()? {
        Aggregation::Seconds(seconds) => Some(*seconds),
        Aggregation::Text(text) => {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse().ok()).flatten()
        }
    }
}

fn is_named_aggregation(text: &str) -> bool {
    matches!(text, "day" | "week" | "month" | "year")
}

fn aggregation_fits(query: &Query, stores: &[DataStore], broken: &mut Broken) {
    let Some(seconds) = seconds(query) else {
        return;
    };
    let mut allowed: Vec<u64> = stores.iter().filter_map(DataStore::aggregation_s).collect();
    allowed.sort_unstable();
    allowed.dedup();
    // A pack whose stores do not say leaves it to the API.
    if allowed.is_empty() || allowed.contains(&seconds) {
        return;
    }
    let allowed: Vec<String> = allowed.iter().map(u64::to_string).collect();
    broken.rule(
        "aggregation",
        &format!("no data store of the pack has an aggregation of {seconds} seconds"),
        &format!("use {}, or day, week, month or year", listed(&allowed)),
    );
}

fn sorts(query: &Query, candidate: Option<&Candidate<'_>>) -> Vec<SortParam> {
    let found = candidate.map_or(&[][..], |candidate| &candidate.sort);
    query
        .sort
        .iter()
        .zip(found)
        .map(|(sort, Found { kind, id })| SortParam {
            kind: kind.as_str(),
            order: Order::as_str(sort.order),
            id: *id,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Problem, problems, resolve};
    use crate::akamai_security_monitor::{DataStore, Query};

    fn stores() -> Vec<DataStore> {
        serde_json::from_value(json!([
            {
                "id": 939, "maxQueryDurationInMinutes": 120,
                "dimensions": [{"id": 43, "name": "Time"}, {"id": 958, "name": "City"}], "metrics": [{"id": 544, "name": "Requests Denied"}],
            },
            {
                "id": 952, "maxQueryDurationInMinutes": 60,
                "dimensions": [{"id": 43, "name": "Time"}, {"id": 3, "name": "Policy"}], "metrics": [{"id": 552, "name": "Requests Warned"}],
            },
        ]))
        .unwrap()
    }

    fn query(more: &Value) -> Query {
        let mut query = json!({"pack": 1, "start": "2014-11-13T00:00", "end": "2014-11-13T00:05", "dimensions": ["Time"], "metrics": [544]});
        query
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(query).unwrap()
    }

    fn keys(problems: &[Problem]) -> Vec<&str> {
        let keys = problems.iter().map(|problem| problem.key.as_str());
        keys.map(|key| key.trim_start_matches("query.")).collect()
    }

    #[test]
    fn what_is_written_twice_shows_without_the_stores_and_is_told_once() {
        for (more, expected) in [
            (json!({"dimensions": [43, "43"]}), &["dimensions[1]"][..]),
            (
                json!({"metrics": ["Bytes", 544, " bytes"]}),
                &["metrics[2]"],
            ),
            (json!({"metrics": [544, "Requests Denied"]}), &[]),
            (json!({"metrics": vec![544; 101]}), &["metrics"]),
        ] {
            assert_eq!(keys(&problems(&query(&more))), expected, "{more}");
        }
        let twice = query(&json!({"dimensions": ["Time", "time"]}));
        let found = resolve(&twice, &stores()).unwrap_err();
        assert_eq!(keys(&found), ["dimensions[1]"]);
    }

    #[test]
    fn conditions_and_windows_are_checked_also_where_names_are_unknown() {
        for (more, expected) in [
            (
                json!({"dimensions": ["Bananas"], "end": "2014-11-13T02:30",
                       "filters": [{"by": "City", "condition": "gt", "values": [5]}, {"by": "Pears", "condition": "in", "values": ["x"]}]}),
                &[
                    "dimensions[0]",
                    "filters[1].by",
                    "filters[0].condition",
                    "end",
                ][..],
            ),
            // One of the stores would allow the window.
            (
                json!({"dimensions": ["Bananas"], "end": "2014-11-13T01:30"}),
                &["dimensions[0]"],
            ),
            // Told apart by the stores only, which cannot be combined.
            (
                json!({"dimensions": ["Policy"], "filters": [{"by": "City", "condition": "lt", "values": [5]}]}),
                &["dimensions", "filters[0].condition"],
            ),
            (
                json!({"store": 5, "dimensions": ["Bananas"]}),
                &["store", "dimensions[0]"],
            ),
            (
                json!({"filters": [{"by": "City", "type": "metric", "condition": "in", "values": [5]}]}),
                &["filters[0].condition", "filters[0].by"],
            ),
        ] {
            let found = resolve(&query(&more), &stores()).unwrap_err();
            assert_eq!(keys(&found), expected, "{more}: {found:#?}");
        }
    }
}
