//! What a stream's schema and filter may be.

use edgesiem_schemas::{Events, FilterConfig, NAMES, SchemaConfig, by_name};
use serde_json::{Value, json};

use crate::{checked, convert, resolve};

#[test]
fn every_schema_can_be_named_in_both_ways_and_keeps_its_name_and_form_behind_a_filter() {
    let filter = json!({"exclude": [{"member": "no", "exists": true}]});
    for name in NAMES {
        for config in [
            json!(name),
            json!({"name": name}),
            json!({"name": name, "expand_rules": false}),
        ] {
            assert_eq!(SchemaConfig::from(config.clone()).name(), Some(*name));
            let plain = resolve(config.clone(), json!({})).unwrap();
            let filtered = resolve(config, filter.clone()).unwrap();
            let expected = by_name(name).unwrap();
            for schema in [&plain, &filtered] {
                assert_eq!(
                    (schema.name(), schema.form()),
                    (expected.name(), expected.form())
                );
            }
        }
    }
    let default = checked(|check| SchemaConfig::default().resolve(Events::AkamaiSiem, None, check));
    assert_eq!(default.unwrap().name(), "decoded");
}

#[test]
fn options_reach_the_schema() {
    let line = r#"{"attackData":{"rules":"YQ%3bYg"}}"#;
    for (config, text) in [
        (
            json!({"name": "ecs", "event_original": true}),
            r#""original":"#,
        ),
        (
            json!({"name": "elastic-integration", "preserve_original_event": true}),
            "preserve_original_event",
        ),
        (json!({"name": "ocsf", "raw_data": true}), r#""raw_data":"#),
        (
            json!({"name": "ocsf", "detection_finding": true}),
            r#""class_uid":2004"#,
        ),
    ] {
        let found = convert(&mut *resolve(config.clone(), json!({})).unwrap(), line).1;
        assert!(found.contains(text), "{config}");
        let plain = SchemaConfig::from(config["name"].clone());
        let plain = convert(
            &mut *checked(|check| plain.resolve(Events::AkamaiSiem, None, check)).unwrap(),
            line,
        )
        .1;
        assert!(!plain.contains(text), "{config}");
    }
    for name in NAMES {
        let whole = ["raw", "decoded", "elastic-integration"].contains(name);
        let table = json!({"name": name, "expand_rules": true});
        match resolve(table, json!({})) {
            Ok(mut schema) => {
                let mut ends = Vec::new();
                schema
                    .convert_parts(line.as_bytes(), &mut Vec::new(), &mut ends)
                    .unwrap();
                assert_eq!((ends.len(), whole), (2, false), "{name}");
            }
            Err(problems) => {
                assert!(whole, "{name}");
                assert_eq!(problems[0].0, "schema.expand_rules");
            }
        }
    }
}

#[test]
fn every_problem_is_reported_under_its_key() {
    let texts: Vec<u32> = (0..10_001).collect();
    let many: Vec<Value> = (0..101)
        .map(|n| json!({"member": format!("m{n}"), "exists": true}))
        .collect();
    let names: Vec<String> = (0..101).map(|n| format!("m{n}")).collect();
    let deep = "a.".repeat(16) + "a";
    for (schema, filter, keys) in [
        (json!("nope"), json!({}), &["schema"][..]),
        (json!(7), json!({}), &["schema"]),
        (json!({}), json!({}), &["schema.name"]),
        (json!({"name": 1, "x": 2}), json!({}), &["schema.name"]),
        (json!({"name": "ecs", "x": 2}), json!({}), &["schema.x"]),
        (
            json!({"name": "raw", "event_original": true}),
            json!({}),
            &["schema.event_original"],
        ),
        (
            json!({"name": "ecs", "event_original": 1}),
            json!({}),
            &["schema.event_original"],
        ),
        (
            json!({"name": "ecs", "expand_rules": "yes"}),
            json!({}),
            &["schema.expand_rules"],
        ),
        (
            json!({"name": "raw", "expand_rules": true, "x": 1}),
            json!({"drop": ["a."]}),
            &["filter.drop[0]", "schema.expand_rules", "schema.x"],
        ),
        (
            json!("cef"),
            json!({"drop": ["a"], "truncate": [{"member": "b", "max_bytes": 1}]}),
            &["filter.drop", "filter.truncate"],
        ),
        (
            json!("elastic-integration"),
            json!({"drop": ["message"]}),
            &["filter.drop"],
        ),
        (
            json!("ecs"),
            json!({"drop": ["event.module", "event", "event.kind"]}),
            &["filter.drop[1]", "filter.drop[2]"],
        ),
        (
            json!("ocsf"),
            json!({"drop": ["metadata.version", "metadata", "unmapped"]}),
            &["filter.drop[0]", "filter.drop[1]"],
        ),
        (
            json!("raw"),
            json!({"drop": ["", "a..b", ".a", "a[0]", "a.*", "$.a", deep, "x".repeat(257)]}),
            &[
                "filter.drop[0]",
                "filter.drop[1]",
                "filter.drop[2]",
                "filter.drop[3]",
                "filter.drop[4]",
                "filter.drop[5]",
                "filter.drop[6]",
                "filter.drop[7]",
            ],
        ),
        (
            json!("raw"),
            json!({"drop": ["a", "b", "a"], "truncate": [{"member": "b", "max_bytes": 1}]}),
            &["filter.drop[2]", "filter.truncate[0].member"],
        ),
        (
            json!("raw"),
            json!({"truncate": [{"member": "b", "max_bytes": 0}]}),
            &["filter.truncate[0].max_bytes"],
        ),
        (json!("raw"), json!({"drop": names}), &["filter"]),
        (json!("raw"), json!({"include": many}), &["filter"]),
        (
            json!("raw"),
            json!({"include": [{"member": "a", "in": texts}]}),
            &["filter"],
        ),
        (
            json!("raw"),
            json!({"include": [{}]}),
            &["filter.include[0]", "filter.include[0].member"],
        ),
        (
            json!("raw"),
            json!({"include": [{"member": "a"}]}),
            &["filter.include[0]"],
        ),
        (
            json!("raw"),
            json!({"include": [{"equals": "a"}]}),
            &["filter.include[0].member"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"member": "a", "equals": 1, "exists": true}]}),
            &["filter.exclude[0]"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"member": "a", "in": []}]}),
            &["filter.exclude[0].in"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"member": "a", "in": ["x", "y".repeat(1025)]}]}),
            &["filter.exclude[0].in[1]"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"member": "a", "glob": format!("*{}*", "x".repeat(64))}]}),
            &["filter.exclude[0].glob"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"member": "a.", "exists": true}]}),
            &["filter.exclude[0].member"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"member": "attackData.rules.rule", "exists": true}]}),
            &["filter.exclude[0].member"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"member": "httpMessage.requestHeaders", "exists": true}]}),
            &["filter.exclude[0].member"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"member": "httpMessage.responseHeaders.", "exists": true}]}),
            &["filter.exclude[0].member"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"all": []}]}),
            &["filter.exclude[0].all"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"member": "b", "all": [{"member": "a", "exists": true}]}]}),
            &["filter.exclude[0]"],
        ),
        (
            json!("raw"),
            json!({"exclude": [{"all": [{"all": [{"member": "a", "exists": true}]}]}]}),
            &["filter.exclude[0].all[0]"],
        ),
    ] {
        let problems = resolve(schema.clone(), filter.clone()).err().unwrap();
        let found: Vec<&str> = problems.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(found, keys, "{schema} {filter}");
    }
    for (filter, part) in [
        (json!({"only": []}), "unknown field `only`"),
        (
            json!({"include": [{"member": "a", "regex": "x"}]}),
            "unknown field `regex`",
        ),
        (
            json!({"include": [{"member": "a", "equals": 1.5}]}),
            "a text, a whole number, true or false",
        ),
        (
            json!({"include": [{"member": "a", "equals": ["a"]}]}),
            "a text, a whole number, true or false",
        ),
        (
            json!({"truncate": [{"member": "a", "bytes": 1}]}),
            "unknown field `bytes`",
        ),
        (
            json!({"truncate": [{"member": "a"}]}),
            "missing field `max_bytes`",
        ),
    ] {
        let error = serde_json::from_value::<FilterConfig>(filter)
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{error}");
    }
}
