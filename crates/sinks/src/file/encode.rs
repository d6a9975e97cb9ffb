//! A batch as lines to append.

use edgesiem_model::{BatchView, HttpRequest, plain};

use super::File;
use crate::lines::content_type;

pub(super) fn request(sink: &File, batch: &BatchView<'_>) -> HttpRequest {
    let headers = vec![plain("content-type", content_type(batch))];
    let body = sink.lines.body(batch, &sink.limits);
    sink.wire.post(sink.path.clone(), headers, body)
}
