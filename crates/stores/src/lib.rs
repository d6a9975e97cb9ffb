//! Keeps what survives a run, over what a host has: a SQL database ([`SqlStore`]) or a key-value namespace
//! ([`KvStore`]). Both implement [`edgesiem_model::Store`] and write the same [`StreamStatus`].
//!
//! It never looks into an event, never decides when a run begins, and never talks to a network but through the
//! host's [`Sql`] or [`KeyValue`].

mod kv;
mod letter;
mod record;
mod sql;
mod status;

pub use kv::{KeyValue, KvRun, KvStore, Lease, Names};
pub use letter::{Deleted, LetterKey, LetterPage, LetterRecord, Which};
pub use sql::{Slot, Sql, SqlRun, SqlStore, SqlValue};
pub use status::{
    DeadLetterCounts, Failure, GapRecord, Position, Replay, RunEnd, Runs, SinkTotals, StreamStatus,
    Totals,
};
