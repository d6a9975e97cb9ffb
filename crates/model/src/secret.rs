//! Values that must never be shown.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

/// A credential. It can be used, but it cannot be printed, serialised or compared by accident.
///
/// ```
/// use edgesiem_model::Secret;
/// let token = Secret::new("s3cr3t".to_owned());
/// assert_eq!(format!("{token:?} {token}"), "*** ***");
/// assert_eq!(token.expose(), "s3cr3t");
/// ```
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a credential.
    pub const fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself. Each call is a place to review: it may go into a signature or a request header
    /// and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The name under which the host keeps a secret: `{ secret = "SINK_TOKEN" }` in the configuration.
///
/// The configuration never holds the value, so it can be logged, diffed and committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRef {
    /// Name of a Worker secret or of an environment variable.
    pub secret: String,
}

impl<'de> Deserialize<'de> for SecretRef {
    /// Refuses anything else without repeating it: somebody who writes the value where the name belongs
    /// must not find it in a log.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const SHAPE: &str = "expected the name of a secret, { secret = \"NAME\" }, never its value";
        let mut table: BTreeMap<String, Value> = match Value::deserialize(deserializer)? {
            Value::Object(table) => table.into_iter().collect(),
            _ => return Err(D::Error::custom(SHAPE)),
        };
        match (table.remove("secret"), table.is_empty()) {
            (Some(Value::String(secret)), true) if is_name(&secret) => Ok(Self { secret }),
            _ => Err(D::Error::custom(SHAPE)),
        }
    }
}

#[cfg(feature = "docs")]
impl schemars::JsonSchema for SecretRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "properties": { "secret": { "type": "string", "pattern": "^[A-Za-z0-9_]{1,128}$" } },
            "required": ["secret"],
            "additionalProperties": false,
        })
    }
}

/// Worker secrets and environment variables are named alike: letters, digits and underscores.
fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::{Secret, SecretRef};

    #[test]
    fn a_secret_cannot_be_printed_in_any_format() {
        #[derive(Debug)]
        struct Holder {
            _token: Secret,
            _list: Vec<Option<Secret>>,
        }
        let secret = || Secret::new("hunter2".to_owned());
        let holder = Holder {
            _token: secret(),
            _list: vec![Some(secret())],
        };
        for text in [
            format!("{holder:?}"),
            format!("{holder:#?}"),
            format!("{}", secret()),
            format!("{:>20?}", secret()),
        ] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_value_where_a_name_belongs_is_refused_without_repeating_it() {
        for text in [
            r#""hunter2""#,
            r#"{"secret":"hunter2!"}"#,
            r#"{"secret":"X","value":"hunter2"}"#,
            r#"["hunter2"]"#,
            r#"{"token":"hunter2"}"#,
        ] {
            let error = serde_json::from_str::<SecretRef>(text)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("never its value") && !error.contains("hunter2"),
                "{error}"
            );
        }
        assert_eq!(
            serde_json::from_str::<SecretRef>(r#"{"secret":"SINK_TOKEN"}"#)
                .unwrap()
                .secret,
            "SINK_TOKEN"
        );
    }
}
