//! What bounds a run. Every buffer in the pipeline is bounded by one of these numbers.

use serde::Deserialize;

/// Memory and concurrency bounds of one stream (`[streams.limits]` in the configuration).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest event, in bytes, that is handled whole. A longer one goes to the dead letters in parts.
    pub max_event_bytes: usize,
    /// Most events in one batch.
    pub max_batch_events: usize,
    /// Most bytes in one request body, uncompressed. A single event may exceed it, alone in its batch.
    pub max_batch_bytes: usize,
    /// Most POSTs in flight at once, over all sinks of the stream.
    pub max_in_flight: usize,
    /// Most POSTs in flight at once to one sink. After a run was killed, so many batches may come twice to a sink:
    /// nobody knows whether they arrived.
    pub max_in_flight_per_sink: usize,
    /// Most bytes of batches in flight or waiting; the source is not read while there are more.
    pub max_in_flight_bytes: usize,
    /// Attempts at one batch within a run, the first included.
    pub max_attempts: u32,
    /// Upper bound of a wait that we choose ourselves, in milliseconds.
    pub max_backoff_ms: u64,
    /// Most dead letters of one page: past that something is wrong with more than single events, and the
    /// run stops with the checkpoint unmoved.
    pub max_dead_letters: usize,
    /// Most dead letters that the store keeps, for each optional sink and for all else together. When it is
    /// full the stream stands still until somebody replays or deletes some; those of an optional sink are dropped
    /// and counted.
    pub max_stored_dead_letters: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_event_bytes: 2 * 1024 * 1024,
            max_batch_events: 1000,
            max_batch_bytes: 900_000,
            max_in_flight: 4,
            max_in_flight_per_sink: 1,
            max_in_flight_bytes: 6 * 1024 * 1024,
            max_attempts: 5,
            max_backoff_ms: 20_000,
            max_dead_letters: 100,
            max_stored_dead_letters: 10_000,
        }
    }
}

/// When a run should end by itself, before its host ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// No page is begun, and no wait is entered that would end, later than this many milliseconds after
    /// the start of the run. A page that is under way then may take a quarter of this time more.
    pub wall_ms: u64,
    /// Most pages in one run.
    pub max_pages: u32,
    /// Most requests in one run, to the source and to sinks. A page that is under way then is left where it is.
    pub max_requests: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            wall_ms: 600_000,
            max_pages: 100,
            max_requests: 9000,
        }
    }
}
