//! A batch as a `_bulk` request.

use edgesiem_model::{
    Attempt, BatchView, Header, HttpRequest, Method, Timestamp, confidential, plain,
};

use super::{Auth, Bulk};
use crate::aws::Message;
use crate::ndjson::{self, LINE_FEED_BYTES};
use crate::wire::gzip;

const BEFORE_ID: &str = r#"{"create":{"_id":""#;
const AFTER_ID: &str = "\"}}\n";
const WITHOUT_ID: &str = "{\"create\":{}}\n";
/// 32 hexadecimal digits.
const ID_BYTES: usize = 32;

/// What an event adds to its document: the action's line, and a line feed.
pub(super) const BYTES_PER_EVENT: usize =
    BEFORE_ID.len() + ID_BYTES + AFTER_ID.len() + LINE_FEED_BYTES;

/// What is asked of the answer, in a request's query: whether an event was taken, why not, and where it went; not its id
/// over again.
/// Errors that are about the whole request are answered in full whatever is asked.
const FILTER: &str = "filter_path=errors%2Citems.create._index%2Citems.create.status%2Citems.create.error.type%2C\
                      items.create.error.reason%2Citems.create.error.caused_by.reason";

/// The request that delivers `batch`.
pub(crate) fn request(bulk: &Bulk, batch: &BatchView<'_>, attempt: &Attempt<'_>) -> HttpRequest {
    let capacity = batch
        .document_bytes()
        .saturating_add(batch.len().saturating_mul(BYTES_PER_EVENT));
    let mut body = Vec::with_capacity(capacity);
    for event in batch.events() {
        if bulk.ids {
            body.extend_from_slice(BEFORE_ID.as_bytes());
            body.extend_from_slice(event.id.to_string().as_bytes());
            body.extend_from_slice(AFTER_ID.as_bytes());
        } else {
            body.extend_from_slice(WITHOUT_ID.as_bytes());
        }
        ndjson::push_line(&mut body, event.document);
    }
    let mut target = format!("{}/{}/_bulk?{FILTER}", bulk.base, bulk.index);
    if let Some(pipeline) = &bulk.pipeline {
        target.push_str("&pipeline=");
        target.push_str(pipeline);
    }
    let mut headers = vec![plain("content-type", "application/x-ndjson")];
    if bulk.wire.gzip {
        headers.push(plain("content-encoding", "gzip"));
        // Before the signature, which is over what is sent.
        body = gzip(&body);
    }
    send(bulk, Method::Post, target, headers, body, attempt.now)
}

/// The question what the cluster is.
pub(crate) fn get_root(bulk: &Bulk, now: Timestamp) -> HttpRequest {
    let target = format!("{}/", bulk.base);
    send(bulk, Method::Get, target, Vec::new(), Vec::new(), now)
}

/// The question whether our credentials may create documents where we want to; everybody may ask that of himself
/// (Elasticsearch, "Has privileges API").
pub(crate) fn has_privileges(bulk: &Bulk, now: Timestamp) -> HttpRequest {
    let index = &bulk.index;
    // The index's name needs no escapes.
    let body = format!(r#"{{"index":[{{"names":["{index}"],"privileges":["create_doc"]}}]}}"#);
    let target = format!("{}/_security/user/_has_privileges", bulk.base);
    let headers = vec![plain("content-type", "application/json")];
    send(bulk, Method::Post, target, headers, body.into_bytes(), now)
}

fn send(
    bulk: &Bulk,
    method: Method,
    target: String,
    mut headers: Vec<Header>,
    body: Vec<u8>,
    now: Timestamp,
) -> HttpRequest {
    headers.extend(bulk.headers.iter().cloned());
    match &bulk.auth {
        Auth::None => {}
        Auth::Header { value, .. } => headers.push(confidential("authorization", value.clone())),
        Auth::Aws(signer) => {
            let message = Message {
                method,
                endpoint: &bulk.wire.endpoint,
                target: &target,
                body: &body,
            };
            signer.sign(&message, &mut headers, now);
        }
    }
    bulk.wire.request(method, target, headers, body)
}
