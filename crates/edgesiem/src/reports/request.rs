//! What can be asked for, as JSON has it.

use edgesiem_model::printable;
use edgesiem_sources::akamai_security_monitor::{IdOrName, Query};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ReportError;

const OPERATIONS: &[&str] = &[
    "report-packs",
    "report-pack",
    "data-stores",
    "data-store",
    "data-sources",
    "report",
    "check",
];

/// What is asked for. As JSON it is an object with `operation`, one of the names below, and with what that needs.
#[derive(Clone, Debug)]
pub enum ReportRequest {
    /// `{"operation": "report-packs"}`
    ReportPacks,
    /// `{"operation": "report-pack", "pack": 12332}`
    ReportPack {
        /// Its id or name.
        pack: IdOrName,
    },
    /// `{"operation": "data-stores", "pack": 12332}`
    DataStores {
        /// Id or name of the pack.
        pack: IdOrName,
    },
    /// `{"operation": "data-store", "pack": 12332, "store": 939}`
    DataStore {
        /// Id or name of the pack.
        pack: IdOrName,
        /// Id or name of the store.
        store: IdOrName,
    },
    /// `{"operation": "data-sources", "pack": 12332}`
    DataSources {
        /// Id or name of the pack.
        pack: IdOrName,
    },
    /// `{"operation": "report", "query": {"pack": 12332, "start": "2014-11-13T00:00", "end": "2014-11-13T00:05", "metrics": ["Requests Denied"]}}`
    Report {
        /// What it is to show.
        query: Box<Query>,
    },
    /// `{"operation": "check", "query": …}`: what a report would be refused for that shows without asking the API.
    Check {
        /// As for a report.
        query: Box<Query>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPack {
    pack: IdOrName,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfStore {
    pack: IdOrName,
    store: IdOrName,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfQuery {
    query: Box<Query>,
}

impl ReportRequest {
    /// Reads a request. Members that are `null` are like absent ones.
    ///
    /// # Errors
    /// [`ReportError::Invalid`] with the key that is missing, unknown or of another type.
    pub fn from_json(value: Value) -> Result<Self, ReportError> {
        let Value::Object(mut members) = value else {
            return Err(ReportError::invalid(
                "",
                "a request is an object",
                "write {\"operation\": \"report-packs\"}, for example",
            ));
        };
        let operation = match members.remove("operation") {
            Some(Value::String(operation)) => operation,
            Some(_) | None => String::new(),
        };
        match operation.as_str() {
            "report-packs" => read(members).map(|Nothing {}| Self::ReportPacks),
            "report-pack" => read(members).map(|OfPack { pack }| Self::ReportPack { pack }),
            "data-stores" => read(members).map(|OfPack { pack }| Self::DataStores { pack }),
            "data-store" => {
                read(members).map(|OfStore { pack, store }| Self::DataStore { pack, store })
            }
            "data-sources" => read(members).map(|OfPack { pack }| Self::DataSources { pack }),
            "report" => read(members).map(|OfQuery { query }| Self::Report { query }),
            "check" => read(members).map(|OfQuery { query }| Self::Check { query }),
            "" => Err(unknown("the operation is missing")),
            other => Err(unknown(&format!(
                "there is no operation `{}`",
                printable(other, 80)
            ))),
        }
    }
}

fn unknown(message: &str) -> ReportError {
    ReportError::invalid(
        "operation",
        message,
        format!("use one of: {}", OPERATIONS.join(", ")),
    )
}

fn read<T: DeserializeOwned>(mut members: Map<String, Value>) -> Result<T, ReportError> {
    without_null(&mut members);
    if let Some(Value::Object(query)) = members.get_mut("query") {
        without_null(query);
    }
    serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
        let path = error.path().to_string();
        let reason = printable(&error.inner().to_string(), 500);
        let user_action = if reason.starts_with("missing field") {
            "add the key"
        } else {
            "correct or remove the key"
        };
        ReportError::invalid(if path == "." { "" } else { &path }, reason, user_action)
    })
}

fn without_null(members: &mut Map<String, Value>) {
    members.retain(|_, value| !value.is_null());
}
