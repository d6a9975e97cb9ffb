//! Checks that only sinks need, beside those of every table.

use edgesiem_model::{Check, Endpoint, Secret, SecretRef, printable};

use crate::config::PlainOrSecret;

/// Checks of a sink's table.
pub(crate) trait SinkCheck {
    /// A secret that goes into a header.
    fn header_secret(&mut self, key: &str, reference: &SecretRef) -> Option<Secret>;

    /// Text that goes into a header.
    fn header_text(&mut self, key: &str, text: &str) -> Option<String>;

    /// Server and target of the URL under the key `url`.
    fn url(&mut self, url: &str) -> Option<(Endpoint, String)>;

    /// Server and target of a URL.
    fn address(&mut self, key: &str, url: &str) -> Option<(Endpoint, String)>;

    /// Server and target of a URL that may be a credential as a whole.
    fn confidential_url(&mut self, key: &str, url: &PlainOrSecret) -> Option<(Endpoint, String)>;

    /// How long a request may take, in milliseconds.
    fn timeout_ms(&mut self, timeout_s: Option<u64>) -> u32;
}

impl SinkCheck for Check<'_> {
    fn header_secret(&mut self, key: &str, reference: &SecretRef) -> Option<Secret> {
        let secret = self.secret(key, reference)?;
        if !is_header_text(secret.expose()) {
            self.problem(
                key,
                "the secret has a character that no header can carry",
                "store it again; look for line breaks and characters outside of ASCII",
            );
            return None;
        }
        Some(secret)
    }

    fn header_text(&mut self, key: &str, text: &str) -> Option<String> {
        if !is_header_text(text) {
            self.problem(
                key,
                "a header's value is printable ASCII without spaces at its ends",
                "change the value",
            );
            return None;
        }
        Some(text.to_owned())
    }

    fn url(&mut self, url: &str) -> Option<(Endpoint, String)> {
        self.address("url", url)
    }

    fn address(&mut self, key: &str, url: &str) -> Option<(Endpoint, String)> {
        Endpoint::parse_url(url, self.insecure())
            .map_err(|error| {
                self.problem(
                    key,
                    &format!("this address cannot be used: {error}"),
                    "correct the address",
                );
            })
            .ok()
    }

    fn confidential_url(&mut self, key: &str, url: &PlainOrSecret) -> Option<(Endpoint, String)> {
        let secret;
        let url = match url {
            PlainOrSecret::Plain(url) => url.as_str(),
            PlainOrSecret::Secret(reference) => {
                secret = self.secret(key, reference)?;
                secret.expose()
            }
        };
        self.address(key, url)
    }

    fn timeout_ms(&mut self, timeout_s: Option<u64>) -> u32 {
        let secs = self.number("timeout_s", timeout_s, 30, 1..=600);
        u32::try_from(secs.saturating_mul(1000)).unwrap_or(u32::MAX)
    }
}

/// A name of the user's choosing in an error.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", printable(text, 100))
}

/// What hides an address that identifies its sender: the target, its path, and every piece of it that is
/// long enough for a token, because a server may echo one without the rest. Longest first, so that no part is left over when a
/// whole is replaced.
pub(crate) fn hidden_parts(target: &str) -> Vec<Secret> {
    /// Shortest piece of a target that is hidden by itself. Tokens in paths are longer, and shorter pieces are words.
    const TOKEN_BYTES: usize = 16;
    let path = target.split('?').next().unwrap_or(target);
    let pieces = target
        .split(['/', '?', '&', '='])
        .filter(|piece| piece.len() >= TOKEN_BYTES);
    let mut parts: Vec<&str> = [target, path]
        .into_iter()
        .filter(|whole| *whole != "/")
        .chain(pieces)
        .collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts.dedup();
    parts
        .into_iter()
        .map(|part| Secret::new(part.to_owned()))
        .collect()
}

/// RFC 9110 section 5.5, without obs-text: visible ASCII, with spaces and tabs inside only.
fn is_header_text(text: &str) -> bool {
    let ends = [text.bytes().next(), text.bytes().next_back()];
    ends.iter()
        .all(|end| end.is_some_and(|byte| byte.is_ascii_graphic()))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t'))
}
