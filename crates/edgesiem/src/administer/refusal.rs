//! Why an operation was not done.

use std::fmt;

use edgesiem_model::{Error, ErrorKind, StoreError};

/// Why an operation was not done, by what would have to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The stream's configuration has problems, and the operation needs it.
    Misconfigured,
    /// The source does not go back to the time that was asked for.
    Source(ErrorKind),
    /// No dead letter of this name is kept.
    NoSuchLetter,
    /// No replay of this name waits or is under way.
    NoSuchReplay,
    /// The store keeps no replays beside the live stream.
    NoReplays,
    /// The store could not be read or written.
    Store,
}

impl RefusalKind {
    /// Stable name for scripts and answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Misconfigured => "config",
            Self::Source(kind) => kind.code(),
            Self::NoSuchLetter | Self::NoSuchReplay => "not_found",
            Self::NoReplays => "no_replays",
            Self::Store => "store",
        }
    }

    /// Whether the same may be done later without anybody changing anything.
    pub const fn retryable(self) -> bool {
        matches!(self, Self::Store)
    }
}

/// An operation that was not done, and what whoever asked should do. Its texts are printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, for programs.
    pub kind: RefusalKind,
    /// Why, in one sentence.
    pub message: String,
    /// What to do.
    pub user_action: String,
}

impl Refusal {
    /// `message` says why nothing was done, `user_action` what the reader should do about it.
    pub fn new(
        kind: RefusalKind,
        message: impl Into<String>,
        user_action: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            user_action: user_action.into(),
        }
    }

    pub(super) fn misconfigured() -> Self {
        Self::new(
            RefusalKind::Misconfigured,
            "the stream's configuration has problems",
            "mend what the problems of the configuration name",
        )
    }

    pub(super) fn of_source(error: &Error) -> Self {
        Self::new(
            RefusalKind::Source(error.kind()),
            crate::words::with_context(error),
            error.user_action(),
        )
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::new(
            RefusalKind::Store,
            error.to_string(),
            "try again; if it lasts, look into the log",
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. What to do: {}", self.message, self.user_action)
    }
}

impl std::error::Error for Refusal {}
