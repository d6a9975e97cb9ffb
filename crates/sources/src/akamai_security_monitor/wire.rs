//! What the API answers, read tolerantly: members may be absent, null or unknown. What is not needed here is handed on as it came.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::rows::Rows;

/// An answer of one operation.
#[derive(Debug)]
pub enum Answer {
    /// All report packs.
    ReportPacks(Vec<ReportPack>),
    /// One report pack.
    ReportPack(Box<ReportPack>),
    /// The data stores of a pack.
    DataStores(Vec<DataStore>),
    /// One data store.
    DataStore(Box<DataStore>),
    /// The data sources of a pack.
    DataSources(Vec<DataSource>),
    /// Some rows of a report.
    Rows(Box<Rows>),
}

/// A collection of reports with one time zone.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ReportPack {
    /// What the other operations call it.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// What people call it; not unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Zone in which its reports' start and end are read, such as `GMT` or `EST5EDT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Its dimensions; not in the list of all packs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Vec<Field>>,
    /// Its metrics; not in the list of all packs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<Field>>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Dimensions and metrics that can be combined.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DataStore {
    /// What the API calls it.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What answers who, what, where and which.
    #[serde(default, deserialize_with = "nullable")]
    pub dimensions: Vec<Field>,
    /// What answers how much.
    #[serde(default, deserialize_with = "nullable")]
    pub metrics: Vec<Field>,
    /// Its aggregation, in seconds, as the API's samples call it.
    #[serde(
        rename = "aggregationInSeconds",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub aggregation_in_seconds: Option<u64>,
    /// The same, as the API's description calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregation: Option<u64>,
    /// Longest report, in minutes.
    #[serde(
        rename = "maxQueryDurationInMinutes",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub max_query_duration_in_minutes: Option<u64>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl DataStore {
    /// Its aggregation in seconds, if it says so.
    pub fn aggregation_s(&self) -> Option<u64> {
        self.aggregation_in_seconds.or(self.aggregation)
    }
}

/// A dimension or a metric.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Field {
    /// What the API calls it.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The policies whose events are counted.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DataSource {
    /// What the API calls it.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Ids of the policies.
    #[serde(default, deserialize_with = "nullable")]
    pub values: Vec<Value>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What is null is like what is absent.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An id, as a number or as its digits.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "an id is a number")]
    enum Id {
        Number(u64),
        Text(String),
    }
    match Id::deserialize(deserializer)? {
        Id::Number(number) => Ok(number),
        Id::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}
