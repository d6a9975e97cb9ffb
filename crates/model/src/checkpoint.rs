//! Where a stream stands: the one piece of state that survives a run.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Timestamp, printable};

/// Name of a stream: 1 to 64 of `a-z A-Z 0-9 . _ -`, because it becomes part of storage keys and URLs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct StreamId(String);

/// The name does not fit [`StreamId`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamIdError(String);

impl fmt::Display for StreamIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` cannot name a stream: use 1 to 64 letters, digits, dots, hyphens and underscores",
            self.0
        )
    }
}

impl std::error::Error for StreamIdError {}

impl StreamId {
    /// Checks a name.
    ///
    /// # Errors
    /// [`StreamIdError`] if it is empty, too long or has other characters.
    pub fn new(name: &str) -> Result<Self, StreamIdError> {
        // `.` and `..` mean something else in a URL, `-` among dead letters.
        let fits = (1..=64).contains(&name.len())
            && !matches!(name, "." | ".." | "-")
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if fits {
            Ok(Self(name.to_owned()))
        } else {
            Err(StreamIdError(printable(name, 80)))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A source's own bookmark. Only the source that wrote it reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub Value);

/// How often a checkpoint was saved; 0 before the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// Totals since the stream began. `fetched = delivered + dead_lettered + outside + filtered` at every commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Pages committed.
    pub pages: u64,
    /// Lines of committed pages that were events, readable or not.
    pub fetched: u64,
    /// Events accepted by every required sink.
    pub delivered: u64,
    /// Events kept as dead letters, those of optional sinks aside.
    pub dead_lettered: u64,
    /// Events outside of the window that a replay asks for, and not sent again.
    pub outside: u64,
    /// Events that the stream's filter left out.
    pub filtered: u64,
}

/// A stretch of time whose events may be missing, recorded instead of passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When it was noticed.
    pub detected_at: Timestamp,
    /// Why, in words.
    pub reason: String,
    /// The bookmark that was lost.
    pub lost: Cursor,
    /// Event time of the last event before it, if known.
    pub last_event_at: Option<Timestamp>,
    /// From when on events were asked for again.
    pub resumed_from: Timestamp,
}

/// Where a stream stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Layout of this record, for later versions.
    pub format: u32,
    /// The next page begins here.
    pub cursor: Cursor,
    /// Page size to ask for next, smaller than configured after a page was cut.
    pub page_limit: Option<u32>,
    /// The server's clock minus ours, in milliseconds, as last learned from a response.
    pub clock_skew_ms: i64,
    /// Latest event time seen.
    pub last_event_at: Option<Timestamp>,
    /// Since when the cursor stands where it stands.
    pub saved_at: Timestamp,
    /// Totals.
    pub counters: Counters,
}

impl Checkpoint {
    /// Current [`Checkpoint::format`].
    pub const FORMAT: u32 = 1;

    /// Before the first page.
    pub fn start(cursor: Cursor) -> Self {
        Self {
            format: Self::FORMAT,
            cursor,
            page_limit: None,
            clock_skew_ms: 0,
            last_event_at: None,
            saved_at: Timestamp::default(),
            counters: Counters::default(),
        }
    }
}
