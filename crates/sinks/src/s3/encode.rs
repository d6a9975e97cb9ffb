//! A batch as a PUT of an object.

use edgesiem_model::{Attempt, BatchView, HttpRequest, Method, plain};
use sha2::{Digest as _, Sha256};

use super::S3;
use super::config::base64;
use crate::aws::{Message, encoded_path};
use crate::object::object;

pub(super) fn request(sink: &S3, batch: &BatchView<'_>, attempt: &Attempt<'_>) -> HttpRequest {
    let object = object(&sink.prefix, batch, sink.wire.gzip);
    let target = format!("{}{}", sink.base, encoded_path(&object.key));
    let mut headers = object.headers;
    headers.extend(sink.headers.iter().cloned());
    if sink.if_none_match {
        headers.push(plain("if-none-match", "*"));
    }
    if sink.checksum {
        let hash = Sha256::digest(&object.body);
        headers.push(plain("x-amz-checksum-sha256", base64(&hash)));
    }
    let message = Message {
        method: Method::Put,
        endpoint: &sink.wire.endpoint,
        target: &target,
        body: &object.body,
    };
    sink.signer.sign(&message, &mut headers, attempt.now);
    sink.wire.request(Method::Put, target, headers, object.body)
}

/// The question for one key of the bucket: it shows whether the bucket is there and the signature is right, also to those
/// who may not list it.
pub(super) fn health(sink: &S3, attempt: &Attempt<'_>) -> HttpRequest {
    let target = format!("{}?list-type=2&max-keys=1", sink.base);
    let mut headers = Vec::new();
    let message = Message {
        method: Method::Get,
        endpoint: &sink.wire.endpoint,
        target: &target,
        body: b"",
    };
    sink.signer.sign(&message, &mut headers, attempt.now);
    sink.wire.get(target, headers)
}
