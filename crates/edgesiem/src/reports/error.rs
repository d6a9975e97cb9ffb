//! Why there is no report.

use std::fmt;

use edgesiem_model::{Error, ErrorKind};
use edgesiem_sources::akamai_security_monitor::Problem;

/// Why there is no report. Its texts are printable and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportError {
    /// The request breaks rules; all of them are here. No report was asked for.
    Invalid(Vec<Problem>),
    /// The answer has more rows or bytes than may be kept.
    TooLarge {
        /// What was too much.
        message: String,
    },
    /// The API refused, or could not be reached.
    Failed(Error),
    /// No answer came in time.
    TimedOut(Error),
}

impl ReportError {
    pub(super) fn invalid(
        key: &str,
        message: impl Into<String>,
        user_action: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![Problem {
            key: key.to_owned(),
            message: message.into(),
            user_action: user_action.into(),
        }])
    }

    /// Stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_report",
            Self::TooLarge { .. } => "report_too_large",
            Self::Failed(error) | Self::TimedOut(error) => error.kind().code(),
        }
    }

    /// Whether the same request may succeed later.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Invalid(_) | Self::TooLarge { .. } => false,
            Self::Failed(error) | Self::TimedOut(error) => error.kind().retryable(),
        }
    }

    /// What happened.
    pub fn message(&self) -> String {
        match self {
            Self::Invalid(problems) => match problems.as_slice() {
                [] => "the request breaks a rule".to_owned(),
                [only] => format!("{}: {}", only.key, only.message),
                [first, rest @ ..] => {
                    let more = rest.len();
                    let problems = if more == 1 { "problem" } else { "problems" };
                    format!(
                        "{}: {}; and {more} {problems} more",
                        first.key, first.message
                    )
                }
            },
            Self::TooLarge { message } => message.clone(),
            Self::Failed(error) | Self::TimedOut(error) => error.message().to_owned(),
        }
    }

    /// What the reader should do.
    pub fn user_action(&self) -> &str {
        match self {
            Self::Invalid(problems) => problems
                .first()
                .map_or("see the documentation", |first| &first.user_action),
            Self::TooLarge { .. } => {
                "ask for less: a shorter window, fewer dimensions, a filter, or a part of it with limit and offset"
            }
            Self::Failed(error) | Self::TimedOut(error) => error.user_action(),
        }
    }

    /// Every broken rule, if that is why.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) => problems,
            _ => &[],
        }
    }

    /// Facts beside the message, such as the `status` and the `problem` document of the API.
    pub fn context(&self) -> &[(&'static str, String)] {
        match self {
            Self::Failed(error) | Self::TimedOut(error) => error.context(),
            Self::Invalid(_) | Self::TooLarge { .. } => &[],
        }
    }
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. What to do: {}", self.message(), self.user_action())
    }
}

impl std::error::Error for ReportError {}

/// The caller's host is about to end.
pub(super) fn ended(reason: &str) -> ReportError {
    ReportError::Failed(Error::new(
        ErrorKind::SourceUnavailable,
        format!("the report was not finished: {reason}"),
        "ask again",
    ))
}

/// The time of the call is up. `last` is why it took so long, if something went wrong.
pub(super) fn out_of_time(waiting_for: &str, last: Option<Error>) -> ReportError {
    let because = last.as_ref().map_or(String::new(), |last| {
        format!("; before that, {}", last.message())
    });
    let mut error = Error::new(
        ErrorKind::SourceUnavailable,
        format!("the time that a report may take is up, while waiting for {waiting_for}{because}"),
        "ask again in a minute, or for less at once",
    );
    for (name, value) in last.iter().flat_map(Error::context) {
        error = error.with(name, value);
    }
    ReportError::TimedOut(error)
}
