//! Whether a friendly answer comes from something else than the receiver.

use edgesiem_model::Answer;

/// Whether the answer is a page for people: a login form or the notice of a proxy. A receiver of events answers machines,
/// with JSON, a word, or nothing.
pub(crate) fn is_page(answer: &Answer<'_>) -> bool {
    let html = |value: &str| {
        value
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("text/html")
    };
    let body = answer.body.trim_ascii_start();
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    body.starts_with(b"<") || answer.head.header("content-type").is_some_and(html)
}

#[cfg(test)]
mod tests {
    use edgesiem_model::{Answer, ResponseHead, Timestamp};

    use super::is_page;

    #[test]
    fn a_page_is_known_by_its_type_or_its_beginning() {
        for (content_type, body, expected) in [
            (None, &b""[..], false),
            (None, b"{}", false),
            (None, b"OK", false),
            (Some("application/json"), b"{}", false),
            (None, b"\n <!DOCTYPE html>", true),
            (None, b"\xef\xbb\xbf<html>", true),
            (Some("Text/HTML; charset=utf-8"), b"please log in", true),
        ] {
            let header = |value: &str| ("content-type".to_owned(), value.to_owned());
            let head = ResponseHead {
                status: 200,
                headers: content_type.map(header).into_iter().collect(),
            };
            let answer = Answer {
                head: &head,
                body,
                now: Timestamp::default(),
            };
            assert_eq!(is_page(&answer), expected, "{content_type:?} {body:?}");
        }
    }
}
