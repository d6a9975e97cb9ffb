//! Which schema, with which options and which filter.

use edgesiem_model::{Check, InsecureLoopback, Schema, Surroundings, printable};
use edgesiem_schemas::{Events, FilterConfig, NAMES, SchemaConfig, by_name};
use js_sys::JSON;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::{Problem, config_error, invalid_argument, thrown};

// The configuration's own types have no declarations to take these from: crates/schemas knows nothing of JavaScript.
// tests/runtimes hands every member below to the core, which refuses the ones that it does not know.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What an event is written as. */
export type SchemaName = "decoded" | "raw" | "ecs" | "elastic-integration" | "cef" | "ocsf" | "sentinel" | "otel";

/** Whose events are converted: lines of Akamai's SIEM API, or elements of `security_events` of Trend Micro Cloud App Security. */
export type EventsName = "akamai-siem" | "trend-micro-cas";

/**
 * A schema with options, with the keys of the configuration file, and with `events`, which a stream knows by its source:
 * Akamai's unless it says otherwise.
 */
export type SchemaTable =
    | { name: "decoded" | "raw"; events?: "akamai-siem" | undefined }
    | { name: "decoded" | "raw" | "cef" | "otel"; events: "trend-micro-cas" }
    | {
          name: "ecs";
          events: "trend-micro-cas";
          /** Put the line as received into `event.original`. */
          event_original?: boolean | undefined;
      }
    | {
          name: "ocsf";
          events: "trend-micro-cas";
          /** Put the line as received into `raw_data`. */
          raw_data?: boolean | undefined;
      }
    | {
          name: "elastic-integration";
          events?: "akamai-siem" | undefined;
          /** Have the pipeline keep the line in `event.original`. */
          preserve_original_event?: boolean | undefined;
      }
    | {
          name: "cef" | "sentinel" | "otel";
          events?: "akamai-siem" | undefined;
          /** A document for each rule of an event instead of one for the event. */
          expand_rules?: boolean | undefined;
      }
    | {
          name: "ecs";
          events?: "akamai-siem" | undefined;
          /** A document for each rule of an event instead of one for the event. */
          expand_rules?: boolean | undefined;
          /** Put the line as received into `event.original`. */
          event_original?: boolean | undefined;
      }
    | {
          name: "ocsf";
          events?: "akamai-siem" | undefined;
          /** A document for each rule of an event instead of one for the event. */
          expand_rules?: boolean | undefined;
          /** Write Detection Findings (2004) instead of HTTP Activity (4002). */
          detection_finding?: boolean | undefined;
          /** Put the line as received into `raw_data`. */
          raw_data?: boolean | undefined;
      };

/** A schema by its name, or with options. */
export type SchemaOption = SchemaName | SchemaTable;

/** Which events are left out, and what of the others; as `[streams.filter]` of the configuration file. */
export interface Filter {
    /** Only events that fulfil at least one of these are kept. Without any, all are. */
    include?: Condition[] | undefined;
    /** Events that fulfil at least one of these are left out, also if `include` names them. */
    exclude?: Condition[] | undefined;
    /** Members of the document that are left out: names with dots between them, such as `httpMessage.requestHeaders`. */
    drop?: string[] | undefined;
    /** Members of the document whose text is cut short. `max_bytes`: of UTF-8, 1 to 16777216. */
    truncate?: { member: string; max_bytes: number }[] | undefined;
}

/** A condition about a member of the event as it was received, with one test; or several that must all hold. */
export type Condition =
    | {
          /** Names with dots between them, such as `attackData.appliedAction`. Encoded values are decoded. */
          member: string;
          /** Its text is this. Numbers and truth values are compared by their text. */
          equals?: string | number | boolean | undefined;
          /** Its text is one of these. */
          in?: (string | number | boolean)[] | undefined;
          /** Its text begins with this. */
          prefix?: string | number | boolean | undefined;
          /** Its text is like this: `*` stands for any text, `?` for one character. */
          glob?: string | number | boolean | undefined;
          /** Whether there is such a member, and it is not null. */
          exists?: boolean | undefined;
      }
    | { all: Condition[] };
"#;

/// The schema of pages and events unless the caller names another.
const DEFAULT_SCHEMA: &str = "decoded";

/// Names of the schemas that events can be converted to: Akamai's, unless others are named.
#[wasm_bindgen(js_name = schemaNames, unchecked_return_type = "SchemaName[]")]
pub fn schema_names(
    #[wasm_bindgen(unchecked_optional_param_type = "EventsName")] events: &JsValue,
) -> Result<Vec<String>, JsValue> {
    let events = if is_missing(events) {
        Events::default()
    } else {
        named_events(events.as_string().as_deref(), "events")?
    };
    let names = events.schemas().iter();
    Ok(names.map(|name| (*name).to_owned()).collect())
}

/// The schema that the caller means: a name, a table with options, or nothing for `decoded`; and what it leaves out.
pub(crate) fn schema(schema: &JsValue, filter: &JsValue) -> Result<Box<dyn Schema>, JsValue> {
    let no_filter = is_missing(filter);
    let mut events = Events::default();
    let config = if is_missing(schema) {
        SchemaConfig::default()
    } else if let Some(name) = schema.as_string() {
        if by_name(&name).is_none() {
            return Err(unknown(&name));
        }
        SchemaConfig::from(name.as_str())
    } else {
        let mut table: Value = typed("schema", schema)?;
        // A stream knows it by its source, so that it is no key of the configuration.
        if let Some(named) = table
            .as_object_mut()
            .and_then(|table| table.remove("events"))
        {
            events = named_events(named.as_str(), "schema.events")?;
        }
        SchemaConfig::from(table)
    };
    if no_filter && config.name() == Some(DEFAULT_SCHEMA) && !schema.is_object() {
        return by_name(DEFAULT_SCHEMA).ok_or_else(|| unknown(DEFAULT_SCHEMA));
    }
    let filter = if no_filter {
        None
    } else {
        Some(typed::<FilterConfig>("filter", filter)?)
    };
    let mut check = Check::new(Surroundings {
        secrets: &|_| None,
        insecure: InsecureLoopback::Refuse,
        places: &[],
    });
    let resolved = config.resolve(events, filter, &mut check);
    check.finish(resolved).map_err(|problems| {
        let problems: Vec<Problem> = problems.iter().map(Problem::from).collect();
        config_error(&problems)
    })
}

fn is_missing(value: &JsValue) -> bool {
    value.is_undefined() || value.is_null()
}

/// The events of that name, which is the value of `key`.
fn named_events(name: Option<&str>, key: &str) -> Result<Events, JsValue> {
    name.and_then(Events::by_name).ok_or_else(|| {
        let names = Events::ALL.map(Events::name).join(", ");
        let reason = "there are no such events";
        config_error(&[Problem::new(key, reason, &format!("use one of {names}"))])
    })
}

fn unknown(name: &str) -> JsValue {
    let known = NAMES.join(", ");
    thrown(
        "unknown_schema",
        &format!(
            "there is no schema `{}`; there are {known}",
            printable(name, 80)
        ),
        &format!("use one of {known}"),
    )
}

/// Through JSON, as if it stood in a file: members that are `undefined` are not there, and nesting is bounded.
fn typed<T: DeserializeOwned>(name: &str, value: &JsValue) -> Result<T, JsValue> {
    let text = JSON::stringify(value)
        .ok()
        .and_then(|text| text.as_string())
        .ok_or_else(|| invalid_argument(name, "needs a name or a plain object"))?;
    let mut json = serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let key = if path == "." {
            name.to_owned()
        } else {
            format!("{name}.{}", printable(&path, 200))
        };
        let reason = error.inner().to_string();
        // Where in JSON that the caller never sees.
        let reason = reason
            .rsplit_once(" at line ")
            .map_or(reason.as_str(), |(reason, _)| reason);
        let reason = printable(reason, 500);
        config_error(&[Problem::new(&key, &reason, "correct or remove the key")])
    })
}
