//! Answers of the Chronicle API and of Google's authorization server, and what is refused at start.

use std::collections::BTreeMap;

use edgesiem_model::{Answer, Error, Sink, Timestamp};
use serde_json::{Value, json};

use super::answers::check_common_statuses;
use super::{head, name, resolve, verdict};

fn config() -> Value {
    json!({"region": "eu", "project": "p", "instance": "i", "credentials": {"secret": "KEY"}})
}

/// A key file that was made for the vectors.
fn key_file() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/sinks/google-secops/plain.json"
    );
    let case: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    serde_json::from_str(case["secrets"]["GOOGLE_SERVICE_ACCOUNT"].as_str().unwrap()).unwrap()
}

fn built(config: &Value, key_file: &str) -> Result<Box<dyn Sink>, Vec<Error>> {
    let secrets = BTreeMap::from([("KEY".to_owned(), key_file.to_owned())]);
    resolve("google-secops", config, &secrets)
}

fn secops() -> Box<dyn Sink> {
    built(&config(), &key_file().to_string()).unwrap()
}

/// A part of a secret that a message must not have.
fn part(secret: &str) -> &str {
    secret.get(40..60).unwrap()
}

fn keys(problems: &[Error]) -> Vec<&str> {
    problems
        .iter()
        .filter_map(|error| error.context().iter().find(|(name, _)| *name == "key"))
        .map(|(_, value)| value.as_str())
        .collect()
}

#[test]
fn an_empty_answer_delivers_and_a_refusal_is_read() {
    let sink = secops();
    check_common_statuses(sink.as_ref());
    let foreign = "stop: the answer is not that of the Chronicle API";
    let configured = "stop: the Chronicle API refuses what the sink's configuration says";
    let error = |code: u16, status: &str, message: &str| {
        let error = json!({"error": {"code": code, "status": status, "message": message}});
        (code, error.to_string())
    };
    for ((status, body), expected) in [
        ((200, "{}".to_owned()), "accepted"),
        ((200, String::new()), "accepted"),
        ((200, " {\n}\n".to_owned()), "accepted"),
        ((200, "<html>".to_owned()), foreign),
        ((200, "[]".to_owned()), foreign),
        ((200, r#"{"error":{"code":500}}"#.to_owned()), foreign),
        ((202, "{}".to_owned()), foreign),
        ((204, String::new()), foreign),
        (
            error(400, "INVALID_ARGUMENT", "Invalid UTF-8 in log data"),
            "rejected",
        ),
        (
            error(
                400,
                "INVALID_ARGUMENT",
                "Request payload size exceeds the limit: 4194304 bytes.",
            ),
            "too large",
        ),
        (
            error(400, "INVALID_ARGUMENT", "Forwarder not found"),
            configured,
        ),
        (
            error(400, "INVALID_ARGUMENT", "unknown log_type: AKAMAI"),
            configured,
        ),
        (error(400, "FAILED_PRECONDITION", "billing"), configured),
        (
            error(401, "UNAUTHENTICATED", "invalid credentials"),
            "stop: the Chronicle API refuses our access token",
        ),
        (
            error(403, "PERMISSION_DENIED", "chronicle.logs.import"),
            "stop: the service account may not import logs into this instance",
        ),
        (
            error(404, "NOT_FOUND", "instance"),
            "stop: there is no such instance or log type",
        ),
        (error(409, "ABORTED", "x"), "retry"),
        (error(429, "RESOURCE_EXHAUSTED", "burst"), "retry"),
        (error(503, "UNAVAILABLE", "x"), "retry"),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn google_grants_a_token_or_says_what_to_mend() {
    let sink = secops();
    let ask = |status: u16, body: &str| {
        let head = head(status, &[]);
        let answer = Answer {
            head: &head,
            body: body.as_bytes(),
            now: Timestamp::from_secs(1000),
        };
        match sink.token_verdict(&answer) {
            Ok(token) => format!("{} {}", token.token.expose(), token.expires_at.secs()),
            Err(verdict) => name(&verdict),
        }
    };
    let refused = "stop: the authorization server gives us no access token";
    for (status, body, expected) in [
        (
            200,
            r#"{"access_token":"ya29.c","expires_in":3599,"token_type":"Bearer"}"#,
            "ya29.c 4599".to_owned(),
        ),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#,
            format!("{refused}: invalid_grant"),
        ),
        (400, r#"{"error":"internal_failure"}"#, "retry".to_owned()),
        (429, "", "retry".to_owned()),
        (500, "", "retry".to_owned()),
    ] {
        assert_eq!(ask(status, body), expected, "{status} {body}");
    }
}

#[test]
fn the_largest_event_fits_into_a_request() {
    let limits = secops().limits();
    assert_eq!(limits.max_event_bytes + limits.bytes_per_batch, 4_000_000);
}

#[test]
fn a_key_file_that_cannot_be_used_is_refused_without_being_shown() {
    let good = key_file();
    let with = |member: &str, value: Value| {
        let mut file = good.clone();
        file[member] = value;
        file.to_string()
    };
    let pem = good["private_key"].as_str().unwrap();
    let cut = pem.replacen("MII", "MIJ", 1);
    for (file, message) in [
        ("{".to_owned(), "does not hold the key file"),
        ("[]".to_owned(), "does not hold the key file"),
        (pem.to_owned(), "does not hold the key file"),
        (with("type", json!("authorized_user")), "of another kind"),
        (with("client_email", json!("a b")), "client_email"),
        (with("private_key_id", json!("a\nb")), "private_key_id"),
        (
            with("token_uri", json!("https://evil.example/token")),
            "token_uri of the key file does not lead to Google",
        ),
        (
            with("token_uri", json!("http://oauth2.googleapis.com/token")),
            "token_uri of the key file does not lead to Google",
        ),
        (with("private_key", json!("x")), "no RSA key in PEM"),
        (with("private_key", json!(cut)), "no RSA key in PEM"),
        (
            with("private_key", json!(pem.replace("PRIVATE", "RSA PRIVATE"))),
            "no RSA key in PEM",
        ),
    ] {
        let problems = built(&config(), &file).err().unwrap();
        assert_eq!(keys(&problems), ["credentials"], "{message}");
        let shown = format!("{problems:?} {}", problems[0]);
        assert!(shown.contains(message), "{shown}");
        for hidden in ["evil", "a b", "BEGIN", part(pem)] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

#[test]
fn neither_key_nor_token_nor_assertion_is_shown() {
    let sink = secops();
    let file = key_file();
    let pem = file["private_key"].as_str().unwrap();
    assert!(!format!("{sink:?} {sink:#?}").contains(part(pem)));
    let request = sink.token_request(Timestamp::from_secs(1)).unwrap();
    let body = String::from_utf8(request.body.clone()).unwrap();
    let assertion = body.split("assertion=").nth(1).unwrap();
    assert!(!format!("{request:?} {request:#?}").contains(assertion));
    for status in [200, 302, 400, 401, 404, 418, 500] {
        let head = head(status, &[("location", assertion)]);
        let answer = Answer {
            head: &head,
            body: body.as_bytes(),
            now: Timestamp::default(),
        };
        let shown = format!(
            "{:?} {:?}",
            sink.token_verdict(&answer).unwrap_err(),
            verdict(sink.as_ref(), &head, body.as_bytes())
        );
        assert!(!shown.contains(part(assertion)), "{shown}");
    }
}

#[test]
fn problems_are_named_by_their_keys() {
    for (changes, expected) in [
        (json!({}), &[][..]),
        (json!({"region": "e/u"}), &["region"]),
        (json!({"url": "http://chronicle.example"}), &["url"]),
        (
            json!({"project": "", "instance": "a b"}),
            &["project", "instance"],
        ),
        (
            json!({"log_type": "AKAMAI/WAF", "forwarder": "a?b"}),
            &["log_type", "forwarder"],
        ),
        (
            json!({"namespace": "", "labels": {"edgesiem_id": "x", "a b": "c", "ok": "\n"}}),
            &["labels.ok", "namespace", "labels.a b", "labels.edgesiem_id"],
        ),
        (json!({"max_batch_bytes": 4_000_001}), &["max_batch_bytes"]),
    ] {
        let mut config = config();
        for (key, value) in changes.as_object().unwrap() {
            config[key] = value.clone();
        }
        let problems = built(&config, &key_file().to_string());
        let problems = problems.err().unwrap_or_default();
        assert_eq!(keys(&problems), expected, "{changes}");
    }
}
