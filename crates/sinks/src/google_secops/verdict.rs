//! What an answer of the Chronicle API means.
//!
//! A refusal is `{"error":{"code":400,"message":"…","status":"INVALID_ARGUMENT"}}` (<https://google.aip.dev/193>).

use edgesiem_model::{AccessToken, Answer, SinkVerdict};
use serde::Deserialize;

use super::GoogleSecops;
use crate::answer::Told;
use crate::oauth::Veiled;
use crate::status::Meaning;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reply {
    error: Option<Refusal>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    status: String,
    message: String,
}

/// An authorization server is sent an assertion, which it could echo.
pub(super) fn token(sink: &GoogleSecops, answer: &Answer<'_>) -> Result<AccessToken, SinkVerdict> {
    if answer.head.status == 200 {
        return sink.authority.verdict(&[], answer);
    }
    let veiled = Veiled::new(answer);
    sink.authority.verdict(&[], &veiled.of(answer))
}

pub(super) fn verdict(answer: &Answer<'_>) -> SinkVerdict {
    let veiled = Veiled::new(answer);
    let answer = veiled.of(answer);
    let told = Told {
        answer: &answer,
        credentials: &[],
    };
    let reply = reply(answer.body);
    if let (200, Some(Reply { error: None })) = (answer.head.status, &reply) {
        return SinkVerdict::Accepted;
    }
    let refusal = reply.and_then(|reply| reply.error).unwrap_or_default();
    match Meaning::of(answer.head.status) {
        // The API answers with an empty object. A login page or another service with a friendly 200 must not swallow events.
        Meaning::Taken => told.stop(
            "the answer is not that of the Chronicle API",
            "check the sink's region and url",
        ),
        Meaning::Moved => told.moved(),
        Meaning::Credentials if answer.head.status == 403 => told.stop(
            "the service account may not import logs into this instance",
            "give it a role with the permission chronicle.logs.import in the project of the instance, and check that the Chronicle API is \
             enabled there",
        ),
        Meaning::Credentials => told.stop(
            "the Chronicle API refuses our access token",
            "check that the service account still exists; the answer tells more",
        ),
        Meaning::Address => told.stop(
            "there is no such instance or log type",
            "check project, region, instance and log_type of the sink",
        ),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Poison => poison(&told, &refusal),
        Meaning::Foreign => told.stop(
            "the Chronicle API refuses requests of this kind",
            "check what stands between us and Google; the answer tells more",
        ),
    }
}

/// `None` if the body is no object. An empty body is taken for an empty object.
fn reply(body: &[u8]) -> Option<Reply> {
    if body.trim_ascii().is_empty() {
        return Some(Reply::default());
    }
    // A struct could be read from an array too.
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    serde_json::from_slice(body).ok().filter(|_| is_object)
}

/// A 400 speaks of the content or of what the configuration says in every request.
fn poison(told: &Told<'_>, refusal: &Refusal) -> SinkVerdict {
    let message = refusal.message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["payload size exceeds", "too large"]) {
        return SinkVerdict::TooLarge;
    }
    let is_configured = [
        "forwarder",
        "logtype",
        "log_type",
        "log type",
        "parent",
        "instance",
        "project",
        "location",
    ];
    if refusal.status == "FAILED_PRECONDITION" || has(&is_configured) {
        return told.stop(
            "the Chronicle API refuses what the sink's configuration says",
            "check project, region, instance, log_type and forwarder of the sink; the answer tells which",
        );
    }
    told.rejected()
}
