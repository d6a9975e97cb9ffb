//! The configuration, with every problem named at once: read strictly as a whole ([`Config::from_json`]) or stream
//! by stream ([`Config::parse`]), so that one misconfigured stream does not stop the others.

mod stream;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use edgesiem_model::{
    Budget, Error, InsecureLoopback, Limits, Schema, Scheme, Secret, Source, StreamId, Surroundings,
};
use edgesiem_pipeline::Destination;
use edgesiem_sources::akamai_security_monitor::{self, SecurityMonitor};
use serde::Deserialize;
use serde_json::Value;

use stream::{SinkTable, SinkTables, one_stream, sink_names};
pub(crate) use table::typed;
use table::{at, below, out_of_range};

/// Key of the table of Akamai Security Monitor.
pub(crate) const SECURITY_MONITOR: &str = "security_monitor";

/// Where checkpoints are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// Workers KV: commit last, revision checked, soft lease. Overlapping runs may repeat events, never lose them.
    #[default]
    Kv,
    /// A Durable Object for each stream: one run at a time, and every write takes effect or is refused.
    DurableObject,
}

/// A validated configuration, its secrets resolved.
pub struct Config {
    /// Streams in the order written.
    pub streams: Vec<StreamConfig>,
    /// Where checkpoints are kept.
    pub store: Store,
    /// When a run ends by itself.
    pub budget: Budget,
    /// Where reports are asked for, if anywhere.
    pub security_monitor: Option<SecurityMonitor>,
}

/// A configuration whose streams stand or fall each by itself.
pub struct Parsed {
    /// Streams in the order written.
    pub streams: Vec<ParsedStream>,
    /// Where checkpoints are kept.
    pub store: Store,
    /// When a run ends by itself.
    pub budget: Budget,
    /// Where reports are asked for, if anywhere and if it can be used.
    pub security_monitor: Option<SecurityMonitor>,
    /// Problems of sinks that no stream uses, and of `security_monitor`. They stop no stream, but a mistake should not wait
    /// for the day on which the table is needed.
    pub problems: Vec<Error>,
}

/// A stream of the configuration, ready to run or not.
pub struct ParsedStream {
    /// Its id; `streams[N]`, N from 0, if it has none that can be used, or one that an earlier stream has.
    pub id: String,
    /// The stream, or every problem of its table and of the sinks that it names.
    pub result: Result<StreamConfig, Vec<Error>>,
}

/// One stream, ready to run.
pub struct StreamConfig {
    /// Name.
    pub id: StreamId,
    /// Where its events come from.
    pub source: Box<dyn Source>,
    /// Where they go; at least one of them is required.
    pub sinks: Vec<Destination>,
    /// Bounds.
    pub limits: Limits,
    /// How they are written.
    pub schema: Box<dyn Schema>,
    /// Whether the sinks are told of gaps.
    pub emit_gaps: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Root {
    streams: Vec<Value>,
    sinks: BTreeMap<String, Value>,
    #[serde(default)]
    store: Store,
    #[serde(default)]
    allow_insecure_loopback: bool,
    #[serde(default)]
    budget: BudgetTable,
    #[serde(default)]
    security_monitor: Option<Value>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct BudgetTable {
    wall_s: u64,
    max_pages: u32,
    max_requests: u64,
}

impl Default for BudgetTable {
    fn default() -> Self {
        let budget = Budget::default();
        Self {
            wall_s: budget.wall_ms / 1000,
            max_pages: budget.max_pages,
            max_requests: budget.max_requests,
        }
    }
}

impl BudgetTable {
    fn problems(&self) -> Vec<Error> {
        let mut problems = Vec::new();
        if !(1..=700).contains(&self.wall_s) {
            problems.push(at("budget.wall_s", "it is out of range", "use 1 to 700: the platform ends a run after 900 seconds, and a page may take a quarter more"));
        }
        if self.max_pages == 0 {
            problems.push(at(
                "budget.max_pages",
                "it is out of range",
                "use at least 1",
            ));
        }
        if !(10..=1_000_000).contains(&self.max_requests) {
            problems.push(out_of_range(
                "budget.max_requests",
                self.max_requests,
                10,
                1_000_000,
            ));
        }
        problems
    }

    const fn budget(&self) -> Budget {
        Budget {
            wall_ms: self.wall_s.saturating_mul(1000),
            max_pages: self.max_pages,
            max_requests: self.max_requests,
        }
    }
}

impl Config {
    /// Validates `value` (the table `EDGESIEM` of `wrangler.toml`, or the whole of `edgesiem.toml`) and looks
    /// up the secrets it names. `places` are those of the host's own that it can write to.
    ///
    /// # Errors
    /// Every problem found, each with the path of its key, the reason and what to do. No value of a secret is
    /// ever part of one.
    pub fn from_json(
        value: Value,
        secrets: &dyn Fn(&str) -> Option<Secret>,
        places: &[Scheme],
    ) -> Result<Self, Vec<Error>> {
        let (parsed, mut found) = read(value, secrets, places)?;
        found.extend(parsed.problems);
        let mut streams = Vec::new();
        for stream in parsed.streams {
            match stream.result {
                Ok(stream) => streams.push(stream),
                Err(errors) => found.extend(errors),
            }
        }
        // A broken sink counts against every stream that uses it, and is named once.
        let mut problems: Vec<Error> = Vec::new();
        for problem in found {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            streams,
            store: parsed.store,
            budget: parsed.budget,
            security_monitor: parsed.security_monitor,
        })
    }

    /// Validates `value` like [`Config::from_json`], each stream by itself. A sink that cannot be used counts
    /// against the streams that name it.
    ///
    /// # Errors
    /// Every problem that is not that of one stream or sink: keys of the root, `budget`, `store`, no stream at all.
    pub fn parse(
        value: Value,
        secrets: &dyn Fn(&str) -> Option<Secret>,
        places: &[Scheme],
    ) -> Result<Parsed, Vec<Error>> {
        let (parsed, problems) = read(value, secrets, places)?;
        if problems.is_empty() {
            Ok(parsed)
        } else {
            Err(problems)
        }
    }
}

/// What can be read, and the problems of the root.
///
/// # Errors
/// The root is no table of this shape.
fn read(
    value: Value,
    secrets: &dyn Fn(&str) -> Option<Secret>,
    places: &[Scheme],
) -> Result<(Parsed, Vec<Error>), Vec<Error>> {
    let root: Root = typed(value)?;
    let insecure = if root.allow_insecure_loopback {
        InsecureLoopback::Allow
    } else {
        InsecureLoopback::Refuse
    };
    let around = Surroundings {
        secrets,
        insecure,
        places,
    };
    let mut root_problems = Vec::new();
    if root.streams.is_empty() {
        root_problems.push(at(
            "streams",
            "there is no stream",
            "add at least one [[streams]] table",
        ));
    }
    root_problems.extend(root.budget.problems());
    let sinks: SinkTables = root
        .sinks
        .into_iter()
        .map(|(name, table)| {
            let table = SinkTable::new(&name, table, around);
            (name, table)
        })
        .collect();
    let used: BTreeSet<&str> = root.streams.iter().flat_map(sink_names).collect();
    let mut problems: Vec<Error> = sinks
        .iter()
        .filter(|(name, _)| !used.contains(name.as_str()))
        .flat_map(|(_, sink)| sink.problems.iter().cloned())
        .collect();
    let monitor = root
        .security_monitor
        .and_then(|table| match security_monitor(table, around) {
            Ok(monitor) => Some(monitor),
            Err(errors) => {
                problems.extend(errors);
                None
            }
        });
    let streams = streams(root.streams, &sinks, around);
    let parsed = Parsed {
        streams,
        store: root.store,
        budget: root.budget.budget(),
        security_monitor: monitor,
        problems,
    };
    Ok((parsed, root_problems))
}

/// The table `security_monitor`.
///
/// # Errors
/// Every problem of it, each with the path of its key.
pub(crate) fn security_monitor(
    table: Value,
    around: Surroundings<'_>,
) -> Result<SecurityMonitor, Vec<Error>> {
    typed::<akamai_security_monitor::Config>(table)
        .and_then(|config| config.resolve(around))
        .map_err(|errors| below(SECURITY_MONITOR, errors))
}

/// Of several streams with one id the first keeps it: the checkpoint under that name is most likely its own.
fn streams(tables: Vec<Value>, sinks: &SinkTables, around: Surroundings<'_>) -> Vec<ParsedStream> {
    let mut taken = BTreeSet::new();
    let mut streams = Vec::new();
    for (number, table) in tables.into_iter().enumerate() {
        let path = format!("streams[{number}]");
        let id = stream::id(&table);
        let is_taken = id.as_ref().is_some_and(|id| taken.contains(id));
        let mut result = one_stream(&path, table, sinks, around);
        if is_taken {
            let mut problems = vec![at(
                &format!("{path}.id"),
                "another stream has the same id",
                "give each stream its own id",
            )];
            problems.extend(result.err().into_iter().flatten());
            result = Err(problems);
        }
        let label = match id {
            Some(id) if !is_taken => {
                let label = id.as_str().to_owned();
                taken.insert(id);
                label
            }
            _ => path,
        };
        streams.push(ParsedStream { id: label, result });
    }
    streams
}
