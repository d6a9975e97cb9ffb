//! The fast paths against the slow decoder, which knows nothing of blocks: over a tree of serde_json and the `base64` crate.
//!
//! `EDGESIEM_FUZZ_SECONDS=600 cargo test --release -p edgesiem-decode --test differential -- --nocapture` goes on for ten minutes
//! and says how many lines it compared. Each run begins elsewhere, and a line that fails is printed whole. Without the variable
//! there are as many lines as a test may take. Lines are generated, or are those of `tests/corpus` with a few bytes changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test that meets the unexpected must fail, and one that takes minutes says what it did"
)]

#[path = "support/strategies.rs"]
mod strategies;
mod support;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use edgesiem_decode::{
    Decoded, Decoder, EventReader, EventView, Facet, Headers, Kind, Member, Value as Text, Writer,
    literal, long_literal,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestError, TestRunner};
use serde::de::IgnoredAny;
use serde_json::Value;
use support::FACETS;

/// Lines in each turn, and turns without the variable.
const LINES: u32 = 500;
const TURNS: u32 = 2;

const CORPUS: &str = include_str!("corpus/events.ndjson");

/// Bytes that mean something to one of the steps.
const SPECIAL: &[u8] = b"\"\\%;:,{}[]= \t\r\n\0\x1f\x7f\x80\xc3\xa9\xff/+-_AZaz09";

/// A line of the corpus with a few bytes changed.
fn changed() -> impl Strategy<Value = Vec<u8>> {
    let lines: Vec<&'static str> = CORPUS.lines().collect();
    let byte = prop_oneof![3 => select(SPECIAL), 1 => any::<u8>()];
    let change = (any::<Index>(), byte, 0..4_u8);
    (select(lines), vec(change, 0..5)).prop_map(|(line, changes)| {
        let mut line = line.as_bytes().to_vec();
        for (at, byte, kind) in changes {
            let at = at.index(line.len());
            match kind {
                0 | 1 => line[at] = byte,
                2 => line.insert(at, byte),
                _ if line.len() > 1 => drop(line.remove(at)),
                _ => {}
            }
        }
        line
    })
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => strategies::event().prop_map(String::into_bytes),
        1 => changed(),
    ]
}

/// What reads one line after the other, with what the one before left in its memory.
#[derive(Default)]
struct Readers {
    decoder: Decoder,
    reader: EventReader,
}

/// Compares all that is made of a line. What is accepted must be JSON.
fn compare(line: &[u8], Readers { decoder, reader }: &mut Readers) {
    let mut out = b"before".to_vec();
    let decoded = decoder.decode(line, &mut out);
    let document = out.strip_prefix(b"before").expect("it appends");
    if decoded.is_err() {
        assert_eq!(document, b"", "{}", String::from_utf8_lossy(line));
    } else {
        // Unlike a tree, it takes half a surrogate pair and a number beyond a double, as the decoder does.
        let is_json = serde_json::from_slice::<IgnoredAny>(line).is_ok();
        assert!(is_json, "{}", String::from_utf8_lossy(line));
        assert!(
            !document.contains(&b'\n'),
            "{}",
            String::from_utf8_lossy(line)
        );
    }
    let known = std::str::from_utf8(line).ok();
    let tree: Option<Value> = known.and_then(|line| serde_json::from_str(line).ok());
    let Some(tree) = tree.filter(Value::is_object) else {
        return;
    };
    let line = known.expect("it was read");
    if tree.get("offset").is_some() {
        return;
    }
    let facts = decoded.unwrap_or_else(|error| panic!("{error}: {line}"));
    let (slow, undecoded) = support::decode(line);
    let fast: Value =
        serde_json::from_slice(document).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!(fast.to_string(), slow.to_string(), "{line}");
    // Of members with the same name the decoder counts each, the slow one the last.
    assert!(facts.undecoded >= undecoded, "{line}");

    // Once to learn the order of the members, then as they are expected.
    reader.read(line.as_bytes()).expect("the decoder took it");
    let event = reader.read(line.as_bytes()).expect("the decoder took it");
    compare_view(&event, &tree, &slow, line);
}

fn compare_view(event: &EventView<'_>, tree: &Value, slow: &Value, line: &str) {
    for member in Member::ALL {
        let place = match member.section().name() {
            "" => Some(tree),
            section => tree.get(section),
        };
        let expected = place.and_then(|place| place.get(member.name()));
        let expected = expected.filter(|value| !value.is_null() && **value != "");
        let found = event.get(*member);
        match expected {
            Some(Value::String(text)) => {
                let found = found.unwrap_or_else(|| panic!("{member:?} is missing: {line}"));
                assert_eq!(written(found), [text.as_str(); 3], "{member:?}: {line}");
                let digits =
                    found.kind() == Kind::Text && text.bytes().all(|byte| byte.is_ascii_digit());
                let number = text.parse::<u64>().ok();
                let number = number.filter(|number| digits && *number < 10_u64.pow(19));
                assert_eq!(plain_number(found), number, "{member:?}: {line}");
            }
            Some(Value::Array(_) | Value::Object(_)) | None => {
                assert!(found.is_none(), "{member:?}: {line}");
            }
            Some(_) => assert!(found.is_some(), "{member:?}: {line}"),
        }
    }
    let attack = &tree["attackData"];
    let facets = Facet::ALL.map(|facet| attack.get(facet.member().name()));
    if facets.iter().flatten().all(|value| value.is_string()) {
        let expected = slow["attackData"]["rules"].as_array();
        let expected = expected.map_or(&[][..], Vec::as_slice);
        assert_eq!(event.rules().len(), expected.len(), "{line}");
        for (rule, expected) in event.rules().iter().zip(expected) {
            for (facet, (_, key)) in Facet::ALL.into_iter().zip(FACETS) {
                let text = expected.get(key).and_then(Value::as_str);
                assert_eq!(rule.get(facet).map(lossy).as_deref(), text, "{key}: {line}");
            }
        }
    }
    compare_headers(
        event.request_headers(),
        &tree["httpMessage"]["requestHeaders"],
        &slow["httpMessage"]["requestHeaders"],
        line,
    );
    compare_headers(
        event.response_headers(),
        &tree["httpMessage"]["responseHeaders"],
        &slow["httpMessage"]["responseHeaders"],
        line,
    );
}

fn compare_headers(found: Headers<'_>, source: &Value, expected: &Value, line: &str) {
    let expected = expected.as_array().filter(|_| source.is_string());
    let expected = expected.map_or(&[][..], Vec::as_slice);
    assert_eq!(found.len(), expected.len(), "{line}");
    for (header, expected) in found.iter().zip(expected) {
        let text = |key: &str| expected.get(key).and_then(Value::as_str);
        let name = header.name.map(lossy);
        assert_eq!(name.as_deref(), text("name"), "{line}");
        assert_eq!(
            Some(lossy(header.value).as_str()),
            text("value").or(text("raw")),
            "{line}"
        );
        let is_agent = header.name.is_some_and(|name| {
            let is_agent = name.bytes().eq_ignore_ascii_case(b"user-agent");
            assert_eq!(name.is_name(&literal(b"user-agent")), is_agent, "{line}");
            is_agent
        });
        assert!(
            !is_agent || name.is_some_and(|name| name.len() == 10),
            "{line}"
        );
    }
}

/// The bytes as text, and all that writes them as JSON.
fn lossy(bytes: Decoded<'_>) -> String {
    let text = String::from_utf8_lossy(bytes.bytes()).into_owned();
    let forms = [
        json(|w| {
            w.byte(b'"');
            bytes.write(w);
            w.byte(b'"');
        }),
        json(|w| {
            w.byte(b'"');
            bytes.write_closed(w, &literal(b"\""));
        }),
        json(|w| bytes.write_member(&long_literal(b"\""), w)),
    ];
    assert_eq!(forms, [text.as_str(); 3]);
    let name = json(|w| {
        bytes.write_name(w);
        // It begins with a comma, and ends with a colon and the quote of a value.
        let start = w.len();
        w.back_to(start.saturating_sub(2));
        w.replace("before".len(), 1, b"");
    });
    assert_eq!(name, text);
    text
}

fn written(value: Text<'_>) -> [String; 3] {
    [
        json(|w| {
            w.byte(b'"');
            value.write(w);
            w.byte(b'"');
        }),
        json(|w| {
            w.byte(b'"');
            value.write_closed(w, &literal(b"\""));
        }),
        json(|w| value.write_member(&long_literal(b"\""), w)),
    ]
}

/// The number that a string is; one with escapes is none, whatever its text.
fn plain_number(value: Text<'_>) -> Option<u64> {
    let number = value.whole_number(u64::MAX);
    if let Some(number) = number {
        let text = number.to_string();
        assert_eq!(value.is_decimal(), text.as_bytes() == value.source());
    }
    for byte in *b"%:." {
        assert_eq!(value.source_has(byte), value.source().contains(&byte));
    }
    number
}

/// The string that was written as JSON.
fn json(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = b"before".to_vec();
    let mut writer = Writer::new(&mut out, 0);
    write(&mut writer);
    writer.finish();
    let json = out.strip_prefix(b"before").expect("it appends");
    serde_json::from_slice(json)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(json)))
}

/// Lines longer than the windows that they are looked at in, with one byte that means something at each place.
#[test]
fn a_special_byte_is_seen_wherever_in_a_header_it_is() {
    let mut readers = Readers::default();
    for special in [
        "%22",
        "%5c",
        "%00",
        "%0d",
        "%80",
        "%c3%a9",
        ":",
        "%0a",
        "%0d%0a",
        "%0d%0a%20",
        "\\n",
    ] {
        for place in 0..=200 {
            for (before, after) in [("", 0), ("", 70), ("Name%3a ", 1), ("a%0d%0a ", 70)] {
                let headers = format!(
                    "{before}{}{special}{}",
                    "x".repeat(place),
                    "y".repeat(after)
                );
                let line = format!(r#"{{"httpMessage":{{"requestHeaders":"{headers}"}}}}"#);
                compare(line.as_bytes(), &mut readers);
            }
        }
    }
}

#[test]
fn what_is_done_in_blocks_is_what_is_done_byte_by_byte() {
    let readers = RefCell::new(Readers::default());
    for line in CORPUS.lines() {
        compare(line.as_bytes(), &mut readers.borrow_mut());
    }
    let seconds = std::env::var("EDGESIEM_FUZZ_SECONDS").ok();
    let seconds: Option<u64> = seconds.map(|text| {
        text.parse()
            .expect("EDGESIEM_FUZZ_SECONDS is a number of seconds")
    });
    let config = Config {
        cases: LINES,
        failure_persistence: None,
        ..Config::default()
    };
    // A line that fails is made shorter first, and only the shortest one is of interest.
    std::panic::set_hook(Box::new(|_| {}));
    let started = Instant::now();
    let until = seconds.map(|seconds| started + Duration::from_secs(seconds));
    let mut turns = 0_u32;
    while until.map_or(turns < TURNS, |until| Instant::now() < until) {
        let mut runner = TestRunner::new(config.clone());
        let result = runner.run(&line(), |line| {
            compare(&line, &mut readers.borrow_mut());
            Ok(())
        });
        match result {
            Ok(()) => {}
            // The reason has the line; as a list of bytes nobody could read it.
            Err(TestError::Fail(reason, _)) => {
                drop(std::panic::take_hook());
                panic!("{reason}");
            }
            Err(other) => panic!("{other}"),
        }
        turns += 1;
    }
    drop(std::panic::take_hook());
    if seconds.is_some() {
        eprintln!(
            "{} lines compared in {} s",
            u64::from(turns) * u64::from(LINES),
            started.elapsed().as_secs()
        );
    }
}
