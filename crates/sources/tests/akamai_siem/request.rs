//! Requests, signed.

use edgesiem_model::{Cursor, PageRequest, Source};
use serde_json::json;

use super::{ACCESS_TOKEN, CLIENT_SECRET, CLIENT_TOKEN, NOW, page, source};

#[test]
fn a_request_is_signed_exactly_as_it_is_sent() {
    // Signatures computed with Python's hmac and hashlib.
    for (ids, cursor, limit, clock_skew_ms, target, time, signature) in [
        (
            json!([14227]),
            json!({"offset": "NULL"}),
            10_000,
            999,
            "/siem/v1/configs/14227?offset=NULL&limit=10000",
            "20140321T19:34:21+0000",
            "3T1yP0zsh2MH3bGxlfCmcBkbNR57syhClekCg7kzmUc=",
        ),
        (
            json!(["14227", 29182]),
            json!({"offset": "71cca;3phZmEdPj6YEqml0-_"}),
            500,
            30_000,
            "/siem/v1/configs/14227%3B29182?offset=71cca%3B3phZmEdPj6YEqml0-_&limit=500",
            "20140321T19:34:51+0000",
            "hsnFEAYzYHE2PXG1qF39Zecm1b5SoI+d+oCIrb3ysPY=",
        ),
        (
            json!([14227, 29182]),
            json!({"from": 1_395_400_000, "to": 1_395_410_000}),
            1,
            -1,
            "/siem/v1/configs/14227%3B29182?from=1395400000&to=1395410000&limit=1",
            "20140321T19:34:20+0000",
            "3oD+xTUhyoJrXzz4ilOKpghvyeC8UH5xNfJFMVJztzU=",
        ),
    ] {
        let source = source(json!({ "config_ids": ids }));
        let cursor = Cursor(cursor);
        let request = source
            .request(&PageRequest {
                limit,
                clock_skew_ms,
                ..page(&cursor)
            })
            .unwrap();
        assert_eq!(
            request.url(),
            format!("https://akab-h.luna.akamaiapis.net{target}")
        );
        assert_eq!(request.method.as_str(), "GET");
        assert_eq!(request.timeout_ms, 150_000);
        assert!(request.body.is_empty());
        let authorization = format!(
            "EG1-HMAC-SHA256 client_token={CLIENT_TOKEN};access_token={ACCESS_TOKEN};timestamp={time};\
             nonce=07070707-0707-4707-8707-070707070707;signature={signature}"
        );
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_ref(), value.expose()))
            .collect();
        let expected = [
            ("accept", "application/json"),
            ("accept-encoding", "gzip"),
            ("authorization", authorization.as_str()),
            (
                "user-agent",
                concat!("edgesiem/", env!("CARGO_PKG_VERSION")),
            ),
        ];
        assert_eq!(headers, expected);
    }
}

#[test]
fn a_stream_begins_where_the_configuration_says() {
    for (more, expected) in [
        (json!({}), json!({"offset": "NULL"})),
        (json!({"start_from": 7}), json!({"from": 7})),
        (json!({"start_offset": "a;b"}), json!({"offset": "a;b"})),
        (
            json!({"start_from": 7, "start_to": 9}),
            json!({"from": 7, "to": 9}),
        ),
    ] {
        assert_eq!(source(more).start(), Cursor(expected));
    }
}

#[test]
fn a_cursor_of_another_source_is_refused() {
    let source = source(json!({}));
    for cursor in [
        json!(null),
        json!("NULL"),
        json!({}),
        json!({"offset": ""}),
        json!({"offset": 1}),
        json!({"offset": "a", "from": 1}),
        json!({"offset": "a", "page": 1}),
        json!({"to": 1}),
        json!({"from": -1}),
        json!({"from": "1"}),
        json!({"from": 1, "to": null}),
        json!({"next_link": "https://api.example/"}),
    ] {
        let cursor = Cursor(cursor);
        let error = source.request(&page(&cursor)).unwrap_err();
        assert!(!error.kind().retryable(), "{error}");
        assert!(error.to_string().contains("reset the stream"), "{error}");
    }
}

#[test]
fn no_secret_is_printed() {
    let source = source(json!({}));
    let cursor = source.start();
    let request = source.request(&page(&cursor)).unwrap();
    let signature = request
        .headers
        .iter()
        .find(|(name, _)| name == "authorization")
        .unwrap();
    let shown = format!("{source:?} {source:#?} {request:?} {request:#?} {}", NOW);
    for hidden in [
        CLIENT_TOKEN,
        CLIENT_SECRET,
        ACCESS_TOKEN,
        signature.1.expose(),
    ] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
