//! Answers of the Logs Ingestion API and of Microsoft Entra, and what is refused at start.

use edgesiem_model::{Answer, DocumentForm, Timestamp};
use serde_json::{Value, json};

use super::answers::{check_common_statuses, check_nothing_leaks, problem_keys};
use super::{API_KEY, head, name, sink, verdict};

fn config() -> Value {
    json!({
        "endpoint": "https://x.ingest.monitor.azure.com", "dcr_id": "dcr-000a00a000a00000a000000aa000a0aa",
        "stream": "Custom-X", "tenant_id": "t", "client_id": "c", "client_secret": {"secret": "API_KEY"},
    })
}

#[test]
fn only_204_delivers_and_the_code_goes_before_the_status() {
    let sink = sink("sentinel", &config());
    check_common_statuses(sink.as_ref());
    let foreign = "stop: the answer is not that of the Logs Ingestion API";
    let token = "stop: the Logs Ingestion API refuses our access token";
    let role = "stop: the application may not write to the data collection rule";
    let rule = "stop: there is no such data collection rule at this endpoint";
    let stream = "stop: the data collection rule has no such stream";
    let error = |code: &str| json!({"error": {"code": code, "message": "why"}}).to_string();
    for (status, body, expected) in [
        (204, String::new(), "accepted"),
        (200, String::new(), foreign),
        (200, "<html>".to_owned(), foreign),
        (202, "{}".to_owned(), foreign),
        (400, error("InvalidStream"), stream),
        (404, error("InvalidStream"), stream),
        (400, error("InvalidPayload"), "rejected"),
        (400, "{".to_owned(), "rejected"),
        (400, r#"{"error":"InvalidStream"}"#.to_owned(), "rejected"),
        (401, error("InvalidToken"), token),
        (403, error("OperationFailed"), role),
        (404, error("NotFound"), rule),
        (404, error("ContentLengthLimitExceeded"), "too large"),
        (413, error("ContentLengthLimitExceeded"), "too large"),
        (429, error("RateLimitExceeded"), "retry"),
        (500, error("InvalidStream"), "retry"),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn the_missing_role_is_named() {
    let verdict = verdict(sink("sentinel", &config()).as_ref(), &head(403, &[]), b"");
    let shown = format!("{verdict:?}");
    assert!(shown.contains("Monitoring Metrics Publisher"), "{shown}");
}

#[test]
fn entra_grants_a_token_or_says_what_to_mend() {
    let sink = sink("sentinel", &config());
    let ask = |status: u16, body: &str| {
        let head = head(status, &[("retry-after", "3")]);
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
            r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ"}"#,
            "eyJ 4599".to_owned(),
        ),
        (
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","error_codes":[7000215]}"#,
            format!("{refused}: invalid_client"),
        ),
        (
            400,
            r#"{"error":"unauthorized_client","error_description":"AADSTS700016: Application not found."}"#,
            format!("{refused}: unauthorized_client"),
        ),
        (
            400,
            r#"{"error":"invalid_request","error_description":"AADSTS90002: Tenant not found."}"#,
            format!("{refused}: invalid_request"),
        ),
        (
            400,
            r#"{"error":"temporarily_unavailable"}"#,
            "retry 3000".to_owned(),
        ),
        (429, "", "retry 3000".to_owned()),
        (503, "", "retry 3000".to_owned()),
    ] {
        assert_eq!(ask(status, body), expected, "{status} {body}");
    }
}

#[test]
fn the_largest_event_fits_into_a_call() {
    let limits = sink("sentinel", &config()).limits();
    assert_eq!(limits.max_event_bytes + limits.bytes_per_batch, 1_048_576);
}

#[test]
fn text_and_log_records_are_not_taken() {
    let sink = sink("sentinel", &config());
    let forms = [
        DocumentForm::Json,
        DocumentForm::Text,
        DocumentForm::OtlpLogRecord,
    ];
    assert_eq!(forms.map(|form| sink.takes(form)), [true, false, false]);
}

#[test]
fn no_secret_and_no_token_is_shown() {
    let sink = sink("sentinel", &config());
    check_nothing_leaks(sink.as_ref(), &[API_KEY]);
    let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.".repeat(10);
    for status in [200, 302, 400, 401, 403, 404, 500] {
        let echo = format!("Authorization: Bearer {token}");
        let head = head(status, &[("location", &format!("https://h/?t={token}"))]);
        let shown = format!("{:?}", verdict(sink.as_ref(), &head, echo.as_bytes()));
        assert!(!shown.contains("eyJ0"), "{shown}");
    }
    let head = head(400, &[]);
    let echo = format!("client_secret={API_KEY}");
    let answer = Answer {
        head: &head,
        body: echo.as_bytes(),
        now: Timestamp::default(),
    };
    let shown = format!("{:?}", sink.token_verdict(&answer).unwrap_err());
    assert!(!shown.contains(API_KEY), "{shown}");
}

#[test]
fn problems_are_named_by_their_keys() {
    for (changes, expected) in [
        (json!({}), &[][..]),
        (json!({"cloud": "china"}), &[]),
        (json!({"endpoint": "http://x.example"}), &["endpoint"]),
        (json!({"endpoint": "https://x.example/?a"}), &["endpoint"]),
        (
            json!({"authority_url": "http://login.example"}),
            &["authority_url"],
        ),
        (json!({"dcr_id": "my-rule"}), &["dcr_id"]),
        (
            json!({"dcr_id": "dcr-000A00a000a00000a000000aa000a0a"}),
            &["dcr_id"],
        ),
        (json!({"stream": "AkamaiSIEMEvent_CL"}), &["stream"]),
        (json!({"stream": "Custom-X/../Y"}), &["stream"]),
        (
            json!({"tenant_id": "a/b", "client_id": "", "client_secret": {"secret": "NOT_SET"}}),
            &["tenant_id", "client_id", "client_secret"],
        ),
        (json!({"max_batch_bytes": 1_048_577}), &["max_batch_bytes"]),
    ] {
        let mut config = config();
        for (key, value) in changes.as_object().unwrap() {
            config[key] = value.clone();
        }
        assert_eq!(problem_keys("sentinel", &config), expected, "{changes}");
    }
}
