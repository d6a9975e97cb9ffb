//! What a bucket's answer means.
//!
//! The `<Code>` of an error's XML says more than its status (Amazon S3, "Error responses", "List of error codes"), and
//! decides where there is one. An object's bytes mean nothing to S3: no answer speaks about an event, so none isolates one.

use edgesiem_model::{Answer, Error, SinkVerdict, Timestamp, printable};

use super::S3;
use crate::answer::Told;
use crate::status::Meaning;

pub(super) fn verdict(sink: &S3, answer: &Answer<'_>) -> SinkVerdict {
    let credentials: Vec<_> = sink.signer.credentials().collect();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    let code = element(answer.body, "Code").unwrap_or_default();
    if answer.head.is_success() {
        return taken(&told);
    }
    by_code(sink, code, &told).unwrap_or_else(|| by_status(&told))
}

/// S3 and all that imitate it answer a PUT with the object's ETag. A login page or another service with a friendly 200 must
/// not swallow events.
fn taken(told: &Told<'_>) -> SinkVerdict {
    if told.answer.head.header("etag").is_some() {
        SinkVerdict::Accepted
    } else {
        told.stop(
            "the answer is not that of a bucket: it has no ETag",
            "check the sink's endpoint and what stands between us and it",
        )
    }
}

fn by_code(sink: &S3, code: &str, told: &Told<'_>) -> Option<SinkVerdict> {
    Some(match code {
        // The key says which events are in it: whoever wrote the object wrote these.
        "PreconditionFailed" if sink.if_none_match && told.answer.head.status == 412 => {
            SinkVerdict::Accepted
        }
        "SlowDown" | "ServiceUnavailable" | "InternalError" | "RequestTimeout"
        | "RequestTimeoutException" | "ConditionalRequestConflict" | "OperationAborted"
        | "TooManyRequests" | "Throttling" | "ThrottlingException" | "RequestLimitExceeded"
        | "BadDigest" | "IncompleteBody" | "XAmzContentSHA256Mismatch" | "TemporaryRedirect" => later(told),
        "EntityTooLarge" => SinkVerdict::TooLarge,
        "SignatureDoesNotMatch" => told.stop(
            "the bucket's server computes another signature (SignatureDoesNotMatch)",
            "check the secret access key; it must belong to the access key id, and the region must be the bucket's",
        ),
        "InvalidAccessKeyId" => told.stop(
            "the access key id is not known there (InvalidAccessKeyId)",
            "check access_key_id, and that the key is active",
        ),
        "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" => told.stop(
            "the session token is no longer, or not, valid",
            "use an access key that does not expire; a stream runs for longer than temporary credentials live",
        ),
        "RequestTimeTooSkewed" | "RequestExpired" | "ExpiredRequest" => skewed(told),
        "AccessDenied" | "AccountProblem" | "AllAccessDisabled" | "KMS.DisabledException" => {
            told.stop(
                "the access key may not write there (or the bucket is another account's)",
                "allow s3:PutObject on the bucket's objects and, where they are encrypted with a key of KMS, \
                 kms:GenerateDataKey on it",
            )
        }
        "NoSuchBucket" => told.stop(
            "there is no such bucket",
            "check the sink's bucket and endpoint, or create the bucket",
        ),
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            elsewhere(told)
        }
        "NotImplemented" => told.stop(
            "the server does not know something that the request asks for (NotImplemented)",
            "set if_none_match = false, and leave out storage_class, server_side_encryption and checksum, as far as the \
             server has no such thing",
        ),
        _ => return None,
    })
}

fn by_status(told: &Told<'_>) -> SinkVerdict {
    let status = told.answer.head.status;
    match Meaning::of(status) {
        Meaning::Moved if told.answer.head.header("x-amz-bucket-region").is_some() => {
            elsewhere(told)
        }
        Meaning::Moved => told.moved(),
        Meaning::Credentials => told.stop(
            "the bucket's server refused our credentials",
            "check access_key_id, secret_access_key and what the key may do",
        ),
        Meaning::Address => told.stop(
            "there is no such bucket, or no bucket's server at this address",
            "check the sink's bucket, endpoint, region and addressing",
        ),
        Meaning::Later if status == 501 => foreign(told),
        Meaning::Later => later(told),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        Meaning::Taken | Meaning::Poison | Meaning::Foreign => foreign(told),
    }
}

fn foreign(told: &Told<'_>) -> SinkVerdict {
    told.stop(
        "the bucket's server refuses requests of this kind",
        "compare the sink's options with what the server offers; the answer tells more",
    )
}

/// Later. Some of Amazon's servers say when, in milliseconds, in a header of their own.
fn later(told: &Told<'_>) -> SinkVerdict {
    let header = told.answer.head.header("x-amz-retry-after");
    let after_ms = header.and_then(|value| value.trim().parse().ok());
    SinkVerdict::Retry {
        after_ms: told.after_ms().or(after_ms),
        reason: told.quote(),
    }
}

/// The bucket is in another region, which the answer names.
fn elsewhere(told: &Told<'_>) -> SinkVerdict {
    let region = told
        .answer
        .head
        .header("x-amz-bucket-region")
        .or_else(|| element(told.answer.body, "Region"));
    let user_action = match region {
        Some(region) => format!("set region = \"{}\"", printable(region, 64)),
        None => "set region to that of the bucket".to_owned(),
    };
    told.stop(
        "the bucket is in another region than the sink's",
        &user_action,
    )
}

fn skewed(told: &Told<'_>) -> SinkVerdict {
    let date = told.answer.head.header("date");
    let skew = date.and_then(Timestamp::parse_http_date).map(|theirs| {
        let ms = theirs.offset_from_ms(told.answer.now);
        format!(" by {} s", ms.unsigned_abs() / 1000)
    });
    let message = format!(
        "this host's clock and the server's differ{}, too much for a signature",
        skew.unwrap_or_default()
    );
    told.stop(&message, "set the clock of this host, best by NTP")
}

/// What `edgesiem check` learns from the list of keys.
pub(super) fn health(sink: &S3, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials: Vec<_> = sink.signer.credentials().collect();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match (answer.head.status, element(answer.body, "Code")) {
        (200, _) if contains(answer.body, b"<ListBucketResult") => Ok(()),
        (200, _) => told.unhealthy(foreign(&told)),
        // The signature was right: a key that may only write is what it should be.
        (403, Some("AccessDenied")) => Ok(()),
        _ => told.unhealthy(verdict(sink, answer)),
    }
}

/// Text of the first element of this name in an answer: letters, digits, dots and hyphens only, as codes and
/// regions are.
fn element<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let good = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    good.then_some(text)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
