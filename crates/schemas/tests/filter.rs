//! What a filter leaves out of a stream and of its documents, and what it refuses to be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected must fail"
)]

#[path = "filter/config.rs"]
mod config;
#[path = "support/events.rs"]
mod events;
#[path = "filter/properties.rs"]
mod properties;
#[allow(dead_code, reason = "of this, only what makes events is needed")]
mod support;

use std::fmt::Write as _;

use edgesiem_model::{
    Check, Cursor, DocumentForm, EventFacts, Gap, InsecureLoopback, Schema, Surroundings,
    Timestamp, Unreadable,
};
use edgesiem_schemas::{Events, FilterConfig, NAMES, SchemaConfig, by_name};
use serde_json::{Value, json};

type Problems = Vec<(String, String)>;

/// Keys and messages of the problems, sorted.
fn checked<T>(resolve: impl FnOnce(&mut Check<'_>) -> Option<T>) -> Result<T, Problems> {
    let mut check = Check::new(Surroundings {
        secrets: &|_| None,
        insecure: InsecureLoopback::Refuse,
        places: &[],
    });
    let found = resolve(&mut check);
    check.finish(found).map_err(|errors| {
        let mut problems: Problems = errors
            .iter()
            .map(|error| (error.context()[0].1.clone(), error.message().to_owned()))
            .collect();
        problems.sort();
        problems
    })
}

fn resolve(schema: Value, filter: Value) -> Result<Box<dyn Schema>, Problems> {
    let filter: FilterConfig = serde_json::from_value(filter).unwrap();
    checked(|check| SchemaConfig::from(schema).resolve(Events::AkamaiSiem, Some(filter), check))
}

fn convert(schema: &mut dyn Schema, line: &str) -> (EventFacts, String) {
    let mut out = b"before ".to_vec();
    let facts = schema.convert(line.as_bytes(), &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    (facts, out.strip_prefix("before ").unwrap().to_owned())
}

/// The document of `raw` with this filter.
fn edited(filter: Value, line: &str) -> String {
    convert(&mut *resolve(json!("raw"), filter).unwrap(), line).1
}

fn is_left_out(filter: Value, line: &str) -> bool {
    let (facts, document) = convert(&mut *resolve(json!("raw"), filter).unwrap(), line);
    assert_eq!(facts.filtered, document.is_empty());
    assert!(facts.filtered || document == line);
    facts.filtered
}

const EVENT: &str = r#"{"type":"akamai_siem","attackData":{"appliedAction":"monitor","rules":"OTUwMDAy%3b%3bOTUwMDAz","ruleActions":"YWxlcnQ%3d%3bZGVueQ%3d%3d","ruleData":"tA%3d%3d","ruleTags":"","configId":"14227","nothing":null,"tuple":["a",["b",1],{"c":true}]},"httpMessage":{"path":"/static/a.css","status":403,"requestHeaders":"User-Agent: Probe%2f1%0d%0aX: 1%0d%0ax: 2%0d%0anone%0d%0aB: %ff","responseHeaders":"A.b: c","host":"a\u002eexample\u00e9"},"custom":{"who":"am9obg==","list":[{"n":5}]}}"#;

#[test]
fn a_condition_is_fulfilled_by_the_text_of_any_value_of_its_member() {
    for (member, test, fulfilled) in [
        (
            "attackData.appliedAction",
            json!({"equals": "monitor"}),
            true,
        ),
        (
            "attackData.appliedAction",
            json!({"equals": "Monitor"}),
            false,
        ),
        ("attackData.appliedAction", json!({"equals": "moni"}), false),
        (
            "attackData.appliedAction",
            json!({"in": ["deny", "monitor", "deny"]}),
            true,
        ),
        (
            "attackData.appliedAction",
            json!({"in": ["deny", "alert"]}),
            false,
        ),
        ("attackData.appliedAction", json!({"prefix": "moni"}), true),
        (
            "attackData.appliedAction",
            json!({"prefix": "monitors"}),
            false,
        ),
        ("attackData.appliedAction", json!({"glob": "m?n*r"}), true),
        ("attackData.appliedAction", json!({"glob": "M*"}), false),
        ("attackData.appliedAction", json!({"exists": true}), true),
        ("attackData.appliedAction", json!({"exists": false}), false),
        ("httpMessage.path", json!({"glob": "/static/*.css"}), true),
        ("httpMessage.path", json!({"glob": "/static/*.js"}), false),
        // A value is what JSON says that it is, escapes and all.
        ("httpMessage.host", json!({"equals": "a.exampleé"}), true),
        ("httpMessage.host", json!({"glob": "a.example?"}), true),
        // Numbers by their text, on either side.
        ("httpMessage.status", json!({"equals": 403}), true),
        ("httpMessage.status", json!({"equals": "403"}), true),
        ("httpMessage.status", json!({"prefix": 4}), true),
        ("httpMessage.status", json!({"equals": "403.0"}), false),
        ("attackData.configId", json!({"equals": 14227}), true),
        // What is missing or null fulfils nothing else.
        ("attackData.nothing", json!({"exists": true}), false),
        ("attackData.nothing", json!({"exists": false}), true),
        ("attackData.nothing", json!({"equals": "null"}), false),
        ("attackData.nothing", json!({"glob": "*"}), false),
        ("attackData.other", json!({"equals": ""}), false),
        ("attackData.other", json!({"exists": false}), true),
        ("other.appliedAction", json!({"exists": false}), true),
        ("type.appliedAction", json!({"exists": false}), true),
        ("type", json!({"equals": "akamai_siem"}), true),
        // Every element, however deep.
        ("attackData.tuple", json!({"equals": "a"}), true),
        ("attackData.tuple", json!({"equals": "b"}), true),
        ("attackData.tuple", json!({"equals": 1}), true),
        ("attackData.tuple", json!({"equals": "c"}), false),
        ("attackData.tuple", json!({"exists": true}), true),
        ("attackData.tuple.c", json!({"equals": true}), true),
        ("attackData.tuple.d", json!({"exists": true}), false),
        // An object is there, and has no text.
        ("attackData", json!({"exists": true}), true),
        ("attackData", json!({"glob": "*"}), false),
        // What the decoder decodes.
        ("attackData.rules", json!({"equals": "950003"}), true),
        ("attackData.rules", json!({"equals": ""}), true),
        ("attackData.rules", json!({"equals": "OTUwMDAy"}), false),
        ("attackData.ruleActions", json!({"in": ["deny"]}), true),
        (
            "attackData.ruleActions",
            json!({"equals": "alert;deny"}),
            false,
        ),
        ("attackData.ruleData", json!({"equals": "\u{fffd}"}), true),
        ("attackData.ruleData", json!({"glob": "?"}), true),
        ("attackData.ruleTags", json!({"exists": false}), true),
        ("attackData.ruleMessages", json!({"exists": true}), false),
        (
            "httpMessage.requestHeaders.user-agent",
            json!({"equals": "Probe/1"}),
            true,
        ),
        (
            "httpMessage.requestHeaders.User-Agent",
            json!({"equals": "probe/1"}),
            false,
        ),
        ("httpMessage.requestHeaders.x", json!({"equals": 2}), true),
        (
            "httpMessage.requestHeaders.B",
            json!({"equals": "\u{fffd}"}),
            true,
        ),
        (
            "httpMessage.requestHeaders.none",
            json!({"exists": true}),
            false,
        ),
        (
            "httpMessage.responseHeaders.x",
            json!({"exists": true}),
            false,
        ),
        (
            "httpMessage.responseHeaders.a.B",
            json!({"equals": "c"}),
            true,
        ),
        ("custom.who", json!({"equals": "john"}), true),
        ("custom.list.n", json!({"equals": 5}), true),
        ("custom", json!({"exists": true}), true),
    ] {
        let mut condition = test;
        condition["member"] = json!(member);
        let left_out = is_left_out(json!({"exclude": [condition]}), EVENT);
        assert_eq!(left_out, fulfilled, "{condition}");
        let left_out = is_left_out(json!({"include": [condition]}), EVENT);
        assert_eq!(left_out, !fulfilled, "{condition}");
    }
}

#[test]
fn tables_are_alternatives_and_conditions_in_all_are_all_needed() {
    let yes = json!({"member": "type", "equals": "akamai_siem"});
    let no = json!({"member": "type", "equals": "x"});
    for (filter, left_out) in [
        (json!({}), false),
        (json!({"include": [], "exclude": []}), false),
        (json!({"include": [no, yes]}), false),
        (json!({"include": [no, no]}), true),
        (json!({"exclude": [no, yes]}), true),
        (json!({"include": [{"all": [yes, yes]}]}), false),
        (json!({"include": [{"all": [yes, no]}]}), true),
        (json!({"include": [{"all": [yes, no]}, yes]}), false),
        (json!({"exclude": [{"all": [yes, no]}]}), false),
        (json!({"exclude": [{"all": [yes]}]}), true),
        (json!({"include": [yes], "exclude": [yes]}), true),
    ] {
        assert_eq!(is_left_out(filter.clone(), EVENT), left_out, "{filter}");
    }
}

#[test]
fn of_members_of_the_same_name_the_last_one_counts_however_it_is_written() {
    let deny = json!({"exclude": [{"member": "attackData.appliedAction", "equals": "deny"}]});
    for (line, left_out) in [
        (r#"{"attackData":{"appliedAction":"deny"}}"#, true),
        (
            r#"{"\u0061ttackData":{"applied\u0041ction":"d\u0065ny"}}"#,
            true,
        ),
        (
            r#"{"attackData":{"appliedAction":"alert","appliedAction":"deny"}}"#,
            true,
        ),
        (
            r#"{"attackData":{"appliedAction":"deny","appliedAction":"alert"}}"#,
            false,
        ),
        (
            r#"{"attackData":{"appliedAction":"deny","applied\u0041ction":null}}"#,
            false,
        ),
        (
            r#"{"attackData":{"appliedAction":"deny"},"attackData":{}}"#,
            false,
        ),
        (
            r#"{"attackData":{"appliedAction":"deny"},"attackData":"x"}"#,
            false,
        ),
        (
            r#"{"attackData":{},"\u0061ttackData":{"appliedAction":"deny"}}"#,
            true,
        ),
        (
            r#"{"attackData":[{"appliedAction":"deny"},{"appliedAction":"alert"}]}"#,
            true,
        ),
        (r#"{"attackData.appliedAction":"deny"}"#, true),
        (
            r#"{"attackDat":{"a":"\"attackData\":{\"appliedAction\":\"deny\"}"}}"#,
            false,
        ),
        (
            " { \"attackData\"\t: { \"appliedAction\" :\r\"deny\" } } ",
            true,
        ),
    ] {
        assert_eq!(is_left_out(deny.clone(), line), left_out, "{line}");
    }
}

#[test]
fn rules_that_were_not_taken_apart_are_compared_as_they_came() {
    let many = format!(
        r#"{{"attackData":{{"rules":"{}YQ=="}}}}"#,
        "YQ==;".repeat(10_000)
    );
    let listed = r#"{"attackData":{"rules":[{"rule":"a","ruleAction":"deny"}]}}"#;
    for (line, member, text, left_out) in [
        (many.as_str(), "attackData.rules", "YQ==;*", true),
        (many.as_str(), "attackData.rules", "a", false),
        (listed, "attackData.ruleActions", "deny", true),
        (
            r#"{"attackData":{"rules":"YQ==","ruleTags":1}}"#,
            "attackData.rules",
            "YQ==",
            true,
        ),
    ] {
        let filter = json!({"exclude": [{"member": member, "glob": text}]});
        assert_eq!(is_left_out(filter, line), left_out, "{member} {text}");
    }
}

#[test]
fn an_event_that_is_left_out_keeps_its_time_and_a_line_that_is_none_is_refused_all_the_same() {
    for member in ["type", "attackData.rules"] {
        for filter in [
            json!({"exclude": [{"member": member, "exists": false}]}),
            json!({"include": [{"member": member, "exists": true}]}),
        ] {
            let mut schema = resolve(json!("decoded"), filter).unwrap();
            let line = br#"{"httpMessage":{"start":"1491303422","requestHeaders":"no colon"}}"#;
            let (mut out, mut ends) = (b"before".to_vec(), vec![3]);
            let facts = EventFacts {
                time: Some(Timestamp::from_secs(1_491_303_422)),
                undecoded: 0,
                filtered: true,
            };
            assert_eq!(schema.convert(line, &mut out), Ok(facts));
            assert_eq!(schema.convert_parts(line, &mut out, &mut ends), Ok(facts));
            assert_eq!(
                (out.as_slice(), ends.as_slice()),
                (&b"before"[..], &[3][..])
            );
            for line in [
                "{",
                "",
                "[]",
                "{}x",
                r#"{"offset":"318d8"}"#,
                r#"{"a":"\x"}"#,
            ] {
                let found = schema.convert(line.as_bytes(), &mut out);
                let expected = by_name("raw")
                    .unwrap()
                    .convert(line.as_bytes(), &mut Vec::new());
                assert_eq!(found, expected, "{line}");
                assert!(found.is_err());
            }
        }
    }
}

#[test]
fn an_event_is_judged_by_itself_whatever_came_before() {
    let filter = json!({"exclude": [
        {"member": "a.b", "equals": "x"},
        {"member": "attackData.rules", "equals": "x"},
        {"member": "custom.a", "equals": "x"},
    ]});
    let mut schema = resolve(json!("raw"), filter).unwrap();
    for line in [
        r#"{"a":{"b":"x"}}"#,
        r#"{"attackData":{"rules":"eA=="}}"#,
        r#"{"custom":{"a":"x"}}"#,
    ] {
        assert!(convert(&mut *schema, line).0.filtered, "{line}");
        assert!(!convert(&mut *schema, r#"{"a":{}}"#).0.filtered, "{line}");
        for broken in [r#"{"a":{"b":"x"},"#, r#"{"a":{"b":"x"#] {
            let found = schema.convert(broken.as_bytes(), &mut Vec::new());
            assert!(found.is_err());
        }
        assert!(!convert(&mut *schema, r#"{"b":"x"}"#).0.filtered, "{line}");
    }
}

#[test]
fn a_member_is_dropped_with_one_comma_wherever_it_stands() {
    for (drop, line, document) in [
        (&["a"][..], r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2,"c":3}"#),
        (&["b"], r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"c":3}"#),
        (&["c"], r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"b":2}"#),
        (&["a", "b"], r#"{"a":1,"b":2,"c":3}"#, r#"{"c":3}"#),
        (&["b", "c"], r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1}"#),
        (&["a", "c"], r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2}"#),
        (&["a", "b", "c"], r#"{"a":1,"b":2,"c":3}"#, "{}"),
        (&["a"], r#"{"a":1}"#, "{}"),
        (&["a"], r#"{ "a" : 1 , "b" : 2 }"#, r#"{ "b" : 2 }"#),
        (&["b"], r#"{ "a" : 1 , "b" : 2 }"#, r#"{ "a" : 1 }"#),
        (&["x"], r#"{ "a" : 1 }"#, r#"{ "a" : 1 }"#),
        (&["a.b"], r#"{"a":{"b":1},"b":2}"#, r#"{"a":{},"b":2}"#),
        (
            &["a.b"],
            r#"{"a":[{"b":1,"c":2},{"b":{"x":"}"}},[{"b":1}],"b"]}"#,
            r#"{"a":[{"c":2},{},[{}],"b"]}"#,
        ),
        (&["a.b"], r#"{"a":"b","b":1}"#, r#"{"a":"b","b":1}"#),
        (
            &["a.b", "c.d.e"],
            r#"{"c":{"d":{"e":1}},"a":{"b":1,"x":2}}"#,
            r#"{"c":{"d":{}},"a":{"x":2}}"#,
        ),
        (&["a", "a.b"], r#"{"a":{"b":1,"c":2},"d":1}"#, r#"{"d":1}"#),
        // All of them, however they are written.
        (&["a"], r#"{"a":1,"b":2,"\u0061":3,"a":4}"#, r#"{"b":2}"#),
        (&["é"], r#"{"\u00e9":1,"é":2,"e":3}"#, r#"{"e":3}"#),
        // A name with dots is as good as names within each other.
        (&["a.b"], r#"{"a.b":1,"a.c":2}"#, r#"{"a.c":2}"#),
        (&["a.b"], r#"{"a.b.c":1,"a.bc":2}"#, r#"{"a.bc":2}"#),
        (
            &["a.b.c"],
            r#"{"a.b":{"c":1,"d":2},"a":{"b.c":1,"b":{"c":1}}}"#,
            r#"{"a.b":{"d":2},"a":{"b":{}}}"#,
        ),
    ] {
        assert_eq!(
            edited(json!({"drop": drop}), line),
            document,
            "{drop:?} {line}"
        );
    }
}

#[test]
fn a_text_is_cut_between_characters_and_nothing_else_is() {
    for (max_bytes, value, left) in [
        (3, r#""abc""#, r#""abc""#),
        (2, r#""abc""#, r#""ab""#),
        (1, r#""""#, r#""""#),
        (2, r#""a\"\\b""#, r#""a\"""#),
        (1, r#""\u00e9x""#, r#""""#),
        (4, r#""\ud83d\ude00x""#, r#""\ud83d\ude00""#),
        (3, r#""\ud83d\ude00x""#, r#""""#),
        (4, "\"日本\"", "\"日\""),
        (
            1,
            r#"["ab",["cd",12],{"x":"ef"}]"#,
            r#"["a",["c",12],{"x":"ef"}]"#,
        ),
        (1, "12345", "12345"),
        (1, "true", "true"),
        (1, "null", "null"),
        (1, r#"{"x":"long"}"#, r#"{"x":"long"}"#),
    ] {
        let filter =
            json!({"truncate": [{"member": "a.b", "max_bytes": max_bytes}], "drop": ["c"]});
        let line = format!(r#"{{"c":1,"a":{{"b":{value},"c":"longer"}},"d":"longer"}}"#);
        let expected = format!(r#"{{"a":{{"b":{left},"c":"longer"}},"d":"longer"}}"#);
        assert_eq!(edited(filter, &line), expected, "{max_bytes} {value}");
    }
}

#[test]
fn documents_are_edited_in_the_members_that_the_schema_wrote() {
    let line = r#"{"attackData":{"rules":"YQ%3bYg","ruleData":"YWJj%3bZGVm","ruleActions":"ZGVueQ"},"httpMessage":{"requestHeaders":"A: b"}}"#;
    let filter = json!({
        "drop": ["httpMessage.requestHeaders", "attackData.rules.ruleAction"],
        "truncate": [{"member": "attackData.rules.ruleData", "max_bytes": 2}],
    });
    let mut schema = resolve(json!("decoded"), filter).unwrap();
    let expected = r#"{"attackData":{"rules":[{"rule":"a","ruleData":"ab"},{"rule":"b","ruleData":"de"}]},"httpMessage":{}}"#;
    assert_eq!(convert(&mut *schema, line).1, expected);

    let filter = json!({"drop": ["akamai", "ecs.version"]});
    let table = json!({"name": "ecs", "expand_rules": true});
    let (mut out, mut ends) = (b"before".to_vec(), vec![6]);
    resolve(table.clone(), filter)
        .unwrap()
        .convert_parts(line.as_bytes(), &mut out, &mut ends)
        .unwrap();
    let (mut all, mut all_ends) = (b"before".to_vec(), vec![6]);
    resolve(table, json!({}))
        .unwrap()
        .convert_parts(line.as_bytes(), &mut all, &mut all_ends)
        .unwrap();
    assert_eq!((ends.len(), *ends.last().unwrap()), (3, out.len()));
    for (part, whole) in ends.windows(2).zip(all_ends.windows(2)) {
        let found: Value = serde_json::from_slice(&out[part[0]..part[1]]).unwrap();
        let mut expected: Value = serde_json::from_slice(&all[whole[0]..whole[1]]).unwrap();
        expected.as_object_mut().unwrap().remove("akamai").unwrap();
        expected["ecs"] = json!({});
        assert_eq!(found, expected);
    }
}

/// Lines as log records.
struct LogRecords;

impl Schema for LogRecords {
    fn name(&self) -> &'static str {
        "log-records"
    }
    fn form(&self) -> DocumentForm {
        DocumentForm::OtlpLogRecord
    }
    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        out.extend_from_slice(line);
        Ok(EventFacts::default())
    }
}

fn edited_record(filter: Value, record: &str) -> String {
    let filter: FilterConfig = serde_json::from_value(filter).unwrap();
    let schema =
        checked(|check| filter.resolve(Events::AkamaiSiem, Some(Box::new(LogRecords)), check));
    convert(&mut *schema.unwrap(), record).1
}

#[test]
fn of_a_log_record_attributes_are_dropped_and_cut_by_their_keys() {
    let text = |key: &str, value: &str| {
        format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#)
    };
    let record = |body: &str, attributes: &[&str]| {
        format!(
            r#"{{"timeUnixNano":"1","severityNumber":13,"body":{body},"attributes":[{}]}}"#,
            attributes.join(",")
        )
    };
    let (a, b, c) = (text("a.b", "12345"), text("a.b.c", "1"), text("c", "x"));
    let rules = r#"{"key":"a.rules","value":{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"id","value":{"stringValue":"123"}},{"key":"data","value":{"stringValue":"123"}}]}},{"stringValue":"456"}]}}}"#.to_owned();
    let no_data = rules.replace(r#",{"key":"data","value":{"stringValue":"123"}}"#, "");
    let short = rules.replace("456", "4");
    let body = r#"{"stringValue":"{\"attributes\":[]}"}"#;
    for (filter, before, after) in [
        (
            json!({"drop": ["a.b"]}),
            vec![a.as_str(), &b, &c],
            record(body, &[&c]),
        ),
        (
            json!({"drop": ["a"]}),
            vec![a.as_str(), &b, &c, &rules],
            record(body, &[&c]),
        ),
        (
            json!({"drop": ["c", "a.b.c"]}),
            vec![c.as_str(), &a, &b],
            record(body, &[&a]),
        ),
        (json!({"drop": ["c"]}), vec![c.as_str()], record(body, &[])),
        (
            json!({"drop": ["a.rules.data"]}),
            vec![a.as_str(), &rules],
            record(body, &[&a, &no_data]),
        ),
        (
            json!({"truncate": [{"member": "a.b", "max_bytes": 2}, {"member": "a.rules", "max_bytes": 1}]}),
            vec![a.as_str(), &rules],
            record(body, &[&text("a.b", "12"), &short]),
        ),
        (
            json!({"truncate": [{"member": "body", "max_bytes": 2}]}),
            vec![a.as_str()],
            record(r#"{"stringValue":"{\""}"#, &[&a]),
        ),
        (
            json!({"drop": ["timeUnixNano", "attributes", "key", "value", "stringValue"]}),
            vec![a.as_str()],
            record(body, &[&a]),
        ),
        (
            json!({"drop": ["body"]}),
            vec![c.as_str()],
            record(body, &[&c]).replace(&format!(r#""body":{body},"#), ""),
        ),
    ] {
        let found = edited_record(filter.clone(), &record(body, &before));
        assert_eq!(found, after, "{filter}");
    }
    // What is no attribute is left as it is.
    for odd in [
        r#"{"attributes":[{"value":{"stringValue":"1"},"key":"a"},{"key":1},{},1]}"#,
        r#"{"attributes":{"a":1}}"#,
        r#"{"body":"a"}"#,
        "[]",
        "",
    ] {
        assert_eq!(
            edited_record(
                json!({"drop": ["a"], "truncate": [{"member": "body.x", "max_bytes": 1}]}),
                odd
            ),
            odd
        );
    }
}

#[test]
fn a_gap_passes_every_filter_as_the_schema_writes_it() {
    let gap = Gap {
        detected_at: Timestamp::from_secs(1),
        reason: "r".to_owned(),
        lost: Cursor(json!("318d8")),
        last_event_at: None,
        resumed_from: Timestamp::from_secs(0),
    };
    let line = serde_json::to_vec(&gap).unwrap();
    for name in NAMES {
        let filter = json!({"include": [{"member": "no", "exists": true}]});
        let mut found = Vec::new();
        resolve(json!(name), filter)
            .unwrap()
            .gap(&line, &gap, &mut found);
        let mut expected = Vec::new();
        by_name(name).unwrap().gap(&line, &gap, &mut expected);
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn deep_and_long_events_are_filtered_and_broken_ones_refused_without_harm() {
    let filter = json!({
        "exclude": [
            {"member": "a", "equals": "x"},
            {"member": "a.a.a", "glob": "*x?*y*"},
            {"member": "a", "equals": "deepest"},
        ],
        "drop": ["a.b", "c"],
        "truncate": [{"member": "a", "max_bytes": 5}, {"member": "d", "max_bytes": 1000}],
    });
    let mut schema = resolve(json!("raw"), filter).unwrap();
    let nested = |open: &str, close: &str, depth: usize| {
        format!(
            r#"{{"a":{}1{},"c":1}}"#,
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]")] {
        let deepest = if open.len() > 5 && open.starts_with('[') {
            63
        } else {
            126
        };
        let line = nested(open, close, deepest);
        let (_, document) = convert(&mut *schema, &line);
        assert_eq!(document, line.replace(r#","c":1"#, ""));
        if open == "[" {
            let deepest = line.replace('1', "\"deepest\"");
            assert!(convert(&mut *schema, &deepest).0.filtered);
        }
        for depth in [deepest + 1, 500_000] {
            for line in [
                nested(open, close, depth),
                nested(open, "", depth),
                open.repeat(depth),
            ] {
                assert!(schema.convert(line.as_bytes(), &mut Vec::new()).is_err());
            }
        }
    }
    let long = 2 << 20;
    for filler in ["x", r"\n", r"\ud83d\ude00", r"\\", "é"] {
        let text = filler.repeat(long / filler.len());
        let (_, document) = convert(
            &mut *schema,
            &format!(r#"{{"c":"{text}","d":"{text}","e":1}}"#),
        );
        let found: Value = serde_json::from_str(&document).unwrap();
        let kept = found["d"].as_str().unwrap().len();
        assert!((997..=1000).contains(&kept), "{filler} {kept}");
        assert_eq!(found["e"], 1);
        assert!(found.get("c").is_none());
    }
    let mut line = r#"{"a":"y""#.to_owned();
    for number in 0..100_000 {
        write!(line, r#","a":"y{number}","c":{number},"\u0063":[]"#).unwrap();
    }
    line.push('}');
    let (_, document) = convert(&mut *schema, &line);
    assert!(!document.contains('c'));
    assert_eq!(document.matches(r#""a""#).count(), 100_001);
}
