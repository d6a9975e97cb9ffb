//! The table of `.edgerc` texts that Rust and TypeScript share.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;

use edgesiem_edgegrid::{Credentials, parse_edgerc};
use serde::Deserialize;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/edgegrid/");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    file: Option<String>,
    text: Option<String>,
    section: String,
    expected: Option<Values>,
    error: Option<Failure>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Values {
    host: String,
    client_token: String,
    client_secret: String,
    access_token: String,
    max_body: usize,
    headers_to_sign: Vec<String>,
    account_key: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
    line: Option<usize>,
    says: Vec<String>,
}

fn values(credentials: &Credentials) -> Values {
    Values {
        host: credentials.host().to_owned(),
        client_token: credentials.client_token().to_owned(),
        client_secret: credentials.client_secret().expose().to_owned(),
        access_token: credentials.access_token().to_owned(),
        max_body: credentials.max_body(),
        headers_to_sign: credentials.headers_to_sign().to_vec(),
        account_key: credentials.account_key().map(str::to_owned),
    }
}

#[test]
fn each_section_of_the_table_gives_its_credentials_or_its_error() {
    let table = fs::read_to_string(format!("{FOLDER}edgerc.json")).unwrap();
    let table: Vec<Row> = serde_json::from_str(&table).unwrap();
    assert_eq!(table.len(), 50);
    for Row {
        name,
        file,
        text,
        section,
        expected,
        error,
    } in table
    {
        let text = match (file, text) {
            (Some(file), None) => fs::read_to_string(format!("{FOLDER}{file}")).unwrap(),
            (None, Some(text)) => text,
            _ => panic!("{name}: needs a file or a text"),
        };
        match (parse_edgerc(&text, &section), expected, error) {
            (Ok(credentials), Some(expected), None) => {
                assert_eq!(values(&credentials), expected, "{name}");
            }
            (Err(error), None, Some(expected)) => {
                let shown = error.to_string();
                assert_eq!(
                    (error.kind().code(), error.line()),
                    (&*expected.code, expected.line),
                    "{name}: {shown}"
                );
                for part in expected.says {
                    assert!(shown.contains(&part), "{name}: {shown}");
                }
                let values = text.lines().filter_map(|line| line.split_once(['=', ':']));
                for (_, value) in values.filter(|(_, value)| value.trim().len() > 3) {
                    assert!(!shown.contains(value.trim()), "{name}: {shown}");
                }
                assert!(!shown.contains("hunter2"), "{name}: {shown}");
                assert!(!shown.chars().any(char::is_control), "{name}: {shown:?}");
            }
            (outcome, ..) => panic!("{name}: {outcome:?}"),
        }
    }
}
