//! Values that must never be shown.

use std::fmt;

use serde::Deserialize;

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

/// The name under which the host keeps a secret: `{ secret = "SPLUNK_TOKEN" }` in the configuration.
///
/// The configuration never holds the value, so it can be logged, diffed and committed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// Name of a Worker secret or of an environment variable.
    pub secret: String,
}

#[cfg(test)]
mod tests {
    use super::Secret;

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
}
