//! What an operator sees of a stream: one record, written by either store.

use std::collections::BTreeMap;

use edgesiem_model::{Counters, Cursor, Error, Gap, Revision, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// State of one stream, as `GET /status` shows it. Every text in it is printable and holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamStatus {
    /// The stream.
    pub stream: String,
    /// Where the stream stands; `None` before its first commit.
    pub position: Option<Position>,
    /// When the run that is under way began.
    pub running_since: Option<Timestamp>,
    /// Runs before that one that began, one after the other, and were never heard of again.
    pub killed_runs: u32,
    /// When the first of the runs began that have not ended since: the one under way, or the first of those that
    /// were never heard of again.
    pub not_ended_since: Option<Timestamp>,
    /// Since when the stream is paused by the operator.
    pub paused_at: Option<Timestamp>,
    /// How runs went.
    pub runs: Runs,
    /// Totals over all runs that ended.
    pub totals: Totals,
    /// Gaps, the newest first, at most 100.
    pub gaps: Vec<GapRecord>,
    /// Gaps that nobody has acknowledged, all of them.
    pub gaps_unacknowledged: u64,
    /// Dead letters that are kept.
    pub dead_letters: DeadLetterCounts,
    /// Replays under way, and the newest that ended.
    pub replays: Vec<Replay>,
}

/// Where a stream stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The next page begins here.
    pub cursor: Cursor,
    /// How often the checkpoint was saved.
    pub revision: Revision,
    /// Since when the cursor stands where it stands.
    pub saved_at: Timestamp,
    /// Latest event time seen.
    pub last_event_at: Option<Timestamp>,
    /// Page size if it is smaller than configured.
    pub page_limit: Option<u32>,
    /// The server's clock minus ours, in milliseconds.
    pub clock_skew_ms: i64,
    /// Totals at the last commit.
    pub counters: Counters,
}

/// How runs went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Runs {
    /// When the last run ended.
    pub ended_at: Option<Timestamp>,
    /// When the last run ended that did all it should.
    pub last_success_at: Option<Timestamp>,
    /// Since when none has.
    pub failing_since: Option<Timestamp>,
    /// What went wrong in the last run.
    pub error: Option<Failure>,
    /// The last run's summary: figures and error, as in the log.
    pub last: Value,
}

impl Runs {
    /// A run ended now. `since` is when the first of the runs began that have not ended since.
    pub(crate) fn ended(&mut self, end: &RunEnd<'_>, since: Timestamp, now: Timestamp) {
        self.ended_at = Some(now);
        self.error = end.error.map(Failure::from);
        self.last = end.summary.clone();
        if self.error.is_none() {
            self.last_success_at = Some(now);
            self.failing_since = None;
        } else {
            self.failing_since.get_or_insert(since);
        }
    }
}

/// An error, as data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// `ErrorKind::code`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub user_action: String,
    /// Whether the next run may succeed without anybody doing anything.
    pub retryable: bool,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.kind().code().to_owned(),
            message: error.message().to_owned(),
            user_action: error.user_action().to_owned(),
            retryable: error.kind().retryable(),
        }
    }
}

/// How a run ended, for [`Runs`] and [`Totals`].
#[derive(Clone, Debug)]
pub struct RunEnd<'a> {
    /// Why it did not do all it should.
    pub error: Option<&'a Error>,
    /// Its summary, as in the log.
    pub summary: Value,
    /// What it adds to the totals.
    pub totals: Totals,
}

/// Totals that only ever grow. Bytes are uncompressed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Runs that ended.
    pub runs: u64,
    /// Those of them that failed.
    pub failed_runs: u64,
    /// Milliseconds that runs took.
    pub wall_ms: u64,
    /// Bytes read from the source.
    pub bytes_in: u64,
    /// Requests to the source that had to be repeated.
    pub source_retries: u64,
    /// Single values that were kept as they came because they could not be decoded.
    pub undecoded: u64,
    /// By sink.
    pub sinks: BTreeMap<String, SinkTotals>,
}

/// What was sent to one sink.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SinkTotals {
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
    pub retries: BTreeMap<String, u64>,
    /// Events that it refused and that are dead letters.
    pub refused: u64,
    /// Events that an optional sink did not get, neither sent nor kept.
    pub dropped: u64,
}

impl Totals {
    /// Adds what another run did.
    pub fn add(&mut self, other: &Self) {
        let sum = |to: &mut u64, more: u64| *to = to.saturating_add(more);
        sum(&mut self.runs, other.runs);
        sum(&mut self.failed_runs, other.failed_runs);
        sum(&mut self.wall_ms, other.wall_ms);
        sum(&mut self.bytes_in, other.bytes_in);
        sum(&mut self.source_retries, other.source_retries);
        sum(&mut self.undecoded, other.undecoded);
        for (name, more) in &other.sinks {
            let sink = self.sinks.entry(name.clone()).or_default();
            sum(&mut sink.batches, more.batches);
            sum(&mut sink.events, more.events);
            sum(&mut sink.resumed_batches, more.resumed_batches);
            sum(&mut sink.posts, more.posts);
            sum(&mut sink.bytes, more.bytes);
            sum(&mut sink.refused, more.refused);
            sum(&mut sink.dropped, more.dropped);
            for (class, more) in &more.retries {
                sum(sink.retries.entry(class.clone()).or_default(), *more);
            }
        }
    }
}

/// A gap, and whether somebody has seen it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapRecord {
    /// Number within the stream, from 1.
    pub id: u64,
    /// The gap.
    #[serde(flatten)]
    pub gap: Gap,
    /// When somebody said that they know of it.
    pub acknowledged_at: Option<Timestamp>,
}

/// Dead letters that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeadLetterCounts {
    /// All of them.
    pub kept: u64,
    /// By sink; `-` for those that were unreadable.
    pub by_sink: BTreeMap<String, u64>,
    /// When the oldest was kept.
    pub oldest_at: Option<Timestamp>,
}

/// A replay: a window of time delivered again beside the live stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// Name: `r` and a number. It marks what is sent.
    pub id: String,
    /// Events from this time on.
    pub from: Timestamp,
    /// Events up to this time.
    pub to: Timestamp,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    /// Totals so far.
    pub counters: Counters,
    /// What went wrong in its last run.
    pub error: Option<Failure>,
}
