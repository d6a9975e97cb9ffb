//! OpenSearch: what it has besides Elasticsearch.

use edgesiem_model::{Answer, Attempt, Sink, Timestamp};
use serde_json::{Value, json};

use super::answers::problem_keys;
use super::{batch, head, name, sink, verdict};

fn aws(more: Value) -> Value {
    let mut aws = json!({
        "region": "eu-west-1", "access_key_id": {"secret": "API_KEY"}, "secret_access_key": {"secret": "TOKEN"},
    });
    if let (Some(aws), Value::Object(more)) = (aws.as_object_mut(), more) {
        aws.extend(more);
    }
    aws
}

fn signed(more: Value) -> Box<dyn Sink> {
    let config = json!({"url": "https://os.example", "index": "waf", "aws": aws(more)});
    sink("opensearch", &config)
}

#[test]
fn a_refused_signature_is_told_from_a_refused_password() {
    let basic = sink(
        "opensearch",
        &json!({"url": "https://os.example", "index": "waf", "user": "u", "password": {"secret": "TOKEN"}}),
    );
    let signature =
        "stop: the cluster refused our signature, or our access key may not write to it";
    let password = "stop: the cluster refused our credentials, or they may not write there";
    for status in [401, 403] {
        let body = br#"{"message":"The request signature we calculated does not match the signature you provided."}"#;
        let head = head(status, &[]);
        assert_eq!(
            name(&verdict(signed(json!({})).as_ref(), &head, body)),
            signature
        );
        assert_eq!(name(&verdict(basic.as_ref(), &head, body)), password);
    }
}

#[test]
fn whoever_may_only_write_is_healthy_and_a_collection_is_not_asked() {
    let domain = signed(json!({}));
    assert!(
        domain
            .health_request(&Attempt::at(Timestamp::default()))
            .is_some()
    );
    let collection = signed(json!({"service": "aoss"}));
    assert!(
        collection
            .health_request(&Attempt::at(Timestamp::default()))
            .is_none()
    );
    let root = br#"{"name":"a","version":{"distribution":"opensearch","number":"3.1.0"}}"#;
    let hidden = br#"{"error":{"type":"security_exception","reason":"no permissions for [cluster:monitor/main]"},"status":403}"#;
    for (status, body, healthy) in [
        (200, &root[..], true),
        (403, hidden, true),
        (403, b"{\"message\":\"no\"}", false),
        (200, b"{}", false),
        (404, root, false),
    ] {
        let head = head(status, &[]);
        let answer = Answer {
            head: &head,
            body,
            now: Timestamp::default(),
        };
        let verdict = domain.health_verdict(&answer);
        assert_eq!(verdict.is_ok(), healthy, "{status} {verdict:?}");
    }
}

#[test]
fn a_signature_does_not_depend_on_anything_but_request_and_time() {
    let batch = batch(&["{}"]);
    let sink = signed(json!({}));
    let authorization = |secs| {
        let request = sink.request(&batch.view(), &Attempt::at(Timestamp::from_secs(secs)));
        let found = request
            .headers
            .into_iter()
            .find(|(name, _)| name == "authorization");
        found.unwrap().1.expose().to_owned()
    };
    assert_eq!(authorization(1), authorization(1));
    assert_ne!(authorization(1), authorization(2));
}

#[test]
fn problems_are_named_by_their_keys() {
    let url = "https://os.example";
    let secret = json!({"secret": "TOKEN"});
    for (config, expected) in [
        (
            json!({"url": url, "index": "waf", "aws": aws(json!({}))}),
            &[][..],
        ),
        (json!({"url": url, "unauthenticated": true}), &["index"]),
        (
            json!({"url": url, "data_stream": {}, "unauthenticated": true}),
            &[],
        ),
        (json!({"url": url, "index": "waf"}), &["user"]),
        (
            json!({"url": url, "index": "waf", "user": "u", "password": secret, "aws": aws(json!({}))}),
            &["aws"],
        ),
        (
            json!({"url": url, "index": "waf", "aws": {
                "region": "EU West", "access_key_id": "not/an+id", "secret_access_key": {"secret": "NOT_SET"},
                "session_token": {"secret": "NOT_SET"},
            }}),
            &[
                "aws.region",
                "aws.access_key_id",
                "aws.secret_access_key",
                "aws.session_token",
            ],
        ),
    ] {
        assert_eq!(problem_keys("opensearch", &config), expected, "{config}");
    }
}
