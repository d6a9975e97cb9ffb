//! Records for Sentinel have the columns that its data collection rule declares, and give the table what the event says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    clippy::panic,
    reason = "a test that meets the unexpected must fail"
)]

#[path = "support/events.rs"]
mod events;
/// What the generator of events needs.
mod support {
    #[path = "../../../decode/tests/support/mod.rs"]
    pub mod slow;
}

use edgesiem_model::{Cursor, Gap, Schema, Timestamp};
use edgesiem_schemas::{Converter, Sentinel};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Columns of the stream, and whether they are dynamic (Azure/Azure-Sentinel at e8d34e0, AkamaiDDOSProtection_DCR.json).
const COLUMNS: [(&str, bool); 10] = [
    ("type", false),
    ("version", false),
    ("format", false),
    ("attackData", true),
    ("geo", true),
    ("httpMessage", true),
    ("botData", true),
    ("clientData", true),
    ("identity", true),
    ("userRiskData", true),
];

fn document(line: &str) -> Value {
    let mut out = Vec::new();
    let mut schema = Converter::<Sentinel>::default();
    schema.convert(line.as_bytes(), &mut out).unwrap();
    record(&out)
}

/// A record that the service takes, and the transformation does not drop.
fn record(bytes: &[u8]) -> Value {
    assert!(!bytes.contains(&b'\n'));
    let record: Value = serde_json::from_slice(bytes).unwrap();
    for (name, value) in record.as_object().unwrap() {
        let column = COLUMNS.iter().find(|(column, _)| column == name);
        let (_, is_dynamic) = column.unwrap_or_else(|| panic!("{name} is no column"));
        assert!(
            value.is_string() || *is_dynamic && value.is_object(),
            "{name}"
        );
        for (member, value) in value.as_object().into_iter().flatten() {
            assert!(value.is_string() || member == "custom", "{name}.{member}");
        }
    }
    assert_ne!(record["type"], "");
    assert!(record["type"].is_string());
    record
}

/// What the function of the solution makes of a list of items: decoded from percent-encoding, split, decoded from base64.
fn items(list: &Value) -> Vec<Vec<u8>> {
    let text = list.as_str().unwrap_or_default();
    let mut bytes = Vec::new();
    edgesiem_decode::percent_decode(text.as_bytes(), &mut bytes);
    let (decoded, _) = support::slow::decode(
        &json!({"attackData": {"rules": String::from_utf8_lossy(&bytes)}}).to_string(),
    );
    let rules = decoded["attackData"]["rules"].as_array().unwrap().clone();
    rules
        .iter()
        .map(|rule| {
            rule["rule"]
                .as_str()
                .unwrap_or_default()
                .as_bytes()
                .to_vec()
        })
        .collect()
}

#[test]
fn a_start_is_whole_seconds_and_a_fraction_is_kept_beside_it() {
    for (start, expected) in [
        (json!("1470923133"), json!({"start": "1470923133"})),
        (json!(1_470_923_133), json!({"start": "1470923133"})),
        (
            json!("1470923133.026"),
            json!({"start": "1470923133", "startWithFraction": "1470923133.026"}),
        ),
        (json!("soon"), json!({"start": "soon"})),
    ] {
        let line = json!({"httpMessage": {"start": start, "startWithFraction": ""}});
        let mut found = document(&line.to_string())["httpMessage"].clone();
        if expected.get("startWithFraction").is_none() {
            found.as_object_mut().unwrap().remove("startWithFraction");
        }
        assert_eq!(found, expected);
    }
}

#[test]
fn members_of_the_event_cannot_take_the_place_of_those_of_a_column() {
    let line = r#"{"attackData":{"apiId":"real","rules":[{"rule":"a"}],"custom":"fake","":"empty"},"attackData.apiId":"fake","attackData.rules":"fake","custom":{"a":1},"geo":{"city":"A"},"geo.city":"fake"}"#;
    let expected = json!({
        "type": "akamai_siem",
        "attackData": {"rules": "YQ%3d%3d", "apiId": "real", "custom": {"a": 1}, "": "empty"},
        "geo": {"city": "A"},
    });
    let mut out = Vec::new();
    let mut schema = Converter::<Sentinel>::default();
    schema.convert(line.as_bytes(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected.to_string());
}

#[test]
fn a_gap_is_a_record_of_its_own_type() {
    let gap = Gap {
        detected_at: Timestamp::from_millis(1_700_000_000_123),
        reason: "the offset is too old".to_owned(),
        lost: Cursor(json!({"offset": "318d8"})),
        last_event_at: None,
        resumed_from: Timestamp::from_secs(1_699_990_000),
    };
    let line = r#"{"gap":"as a line of \"JSON\""}"#;
    let mut out = Vec::new();
    Converter::<Sentinel>::default().gap(line.as_bytes(), &gap, &mut out);
    let record = record(&out);
    assert_eq!(record["type"], "edgesiem_gap");
    assert_eq!(record["httpMessage"]["start"], "1700000000");
    let attack = &record["attackData"];
    assert_eq!(items(&attack["rules"]), [b"GAP"]);
    assert_eq!(items(&attack["ruleMessages"]), [gap.reason.as_bytes()]);
    assert_eq!(items(&attack["ruleData"]), [line.as_bytes()]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_member_of_a_column_is_there_as_text(line in events::event()) {
        let event: Value = serde_json::from_str(&line).unwrap();
        let found = document(&line);
        for (column, _) in COLUMNS.iter().filter(|(_, is_dynamic)| *is_dynamic) {
            let mut expected = Map::new();
            for (name, value) in event[*column].as_object().into_iter().flatten() {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let is_list = name == "rules" && value.is_array();
                if !value.is_null() && !text.is_empty() && !is_list {
                    expected.insert(name.clone(), json!(text));
                }
            }
            let mut members = found[*column].as_object().cloned().unwrap_or_default();
            members.remove("custom");
            // Unknown ones may be empty.
            members.retain(|_, value| value != "");
            if let Some(exact) = members.remove("startWithFraction") {
                members.insert("start".to_owned(), exact);
            }
            if event["attackData"]["rules"].is_array() && *column == "attackData" {
                members.remove("rules");
            }
            prop_assert_eq!(members, expected, "{}", column);
        }
    }

    #[test]
    fn records_of_single_rules_have_one_item_in_each_list(line in events::event()) {
        let (mut out, mut ends) = (Vec::new(), vec![]);
        Converter::<Sentinel>::default().convert_rules(line.as_bytes(), &mut out, &mut ends).unwrap();
        let (decoded, _) = support::slow::decode(&line);
        let rules = decoded["attackData"]["rules"].as_array().cloned().unwrap_or_default();
        if rules.is_empty() {
            prop_assert_eq!(ends.len(), 1);
            prop_assert_eq!(record(&out), document(&line));
            return Ok(());
        }
        prop_assert_eq!(ends.len(), rules.len());
        let mut start = 0;
        for (end, rule) in ends.iter().zip(rules) {
            let found = record(&out[start..*end]);
            for (facet, key) in support::slow::FACETS {
                let expected = rule.get(key).and_then(Value::as_str).unwrap_or_default();
                if rule.get(format!("{key}Base64")).is_some() || expected.is_empty() {
                    continue;
                }
                prop_assert_eq!(items(&found["attackData"][facet]), [expected.as_bytes()]);
            }
            start = *end;
        }
    }
}
