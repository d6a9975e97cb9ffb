//! EdgeSIEM for hosts: a parsed, validated [`Config`] and [`run`], the run of one of its streams.
//!
//! It performs no I/O; a host lends it a network, a store, a clock and chance through [`Host`].
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
//! )
//! .expect("a valid configuration");
//! assert_eq!(config.streams[0].id.as_str(), "prod-waf");
//! ```

mod config;
mod registry;
mod summary;

pub use config::{Config, Store, StreamConfig};
pub use edgesiem_decode as decode;
pub use edgesiem_edgegrid as edgegrid;
pub use edgesiem_model::{
    Body, Budget, Checkpoint, Counters, DeadLetter, Error, ErrorKind, FetchError, Host,
    HttpRequest, Limits, Method, ResponseHead, Revision, Schema, Secret, StoreError, StreamId,
    Timestamp, printable,
};
pub use edgesiem_pipeline::{Outcome, Report};
pub use registry::{SCHEMA_NAMES, SINK_KINDS, SOURCE_KINDS};
pub use summary::summary;

/// Runs one stream of a configuration from its checkpoint until the source has no more events or
/// `budget` is used up.
pub async fn run<H: Host>(host: &H, budget: Budget, stream: &mut StreamConfig) -> Outcome {
    let plan = edgesiem_pipeline::Stream {
        id: stream.id.clone(),
        source: stream.source.as_ref(),
        sinks: &stream.sinks,
        limits: stream.limits,
    };
    edgesiem_pipeline::run(host, &plan, stream.schema.as_mut(), budget).await
}
