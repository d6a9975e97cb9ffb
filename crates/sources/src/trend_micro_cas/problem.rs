//! The API's error document, `{"code":…,"traceId":…,"msg":…}`, of which any member may be missing.

use edgesiem_model::{Error, ErrorKind, printable};
use serde_json::Value;

use crate::document::Document;

/// Characters of the API's words that go into a message. The whole document stands beside it.
const MESSAGE_CHARS: usize = 300;

/// What the server said.
pub(super) struct Problem {
    status: u16,
    document: Document,
}

impl Problem {
    pub fn read(status: u16, body: &[u8], token: &str) -> Self {
        Self {
            status,
            document: Document::read(body, &[token]),
        }
    }

    fn said(&self) -> &str {
        let text = |name: &str| self.document.members.get(name).and_then(Value::as_str);
        text("msg").or_else(|| text("message")).unwrap_or_default()
    }

    /// Whether the API itself says one of `words`, whatever their case.
    pub fn mentions(&self, words: &[&str]) -> bool {
        let said = self.said().to_ascii_lowercase();
        words.iter().any(|word| said.contains(word))
    }

    /// An error that says what the server said, of the combination that was asked for.
    pub fn error(&self, kind: ErrorKind, combination: &str, user_action: &str) -> Error {
        let said = match self.said() {
            "" => String::new(),
            said => format!(": {}", printable(said, MESSAGE_CHARS)),
        };
        let message = format!("the Cloud App Security API answered {}{said}", self.status);
        let error = Error::new(kind, message, user_action).with("asked for", combination);
        if self.document.text.trim().is_empty() {
            error
        } else {
            error.with("answer", &self.document.text)
        }
    }
}
