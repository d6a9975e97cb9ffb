//! How a batch becomes a request of each sink, and what the sink's answer means.
//!
//! It never sends, waits, retries or splits anything, and keeps no state: what to do about a verdict, how
//! often and for how long is the pipeline's business.
//!
//! One folder a sink, with the same files in each: `config` (what a user writes, checked once, and what documentation
//! says of it), `encode` (batch to request), `verdict` (answer to verdict).

mod about;
mod answer;
mod aws;
mod bulk;
mod check;
mod config;
mod document;
mod headers;
mod lines;
mod members;
mod ndjson;
mod oauth;
mod object;
mod page;
mod status;
mod target;
mod text;
mod wire;

pub mod axiom;
pub mod better_stack;
pub mod clickhouse;
pub mod cribl;
pub mod datadog;
pub mod elasticsearch;
pub mod file;
pub mod google_secops;
pub mod honeycomb;
pub mod kafka_rest;
pub mod logscale;
pub mod loki;
pub mod new_relic;
pub mod opensearch;
pub mod otlp;
pub mod panther;
pub mod r2;
pub mod s3;
pub mod sentinel;
pub mod splunk_hec;
pub mod stdout;
pub mod sumo_logic;
pub mod webhook;

pub use about::About;
pub use config::{Common, Described, PlainOrSecret, SinkConfig, Size};

/// How every request of a sink names its sender.
const USER_AGENT: &str = concat!("edgesiem/", env!("CARGO_PKG_VERSION"));

/// Calls `$call!(TYPE)` with the configuration type of the sink of kind `$kind`: the one list of all sinks.
macro_rules! kinds {
    ($($config:ty),* $(,)?) => {
        /// What documentation says of each kind of sink, in the order of the table of sinks.
        pub const ALL: &[About] = &[$(<$config as SinkConfig>::ABOUT),*];

        /// Whoever can read a sink's table.
        pub trait Visitor {
            /// What reading it gives.
            type Output;

            /// Reads it as that of a sink of this type.
            fn visit<C: SinkConfig>(self) -> Self::Output;
        }

        /// Hands the configuration type of the sink of kind `kind` to `visitor`; `None` if there is none.
        pub fn with_kind<V: Visitor>(kind: &str, visitor: V) -> Option<V::Output> {
            $(if kind == <$config as SinkConfig>::ABOUT.kind {
                return Some(visitor.visit::<$config>());
            })*
            None
        }
    };
}

kinds![
    splunk_hec::Config,
    elasticsearch::Config,
    opensearch::Config,
    s3::Config,
    r2::Config,
    sentinel::Config,
    google_secops::Config,
    otlp::Config,
    axiom::Config,
    better_stack::Config,
    clickhouse::Config,
    file::Config,
    honeycomb::Config,
    kafka_rest::Config,
    stdout::Config,
    webhook::Config,
    datadog::Config,
    sumo_logic::Config,
    loki::Config,
    new_relic::Config,
    logscale::Config,
    cribl::Config,
    panther::Config,
];
