//! One error type: what happened, whether it may pass, and what the reader should do.

use std::fmt;

use crate::printable;

/// What went wrong, by whose move it is to mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A configuration key is unknown, missing or impossible.
    Config,
    /// The configuration names a secret that the host does not have.
    MissingSecret,
    /// The source refused the request for a reason that repeating it will not change.
    SourceRefused,
    /// The source could not be reached or asked us to come back later.
    SourceUnavailable,
    /// The page ended without a valid context line: nothing of it may be committed.
    PageIncomplete,
    /// A sink refused the batch for a reason that repeating it will not change (credentials, address).
    SinkRefused,
    /// A sink could not be reached or asked us to come back later, longer than this run may wait.
    SinkUnavailable,
    /// The checkpoint or a dead letter could not be read or written.
    Store,
    /// Another run moved the checkpoint, or holds the stream.
    Conflict,
}

impl ErrorKind {
    /// Stable name for scripts, logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::MissingSecret => "missing_secret",
            Self::SourceRefused => "source_refused",
            Self::SourceUnavailable => "source_unavailable",
            Self::PageIncomplete => "page_incomplete",
            Self::SinkRefused => "sink_refused",
            Self::SinkUnavailable => "sink_unavailable",
            Self::Store => "store",
            Self::Conflict => "conflict",
        }
    }

    /// Whether the next run may succeed without anybody doing anything.
    pub const fn retryable(self) -> bool {
        match self {
            Self::SourceUnavailable
            | Self::PageIncomplete
            | Self::SinkUnavailable
            | Self::Store
            | Self::Conflict => true,
            Self::Config | Self::MissingSecret | Self::SourceRefused | Self::SinkRefused => false,
        }
    }
}

/// An error as an operator meets it: kind, what happened and where, and what to do.
///
/// The text is already safe to print: parts that others wrote passed through [`printable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    user_action: String,
    context: Vec<(&'static str, String)>,
}

impl Error {
    /// `message` says what happened, `user_action` what the reader should do about it.
    pub fn new(
        kind: ErrorKind,
        message: impl Into<String>,
        user_action: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            user_action: user_action.into(),
            context: Vec::new(),
        }
    }

    /// Adds a fact, such as the path of a configuration key or the problem document of a server.
    /// The value is made printable here.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.context.push((name, printable(value.as_ref(), 4096)));
        self
    }

    /// What went wrong.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What happened, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the reader should do.
    pub fn user_action(&self) -> &str {
        &self.user_action
    }

    /// Facts beside the message, in the order they were added.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.context
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        for (name, value) in &self.context {
            write!(f, "; {name}: {value}")?;
        }
        write!(f, ". What to do: {}", self.user_action)
    }
}

impl std::error::Error for Error {}
