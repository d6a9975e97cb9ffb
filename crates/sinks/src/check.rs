//! Checks that only sinks need, beside those of every table.

use edgesiem_model::{
    BatchLimits, Check, Endpoint, InsecureLoopback, Secret, SecretRef, printable,
};

/// What a sink takes in one request, as far as its configuration may say.
pub(crate) struct Size {
    pub(crate) max_events: Option<usize>,
    pub(crate) max_bytes: Option<usize>,
    pub(crate) default_events: usize,
    pub(crate) default_bytes: usize,
    pub(crate) ceiling_bytes: usize,
}

/// Checks of a sink's table.
pub(crate) trait SinkCheck {
    /// A secret that goes into a header.
    fn header_secret(&mut self, key: &str, reference: &SecretRef) -> Option<Secret>;

    /// Text that goes into a header.
    fn header_text(&mut self, key: &str, text: &str) -> Option<String>;

    /// Server and target of a URL.
    fn url(&mut self, url: &str, insecure: InsecureLoopback) -> Option<(Endpoint, String)>;

    /// How long a request may take, in milliseconds.
    fn timeout_ms(&mut self, timeout_s: Option<u64>) -> u32;

    /// Limits without the bytes that the sink adds.
    fn size(&mut self, size: &Size) -> BatchLimits;
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

    fn url(&mut self, url: &str, insecure: InsecureLoopback) -> Option<(Endpoint, String)> {
        Endpoint::parse_url(url, insecure)
            .map_err(|error| {
                self.problem(
                    "url",
                    &format!("this address cannot be used: {error}"),
                    "correct the url",
                );
            })
            .ok()
    }

    fn timeout_ms(&mut self, timeout_s: Option<u64>) -> u32 {
        let secs = self.number("timeout_s", timeout_s, 30, 1..=600);
        u32::try_from(secs.saturating_mul(1000)).unwrap_or(u32::MAX)
    }

    fn size(&mut self, size: &Size) -> BatchLimits {
        let number = |value: Option<usize>| value.map(|value| value as u64);
        let (events, bytes) = (size.default_events as u64, size.default_bytes as u64);
        let ceiling = size.ceiling_bytes as u64;
        let max_events = self.number(
            "max_batch_events",
            number(size.max_events),
            events,
            1..=1_000_000,
        );
        let max_bytes = self.number(
            "max_batch_bytes",
            number(size.max_bytes),
            bytes,
            1024..=ceiling,
        );
        BatchLimits {
            max_events: usize::try_from(max_events).unwrap_or(usize::MAX),
            max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
            bytes_per_event: 0,
            bytes_per_batch: 0,
        }
    }
}

/// A name of the user's choosing in an error.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", printable(text, 100))
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
