//! What events of Trend Micro Cloud App Security become.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that meets the unexpected must fail"
)]

#[path = "support/ocsf.rs"]
mod ocsf;
#[expect(dead_code, reason = "the slow mappings there are of Akamai's events")]
mod support;

use std::path::PathBuf;

use edgesiem_model::{
    Check, Cursor, EventFacts, Gap, InsecureLoopback, Schema, Surroundings, Timestamp,
};
use edgesiem_schemas::{Events, FilterConfig, SchemaConfig, by_name};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{cef, ecs};

const CAS: Events = Events::TrendMicroCas;

fn vectors() -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
    let bytes = std::fs::read(PathBuf::from(folder).join("schemas/trend-micro.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn convert(name: &str, line: &[u8]) -> (EventFacts, String) {
    let mut out = b"before ".to_vec();
    let facts = CAS.schema(name).unwrap().convert(line, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    (facts, text.strip_prefix("before ").unwrap().to_owned())
}

/// What strict receivers say of a document.
fn problems(schema: &str, document: &str) -> Vec<String> {
    if schema == "cef" {
        return cef::parse(document.as_bytes())
            .err()
            .into_iter()
            .map(|error| format!("{error:?}"))
            .collect();
    }
    if matches!(schema, "raw" | "decoded") {
        // What is copied may have half a surrogate pair.
        let valid = serde_json::from_str::<serde::de::IgnoredAny>(document);
        return valid.err().iter().map(ToString::to_string).collect();
    }
    let tree: Value = match serde_json::from_str(document) {
        Ok(tree) => tree,
        Err(error) => return vec![error.to_string()],
    };
    match schema {
        "ecs" => ecs::problems(&tree),
        "ocsf" => ocsf::problems(&tree),
        _ => Vec::new(),
    }
}

fn resolve(schema: Value, filter: Option<Value>) -> Result<Box<dyn Schema>, Vec<(String, String)>> {
    let mut check = Check::new(Surroundings {
        secrets: &|_| None,
        insecure: InsecureLoopback::Refuse,
        places: &[],
    });
    let filter = filter.map(|filter| serde_json::from_value::<FilterConfig>(filter).unwrap());
    let found = SchemaConfig::from(schema).resolve(CAS, filter, &mut check);
    check.finish(found).map_err(|errors| {
        let problem = |error: &edgesiem_model::Error| {
            (error.context()[0].1.clone(), error.message().to_owned())
        };
        errors.iter().map(problem).collect()
    })
}

#[test]
fn each_vector_becomes_exactly_the_expected_documents() {
    let vectors = vectors();
    assert!(vectors.len() >= 18);
    for vector in &vectors {
        let line = vector["line"].as_str().unwrap().as_bytes();
        assert_eq!(
            vector["documents"].as_object().unwrap().len(),
            CAS.schemas().len()
        );
        for name in CAS.schemas() {
            let (_, found) = convert(name, line);
            assert_eq!(
                found, vector["documents"][name],
                "{name}: {}",
                vector["name"]
            );
            assert_eq!(
                problems(name, &found),
                Vec::<String>::new(),
                "{name}: {}",
                vector["name"]
            );
        }
    }
}

#[test]
fn the_time_of_an_event_is_that_of_its_detection() {
    for (message, time, undecoded) in [
        (
            json!({"detection_time": "2016-07-22T01:51:31"}),
            Some(1_469_152_291_000),
            0,
        ),
        (
            json!({"detection_time": "soon", "file_upload_time": "x"}),
            None,
            2,
        ),
        (
            json!({"detection_time": "", "mail_message_submit_time": null}),
            None,
            0,
        ),
        (json!({}), None, 0),
    ] {
        let line = json!({ "message": message }).to_string();
        for name in CAS.schemas() {
            let (facts, _) = convert(name, line.as_bytes());
            let expected = EventFacts {
                time: time.map(Timestamp::from_millis),
                undecoded: if *name == "raw" { 0 } else { undecoded },
                filtered: false,
            };
            assert_eq!(facts, expected, "{name}: {line}");
        }
    }
}

#[test]
fn a_log_record_has_no_time_that_its_nanoseconds_cannot_say() {
    for (time, nanoseconds) in [
        ("2262-04-11T23:47:16", json!("9223372036000000000")),
        ("2262-04-11T23:47:17", Value::Null),
        ("2600-01-01T00:00:00", Value::Null),
    ] {
        let message = json!({ "detection_time": time });
        assert_eq!(at("otel", &message, "/timeUnixNano"), nanoseconds, "{time}");
    }
}

/// The member of a document at a JSON pointer.
fn at(name: &str, message: &Value, pointer: &str) -> Value {
    let line = json!({"event": message["event"], "message": message}).to_string();
    let tree: Value = serde_json::from_str(&convert(name, line.as_bytes()).1).unwrap();
    tree.pointer(pointer).cloned().unwrap_or(Value::Null)
}

#[test]
fn severity_is_what_the_event_tells_of_its_risk_and_unknown_if_it_tells_none() {
    for event in [
        "security_risk_scan",
        "virtual_analyzer",
        "ransomware",
        "dlp",
        "other",
    ] {
        for (risk, ocsf, name, ecs) in [
            (json!("Low"), 2, "Low", json!(21)),
            (json!("medium"), 3, "Medium", json!(47)),
            (json!("Dangerous"), 4, "High", json!(73)),
            (json!("purple"), 99, "purple", Value::Null),
            (json!(""), 0, "Unknown", Value::Null),
            (Value::Null, 0, "Unknown", Value::Null),
        ] {
            let message = json!({"event": event, "risk_level": risk});
            assert_eq!(at("ocsf", &message, "/severity_id"), ocsf, "{message}");
            assert_eq!(at("ocsf", &message, "/severity"), name, "{message}");
            assert_eq!(at("ecs", &message, "/event/severity"), ecs, "{message}");
        }
    }
}

#[test]
fn the_actor_is_the_violator_and_never_whom_it_happened_to() {
    let both = json!({"violator": "eve@example.com", "affected_user": "ann@example.com", "file_name": "a.doc"});
    for (event, actor, affected) in [
        ("dlp", "/actor/user/name", "/resources/0/owner/name"),
        (
            "ransomware",
            "/evidences/0/actor/user/name",
            "/evidences/0/user/name",
        ),
    ] {
        let mut message = both.clone();
        message["event"] = json!(event);
        assert_eq!(at("ocsf", &message, actor), "eve@example.com");
        assert_eq!(at("ocsf", &message, affected), "ann@example.com");
        message["violator"] = Value::Null;
        assert_eq!(at("ocsf", &message, actor), Value::Null);
        assert_eq!(at("ocsf", &message, affected), "ann@example.com");
    }
}

#[test]
fn hashes_are_with_the_file_that_the_event_names() {
    let of = |event: &str, members: Value, pointer: &str| {
        let mut message = members;
        message["event"] = json!(event);
        message["file_sha1"] = json!("d27265074c9eac2e2122ed69294dbc4d7cce9141");
        message["file_sha256"] =
            json!("2546dcffc5ad854d4ddc64fbf056871cd5a00f2471cb7a5bfd4ac23b6e9eedad");
        at(
            "ocsf",
            &message,
            &format!("{pointer}/hashes/0/algorithm_id"),
        )
        .as_u64()
        .zip(
            at(
                "ocsf",
                &message,
                &format!("{pointer}/hashes/1/algorithm_id"),
            )
            .as_u64(),
        )
    };
    let file = json!({"file_name": "a.doc"});
    let mail = json!({"mail_message_sender": "a@example.com", "mail_message_file_name": "a.doc"});
    for (event, members, pointer) in [
        ("dlp", &file, "/file"),
        ("dlp", &mail, "/file"),
        ("ransomware", &file, "/evidences/0/file"),
        ("virtual_analyzer", &mail, "/evidences/0/email/files/0"),
        ("security_risk_scan", &mail, "/email/files/0"),
    ] {
        assert_eq!(
            of(event, members.clone(), pointer),
            Some((2, 3)),
            "{event} {members}"
        );
    }
}

#[test]
fn an_answer_of_the_api_is_not_taken_for_an_event() {
    for (line, is_refused) in [
        (
            r#"{"next_link":"","security_events":[{"event":"dlp"}],"traceId":"1"}"#,
            true,
        ),
        (r#"{"securityEvents":[]}"#, true),
        (r#"{"security_events":"none"}"#, false),
        (r#"{"event":"dlp","security_events":[]}"#, false),
        (r#"{"message":{"security_events":[]}}"#, false),
    ] {
        for name in CAS.schemas() {
            let found = CAS
                .schema(name)
                .unwrap()
                .convert(line.as_bytes(), &mut Vec::new());
            let reason = found.err().map(|error| error.reason);
            let expected = is_refused.then_some("an answer of the API, not one of its events");
            assert_eq!(reason, expected, "{name}: {line}");
        }
    }
}

#[test]
fn names_and_forms_are_those_of_the_schemas_for_akamai() {
    for name in CAS.schemas() {
        let (own, akamai) = (CAS.schema(name).unwrap(), by_name(name).unwrap());
        assert_eq!((own.name(), own.form()), (akamai.name(), akamai.form()));
    }
    assert_eq!(Events::default().schemas(), edgesiem_schemas::NAMES);
    for events in Events::ALL {
        assert_eq!(Events::by_name(events.name()), Some(events));
    }
}

#[test]
fn gaps_are_those_of_the_schemas_for_akamai() {
    let gap = Gap {
        detected_at: Timestamp::from_millis(1_700_000_000_123),
        reason: "not asked for 80 hours".to_owned(),
        lost: Cursor(json!({"round": 1})),
        last_event_at: None,
        resumed_from: Timestamp::from_secs(1_699_990_000),
    };
    let line = serde_json::to_vec(&gap).unwrap();
    for name in CAS.schemas() {
        let write = |mut schema: Box<dyn Schema>| {
            let mut out = Vec::new();
            schema.gap(&line, &gap, &mut out);
            out
        };
        assert_eq!(
            write(CAS.schema(name).unwrap()),
            write(by_name(name).unwrap()),
            "{name}"
        );
    }
}

#[test]
fn what_is_no_event_is_refused() {
    for (line, reason, at) in [
        ("", "expected an object", 0),
        ("\"CEF:0|Trend Micro|\"", "expected an object", 0),
        ("[{}]", "expected an object", 0),
        ("{\"a\":1", "not valid JSON", 5),
        ("{} {}", "not valid JSON", 3),
        ("{\"a\":\n tru }", "not valid JSON", 10),
        ("{\"a\":01}", "not valid JSON", 6),
    ] {
        for name in CAS.schemas() {
            let mut out = b"before".to_vec();
            let error = CAS
                .schema(name)
                .unwrap()
                .convert(line.as_bytes(), &mut out)
                .unwrap_err();
            assert_eq!((error.reason, error.at), (reason, at), "{line}");
            assert_eq!(out, b"before");
        }
    }
    let depth = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let mut raw = CAS.schema("raw").unwrap();
    assert!(raw.convert(depth(126).as_bytes(), &mut Vec::new()).is_ok());
    assert_eq!(
        raw.convert(depth(127).as_bytes(), &mut Vec::new())
            .unwrap_err()
            .reason,
        "nested too deeply"
    );
    assert_eq!(
        raw.convert(b"{\"a\":\"\xff\"}", &mut Vec::new())
            .unwrap_err()
            .at,
        6
    );
}

#[test]
fn options_reach_the_schema_and_those_of_akamai_are_refused_with_a_reason() {
    let line = br#"{"event":"dlp"}"#;
    for (schema, text) in [
        (
            json!({"name": "ecs", "event_original": true}),
            r#""original":"{\"event\":"#,
        ),
        (
            json!({"name": "ocsf", "raw_data": true}),
            r#""raw_data":"{\"event\":"#,
        ),
    ] {
        let mut out = Vec::new();
        resolve(schema.clone(), None)
            .unwrap()
            .convert(line, &mut out)
            .unwrap();
        let document = String::from_utf8(out).unwrap();
        assert!(document.contains(text), "{document}");
        assert_eq!(
            problems(schema["name"].as_str().unwrap(), &document),
            Vec::<String>::new()
        );
    }
    for (schema, key, reason) in [
        (json!("sentinel"), "schema", "is Akamai's"),
        (json!("elastic-integration"), "schema", "is Akamai's"),
        (json!("udm"), "schema", "is not known"),
        (
            json!({"name": "ecs", "expand_rules": true}),
            "schema.expand_rules",
            "gives one document",
        ),
        (
            json!({"name": "ocsf", "detection_finding": true}),
            "schema.detection_finding",
            "follows from what it reports",
        ),
        (
            json!({"name": "cef", "event_original": true}),
            "schema.event_original",
            "unknown field",
        ),
        (json!({"name": 1}), "schema.name", "is missing"),
        (json!(1), "schema", "neither a name nor a table"),
    ] {
        let problems = resolve(schema.clone(), None).err().unwrap();
        assert_eq!(problems[0].0, key, "{schema}");
        assert!(
            problems[0].1.contains(reason),
            "{schema}: {}",
            problems[0].1
        );
    }
}

#[test]
fn a_filter_looks_at_the_members_and_edits_the_documents() {
    let line = br#"{"service":"box","custom":{"a":"b"},"message":{"action":"Pass","detection_time":"2016-07-22T01:51:31","triggered_dlp_template":["A","B"]}}"#;
    for (filter, is_left_out) in [
        (
            json!({"exclude": [{"member": "message.action", "equals": "Pass"}]}),
            true,
        ),
        (
            json!({"include": [{"member": "message.triggered_dlp_template", "in": ["B"]}]}),
            false,
        ),
        (
            json!({"include": [{"member": "service", "prefix": "share"}]}),
            true,
        ),
        (
            json!({"exclude": [{"member": "custom.a", "equals": "b"}]}),
            true,
        ),
        (
            json!({"include": [{"member": "attackData.rules", "exists": false}]}),
            false,
        ),
    ] {
        for name in CAS.schemas() {
            let mut out = Vec::new();
            let mut schema = resolve(json!(name), Some(filter.clone())).unwrap();
            let facts = schema.convert(line, &mut out).unwrap();
            assert_eq!(
                (facts.filtered, out.is_empty()),
                (is_left_out, is_left_out),
                "{name} {filter}"
            );
            assert_eq!(facts.time.unwrap().secs(), 1_469_152_291);
        }
    }
    let filter = json!({"drop": ["trend_micro.cas.service"]});
    let mut out = Vec::new();
    resolve(json!("ecs"), Some(filter))
        .unwrap()
        .convert(line, &mut out)
        .unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(document["trend_micro"]["cas"]["service"], Value::Null);
    assert_eq!(document["event"]["action"], "Pass");
}

/// Lines that could make somebody use time or memory out of proportion.
fn hostile() -> Vec<(&'static str, String)> {
    const SIZE: usize = 2 << 20;
    let many = |piece: &str| piece.repeat(SIZE / piece.len());
    let message = |members: String| format!(r#"{{"event":"dlp","message":{{{members}}}}}"#);
    let numbered = |count: usize, piece: &dyn Fn(usize) -> String| {
        (0..count).map(piece).collect::<Vec<_>>().join(",")
    };
    vec![
        (
            "members of one name",
            message(format!("\"a\":0{}", many(",\"a\":1"))),
        ),
        (
            "members of no name",
            format!("{{\"event\":\"\"{}}}", many(",\"\":1")),
        ),
        (
            "members with names of their own",
            message(numbered(100_000, &|n| format!("\"n{n}\":1"))),
        ),
        (
            "names that are the same but for NUL",
            message(numbered(65_536, &|n| {
                let name: String = (0..16)
                    .map(|bit| if n >> bit & 1 == 1 { "_" } else { "\\u0000" })
                    .collect();
                format!("\"{name}\":1")
            })),
        ),
        (
            "messages",
            format!("{{\"event\":\"\"{}}}", many(",\"message\":{\"x\":1}")),
        ),
        (
            "recipients",
            message(format!(
                "\"mail_message_recipient\":[\"a\"{}]",
                many(",\"a@b.c\"")
            )),
        ),
        (
            "recipients of their own",
            message(format!(
                "\"mail_message_recipient\":[{}]",
                numbered(60_000, &|n| format!("\"\\\"N\\\" <n{n}@b.c>\""))
            )),
        ),
        (
            "a list in a string",
            message(format!(
                "\"mail_message_sender\":\"[\\\"a\\\"{}]\"",
                many(",\\\"a\\\"")
            )),
        ),
        (
            "brackets in a string",
            message(format!("\"mail_message_sender\":\"{}\"", many("["))),
        ),
        (
            "senders that are angles",
            message(format!("\"mail_message_sender\":\"{}>\"", many("<"))),
        ),
        (
            "a time without end",
            message(format!(
                "\"detection_time\":\"2016-07-22T01:51:31.{}\"",
                many("9")
            )),
        ),
        (
            "controls",
            message(format!(
                "\"mail_message_subject\":\"{}\"",
                many("\\u001b\\u2028")
            )),
        ),
        ("digits", message(format!("\"score\":0.{}", many("1")))),
        ("white space", format!("{{{}}}", many("\r\n"))),
    ]
}

#[test]
fn hostile_lines_give_documents_in_proportion_to_their_length() {
    for (title, line) in hostile() {
        for name in CAS.schemas() {
            let (_, document) = convert(name, line.as_bytes());
            assert!(
                document.len() <= 40 * line.len() + 4000,
                "{title}, {name}: {}",
                document.len()
            );
            assert_eq!(
                problems(name, &document),
                Vec::<String>::new(),
                "{title}, {name}"
            );
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "[ -~]{0,12}",
        Just("2026-11-22T09:30:31Z".to_owned()),
        Just("\"A\" <a@example.com>".to_owned()),
        Just("[\"a\",\"b\"]".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z.\\x00]{0,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Members that are known, and some that are not.
const NAMES: [&str; 30] = [
    "scan_type",
    "affected_user",
    "location",
    "detection_time",
    "triggered_policy_name",
    "triggered_security_filter",
    "action",
    "action_result",
    "mail_message_id",
    "mail_message_sender",
    "mail_message_recipient",
    "mail_message_submit_time",
    "mail_message_delivery_time",
    "mail_message_subject",
    "mail_message_file_name",
    "file_name",
    "file_upload_time",
    "file_sha1",
    "file_sha256",
    "security_risk_name",
    "detected_by",
    "risk_level",
    "virus_name",
    "detection_type",
    "ransomware_name",
    "triggered_dlp_template",
    "violator",
    "violating_content",
    "log_item_id",
    "new_time",
];

fn event() -> impl Strategy<Value = Value> {
    let members =
        proptest::collection::btree_map(proptest::sample::select(&NAMES[..]), value(), 0..12);
    let kind = prop_oneof![
        proptest::sample::select(vec![
            "security_risk_scan",
            "virtual_analyzer",
            "ransomware",
            "dlp"
        ])
        .prop_map(Value::from),
        value(),
    ];
    (members, kind, value(), value()).prop_map(|(members, kind, service, id)| {
        let message: serde_json::Map<String, Value> = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        json!({"event": kind, "service": service, "log_item_id": id, "message": message})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn documents_of_any_event_are_what_strict_receivers_take(event in event()) {
        let line = event.to_string();
        for name in CAS.schemas() {
            let (_, document) = convert(name, line.as_bytes());
            prop_assert_eq!(problems(name, &document), Vec::<String>::new(), "{}: {}", name, document);
            prop_assert!(!document.contains(['\n', '\r']));
        }
        prop_assert_eq!(convert("raw", line.as_bytes()).1, line);
    }

    #[test]
    fn decoded_changes_nothing_but_times_and_lists(event in event()) {
        let (_, document) = convert("decoded", event.to_string().as_bytes());
        let mut found: Value = serde_json::from_str(&document).unwrap();
        let mut expected = event;
        for tree in [&mut found, &mut expected] {
            let message = tree["message"].as_object_mut().unwrap();
            message.retain(|name, _| {
                !name.ends_with("_time") && !["mail_message_sender", "mail_message_recipient", "triggered_dlp_template"].contains(&name.as_str())
            });
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(b"{}[]\",:\\ua1".to_vec())], 0..200)) {
        let raw = CAS.schema("raw").unwrap().convert(&bytes, &mut Vec::new());
        for name in CAS.schemas() {
            let found = CAS.schema(name).unwrap().convert(&bytes, &mut Vec::new());
            prop_assert_eq!(found.is_ok(), raw.is_ok());
        }
    }
}
