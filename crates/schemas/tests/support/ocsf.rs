//! A validator for OCSF's JSON Schema files, as far as they go.

use std::net::IpAddr;
use std::sync::OnceLock;

use serde_json::Value;

/// Classes, and their files.
const CLASSES: [(u64, &str); 5] = [
    (2004, "detection_finding_1.8.0_security_control"),
    (2006, "data_security_finding_1.8.0_security_control"),
    (4009, "email_activity_1.8.0_security_control"),
    (4002, "http_activity_1.8.0_security_control"),
    (6008, "application_error_1.8.0"),
];

fn schema(class: u64) -> Option<&'static Value> {
    static SCHEMAS: OnceLock<Vec<(u64, Value)>> = OnceLock::new();
    let schemas = SCHEMAS.get_or_init(|| {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/vectors/schemas/ocsf"
        );
        let load = |name| std::fs::read(format!("{folder}/{name}.schema.json")).unwrap();
        CLASSES
            .map(|(class, name)| (class, serde_json::from_slice(&load(name)).unwrap()))
            .into()
    });
    schemas
        .iter()
        .find(|(number, _)| *number == class)
        .map(|(_, schema)| schema)
}

/// What is wrong with a document; nothing if it is valid.
pub fn problems(document: &Value) -> Vec<String> {
    let number = |name: &str| document[name].as_u64().unwrap_or(u64::MAX);
    let class = number("class_uid");
    let Some(schema) = schema(class) else {
        return vec![format!("{class} is no class")];
    };
    let mut problems = Vec::new();
    if number("type_uid") != class * 100 + number("activity_id") {
        problems.push("type_uid is not that of class and activity".to_owned());
    }
    check(schema, schema, document, "", &mut problems);
    problems
}

/// Keywords that say nothing about what is valid.
const NOTES: [&str; 7] = [
    "$schema",
    "$id",
    "$defs",
    "title",
    "description",
    "deprecated",
    "items",
];

fn check(root: &Value, schema: &Value, value: &Value, path: &str, problems: &mut Vec<String>) {
    let mut wrong = |what: String| problems.push(format!("{path}: {what}"));
    for (keyword, rule) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "type" => match rule.as_array() {
                Some(kinds) => kinds.iter().any(|kind| is_a(value, kind)),
                None => is_a(value, rule),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "required" => names(rule).all(|name| value.get(name).is_some()),
            "anyOf" => rule
                .as_array()
                .unwrap()
                .iter()
                .any(|one| names(&one["required"]).all(|name| value.get(name).is_some())),
            "additionalProperties" => {
                rule != &Value::Bool(false)
                    || value.as_object().is_none_or(|members| {
                        members
                            .keys()
                            .all(|name| schema["properties"].get(name).is_some())
                    })
            }
            "minimum" => value.as_u64() >= rule.as_u64(),
            "maximum" => value.as_u64() <= rule.as_u64(),
            "maxLength" => value.as_str().map(|text| text.chars().count() as u64) <= rule.as_u64(),
            "pattern" => {
                // The only ones that the documents can meet are those of addresses.
                let rule = rule.as_str().unwrap();
                let text = value.as_str().unwrap_or_default();
                if rule.contains("}+@[") || rule.contains("]+@[") {
                    is_mail_address(text)
                } else {
                    assert!(rule.contains("25[0-5]"), "{path}: {rule}");
                    text.parse::<IpAddr>().is_ok()
                }
            }
            "$ref" | "properties" => true,
            note => {
                assert!(NOTES.contains(&note), "{path}: {note}");
                true
            }
        };
        if !fits {
            let shown: String = value.to_string().chars().take(80).collect();
            wrong(format!("{keyword} {rule} is not met by {shown}"));
        }
    }
    if let Some(name) = schema["$ref"].as_str() {
        let definition = &root["$defs"][name.strip_prefix("#/$defs/").unwrap()];
        check(root, definition, value, path, problems);
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        if let Some(schema) = schema["properties"].get(name) {
            check(root, schema, member, &format!("{path}/{name}"), problems);
        }
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(schema) = schema.get("items") {
            check(root, schema, item, &format!("{path}/{number}"), problems);
        }
    }
}

/// Letter by letter what the pattern of `email_t` says.
fn is_mail_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is = |byte: u8, more: &str| byte.is_ascii_alphanumeric() || more.as_bytes().contains(&byte);
    let Some((first, rest)) = domain.split_once('.') else {
        return false;
    };
    let filled = [local, first, rest].iter().all(|part| !part.is_empty());
    filled
        && local.bytes().all(|byte| is(byte, "!#$%&'*+,-./=?^_`{|}~"))
        && first.bytes().all(|byte| is(byte, "-"))
        && rest.bytes().all(|byte| is(byte, "-."))
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
}

fn is_a(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    }
}
