//! How a batch becomes a request of each sink, and what the sink's answer means.
//!
//! It never sends, waits, retries or splits anything, and keeps no state: what to do about a verdict, how
//! often and for how long is the pipeline's business.
//!
//! One folder a sink, with the same files in each: `config` (what a user writes, checked once), `encode`
//! (batch to request), `verdict` (answer to verdict).

mod answer;
mod check;
mod document;
mod status;

pub mod splunk_hec;
pub mod webhook;

/// How every request of a sink names its sender.
const USER_AGENT: &str = concat!("edgesiem/", env!("CARGO_PKG_VERSION"));
