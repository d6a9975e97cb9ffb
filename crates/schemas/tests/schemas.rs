//! What each schema makes of an event, and of what is none.
#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected must fail"
)]

use edgesiem_model::{EventFacts, Timestamp, Unreadable};
use edgesiem_schemas::{NAMES, by_name};

#[test]
fn each_name_gives_the_schema_of_that_name_and_no_other_does() {
    for name in NAMES {
        assert_eq!(by_name(name).unwrap().name(), *name);
    }
    for name in ["", "Raw", "decoded ", "json"] {
        assert!(by_name(name).is_none(), "{name}");
    }
}

#[test]
fn documents_are_appended_and_facts_come_from_the_event() {
    let line = r#"{"attackData":{"rules":"YQ%3b?"},"httpMessage":{"start":"1470923133.026","requestHeaders":"x"}}"#;
    let time = Some(Timestamp::from_millis(1_470_923_133_026));
    for (name, document, undecoded) in [
        ("raw", line, 0),
        (
            "decoded",
            r#"{"attackData":{"rules":[{"rule":"a"},{"rule":"?"}]},"httpMessage":{"start":"1470923133.026","requestHeaders":[{"raw":"x"}]}}"#,
            2,
        ),
    ] {
        let mut out = b"before ".to_vec();
        let facts = by_name(name)
            .unwrap()
            .convert(line.as_bytes(), &mut out)
            .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("before {document}")
        );
        assert_eq!(
            facts,
            EventFacts {
                time,
                undecoded,
                filtered: false
            },
            "{name}"
        );
    }
}

#[test]
fn no_schema_passes_on_what_is_not_one_whole_event() {
    let context = "a context line in the middle of a page";
    for (line, reason, at) in [
        (
            r#"{"attackData":{}"#,
            "expected a comma or a closing brace",
            16,
        ),
        (r#"{} {}"#, "text after the object", 3),
        (r#"["rules"]"#, "expected an object", 0),
        (r#"{"total":1,"offset":"318d8"}"#, context, 11),
    ] {
        for name in NAMES {
            let mut out = b"before ".to_vec();
            let result = by_name(name).unwrap().convert(line.as_bytes(), &mut out);
            assert_eq!(result, Err(Unreadable { reason, at }), "{name}: {line}");
            assert_eq!(out, b"before ", "{name}: {line}");
        }
    }
}
