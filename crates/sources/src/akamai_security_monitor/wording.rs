//! Names and stores in messages: printable, and not all of thousands.

use edgesiem_model::printable;

use super::query::IdOrName;
use super::wire::DataStore;

/// Characters of a name or a value in a message.
pub(super) const SHOWN: usize = 80;
/// Names or stores in one message.
const MAX_LISTED: usize = 40;

/// An id or a name.
pub(super) fn shown(item: &IdOrName) -> String {
    match item {
        IdOrName::Id(id) => id.to_string(),
        IdOrName::Text(text) => format!("`{}`", printable(text, SHOWN)),
    }
}

pub(super) fn shown_store(store: &DataStore) -> String {
    match &store.name {
        Some(name) => format!("{} ({})", store.id, printable(name, SHOWN)),
        None => store.id.to_string(),
    }
}

pub(super) fn once(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    items.sort_unstable();
    items.dedup();
    listed(&items)
}

/// A list that ends somewhere.
pub(super) fn listed(items: &[String]) -> String {
    first_of(items, ", ", String::clone)
}

/// The first items as `text` has them, and how many more there are.
pub(super) fn first_of<T>(items: &[T], comma: &str, text: impl Fn(&T) -> String) -> String {
    let shown: Vec<String> = items.iter().take(MAX_LISTED).map(text).collect();
    match items.len().saturating_sub(shown.len()) {
        0 => shown.join(comma),
        more => format!("{}{comma}and {more} more", shown.join(comma)),
    }
}
