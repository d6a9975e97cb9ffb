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

mod support;

use edgesiem_decode::{Decoder, Facet, decode_headers, decode_rules, parse_context};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use support::{FACETS, base64};

/// A JSON string of `text`; `style` chooses which characters are escaped without need.
fn quoted(text: &str, style: u32) -> String {
    let plain = serde_json::to_string(text).unwrap();
    if !style.is_multiple_of(4) {
        return plain;
    }
    let mut units = [0; 2];
    let mut out = String::new();
    for (index, character) in text.chars().enumerate() {
        if (index as u32 + style / 4).is_multiple_of(3) {
            character
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
        } else {
            let one = serde_json::to_string(&character).unwrap();
            out.push_str(&one[1..one.len() - 1]);
        }
    }
    format!("\"{out}\"")
}

fn json_string(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (text, any::<u32>()).prop_map(|(text, style)| quoted(&text, style))
}

fn white() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 1 => select(vec![" ", "\t", "\r", "\n", " \n\r\t "])]
}

fn object(members: Vec<(String, String)>, white: &str) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{white}{name}{white}:{white}{value}{white}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Text between the separators of a facet.
fn item() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        6 => ".{0,40}".prop_map(|text| base64(text.as_bytes())),
        4 => "[ -~]{0,90}".prop_map(|text| base64(text.as_bytes())),
        3 => vec(any::<u8>(), 0..40).prop_map(|bytes| base64(&bytes)),
        2 => vec(any::<u8>(), 0..20).prop_map(|bytes| base64(&bytes).replace('+', "-").replace('/', "_")),
        2 => vec(any::<u8>(), 0..20).prop_map(|bytes| base64(&bytes).trim_end_matches('=').to_owned()),
        2 => "[A-Za-z0-9+/=_ -]{0,24}",
        1 => ".{0,12}",
        1 => "(%[0-9a-fA-F]?[0-9a-fA-F]?|[A-D]){0,8}",
    ]
}

/// Percent-encodes some of the text, as `choices` say.
fn percent(text: &str, choices: &[u8]) -> String {
    let mut out = String::new();
    let mut choices = choices.iter().cycle();
    for character in text.chars() {
        let choice = *choices.next().unwrap_or(&0);
        let must = matches!(character, '\r' | '\n')
            || choice < 8
            || (choice < 200 && matches!(character, '=' | ';' | ':' | '/'));
        if must && character.is_ascii() {
            let code = u32::from(character);
            out.push_str(&if choice.is_multiple_of(2) {
                format!("%{code:02x}")
            } else {
                format!("%{code:02X}")
            });
        } else {
            out.push(character);
        }
    }
    out
}

fn facet() -> impl Strategy<Value = String> {
    (vec(item(), 0..7), vec(any::<u8>(), 1..40), 0..3_usize).prop_map(
        |(items, choices, trailing)| percent(&(items.join(";") + &";".repeat(trailing)), &choices),
    )
}

fn headers() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        6 => "[A-Za-z-]{0,12}: ?[ -~]{0,40}",
        1 => "[\t ]{0,3}[ -~]{0,20}",
        1 => ".{0,12}",
        1 => Just(String::new()),
        1 => "[a-z:%\t\r 0-9a-f\"\\\\]{0,20}",
        1 => "(%[c-f][0-9a-f]|%[89ab][0-9a-f]|[a-c:]){0,12}",
    ];
    let end = select(vec!["\r\n", "\r\n", "\r\n", "\n", "\r\n\r\n", "\r"]);
    (
        vec((line, end), 0..8),
        vec(any::<u8>(), 1..40),
        any::<bool>(),
    )
        .prop_map(|(lines, choices, ended)| {
            let mut text: String = lines
                .iter()
                .map(|(line, end)| format!("{line}{end}"))
                .collect();
            if !ended {
                text.truncate(text.trim_end().len());
            }
            percent(&text, &choices)
        })
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        json_string(".{0,20}".boxed()),
        json_string("[ -~]{0,80}".boxed()),
        select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0.5e+3",
            "1.0",
            "12345678901234567890",
            "[]",
            "{}",
            "[[[{}]]]"
        ])
        .prop_map(str::to_owned),
        (1..100_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
    ]
}

fn custom() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        ".{0,30}".prop_map(|text| base64(text.as_bytes())),
        "[ -~]{1,30}".prop_map(|text| base64(text.as_bytes()).replace('=', "%3d")),
        vec(any::<u8>(), 0..12).prop_map(|bytes| base64(&bytes)),
        "[A-Za-z0-9+/=_ -]{0,12}",
        "\\PC{0,12}",
    ];
    let value = prop_oneof![4 => json_string(text), 1 => leaf()];
    value.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            (
                vec(
                    (
                        json_string(select(vec!["a", "b", "YWJj"]).prop_map(str::to_owned)),
                        inner.clone()
                    ),
                    0..4
                ),
                white()
            )
                .prop_map(|(members, white)| object(members, white)),
            vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(","))),
        ]
    })
}

/// Members of `attackData`: some facets, in any order, twice as well, and others between them.
fn attack_data() -> impl Strategy<Value = String> {
    let name = (0..FACETS.len()).prop_map(|index| FACETS[index].0.to_owned());
    let member = prop_oneof![
        6 => (json_string(name.clone()), json_string(facet())),
        2 => (json_string(select(vec!["clientIP", "ruleless", "rule", "x"]).prop_map(str::to_owned)), leaf()),
    ];
    let all_text =
        (vec(member, 0..12), white()).prop_map(|(members, white)| object(members, white));
    // A facet of another type; no name comes twice, because a tree shows only the last one.
    let mixed = (
        select((0..FACETS.len()).collect::<Vec<_>>()),
        facet(),
        leaf(),
        white(),
    )
        .prop_map(|(at, text, other, white)| {
            let members = FACETS.iter().enumerate();
            let members = members.map(|(index, (name, _))| {
                (
                    quoted(name, 1),
                    if index == at {
                        other.clone()
                    } else {
                        quoted(&text, 1)
                    },
                )
            });
            object(members.collect(), white)
        });
    prop_oneof![9 => all_text, 1 => mixed, 1 => leaf()]
}

fn http_message() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        4 => (json_string(select(vec!["requestHeaders", "responseHeaders"]).prop_map(str::to_owned)), json_string(headers())),
        1 => (json_string(select(vec!["requestHeaders", "start", "query"]).prop_map(str::to_owned)), leaf()),
        1 => (Just("\"start\"".to_owned()), select(vec!["\"1491303422\"", "1470923133.026"]).prop_map(str::to_owned)),
    ];
    prop_oneof![9 => (vec(member, 0..6), white()).prop_map(|(members, white)| object(members, white)), 1 => leaf()]
}

fn event() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        4 => (Just("\"attackData\"".to_owned()), attack_data()),
        3 => (Just("\"httpMessage\"".to_owned()), http_message()),
        2 => (Just("\"custom\"".to_owned()), custom()),
        1 => (json_string(select(vec!["attackData", "httpMessage", "custom", "geo", "é"]).prop_map(str::to_owned)), leaf()),
    ];
    let kind = ("\"type\"".to_owned(), "\"akamai_siem\"".to_owned());
    (vec(member, 0..6), white(), any::<prop::sample::Index>()).prop_map(
        move |(mut members, white, at)| {
            let at = at.index(members.len() + 1);
            members.insert(at, kind.clone());
            object(members, white)
        },
    )
}

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
