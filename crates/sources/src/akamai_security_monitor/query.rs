//! What somebody asks for, as JSON has it. Each key is a single word, so that it is the same in Rust, HTTP and JavaScript.

use serde::Deserialize;
use serde_json::Value;

/// Most rows of one request.
pub const MAX_LIMIT: u64 = 10_000;

/// A report, as it is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The report pack.
    pub pack: IdOrName,
    /// The data store. Needed only where stores have dimensions or metrics of one name under different ids.
    #[serde(default)]
    pub store: Option<IdOrName>,
    /// First minute, `MM/dd/yyyy:HH:mm` or `yyyy-MM-ddTHH:mm`, in the pack's time zone.
    pub start: String,
    /// The minute in which it ends, less than four hours later.
    pub end: String,
    /// Length of a row's time: seconds, or `day`, `week`, `month` or `year`. The API's own choice if it is not set.
    #[serde(default)]
    pub aggregation: Option<Aggregation>,
    /// At most two.
    #[serde(default)]
    pub dimensions: Vec<IdOrName>,
    /// What is counted.
    #[serde(default)]
    pub metrics: Vec<IdOrName>,
    /// Which rows; all of them are to hold.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// In which order; by time, or else by the first metric from the top, if it is empty.
    #[serde(default)]
    pub sort: Vec<Sort>,
    /// Most rows of one request, 1 to [`MAX_LIMIT`]; 300 if it is not set, or [`MAX_LIMIT`] with `all`.
    #[serde(default)]
    pub limit: Option<u64>,
    /// Rows before the first one.
    #[serde(default)]
    pub offset: u64,
    /// Whether to ask on while there are more rows.
    #[serde(default)]
    pub all: bool,
}

impl Query {
    /// Most rows of one request.
    pub fn limit(&self) -> u64 {
        self.limit.unwrap_or(if self.all { MAX_LIMIT } else { 300 })
    }
}

/// A number, or a text of digits, is an id. Any other text is a name, whose case does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "it must be an id, such as 957, or a name, such as \"Country\""
)]
pub enum IdOrName {
    /// `957`
    Id(u64),
    /// `"Country"`, or `"957"`.
    Text(String),
}

impl IdOrName {
    /// The id, if it is one.
    pub fn id(&self) -> Option<u64> {
        match self {
            Self::Id(id) => Some(*id),
            // `parse` alone would take a leading plus.
            Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            Self::Text(_) => None,
        }
    }

    /// Whether both are the same id or the same name; a name and an id may mean the same all the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, self.id(), other) {
            (_, Some(id), _) => other.id() == Some(id),
            (Self::Text(name), None, Self::Text(text)) => folded(name) == folded(text),
            _ => false,
        }
    }

    /// Whether something with this id and this name is meant.
    pub fn means(&self, id: u64, name: Option<&str>) -> bool {
        match (self, self.id()) {
            (_, Some(wanted)) => wanted == id,
            (Self::Text(wanted), None) => name.is_some_and(|name| folded(name) == folded(wanted)),
            (Self::Id(_), None) => false,
        }
    }
}

pub(super) fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Length of a row's time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "it must be a number of seconds, or \"day\", \"week\", \"month\" or \"year\""
)]
pub enum Aggregation {
    /// `60`
    Seconds(u64),
    /// `"day"`, or `"60"`.
    Text(String),
}

/// What a filter or a sort goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What answers who, what, where and which.
    Dimension,
    /// What answers how much.
    Metric,
}

impl Kind {
    /// As the API calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dimension => "dimension",
            Self::Metric => "metric",
        }
    }

    /// The conditions that a filter by it can have.
    pub const fn conditions(self) -> &'static [&'static str] {
        match self {
            Self::Dimension => &[
                "in",
                "nin",
                "contains",
                "ncontains",
                "starts",
                "nstarts",
                "ends",
                "nends",
            ],
            Self::Metric => &["eq", "neq", "gt", "gte", "lt", "lte"],
        }
    }

    /// The kind that has this condition; no condition belongs to both.
    pub(super) fn of_condition(condition: &str) -> Option<Self> {
        [Self::Dimension, Self::Metric]
            .into_iter()
            .find(|kind| kind.conditions().contains(&condition))
    }
}

/// Which rows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The dimension or metric.
    pub by: IdOrName,
    /// Which of the two, if `by` is both and the condition does not tell.
    #[serde(rename = "type", default)]
    pub kind: Option<Kind>,
    /// One of [`Kind::conditions`].
    pub condition: String,
    /// What to compare with: texts for a dimension, numbers for a metric.
    pub values: Vec<Value>,
}

/// Which order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sort {
    /// The dimension or metric.
    pub by: IdOrName,
    /// Which of the two, if `by` is both.
    #[serde(rename = "type", default)]
    pub kind: Option<Kind>,
    /// From the bottom or from the top.
    pub order: Order,
}

/// From the bottom or from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// From the bottom.
    Asc,
    /// From the top.
    Desc,
}

impl Order {
    /// As the API calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }
}

/// A rule that a request breaks. The texts are printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the key in the request, such as `query.dimensions[2]`.
    pub key: String,
    /// The rule, and how it is broken.
    pub message: String,
    /// What to ask for instead.
    pub user_action: String,
}
