//! Amazon S3 and what speaks its protocol: Cloudflare R2, MinIO, Ceph, Google Cloud Storage's XML API.
//!
//! A batch is one object (see [`crate::object`]), stored by one signed PUT
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>). Its key follows from its events, and
//! `If-None-Match: *` leaves an object alone that is there: a repeated delivery changes nothing, 412 is as good as 200.
//!
//! After a crash the same events may come in other batches, and so in other objects. A replay makes objects of its own, which
//! have its name in their key and in their metadata (`edgesiem-replay`).

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Error, Header, HttpRequest, Sink, SinkVerdict,
};

use crate::About;
use crate::aws::Signer;
use crate::object::Prefix;
use crate::wire::Wire;
pub(crate) use config::SIZE;
pub use config::{Addressing, Config, Encryption};

const ABOUT: About = About {
    kind: "s3",
    local: false,
    product: "Amazon S3 and compatible (R2, MinIO, Ceph, GCS)",
    summary: "Stores each batch as one object of newline-delimited documents, compressed or not, under a key with the events' \
              date; signed with AWS Signature Version 4.",
    checked_by: "nanio 0.1.7 and botocore 1.44.5 (signatures), moto 5.2.5 (If-None-Match)",
    partial: "none: an object is stored or it is not",
    repeats: "the same object: its key follows from its events, and If-None-Match leaves alone what is there. A replay makes \
              objects of its own, whose keys end with its name",
    limits: "8 MB and 100,000 events an object unless configured; the stream's own limits (900 kB, 1000 events) come first: raise \
             limits.max_batch_bytes and limits.max_batch_events for larger objects",
    failures: &[
        ("HTTP 200 with an ETag, 412 PreconditionFailed", "delivered"),
        (
            "HTTP 408, 409, 429, 5xx (SlowDown, InternalError), RequestTimeout, BadDigest, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413, EntityTooLarge", "sent in halves"),
        (
            "SignatureDoesNotMatch, InvalidAccessKeyId, AccessDenied, ExpiredToken",
            "the stream stops and says which",
        ),
        (
            "RequestTimeTooSkewed",
            "the stream stops and says by how much the clocks differ",
        ),
        (
            "HTTP 301, AuthorizationHeaderMalformed",
            "the stream stops and says in which region the bucket is",
        ),
        (
            "NoSuchBucket, NotImplemented, any other 4xx, a 200 without an ETag",
            "the stream stops and says what to mend",
        ),
    ],
    example: r#"[sinks.bucket]
kind = "s3"
bucket = "acme-waf-logs"
region = "eu-west-1"
prefix = "akamai/year=%Y/month=%m/day=%d/"
access_key_id = "AKIAIOSFODNN7EXAMPLE"
secret_access_key = { secret = "AWS_SECRET_ACCESS_KEY" }
gzip = true
"#,
    try_it: "Make a user that may `s3:PutObject` on `arn:aws:s3:::acme-waf-logs/*` and nothing else. For R2: an API token with Object Read & \
             Write, `endpoint = \"https://ACCOUNT.r2.cloudflarestorage.com\"` and no region. Then `aws s3 ls --recursive \
             s3://acme-waf-logs/akamai/`; DuckDB reads them with `read_ndjson_auto('s3://acme-waf-logs/akamai/**')`.",
    sources: &[
        (
            "PutObject",
            "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html",
        ),
        (
            "Error responses",
            "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
        ),
        (
            "Authenticating Requests: Using the Authorization Header",
            "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html",
        ),
        (
            "S3 API compatibility of R2",
            "https://developers.cloudflare.com/r2/api/s3/api/",
        ),
        (
            "Limits of R2: one write a second to a key",
            "https://developers.cloudflare.com/r2/platform/limits/",
        ),
    ],
};

/// A bucket, ready to use.
#[derive(Debug)]
struct S3 {
    name: String,
    wire: Wire,
    /// Path before a key: `/` or `/BUCKET/`.
    base: String,
    prefix: Prefix,
    signer: Signer,
    if_none_match: bool,
    checksum: bool,
    /// What every object is stored with.
    headers: Vec<Header>,
    limits: BatchLimits,
}

impl Sink for S3 {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn request(&self, batch: &BatchView<'_>, attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch, attempt)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(self, answer)
    }

    fn health_request(&self, attempt: &Attempt<'_>) -> Option<HttpRequest> {
        Some(encode::health(self, attempt))
    }

    fn health_verdict(&self, answer: &Answer<'_>) -> Result<(), Error> {
        verdict::health(self, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::config::tests::built;

    #[test]
    fn a_bucket_can_be_logged() {
        let config: Config = serde_json::from_str(
            r#"{"bucket": "logs", "region": "eu-west-1", "access_key_id": {"secret": "I"},
                "secret_access_key": {"secret": "K"}, "session_token": {"secret": "T"}}"#,
        )
        .unwrap();
        let sink = built(&config, "hunter2");
        let shown = format!("{sink:?} {sink:#?} {config:?}");
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
