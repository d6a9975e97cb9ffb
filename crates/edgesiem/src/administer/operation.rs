//! An operation as data: a host reads it from a request or a command line, and may hand it on as JSON.

use edgesiem_model::Timestamp;
use edgesiem_stores::{LetterKey, Which};
use serde::{Deserialize, Serialize};

/// One operation on one stream.
///
/// As JSON it is its name, or an object with its name as the only member: `"status"`, `{"pause": {"abort": false}}`,
/// `{"reset": {"from": null}}`, `{"list_letters": {"after": null, "limit": 50}}`, `{"redeliver": "all"}`,
/// `{"delete_letters": {"these": [{"id": "…", "sink": "splunk"}]}}`, `{"acknowledge_gaps": {"these": [1, 2]}}`. Times
/// are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The stream's [`StreamStatus`](crate::stores::StreamStatus).
    Status,
    /// Begin no more runs until [`Operation::Resume`].
    Pause {
        /// A run that is under way is broken off. That is the host's to do; the store only remembers the pause.
        abort: bool,
    },
    /// End a pause.
    Resume,
    /// Forget the offset and the progress of its page.
    Reset {
        /// Where to begin anew; `None` is where the source begins.
        from: Option<Timestamp>,
    },
    /// Deliver a window of time again, beside the live stream.
    Replay {
        /// Events from this time on.
        from: Timestamp,
        /// Events up to this time.
        to: Timestamp,
    },
    /// Give up the replay of this name.
    CancelReplay(String),
    /// Some of the dead letters that are kept, the long ones cut short.
    ListLetters {
        /// What the page before gave as `after`; `None` for the first one.
        after: Option<String>,
        /// Most letters of the page. The store sets a bound of its own, 50.
        limit: usize,
    },
    /// One dead letter, whole.
    ShowLetter(LetterKey),
    /// Send dead letters again, and delete those that are accepted.
    Redeliver(Letters),
    /// Delete dead letters.
    DeleteLetters(Letters),
    /// The newest gaps.
    ListGaps,
    /// Say that somebody knows of these gaps.
    AcknowledgeGaps(Gaps),
}

impl Operation {
    /// Whether no run may go on beside it.
    pub const fn needs_the_stream_alone(&self) -> bool {
        matches!(self, Self::Redeliver(_))
    }
}

/// Which dead letters are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letters {
    /// All of them.
    All,
    /// Those that this sink did not take; with `None`, those that were unreadable.
    Sink(Option<String>),
    /// These.
    These(Vec<LetterKey>),
}

impl Letters {
    pub(super) fn which(&self) -> Which<'_> {
        match self {
            Self::All => Which::All,
            Self::Sink(sink) => Which::Sink(sink.as_deref()),
            Self::These(keys) => Which::These(keys),
        }
    }
}

/// Which gaps are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gaps {
    /// All of them.
    All,
    /// Those with these numbers.
    These(Vec<u64>),
}
