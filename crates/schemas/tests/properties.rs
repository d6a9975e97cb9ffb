//! Any event becomes a document that strict receivers take, with the values that it had.
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
mod support;

use edgesiem_decode::{Decoder, EventReader, Facet, Headers, Writer};
use edgesiem_schemas::{Cef, Converter, Ecs, NAMES, by_name};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn document(schema: &str, line: &str) -> Vec<u8> {
    let mut out = b"before".to_vec();
    by_name(schema)
        .unwrap()
        .convert(line.as_bytes(), &mut out)
        .unwrap();
    out.strip_prefix(b"before").unwrap().to_vec()
}

/// What an event's view lists, in the form of the `decoded` schema.
fn viewed_rules(line: &str) -> (Value, [Value; 2]) {
    let mut reader = EventReader::default();
    let event = reader.read(line.as_bytes()).unwrap();
    let put = |object: &mut Map<String, Value>, key: &str, bytes: &[u8], is_utf8: bool| {
        assert_eq!(is_utf8, std::str::from_utf8(bytes).is_ok());
        object.insert(key.to_owned(), json!(String::from_utf8_lossy(bytes)));
        if !is_utf8 {
            object.insert(format!("{key}Base64"), json!(support::slow::base64(bytes)));
        }
    };
    let rules = event.rules().iter().map(|rule| {
        let mut object = Map::new();
        for (facet, (_, key)) in Facet::ALL.into_iter().zip(support::slow::FACETS) {
            if let Some(item) = rule.get(facet) {
                put(&mut object, key, item.bytes(), item.is_utf8());
                let mut text = Vec::new();
                let mut writer = Writer::new(&mut text, 0);
                item.write(&mut writer);
                writer.finish();
                let text = [b"\"", text.as_slice(), b"\""].concat();
                assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), object[key]);
            }
        }
        Value::Object(object)
    });
    let list = |headers: Headers<'_>| {
        let lines = headers.iter().map(|header| {
            let mut object = Map::new();
            match header.name {
                Some(name) => {
                    put(&mut object, "name", name.bytes(), name.is_utf8());
                    put(
                        &mut object,
                        "value",
                        header.value.bytes(),
                        header.value.is_utf8(),
                    );
                }
                None => put(
                    &mut object,
                    "raw",
                    header.value.bytes(),
                    header.value.is_utf8(),
                ),
            }
            Value::Object(object)
        });
        lines.collect::<Value>()
    };
    let headers = [
        list(event.request_headers()),
        list(event.response_headers()),
    ];
    (rules.collect(), headers)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_view_of_an_event_says_what_the_decoder_says(line in events::event()) {
        let mut out = Vec::new();
        let facts = Decoder::new().decode(line.as_bytes(), &mut out).unwrap();
        let decoded: Value = serde_json::from_slice(&out).unwrap();
        let (rules, headers) = viewed_rules(&line);
        let none = json!([]);
        prop_assert_eq!(&rules, decoded["attackData"].get("rules").unwrap_or(&none));
        for (name, list) in ["requestHeaders", "responseHeaders"].into_iter().zip(headers) {
            prop_assert_eq!(&list, decoded["httpMessage"].get(name).unwrap_or(&none));
        }
        let mut reader = EventReader::default();
        let event = reader.read(line.as_bytes()).unwrap();
        prop_assert_eq!(event.facts(), facts);
        if let Some(custom) = event.custom() {
            prop_assert_eq!(&serde_json::from_slice::<Value>(custom).unwrap(), &decoded["custom"]);
        }
    }

    #[test]
    fn cef_parses_back_to_the_fields_of_the_event(line in events::event()) {
        let found = support::cef::parse(&document("cef", &line)).unwrap();
        let (header, extension) = support::cef::expected(&line);
        prop_assert_eq!(found.header, header);
        prop_assert_eq!(found.extension, extension);
    }

    #[test]
    fn ecs_documents_have_known_fields_of_the_right_types_and_the_rules_of_the_event(line in events::event()) {
        let out = document("ecs", &line);
        let opening = br#"{"event":{"kind":""#;
        prop_assert!(out.starts_with(opening));
        prop_assert!(!out.contains(&b'\n'));
        let found: Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(support::ecs::problems(&found), Vec::<String>::new());

        let (decoded, _) = support::slow::decode(&line);
        let mut expected = Vec::new();
        for rule in decoded["attackData"]["rules"].as_array().into_iter().flatten() {
            let mut names = Map::new();
            for (facet, key) in support::slow::FACETS {
                for suffix in ["", "Base64"] {
                    let value = &rule[format!("{key}{suffix}")];
                    if value.as_str().is_some_and(|text| !text.is_empty()) {
                        names.insert(format!("{facet}{suffix}"), value.clone());
                    }
                }
            }
            if !names.is_empty() {
                expected.push(Value::Object(names));
            }
        }
        let rules = found["akamai"]["siem"]["rules"].as_array().cloned().unwrap_or_default();
        prop_assert_eq!(rules, expected);
    }

    #[test]
    fn the_integration_gets_the_line_byte_for_byte(line in events::event()) {
        let found: Value = serde_json::from_slice(&document("elastic-integration", &line)).unwrap();
        prop_assert_eq!(found["message"].as_str(), Some(line.as_str()));
    }

    #[test]
    fn one_document_a_rule_says_together_what_one_document_says(line in events::event()) {
        let (mut out, mut ends) = (b"before".to_vec(), vec![]);
        Converter::<Ecs>::default().convert_rules(line.as_bytes(), &mut out, &mut ends).unwrap();
        let whole: Value = serde_json::from_slice(&document("ecs", &line)).unwrap();
        let mut rules = Vec::new();
        let mut start = 6;
        for (number, end) in ends.iter().enumerate() {
            let found: Value = serde_json::from_slice(&out[start..*end]).unwrap();
            prop_assert_eq!(support::ecs::problems(&found), Vec::<String>::new());
            if let Some(sequence) = found["event"].get("sequence") {
                prop_assert_eq!(sequence, number);
            }
            prop_assert_eq!(&found["source"], &whole["source"]);
            rules.extend(found["akamai"]["siem"]["rules"].as_array().cloned().unwrap_or_default());
            start = *end;
        }
        prop_assert_eq!(out.len(), start);
        prop_assert_eq!(rules, whole["akamai"]["siem"]["rules"].as_array().cloned().unwrap_or_default());

        let (mut out, mut parts) = (Vec::new(), vec![]);
        Converter::<Cef>::default().convert_rules(line.as_bytes(), &mut out, &mut parts).unwrap();
        prop_assert_eq!(parts.len(), ends.len());
        let mut start = 0;
        for end in parts {
            support::cef::parse(&out[start..end]).unwrap();
            start = end;
        }
    }

    #[test]
    fn every_schema_accepts_the_same_lines_and_none_panics(
        line in events::event(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..4),
    ) {
        let mut line = line.into_bytes();
        for (at, byte, kind) in changes {
            let at = at.index(line.len());
            match kind {
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                2 => line.truncate(at.max(1)),
                _ => drop(line.remove(at)),
            }
            if line.is_empty() {
                line.push(b'{');
            }
        }
        let raw = by_name("raw").unwrap().convert(&line, &mut Vec::new());
        for name in NAMES {
            let mut out = Vec::new();
            let found = by_name(name).unwrap().convert(&line, &mut out);
            prop_assert_eq!(found.map(|facts| facts.time), raw.map(|facts| facts.time), "{}", name);
            prop_assert!(std::str::from_utf8(&out).is_ok());
            prop_assert!(!out.contains(&b'\n'));
            if found.is_ok() && *name == "cef" {
                support::cef::parse(&out).unwrap();
            } else if found.is_ok() && matches!(*name, "ecs" | "elastic-integration") {
                prop_assert!(serde_json::from_slice::<Value>(&out).is_ok());
            }
        }
    }

    #[test]
    fn a_schema_forgets_the_event_before(first in events::event(), second in events::event()) {
        for name in NAMES {
            let mut schema = by_name(name).unwrap();
            schema.convert(first.as_bytes(), &mut Vec::new()).unwrap();
            let mut out = Vec::new();
            schema.convert(second.as_bytes(), &mut out).unwrap();
            prop_assert_eq!(out, document(name, &second), "{}", name);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for name in NAMES {
            let _ = by_name(name).unwrap().convert(&bytes, &mut Vec::new());
        }
    }
}
