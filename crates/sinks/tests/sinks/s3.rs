//! Buckets over S3's protocol: what every answer means, and what a configuration must say.

use edgesiem_model::{Answer, Sink, SinkVerdict, Timestamp};
use serde_json::{Value, json};

use super::answers::problem_keys;
use super::{TOKEN, head, name, sink, verdict};

fn config(more: Value) -> Value {
    let mut config = json!({
        "bucket": "logs", "region": "eu-west-1", "access_key_id": {"secret": "API_KEY"}, "secret_access_key": {"secret": "TOKEN"},
    });
    if let (Some(config), Value::Object(more)) = (config.as_object_mut(), more) {
        config.extend(more);
    }
    config
}

fn bucket() -> Box<dyn Sink> {
    sink("s3", &config(json!({})))
}

/// An error as S3 writes it.
fn xml(code: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>why</Message><Region>eu-central-1</Region>\
         <RequestId>4442587FB7D0A2F9</RequestId></Error>"
    )
}

#[test]
fn the_code_of_an_error_decides() {
    let signature = "stop: the bucket's server computes another signature (SignatureDoesNotMatch)";
    let id = "stop: the access key id is not known there (InvalidAccessKeyId)";
    let token = "stop: the session token is no longer, or not, valid";
    let skew =
        "stop: this host's clock and the server's differ by 3600 s, too much for a signature";
    let denied = "stop: the access key may not write there (or the bucket is another account's)";
    let region = "stop: the bucket is in another region than the sink's";
    let foreign = "stop: the bucket's server refuses requests of this kind";
    let unknown =
        "stop: the server does not know something that the request asks for (NotImplemented)";
    for (status, code, expected) in [
        (412, "PreconditionFailed", "accepted"),
        (409, "ConditionalRequestConflict", "retry"),
        (409, "OperationAborted", "retry"),
        (403, "SignatureDoesNotMatch", signature),
        (403, "InvalidAccessKeyId", id),
        (403, "AccessDenied", denied),
        (403, "AllAccessDisabled", denied),
        (403, "RequestTimeTooSkewed", skew),
        (400, "ExpiredToken", token),
        (400, "InvalidToken", token),
        (404, "NoSuchBucket", "stop: there is no such bucket"),
        (301, "PermanentRedirect", region),
        (400, "AuthorizationHeaderMalformed", region),
        (307, "TemporaryRedirect", "retry"),
        (400, "RequestTimeout", "retry"),
        (400, "BadDigest", "retry"),
        (400, "IncompleteBody", "retry"),
        (400, "EntityTooLarge", "too large"),
        (400, "InvalidStorageClass", foreign),
        (400, "InvalidArgument", foreign),
        (400, "InvalidRequest", foreign),
        (400, "KMS.NotFoundException", foreign),
        (501, "NotImplemented", unknown),
        (500, "InternalError", "retry"),
        (503, "SlowDown", "retry"),
        (503, "ServiceUnavailable", "retry"),
        (429, "TooManyRequests", "retry"),
    ] {
        let head = head(status, &[("date", "Sun, 06 Nov 1994 09:49:37 GMT")]);
        let verdict = verdict(bucket().as_ref(), &head, xml(code).as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {code}");
    }
}

#[test]
fn the_status_decides_where_there_is_no_code() {
    let address = "stop: there is no such bucket, or no bucket's server at this address";
    let credentials = "stop: the bucket's server refused our credentials";
    let foreign = "stop: the bucket's server refuses requests of this kind";
    let no_etag = "stop: the answer is not that of a bucket: it has no ETag";
    let redirect = "stop: the sink answered with a redirect, and redirects are never followed";
    let region = "stop: the bucket is in another region than the sink's";
    for (status, headers, expected) in [
        (200, &[("etag", "\"d41d8cd9\"")][..], "accepted"),
        (200, &[], no_etag),
        (204, &[], no_etag),
        (301, &[("x-amz-bucket-region", "eu-central-1")], region),
        (302, &[("location", "https://login.example/")], redirect),
        (400, &[], foreign),
        (401, &[], credentials),
        (403, &[], credentials),
        (404, &[], address),
        (405, &[], address),
        (408, &[], "retry"),
        (409, &[], "retry"),
        (411, &[], foreign),
        // Nobody but a bucket's server says PreconditionFailed.
        (412, &[], foreign),
        (413, &[], "too large"),
        (429, &[("retry-after", "2")], "retry 2000"),
        (500, &[], "retry"),
        (501, &[], foreign),
        (503, &[("x-amz-retry-after", "1500")], "retry 1500"),
        (507, &[], "retry"),
    ] {
        let verdict = verdict(bucket().as_ref(), &head(status, headers), b"");
        assert_eq!(name(&verdict), expected, "{status}");
    }
}

#[test]
fn what_was_not_asked_for_is_no_success() {
    let unconditional = sink("s3", &config(json!({"if_none_match": false})));
    let verdict = verdict(
        unconditional.as_ref(),
        &head(412, &[]),
        xml("PreconditionFailed").as_bytes(),
    );
    assert!(matches!(verdict, SinkVerdict::Stop(_)), "{verdict:?}");
}

#[test]
fn the_region_of_the_bucket_is_named() {
    for (headers, expected) in [
        (
            &[("x-amz-bucket-region", "ap-south-1")][..],
            "\"ap-south-1\"",
        ),
        (&[], "\"eu-central-1\""),
    ] {
        let verdict = verdict(
            bucket().as_ref(),
            &head(301, headers),
            xml("PermanentRedirect").as_bytes(),
        );
        let SinkVerdict::Stop(error) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(error.user_action(), format!("set region = {expected}"));
    }
}

#[test]
fn a_code_that_is_none_is_not_believed() {
    for body in [
        "<Code>PreconditionFailed",
        "<Code></Code>",
        "<Code>Precondition Failed</Code>",
        "PreconditionFailed",
    ] {
        let verdict = verdict(bucket().as_ref(), &head(412, &[]), body.as_bytes());
        assert!(
            matches!(verdict, SinkVerdict::Stop(_)),
            "{body}: {verdict:?}"
        );
    }
}

#[test]
fn no_credential_is_quoted_from_an_answer() {
    for status in [200, 302, 400, 403, 404, 500] {
        let head = head(status, &[("location", TOKEN)]);
        let verdict = verdict(bucket().as_ref(), &head, TOKEN.as_bytes());
        let shown = format!("{verdict:?}");
        assert!(!shown.contains(TOKEN), "{shown}");
    }
}

#[test]
fn a_key_that_may_only_write_is_healthy() {
    let list = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>logs</Name></ListBucketResult>";
    for (status, body, healthy) in [
        (200, list.to_owned(), true),
        (200, "<html>".to_owned(), false),
        (403, xml("AccessDenied"), true),
        (403, xml("SignatureDoesNotMatch"), false),
        (403, xml("InvalidAccessKeyId"), false),
        (404, xml("NoSuchBucket"), false),
        (503, xml("SlowDown"), false),
    ] {
        let head = head(status, &[]);
        let answer = Answer {
            head: &head,
            body: body.as_bytes(),
            now: Timestamp::default(),
        };
        let verdict = bucket().health_verdict(&answer);
        assert_eq!(verdict.is_ok(), healthy, "{status} {verdict:?}");
    }
}

#[test]
fn problems_are_named_by_their_keys() {
    for (more, expected) in [
        (json!({}), &[][..]),
        (json!({"endpoint": "https://minio.example:9000"}), &[]),
        (json!({"bucket": "Logs"}), &["bucket"]),
        (json!({"bucket": "s3://logs"}), &["bucket"]),
        (json!({"bucket": "a..b"}), &["bucket"]),
        (json!({"bucket": "ab"}), &["bucket"]),
        (
            json!({"endpoint": "http://minio.example:9000"}),
            &["endpoint"],
        ),
        (
            json!({"endpoint": "https://minio.example/logs"}),
            &["endpoint"],
        ),
        (json!({"endpoint": "minio.example"}), &["endpoint"]),
        (json!({"prefix": "/logs/"}), &["prefix"]),
        (json!({"prefix": "%q/"}), &["prefix"]),
        (json!({"region": "Frankfurt"}), &["region"]),
        (json!({"region": null}), &["region"]),
        (
            json!({"access_key_id": "a/b", "secret_access_key": {"secret": "NOT_SET"}}),
            &["access_key_id", "secret_access_key"],
        ),
        (json!({"storage_class": "standard"}), &["storage_class"]),
        (json!({"kms_key_id": "1234abcd"}), &["kms_key_id"]),
        (
            json!({"server_side_encryption": "AES256", "kms_key_id": "1234abcd"}),
            &["kms_key_id"],
        ),
        (
            json!({"server_side_encryption": "aws:kms", "kms_key_id": "a\nb"}),
            &["kms_key_id"],
        ),
    ] {
        assert_eq!(
            problem_keys("s3", &config(more.clone())),
            expected,
            "{more}"
        );
    }
}
