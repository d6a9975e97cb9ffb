//! What Elasticsearch and OpenSearch have in common: the `_bulk` request, the answer to it, and the names of what it writes
//! to.
//!
//! A batch becomes a `create` action for each event, with the event's id as `_id`:
//!
//! ```json
//! {"create":{"_id":"9f…"}}
//! {…}
//! ```
//!
//! `create`, because data streams take nothing else and because an event that is there already answers 409 then, which
//! is as good as 201: a repeated delivery changes nothing. Documents are sent as they are; their schema has put the
//! event's id into them, or has not.
//!
//! A replay uses the same `_id`s. It brings back what is missing, leaves alone what is there, and so needs no mark.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{BatchLimits, Header, HeaderValue, Secret};

use crate::aws::Signer;
use crate::wire::Wire;

pub use config::DataStream;
pub(crate) use config::{Given, Place, SIZE, authorization, basic, limits, only, place};
pub(crate) use encode::{get_root, has_privileges, request};
pub(crate) use verdict::{health_of_privileges, health_of_root, verdict};

/// How the sender is known to the cluster.
#[derive(Debug)]
pub(crate) enum Auth {
    /// Not at all.
    None,
    /// By the header `authorization`.
    Header {
        /// The header's value.
        value: Secret,
        /// What in it an answer must not be quoted with.
        hidden: Vec<Secret>,
    },
    /// By a signature of AWS.
    Aws(Signer),
}

/// A cluster and what is written to in it.
#[derive(Debug)]
pub(crate) struct Bulk {
    pub(crate) wire: Wire,
    /// Path before all paths of the API; empty if there is none.
    pub(crate) base: String,
    /// Name of the index or data stream.
    pub(crate) index: String,
    pub(crate) pipeline: Option<String>,
    /// Whether events bring their ids.
    pub(crate) ids: bool,
    pub(crate) auth: Auth,
    pub(crate) headers: Vec<Header>,
    pub(crate) limits: BatchLimits,
}

impl Bulk {
    /// What an answer must not be quoted with.
    fn credentials(&self) -> Vec<&Secret> {
        let headers = self.headers.iter().filter_map(|(_, value)| match value {
            HeaderValue::Secret(secret) => Some(secret),
            HeaderValue::Plain(_) => None,
        });
        let mut all: Vec<&Secret> = headers.collect();
        match &self.auth {
            Auth::None => {}
            Auth::Header { hidden, .. } => all.extend(hidden),
            Auth::Aws(signer) => all.extend(signer.credentials()),
        }
        all
    }
}
