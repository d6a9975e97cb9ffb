//! Checks of short texts that a receiver shows beside every event.

use edgesiem_model::Check;

/// Reports a text that is empty, longer than 256 bytes, or has control characters.
pub(crate) fn check_text(check: &mut Check<'_>, key: &str, text: Option<&String>) {
    if let Some(text) = text
        && (text.is_empty() || text.len() > 256 || text.chars().any(char::is_control))
    {
        check.problem(
            key,
            "this must be 1 to 256 bytes without control characters",
            "change the value, or leave it out",
        );
    }
}

/// Reports names under `table` that are not 1 to 64 letters, digits, dots, underscores and hyphens, or are one of `ours`.
pub(crate) fn check_names<'a>(
    check: &mut Check<'_>,
    table: &str,
    names: impl Iterator<Item = &'a String>,
    ours: &[&str],
) {
    for name in names {
        let key = format!("{table}.{name}");
        let is_name = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
        if !is_name {
            check.problem(
                &key,
                "this cannot name an attribute",
                "use 1 to 64 letters, digits, dots, underscores and hyphens",
            );
        } else if ours.contains(&name.as_str()) {
            check.problem(
                &key,
                "this attribute is EdgeSIEM's own",
                "choose another name",
            );
        }
    }
}

/// The name of a header that carries a credential, in lower case.
pub(crate) fn header_name(check: &mut Check<'_>, key: &str, name: &str) -> Option<String> {
    /// Headers that say what a request is, where it goes and where it ends.
    const TAKEN: &[&str] = &[
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
    ];
    // RFC 9110 section 5.6.2 allows more characters; no header in use has them.
    let is_name = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let name = name.to_ascii_lowercase();
    if !is_name
        || TAKEN.contains(&name.as_str())
        || name.starts_with("proxy-")
        || name.starts_with("sec-")
    {
        check.problem(
            key,
            "this cannot name a header that carries a credential",
            "use 1 to 64 letters, digits, hyphens and underscores, such as x-panther-secret",
        );
        return None;
    }
    Some(name)
}
