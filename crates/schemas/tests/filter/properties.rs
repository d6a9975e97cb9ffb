//! Filters do to any event what they would do to a tree of it.

use edgesiem_schemas::{Events, FilterConfig, by_name};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{LogRecords, checked, events, is_left_out, resolve};

/// Every path of a document, a name with dots as several.
fn paths(value: &Value, path: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                let fits = path.split('.').all(|name| !name.is_empty())
                    && path.split('.').count() <= 16
                    && path.len() <= 256
                    && !path.contains(['[', ']', '*', '$']);
                if fits {
                    into.push(path.clone());
                    paths(value, &path, into);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, path, into)),
        _ => {}
    }
}

/// Calls `edit` with each member that `path` names; the member goes if that says false.
fn slow_edit(value: &mut Value, path: &[&str], is_drop: bool, edit: &dyn Fn(&mut Value) -> bool) {
    match value {
        Value::Array(items) => {
            for item in items {
                slow_edit(item, path, is_drop, edit);
            }
        }
        Value::Object(members) => {
            let all = std::mem::take(members);
            for (name, mut value) in all {
                let names: Vec<&str> = name.split('.').collect();
                let keep = if names == path || is_drop && names.starts_with(path) {
                    edit(&mut value)
                } else {
                    if let Some(rest) = path.strip_prefix(names.as_slice()) {
                        slow_edit(&mut value, rest, is_drop, edit);
                    }
                    true
                };
                if keep {
                    members.insert(name, value);
                }
            }
        }
        _ => {}
    }
}

fn slow_truncate(value: &mut Value, most: usize) {
    match value {
        Value::String(text) => text.truncate(text.floor_char_boundary(most)),
        Value::Array(items) => items.iter_mut().for_each(|item| slow_truncate(item, most)),
        _ => {}
    }
}

/// Texts of what `path` names in an event whose members are not encoded; `None` for arrays and objects.
fn slow_find(value: &Value, path: &[&str], into: &mut Vec<Option<String>>) {
    match value {
        Value::Array(items) => {
            if path.is_empty() {
                into.push(None);
            }
            items.iter().for_each(|item| slow_find(item, path, into));
        }
        Value::Object(_) if path.is_empty() => into.push(None),
        Value::Object(members) => {
            for (name, value) in members {
                let names: Vec<&str> = name.split('.').collect();
                if let Some(rest) = path.strip_prefix(names.as_slice()) {
                    slow_find(value, rest, into);
                }
            }
        }
        Value::Null => {}
        _ if !path.is_empty() => {}
        Value::String(text) => into.push(Some(text.clone())),
        other => into.push(Some(other.to_string())),
    }
}

const JSON_SCHEMAS: &[&str] = &["raw", "decoded", "ecs", "ocsf", "sentinel"];

fn is_first(name: &str, path: &str) -> bool {
    match name {
        "ecs" => ["event", "event.kind"].contains(&path),
        "ocsf" => ["metadata", "metadata.version"].contains(&path),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_edited_as_a_tree_would_be(
        line in events::event(),
        chosen in proptest::collection::vec((any::<prop::sample::Index>(), proptest::option::of(1..40_usize)), 1..6),
    ) {
        for name in JSON_SCHEMAS {
            let mut config = json!({"name": name});
            if !["raw", "decoded"].contains(name) {
                config["expand_rules"] = json!(true);
            }
            let (mut whole, mut whole_ends) = (Vec::new(), vec![0]);
            let mut plain = resolve(config.clone(), json!({})).unwrap();
            plain.convert_parts(line.as_bytes(), &mut whole, &mut whole_ends).unwrap();
            let documents: Vec<Value> =
                whole_ends.windows(2).map(|part| serde_json::from_slice(&whole[part[0]..part[1]]).unwrap()).collect();
            let mut all = Vec::new();
            paths(&documents[0], "", &mut all);
            all.retain(|path| !is_first(name, path));
            all.sort();
            all.dedup();
            if all.is_empty() {
                continue;
            }
            let mut edits: Vec<(&str, Option<usize>)> =
                chosen.iter().map(|(at, most)| (all[at.index(all.len())].as_str(), *most)).collect();
            edits.sort();
            edits.dedup_by_key(|(path, _)| *path);
            let drop: Vec<_> = edits.iter().filter(|(_, most)| most.is_none()).map(|(path, _)| path).collect();
            let truncate: Vec<_> = edits.iter()
                .filter_map(|(path, most)| most.map(|most| json!({"member": path, "max_bytes": most})))
                .collect();
            let filter = json!({"drop": drop, "truncate": truncate});
            let (mut out, mut ends) = (b"before".to_vec(), vec![6]);
            let mut schema = resolve(config, filter.clone()).unwrap();
            schema.convert_parts(line.as_bytes(), &mut out, &mut ends).unwrap();
            prop_assert_eq!(ends.len(), whole_ends.len());
            prop_assert_eq!(*ends.last().unwrap(), out.len());
            for (part, mut expected) in ends.windows(2).zip(documents) {
                for (path, most) in &edits {
                    let path: Vec<&str> = path.split('.').collect();
                    slow_edit(&mut expected, &path, most.is_none(), &|value| match most {
                        None => false,
                        Some(most) => {
                            slow_truncate(value, *most);
                            true
                        }
                    });
                }
                let found: Value = serde_json::from_slice(&out[part[0]..part[1]]).unwrap();
                prop_assert_eq!(found, expected, "{} {}", name, filter);
            }
        }
    }

    #[test]
    fn conditions_hold_as_they_would_for_a_tree(
        line in events::event(),
        at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        kind in 0..5_u8,
    ) {
        let event: Value = serde_json::from_str(&line).unwrap();
        let mut all = Vec::new();
        paths(&event, "", &mut all);
        all.retain(|path| {
            !["attackData.rule", "httpMessage.requestHeaders", "httpMessage.responseHeaders", "custom"].iter().any(|encoded| path.starts_with(encoded))
        });
        let (path, other) = (&all[at.index(all.len())], &all[other.index(all.len())]);
        let texts = |path: &str| {
            let mut found = Vec::new();
            slow_find(&event, &path.split('.').collect::<Vec<_>>(), &mut found);
            found
        };
        // A text that is there, or one of another member, which is most often not.
        let found = texts(path);
        let text: String = texts(if kind % 2 == 0 { path } else { other }).into_iter().flatten().next().unwrap_or_default();
        let text: String = text.chars().take(200).collect();
        let begins = text.chars().take(3).collect::<String>();
        let (test, expected) = match kind {
            0 | 1 => (json!({"equals": text}), found.contains(&Some(text.clone()))),
            2 => (json!({"in": [text, "x"]}), found.iter().flatten().any(|one| *one == text || one == "x")),
            3 => (json!({"prefix": begins}), found.iter().flatten().any(|one| one.starts_with(&begins))),
            _ => (json!({"exists": true}), !found.is_empty()),
        };
        let mut condition: Map<String, Value> = test.as_object().unwrap().clone();
        condition.insert("member".to_owned(), json!(path));
        prop_assert_eq!(is_left_out(json!({"exclude": [condition]}), &line), expected, "{:?}", condition);
    }

    #[test]
    fn a_filter_accepts_the_lines_that_the_schema_accepts(
        line in events::event(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..4),
    ) {
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
        for name in JSON_SCHEMAS {
            let expected = by_name(name).unwrap().convert(&line, &mut Vec::new());
            for filter in [
                json!({"exclude": [{"member": "httpMessage.path", "glob": "*"}]}),
                json!({"include": [{"all": [{"member": "custom", "exists": true}, {"member": "attackData.rules", "prefix": ""}]}]}),
                json!({"drop": ["httpMessage", "unmapped", "akamai.siem"], "truncate": [{"member": "attackData", "max_bytes": 1}]}),
            ] {
                let mut out = Vec::new();
                let found = resolve(json!(name), filter).unwrap().convert(&line, &mut out);
                match (found, expected) {
                    (Ok(facts), Ok(plain)) => {
                        prop_assert_eq!(facts.time, plain.time);
                        prop_assert!(facts.filtered || std::str::from_utf8(&out).is_ok());
                        prop_assert_eq!(facts.filtered, out.is_empty());
                    }
                    (found, expected) => prop_assert_eq!(found, expected, "{}", name),
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(b"{}[]\",:\\ua1".to_vec())], 0..200)) {
        let filter = json!({
            "exclude": [{"member": "a", "glob": "?*a?"}, {"member": "a.a", "in": [1, "a"]}, {"member": "custom.a", "exists": true}],
            "drop": ["a.a"],
            "truncate": [{"member": "a", "max_bytes": 1}],
        });
        for name in ["raw", "decoded", "ecs"] {
            let _ = resolve(json!(name), filter.clone()).unwrap().convert(&bytes, &mut Vec::new());
        }
        // A schema that writes anything, whatever its form says.
        let config: FilterConfig = serde_json::from_value(json!({"drop": ["a", "b.c"], "truncate": [{"member": "body", "max_bytes": 1}]})).unwrap();
        let mut schema = checked(|check| config.resolve(Events::AkamaiSiem, Some(Box::new(LogRecords)), check)).unwrap();
        let mut out = b"before".to_vec();
        schema.convert(&bytes, &mut out).unwrap();
        prop_assert!(out.starts_with(b"before") && out.len() <= bytes.len() + 6);
    }
}
