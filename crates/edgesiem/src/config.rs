//! The configuration: read as a whole, refused as a whole, every problem named at once.

use std::collections::BTreeMap;

use edgesiem_model::{
    Budget, Error, ErrorKind, InsecureLoopback, Limits, Schema, Secret, Sink, Source, StreamId,
    printable,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::registry::{self, SCHEMA_NAMES, SINK_KINDS, SOURCE_KINDS, Surroundings};

/// Where checkpoints are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// Workers KV: commit last, revision checked, soft lease. Overlapping runs may repeat events, never lose them.
    #[default]
    Kv,
}

/// A validated configuration, its secrets resolved.
pub struct Config {
    /// Streams in the order written.
    pub streams: Vec<StreamConfig>,
    /// Where checkpoints are kept.
    pub store: Store,
    /// When a run ends by itself.
    pub budget: Budget,
}

/// One stream, ready to run.
pub struct StreamConfig {
    /// Name.
    pub id: StreamId,
    /// Where its events come from.
    pub source: Box<dyn Source>,
    /// Where they go.
    pub sinks: Vec<Box<dyn Sink>>,
    /// Bounds.
    pub limits: Limits,
    /// How they are written.
    pub schema: Box<dyn Schema>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Root {
    streams: Vec<StreamTable>,
    sinks: BTreeMap<String, Value>,
    #[serde(default)]
    store: Store,
    #[serde(default)]
    allow_insecure_loopback: bool,
    #[serde(default)]
    budget: BudgetTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamTable {
    id: String,
    source: Value,
    sinks: Vec<String>,
    #[serde(default = "default_schema")]
    schema: String,
    #[serde(default)]
    limits: Limits,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct BudgetTable {
    wall_s: u64,
    max_pages: u32,
}

impl Default for BudgetTable {
    fn default() -> Self {
        let budget = Budget::default();
        Self {
            wall_s: budget.wall_ms / 1000,
            max_pages: budget.max_pages,
        }
    }
}

fn default_schema() -> String {
    "decoded".to_owned()
}

impl Config {
    /// Validates `value` (the table `EDGESIEM` of `wrangler.toml`, or the whole of `edgesiem.toml`) and looks
    /// up the secrets it names.
    ///
    /// # Errors
    /// Every problem found, each with the path of its key, the reason and what to do. No value of a secret is
    /// ever part of one.
    pub fn from_json(
        value: Value,
        secrets: &dyn Fn(&str) -> Option<Secret>,
    ) -> Result<Self, Vec<Error>> {
        let root: Root = typed(value)?;
        let insecure = if root.allow_insecure_loopback {
            InsecureLoopback::Allow
        } else {
            InsecureLoopback::Refuse
        };
        let around = Surroundings { secrets, insecure };
        let mut problems = Vec::new();
        if root.streams.is_empty() {
            problems.push(at(
                "streams",
                "there is no stream",
                "add at least one [[streams]] table",
            ));
        }
        if !(1..=700).contains(&root.budget.wall_s) {
            problems.push(at("budget.wall_s", "it is out of range", "use 1 to 700: the platform ends a run after 900 seconds, and a page may take a quarter more"));
        }
        if root.budget.max_pages == 0 {
            problems.push(at(
                "budget.max_pages",
                "it is out of range",
                "use at least 1",
            ));
        }
        for (name, sink) in &root.sinks {
            if StreamId::new(name).is_err() {
                let reason =
                    "a sink's name has 1 to 64 letters, digits, dots, hyphens and underscores";
                problems.push(at(
                    &format!("sinks.{}", printable(name, 80)),
                    reason,
                    "choose another name",
                ));
            }
            // Unused sinks are checked too: a typo in one should not wait for the day it is needed.
            if let Err(errors) = one_sink(name, sink.clone(), around) {
                problems.extend(errors);
            }
        }
        let mut streams: Vec<StreamConfig> = Vec::new();
        for (number, table) in root.streams.into_iter().enumerate() {
            let path = format!("streams[{number}]");
            match one_stream(&path, table, &root.sinks, around) {
                Ok(stream) if streams.iter().any(|other| other.id == stream.id) => {
                    problems.push(at(
                        &format!("{path}.id"),
                        "another stream has the same id",
                        "give each stream its own id",
                    ));
                }
                Ok(stream) => streams.push(stream),
                Err(errors) => problems.extend(errors),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let budget = Budget {
            wall_ms: root.budget.wall_s.saturating_mul(1000),
            max_pages: root.budget.max_pages,
        };
        Ok(Self {
            streams,
            store: root.store,
            budget,
        })
    }
}

fn one_stream(
    path: &str,
    table: StreamTable,
    sinks: &BTreeMap<String, Value>,
    around: Surroundings<'_>,
) -> Result<StreamConfig, Vec<Error>> {
    let mut problems = Vec::new();
    let id = StreamId::new(&table.id)
        .map_err(|error| {
            problems.push(at(
                &format!("{path}.id"),
                &error.to_string(),
                "choose another id",
            ))
        })
        .ok();
    let schema = registry::schema(&table.schema);
    if schema.is_none() {
        problems.push(unknown(
            &format!("{path}.schema"),
            &table.schema,
            SCHEMA_NAMES,
        ));
    }
    problems.extend(limit_problems(path, &table.limits));
    let source = one_source(&format!("{path}.source"), table.source, around)
        .map_err(|errors| problems.extend(errors))
        .ok();
    let mut chosen = Vec::new();
    if table.sinks.is_empty() {
        problems.push(at(
            &format!("{path}.sinks"),
            "there is no sink",
            "name at least one table of [sinks]",
        ));
    }
    for (number, name) in table.sinks.iter().enumerate() {
        let key = format!("{path}.sinks[{number}]");
        if table
            .sinks
            .iter()
            .take(number)
            .any(|earlier| earlier == name)
        {
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
            // Problems inside of the sink's own table were reported there.
            Some(table) => chosen.extend(one_sink(name, table.clone(), around)),
        }
    }
    match (id, schema, source) {
        (Some(id), Some(schema), Some(source)) if problems.is_empty() => Ok(StreamConfig {
            id,
            source,
            sinks: chosen,
            limits: table.limits,
            schema,
        }),
        _ => Err(problems),
    }
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
            "max_in_flight_bytes",
            limits.max_in_flight_bytes as u64,
            1024,
            64 * MIB,
        ),
        ("max_attempts", u64::from(limits.max_attempts), 1, 100),
        ("max_backoff_ms", limits.max_backoff_ms, 100, 600_000),
        ("max_dead_letters", limits.max_dead_letters as u64, 0, 500),
    ]
    .into_iter()
    .filter(|(_, value, low, high)| !(low..=high).contains(&value))
    .map(|(name, value, low, high)| {
        at(
            &format!("{path}.limits.{name}"),
            &format!("{value} is out of range"),
            &format!("use {low} to {high}"),
        )
    })
    .collect()
}

fn one_source(
    path: &str,
    table: Value,
    around: Surroundings<'_>,
) -> Result<Box<dyn Source>, Vec<Error>> {
    let (kind, rest) = take_kind(path, table, SOURCE_KINDS)?;
    registry::source(&kind, rest, around)
        .unwrap_or_else(|| Err(vec![unknown("kind", &kind, SOURCE_KINDS)]))
        .map_err(|errors| below(path, errors))
}

fn one_sink(
    name: &str,
    table: Value,
    around: Surroundings<'_>,
) -> Result<Box<dyn Sink>, Vec<Error>> {
    let path = format!("sinks.{}", printable(name, 80));
    let (kind, rest) = take_kind(&path, table, SINK_KINDS)?;
    registry::sink(&kind, name, rest, around)
        .unwrap_or_else(|| Err(vec![unknown("kind", &kind, SINK_KINDS)]))
        .map_err(|errors| below(&path, errors))
}

fn take_kind(path: &str, table: Value, kinds: &[&str]) -> Result<(String, Value), Vec<Error>> {
    let Value::Object(mut table) = table else {
        return Err(vec![at(
            path,
            "it must be a table",
            &format!("write [{path}] with kind = one of {}", kinds.join(", ")),
        )]);
    };
    match table.remove("kind") {
        Some(Value::String(kind)) => Ok((kind, Value::Object(table))),
        _ => Err(vec![at(
            &format!("{path}.kind"),
            "the kind is missing",
            &format!("use one of {}", kinds.join(", ")),
        )]),
    }
}

/// What to do about what serde says.
fn action(reason: &str) -> &'static str {
    if reason.starts_with("missing field") {
        "add the key; wrangler.toml shows a whole configuration"
    } else if reason.contains("never its value") {
        "store the value with `wrangler secret put NAME` and write { secret = \"NAME\" }"
    } else {
        "correct or remove the key"
    }
}

/// Reads `value` as `T`; the error knows the path of the key within it.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Vec<Error>> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let reason = printable(&error.inner().to_string(), 500);
        vec![at(
            if path == "." { "" } else { &path },
            &reason,
            action(&reason),
        )]
    })
}

/// Puts `path` in front of the keys of `errors`.
fn below(path: &str, errors: Vec<Error>) -> Vec<Error> {
    errors
        .into_iter()
        .map(|error| {
            let mut moved = Error::new(error.kind(), error.message(), error.user_action());
            for (name, value) in error.context() {
                let value = match *name {
                    "key" if value.is_empty() => path.to_owned(),
                    "key" => format!("{path}.{value}"),
                    _ => value.clone(),
                };
                moved = moved.with(name, value);
            }
            moved
        })
        .collect()
}

fn at(path: &str, reason: &str, user_action: &str) -> Error {
    Error::new(ErrorKind::Config, reason, user_action).with("key", path)
}

fn unknown(path: &str, given: &str, known: &[&str]) -> Error {
    let list = if known.is_empty() {
        "(none is defined)".to_owned()
    } else {
        known.join(", ")
    };
    at(
        path,
        &format!("`{}` is not known", printable(given, 80)),
        &format!("use one of: {list}"),
    )
}
