//! Who signs: the tokens and the secret of an Akamai API client.

use std::fmt;

use crate::error::{CredentialsError, CredentialsErrorKind, Origin};

/// How much of a POST body Akamai signs unless an API says otherwise, in bytes.
pub const DEFAULT_MAX_BODY: usize = 131_072;

/// The client secret. It can be used for signing, but it cannot be printed or compared.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// The secret itself: for signing and for handing it to another program's signer, nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What [`Credentials::new`] takes, as written by a person: white space around values is tolerated.
#[derive(Clone, Copy, Default)]
pub struct Fields<'a> {
    /// Host of the API client; `https://` before it and slashes behind it are tolerated.
    pub host: &'a str,
    /// Client token.
    pub client_token: &'a str,
    /// Client secret.
    pub client_secret: &'a str,
    /// Access token.
    pub access_token: &'a str,
    /// How much of a POST body is signed, in bytes; [`DEFAULT_MAX_BODY`] if `None`.
    pub max_body: Option<usize>,
    /// Names of the headers that are signed, in signing order; usually none.
    pub headers_to_sign: &'a [&'a str],
    /// Account switch key, if calls are made for another account.
    pub account_key: Option<&'a str>,
}

/// An API client's credentials, checked: every value can stand in the header that is made of it.
///
/// `Debug` is safe to log: it shows no secret and the first 9 characters of tokens, which is enough to tell
/// one client from another.
#[derive(Clone)]
pub struct Credentials {
    host: String,
    client_token: String,
    client_secret: ClientSecret,
    access_token: String,
    max_body: usize,
    headers_to_sign: Vec<String>,
    account_key: Option<String>,
}

impl Credentials {
    /// Checks credentials from a configuration of the caller's own.
    ///
    /// # Errors
    /// [`CredentialsError`] naming all values that are missing, or the first that cannot be right.
    pub fn new(fields: &Fields<'_>) -> Result<Self, CredentialsError> {
        Self::check(fields, &Origin::Caller)
    }

    pub(crate) fn check(
        fields: &Fields<'_>,
        origin: &Origin<'_>,
    ) -> Result<Self, CredentialsError> {
        let required = [
            ("host", fields.host),
            ("client_token", fields.client_token),
            ("client_secret", fields.client_secret),
            ("access_token", fields.access_token),
        ];
        let missing: Vec<_> = required
            .iter()
            .filter(|(_, value)| value.trim().is_empty())
            .map(|(key, _)| origin.key(key))
            .collect();
        if !missing.is_empty() {
            return Err(missing_values(&missing, origin));
        }
        let invalid = |key, form: &str| Err(invalid_value(origin, key, form, None));
        let Some(host) = normal_host(fields.host) else {
            return invalid(
                "host",
                "a host name such as akab-xxxx.luna.akamaiapis.net, without a path",
            );
        };
        for (key, token) in [
            ("client_token", fields.client_token),
            ("access_token", fields.access_token),
        ] {
            if !token
                .trim()
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b';')
            {
                return invalid(key, "a token of visible ASCII characters without `;`");
            }
        }
        let headers = fields.headers_to_sign.iter().map(|name| name.trim());
        if !headers.clone().all(is_header_name) {
            return invalid(
                "headers_to_sign",
                "a list of header names, separated by commas",
            );
        }
        let text = |value: &str| value.trim().to_owned();
        Ok(Self {
            host,
            client_token: text(fields.client_token),
            client_secret: ClientSecret(text(fields.client_secret)),
            access_token: text(fields.access_token),
            max_body: fields.max_body.unwrap_or(DEFAULT_MAX_BODY),
            headers_to_sign: headers.map(str::to_owned).collect(),
            account_key: fields.account_key.map(text).filter(|key| !key.is_empty()),
        })
    }

    /// Host of the API client, in lower case, without scheme and path.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Client token.
    pub fn client_token(&self) -> &str {
        &self.client_token
    }

    /// Client secret.
    pub const fn client_secret(&self) -> &ClientSecret {
        &self.client_secret
    }

    /// Access token.
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// How much of a POST body is signed, in bytes.
    pub const fn max_body(&self) -> usize {
        self.max_body
    }

    /// Names of the headers that are signed, in signing order.
    pub fn headers_to_sign(&self) -> &[String] {
        &self.headers_to_sign
    }

    /// Account switch key. Signing ignores it: where an API supports it, the caller puts
    /// `accountSwitchKey=…` into the target before signing. The SIEM API does not support it.
    pub fn account_key(&self) -> Option<&str> {
        self.account_key.as_deref()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = |token: &str| format!("{}…", token.chars().take(9).collect::<String>());
        f.debug_struct("Credentials")
            .field("host", &self.host)
            .field("client_token", &start(&self.client_token))
            .field("client_secret", &self.client_secret)
            .field("access_token", &start(&self.access_token))
            .field("max_body", &self.max_body)
            .field("headers_to_sign", &self.headers_to_sign)
            .field("account_key", &self.account_key.as_deref().map(start))
            .finish()
    }
}

fn missing_values(missing: &[String], origin: &Origin<'_>) -> CredentialsError {
    let user_action = match origin {
        Origin::Section(_) => {
            "copy all four values of the API client's credentials file from Akamai Control Center"
        }
        Origin::Environment(_) => {
            "set the missing variables too, or none of them to use an .edgerc file"
        }
        Origin::Caller => "pass all of host, client_token, client_secret and access_token",
    };
    CredentialsError::new(
        CredentialsErrorKind::Missing,
        None,
        format!("missing in {}: {}", origin.place(), missing.join(", ")),
        user_action.to_owned(),
    )
}

pub(crate) fn invalid_value(
    origin: &Origin<'_>,
    key: &str,
    form: &str,
    line: Option<usize>,
) -> CredentialsError {
    let line_text = line
        .map(|line| format!(" (line {line})"))
        .unwrap_or_default();
    let key = origin.key(key);
    CredentialsError::new(
        CredentialsErrorKind::Invalid,
        line,
        format!("{key} in {}{line_text} cannot be used", origin.place()),
        format!("make it {form}"),
    )
}

/// `https://Host/` and `Host` are both `host`.
fn normal_host(host: &str) -> Option<String> {
    let host = host.trim().to_ascii_lowercase();
    let host = host.strip_prefix("https://").unwrap_or(&host);
    let host = host.trim_end_matches('/');
    let (name, port) = host
        .split_once(':')
        .map_or((host, None), |(name, port)| (name, Some(port)));
    let fits = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number != 0));
    fits.then(|| host.to_owned())
}

/// RFC 9110 section 5.6.2, token.
fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Fields};
    use crate::CredentialsErrorKind::{Invalid, Missing};

    const GOOD: Fields<'static> = Fields {
        host: "akab-h.luna.akamaiapis.net",
        client_token: "akab-client-token",
        client_secret: "hunter2/secret+text=",
        access_token: "akab-access-token",
        max_body: None,
        headers_to_sign: &[],
        account_key: None,
    };

    #[test]
    fn credentials_cannot_be_printed_in_any_format() {
        let fields = Fields {
            account_key: Some("1-ABCDEF:1-2QRST"),
            ..GOOD
        };
        let credentials = Credentials::new(&fields).unwrap();
        for text in [
            format!("{credentials:?}"),
            format!("{credentials:#?}"),
            format!("{:>40?}", Some(&credentials)),
            format!("{0} {0:?} {0:>30} {0:#?}", credentials.client_secret()),
        ] {
            assert!(text.contains("***"), "{text}");
            for hidden in ["hunter2", "client-token", "access-token", "2QRST"] {
                assert!(!text.contains(hidden), "{text}");
            }
        }
        assert!(format!("{credentials:?}").contains("\"akab-clie…\""));
    }

    #[test]
    fn a_host_is_accepted_as_people_paste_it() {
        for (host, expected) in [
            ("h.example", Some("h.example")),
            (" HTTPS://H.Example// \n", Some("h.example")),
            ("h:8443/", Some("h:8443")),
            ("http://h", None),
            ("h/path", None),
            ("h:0", None),
            ("h:99999", None),
            ("a b", None),
            ("user@h", None),
            ("https://", None),
        ] {
            let made = Credentials::new(&Fields { host, ..GOOD });
            assert_eq!(
                made.as_ref().map(Credentials::host).ok(),
                expected,
                "{host}"
            );
            if let Err(error) = made {
                assert_eq!(error.kind(), Invalid);
                assert!(error.to_string().starts_with("`host` in the credentials"));
            }
        }
    }

    #[test]
    fn white_space_around_values_is_not_part_of_them() {
        let fields = Fields {
            client_secret: " s= \r\n",
            client_token: "ct\n",
            account_key: Some(" "),
            ..GOOD
        };
        let credentials = Credentials::new(&fields).unwrap();
        assert_eq!(credentials.client_secret().expose(), "s=");
        assert_eq!(credentials.client_token(), "ct");
        assert_eq!(credentials.account_key(), None);
    }

    #[test]
    fn an_error_names_what_is_wrong_and_never_a_value() {
        let two = Fields {
            host: "",
            access_token: " ",
            ..GOOD
        };
        for (fields, kind, named) in [
            (
                Fields::default(),
                Missing,
                "missing in the credentials: `host`, `client_token`, `client_secret`, `access_token`",
            ),
            (
                two,
                Missing,
                "missing in the credentials: `host`, `access_token`",
            ),
            (
                Fields {
                    client_token: "hunter2;x",
                    ..GOOD
                },
                Invalid,
                "`client_token`",
            ),
            (
                Fields {
                    access_token: "hunter2\r\nX: y",
                    ..GOOD
                },
                Invalid,
                "`access_token`",
            ),
            (
                Fields {
                    headers_to_sign: &["X-A", "hunter2: y"],
                    ..GOOD
                },
                Invalid,
                "`headers_to_sign`",
            ),
        ] {
            let error = Credentials::new(&fields).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(error.to_string().contains(named), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
            assert!(!error.user_action().is_empty());
        }
    }
}
