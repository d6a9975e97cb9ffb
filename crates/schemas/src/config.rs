//! What a user writes as a stream's `schema`, checked once.

use edgesiem_model::{Check, Schema, printable};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    Cef, Converter, Ecs, EcsSettings, ElasticIntegration, ElasticIntegrationSettings, EventWriter,
    Events, FilterConfig, NAMES, Ocsf, OcsfSettings, Otel, Sentinel, by_name, decoded, trend_micro,
};

/// A stream's schema: its name, `"ecs"`, or a table, `{ name = "ecs", expand_rules = true, event_original = true }`.
///
/// `expand_rules` gives a document for each rule of an event instead of one for the event. `raw`, `decoded` and
/// `elastic-integration` do not have it, because their documents are the event itself. All other keys are options of the schema.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SchemaConfig(Value);

/// `decoded`.
impl Default for SchemaConfig {
    fn default() -> Self {
        Self::from(decoded::NAME)
    }
}

impl From<&str> for SchemaConfig {
    fn from(name: &str) -> Self {
        Self(Value::from(name))
    }
}

impl From<Value> for SchemaConfig {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

/// Options of `ecs`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct EcsOptions {
    /// Put the line as received into `event.original`.
    event_original: bool,
}

/// Options of `elastic-integration`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct ElasticIntegrationOptions {
    /// Have the pipeline keep the line in `event.original`.
    preserve_original_event: bool,
}

/// Options of `ocsf`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct OcsfOptions {
    /// Write Detection Findings (2004) instead of HTTP Activity (4002).
    detection_finding: bool,
    /// Put the line as received into `raw_data`.
    raw_data: bool,
}

/// Options of `ocsf` for Trend Micro's events.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TrendMicroOcsfOptions {
    raw_data: bool,
}

/// Options of a schema that has none.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct NoOptions {}

/// The options of a schema as a JSON Schema, and whether it can give a document for each rule.
#[cfg(feature = "docs")]
pub fn options(name: &str) -> (schemars::Schema, bool) {
    match name {
        Ecs::NAME => (schemars::schema_for!(EcsOptions), true),
        ElasticIntegration::NAME => (schemars::schema_for!(ElasticIntegrationOptions), false),
        Ocsf::NAME => (schemars::schema_for!(OcsfOptions), true),
        _ => {
            let without = [decoded::NAME, crate::raw::NAME];
            (schemars::schema_for!(NoOptions), !without.contains(&name))
        }
    }
}

impl SchemaConfig {
    /// The schema's name, if there is one.
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Value::String(name) => Some(name),
            Value::Object(table) => table.get("name")?.as_str(),
            _ => None,
        }
    }

    /// The schema of these events with its options, and with `filter` if it filters anything. Problems have keys below `schema` and `filter`;
    /// the schema is to be used only if there was none.
    pub fn resolve(
        self,
        events: Events,
        filter: Option<FilterConfig>,
        check: &mut Check<'_>,
    ) -> Option<Box<dyn Schema>> {
        let schema = match events {
            Events::AkamaiSiem => self.schema(check),
            Events::TrendMicroCas => self.trend_micro(check),
        };
        let Some(filter) = filter else {
            return schema;
        };
        if schema
            .as_ref()
            .is_some_and(|schema| schema.name() == ElasticIntegration::NAME)
        {
            filter.refuse_edits(
                "the integration's ingest pipeline reads the event whole, in one member",
                "remove it and change the documents in the pipeline logs-akamai.siem@custom, or use the schema ecs",
                check,
            );
        }
        if let Some(schema) = &schema {
            let first = beginning(schema.name());
            for (number, member) in filter.drop.iter().enumerate() {
                if first.contains(&member.as_str()) {
                    check.problem(
                        &format!("filter.drop[{number}]"),
                        "documents of this schema begin with this member, and sinks put the event's id there",
                        "remove it",
                    );
                }
            }
        }
        filter.resolve(events, schema, check)
    }

    fn schema(self, check: &mut Check<'_>) -> Option<Box<dyn Schema>> {
        let (name, mut options) = named(self.0, NAMES, check)?;
        let expand_rules = match options.remove("expand_rules") {
            None => false,
            Some(Value::Bool(expand_rules)) => expand_rules,
            Some(_) => {
                let action = "write true or false";
                check.problem(
                    "schema.expand_rules",
                    "it is neither true nor false",
                    action,
                );
                false
            }
        };
        let table = Table {
            options,
            expand_rules,
            check,
        };
        match name.as_str() {
            Cef::NAME => table.by_rule(|_: NoOptions| Cef::default()),
            Ecs::NAME => table.by_rule(|options: EcsOptions| {
                Ecs::new(EcsSettings {
                    event_original: options.event_original,
                })
            }),
            ElasticIntegration::NAME => table.whole(|options: ElasticIntegrationOptions| {
                Box::new(ElasticIntegration::new(ElasticIntegrationSettings {
                    preserve_original_event: options.preserve_original_event,
                }))
            }),
            Ocsf::NAME => table.by_rule(|options: OcsfOptions| {
                Ocsf::new(OcsfSettings {
                    detection_finding: options.detection_finding,
                    raw_data: options.raw_data,
                })
            }),
            Sentinel::NAME => table.by_rule(|_: NoOptions| Sentinel::default()),
            Otel::NAME => table.by_rule(|_: NoOptions| Otel::default()),
            other => match by_name(other) {
                Some(schema) => table.whole(|_: NoOptions| schema),
                None => {
                    table.check.problem(
                        "schema",
                        &format!("`{}` is not known", printable(other, 80)),
                        &format!("use one of: {}", NAMES.join(", ")),
                    );
                    None
                }
            },
        }
    }
}

/// What a stream of Trend Micro's events may name, its options beside it.
impl SchemaConfig {
    fn trend_micro(self, check: &mut Check<'_>) -> Option<Box<dyn Schema>> {
        let names = Events::TrendMicroCas.schemas();
        let (name, mut options) = named(self.0, names, check)?;
        if options.remove("expand_rules").is_some() {
            check.problem(
                "schema.expand_rules",
                "an event of Trend Micro Cloud App Security is about one policy, and gives one document",
                "remove it",
            );
        }
        if options.remove("detection_finding").is_some() {
            check.problem(
                "schema.detection_finding",
                "the class of a Trend Micro event follows from what it reports",
                "remove it",
            );
        }
        let table = Table {
            options,
            expand_rules: false,
            check,
        };
        match name.as_str() {
            Ecs::NAME => table.whole(|options: EcsOptions| {
                Box::new(trend_micro::Ecs::new(EcsSettings {
                    event_original: options.event_original,
                }))
            }),
            Ocsf::NAME => table.whole(|options: TrendMicroOcsfOptions| {
                Box::new(trend_micro::Ocsf::new(options.raw_data))
            }),
            other => match Events::TrendMicroCas.schema(other) {
                Some(schema) => table.whole(|_: NoOptions| schema),
                None => {
                    let reason = if NAMES.contains(&other) {
                        format!(
                            "`{other}` has no place for events of Trend Micro Cloud App Security: it is Akamai's"
                        )
                    } else {
                        format!("`{}` is not known", printable(other, 80))
                    };
                    let action = format!("use one of: {}", names.join(", "));
                    table.check.problem("schema", &reason, &action);
                    None
                }
            },
        }
    }
}

/// Members with which every document of the schema begins, as it promises to sinks.
fn beginning(name: &str) -> &'static [&'static str] {
    match name {
        Ecs::NAME => &["event", "event.kind"],
        Ocsf::NAME => &["metadata", "metadata.version"],
        Otel::NAME => &["attributes"],
        _ => &[],
    }
}

/// Name and the other keys.
fn named(
    value: Value,
    names: &[&str],
    check: &mut Check<'_>,
) -> Option<(String, Map<String, Value>)> {
    let names = || format!("use one of: {}", names.join(", "));
    match value {
        Value::String(name) => Some((name, Map::new())),
        Value::Object(mut table) => match table.remove("name") {
            Some(Value::String(name)) => Some((name, table)),
            _ => {
                check.problem("schema.name", "the name is missing", &names());
                None
            }
        },
        _ => {
            check.problem("schema", "it is neither a name nor a table", &names());
            None
        }
    }
}

/// What stands beside the name.
struct Table<'a, 'c> {
    options: Map<String, Value>,
    expand_rules: bool,
    check: &'a mut Check<'c>,
}

impl Table<'_, '_> {
    /// A schema that can give a document for each rule.
    fn by_rule<O: DeserializeOwned, W: EventWriter + 'static>(
        self,
        writer: impl FnOnce(O) -> W,
    ) -> Option<Box<dyn Schema>> {
        let expand_rules = self.expand_rules;
        let converter = Converter::new(writer(self.options()?));
        Some(Box::new(converter.expanding_rules(expand_rules)))
    }

    /// A schema whose documents are events.
    fn whole<O: DeserializeOwned>(
        self,
        schema: impl FnOnce(O) -> Box<dyn Schema>,
    ) -> Option<Box<dyn Schema>> {
        if self.expand_rules {
            self.check.problem(
                "schema.expand_rules",
                "documents of this schema are whole events",
                "remove it, or use another schema",
            );
        }
        self.options().map(schema)
    }

    fn options<O: DeserializeOwned>(self) -> Option<O> {
        match serde_path_to_error::deserialize(Value::Object(self.options)) {
            Ok(options) => Some(options),
            Err(error) => {
                let path = error.path().to_string();
                let key = if path == "." {
                    "schema".to_owned()
                } else {
                    format!("schema.{path}")
                };
                let reason = printable(&error.inner().to_string(), 500);
                self.check
                    .problem(&key, &reason, "correct or remove the key");
                None
            }
        }
    }
}
