//! A batch as an object that the Worker puts into a bucket.

use edgesiem_model::{BatchView, HttpRequest, Method, plain};

use super::R2;
use crate::object::object;

pub(super) fn request(sink: &R2, batch: &BatchView<'_>) -> HttpRequest {
    let object = object(&sink.prefix, batch, sink.wire.gzip);
    let mut headers = object.headers;
    headers.push(plain("if-none-match", "*"));
    // No server takes it apart: the key is the target as it is.
    let target = format!("/{}", object.key);
    sink.wire.request(Method::Put, target, headers, object.body)
}
