//! One stream of the configuration: its source, its sinks, its limits.

use std::collections::BTreeMap;

use edgesiem_model::{Check, Error, Limits, Schema, Source, StreamId, Surroundings, printable};
use edgesiem_pipeline::Destination;
use edgesiem_schemas::{FilterConfig, SchemaConfig};
use serde::Deserialize;
use serde_json::Value;

use super::StreamConfig;
use super::table::{at, below, out_of_range, take_kind, typed, unknown};
use crate::registry::{self, SOURCE_KINDS, sink_kinds};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamTable {
    id: String,
    source: Value,
    sinks: Vec<String>,
    #[serde(default)]
    schema: SchemaConfig,
    filter: Option<FilterConfig>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    emit_gaps: bool,
}

/// A table of `[sinks]`, read once to know whether it can be used. Each stream that names it gets a sink of its own.
pub(super) struct SinkTable {
    table: Value,
    pub(super) problems: Vec<Error>,
}

impl SinkTable {
    pub(super) fn new(name: &str, table: Value, around: Surroundings<'_>) -> Self {
        let mut problems = Vec::new();
        if StreamId::new(name).is_err() {
            problems.push(at(
                &sink_path(name),
                "a sink's name has 1 to 64 letters, digits, dots, hyphens and underscores",
                "choose another name",
            ));
        }
        if let Err(errors) = one_sink(name, table.clone(), around) {
            problems.extend(errors);
        }
        Self { table, problems }
    }
}

pub(super) type SinkTables = BTreeMap<String, SinkTable>;

/// The names in a stream's `sinks`, whatever else is wrong with its table.
pub(super) fn sink_names(table: &Value) -> impl Iterator<Item = &str> {
    let sinks = table.get("sinks").and_then(Value::as_array);
    sinks.into_iter().flatten().filter_map(Value::as_str)
}

/// The stream's id, whatever else is wrong with its table.
pub(super) fn id(table: &Value) -> Option<StreamId> {
    StreamId::new(table.get("id")?.as_str()?).ok()
}

/// `path` is that of the stream's own table.
pub(super) fn one_stream(
    path: &str,
    table: Value,
    sinks: &SinkTables,
    around: Surroundings<'_>,
) -> Result<StreamConfig, Vec<Error>> {
    let table: StreamTable = typed(table).map_err(|errors| below(path, errors))?;
    let mut problems = Vec::new();
    let id = StreamId::new(&table.id)
        .map_err(|error| {
            problems.push(at(
                &format!("{path}.id"),
                &error.to_string(),
                "choose another id",
            ));
        })
        .ok();
    let mut check = Check::new(around);
    let kind = table.source.get("kind").and_then(Value::as_str);
    let events = registry::events(kind.unwrap_or_default());
    let schema = table.schema.resolve(events, table.filter, &mut check);
    let schema = check
        .finish(schema)
        .map_err(|errors| problems.extend(below(path, errors)))
        .ok();
    problems.extend(limit_problems(path, &table.limits));
    let source = one_source(&format!("{path}.source"), table.source, around)
        .map_err(|errors| problems.extend(errors))
        .ok();
    let chosen = chosen_sinks(
        &format!("{path}.sinks"),
        &table.sinks,
        sinks,
        around,
        &mut problems,
    );
    if let Some(schema) = &schema {
        problems.extend(misfits(path, schema.as_ref(), &chosen));
    }
    match (id, schema, source) {
        (Some(id), Some(schema), Some(source)) if problems.is_empty() => Ok(StreamConfig {
            id,
            source,
            sinks: chosen,
            limits: table.limits,
            schema,
            emit_gaps: table.emit_gaps,
        }),
        _ => Err(problems),
    }
}

fn chosen_sinks(
    path: &str,
    names: &[String],
    sinks: &SinkTables,
    around: Surroundings<'_>,
    problems: &mut Vec<Error>,
) -> Vec<Destination> {
    if names.is_empty() {
        problems.push(at(
            path,
            "there is no sink",
            "name at least one table of [sinks]",
        ));
    }
    let mut chosen = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let key = format!("{path}[{number}]");
        if names.iter().take(number).any(|earlier| earlier == name) {
            problems.push(at(
                &key,
                &format!("`{}` is named twice", printable(name, 80)),
                "name each sink once",
            ));
        }
        match sinks.get(name) {
            None => problems.push(unknown(
                &key,
                name,
                &sinks.keys().map(String::as_str).collect::<Vec<_>>(),
            )),
            Some(sink) if sink.problems.is_empty() => {
                match one_sink(name, sink.table.clone(), around) {
                    Ok(destination) => chosen.push(destination),
                    Err(errors) => problems.extend(errors),
                }
            }
            Some(sink) => problems.extend(sink.problems.iter().cloned()),
        }
    }
    // Without one there would be nothing to say when a page is safe.
    if !chosen.is_empty() && chosen.len() == names.len() && !chosen.iter().any(|sink| sink.required)
    {
        problems.push(at(
            path,
            "every sink of the stream is optional",
            "name a sink without required = false too",
        ));
    }
    chosen
}

/// Sinks that cannot deliver what the schema writes.
fn misfits(path: &str, schema: &dyn Schema, sinks: &[Destination]) -> Vec<Error> {
    sinks
        .iter()
        .filter(|destination| !destination.sink.takes(schema.form()))
        .map(|destination| {
            at(
                &format!("{path}.schema"),
                &format!(
                    "the sink {} cannot deliver documents of the schema {}",
                    printable(destination.sink.name(), 80),
                    schema.name()
                ),
                "choose another schema for the stream; the sink's page says which it takes",
            )
        })
        .collect()
}

/// The bounds within which a run works: below them nothing would ever be sent. The upper ones are what a host
/// with memory to spare may want; a Worker's 32 MiB hold the defaults, and events up to about 6 MB.
fn limit_problems(path: &str, limits: &Limits) -> Vec<Error> {
    const MIB: u64 = 1024 * 1024;
    [
        (
            "max_event_bytes",
            limits.max_event_bytes as u64,
            1024,
            16 * MIB,
        ),
        (
            "max_batch_events",
            limits.max_batch_events as u64,
            1,
            100_000,
        ),
        (
            "max_batch_bytes",
            limits.max_batch_bytes as u64,
            1024,
            16 * MIB,
        ),
        ("max_in_flight", limits.max_in_flight as u64, 1, 6),
        (
            "max_in_flight_per_sink",
            limits.max_in_flight_per_sink as u64,
            1,
            6,
        ),
        (
            "max_in_flight_bytes",
            limits.max_in_flight_bytes as u64,
            1024,
            64 * MIB,
        ),
        ("max_attempts", u64::from(limits.max_attempts), 1, 100),
        ("max_backoff_ms", limits.max_backoff_ms, 100, 600_000),
        ("max_dead_letters", limits.max_dead_letters as u64, 0, 500),
        (
            "max_stored_dead_letters",
            limits.max_stored_dead_letters,
            // Otherwise what one page may set aside would never find room.
            limits.max_dead_letters as u64,
            1_000_000,
        ),
    ]
    .into_iter()
    .filter(|(_, value, low, high)| !(low..=high).contains(&value))
    .map(|(name, value, low, high)| {
        out_of_range(&format!("{path}.limits.{name}"), value, low, high)
    })
    .collect()
}

fn one_source(
    path: &str,
    table: Value,
    around: Surroundings<'_>,
) -> Result<Box<dyn Source>, Vec<Error>> {
    let (kind, rest) = take_kind(path, table, SOURCE_KINDS)?;
    registry::source(&kind, Value::Object(rest), around)
        .unwrap_or_else(|| Err(vec![unknown("kind", &kind, SOURCE_KINDS)]))
        .map_err(|errors| below(path, errors))
}

fn sink_path(name: &str) -> String {
    format!("sinks.{}", printable(name, 80))
}

/// `required` is the same for every kind, so the kind's own reader does not see it.
fn one_sink(name: &str, table: Value, around: Surroundings<'_>) -> Result<Destination, Vec<Error>> {
    let path = sink_path(name);
    let (kind, mut rest) = take_kind(&path, table, &sink_kinds())?;
    let mut problems = Vec::new();
    let required = match rest.remove("required") {
        None => true,
        Some(Value::Bool(required)) => required,
        Some(_) => {
            problems.push(at(
                &format!("{path}.required"),
                "it must be true or false",
                "write required = false for a sink that may not hold its streams back, or remove the key",
            ));
            true
        }
    };
    let sink = registry::sink(&kind, name, rest, around)
        .unwrap_or_else(|| Err(vec![unknown("kind", &kind, &sink_kinds())]))
        .map_err(|errors| problems.extend(below(&path, errors)));
    match sink {
        Ok(sink) if problems.is_empty() => Ok(Destination::new(sink, required)),
        _ => Err(problems),
    }
}
