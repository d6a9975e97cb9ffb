//! Every kind of response, and what it means.

use edgesiem_model::{Cursor, ErrorKind, Source, SourceVerdict};
use proptest::prelude::*;
use serde_json::json;

use super::{ACCESS_TOKEN, CLIENT_SECRET, CLIENT_TOKEN, head, page, source, vector};

/// A verdict as a table writes it.
fn name(verdict: &SourceVerdict) -> String {
    match verdict {
        SourceVerdict::Page => "page".to_owned(),
        SourceVerdict::Retry { after_ms: None, .. } => "retry".to_owned(),
        SourceVerdict::Retry {
            after_ms: Some(ms), ..
        } => format!("retry {ms}"),
        SourceVerdict::Resign {
            clock_skew_ms: None,
            ..
        } => "resign".to_owned(),
        SourceVerdict::Resign {
            clock_skew_ms: Some(ms),
            ..
        } => format!("resign {ms}"),
        SourceVerdict::Recover { .. } => "recover".to_owned(),
        SourceVerdict::AskFrom { .. } => "ask from".to_owned(),
        SourceVerdict::Stop(_) => "stop".to_owned(),
    }
}

fn error(verdict: &SourceVerdict) -> Option<&edgesiem_model::Error> {
    match verdict {
        SourceVerdict::Page => None,
        SourceVerdict::Retry { error, .. }
        | SourceVerdict::Resign { error, .. }
        | SourceVerdict::AskFrom { error, .. }
        | SourceVerdict::Recover { error }
        | SourceVerdict::Stop(error) => Some(error),
    }
}

fn verdict(status: u16, headers: &[(&str, &str)], body: &[u8]) -> SourceVerdict {
    let source = source(json!({}));
    let cursor = source.start();
    source.verdict(&page(&cursor), &head(status, headers), body)
}

#[test]
fn every_status_has_its_verdict() {
    // The page was asked for at Fri, 21 Mar 2014 19:34:21 GMT.
    let pep = |detail: &str| {
        let kind = "https://problems.luna.akamaiapis.net/-/pep-authn/request-error";
        json!({"type": kind, "title": "Bad request", "status": 400, "detail": detail}).to_string()
    };
    let (stamp, burst) = (
        pep("Invalid timestamp"),
        pep("WAF deny rule IPBLOCK-BURST4-54013"),
    );
    let (range, old) = (
        pep("'from' parameter is out of range"),
        pep("from is TOO OLD"),
    );
    let errors =
        json!({"title": "Bad request", "errors": [{"detail": "Invalid timestamp"}]}).to_string();
    let echo =
        json!({"title": "x", "instance": "/siem?invalid timestamp out of range"}).to_string();
    for (status, headers, body, expected) in [
        (200, &[][..], "", "page"),
        (202, &[], "", "retry"),
        (204, &[], "", "retry"),
        (206, &[], "", "retry"),
        (
            301,
            &[("location", "https://elsewhere.example/")],
            "",
            "stop",
        ),
        (304, &[], "", "stop"),
        (
            400,
            &[("date", "Fri, 21 Mar 2014 19:36:21 GMT")],
            &stamp,
            "resign 120000",
        ),
        (
            400,
            &[("date", "Fri, 21 Mar 2014 19:34:00 GMT")],
            &stamp,
            "resign -21000",
        ),
        (400, &[("date", "yesterday")], &stamp, "resign"),
        (400, &[], &stamp, "resign"),
        (400, &[], &errors, "resign"),
        (400, &[], "<html>Invalid Timestamp</html>", "resign"),
        (400, &[], &burst, "retry"),
        (400, &[("retry-after", "60")], &burst, "retry 60000"),
        (400, &[], &range, "stop"),
        (400, &[], &old, "recover"),
        (400, &[], &echo, "stop"),
        // Words of a proxy do not give up the bookmark.
        (400, &[], "<html>Your browser is too old</html>", "stop"),
        (400, &[], "\"too old\"", "stop"),
        (400, &[], "{\"x\":\"too old\"}", "stop"),
        (400, &[], "", "stop"),
        (401, &[], "", "stop"),
        (403, &[], "", "stop"),
        (404, &[], "", "stop"),
        (405, &[], "", "stop"),
        (407, &[], "", "stop"),
        (408, &[], "", "retry"),
        (410, &[], "", "stop"),
        (414, &[], "", "stop"),
        (416, &[], "", "recover"),
        (416, &[], "<html>", "recover"),
        (428, &[], "", "stop"),
        (429, &[], "", "retry"),
        (429, &[("retry-after", "2")], "", "retry 2000"),
        (
            429,
            &[("retry-after", "Fri, 21 Mar 2014 19:35:21 GMT")],
            "",
            "retry 60000",
        ),
        (429, &[("retry-after", "later")], "", "retry"),
        (500, &[], "", "retry"),
        (501, &[], "", "retry"),
        (502, &[], "<html>", "retry"),
        (503, &[("retry-after", "0")], "", "retry 0"),
        (504, &[], "", "retry"),
        (507, &[], "", "retry"),
        (599, &[], "", "retry"),
        (0, &[], "", "stop"),
        (101, &[], "", "stop"),
        (600, &[], "", "stop"),
    ] {
        let verdict = verdict(status, headers, body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
        let Some(error) = error(&verdict) else {
            continue;
        };
        let kind = match verdict {
            SourceVerdict::Stop(_) => ErrorKind::SourceRefused,
            _ => ErrorKind::SourceUnavailable,
        };
        assert_eq!(error.kind(), kind, "{status}");
        assert!(error.message().contains(&status.to_string()), "{error}");
        assert!(!error.user_action().is_empty());
    }
}

#[test]
fn a_time_that_is_out_of_range_is_recovered_from_and_a_limit_is_not() {
    let source = source(json!({}));
    let body = json!({"title": "Bad request", "detail": "parameter out of range"}).to_string();
    for (cursor, expected) in [
        (json!({"from": 1}), "recover"),
        (json!({"from": 1, "to": 2}), "recover"),
        (json!({"offset": "a"}), "stop"),
    ] {
        let cursor = Cursor(cursor);
        let verdict = source.verdict(&page(&cursor), &head(400, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{cursor:?}");
        let proxy = b"<html>The port is out of range</html>";
        let verdict = source.verdict(&page(&cursor), &head(400, &[]), proxy);
        assert_eq!(name(&verdict), "stop", "{cursor:?}");
    }
}

#[test]
fn akamais_own_problem_documents_get_the_right_verdict_and_are_shown_whole() {
    for (status, file, expected, message, action) in [
        (
            400,
            "akamai-apis/siem-400.json",
            "stop",
            "the SIEM API answered 400: Missing mandatory parameter(s) or illegal parameter(s) in the request",
            "config_ids",
        ),
        (
            403,
            "akamai-apis/siem-403.json",
            "stop",
            "the SIEM API answered 403: Unauthorized: The specified user is unauthorized to access the requested data",
            "Manage SIEM",
        ),
        (
            404,
            "akamai-apis/siem-404.json",
            "stop",
            "the SIEM API answered 404: Not found: The data for the object requested does not exist",
            "config_ids",
        ),
        (
            416,
            "akamai-apis/siem-416.json",
            "recover",
            "the SIEM API answered 416: Expired offset parameter in the request",
            "goes on by time",
        ),
        (
            429,
            "akamai-apis/siem-429.json",
            "retry",
            "the SIEM API answered 429: Too many requests: Too many requests made from clients of this account",
            "other clients",
        ),
        (
            500,
            "akamai-apis/siem-500.json",
            "retry",
            "the SIEM API answered 500: Error: Internal server error",
            "nothing",
        ),
        (
            503,
            "akamai-apis/siem-503.json",
            "retry",
            "the SIEM API answered 503: Service unavailable: There is no available backend system to respond \
             to the request",
            "nothing",
        ),
    ] {
        let body = vector(file);
        let verdict = verdict(status, &[], &body);
        assert_eq!(name(&verdict), expected, "{file}");
        let error = error(&verdict).unwrap();
        assert_eq!(error.message(), message);
        assert!(error.user_action().contains(action), "{error}");
        let shown = error.to_string();
        assert!(
            shown.contains("\"requestId\"") && shown.contains("\"serverIp\""),
            "{shown}"
        );
        assert!(!shown.contains('\n'), "{shown}");
    }
}

#[test]
fn a_redirect_says_where_it_points_in_printable_text() {
    let verdict = verdict(
        302,
        &[("location", "https://elsewhere.example/\u{1b}[2J")],
        b"",
    );
    let shown = error(&verdict).unwrap().to_string();
    assert!(
        shown.contains("points to: https://elsewhere.example/\\u{1b}[2J"),
        "{shown}"
    );
}

#[test]
fn a_server_that_echoes_credentials_does_not_get_them_into_the_log() {
    let echo = format!("<pre>{CLIENT_TOKEN} {CLIENT_SECRET} {ACCESS_TOKEN}</pre>");
    for status in [302, 400, 401, 403, 416, 429, 500] {
        let verdict = verdict(status, &[("location", &echo)], echo.as_bytes());
        let shown = format!("{verdict:?} {}", error(&verdict).unwrap());
        for hidden in [CLIENT_TOKEN, CLIENT_SECRET, ACCESS_TOKEN] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

proptest! {
    #[test]
    fn no_response_panics_and_every_text_is_printable_and_bounded(
        status in any::<u16>(),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..2000),
            any::<[String; 3]>().prop_map(|[title, detail, more]| {
                json!({"title": title, "detail": detail.repeat(100), "errors": [more]}).to_string().into_bytes()
            }),
        ],
        headers in prop::collection::vec(
            (prop_oneof![Just("date"), Just("retry-after"), Just("location")], any::<String>()), 0..4,
        ),
    ) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let verdict = verdict(status, &headers, &body);
        if let Some(error) = error(&verdict) {
            let shown = error.to_string();
            prop_assert!(!shown.chars().any(char::is_control), "{shown:?}");
            // Two facts of at most 4096 characters, each at most 10 bytes long when escaped.
            prop_assert!(shown.len() < 100_000);
        }
    }
}
