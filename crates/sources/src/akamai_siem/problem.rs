//! A problem document (RFC 9457), read tolerantly: what stands between us and the API may answer with HTML,
//! with nothing, or with megabytes.

use edgesiem_model::{Error, ErrorKind, printable};
use serde_json::{Map, Value};

/// Characters of a title or a detail that go into a message. The whole document stands beside it.
const MESSAGE_CHARS: usize = 300;

/// What the server said.
pub(super) struct Problem {
    status: u16,
    /// The body without our credentials: an error page may echo the request's headers.
    text: String,
    members: Map<String, Value>,
}

impl Problem {
    pub(super) fn read(status: u16, body: &[u8], credentials: &[&str]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = credentials
            .iter()
            .filter(|credential| !credential.is_empty())
            .fold(text.into_owned(), |text, credential| {
                text.replace(credential, "***")
            });
        let members = match serde_json::from_str(&text) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        Self {
            status,
            text,
            members,
        }
    }

    fn member(&self, name: &str) -> &str {
        self.members
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Whether the server's explanation contains `words`, whatever their case. Other members are left out:
    /// `instance` repeats the request.
    pub(super) fn explains(&self, words: &str) -> bool {
        let contains = |text: &str| text.to_ascii_lowercase().contains(words);
        if self.members.is_empty() {
            return contains(&self.text);
        }
        let errors = self.members.get("errors").map(Value::to_string);
        contains(self.member("title"))
            || contains(self.member("detail"))
            || contains(&errors.unwrap_or_default())
    }

    /// Like [`Problem::explains`], in a problem document only: for verdicts that cost something, which a page of
    /// whatever stands before the API must not bring about.
    pub(super) fn documents(&self, words: &str) -> bool {
        !self.members.is_empty() && self.explains(words)
    }

    /// An error that says what the server said.
    pub(super) fn error(&self, kind: ErrorKind, user_action: &str) -> Error {
        let (title, detail) = (self.member("title"), self.member("detail"));
        let mut said: Vec<String> = [title, detail]
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| printable(text, MESSAGE_CHARS))
            .collect();
        said.dedup();
        let message = match said.as_slice() {
            [] => format!("the SIEM API answered {}", self.status),
            said => format!("the SIEM API answered {}: {}", self.status, said.join(": ")),
        };
        let error = Error::new(kind, message, user_action);
        if self.text.trim().is_empty() {
            error
        } else {
            error.with("problem", &self.text)
        }
    }
}
