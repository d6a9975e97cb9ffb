//! EdgeSIEM for hosts: a parsed, validated [`Config`], [`run`], the run of one of its streams, what an operator is told
//! of it ([`shown_status`], [`health`], [`openmetrics`]) and may do to it ([`administer`]), whether it would work
//! ([`check`]), and what is asked for by hand beside the streams ([`reports`]).
//!
//! It performs no I/O; a host lends it a network, a clock and chance through [`Host`], and a database or a key-value
//! namespace, over which [`stores`] keeps what survives a run.
//!
//! ```
//! use edgesiem::{Config, Secret};
//!
//! let config = Config::from_json(
//!     serde_json::json!({
//!         "streams": [{
//!             "id": "prod-waf",
//!             "sinks": ["soc"],
//!             "source": {
//!                 "kind": "akamai-siem",
//!                 "host": "akab-example.luna.akamaiapis.net",
//!                 "config_ids": [14227],
//!                 "client_token": { "secret": "AKAMAI_CLIENT_TOKEN" },
//!                 "client_secret": { "secret": "AKAMAI_CLIENT_SECRET" },
//!                 "access_token": { "secret": "AKAMAI_ACCESS_TOKEN" },
//!             },
//!         }],
//!         "sinks": { "soc": { "kind": "splunk-hec", "url": "https://splunk.example:8088", "token": { "secret": "SPLUNK_TOKEN" } } },
//!     }),
//!     &|name| Some(Secret::new(format!("value-of-{name}"))),
//!     &[],
//! )
//! .expect("a valid configuration");
//! assert_eq!(config.streams[0].id.as_str(), "prod-waf");
//! ```

pub mod administer;
pub mod check;
mod config;
mod health;
mod metrics;
mod registry;
pub mod reports;
mod run;
mod shown;
mod summary;
mod words;

pub use config::{Config, Parsed, ParsedStream, Store, StreamConfig};
pub use edgesiem_decode as decode;
pub use edgesiem_edgegrid as edgegrid;
/// The vocabulary, whole; its `Store` is the trait that [`run`] wants, not the configuration's [`Store`].
pub use edgesiem_model as model;
pub use edgesiem_model::{
    Accepted, Batch, Body, Budget, Checkpoint, Counters, Cursor, DeadLetter, Error, ErrorKind,
    EventId, FetchError, Gap, Host, HttpRequest, Limits, Loaded, Method, Progress, ResponseHead,
    Revision, Save, Schema, Scheme, Secret, Sink, Source, StoreError, StreamId, Timestamp,
    WhenFull, printable,
};
pub use edgesiem_pipeline::{Destination, Outcome, Redelivered, Report, SinkReport, Window};
pub use edgesiem_sinks as sinks;
pub use edgesiem_stores as stores;
pub use health::{Expectations, Problem, ProblemKind, Severity, health};
pub use metrics::{OPENMETRICS_CONTENT_TYPE, openmetrics};
pub use registry::{SCHEMA_NAMES, SOURCE_KINDS, sink_kinds};
pub use run::{redeliver, run, run_replay};
pub use shown::{shown_status, shown_without_status, with_short_cursor};
pub use summary::{run_end, summary};
