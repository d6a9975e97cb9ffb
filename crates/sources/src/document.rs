//! A JSON document with which a server refuses, read tolerantly: what stands between us and it may answer with HTML, with
//! nothing, or with megabytes. It may also repeat what we sent, so secrets are taken out, in whatever form they come back.

use serde_json::{Map, Value};

use crate::percent;

/// What the server said.
pub(crate) struct Document {
    /// The body without our secrets.
    pub text: String,
    /// Its members without our secrets; none if it is no JSON object.
    pub members: Map<String, Value>,
}

impl Document {
    pub fn read(body: &[u8], secrets: &[&str]) -> Self {
        let text = String::from_utf8_lossy(body);
        let Ok(Value::Object(members)) = serde_json::from_str(&text) else {
            return Self {
                text: hide(&text, secrets),
                members: Map::new(),
            };
        };
        // Read first: what is escaped in the text is not escaped in its members.
        let hidden = hide_in_members(members.clone(), secrets);
        Self {
            text: if hidden == members {
                hide(&text, secrets)
            } else {
                Value::Object(hidden.clone()).to_string()
            },
            members: hidden,
        }
    }

    /// A member that is a text; otherwise nothing.
    pub fn member(&self, name: &str) -> &str {
        self.members
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// `text` without the secrets, be they as they are, or as URLs, forms and JSON write them.
pub(crate) fn hide(text: &str, secrets: &[&str]) -> String {
    let secrets = secrets.iter().filter(|secret| !secret.is_empty());
    secrets.fold(text.to_owned(), |text, secret| {
        let upper = percent::encoded(secret);
        let lower = percent::encoded_lower(secret);
        let forms =
            [secret, secret.replace('/', "\\/").as_str(), &upper, &lower].map(str::to_owned);
        forms
            .iter()
            .fold(text, |text, form| text.replace(form, "***"))
    })
}

fn hide_in_members(members: Map<String, Value>, secrets: &[&str]) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| (hide(&name, secrets), hide_in(value, secrets)))
        .collect()
}

/// A value that was parsed is at most 128 deep.
fn hide_in(value: Value, secrets: &[&str]) -> Value {
    match value {
        Value::String(text) => Value::String(hide(&text, secrets)),
        Value::Array(values) => values
            .into_iter()
            .map(|value| hide_in(value, secrets))
            .collect(),
        Value::Object(members) => Value::Object(hide_in_members(members, secrets)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn a_secret_is_hidden_in_whatever_form_it_comes_back() {
        let secret = "eyJhbGci/OiJI+UzI1==";
        for body in [
            r#"{"msg":"token eyJhbGci/OiJI+UzI1== is not valid"}"#,
            r#"{"msg":"token eyJhbGci\/OiJI+UzI1== is not valid"}"#,
            r#"{"msg":"token eyJhbGci\u002fOiJI\u002bUzI1\u003d\u003d is not valid"}"#,
            r#"{"details":[{"eyJhbGci\/OiJI+UzI1==":"eyJhbGci\/OiJI+UzI1=="}]}"#,
            "<p>?t=eyJhbGci%2FOiJI%2BUzI1%3D%3D and eyJhbGci%2fOiJI%2bUzI1%3d%3d</p>",
        ] {
            let document = Document::read(body.as_bytes(), &["", secret]);
            let shown = format!("{} {:?}", document.text, document.members);
            assert!(shown.contains("***"), "{shown}");
            assert!(!shown.contains("eyJhbGci"), "{shown}");
        }
    }

    #[test]
    fn what_has_no_secret_stays_as_it_came() {
        for body in ["{ \"b\": 1,\n\"a\": \"\\u0041\" }", "<html>", "", "[1]"] {
            assert_eq!(Document::read(body.as_bytes(), &["x9"]).text, body);
        }
    }
}
