//! Conditions of filters: those that there are, what each can be about, and what it compares with.

use edgesiem_model::printable;
use serde_json::{Number, Value};

use super::names::Found;
use super::query::{Filter, Kind, Query};
use super::rules::{Broken, MAX_ITEMS};
use super::wording::SHOWN;

/// An element of `filterParams`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct FilterParam {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) values: Vec<Value>,
    pub(super) id: u64,
    pub(super) condition: &'static str,
}

/// What is wrong with them whatever their names mean.
pub(super) fn check(query: &Query, broken: &mut Broken) {
    for (number, filter) in query.filters.iter().enumerate().take(MAX_ITEMS) {
        condition(&format!("filters[{number}]"), filter, broken);
    }
}

/// Conditions that do not fit what their names mean. `kinds`: of each filter, if there is but one that it can be.
pub(super) fn fit_names(query: &Query, kinds: &[Option<Kind>], broken: &mut Broken) {
    for (number, (filter, kind)) in query.filters.iter().zip(kinds).enumerate() {
        // What is wrong with the condition itself is known already.
        let is_known = filter.kind.is_some() || Kind::of_condition(&filter.condition).is_none();
        if let Some(kind) = kind
            && !is_known
            && !kind.conditions().contains(&filter.condition.as_str())
        {
            let key = format!("filters[{number}]");
            misfit(&key, &printable(&filter.condition, SHOWN), *kind, broken);
        }
    }
}

/// The filters as the API reads them. `found`: what their names mean in the data store.
pub(super) fn params(query: &Query, found: &[Found], broken: &mut Broken) -> Vec<FilterParam> {
    let kinds: Vec<_> = found.iter().map(|found| Some(found.kind)).collect();
    fit_names(query, &kinds, broken);
    let params = query.filters.iter().zip(found);
    params
        .filter_map(|(filter, Found { kind, id })| {
            let known = kind.conditions().iter();
            let condition = known.copied().find(|known| *known == filter.condition)?;
            let values = filter.values.iter();
            Some(FilterParam {
                kind: kind.as_str(),
                values: values.filter_map(|value| value_of(*kind, value)).collect(),
                id: *id,
                condition,
            })
        })
        .collect()
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

fn misfit(key: &str, condition: &str, kind: Kind, broken: &mut Broken) {
    let key = format!("{key}.condition");
    if broken.has(&key) {
        return;
    }
    broken.rule(
        &key,
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
