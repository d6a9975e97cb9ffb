//! What a sink answered, in words that can be shown: bounded, printable and without our credentials.

use edgesiem_model::{Answer, Error, ErrorKind, Secret, SinkVerdict, printable, retry_after_ms};

/// Characters of an answer that are quoted. The rest of a page of HTML tells no more.
const QUOTED_CHARS: usize = 500;

/// An answer together with the credentials that its request carried: some servers echo headers or the path in
/// their error pages and redirects, and a log is no place for them.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) answer: &'a Answer<'a>,
    pub(crate) credentials: &'a [&'a Secret],
}

impl Told<'_> {
    /// Status and beginning of the body, such as `HTTP 503: {"text":"Server is busy","code":9}`.
    pub(crate) fn quote(&self) -> String {
        let status = self.answer.head.status;
        let text = String::from_utf8_lossy(self.answer.body);
        let text = printable(self.without_credentials(&text).trim(), QUOTED_CHARS);
        if text.is_empty() {
            format!("HTTP {status} without a body")
        } else {
            format!("HTTP {status}: {text}")
        }
    }

    /// Where a redirect points, if it says so.
    fn location(&self) -> String {
        self.answer.head.header("location").map_or_else(
            || "an address that it does not name".to_owned(),
            |location| printable(&self.without_credentials(location), QUOTED_CHARS),
        )
    }

    fn without_credentials(&self, text: &str) -> String {
        self.credentials
            .iter()
            .map(|secret| secret.expose())
            .filter(|secret| !secret.is_empty())
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }

    /// How long the sink asks to wait.
    pub(crate) fn after_ms(&self) -> Option<u64> {
        let value = self.answer.head.header("retry-after")?;
        retry_after_ms(value, self.answer.now)
    }

    pub(crate) fn later(&self) -> SinkVerdict {
        SinkVerdict::Retry {
            after_ms: self.after_ms(),
            reason: self.quote(),
        }
    }

    /// What an answer comes to that ends before its end. If it is as long as what we read of one, the next would be cut
    /// in the same way, and halves of the batch have answers that fit; else something broke off on the way.
    pub(crate) fn broken_off(&self, max_answer_bytes: usize) -> SinkVerdict {
        if self.answer.body.len() >= max_answer_bytes {
            SinkVerdict::TooLarge
        } else {
            self.later()
        }
    }

    pub(crate) fn rejected(&self) -> SinkVerdict {
        SinkVerdict::Rejected {
            reason: self.quote(),
        }
    }

    pub(crate) fn stop(&self, message: &str, user_action: &str) -> SinkVerdict {
        let error = Error::new(ErrorKind::SinkRefused, message, user_action);
        SinkVerdict::Stop(error.with("answer", self.quote()))
    }

    /// What a verdict over the answer to a health request comes to.
    pub(crate) fn unhealthy(&self, verdict: SinkVerdict) -> Result<(), Error> {
        match verdict {
            SinkVerdict::Accepted => Ok(()),
            SinkVerdict::Stop(error) => Err(error),
            _ => Err(Error::new(
                ErrorKind::SinkUnavailable,
                "the sink is there, and does not take events at the moment",
                "look at the sink's own health; a stream would wait and go on by itself",
            )
            .with("answer", self.quote())),
        }
    }

    pub(crate) fn moved(&self) -> SinkVerdict {
        let error = Error::new(
            ErrorKind::SinkRefused,
            "the sink answered with a redirect, and redirects are never followed",
            "if the new address is right, set it as the sink's url",
        );
        let error = error.with("points to", self.location());
        SinkVerdict::Stop(error.with("answer", self.quote()))
    }
}

#[cfg(test)]
mod tests {
    use super::Told;
    use edgesiem_model::{Answer, ResponseHead, Secret, Timestamp};

    #[test]
    fn an_answer_is_quoted_bounded_printable_and_without_our_credentials() {
        let secret = Secret::new("hunter2hunter2".to_owned());
        let quote = |body: &[u8]| {
            let head = ResponseHead {
                status: 500,
                headers: Vec::new(),
            };
            let answer = Answer {
                head: &head,
                body,
                now: Timestamp::default(),
            };
            Told {
                answer: &answer,
                credentials: &[&secret],
            }
            .quote()
        };
        assert_eq!(quote(b""), "HTTP 500 without a body");
        assert_eq!(
            quote(b" you sent hunter2hunter2\x1b[2J\n"),
            "HTTP 500: you sent ***\\u{1b}[2J"
        );
        assert_eq!(quote(b"\xff"), "HTTP 500: \u{fffd}");
        let long = "x".repeat(499) + "hunter2hunter2" + &"y".repeat(60_000);
        let quoted = quote(long.as_bytes());
        assert!(!quoted.contains("hunter"), "{quoted}");
        assert!(quoted.chars().count() < 520, "{quoted}");
    }
}
