//! Names of keys, and the records behind those that a run reads and writes.

use std::fmt::Write;

use edgesiem_model::{Checkpoint, Cursor, DeadLetter, Progress, Revision, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{LetterKey, Runs, Totals};

pub(super) fn checkpoint(stream: &StreamId) -> String {
    format!("checkpoint/{stream}")
}

pub(super) fn progress(stream: &StreamId) -> String {
    format!("progress/{stream}")
}

pub(super) fn lease(stream: &StreamId) -> String {
    format!("lease/{stream}")
}

pub(super) fn status(stream: &StreamId) -> String {
    format!("status/{stream}")
}

pub(super) fn paused(stream: &StreamId) -> String {
    format!("paused/{stream}")
}

pub(super) fn reset(stream: &StreamId) -> String {
    format!("reset/{stream}")
}

pub(super) fn gaps(stream: &StreamId) -> String {
    format!("gap/{stream}/")
}

pub(super) fn acknowledged(stream: &StreamId) -> String {
    format!("gap-acknowledged/{stream}/")
}

/// Whether a stream waits for the sink that a letter is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Required,
    Optional,
}

impl Class {
    pub(super) const BOTH: [Self; 2] = [Self::Required, Self::Optional];

    pub(super) fn prefix(self, stream: &StreamId) -> String {
        match self {
            Self::Required => format!("dead-letter/{stream}/"),
            Self::Optional => format!("dead-letter-optional/{stream}/"),
        }
    }
}

/// The end of a dead letter's key, `ID/SINK`.
pub(super) fn letter_name(key: &LetterKey) -> String {
    format!("{}/{}", key.id, sink(key.sink.as_deref()))
}

pub(super) fn letter_name_of(letter: &DeadLetter) -> String {
    format!("{}/{}", letter.id, sink(letter.sink.as_deref()))
}

/// A sink's name as part of a key. A configuration allows no other characters than those that stay; what else
/// may come is written so that no two names meet, and none meets the `-` of the unreadable ones.
pub(super) fn sink(name: Option<&str>) -> String {
    let Some(name) = name else {
        return "-".to_owned();
    };
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'-' if name.len() == 1 => out.push_str("%2D"),
            b'.' | b'_' | b'-' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// `checkpoint/STREAM`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredCheckpoint {
    pub(super) revision: Revision,
    pub(super) checkpoint: Checkpoint,
    /// [`StoredReset::at`] of the newest reset that its writer knew.
    #[serde(default)]
    pub(super) reset: Timestamp,
    #[serde(default)]
    pub(super) heard: Heard,
    /// The oldest revision whose progress is of the page that follows: an older one than `revision` after a change of settings,
    /// whose progress is written down again only afterwards.
    #[serde(default)]
    pub(super) page_since: Option<Revision>,
}

/// `progress/STREAM`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredProgress {
    pub(super) revision: Revision,
    pub(super) reset: Timestamp,
    pub(super) heard: Heard,
    pub(super) progress: Progress,
}

/// `reset/STREAM`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredReset {
    pub(super) at: Timestamp,
    pub(super) from: Option<Cursor>,
}

/// `lease/STREAM`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct HeldLease {
    pub(super) run: String,
    pub(super) until: Timestamp,
    /// When the first of the runs began that have not ended since.
    #[serde(default)]
    pub(super) since: Timestamp,
    /// When this one began.
    #[serde(default)]
    pub(super) began: Timestamp,
    /// Runs since `since` before this one.
    #[serde(default)]
    pub(super) killed: u32,
}

/// Of the runs that began one after the other since `since` and did not end, this many were heard of on the page
/// in question: they accepted something of it, or gave it up, or came before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heard {
    pub(super) since: Timestamp,
    pub(super) runs: u32,
}

/// `status/STREAM`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StoredStatus {
    pub(super) run: String,
    pub(super) began: Timestamp,
    /// The newest revision that the run knew.
    pub(super) revision: Revision,
    pub(super) reset: Timestamp,
    pub(super) runs: Runs,
    pub(super) totals: Totals,
}

impl StoredStatus {
    /// Whether the stream must have a checkpoint. That a run succeeded is not enough: it may have left its first
    /// page half-way.
    pub(super) fn has_committed(&self) -> bool {
        self.revision > Revision::default()
    }

    /// The one of two reads that is not older.
    pub(super) fn newer(self, other: Self) -> Self {
        if other.runs.ended_at > self.runs.ended_at {
            other
        } else {
            self
        }
    }
}
