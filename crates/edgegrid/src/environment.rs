//! Credentials from `AKAMAI_*` variables, which a host looks up.

use crate::credentials::{Fields, invalid_value};
use crate::error::Origin;
use crate::{Credentials, CredentialsError};

/// Credentials from the variables that Akamai's clients read: `AKAMAI_HOST`, `AKAMAI_CLIENT_TOKEN`,
/// `AKAMAI_CLIENT_SECRET`, `AKAMAI_ACCESS_TOKEN` and, optionally, `AKAMAI_MAX_BODY` (or `AKAMAI_MAX_SIZE`)
/// and `AKAMAI_ACCOUNT_KEY`. For a section other than `default`, `AKAMAI_` is followed by the section in
/// upper case and `_`; there is no falling back from those to the ones of `default`.
///
/// `None` if none of the first four is set, so that the caller can go on to a file.
///
/// # Errors
/// [`CredentialsError`] if some of the four are missing or a value cannot be right. It names variables.
pub fn from_env(
    lookup: impl Fn(&str) -> Option<String>,
    section: &str,
) -> Result<Option<Credentials>, CredentialsError> {
    let prefix = if section.eq_ignore_ascii_case("default") {
        "AKAMAI_".to_owned()
    } else {
        format!("AKAMAI_{}_", section.to_ascii_uppercase())
    };
    let origin = Origin::Environment(&prefix);
    let get =
        |key: &str| lookup(&format!("{prefix}{key}")).filter(|value| !value.trim().is_empty());
    let required = ["HOST", "CLIENT_TOKEN", "CLIENT_SECRET", "ACCESS_TOKEN"].map(get);
    if required.iter().all(Option::is_none) {
        return Ok(None);
    }
    let [host, client_token, client_secret, access_token] = required.map(Option::unwrap_or_default);
    let max_body = ["max_body", "max_size"].into_iter().find_map(|key| {
        let value = get(&key.to_ascii_uppercase())?;
        Some(parse_max_body(&value).ok_or_else(|| invalid_value(&origin, key, MAX_BODY_FORM, None)))
    });
    let account_key = get("ACCOUNT_KEY");
    let fields = Fields {
        host: &host,
        client_token: &client_token,
        client_secret: &client_secret,
        access_token: &access_token,
        max_body: max_body.transpose()?,
        headers_to_sign: &[],
        account_key: account_key.as_deref(),
    };
    Credentials::check(&fields, &origin).map(Some)
}

pub(crate) const MAX_BODY_FORM: &str = "a number of bytes, such as 131072";

/// A number of bytes; more than this machine can address is as good as no limit.
pub(crate) fn parse_max_body(text: &str) -> Option<usize> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::from_env;
    use crate::CredentialsErrorKind::{Invalid, Missing};

    const COMPLETE: [(&str, &str); 4] = [
        ("HOST", "https://H/"),
        ("CLIENT_TOKEN", "ct"),
        ("CLIENT_SECRET", "hunter2=\n"),
        ("ACCESS_TOKEN", "at"),
    ];

    fn environment(prefix: &str, more: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        let variables: Vec<_> = COMPLETE
            .iter()
            .chain(more)
            .map(|(name, value)| (format!("{prefix}{name}"), (*value).to_owned()))
            .collect();
        // Later ones win, so that a table row can replace one of the complete set.
        move |name| {
            variables
                .iter()
                .rfind(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        }
    }

    #[test]
    fn each_section_has_its_own_variables() {
        for (prefix, section) in [
            ("AKAMAI_", "default"),
            ("AKAMAI_", "DEFAULT"),
            ("AKAMAI_CCU_", "ccu"),
            ("AKAMAI_PROD:WAF_", "prod:waf"),
        ] {
            let more = [("MAX_BODY", " 2048 "), ("ACCOUNT_KEY", "A-CCT:1")];
            let credentials = from_env(environment(prefix, &more), section)
                .unwrap()
                .unwrap();
            assert_eq!(credentials.host(), "h");
            assert_eq!(credentials.client_token(), "ct");
            assert_eq!(credentials.client_secret().expose(), "hunter2=");
            assert_eq!(credentials.access_token(), "at");
            assert_eq!(credentials.max_body(), 2048);
            assert_eq!(credentials.account_key(), Some("A-CCT:1"));
            assert!(
                from_env(environment(prefix, &[]), "other")
                    .unwrap()
                    .is_none()
            );
        }
    }

    #[test]
    fn optional_variables_have_defaults_and_a_second_name() {
        for (more, max_body) in [
            (vec![], 131_072),
            (vec![("MAX_BODY", "")], 131_072),
            (vec![("MAX_SIZE", "7")], 7),
            (vec![("MAX_SIZE", "7"), ("MAX_BODY", "8")], 8),
            (vec![("MAX_BODY", "99999999999999999999999")], usize::MAX),
        ] {
            let credentials = from_env(environment("AKAMAI_", &more), "default")
                .unwrap()
                .unwrap();
            assert_eq!(credentials.max_body(), max_body, "{more:?}");
        }
    }

    #[test]
    fn an_error_names_the_variables_and_never_a_value() {
        for (more, kind, named) in [
            (
                vec![("HOST", ""), ("CLIENT_TOKEN", " ")],
                Missing,
                "missing in the environment: `AKAMAI_X_HOST`, `AKAMAI_X_CLIENT_TOKEN`",
            ),
            (
                vec![("ACCESS_TOKEN", "")],
                Missing,
                "missing in the environment: `AKAMAI_X_ACCESS_TOKEN`.",
            ),
            (
                vec![("MAX_BODY", "hunter2")],
                Invalid,
                "`AKAMAI_X_MAX_BODY`",
            ),
            (vec![("MAX_SIZE", "-1")], Invalid, "`AKAMAI_X_MAX_SIZE`"),
            (vec![("HOST", "hunter2/path")], Invalid, "`AKAMAI_X_HOST`"),
        ] {
            let error = from_env(environment("AKAMAI_X_", &more), "x").unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(error.to_string().contains(named), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
