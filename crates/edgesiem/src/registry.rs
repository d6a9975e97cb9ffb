//! What there is to choose from: one line a source, a schema, a sink.

use edgesiem_model::{Error, ErrorKind, Sink, Source, Surroundings};
use edgesiem_schemas::Events;
use edgesiem_sinks::{Common, SinkConfig, Visitor, with_kind};
use edgesiem_sources::{akamai_siem, trend_micro_cas};
use serde_json::{Map, Value};

use crate::config::typed;

/// Kinds that `source.kind` may name.
pub const SOURCE_KINDS: &[&str] = &["akamai-siem", "trend-micro-cas"];
/// Names that `schema` may have.
pub const SCHEMA_NAMES: &[&str] = edgesiem_schemas::NAMES;

/// Whose events a source of kind `kind` gives, which decides what its stream's schemas are.
pub(crate) fn events(kind: &str) -> Events {
    Events::by_name(kind).unwrap_or_default()
}

/// Kinds that `sinks.NAME.kind` may name.
pub fn sink_kinds() -> Vec<&'static str> {
    edgesiem_sinks::ALL.iter().map(|about| about.kind).collect()
}

/// The source of kind `kind`; `None` if there is none.
pub(crate) fn source(
    kind: &str,
    value: Value,
    around: Surroundings<'_>,
) -> Option<Result<Box<dyn Source>, Vec<Error>>> {
    Some(match kind {
        "akamai-siem" => typed::<akamai_siem::Config>(value)
            .and_then(|config| Ok(Box::new(config.resolve(around)?) as Box<dyn Source>)),
        "trend-micro-cas" => typed::<trend_micro_cas::Config>(value)
            .and_then(|config| Ok(Box::new(config.resolve(around)?) as Box<dyn Source>)),
        "akamai-security-monitor" => Err(vec![not_a_stream()]),
        _ => return None,
    })
}

fn not_a_stream() -> Error {
    Error::new(
        ErrorKind::Config,
        "Akamai's Security Monitor gives reports, and its owner does not support polling them",
        "ask for a report when you need one, with `edgesiem report`, POST /reports of the Worker, or SecurityMonitorClient; for a          stream of events use kind = \"akamai-siem\"",
    )
    .with("key", "kind")
}

/// The table of a sink, on its way to what reads its kind.
struct SinkTable<'a> {
    name: &'a str,
    table: Map<String, Value>,
    around: Surroundings<'a>,
}

impl Visitor for SinkTable<'_> {
    type Output = Result<Box<dyn Sink>, Vec<Error>>;

    /// The keys that all sinks have are read by themselves, so that no kind must repeat them.
    fn visit<C: SinkConfig>(self) -> Self::Output {
        let (common, own): (Map<_, _>, Map<_, _>) = self
            .table
            .into_iter()
            .partition(|(key, _)| Common::KEYS.contains(&key.as_str()));
        let common = typed::<Common>(Value::Object(common));
        let config = typed::<C>(Value::Object(own));
        match (common, config) {
            (Ok(common), Ok(config)) => config.resolve(self.name, &common, self.around),
            (common, config) => {
                let problems = [common.err(), config.err()];
                Err(problems.into_iter().flatten().flatten().collect())
            }
        }
    }
}

/// The sink `name` of kind `kind`; `None` if there is none.
pub(crate) fn sink(
    kind: &str,
    name: &str,
    table: Map<String, Value>,
    around: Surroundings<'_>,
) -> Option<Result<Box<dyn Sink>, Vec<Error>>> {
    let table = SinkTable {
        name,
        table,
        around,
    };
    with_kind(kind, table)
}
