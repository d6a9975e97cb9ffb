//! Documents of OCSF are valid by its own schema files, and have what the event had.
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
#[path = "support/ocsf.rs"]
mod ocsf;
/// What the generator of events needs.
mod support {
    #[path = "../../../decode/tests/support/mod.rs"]
    pub mod slow;
}

use std::collections::HashSet;

use edgesiem_model::{Cursor, Gap, Schema, Timestamp};
use edgesiem_schemas::{Converter, Ocsf, OcsfSettings};
use proptest::prelude::*;
use serde_json::{Value, json};

fn converter(detection_finding: bool, raw_data: bool) -> Converter<Ocsf> {
    Converter::new(Ocsf::new(OcsfSettings {
        detection_finding,
        raw_data,
    }))
}

fn converted(schema: &mut dyn Schema, line: &str) -> Value {
    let mut out = Vec::new();
    schema.convert(line.as_bytes(), &mut out).unwrap();
    assert!(out.starts_with(b"{\"metadata\":{"), "{line}");
    assert!(!out.contains(&b'\n'), "{line}");
    serde_json::from_slice(&out).unwrap()
}

fn activity(line: &str) -> Value {
    converted(&mut converter(false, false), line)
}

fn finding(line: &str) -> Value {
    converted(&mut converter(true, false), line)
}

fn is_valid(document: &Value) {
    assert_eq!(ocsf::problems(document), Vec::<String>::new(), "{document}");
}

fn vectors() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/schemas/ocsf.json"
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_validator_is_strict() {
    let good = activity(
        r#"{"type":"","attackData":{"clientIP":"192.0.2.1"},"httpMessage":{"host":"a.example","port":80}}"#,
    );
    is_valid(&good);
    for (pointer, value, problem) in [
        ("/severity_id", json!(7), "/severity_id: enum"),
        ("/class_uid", json!(1), "1 is no class"),
        ("/category_uid", json!(2), "/category_uid: const"),
        ("/time", json!("0"), "/time: type"),
        ("/type_uid", json!(400_203), "type_uid is not"),
        (
            "/metadata",
            json!({"version": "1.8.0"}),
            "/metadata: required",
        ),
        ("/metadata/product", json!({}), "/metadata/product: anyOf"),
        (
            "/dst_endpoint/port",
            json!(65_536),
            "/dst_endpoint/port: maximum",
        ),
        (
            "/src_endpoint/ip",
            json!("192.0.2"),
            "/src_endpoint/ip: pattern",
        ),
        (
            "/src_endpoint/ip",
            json!("0000:0000:0000:0000:0000:ffff:192.168.100.100"),
            "/src_endpoint/ip: maxLength",
        ),
        (
            "/observables/0",
            json!({"type_id": 2, "x": 1}),
            "/observables/0: additionalProperties",
        ),
    ] {
        let mut document = good.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        let problems = ocsf::problems(&document);
        assert!(
            problems.iter().any(|one| one.starts_with(problem)),
            "{problem}: {problems:?}"
        );
    }
}

#[test]
fn every_vector_is_valid_as_an_activity_and_as_a_finding() {
    for vector in vectors() {
        is_valid(&serde_json::from_str(vector["document"].as_str().unwrap()).unwrap());
        is_valid(&finding(vector["line"].as_str().unwrap()));
    }
}

#[test]
fn a_gap_is_an_application_error() {
    let gap = Gap {
        detected_at: Timestamp::from_millis(1_700_000_000_123),
        reason: "the offset is too old | a=b\nc \u{1b}".to_owned(),
        lost: Cursor(json!({"offset": "318d8;x=="})),
        last_event_at: Some(Timestamp::from_secs(1_699_000_000)),
        resumed_from: Timestamp::from_secs(1_699_990_000),
    };
    let line = r#"{"gap":"as a line of \"JSON\""}"#;
    for is_finding in [false, true] {
        let mut out = Vec::new();
        converter(is_finding, false).gap(line.as_bytes(), &gap, &mut out);
        let document: Value = serde_json::from_slice(&out).unwrap();
        is_valid(&document);
        assert_eq!(document["class_uid"], 6008);
        assert_eq!(document["time"], 1_700_000_000_123_u64);
        assert_eq!(document["start_time"], 1_699_000_000_000_u64);
        assert_eq!(document["end_time"], 1_699_990_000_000_u64);
        assert_eq!(document["status_detail"], gap.reason);
        assert_eq!(document["unmapped"]["gap"], line);
    }
}

#[test]
fn severity_follows_what_was_done() {
    // base64: AKAMAI/BOT/X QUtBTUFJL0JPVC9Y, OTHER T1RIRVI
    for (attack, severity) in [
        (r#""appliedAction":"deny""#, 4),
        (r#""appliedAction":"slow""#, 4),
        (r#""appliedAction":"alert""#, 3),
        (r#""appliedAction":"alert","rules":"MQ"#, 3),
        (r#""appliedAction":"alert","ruleTags":"QUtBTUFJL0JPVC9Y"#, 2),
        (
            r#""appliedAction":"alert","ruleTags":"QUtBTUFJL0JPVC9Y;T1RIRVI"#,
            3,
        ),
        (r#""appliedAction":"deny","ruleTags":"QUtBTUFJL0JPVC9Y"#, 4),
        (r#""ruleTags":"QUtBTUFJL0JPVC9Y"#, 0),
    ] {
        let quote = if attack.ends_with('"') { "" } else { "\"" };
        let document = activity(&format!(r#"{{"attackData":{{{attack}{quote}}}}}"#));
        assert_eq!(document["severity_id"], severity, "{attack}");
    }
}

#[test]
fn forwarded_addresses_are_listed_and_nothing_else() {
    let headers = "X-Forwarded-For: 192.0.2.7, unknown,2001:db8::1 ,[::1]:80\\nx-forwarded-for: 0000:0000:0000:0000:0000:ffff:192.168.100.100\\nX-Forwarded-Fur: 192.0.2.8";
    let line = format!(r#"{{"httpMessage":{{"requestHeaders":"{headers}"}}}}"#);
    let document = activity(&line);
    is_valid(&document);
    let expected = json!(["192.0.2.7", "2001:db8::1", "::ffff:192.168.100.100"]);
    assert_eq!(document["http_request"]["x_forwarded_for"], expected);
    assert_eq!(
        document["http_request"]["http_headers"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn members_of_the_event_cannot_take_the_place_of_what_we_write() {
    let line = r#"{"attackData":{"apiId":"real","rules":"MQ"},"attackData.apiId":"fake","rules":"fake","custom":"real","members":1}"#;
    let document = activity(line);
    let unmapped = json!({
        "rules": [{"rule": "1"}],
        "attackData.apiId": "real",
        "custom": "real",
        "members": {"attackData.apiId": "fake", "rules": "fake", "members": "1"},
    });
    assert_eq!(document["unmapped"], unmapped);
}

#[test]
fn a_finding_keeps_what_only_an_activity_has_a_place_for() {
    let line = r#"{"httpMessage":{"method":"PROPFIND","bytes":"7"}}"#;
    assert_eq!(activity(line)["activity_name"], "PROPFIND");
    assert_eq!(activity(line)["traffic"]["bytes_in"], 7);
    let members = json!({"httpMessage.method": "PROPFIND", "httpMessage.bytes": "7"});
    assert_eq!(finding(line)["unmapped"]["members"], members);
    assert_eq!(finding(line)["finding_info"]["uid"], "unknown");
}

/// All strings and numbers of a document, as text.
fn leaves(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::String(text) => drop(found.insert(text.clone())),
        other => drop(found.insert(other.to_string())),
    }
}

/// Where a value is that a document has in another form.
fn other_form(path: &str, text: &str, event: &Value) -> Option<String> {
    let continents = [
        ("AF", "Africa"),
        ("AN", "Antarctica"),
        ("AS", "Asia"),
        ("EU", "Europe"),
        ("NA", "North America"),
        ("OC", "Oceania"),
        ("SA", "South America"),
    ];
    match path {
        "geo.continent" => continents
            .iter()
            .find(|(code, _)| *code == text)
            .map(|(_, name)| (*name).to_owned()),
        "geo.regionCode" => Some(format!("{}-{text}", event["geo"]["country"].as_str()?)),
        "httpMessage.protocol" => {
            let (name, version) = text.split_once('/').unwrap_or(("http", text.get(1..)?));
            name.eq_ignore_ascii_case("http")
                .then(|| version.to_owned())
        }
        _ => text.parse::<u64>().ok().map(|number| number.to_string()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_event_is_valid_and_whole(line in events::event()) {
        let event: Value = serde_json::from_str(&line).unwrap();
        let (decoded, _) = support::slow::decode(&line);
        for document in [activity(&line), finding(&line)] {
            is_valid(&document);
            let mut found = HashSet::new();
            leaves(&document, &mut found);
            for (section, members) in event.as_object().unwrap() {
                for (name, value) in members.as_object().into_iter().flatten() {
                    let is_taken_apart = ["rule", "requestHeaders", "responseHeaders"]
                        .iter()
                        .any(|begin| name.starts_with(begin));
                    if section == "custom" || is_taken_apart && value.is_string() {
                        continue;
                    }
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    let path = format!("{section}.{name}");
                    let is_there = value.is_null()
                        || text.is_empty()
                        || found.contains(&text)
                        || other_form(&path, &text, &event).is_some_and(|text| found.contains(&text))
                        || path == "httpMessage.host" && found.iter().any(|leaf| leaf.contains(&text))
                        || path == "attackData.clientIP";
                    prop_assert!(is_there, "{path} {text}: {document}");
                }
            }
            let mut rules = decoded["attackData"]["rules"].as_array().cloned().unwrap_or_default();
            for rule in &mut rules {
                rule.as_object_mut().unwrap().retain(|_, value| value != "");
            }
            rules.retain(|rule| rule != &json!({}));
            let written = document["unmapped"]["rules"].as_array().cloned().unwrap_or_default();
            prop_assert_eq!(written, rules);
            let none = json!([]);
            let headers = &decoded["httpMessage"]["requestHeaders"];
            let evidence = document.pointer("/evidences/0").unwrap_or(&document);
            let written = evidence["http_request"].get("http_headers").unwrap_or(&none);
            let count = headers.as_array().map_or(0, Vec::len);
            prop_assert_eq!(written.as_array().unwrap().len(), count);
            if let Some(custom) = decoded.get("custom").filter(|custom| *custom != "") {
                prop_assert_eq!(&document["unmapped"]["custom"], custom);
            }
        }
    }

    #[test]
    fn activity_and_finding_say_the_same(line in events::event()) {
        let (activity, finding) = (activity(&line), finding(&line));
        let evidence = &finding["evidences"][0];
        for name in ["src_endpoint", "dst_endpoint", "connection_info", "tls", "ja4_fingerprint_list", "http_request", "http_response"] {
            prop_assert_eq!(&activity[name], &evidence[name]);
        }
        for name in ["metadata", "time", "severity_id", "action_id", "disposition_id", "disposition", "status_detail", "is_alert", "policy", "firewall_rule"] {
            prop_assert_eq!(&activity[name], &finding[name]);
        }
    }

    #[test]
    fn each_rule_has_a_document_of_its_own_where_that_is_asked_for(line in events::event()) {
        for is_finding in [false, true] {
            let (mut out, mut ends) = (Vec::new(), vec![]);
            converter(is_finding, true).convert_rules(line.as_bytes(), &mut out, &mut ends).unwrap();
            let mut start = 0;
            let mut rules = Vec::new();
            for (number, end) in ends.iter().enumerate() {
                let document: Value = serde_json::from_slice(&out[start..*end]).unwrap();
                is_valid(&document);
                prop_assert_eq!(document["raw_data"].as_str(), Some(line.as_str()));
                if let Some(sequence) = document["metadata"].get("sequence") {
                    prop_assert_eq!(sequence, number);
                }
                rules.extend(document["unmapped"]["rules"].as_array().cloned().unwrap_or_default());
                start = *end;
            }
            let whole = converted(&mut converter(is_finding, false), &line);
            prop_assert_eq!(rules, whole["unmapped"]["rules"].as_array().cloned().unwrap_or_default());
        }
    }
}
