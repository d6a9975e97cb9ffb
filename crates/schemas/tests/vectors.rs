//! What real and hand-written events become, and what hostile ones cannot do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    clippy::panic,
    reason = "a test that meets the unexpected must fail"
)]

#[path = "support/ocsf.rs"]
mod ocsf;
mod support;

use std::path::PathBuf;

use edgesiem_model::{Cursor, Gap, Schema, Timestamp};
use edgesiem_schemas::{
    Cef, Converter, Ecs, EcsSettings, ElasticIntegration, ElasticIntegrationSettings, NAMES,
    by_name,
};
use serde_json::{Value, json};

/// Schemas and their files of vectors.
const VECTORS: [(&str, &str); 5] = [
    ("cef", "schemas/cef.json"),
    ("ecs", "schemas/ecs.json"),
    ("elastic-integration", "schemas/ecs-integration.json"),
    ("ocsf", "schemas/ocsf.json"),
    ("sentinel", "schemas/sentinel.json"),
];

fn vector(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
    let path = PathBuf::from(folder).join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap()
}

fn document(schema: &str, line: &[u8]) -> String {
    let mut out = Vec::new();
    by_name(schema).unwrap().convert(line, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn tree(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[test]
fn each_vector_becomes_exactly_the_expected_document() {
    for (schema, file) in VECTORS {
        let vectors = vector(file);
        assert!(vectors.as_array().unwrap().len() >= 34, "{file}");
        for vector in vectors.as_array().unwrap() {
            let line = vector["line"].as_str().unwrap();
            let found = document(schema, line.as_bytes());
            assert_eq!(found, vector["document"], "{schema}: {}", vector["name"]);
        }
    }
}

#[test]
fn the_expected_documents_are_what_strict_receivers_take() {
    for vector in vector("schemas/cef.json").as_array().unwrap() {
        let [line, document] = ["line", "document"].map(|key| vector[key].as_str().unwrap());
        let found = support::cef::parse(document.as_bytes()).unwrap();
        // The slow mapping works on a tree, which has no half surrogates and keeps only one member of a name.
        let name = vector["name"].as_str().unwrap();
        if !["half-surrogates", "listed-rules", "odd-listed-rules"].contains(&name) {
            let (header, extension) = support::cef::expected(line);
            assert_eq!(found.header, header, "{name}");
            assert_eq!(found.extension, extension, "{name}");
        }
    }
    for vector in vector("schemas/ecs.json").as_array().unwrap() {
        let document = tree(vector["document"].as_str().unwrap());
        assert_eq!(
            support::ecs::problems(&document),
            Vec::<String>::new(),
            "{}",
            vector["name"]
        );
    }
    for vector in vector("schemas/ecs-integration.json").as_array().unwrap() {
        let document = tree(vector["document"].as_str().unwrap());
        assert_eq!(document["message"], vector["line"]);
    }
}

#[test]
fn the_strict_parser_of_cef_is_strict() {
    for line in [
        "CEF:0|a|b|c|d|e",
        "CEF:0|a|b|c|d|e|5|x=1\ny=2",
        "CEF:0|a|b|c|d|e|5|x=1=2",
        "CEF:0|a|b|c|d|e|5|x=1\\t",
        "CEF:0|a|b|c|d|e|5|x=1 x=2",
        "CEF:0|a|b|c|d|e|5|text x=1",
        "CEF:0|a|b|c|d|e|5|x= y=1",
        "CEF:0|a|b|c|d|e|5|x=1\u{1b}[0m",
        "CEF:0|a|b|c|d|e|5|x=1\u{2028}",
    ] {
        assert!(support::cef::parse(line.as_bytes()).is_err(), "{line}");
    }
    let cef = support::cef::parse(b"CEF:0|a\\|b|c\\\\|d|e|f|5|x=1 \\= 2\\\\  y=a\\nb").unwrap();
    assert_eq!(cef.header[1..3], ["a|b", "c\\"]);
    let expected = [("x", "1 = 2\\ "), ("y", "a\nb")];
    assert_eq!(
        cef.extension,
        expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
}

#[test]
fn the_checker_of_ecs_is_strict() {
    for (document, problem) in [
        (
            json!({"event": {"type": ["blocked"]}}),
            "event.type is \"blocked\"",
        ),
        (
            json!({"event": {"type": "denied"}}),
            "event.type is \"denied\"",
        ),
        (
            json!({"http": {"response": {"status_code": "403"}}}),
            "http.response.status_code is \"403\"",
        ),
        (json!({"source": {"ip": "1.2.3"}}), "source.ip is \"1.2.3\""),
        (
            json!({"@timestamp": "2026-01-01"}),
            "@timestamp is \"2026-01-01\"",
        ),
        (json!({"source": {}}), "source is no field: {}"),
        (
            json!({"tls": {"client": {"ja4": "t"}}}),
            "tls.client.ja4 is no field: \"t\"",
        ),
    ] {
        assert_eq!(support::ecs::problems(&document), [problem]);
    }
}

fn gap() -> (Gap, &'static str) {
    let gap = Gap {
        detected_at: Timestamp::from_millis(1_700_000_000_123),
        reason: "the offset is too old | a=b\nc \u{1b}".to_owned(),
        lost: Cursor(json!({"offset": "318d8;x=="})),
        last_event_at: Some(Timestamp::from_secs(1_699_000_000)),
        resumed_from: Timestamp::from_secs(1_699_990_000),
    };
    (gap, r#"{"gap":"as a line of \"JSON\""}"#)
}

#[test]
fn gaps_are_written_as_the_vectors_say() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/schemas/gap.json"
    );
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let (gap, _) = gap();
    let line = serde_json::to_vec(&gap).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&line),
        vectors["line"].as_str().unwrap()
    );
    for name in NAMES {
        let mut out = Vec::new();
        by_name(name).unwrap().gap(&line, &gap, &mut out);
        // Where there is no document of its own the gap is written as it is.
        let own = vectors["documents"][name].as_str();
        let expected = own.map_or_else(
            || String::from_utf8_lossy(&line).into_owned(),
            |own| own.replace("{version}", env!("CARGO_PKG_VERSION")),
        );
        assert_eq!(String::from_utf8_lossy(&out), expected, "{name}");
    }
}

#[test]
fn a_gap_has_the_form_of_the_schema() {
    let (gap, line) = gap();
    let written = |schema: &str| {
        let mut out = Vec::new();
        by_name(schema)
            .unwrap()
            .gap(line.as_bytes(), &gap, &mut out);
        out
    };
    let cef = support::cef::parse(&written("cef")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let header = [
        "CEF:0",
        "EdgeSIEM",
        "edgesiem",
        version,
        "gap",
        "Events may be missing",
        "7",
    ];
    assert_eq!(cef.header, header);
    let extension = [
        ("rt", "1700000000123"),
        ("start", "1699000000000"),
        ("end", "1699990000000"),
        ("msg", "the offset is too old | a=b\nc \\u001b"),
        ("cs1", r#"{"offset":"318d8;x=="}"#),
        ("cs1Label", "Lost Cursor"),
    ];
    assert_eq!(
        cef.extension,
        extension.map(|(key, value)| (key.to_owned(), value.to_owned()))
    );

    for schema in ["ecs", "elastic-integration"] {
        let mut document = tree(std::str::from_utf8(&written(schema)).unwrap());
        if schema == "elastic-integration" {
            let members = document.as_object_mut().unwrap();
            assert_eq!(
                members.remove("data_stream").unwrap()["dataset"],
                "akamai.siem"
            );
            assert!(members.remove("tags").is_some());
        }
        assert_eq!(
            support::ecs::problems(&document),
            Vec::<String>::new(),
            "{schema}"
        );
        assert_eq!(document["@timestamp"], "2023-11-14T22:13:20.123Z");
        assert_eq!(document["event"]["start"], "2023-11-03T08:26:40.000Z");
        assert_eq!(document["event"]["end"], "2023-11-14T19:26:40.000Z");
        assert_eq!(document["event"]["reason"], gap.reason);
        assert_eq!(document["edgesiem"]["gap"], line);
    }
}

#[test]
fn the_line_is_kept_if_it_is_asked_for() {
    let line = br#"{"type":"akamai_siem","httpMessage":{"start":"1"}}"#;
    let mut out = Vec::new();
    let ecs = Ecs::new(EcsSettings {
        event_original: true,
    });
    Converter::new(ecs).convert(line, &mut out).unwrap();
    let document = tree(std::str::from_utf8(&out).unwrap());
    assert_eq!(
        document["event"]["original"].as_str().unwrap().as_bytes(),
        line
    );
    assert_eq!(support::ecs::problems(&document), Vec::<String>::new());

    out.clear();
    let settings = ElasticIntegrationSettings {
        preserve_original_event: true,
    };
    ElasticIntegration::new(settings)
        .convert(line, &mut out)
        .unwrap();
    let document = tree(std::str::from_utf8(&out).unwrap());
    assert_eq!(
        document["tags"],
        json!(["akamai-siem", "forwarded", "preserve_original_event"])
    );
    assert_eq!(document["message"].as_str().unwrap().as_bytes(), line);
}

/// Lines that could make somebody use time or memory out of proportion.
fn hostile() -> Vec<(&'static str, String)> {
    let many = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let attack = |members: String| format!(r#"{{"attackData":{{{members}}}}}"#);
    let headers = |text: String| format!(r#"{{"httpMessage":{{"requestHeaders":"{text}"}}}}"#);
    const SIZE: usize = 2 << 20;
    vec![
        (
            "5 MB of path",
            format!(
                r#"{{"httpMessage":{{"path":"{}"}}}}"#,
                many("/a%20b", 5 << 20)
            ),
        ),
        (
            "5 MB of escapes",
            format!(
                r#"{{"httpMessage":{{"path":"{}"}}}}"#,
                many("\\u001b\\\\\\n", 5 << 20)
            ),
        ),
        (
            "separators",
            attack(format!(r#""rules":"{}""#, many(";", SIZE))),
        ),
        (
            "10,000 rules with one tag",
            attack(format!(r#""ruleTags":"{}YQ""#, many("YQ;", 3 * 9999))),
        ),
        ("10,000 rules with tags of their own", {
            let tags: Vec<String> = (0..10_000)
                .map(|n| support::slow::base64(format!("{}{n:05}", "x".repeat(100)).as_bytes()))
                .collect();
            attack(format!(r#""ruleTags":"{}""#, tags.join(";")))
        }),
        (
            "one header 10,000 times",
            headers(many("Cookie%3a%20a%0d%0a", 18 * 10_000)),
        ),
        ("too many headers", headers(many("a:%0a", SIZE))),
        (
            "10,000 headers of one length",
            headers(
                (0..10_000)
                    .map(|n| format!("X-{:0150}%3aa%0a", n))
                    .collect(),
            ),
        ),
        (
            "one header, folded for ever",
            headers(format!("a%3a{}", many("%0a%20b", SIZE))),
        ),
        ("colons", headers(many(":", SIZE))),
        (
            "members that nobody knows",
            format!("{{\"type\":\"\"{}}}", many(",\"\":0", SIZE)),
        ),
        (
            "one section again and again",
            format!("{{\"type\":\"\"{}}}", many(",\"geo\":{\"x\":1}", SIZE)),
        ),
        (
            "indicators",
            format!(
                r#"{{"type":"","userRiskData":{{"risk":"{}a"}}}}"#,
                many("a|", SIZE)
            ),
        ),
        (
            "a list of rules",
            attack(format!(
                "\"rules\":[{}{{}}]",
                many("{\"rule\":\"x\"},", SIZE)
            )),
        ),
        (
            "a list of custom values",
            format!(r#"{{"type":"","custom":[{}0]}}"#, many("0,", SIZE)),
        ),
    ]
}

#[test]
fn hostile_lines_give_documents_in_proportion_to_their_length() {
    for (name, line) in hostile() {
        for schema in NAMES {
            let document = document(schema, line.as_bytes());
            // Rules and headers add names, brackets and quotes to each of their items; all else at most repeats the line a few
            // times, with control characters at six times their length.
            let most = 12 * line.len() + 10_000 * 300 + 2000;
            assert!(
                document.len() <= most,
                "{name}, {schema}: {} of {}",
                document.len(),
                line.len()
            );
            match *schema {
                "cef" => drop(support::cef::parse(document.as_bytes()).unwrap()),
                "ecs" => assert_eq!(
                    support::ecs::problems(&tree(&document)),
                    Vec::<String>::new(),
                    "{name}"
                ),
                "ocsf" => assert_eq!(
                    ocsf::problems(&tree(&document)),
                    Vec::<String>::new(),
                    "{name}"
                ),
                _ => drop(tree(&document)),
            }
        }
    }
}

#[test]
fn an_event_with_too_many_unknown_members_is_there_as_a_whole() {
    let line = format!("{{\"type\":\"\"{}}}", ",\"x\":0".repeat(10_001));
    let document = tree(&document("ecs", line.as_bytes()));
    assert_eq!(
        document["akamai"]["siem"]["unmapped"],
        json!({"event": line})
    );
}

#[test]
fn facets_and_headers_with_too_many_items_are_there_as_they_came() {
    let (facet, headers) = ("YQ;".repeat(10_001), "a:b%0a".repeat(10_001));
    let line = format!(
        r#"{{"attackData":{{"rules":"{facet}"}},"httpMessage":{{"responseHeaders":"{headers}"}}}}"#
    );
    let document = tree(&document("ecs", line.as_bytes()));
    let unmapped = json!({"attackData.rules": facet, "httpMessage.responseHeaders": headers});
    assert_eq!(document["akamai"]["siem"]["unmapped"], unmapped);

    let cef = self::document("cef", line.as_bytes());
    let cef = support::cef::parse(cef.as_bytes()).unwrap();
    for (key, value) in [("cs1", facet), ("AkamaiSiemResponseHeaders", headers)] {
        assert!(cef.extension.contains(&(key.to_owned(), value)), "{key}");
    }
}

#[test]
fn an_event_is_not_expanded_out_of_proportion() {
    let rules = "YQ;".repeat(9000);
    for (header_bytes, documents) in [(10, 9000), (10_000, 1)] {
        let headers = "x".repeat(header_bytes);
        let line = format!(
            r#"{{"attackData":{{"rules":"{rules}"}},"httpMessage":{{"requestHeaders":"a:{headers}"}}}}"#
        );
        let (mut out, mut ends) = (Vec::new(), Vec::new());
        Converter::<Ecs>::default()
            .convert_rules(line.as_bytes(), &mut out, &mut ends)
            .unwrap();
        assert_eq!(ends.len(), documents);
        assert_eq!(ends.last(), Some(&out.len()));
        let (mut out, mut ends) = (Vec::new(), Vec::new());
        Converter::<Cef>::default()
            .convert_rules(line.as_bytes(), &mut out, &mut ends)
            .unwrap();
        assert_eq!(ends.len(), documents);
    }
}
