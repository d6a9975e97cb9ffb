//! The Akamai SIEM source from the outside: configuration and cursors in, requests, verdicts and pages out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod config;
mod page;
mod recovery;
mod request;
mod since;
mod verdict;

use edgesiem_model::{
    Cursor, Error, InsecureLoopback, PageRequest, ResponseHead, Secret, Surroundings, Timestamp,
};
use edgesiem_sources::akamai_siem::{AkamaiSiem, Config};
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
        _ => return None,
    };
    Some(Secret::new(value.to_owned()))
}

/// A configuration that works, with `more` members on top.
fn config(more: Value) -> Value {
    let mut config = json!({
        "host": "akab-h.luna.akamaiapis.net", "config_ids": [14227],
        "client_token": {"secret": "CT"}, "client_secret": {"secret": "CS"}, "access_token": {"secret": "AT"},
    });
    let Value::Object(more) = more else {
        panic!("members")
    };
    config.as_object_mut().unwrap().extend(more);
    config
}

fn resolve(config: &Value) -> Result<AkamaiSiem, Vec<Error>> {
    let config: Config = serde_json::from_value(config.clone()).unwrap();
    config.resolve(Surroundings {
        secrets: &secrets,
        insecure: InsecureLoopback::Refuse,
        places: &[],
    })
}

fn source(more: Value) -> AkamaiSiem {
    resolve(&config(more)).unwrap()
}

fn page(cursor: &Cursor) -> PageRequest<'_> {
    PageRequest {
        cursor,
        limit: 10_000,
        now: NOW,
        clock_skew_ms: 0,
        nonce: [7; 16],
    }
}

fn head(status: u16, headers: &[(&str, &str)]) -> ResponseHead {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    ResponseHead {
        status,
        headers: headers.iter().map(text).collect(),
    }
}

fn vector(name: &str) -> Vec<u8> {
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/akamai-siem/"
    );
    std::fs::read(format!("{root}{name}")).unwrap()
}
