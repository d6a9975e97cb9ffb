//! What a run did, for logs, status pages and scripts.

use edgesiem_model::{Error, StreamId};
use serde::Serialize;

/// Figures of one run. Bytes are uncompressed; `fetched = delivered + dead_lettered` for committed pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Pages committed.
    pub pages: u64,
    /// Events of committed pages.
    pub fetched: u64,
    /// Events that every sink accepted.
    pub delivered: u64,
    /// Events kept as dead letters: unreadable, oversize, or refused by a sink.
    pub dead_lettered: u64,
    /// Single values that were kept as they came because they could not be decoded.
    pub undecoded: u64,
    /// Bytes read from the source, cut pages included.
    pub bytes_in: u64,
    /// Bytes of request bodies sent to sinks, repeated attempts included.
    pub bytes_out: u64,
    /// Requests sent to sinks.
    pub posts: u64,
    /// Attempts that had to be repeated, at the source and at sinks.
    pub retries: u64,
    /// Gaps recorded.
    pub gaps: u64,
    /// Whether the source had no more events at the end.
    pub caught_up: bool,
    /// Milliseconds from start to end.
    pub wall_ms: u64,
}

/// A run that ended: what it did, and why it ended early if it did.
#[derive(Debug)]
pub struct Outcome {
    /// Stream.
    pub stream: StreamId,
    /// Figures, also of a run that failed.
    pub report: Report,
    /// `Err` if the run could not do all it should; the checkpoint stands at the last committed page.
    pub result: Result<(), Error>,
}
