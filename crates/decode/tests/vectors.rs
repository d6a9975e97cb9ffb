//! What real and hand-written events become.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected must fail"
)]

mod support;

use std::path::PathBuf;

use edgesiem_decode::{Context, Decoder, Item, MultiJsonReader, Truncated};
use serde_json::{Map, Value, json};

fn vector(name: &str) -> Vec<u8> {
    let path =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")).join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json_vector(name: &str) -> Value {
    serde_json::from_slice(&vector(name)).unwrap()
}

fn decoded(line: &str) -> (String, u32) {
    let mut out = b"before ".to_vec();
    let facts = Decoder::new()
        .decode(line.as_bytes(), &mut out)
        .unwrap_or_else(|error| panic!("{error}: {line}"));
    let document = String::from_utf8(out).unwrap();
    (
        document.strip_prefix("before ").unwrap().to_owned(),
        facts.undecoded,
    )
}

/// Documents of all events of a page, and what its end says.
fn page(body: &[u8]) -> (Vec<Value>, Result<Context, Truncated>) {
    let mut documents = Vec::new();
    let mut decoder = Decoder::new();
    let mut take = |item: Item<'_>| {
        let Item::Event(line) = item else {
            panic!("no line is oversize")
        };
        let mut out = Vec::new();
        decoder.decode(line, &mut out).unwrap();
        documents.push(serde_json::from_slice(&out).unwrap());
    };
    let mut reader = MultiJsonReader::new(1 << 20);
    reader.push(body, &mut take);
    let end = reader.finish(&mut take);
    (documents, end)
}

fn context(offset: &str, total: Option<u64>, limit: Option<u64>) -> Result<Context, Truncated> {
    Ok(Context {
        offset: offset.to_owned(),
        total,
        limit,
    })
}

#[test]
fn each_hand_written_vector_decodes_to_exactly_the_expected_text() {
    let vectors = json_vector("decode/decoded.json");
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() >= 79);
    for vector in vectors {
        let [name, line, expected] =
            ["name", "line", "expected"].map(|key| vector[key].as_str().unwrap());
        assert_eq!(decoded(line).0, expected, "{name}");
    }
}

#[test]
fn the_slow_decoder_agrees_with_the_hand_written_vectors() {
    for vector in json_vector("decode/decoded.json").as_array().unwrap() {
        let [name, line, expected] =
            ["name", "line", "expected"].map(|key| vector[key].as_str().unwrap());
        // serde_json refuses half a surrogate pair.
        if !line.contains(r"\ud83d") {
            let expected: Value = serde_json::from_str(expected).unwrap();
            let (slow, undecoded) = support::decode(line);
            assert_eq!(slow.to_string(), expected.to_string(), "{name}");
            assert_eq!(decoded(line).1, undecoded, "{name}");
        }
    }
}

#[test]
fn the_sekoia_event_decodes_to_the_published_rules() {
    let event = json_vector("akamai-siem/sekoia/raw_event.json");
    let (document, undecoded) = decoded(&event.to_string());
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        document["attackData"],
        json_vector("akamai-siem/sekoia/expected_attackData.json")
    );
    assert_eq!(undecoded, 0);
    let cookie = document["httpMessage"]["responseHeaders"]
        .as_array()
        .unwrap()
        .last()
        .unwrap();
    assert_eq!(cookie["name"], "Set-Cookie");
    assert!(
        cookie["value"]
            .as_str()
            .unwrap()
            .contains("Md4qtsDfgjLCojg1hs2HC8JqaaB97QwQRR3YS1ulk+6e9Dbto0YASJAM909Ujbo6")
    );
    // All else is as it came, in its order.
    for name in [
        "botData",
        "clientData",
        "format",
        "geo",
        "type",
        "userRiskData",
        "version",
    ] {
        assert_eq!(document[name], event[name]);
    }
    let names = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&document), names(&event));
}

#[test]
fn a_pretty_printed_event_becomes_one_line() {
    for name in [
        "akamai-siem/sekoia/raw_event.json",
        "akamai-siem/akamai-apis/siem-event-200.json",
    ] {
        let pretty = String::from_utf8(vector(name)).unwrap();
        let (document, _) = decoded(&pretty);
        assert!(pretty.contains('\n') && !document.contains('\n'));
        assert_eq!(
            serde_json::from_str::<Value>(&document).unwrap(),
            support::decode(&pretty).0
        );
    }
}

#[test]
fn the_pages_of_the_sekoia_connector_are_read() {
    let (documents, end) = page(&vector("akamai-siem/sekoia/response_1.ndjson"));
    let event = json!({"type": "akamai_siem", "format": "json", "version": 1.0, "attackData": {}, "httpMessage": {"requestId": 1, "start": "1743505200"}});
    assert_eq!(documents, [event.clone(), event.clone(), event]);
    assert_eq!(end, context("OFFSET_TOKEN", Some(3), None));
    assert_eq!(
        page(&vector("akamai-siem/sekoia/response_2.ndjson")),
        (vec![], context("EMPTY_TOKEN", Some(0), None))
    );
}

#[test]
fn the_pages_of_the_opentelemetry_receiver_are_read() {
    let (documents, end) = page(&vector("akamai-siem/elastic-otel/siem_response.ndjson"));
    assert_eq!(
        end,
        context(
            "eyJhbGciOiJIUzI1NiJ9.next-page-cursor",
            Some(2),
            Some(10_000)
        )
    );
    assert_eq!(
        documents[0]["attackData"]["rules"],
        json!([
            {"rule": "3904006", "ruleMessage": "Missing Cookie Header", "ruleData": "", "ruleAction": "monitor"},
            {"rule": "3904007", "ruleMessage": "Non-Persistent HTTP Connection", "ruleData": "", "ruleAction": "monitor"},
        ])
    );
    assert_eq!(
        documents[1]["attackData"]["rules"],
        json!([{"rule": "3904020", "ruleMessage": "Chrome Signature Anomaly", "ruleAction": "monitor"}])
    );

    let (documents, end) = page(&vector(
        "akamai-siem/elastic-otel/siem_response_full.ndjson",
    ));
    assert_eq!(end, context("test-cursor-abc123", Some(3), Some(10_000)));
    assert_eq!(
        documents[0]["attackData"]["rules"],
        json!([
            {"rule": "950002", "ruleVersion": "4", "ruleMessage": "SQL Injection attempt detected", "ruleTag": "SQL",
             "ruleData": "suspicious_value_9", "ruleSelector": "ARGS:param", "ruleAction": "alert"},
            {"rule": "950019", "ruleVersion": "7", "ruleMessage": "Cross-Site Scripting attempt detected", "ruleTag": "`sY",
             "ruleData": "suspicious_value_19", "ruleSelector": "ARGS:param", "ruleAction": "deny"},
        ])
    );
    assert_eq!(
        documents[0]["httpMessage"]["requestHeaders"],
        json!([
            {"name": "User-Agent", "value": "Mozilla/5.0"},
            {"name": "Accept", "value": "application/json"},
            {"name": "Host", "value": "api.example.com"},
        ])
    );
    assert_eq!(documents[1]["httpMessage"]["responseHeaders"], json!([]));
    assert_eq!(
        documents[2]["httpMessage"]["requestHeaders"],
        json!([{"name": "Authorization", "value": "Bearer token123"}])
    );
}

/// An object with every property of `schema`, each with a text of its own; texts that will be decoded are encoded.
fn every_property(schema: &Value, texts: &mut Vec<(String, String)>) -> Value {
    let mut object = Map::new();
    for (name, property) in schema["properties"].as_object().unwrap() {
        let value = if property["type"] == "object" {
            every_property(property, texts)
        } else {
            assert_eq!(property["type"], "string", "{name}");
            let text = format!("text {} of {name}", texts.len());
            texts.push((name.clone(), text.clone()));
            if name.ends_with("Headers") {
                format!("Name%3a%20{text}%0d%0a").into()
            } else if name == "custom" || support::FACETS.iter().any(|(facet, _)| facet == name) {
                support::base64(text.as_bytes()).replace('=', "%3d").into()
            } else {
                text.into()
            }
        };
        object.insert(name.clone(), value);
    }
    object.into()
}

#[test]
fn every_member_of_the_published_schema_survives() {
    let schema = json_vector("akamai-siem/siem-streamed-response-200-schema.json");
    let mut texts = Vec::new();
    let event = every_property(&schema["oneOf"][0], &mut texts);
    assert!(texts.len() > 50, "{}", texts.len());
    let (document, undecoded) = decoded(&event.to_string());
    assert_eq!(undecoded, 0);
    for (name, text) in texts {
        let expected = match support::FACETS.iter().find(|(facet, _)| *facet == name) {
            Some((_, key)) => format!(r#""{key}":"{text}""#),
            None if name.ends_with("Headers") => {
                format!(r#""{name}":[{{"name":"Name","value":"{text}"}}]"#)
            }
            None => format!(r#""{name}":"{text}""#),
        };
        assert!(document.contains(&expected), "{expected} in {document}");
    }
}

#[test]
fn more_rules_or_headers_than_are_taken_apart_stay_as_they_came() {
    use edgesiem_decode::MAX_ITEMS;
    for (name, separator) in [("rules", ";"), ("rules", "%3b"), ("rules", "\\u003b")] {
        let line = |count: usize| {
            format!(
                r#"{{"attackData":{{"x":1,"{name}":"{}","y":2}}}}"#,
                vec!["YQ"; count].join(separator)
            )
        };
        let (document, undecoded) = decoded(&line(MAX_ITEMS));
        assert_eq!(
            (document.matches(r#"{"rule":"a"}"#).count(), undecoded),
            (MAX_ITEMS, 0)
        );
        assert_eq!(decoded(&line(MAX_ITEMS + 1)), (line(MAX_ITEMS + 1), 1));
    }
    for separator in ["%0a", "%0d%0a", "\\n"] {
        let line = |count: usize| {
            format!(
                r#"{{"httpMessage":{{"requestHeaders":"{}","start":"1"}}}}"#,
                vec!["A: b"; count].join(separator)
            )
        };
        let (document, undecoded) = decoded(&line(MAX_ITEMS));
        assert_eq!(
            (
                document.matches(r#"{"name":"A","value":"b"}"#).count(),
                undecoded
            ),
            (MAX_ITEMS, 0)
        );
        assert_eq!(decoded(&line(MAX_ITEMS + 1)), (line(MAX_ITEMS + 1), 1));
    }
}

/// A line of about 2 MB that repeats `member`.
fn repeated(member: &str) -> String {
    format!(
        "{{{}}}",
        vec![member; 2_000_000 / (member.len() + 1)].join(",")
    )
}

#[test]
fn members_that_come_again_and_again_share_one_budget_of_items() {
    use edgesiem_decode::MAX_ITEMS;
    let growth = |line: &str| {
        let (document, undecoded) = decoded(line);
        assert!(undecoded > 0, "all of it was taken apart");
        document.len().saturating_sub(line.len())
    };
    let separators = ";".repeat(9990);
    let all_facets: Vec<String> = support::FACETS
        .iter()
        .map(|(name, _)| format!(r#""{name}":"{}""#, ";".repeat(99)))
        .collect();
    for member in [
        format!(r#""attackData":{{"ruleSelectors":"{separators}"}}"#),
        format!(r#""attackData":{{"rules":"{separators}"}}"#),
        format!(r#""attackData":{{"rules":"\u003b{separators}YQ"}}"#),
        format!(
            r#""attackData":{{"ruleSelectors":"YQ{}YQ"}}"#,
            ";".repeat(9000)
        ),
        r#""attackData":{"ruleSelectors":";YQ"}"#.to_owned(),
        format!(r#""attackData":{{{}}}"#, all_facets.join(",")),
        // One byte that is not UTF-8 in each item adds a sibling to each.
        format!(r#""attackData":{{"ruleSelectors":"{}"}}"#, "tA;".repeat(99)),
        format!(
            r#""httpMessage":{{"requestHeaders":"{}"}}"#,
            ":\\n".repeat(9990)
        ),
        format!(
            r#""httpMessage":{{"requestHeaders":"{}"}}"#,
            ":%0a".repeat(9990)
        ),
        format!(
            r#""httpMessage":{{"responseHeaders":"{}"}}"#,
            "x%0a".repeat(9990)
        ),
        r#""httpMessage":{"requestHeaders":":","responseHeaders":":"}"#.to_owned(),
        r#""httpMessage":{"requestHeaders":"\u003a"}"#.to_owned(),
        format!(
            r#""attackData":{{"rules":"{}YQ"}},"httpMessage":{{"requestHeaders":"{}"}}"#,
            ";".repeat(5000),
            ":%0a".repeat(5000)
        ),
    ] {
        let line = repeated(&member);
        let growth = growth(&line);
        assert!(
            growth <= MAX_ITEMS * 300,
            "{growth} bytes more than {}",
            member.chars().take(80).collect::<String>()
        );
    }
}

#[test]
fn a_value_that_exceeds_what_is_left_stays_and_a_smaller_one_after_it_is_decoded() {
    use edgesiem_decode::MAX_ITEMS;
    for colon in [":", r"\u003a", "%c3%a9:"] {
        let headers = |count: usize| vec![format!("A{colon} b"); count].join("%0a");
        let line = |rules: usize, request: usize, response: usize| {
            format!(
                r#"{{"attackData":{{"rules":"{}"}},"httpMessage":{{"requestHeaders":"{}","responseHeaders":"{}"}}}}"#,
                vec!["YQ"; rules].join(";"),
                headers(request),
                headers(response)
            )
        };
        for (rules, request, response, undecoded_expected, entries) in [
            (MAX_ITEMS - 3, 2, 1, 0, 3),
            (MAX_ITEMS - 3, 2, 2, 1, 2),
            (MAX_ITEMS - 3, 4, 3, 1, 3),
            (MAX_ITEMS, 1, 0, 1, 0),
            (MAX_ITEMS, 1, 1, 2, 0),
            (MAX_ITEMS + 1, 1, 1, 1, 2),
        ] {
            let (document, undecoded) = decoded(&line(rules, request, response));
            assert_eq!(
                undecoded, undecoded_expected,
                "{rules} {request} {response}"
            );
            assert_eq!(document.matches(r#","value":"b"}"#).count(), entries);
            assert_eq!(
                document.matches(r#"{"rule":"a"}"#).count(),
                if rules > MAX_ITEMS { 0 } else { rules }
            );
        }
    }
}
