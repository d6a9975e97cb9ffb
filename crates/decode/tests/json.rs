//! Which lines are events, which are context lines, and which are neither.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected must fail"
)]

use edgesiem_decode::{
    Context, Decoder, Item, Malformed, MultiJsonReader, Truncated, parse_context,
};
use serde_json::Value;

/// JSON values, each valid on its own.
const VALID: &[&[u8]] = &[
    b"0",
    b"-0",
    b"1",
    b"-1",
    b"12345678901234567890123",
    b"0.0",
    b"-0.10",
    b"1e5",
    b"1E5",
    b"1e+5",
    b"1e-5",
    b"1.5e005",
    b"0e0",
    b"true",
    b"false",
    b"null",
    b"[]",
    b"{}",
    b"[ ]",
    b"{ }",
    b"[1,2]",
    b"[[],{}]",
    b"[\t1 ,\r2\n]",
    b"{\"a\":1}",
    b"{\"a\":1,\"a\":2}",
    b"{\"\":0}",
    b"{ \"a\" : [ { } ] , \"b\" : \"\" }",
    b"\"\"",
    b"\"a\"",
    b"\" \"",
    b"\"\\\"\"",
    b"\"\\\\\"",
    b"\"\\/\\b\\f\\n\\r\\t\"",
    b"\"\\u0000\"",
    b"\"\\u00e9\\uFFFF\\uabCD\"",
    b"\"\\ud83d\\ude00\"",
    b"\"\x7f\"",
    b"\"\xc2\x80\"",
    b"\"\xdf\xbf\"",
    b"\"\xe0\xa0\x80\"",
    b"\"\xed\x9f\xbf\"",
    b"\"\xee\x80\x80\"",
    b"\"\xef\xbf\xbf\"",
    b"\"\xf0\x90\x80\x80\"",
    b"\"\xf4\x8f\xbf\xbf\"",
    b"\"/*\"",
    b"\"[{:,\"",
];

/// Text that is not a JSON value.
const INVALID: &[&[u8]] = &[
    b"",
    b" ",
    b"-",
    b"+1",
    b"01",
    b"-01",
    b"00",
    b"1.",
    b".5",
    b"-.5",
    b"1.e1",
    b"1e",
    b"1e+",
    b"1e1.5",
    b"1E-",
    b"0x1",
    b"1_0",
    b"Infinity",
    b"-Infinity",
    b"NaN",
    b"1a",
    b"tru",
    b"True",
    b"truee",
    b"nul",
    b"nulL",
    b"fals",
    b"undefined",
    b"'a'",
    b"a",
    b"[",
    b"]",
    b"[1",
    b"[1,",
    b"[1,]",
    b"[,1]",
    b"[,]",
    b"[1 2]",
    b"[1,,2]",
    b"[1;2]",
    b"[}",
    b"{",
    b"}",
    b"{]",
    b"{\"a\"",
    b"{\"a\":",
    b"{\"a\":1",
    b"{\"a\":1,",
    b"{\"a\":1,}",
    b"{,}",
    b"{,\"a\":1}",
    b"{\"a\"}",
    b"{\"a\" 1}",
    b"{\"a\"::1}",
    b"{a:1}",
    b"{'a':1}",
    b"{1:1}",
    b"{null:1}",
    b"{\"a\":1 \"b\":2}",
    b"{\"a\":1;\"b\":2}",
    b"{\"a\",\"b\"}",
    b"\"",
    b"\"a",
    b"\"\\\"",
    b"\"\\",
    b"\"\\x\"",
    b"\"\\u\"",
    b"\"\\u1\"",
    b"\"\\u123\"",
    b"\"\\u123g\"",
    b"\"\\U0041\"",
    b"\"\\u+123\"",
    b"\"\\ \"",
    b"\"\\\x00\"",
    b"\"\t\"",
    b"\"\n\"",
    b"\"\r\"",
    b"\"\x00\"",
    b"\"\x1f\"",
    b"\"\x80\"",
    b"\"\xbf\"",
    b"\"\xc0\x80\"",
    b"\"\xc1\xbf\"",
    b"\"\xc2\"",
    b"\"\xc2A\"",
    b"\"\xe0\x9f\xbf\"",
    b"\"\xed\xa0\x80\"",
    b"\"\xe2\x82\"",
    b"\"\xf0\x8f\xbf\xbf\"",
    b"\"\xf4\x90\x80\x80\"",
    b"\"\xf5\x80\x80\x80\"",
    b"\"\xf0\x9f\x98\"",
    b"\"\xff\"",
    b"\"\xfe\"",
    b"\xef\xbb\xbf1",
    b"\x0b1",
    b"\x0c1",
    b"\xc2\xa01",
    b"1\x00",
    b"//a\n1",
    b"/**/1",
    b"1 #",
    b"[1]]",
    b"{}}",
    b"{}{}",
    b"1 1",
    b"\"a\"\"b\"",
    b"\xe9",
];

fn check(line: &[u8]) -> Result<(), Malformed> {
    let (mut decoded, mut copied) = (Vec::new(), Vec::new());
    let mut decoder = Decoder::new();
    let checked = decoder.check(line).map(drop);
    assert_eq!(decoder.decode(line, &mut decoded).map(drop), checked);
    assert_eq!(decoder.copy(line, &mut copied).map(drop), checked);
    if checked.is_ok() {
        let one_line: Vec<u8> = line
            .iter()
            .map(|byte| if *byte == b'\n' { b' ' } else { *byte })
            .collect();
        assert_eq!(copied, one_line);
    } else {
        assert!(decoded.is_empty() && copied.is_empty());
    }
    checked
}

/// Places in an event where a value can be, the ones that are looked into and others.
fn surroundings() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut places = Vec::new();
    for before in [
        "{\"a\":",
        "{\"type\":",
        "{\"offset\":",
        "{\"custom\":",
        "{\"attackData\":",
        "{\"attackData\":{\"rules\":",
        "{\"attackData\":{\"x\":",
        "{\"httpMessage\":",
        "{\"httpMessage\":{\"start\":",
        "{\"httpMessage\":{\"requestHeaders\":",
        "{\"a\":[",
        "{\"a\":{\"b\":[0,",
    ] {
        let after: String = before
            .chars()
            .rev()
            .filter_map(|bracket| match bracket {
                '{' => Some('}'),
                '[' => Some(']'),
                _ => None,
            })
            .collect();
        // With enough behind it for whole blocks, and without.
        places.push((before.into(), after.clone().into()));
        places.push((before.into(), format!("{after}{}", " ".repeat(70)).into()));
        places.push((
            format!(
                "{{\"type\":\"{}\",{}",
                "x".repeat(70),
                before.get(1..).unwrap()
            )
            .into(),
            after.into(),
        ));
    }
    places
}

#[test]
fn each_valid_value_is_accepted_in_each_place() {
    for (before, after) in surroundings() {
        for value in VALID {
            let line = [&before[..], value, &after[..]].concat();
            let expected = if parse_context(&line).is_some() {
                "a context line in the middle of a page"
            } else {
                ""
            };
            let result = check(&line);
            assert_eq!(
                result.err().map_or("", |error| error.reason),
                expected,
                "{}",
                String::from_utf8_lossy(&line)
            );
            assert!(
                serde_json::from_slice::<Value>(&line).is_ok(),
                "{}",
                String::from_utf8_lossy(&line)
            );
        }
    }
}

#[test]
fn each_invalid_value_is_refused_in_each_place() {
    for (before, after) in surroundings() {
        // Nothing in brackets is an empty list.
        let list = before.ends_with(b"[");
        for value in INVALID
            .iter()
            .filter(|value| !(list && value.trim_ascii().is_empty()))
        {
            let line = [&before[..], value, &after[..]].concat();
            assert!(check(&line).is_err(), "{}", String::from_utf8_lossy(&line));
            assert!(
                serde_json::from_slice::<Value>(&line).is_err(),
                "{}",
                String::from_utf8_lossy(&line)
            );
            assert_eq!(parse_context(&line), None);
        }
    }
}

#[test]
fn every_beginning_of_an_event_is_refused() {
    let event = r#"{"attackData":{"rules":"YQ%3b\u0041é"},"httpMessage":{"requestHeaders":"A: b%0d%0a","start":"1.5"},"x":[1e5,true,null,{}]}"#;
    assert!(check(event.as_bytes()).is_ok());
    for length in 0..event.len() {
        assert!(check(&event.as_bytes()[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_line_that_is_not_an_object_is_refused() {
    for value in VALID.iter().filter(|value| value[0] != b'{') {
        assert_eq!(
            check(value),
            Err(Malformed {
                reason: "expected an object",
                at: 0
            })
        );
    }
    assert_eq!(
        check(b"{} {}").unwrap_err().to_string(),
        "text after the object at byte 3"
    );
}

#[test]
fn half_a_surrogate_pair_is_accepted_where_serde_json_would_refuse_it() {
    for value in [
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ude00\ud83d""#,
        r#""\ud83dx""#,
        r#""\ud83d\u0041""#,
    ] {
        let line = format!(r#"{{"a":{value}}}"#);
        assert_eq!(check(line.as_bytes()), Ok(()));
        assert!(serde_json::from_str::<Value>(&line).is_err());
    }
}

#[test]
fn numbers_too_large_for_a_double_are_accepted() {
    assert_eq!(check(br#"{"a":1e999,"b":-1e-999}"#), Ok(()));
}

#[test]
fn nesting_ends_where_serde_json_ends_it() {
    for open in ["[", "{\"a\":"] {
        for name in ["a", "custom", "attackData"] {
            for depth in 120..140 {
                let close = if open == "[" { "]" } else { "}" };
                let line = format!(
                    "{{\"{name}\":{}{}}}",
                    open.repeat(depth) + "1",
                    close.repeat(depth)
                );
                let result = check(line.as_bytes());
                assert_eq!(result.is_ok(), depth < 127, "{depth}");
                assert_eq!(
                    result.is_ok(),
                    serde_json::from_str::<Value>(&line).is_ok(),
                    "{depth}"
                );
            }
        }
    }
    // Hostile depth costs no stack.
    assert!(check(format!("{{\"a\":{}", "[".repeat(1_000_000)).as_bytes()).is_err());
}

fn context(offset: &str, total: Option<u64>, limit: Option<u64>) -> Option<Context> {
    Some(Context {
        offset: offset.to_owned(),
        total,
        limit,
    })
}

#[test]
fn a_context_line_is_known_by_its_members() {
    for (line, expected) in [
        (r#"{"offset":"318d8"}"#, context("318d8", None, None)),
        (
            r#" { "total": 4, "offset": "7015d;spnIX1f" } "#,
            context("7015d;spnIX1f", Some(4), None),
        ),
        (
            r#"{"offset":"a","total":"2","limit":"10000"}"#,
            context("a", Some(2), Some(10_000)),
        ),
        (
            r#"{"offset":"a","total":2.5,"limit":-1}"#,
            context("a", None, None),
        ),
        (
            r#"{"offset":"a","total":null,"limit":"many"}"#,
            context("a", None, None),
        ),
        (
            r#"{"offset":"a","total":18446744073709551616,"limit":""}"#,
            context("a", None, None),
        ),
        (
            r#"{"offset":"a","hmac":{"type":"x","offset":1},"x":["attackData"]}"#,
            context("a", None, None),
        ),
        (r#"{"of\u0066set":"\u0061\/"}"#, context("a/", None, None)),
        (r#"{"offset":"a","offset":"b"}"#, context("b", None, None)),
        (r#"{"offset":"a","offset":""}"#, None),
        (r#"{"offset":""}"#, None),
        (r#"{"offset":1}"#, None),
        (r#"{"offset":null}"#, None),
        (r#"{"offset":["a"]}"#, None),
        (r#"{"total":1,"limit":1}"#, None),
        (r#"{"offset":"a","type":"akamai_siem"}"#, None),
        (r#"{"offset":"a","attackData":{}}"#, None),
        (r#"{"offset":"a","httpMessage":null}"#, None),
        (r#"{"offset":"a","\u0074ype":1}"#, None),
        (r#"{"offset":"a""#, None),
        (r#"{"offset":"a"}}"#, None),
        (r#"["offset","a"]"#, None),
        ("{}", None),
        ("", None),
    ] {
        assert_eq!(parse_context(line.as_bytes()), expected, "{line}");
        let refused = check(line.as_bytes())
            .is_err_and(|error| error.reason == "a context line in the middle of a page");
        assert_eq!(refused, expected.is_some(), "{line}");
    }
}

/// Events of a body, and how it ends; a line may have 64 bytes.
fn read(body: &str) -> (Vec<String>, Result<Context, Truncated>) {
    let mut seen = Vec::new();
    let mut take = |item: Item<'_>| match item {
        Item::Event(line) => seen.push(String::from_utf8(line.to_vec()).unwrap()),
        Item::Oversize { part, index, last } => seen.push(format!("{index} {last} {}", part.len())),
    };
    let mut reader = MultiJsonReader::new(64);
    reader.push(body.as_bytes(), &mut take);
    let end = reader.finish(&mut take);
    (seen, end)
}

#[test]
fn only_a_context_line_at_its_end_makes_a_body_a_page() {
    let event = r#"{"type":"a"}"#;
    let end = r#"{"offset":"b"}"#;
    let long = "x".repeat(150);
    let whole = || Ok(context("b", None, None).unwrap());
    for (body, lines, expected) in [
        (
            format!("{event}\n{event}\n{end}\n"),
            vec![event, event],
            whole(),
        ),
        (format!("{event}\r\n\r\n  {end}  "), vec![event], whole()),
        (end.to_owned(), vec![], whole()),
        (format!("{event}\n{end}\n \r\n\t"), vec![event], whole()),
        (format!("{end}\n{event}\n{end}"), vec![end, event], whole()),
        (String::new(), vec![], Err(Truncated::Empty)),
        (" \n\r\n\t".to_owned(), vec![], Err(Truncated::Empty)),
        (
            format!("{event}\n{event}\n"),
            vec![event],
            Err(Truncated::LastLineIsEvent),
        ),
        (
            format!("{event}\n{{}}"),
            vec![event],
            Err(Truncated::LastLineIsEvent),
        ),
        (
            format!("{end}\n{event}"),
            vec![end],
            Err(Truncated::LastLineIsEvent),
        ),
        (
            format!("{event}\n{{\"offset\":\"b\""),
            vec![event],
            Err(Truncated::LastLineUnreadable),
        ),
        (
            format!("{event}\n{end}{end}"),
            vec![event],
            Err(Truncated::LastLineUnreadable),
        ),
        (
            format!("{event}\n[]"),
            vec![event],
            Err(Truncated::LastLineUnreadable),
        ),
        (
            "<html>".to_owned(),
            vec![],
            Err(Truncated::LastLineUnreadable),
        ),
        (
            format!("{event}\n{long}\n{end}"),
            vec![event, "0 false 64", "1 false 64", "2 true 22"],
            whole(),
        ),
        (
            format!("{event}\n{end}\n{long}"),
            vec![event, end, "0 false 64", "1 false 64", "2 true 22"],
            Err(Truncated::LastLineOversize),
        ),
    ] {
        let (seen, result) = read(&body);
        assert_eq!(
            (seen.iter().map(String::as_str).collect::<Vec<_>>(), result),
            (lines, expected),
            "{body}"
        );
    }
}

#[test]
fn a_reader_is_as_new_after_the_end_of_a_body() {
    let mut reader = MultiJsonReader::new(8);
    for _ in 0..2 {
        let mut seen = 0;
        reader.push(b"{}\n{\"long\":\"line\"}", &mut |_| seen += 1);
        assert_eq!(
            reader.finish(&mut |_| seen += 1),
            Err(Truncated::LastLineOversize)
        );
        assert_eq!(seen, 3);
        assert_eq!(reader.finish(&mut |_| seen += 1), Err(Truncated::Empty));
    }
}
