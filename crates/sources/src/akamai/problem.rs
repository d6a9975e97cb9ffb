//! A problem document (RFC 9457).

use edgesiem_model::{Error, ErrorKind, printable};
use serde_json::Value;

use crate::document::Document;

/// Characters of a title or a detail that go into a message. The whole document stands beside it.
const MESSAGE_CHARS: usize = 300;

/// What the server said.
pub(crate) struct Problem {
    /// Name of the API, as in "the SIEM API".
    api: &'static str,
    status: u16,
    document: Document,
}

impl Problem {
    pub fn read(api: &'static str, status: u16, body: &[u8], secrets: &[&str]) -> Self {
        Self {
            api,
            status,
            document: Document::read(body, secrets),
        }
    }

    /// Whether the server's explanation contains `words`, whatever their case. Other members are left out:
    /// `instance` repeats the request.
    pub fn explains(&self, words: &str) -> bool {
        let contains = |text: &str| text.to_ascii_lowercase().contains(words);
        let Document { text, members } = &self.document;
        if members.is_empty() {
            return contains(text);
        }
        let errors = members.get("errors").map(Value::to_string);
        contains(self.document.member("title"))
            || contains(self.document.member("detail"))
            || contains(&errors.unwrap_or_default())
    }

    /// Like [`Problem::explains`], in a problem document only: for verdicts that cost something, which a page of
    /// whatever stands before the API must not bring about.
    pub fn documents(&self, words: &str) -> bool {
        !self.document.members.is_empty() && self.explains(words)
    }

    /// An error that says what the server said.
    pub fn error(&self, kind: ErrorKind, user_action: &str) -> Error {
        let mut said: Vec<String> = ["title", "detail"]
            .iter()
            .map(|name| self.document.member(name))
            .filter(|text| !text.is_empty())
            .map(|text| printable(text, MESSAGE_CHARS))
            .collect();
        said.dedup();
        let answered = format!("{} answered {}", self.api, self.status);
        let message = match said.as_slice() {
            [] => answered,
            said => format!("{answered}: {}", said.join(": ")),
        };
        let error = Error::new(kind, message, user_action);
        if self.document.text.trim().is_empty() {
            error
        } else {
            error.with("problem", &self.document.text)
        }
    }
}
