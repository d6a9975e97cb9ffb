//! Writes npm/config.schema.json, the JSON Schema (2020-12) of the whole configuration, from the configuration types with
//! their documentation. Editors complete `edgesiem.toml` by it, and the package's types of the configuration are made from it.
//!
//! `cargo run -p edgesiem --features docs --example config-schema -- ROOT [--check]`, where ROOT is the project's folder. With
//! `--check` it writes nothing, and fails if the file is out of date.
//!
//! What has no type of its own, because each stream and sink is read by itself, is written down here: keys of the root, of
//! `budget` and of a stream. They are compared with what reading a configuration says is allowed.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a program, not a part of the library"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use edgesiem::{Config, Limits};
use edgesiem_schemas::{self as schemas, FilterConfig};
use edgesiem_sinks::{ALL, About, Common, SinkConfig, Visitor, with_kind};
use edgesiem_sources::{akamai_security_monitor, akamai_siem, trend_micro_cas};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

const FILE: &str = "npm/config.schema.json";
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Names of streams and sinks, as `StreamId` has them.
const NAME: &str = "^[A-Za-z0-9._-]{1,64}$";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().unwrap_or_default());
    let check = arguments.next().as_deref() == Some("--check");
    match settle(&root.join(FILE), check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn settle(file: &Path, check: bool) -> Result<(), String> {
    let text = format!("{:#}\n", document()?);
    let is_fresh = std::fs::read_to_string(file).is_ok_and(|stored| stored == text);
    if check && !is_fresh {
        return Err(format!(
            "{FILE} is out of date\nWhat to do: run `cargo xtask docs`"
        ));
    }
    if check || is_fresh {
        println!("{FILE} is up to date");
        return Ok(());
    }
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("{FILE} written");
    Ok(())
}

fn document() -> Result<Value, String> {
    let mut types = SchemaSettings::draft2020_12().into_generator();
    let mut defs = Map::new();
    defs.insert("Stream".to_owned(), stream());
    let sources = [
        (
            "akamai-siem",
            "Akamai's SIEM Integration API, version 1.",
            inline::<akamai_siem::Config>(&mut types),
        ),
        (
            "trend-micro-cas",
            "Trend Micro Cloud App Security's Log Retrieval API.",
            inline::<trend_micro_cas::Config>(&mut types),
        ),
    ];
    let mut kinds = Vec::new();
    for (kind, description, table) in sources {
        let name = format!("{}Source", pascal(kind));
        kinds.push(json!({ "$ref": format!("#/$defs/{name}") }));
        defs.insert(name, source(kind, description, table));
    }
    defs.insert(
        "Source".to_owned(),
        json!({ "description": "Where events come from. `kind` says what else there is.", "oneOf": kinds }),
    );
    defs.insert("Schema".to_owned(), schema());
    defs.insert("Filter".to_owned(), inline::<FilterConfig>(&mut types));
    defs.insert("Limits".to_owned(), inline::<Limits>(&mut types));
    defs.insert("Budget".to_owned(), budget());
    let mut monitor = inline::<akamai_security_monitor::Config>(&mut types);
    monitor["description"] =
        json!("Akamai Security Monitor's API, version 1, which is asked for reports on demand.");
    defs.insert("SecurityMonitor".to_owned(), monitor);
    let mut kinds = Vec::new();
    for about in ALL {
        let table = with_kind(about.kind, TableOf(about, &mut types))
            .ok_or_else(|| format!("there is no sink {}", about.kind))?;
        let name = format!("{}Sink", pascal(about.kind));
        kinds.push(json!({ "$ref": format!("#/$defs/{name}") }));
        defs.insert(name, table);
    }
    defs.insert(
        "Sink".to_owned(),
        json!({ "description": "Where events go. `kind` says what else there is.", "oneOf": kinds }),
    );
    defs.extend(types.take_definitions(true));
    let mut root = root();
    compare("", &root, &json!({ "?": 0 }))?;
    compare(
        "budget",
        &defs["Budget"],
        &with("budget", json!({ "?": 0 })),
    )?;
    compare(
        "streams[0]",
        &defs["Stream"],
        &with("streams", json!([{ "?": 0 }])),
    )?;
    root["$defs"] = Value::Object(defs);
    tidy(&mut root);
    Ok(root)
}

fn root() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "EdgeSIEM",
        "description": "The whole of edgesiem.toml, or the table EDGESIEM of wrangler.toml.",
        "type": "object",
        "properties": {
            "streams": {
                "description": "What is pulled. Each stream stands where it stands, whatever the others do.",
                "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/Stream" },
            },
            "sinks": {
                "description": "Where events can go, by names of your own.",
                "type": "object",
                "propertyNames": { "pattern": NAME },
                "additionalProperties": { "$ref": "#/$defs/Sink" },
            },
            "store": {
                "description": "Where the Worker keeps checkpoints: in a Durable Object for each stream, which is exact, or in Workers KV, which repeats more. Other hosts have a store of their own.",
                "type": "string", "enum": ["kv", "durable-object"], "default": "kv",
            },
            "allow_insecure_loopback": {
                "description": "Allows http:// to this machine itself, for tests.",
                "type": "boolean", "default": false,
            },
            "budget": { "$ref": "#/$defs/Budget" },
            "security_monitor": { "$ref": "#/$defs/SecurityMonitor" },
        },
        "required": ["streams", "sinks"],
        "additionalProperties": false,
    })
}

fn budget() -> Value {
    json!({
        "description": "When a run ends by itself.",
        "type": "object",
        "properties": {
            "wall_s": {
                "description": "No page is begun later than so many seconds after the start of a run.",
                "type": "integer", "minimum": 1, "maximum": 700, "default": 600,
            },
            "max_pages": { "description": "Most pages in one run.", "type": "integer", "minimum": 1, "default": 100 },
            "max_requests": {
                "description": "Most requests in one run. A page that is under way then is finished by the next run.",
                "type": "integer", "minimum": 10, "maximum": 1_000_000, "default": 9000,
            },
        },
        "additionalProperties": false,
    })
}

fn stream() -> Value {
    json!({
        "description": "One source, one schema, some sinks.",
        "type": "object",
        "properties": {
            "id": {
                "description": "Name of the stream and of what is kept of it. Under a new name a stream begins anew.",
                "type": "string", "pattern": NAME,
            },
            "source": { "$ref": "#/$defs/Source" },
            "sinks": {
                "description": "Names of tables in `sinks`. Every one of them gets every event.",
                "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string", "pattern": NAME },
            },
            "schema": { "$ref": "#/$defs/Schema" },
            "filter": { "$ref": "#/$defs/Filter" },
            "limits": { "$ref": "#/$defs/Limits" },
            "emit_gaps": {
                "description": "Tell the sinks when events may be missing, as an event of type `edgesiem_gap`.",
                "type": "boolean", "default": false,
            },
        },
        "required": ["id", "source", "sinks"],
        "additionalProperties": false,
    })
}

fn source(kind: &str, description: &str, mut table: Value) -> Value {
    table["description"] = json!(description);
    head(&mut table, &[("kind", json!({ "const": kind }))], &["kind"]);
    table
}

/// A name, or a table with the schema's options.
fn schema() -> Value {
    let mut choices = vec![json!({ "type": "string", "enum": schemas::NAMES })];
    for about in schemas::ABOUT {
        let (options, by_rule) = schemas::options(about.name);
        let mut table = options.to_value();
        let mut first = vec![("name", json!({ "const": about.name }))];
        if by_rule {
            let text = "A document for each rule of an event instead of one for the event.";
            first.push((
                "expand_rules",
                json!({ "description": text, "type": "boolean", "default": false }),
            ));
        }
        table["description"] = json!(format!("{}. {}", about.title, about.summary));
        if let Some(table) = table.as_object_mut() {
            table.remove("$schema");
            table.remove("title");
        }
        head(&mut table, &first, &["name"]);
        choices.push(table);
    }
    json!({
        "description": "How events are written: the name of a schema, or a table with its name and options. `decoded` if it is left out.",
        "anyOf": choices,
    })
}

struct TableOf<'a>(&'a About, &'a mut SchemaGenerator);

impl Visitor for TableOf<'_> {
    type Output = Value;

    fn visit<C: SinkConfig>(self) -> Value {
        let Self(about, types) = self;
        let mut table = inline::<C>(types);
        let mut common = inline::<Common>(types);
        for (key, default, ceiling) in [
            (
                "max_batch_events",
                C::SIZE.default_events,
                C::SIZE.ceiling_events,
            ),
            (
                "max_batch_bytes",
                C::SIZE.default_bytes,
                C::SIZE.ceiling_bytes,
            ),
        ] {
            common["properties"][key]["default"] = json!(default);
            common["properties"][key]["maximum"] = json!(ceiling);
        }
        let required = json!({
            "description": "Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.",
            "type": "boolean", "default": true,
        });
        if let (Some(all), Some(own)) = (
            table["properties"].as_object_mut(),
            common["properties"].as_object(),
        ) {
            all.insert("required".to_owned(), required);
            all.extend(own.clone());
        }
        table["description"] = json!(format!("{}. {}", about.product, about.summary));
        head(
            &mut table,
            &[("kind", json!({ "const": about.kind }))],
            &["kind"],
        );
        table
    }
}

/// The schema of `T` itself; those of its members' types go to the definitions.
fn inline<T: JsonSchema>(types: &mut SchemaGenerator) -> Value {
    let mut schema = T::json_schema(types).to_value();
    if schema["properties"].is_null() {
        schema["properties"] = json!({});
    }
    schema["additionalProperties"] = json!(false);
    schema
}

/// Puts properties before a table's own.
fn head(table: &mut Value, first: &[(&str, Value)], needed: &[&str]) {
    let own = |table: &Value, key: &str| table[key].clone();
    let mut properties: Map<String, Value> = first
        .iter()
        .map(|(key, schema)| ((*key).to_owned(), schema.clone()))
        .collect();
    properties.extend(
        own(table, "properties")
            .as_object()
            .cloned()
            .unwrap_or_default(),
    );
    let mut required: Vec<Value> = needed.iter().map(|key| json!(key)).collect();
    required.extend(
        own(table, "required")
            .as_array()
            .cloned()
            .unwrap_or_default(),
    );
    table["properties"] = Value::Object(properties);
    table["required"] = Value::Array(required);
    table["additionalProperties"] = json!(false);
}

/// A configuration with `key` beside what every one needs.
fn with(key: &str, value: Value) -> Value {
    let mut config = json!({ "streams": [], "sinks": {} });
    config[key] = value;
    config
}

/// Whether the keys of `schema` are those that are allowed beside the unknown one in `config`.
fn compare(path: &str, schema: &Value, config: &Value) -> Result<(), String> {
    let problems = Config::from_json(config.clone(), &|_| None, &[])
        .err()
        .unwrap_or_default();
    let mut allowed: Vec<&str> = problems
        .iter()
        .filter_map(|problem| problem.message().split_once("expected"))
        .flat_map(|(_, list)| list.split('`').skip(1).step_by(2))
        .collect();
    let mut here: Vec<&str> = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect();
    here.sort_unstable();
    allowed.sort_unstable();
    if here == allowed {
        return Ok(());
    }
    Err(format!(
        "[{path}] allows {allowed:?}, and the schema has {here:?}\nWhat to do: change crates/edgesiem/examples/config-schema.rs"
    ))
}

/// Takes out what only says how Rust stores and how source code wraps it, and `null`: TOML has none, what is not set is left out.
fn tidy(schema: &mut Value) {
    if let Some(table) = schema.as_object_mut() {
        table.remove("format");
        if let Some(Value::String(text)) = table.get_mut("description") {
            // Editors break lines themselves; an empty line parts paragraphs.
            let paragraphs: Vec<String> =
                text.split("\n\n").map(|it| it.replace('\n', " ")).collect();
            *text = paragraphs.join("\n\n");
        }
        if let Some(Value::Array(kinds)) = table.get_mut("type") {
            kinds.retain(|kind| kind != "null");
            if let [only] = kinds.as_slice() {
                let only = only.clone();
                table.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(choices)) = table.get_mut("anyOf") {
            choices.retain(|choice| choice["type"] != "null");
            if let [Value::Object(only)] = choices.as_slice() {
                let only = only.clone();
                table.remove("anyOf");
                table.extend(only);
            }
        }
        if table.get("default").is_some_and(Value::is_null) {
            table.remove("default");
        }
    }
    match schema {
        Value::Object(table) => table.values_mut().for_each(tidy),
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// `splunk-hec` as the name of a type: `SplunkHec`.
fn pascal(kind: &str) -> String {
    kind.split('-')
        .filter_map(|word| {
            let (first, rest) = word.split_at_checked(1)?;
            Some(first.to_ascii_uppercase() + rest)
        })
        .collect()
}
