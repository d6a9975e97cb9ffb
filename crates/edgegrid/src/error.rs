//! Why credentials cannot be used, without a word of what they are.

use std::fmt;

/// What is wrong with credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialsErrorKind {
    /// A line cannot be read.
    Syntax,
    /// The `.edgerc` has no such section.
    NoSection,
    /// Values that every signature needs are missing or empty.
    Missing,
    /// A value cannot be what its key says.
    Invalid,
}

impl CredentialsErrorKind {
    /// Stable name for scripts and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "edgerc_syntax",
            Self::NoSection => "edgerc_section_missing",
            Self::Missing => "credentials_missing",
            Self::Invalid => "credentials_invalid",
        }
    }
}

/// Why credentials cannot be used and what the reader should do. It names keys, sections and lines, never
/// values, so that it is safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialsError {
    kind: CredentialsErrorKind,
    line: Option<usize>,
    message: String,
    user_action: String,
}

impl CredentialsError {
    pub(crate) fn new(
        kind: CredentialsErrorKind,
        line: Option<usize>,
        message: String,
        user_action: String,
    ) -> Self {
        Self {
            kind,
            line,
            message,
            user_action,
        }
    }

    /// What is wrong.
    pub const fn kind(&self) -> CredentialsErrorKind {
        self.kind
    }

    /// Line of the `.edgerc`, from 1, if one line is at fault.
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong and where, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the reader should do.
    pub fn user_action(&self) -> &str {
        &self.user_action
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. What to do: {}", self.message, self.user_action)
    }
}

impl std::error::Error for CredentialsError {}

/// Where credentials come from, for errors: the same key has another name in each place.
#[derive(Clone, Debug)]
pub(crate) enum Origin<'a> {
    /// A section of an `.edgerc`.
    Section(&'a str),
    /// Variables that start with this prefix.
    Environment(&'a str),
    /// Handed in by the caller.
    Caller,
}

impl Origin<'_> {
    /// `key` (an `.edgerc` key) as its author wrote it.
    pub(crate) fn key(&self, key: &str) -> String {
        match self {
            Self::Section(_) | Self::Caller => format!("`{key}`"),
            Self::Environment(prefix) => {
                format!("`{}{}`", shown(prefix), key.to_ascii_uppercase())
            }
        }
    }

    /// The place itself.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Section(section) => format!("section [{}] of the .edgerc", shown(section)),
            Self::Environment(_) => "the environment".to_owned(),
            Self::Caller => "the credentials".to_owned(),
        }
    }
}

/// A name that somebody else wrote, as it may appear in an error: one line, escaped, at most 64 characters.
pub(crate) fn shown(name: &str) -> String {
    let mut text: String = name.chars().take(64).flat_map(char::escape_debug).collect();
    if name.chars().nth(64).is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_foreign_name_cannot_drive_a_terminal_or_fill_a_log() {
        assert_eq!(
            shown("\u{1b}[31m\r\n\u{202e}"),
            "\\u{1b}[31m\\r\\n\\u{202e}"
        );
        assert_eq!(shown("custom:max_body é"), "custom:max_body é");
        assert_eq!(shown(&"x".repeat(65)), format!("{}…", "x".repeat(64)));
    }
}
