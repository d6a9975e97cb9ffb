//! What there is to choose from: one line a source, a schema, a sink.

use edgesiem_model::{Error, InsecureLoopback, Schema, Secret, Sink, Source};
use edgesiem_sinks::{splunk_hec, webhook};
use edgesiem_sources::akamai_siem;
use serde_json::Value;

use crate::config::typed;

/// Kinds that `source.kind` may name.
pub const SOURCE_KINDS: &[&str] = &["akamai-siem"];
/// Kinds that `sinks.NAME.kind` may name.
pub const SINK_KINDS: &[&str] = &["splunk-hec", "webhook"];
/// Names that `schema` may have.
pub const SCHEMA_NAMES: &[&str] = edgesiem_schemas::NAMES;

/// Everything that resolving a configuration needs from outside of it.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) secrets: &'a dyn Fn(&str) -> Option<Secret>,
    pub(crate) insecure: InsecureLoopback,
}

/// The source of kind `kind`; `None` if there is none.
pub(crate) fn source(
    kind: &str,
    value: Value,
    around: Surroundings<'_>,
) -> Option<Result<Box<dyn Source>, Vec<Error>>> {
    Some(match kind {
        "akamai-siem" => typed::<akamai_siem::Config>(value).and_then(|config| {
            Ok(Box::new(config.resolve(around.secrets, around.insecure)?) as Box<dyn Source>)
        }),
        _ => return None,
    })
}

/// The sink `name` of kind `kind`; `None` if there is none.
pub(crate) fn sink(
    kind: &str,
    name: &str,
    value: Value,
    around: Surroundings<'_>,
) -> Option<Result<Box<dyn Sink>, Vec<Error>>> {
    Some(match kind {
        "splunk-hec" => typed::<splunk_hec::Config>(value)
            .and_then(|config| config.resolve(name, around.secrets, around.insecure)),
        "webhook" => typed::<webhook::Config>(value)
            .and_then(|config| config.resolve(name, around.secrets, around.insecure)),
        _ => return None,
    })
}

/// The schema `name`, with fresh scratch memory; `None` if there is none.
pub(crate) fn schema(name: &str) -> Option<Box<dyn Schema>> {
    edgesiem_schemas::by_name(name)
}
