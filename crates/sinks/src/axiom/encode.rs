//! A batch as lines of JSON.

use edgesiem_model::{BatchView, HttpRequest, confidential, plain};

use super::Axiom;

pub(super) fn request(sink: &Axiom, batch: &BatchView<'_>) -> HttpRequest {
    let mut headers = vec![
        confidential("authorization", sink.authorization.clone()),
        plain("content-type", "application/x-ndjson"),
    ];
    if let Some(org_id) = &sink.org_id {
        headers.push(plain("x-axiom-org-id", org_id.clone()));
    }
    sink.wire
        .post(sink.target.clone(), headers, sink.members.lines(batch))
}
