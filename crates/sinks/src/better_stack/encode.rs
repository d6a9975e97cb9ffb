//! A batch as lines of JSON.

use edgesiem_model::{BatchView, HttpRequest, confidential, plain};

use super::BetterStack;

pub(super) fn request(sink: &BetterStack, batch: &BatchView<'_>) -> HttpRequest {
    let headers = vec![
        confidential("authorization", sink.authorization.clone()),
        plain("content-type", "application/x-ndjson"),
    ];
    sink.wire
        .post(sink.target.clone(), headers, sink.members.lines(batch))
}
