//! The API's error document, `{"code":…,"traceId":…,"msg":…}`, read tolerantly: any of it may be missing, and what stands
//! before the API may answer with HTML, with nothing, or with megabytes.

use edgesiem_model::{Error, ErrorKind, printable};
use serde_json::{Map, Value};

/// Characters of the API's words that go into a message. The whole document stands beside it.
const MESSAGE_CHARS: usize = 300;

/// What the server said.
pub(super) struct Problem {
    status: u16,
    /// The body without our token: an error page may echo the request's headers.
    text: String,
    members: Map<String, Value>,
}

impl Problem {
    pub fn read(status: u16, body: &[u8], token: &str) -> Self {
        // Read first: what is escaped in the text is not escaped in its members.
        let (text, members) = match serde_json::from_slice(body) {
            Ok(Value::Object(mut members)) => {
                members.values_mut().for_each(|value| hide_in(value, token));
                (Value::Object(members.clone()).to_string(), members)
            }
            _ => (hide(&String::from_utf8_lossy(body), token), Map::new()),
        };
        Self {
            status,
            text,
            members,
        }
    }

    fn said(&self) -> &str {
        let text = |name: &str| self.members.get(name).and_then(Value::as_str);
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
        if self.text.trim().is_empty() {
            error
        } else {
            error.with("answer", &self.text)
        }
    }
}

/// `text` without the token, be it as it is, or as URLs, forms and JSON write it.
pub(super) fn hide(text: &str, token: &str) -> String {
    if token.is_empty() {
        return text.to_owned();
    }
    let percent: String = token.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    });
    let lower = percent
        .replace("%2B", "%2b")
        .replace("%2F", "%2f")
        .replace("%3D", "%3d");
    [token.to_owned(), token.replace('/', "\\/"), percent, lower]
        .iter()
        .fold(text.to_owned(), |text, form| text.replace(form, "***"))
}

/// Hides the token in every text of a value. A parsed value is at most 128 deep.
fn hide_in(value: &mut Value, token: &str) {
    match value {
        Value::String(text) => *text = hide(text, token),
        Value::Array(values) => values.iter_mut().for_each(|value| hide_in(value, token)),
        Value::Object(members) => {
            let hidden = std::mem::take(members)
                .into_iter()
                .map(|(name, mut value)| {
                    hide_in(&mut value, token);
                    (hide(&name, token), value)
                })
                .collect();
            *members = hidden;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use edgesiem_model::ErrorKind;

    use super::Problem;

    #[test]
    fn a_token_is_hidden_in_whatever_form_it_comes_back() {
        let token = "eyJhbGci/OiJI+UzI1==";
        for body in [
            r#"{"msg":"token eyJhbGci/OiJI+UzI1== is not valid"}"#,
            r#"{"msg":"token eyJhbGci\/OiJI+UzI1== is not valid"}"#,
            r#"{"msg":"token eyJhbGci\u002fOiJI\u002bUzI1\u003d\u003d is not valid"}"#,
            r#"{"details":[{"eyJhbGci\/OiJI+UzI1==":"eyJhbGci\/OiJI+UzI1=="}]}"#,
            "<p>?t=eyJhbGci%2FOiJI%2BUzI1%3D%3D and eyJhbGci%2fOiJI%2bUzI1%3d%3d</p>",
        ] {
            let error = Problem::read(403, body.as_bytes(), token).error(
                ErrorKind::SourceRefused,
                "a/x",
                "nothing",
            );
            let shown = format!("{error:?}");
            assert!(shown.contains("***"), "{shown}");
            assert!(!shown.contains("eyJhbGci"), "{shown}");
        }
    }
}
