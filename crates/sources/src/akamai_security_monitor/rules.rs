//! What the API allows, checked before anything is sent: every broken rule is named with its key.

use edgesiem_model::printable;
use serde_json::{Number, Value};

use super::minute::Minute;
use super::names::{Candidate, Found, Names, listed};
use super::query::{Aggregation, Filter, IdOrName, Kind, MAX_LIMIT, Order, Problem, Query};
use super::wire::DataStore;

/// A report covers less than this.
const MAX_WINDOW_MINUTES: i64 = 240;
const MAX_DIMENSIONS: usize = 2;
/// Of metrics, filters, sorts and values each. The API names no limit; an address has one.
const MAX_ITEMS: usize = 100;
/// Characters of a name or a value in a message.
const SHOWN: usize = 80;

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

/// An element of `filterParams`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct FilterParam {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) values: Vec<Value>,
    pub(super) id: u64,
    pub(super) condition: &'static str,
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
    for (number, filter) in query.filters.iter().enumerate() {
        condition(&format!("filters[{number}]"), filter, &mut broken);
    }
    broken.0
}

/// Checks all of `query` against the data stores of its pack, and makes ids of names.
///
/// # Errors
/// Every broken rule.
pub fn resolve(query: &Query, stores: &[DataStore]) -> Result<Resolved, Vec<Problem>> {
    let mut broken = Broken(problems(query));
    if lists(query).iter().any(|(_, count)| *count > MAX_ITEMS) {
        return Err(broken.0);
    }
    let names = Names::of(stores);
    let chosen = names.choose(query, &mut broken);
    let minutes = window(query, &mut Broken::default());
    let candidates = chosen.map_or(Vec::new(), |chosen| fitting(chosen, minutes, &mut broken));
    aggregation_fits(query, stores, &mut broken);
    if let Some(candidate) = candidates.first() {
        repeated("dimensions", &candidate.dimensions, &mut broken);
        repeated("metrics", &candidate.metrics, &mut broken);
    }
    let filters = filters(query, candidates.first(), &mut broken);
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
}

fn window(query: &Query, broken: &mut Broken) -> Option<(Minute, Minute)> {
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

/// By id, because a name and an id may mean the same.
fn repeated(list: &str, ids: &[u64], broken: &mut Broken) {
    for (number, id) in ids.iter().enumerate() {
        if ids.iter().take(number).any(|earlier| earlier == id) {
            broken.rule(
                &format!("{list}[{number}]"),
                &format!("{id} is there already"),
                "name each once",
            );
        }
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

/// A condition that there is, one that fits its type, and something to compare with.
fn condition(key: &str, filter: &Filter, broken: &mut Broken) {
    let kind = Kind::of_condition(&filter.condition);
    let written = printable(&filter.condition, SHOWN);
    match (kind, filter.kind) {
        (None, declared) => {
            let kinds = declared.map_or(vec![Kind::Dimension, Kind::Metric], |kind| vec![kind]);
            let all: Vec<String> = kinds.iter().map(|kind| conditions_of(*kind)).collect();
            broken.rule(
                &format!("{key}.condition"),
                &format!("there is no condition `{written}`"),
                &format!("use {}", all.join("; ")),
            );
        }
        (Some(kind), Some(declared)) if kind != declared => misfit(key, &written, declared, broken),
        _ => {}
    }
    if filter.values.is_empty() {
        broken.rule(
            &format!("{key}.values"),
            "there is nothing to compare with",
            "name at least one value",
        );
    }
    if filter.values.len() > MAX_ITEMS {
        broken.rule(
            &format!("{key}.values"),
            &format!("these are {}", filter.values.len()),
            &format!("name at most {MAX_ITEMS}"),
        );
    }
    let Some(kind) = filter.kind.or(kind) else {
        return;
    };
    for (number, value) in filter.values.iter().enumerate().take(MAX_ITEMS) {
        if value_of(kind, value).is_none() {
            let (what, action) = match kind {
                Kind::Dimension => ("a dimension is compared with texts", "write a text"),
                Kind::Metric => ("a metric is compared with numbers", "write a number"),
            };
            broken.rule(
                &format!("{key}.values[{number}]"),
                &format!(
                    "{what}, and this is {}",
                    printable(&value.to_string(), SHOWN)
                ),
                action,
            );
        }
    }
}

pub(super) fn misfit(key: &str, condition: &str, kind: Kind, broken: &mut Broken) {
    broken.rule(
        &format!("{key}.condition"),
        &format!("a {} has no condition `{condition}`", kind.as_str()),
        &format!("use {}", conditions_of(kind)),
    );
}

fn conditions_of(kind: Kind) -> String {
    format!("{} for a {}", kind.conditions().join(", "), kind.as_str())
}

/// As the API compares it. A number may be written as a text, and the other way round.
fn value_of(kind: Kind, value: &Value) -> Option<Value> {
    match (kind, value) {
        (Kind::Dimension, Value::String(_)) | (Kind::Metric, Value::Number(_)) => {
            Some(value.clone())
        }
        (Kind::Dimension, Value::Number(number)) => Some(Value::String(number.to_string())),
        (Kind::Metric, Value::String(text)) => serde_json::from_str::<Number>(text.trim())
            .ok()
            .map(Value::Number),
        _ => None,
    }
}

/// Those of the stores that have all that is asked for which allow the window. They give the same ids, so it does not matter
/// which of them the API takes.
fn fitting<'a>(
    candidates: Vec<Candidate<'a>>,
    minutes: Option<(Minute, Minute)>,
    broken: &mut Broken,
) -> Vec<Candidate<'a>> {
    let Some((start, end)) = minutes else {
        return candidates;
    };
    let asked = end.since(start);
    let allows = |candidate: &Candidate<'_>| {
        let most = candidate.store.max_query_duration_in_minutes;
        most.is_none_or(|most| asked <= i64::try_from(most).unwrap_or(i64::MAX))
    };
    if !candidates.is_empty() && !candidates.iter().any(allows) {
        let most: Vec<String> = candidates
            .iter()
            .filter_map(|candidate| {
                let most = candidate.store.max_query_duration_in_minutes?;
                Some(format!("{} allows {most}", candidate.shown()))
            })
            .collect();
        broken.rule(
            "end",
            &format!(
                "{asked} minutes are more than the data store allows at once: {}",
                listed(&most)
            ),
            "ask for a shorter window",
        );
        return candidates;
    }
    candidates.into_iter().filter(allows).collect()
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

fn filters(
    query: &Query,
    candidate: Option<&Candidate<'_>>,
    broken: &mut Broken,
) -> Vec<FilterParam> {
    let found = candidate.map_or(&[][..], |candidate| &candidate.filters);
    let mut params = Vec::new();
    for (number, (filter, Found { kind, id })) in query.filters.iter().zip(found).enumerate() {
        let condition = kind
            .conditions()
            .iter()
            .find(|known| **known == filter.condition);
        let Some(condition) = condition else {
            // What is wrong with the condition itself is known already.
            if filter.kind.is_none() && Kind::of_condition(&filter.condition).is_some() {
                let key = format!("filters[{number}]");
                misfit(&key, &printable(&filter.condition, SHOWN), *kind, broken);
            }
            continue;
        };
        params.push(FilterParam {
            kind: kind.as_str(),
            values: filter
                .values
                .iter()
                .filter_map(|value| value_of(*kind, value))
                .collect(),
            id: *id,
            condition,
        });
    }
    params
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

/// An id or a name, for a message.
pub(super) fn shown(item: &IdOrName) -> String {
    match item {
        IdOrName::Id(id) => id.to_string(),
        IdOrName::Text(text) => format!("`{}`", printable(text, SHOWN)),
    }
}
