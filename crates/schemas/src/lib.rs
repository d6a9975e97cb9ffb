//! How an event is written for a sink: one schema a file, each a [`Schema`].
//!
//! It never knows where a document goes, and never drops a member without a schema or the stream's filter saying so.
//!
//! ```
//! let mut schema = edgesiem_schemas::by_name("decoded").unwrap();
//! let mut document = Vec::new();
//! let facts = schema.convert(br#"{"attackData":{"rules":"OTUwMDAy"},"httpMessage":{"start":"1491303422"}}"#, &mut document).unwrap();
//! assert_eq!(document, br#"{"attackData":{"rules":[{"rule":"950002"}]},"httpMessage":{"start":"1491303422"}}"#);
//! assert_eq!(facts.time.unwrap().to_rfc3339(), "2017-04-04T10:57:02.000Z");
//! ```

mod about;
mod action;
mod cef;
mod config;
mod convert;
mod date;
mod decoded;
mod distinct;
mod ecs;
mod events;
mod filter;
mod geo;
mod host;
mod integration;
mod json;
mod leftovers;
mod ocsf;
mod otel;
mod raw;
mod sentinel;
mod trend_micro;
mod url;

pub use about::{ALL as ABOUT, About};
pub use cef::Cef;
pub use config::SchemaConfig;
#[cfg(feature = "docs")]
pub use config::options;
pub use convert::{Converter, EventWriter, RuleChoice};
pub use decoded::Decoded;
pub use ecs::{ECS_VERSION, Ecs, EcsSettings};
pub use events::Events;
pub use filter::{AlternativeConfig, FilterConfig, Filtered, Text, TruncateConfig};
pub use integration::{ElasticIntegration, ElasticIntegrationSettings};
pub use ocsf::{OCSF_VERSION, Ocsf, OcsfSettings};
pub use otel::Otel;
pub use raw::Raw;
pub use sentinel::Sentinel;

use edgesiem_decode::{Facts, Malformed};
use edgesiem_model::{EventFacts, Schema, Timestamp, Unreadable};

/// Names of all schemas, as in the configuration; [`Events::schemas`] says which there are for which source.
pub const NAMES: &[&str] = &[
    decoded::NAME,
    raw::NAME,
    Ecs::NAME,
    ElasticIntegration::NAME,
    Cef::NAME,
    Ocsf::NAME,
    Sentinel::NAME,
    Otel::NAME,
];

/// The schema of that name for Akamai's events; [`Events::schema`] gives those of other sources.
pub fn by_name(name: &str) -> Option<Box<dyn Schema>> {
    match name {
        decoded::NAME => Some(Box::new(Decoded::default())),
        raw::NAME => Some(Box::new(Raw::default())),
        Ecs::NAME => Some(Box::new(Converter::<Ecs>::default())),
        ElasticIntegration::NAME => Some(Box::new(ElasticIntegration::default())),
        Cef::NAME => Some(Box::new(Converter::<Cef>::default())),
        Ocsf::NAME => Some(Box::new(Converter::<Ocsf>::default())),
        Sentinel::NAME => Some(Box::new(Converter::<Sentinel>::default())),
        Otel::NAME => Some(Box::new(Converter::<Otel>::default())),
        _ => None,
    }
}

fn facts(facts: Facts) -> EventFacts {
    EventFacts {
        time: facts.start_ms.map(Timestamp::from_millis),
        undecoded: facts.undecoded,
        filtered: false,
    }
}

fn unreadable(malformed: Malformed) -> Unreadable {
    Unreadable {
        reason: malformed.reason,
        at: malformed.at,
    }
}
