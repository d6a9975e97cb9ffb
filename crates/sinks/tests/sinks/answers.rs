//! What the tables of single sinks share.

use edgesiem_model::{Answer, Attempt, Error, Sink, SinkVerdict, Timestamp};
use serde_json::Value;

use super::{batch, head, name, resolve, secrets, verdict};

/// The keys of all problems of a configuration.
pub(crate) fn problem_keys(kind: &str, config: &Value) -> Vec<String> {
    let problems = resolve(kind, config, &secrets()).err().unwrap_or_default();
    let key = |error: &Error| {
        let found = error.context().iter().find(|(name, _)| *name == "key");
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    problems.iter().map(key).collect()
}

/// Statuses that mean the same to every receiver that has no rule of its own, as a table writes their verdicts. `stop`
/// stands for any stop.
const COMMON: &[(u16, &str)] = &[
    (
        301,
        "stop: the sink answered with a redirect, and redirects are never followed",
    ),
    (
        307,
        "stop: the sink answered with a redirect, and redirects are never followed",
    ),
    (400, "rejected"),
    (401, "stop"),
    (402, "stop"),
    (403, "stop"),
    (404, "stop"),
    (405, "stop"),
    (406, "stop"),
    (408, "retry"),
    (410, "stop"),
    (411, "stop"),
    (413, "too large"),
    (414, "stop"),
    (415, "stop"),
    (422, "rejected"),
    (425, "retry"),
    (429, "retry"),
    (431, "stop"),
    (500, "retry"),
    (502, "retry"),
    (503, "retry"),
    (504, "retry"),
    (0, "stop"),
    (199, "stop"),
    (600, "stop"),
];

/// Every status but the receiver's own words of success.
pub(crate) fn check_common_statuses(sink: &dyn Sink) {
    for (status, expected) in COMMON {
        let shown = name(&verdict(sink, &head(*status, &[]), b"why"));
        let shown = match *expected {
            "stop" => shown.split(':').next().unwrap_or_default(),
            _ => shown.as_str(),
        };
        assert_eq!(shown, *expected, "{} {status}", sink.name());
    }
    for (after, expected) in [
        ("7", "retry 7000"),
        ("Sun, 06 Nov 1994 08:50:37 GMT", "retry 60000"),
        ("soon", "retry"),
    ] {
        let head = head(429, &[("retry-after", after)]);
        assert_eq!(name(&verdict(sink, &head, b"")), expected, "{after}");
    }
}

/// What `answer` to the health request means: `well`, or the message.
pub(crate) fn health(sink: &dyn Sink, status: u16, body: &str) -> String {
    let head = head(status, &[]);
    let answer = Answer {
        head: &head,
        body: body.as_bytes(),
        now: Timestamp::from_secs(784_111_777),
    };
    match sink.health_verdict(&answer) {
        Ok(()) => "well".to_owned(),
        Err(error) => error.message().to_owned(),
    }
}

/// None of `hidden` is in anything that is shown of a server that echoes all of it.
pub(crate) fn check_nothing_leaks(sink: &dyn Sink, hidden: &[&str]) {
    let request = sink.request(&batch(&["{}"]).view(), &Attempt::at(Timestamp::default()));
    let mut shown = format!("{sink:?} {sink:#?} {request:?}");
    let echo = hidden.join(" , ");
    for status in [200, 202, 204, 302, 400, 401, 404, 415, 429, 500] {
        let head = head(
            status,
            &[("location", &echo), ("content-type", "text/html")],
        );
        match verdict(sink, &head, echo.as_bytes()) {
            SinkVerdict::Stop(error) => shown += &error.to_string(),
            other => shown += &format!("{other:?}"),
        }
        shown += &health(sink, status, &echo);
    }
    for secret in hidden {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
