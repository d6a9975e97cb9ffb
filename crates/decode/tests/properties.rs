//! Decoder against slow decoder, over events with everything that real and hostile ones have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    clippy::panic,
    reason = "a test that meets the unexpected must fail"
)]

#[path = "support/strategies.rs"]
mod strategies;
mod support;

use edgesiem_decode::{Decoder, Facet, decode_headers, decode_rules, parse_context};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use strategies::{event, facet, headers, json_string, leaf, object, quoted, white};
use support::FACETS;

fn tree(json: &[u8]) -> Value {
    serde_json::from_slice(json)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(json)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_decoder_agrees_with_the_slow_one(line in event()) {
        let mut out = Vec::new();
        let facts = Decoder::new().decode(line.as_bytes(), &mut out).unwrap();
        let (slow, undecoded) = support::decode(&line);
        prop_assert!(!out.contains(&b'\n'));
        // As text, so that the order of members counts too.
        prop_assert_eq!(tree(&out).to_string(), slow.to_string());
        prop_assert!(facts.undecoded >= undecoded);

        // Without duplicate members, of which a tree keeps only the last, the counts are the same.
        let line = tree(line.as_bytes()).to_string();
        out.clear();
        let facts = Decoder::new().decode(line.as_bytes(), &mut out).unwrap();
        prop_assert_eq!(String::from_utf8(out).unwrap(), slow.to_string());
        prop_assert_eq!(facts.undecoded, undecoded);
    }

    #[test]
    fn an_event_without_encoded_members_is_copied_byte_for_byte(members in vec((json_string("[a-bd-z]{1,5}"), leaf()), 0..6), white in white()) {
        let line = object(members, white);
        let mut out = Vec::new();
        Decoder::new().decode(line.as_bytes(), &mut out).unwrap();
        prop_assert_eq!(String::from_utf8(out).unwrap(), line.replace('\n', " "));
    }

    #[test]
    fn the_single_steps_agree_with_the_decoder(facets in vec(("|rule|é", facet()).prop_map(|(_, text)| text), 7), headers in headers()) {
        let members = FACETS.iter().zip(&facets).map(|((name, _), text)| (quoted(name, 1), quoted(text, 1))).collect();
        let message = object(vec![("\"requestHeaders\"".to_owned(), quoted(&headers, 1))], "");
        let line = object(vec![("\"attackData\"".to_owned(), object(members, "")), ("\"httpMessage\"".to_owned(), message)], "");
        let mut out = Vec::new();
        let facts = Decoder::new().decode(line.as_bytes(), &mut out).unwrap();
        let document = String::from_utf8(out).unwrap();

        let (mut rules, mut list) = (Vec::new(), Vec::new());
        let facets: Vec<(Facet, &str)> = Facet::ALL.into_iter().zip(facets.iter().map(String::as_str)).collect();
        let undecoded = decode_rules(&facets, &mut rules).unwrap() + decode_headers(&headers, &mut list).unwrap();
        let expected = format!(r#"{{"attackData":{{"rules":{}}},"httpMessage":{{"requestHeaders":{}}}}}"#,
            String::from_utf8(rules).unwrap(), String::from_utf8(list).unwrap());
        prop_assert_eq!(document, expected);
        prop_assert_eq!(facts.undecoded, undecoded);
    }

    #[test]
    fn a_damaged_event_is_refused_or_becomes_valid_json(line in event(), changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4)) {
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
        let mut decoder = Decoder::new();
        let mut out = b"before".to_vec();
        let checked = decoder.check(&line);
        match decoder.decode(&line, &mut out) {
            Ok(facts) => {
                prop_assert_eq!(checked.unwrap().start_ms, facts.start_ms);
                prop_assert!(out.starts_with(b"before"));
                prop_assert!(!out.contains(&b'\n'));
                prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&out[6..]).is_ok());
                prop_assert!(std::str::from_utf8(&out).is_ok());
            }
            Err(error) => {
                prop_assert_eq!(checked, Err(error));
                prop_assert_eq!(out, b"before");
                prop_assert!(error.at <= line.len());
                let is_object = serde_json::from_slice::<Value>(&line).is_ok_and(|value| value.is_object());
                prop_assert!(!is_object || parse_context(&line).is_some(), "{}: {}", error, String::from_utf8_lossy(&line));
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        let mut decoder = Decoder::new();
        let mut out = Vec::new();
        let _ = (decoder.check(&bytes), decoder.decode(&bytes, &mut out), decoder.copy(&bytes, &mut out), parse_context(&bytes));
        let text = String::from_utf8_lossy(&bytes);
        let _ = decode_rules(&Facet::ALL.map(|facet| (facet, &*text)), &mut out);
        let _ = decode_headers(&text, &mut out);
    }
}
