//! The Security Monitor API from the outside: configuration and queries in, requests and answers out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod answer;
mod config;
mod request;
mod rules;

use edgesiem_model::{Error, InsecureLoopback, Secret, Surroundings, Timestamp};
use edgesiem_sources::akamai_security_monitor::{Config, DataStore, Query, SecurityMonitor};
use serde_json::{Value, json};

const CLIENT_TOKEN: &str = "akab-client-token-xxx";
const CLIENT_SECRET: &str = "c2VjcmV0LXRleHQ=";
const ACCESS_TOKEN: &str = "akab-access-token-xxx";

/// 2014-03-21T19:34:21Z
const NOW: Timestamp = Timestamp::from_secs(1_395_430_461);

fn secrets(name: &str) -> Option<Secret> {
    let value = match name {
        "CT" => CLIENT_TOKEN,
        // White space around a stored secret does not count.
        "CS" => "c2VjcmV0LXRleHQ=\n",
        "AT" => ACCESS_TOKEN,
        "BAD" => "one;two",
        _ => return None,
    };
    Some(Secret::new(value.to_owned()))
}

/// A configuration that works, with `more` members on top.
fn config(more: Value) -> Value {
    with(
        json!({
            "host": "akab-h.luna.akamaiapis.net",
            "client_token": {"secret": "CT"}, "client_secret": {"secret": "CS"}, "access_token": {"secret": "AT"},
        }),
        more,
    )
}

/// `table` with the members of `more`; a member that is null is taken away.
fn with(mut table: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("members")
    };
    let members = table.as_object_mut().unwrap();
    members.extend(more);
    members.retain(|_, value| !value.is_null());
    table
}

fn resolve(config: Value) -> Result<SecurityMonitor, Vec<Error>> {
    let config: Config = serde_json::from_value(config).unwrap();
    config.resolve(Surroundings {
        secrets: &secrets,
        insecure: InsecureLoopback::Refuse,
        places: &[],
    })
}

fn monitor() -> SecurityMonitor {
    resolve(config(json!({}))).unwrap()
}

/// A query that is allowed, with `more` members on top.
fn query(more: Value) -> Query {
    let query = with(
        json!({
            "pack": 12332, "start": "11/13/2014:00:00", "end": "11/13/2014:00:05",
            "dimensions": [43], "metrics": [552],
        }),
        more,
    );
    serde_json::from_value(query).unwrap()
}

/// Data stores as the API's description has them, with what makes choices hard: `Country` has another id in the third one, where
/// `Rules` is both a dimension and a metric, and two metrics are called `Bytes`.
fn stores() -> Vec<DataStore> {
    let stores = json!([
        {
            "id": 939, "name": "sample data store", "type": "standard", "description": null,
            "dimensions": [
                {"id": 958, "name": "City", "description": "City from which viewer requested media", "type": "standard"},
                {"id": 956, "name": "Client IP", "description": "SD Dimension", "type": "standard"},
                {"id": 957, "name": "Country"},
            ],
            "metrics": [
                {"id": 546, "name": "Contributing Rules"}, {"id": 552, "name": "Requests Warned"},
                {"id": 3, "name": "Rules Triggered"},
            ],
            "aggregationInSeconds": 60, "purgeIntervalInDays": 8, "maxQueryDurationInMinutes": 1440,
        },
        {
            "id": 952, "name": "Time only cubes for security_monitor",
            "dimensions": [{"id": 43, "name": "Time"}],
            "metrics": [{"id": 552, "name": "Requests Warned"}, {"id": 3, "name": "Rules Triggered"}],
            "aggregation": 300, "maxQueryDurationInMinutes": 60,
        },
        {
            "id": "77", "name": "Sample Data Store",
            "dimensions": [{"id": 1957, "name": "Country"}, {"id": 60, "name": "Rules"}, {"id": 43, "name": "Time"}],
            "metrics": [{"id": 61, "name": "Rules"}, {"id": 70, "name": "Bytes"}, {"id": 71, "name": "Bytes"}, {"id": 80}],
        },
    ]);
    serde_json::from_value(stores).unwrap()
}
