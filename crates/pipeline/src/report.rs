//! What a run did, for logs, status pages and scripts.

use std::collections::BTreeMap;

use edgesiem_model::{Error, StreamId};
use serde::Serialize;

/// Figures of one run. Bytes are uncompressed; `fetched = delivered + dead_lettered + outside + filtered`, of committed
/// pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Pages committed.
    pub pages: u64,
    /// Events of committed pages.
    pub fetched: u64,
    /// Events that every required sink accepted.
    pub delivered: u64,
    /// Events kept as dead letters: unreadable, oversize, or refused by a required sink.
    pub dead_lettered: u64,
    /// Events outside of a replay's window, not sent again.
    pub outside: u64,
    /// Events that the stream's filter left out.
    pub filtered: u64,
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
    /// Those of them at the source.
    pub source_retries: u64,
    /// Gaps recorded.
    pub gaps: u64,
    /// Whether the source had no more events at the end.
    pub caught_up: bool,
    /// Whether the run left a page where it is, to be finished by the next one.
    pub unfinished: bool,
    /// Milliseconds from start to end.
    pub wall_ms: u64,
    /// By sink.
    pub sinks: BTreeMap<String, SinkReport>,
}

/// What was sent to one sink, whether or not the page was committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SinkReport {
    /// Batches that it accepted.
    pub batches: u64,
    /// Events in them.
    pub events: u64,
    /// Batches that it had accepted in an earlier run and was not sent again.
    pub resumed_batches: u64,
    /// Requests.
    pub posts: u64,
    /// Bytes of request bodies, repeated attempts included.
    pub bytes: u64,
    /// Attempts that had to be repeated, by class: `429`, `4xx`, `5xx`, `network`, `timeout`,
    /// `unacknowledged`, `partial`.
    pub retries: BTreeMap<&'static str, u64>,
    /// Events that it refused and that are dead letters.
    pub refused: u64,
    /// Events that an optional sink did not get, neither sent nor kept.
    pub dropped: u64,
}

impl SinkReport {
    pub(crate) fn add(&mut self, other: &Self) {
        let sum = |to: &mut u64, more: u64| *to = to.saturating_add(more);
        sum(&mut self.batches, other.batches);
        sum(&mut self.events, other.events);
        sum(&mut self.resumed_batches, other.resumed_batches);
        sum(&mut self.posts, other.posts);
        sum(&mut self.bytes, other.bytes);
        sum(&mut self.refused, other.refused);
        sum(&mut self.dropped, other.dropped);
        for (class, more) in &other.retries {
            sum(self.retries.entry(class).or_default(), *more);
        }
    }

    pub(crate) fn all_retries(&self) -> u64 {
        self.retries
            .values()
            .fold(0, |sum, retries| sum.saturating_add(*retries))
    }
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
