//! Log records are what their golden vectors say, and hold what the event does.
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
mod support {
    #[path = "../../../decode/tests/support/mod.rs"]
    pub mod slow;
}

use std::collections::BTreeMap;

use edgesiem_model::{Cursor, DocumentForm, Gap, Timestamp};
use edgesiem_schemas::{Converter, Otel, by_name};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn document(line: &str) -> String {
    let mut out = Vec::new();
    let mut schema = by_name("otel").unwrap();
    schema.convert(line.as_bytes(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A record, read strictly: only what the protocol's messages have, in the JSON encoding that OTLP prescribes.
#[derive(Debug)]
struct Record {
    attributes: BTreeMap<String, Value>,
    time: Option<u64>,
    severity: (u64, String),
    event: String,
    body: String,
}

impl Record {
    fn read(document: &str) -> Self {
        let mut members: Map<String, Value> = serde_json::from_str(document).unwrap();
        let mut take = |name: &str| members.remove(name);
        let record = Self {
            attributes: key_values(&take("attributes").unwrap()),
            time: take("timeUnixNano").map(|time| time.as_str().unwrap().parse().unwrap()),
            severity: (
                take("severityNumber").unwrap().as_u64().unwrap(),
                take("severityText").unwrap().as_str().unwrap().to_owned(),
            ),
            event: take("eventName").unwrap().as_str().unwrap().to_owned(),
            body: any_value(&take("body").unwrap())
                .as_str()
                .unwrap()
                .to_owned(),
        };
        assert!(members.is_empty(), "{members:?}");
        assert!(!record.attributes.contains_key(""));
        assert!(document.starts_with("{\"attributes\":["));
        record
    }
}

/// `KeyValue`s, whose keys must be unique, as an object.
fn key_values(list: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for item in list.as_array().unwrap() {
        let item = item.as_object().unwrap();
        assert_eq!(item.len(), 2, "{item:?}");
        let key = item["key"].as_str().unwrap().to_owned();
        let before = found.insert(key, any_value(&item["value"]));
        assert_eq!(before, None, "{item:?}");
    }
    found
}

fn any_value(value: &Value) -> Value {
    let value = value.as_object().unwrap();
    assert_eq!(value.len(), 1, "{value:?}");
    let (kind, content) = value.iter().next().unwrap();
    let values = || {
        let content = content.as_object().unwrap();
        assert_eq!(content.len(), 1, "{content:?}");
        &content["values"]
    };
    match kind.as_str() {
        "stringValue" => json!(content.as_str().unwrap()),
        "intValue" => json!(content.as_str().unwrap().parse::<i64>().unwrap()),
        "arrayValue" => values().as_array().unwrap().iter().map(any_value).collect(),
        "kvlistValue" => json!(key_values(values())),
        other => panic!("{other}"),
    }
}

fn vectors() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/schemas/otel.json"
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn each_vector_becomes_exactly_the_expected_record() {
    let vectors = vectors();
    assert!(vectors.len() >= 34);
    for vector in vectors {
        let line = vector["line"].as_str().unwrap();
        let found = document(line);
        assert_eq!(found, vector["document"], "{}", vector["name"]);
        let record = Record::read(&found);
        assert_eq!(record.body, line);
    }
    assert_eq!(by_name("otel").unwrap().form(), DocumentForm::OtlpLogRecord);
}

#[test]
fn an_attribute_has_the_same_kind_in_every_record() {
    let mut kinds = BTreeMap::new();
    for vector in vectors() {
        let record = Record::read(vector["document"].as_str().unwrap());
        for (key, value) in record.attributes {
            let kind = std::mem::discriminant(&value);
            assert_eq!(*kinds.entry(key.clone()).or_insert(kind), kind, "{key}");
        }
    }
}

#[test]
fn a_gap_is_a_record_too() {
    let gap = Gap {
        detected_at: Timestamp::from_millis(1_700_000_000_123),
        reason: "the offset is too old \u{1b}".to_owned(),
        lost: Cursor(json!({"offset": "318d8;x=="})),
        last_event_at: Some(Timestamp::from_secs(1_699_000_000)),
        resumed_from: Timestamp::from_secs(1_699_990_000),
    };
    let line = r#"{"gap":"as a line of \"JSON\""}"#;
    let mut out = Vec::new();
    by_name("otel")
        .unwrap()
        .gap(line.as_bytes(), &gap, &mut out);
    let record = Record::read(std::str::from_utf8(&out).unwrap());
    let attributes = json!({
        "edgesiem.gap.reason": gap.reason,
        "edgesiem.gap.start": "2023-11-03T08:26:40.000Z",
        "edgesiem.gap.end": "2023-11-14T19:26:40.000Z",
    });
    assert_eq!(json!(record.attributes), attributes);
    assert_eq!(record.time, Some(1_700_000_000_123_000_000));
    assert_eq!(
        (record.event.as_str(), record.body.as_str()),
        ("edgesiem.gap", line)
    );
    assert_eq!(record.severity, (13, "WARN".to_owned()));
}

/// Headers by name in lower case, and the lines that have none.
fn headers(decoded: &Value) -> (BTreeMap<String, Value>, Vec<Value>) {
    let (mut named, mut unnamed): (BTreeMap<String, Value>, _) = (BTreeMap::new(), Vec::new());
    for header in decoded.as_array().into_iter().flatten() {
        let value = header.get("value").unwrap_or(&header["raw"]).clone();
        match header.get("name").map(|name| name.as_str().unwrap()) {
            Some(name) if !name.is_empty() && header.get("nameBase64").is_none() => {
                let list = named.entry(name.to_ascii_lowercase()).or_insert(json!([]));
                list.as_array_mut().unwrap().push(value);
            }
            Some(name) => unnamed.push(json!(format!("{name}: {}", value.as_str().unwrap()))),
            None => unnamed.push(value),
        }
    }
    (named, unnamed)
}

/// What a facet is called in a record.
fn rule_key(key: &str) -> String {
    let (key, suffix) = match key.strip_suffix("Base64") {
        Some(key) => (key, "_base64"),
        None => (key, ""),
    };
    let name = key.strip_prefix("rule").unwrap().to_ascii_lowercase();
    format!("{}{suffix}", if name.is_empty() { "id" } else { &name })
}

fn rules(decoded: &Value) -> Vec<Value> {
    let rules = decoded["attackData"]["rules"].as_array();
    let keys = |rule: &Value| {
        let members = rule.as_object().unwrap().iter();
        members
            .filter(|(_, value)| *value != "")
            .map(|(key, value)| (rule_key(key), value.clone()))
            .collect::<Map<_, _>>()
    };
    let rules = rules.into_iter().flatten().map(keys);
    rules
        .filter(|rule| !rule.is_empty())
        .map(Value::Object)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_has_the_line_the_rules_and_the_headers_of_the_event(line in events::event()) {
        let record = Record::read(&document(&line));
        prop_assert_eq!(&record.body, &line);
        prop_assert_eq!(&record.event, "akamai.siem.event");
        let (decoded, _) = support::slow::decode(&line);
        let none = json!([]);
        prop_assert_eq!(
            record.attributes.get("akamai.siem.rules").unwrap_or(&none),
            &json!(rules(&decoded))
        );
        for (member, name) in [("requestHeaders", "request"), ("responseHeaders", "response")] {
            let (named, unnamed) = headers(&decoded["httpMessage"][member]);
            let prefix = format!("http.{name}.header.");
            let found: BTreeMap<String, Value> = record.attributes.iter()
                .filter_map(|(key, value)| Some((key.strip_prefix(&prefix)?.to_owned(), value.clone())))
                .collect();
            prop_assert_eq!(found, named);
            let found = record.attributes.get(&format!("akamai.siem.{name}.unnamed_headers"));
            prop_assert_eq!(found.unwrap_or(&none), &json!(unnamed));
        }
    }

    #[test]
    fn no_member_is_only_in_the_body(line in events::event()) {
        let record = Record::read(&document(&line));
        let event: Value = serde_json::from_str(&line).unwrap();
        // Texts and numbers of the attributes, at any depth.
        let mut texts = Vec::new();
        let mut open: Vec<Value> = record.attributes.into_values().collect();
        while let Some(value) = open.pop() {
            match value {
                Value::Array(list) => open.extend(list),
                Value::Object(members) => open.extend(members.into_iter().map(|(_, value)| value)),
                Value::String(text) => texts.push(text),
                other => texts.push(other.to_string()),
            }
        }
        for section in ["geo", "httpMessage", "userRiskData", "botData", "clientData", "identity"] {
            for (name, value) in event[section].as_object().into_iter().flatten() {
                if matches!(name.as_str(), "requestHeaders" | "responseHeaders" | "start") {
                    continue;
                }
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Null => continue,
                    other => other.to_string(),
                };
                let digits = text.trim_start_matches('0');
                let is_there = text.is_empty() || texts.iter().any(|found| match name.as_str() {
                    "host" => found.contains(&text),
                    "regionCode" => *found == text || found.ends_with(&format!("-{text}")),
                    // Its version, or all of it.
                    "protocol" | "tls" => text.ends_with(found),
                    _ => *found == text || (found == digits && !digits.is_empty()) || found == "0" && digits.is_empty(),
                });
                prop_assert!(is_there, "{section}.{name}: {text:?} not in {texts:?}");
            }
        }
    }

    #[test]
    fn one_record_a_rule_says_which_rule_it_is(line in events::event()) {
        let (mut out, mut ends) = (Vec::new(), vec![]);
        Converter::<Otel>::default().convert_rules(line.as_bytes(), &mut out, &mut ends).unwrap();
        let mut start = 0;
        let mut found = Vec::new();
        for (number, end) in ends.iter().enumerate() {
            let record = Record::read(std::str::from_utf8(&out[start..*end]).unwrap());
            start = *end;
            if let Some(given) = record.attributes.get("akamai.siem.rule_number") {
                prop_assert_eq!(given, number);
            }
            let one = record.attributes.get("akamai.siem.rules").cloned().unwrap_or(json!([]));
            found.extend(one.as_array().unwrap().clone());
        }
        let (decoded, _) = support::slow::decode(&line);
        prop_assert_eq!(found, rules(&decoded));
    }
}
