//! What is handed back, as JSON has it.

use edgesiem_sources::akamai_security_monitor::{
    Column, DataSource, DataStore, Metadata, ReportPack,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// What was asked for. As JSON it is what the API answers, in its words, except for a report.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Reported {
    /// All report packs.
    Packs(Vec<ReportPack>),
    /// One of them.
    Pack(Box<ReportPack>),
    /// The data stores of a pack.
    Stores(Vec<DataStore>),
    /// One of them.
    Store(Box<DataStore>),
    /// The data sources of a pack.
    Sources(Vec<DataSource>),
    /// A report.
    Report(Box<Report>),
    /// Nothing is wrong with a query; `null` as JSON.
    Checked,
}

/// A report, of one request or of several.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Id of its pack.
    pub pack: u64,
    /// Id of its data store, if only one has all that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<u64>,
    /// What the values of a row are; none if there is no data.
    pub columns: Vec<Column>,
    /// The rows in order, each as the list of plain values that it came as.
    pub rows: Box<RawValue>,
    /// What the API says of the whole.
    pub metadata: Metadata,
    /// Rows before the first one.
    pub offset: u64,
    /// Whether there are rows after the last one.
    pub more: bool,
    /// Requests that were sent for it, also those for names and those that failed.
    pub requests: u32,
}
