//! A sink of a bulk API, which answers for each event by itself: what the verdict `Partial` is for.
//!
//! The body is the documents, one a line. 200 is `{"again":[…],"refused":[…]}`, numbers of events of the request.

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, Endpoint, Error, ErrorKind, HttpRequest,
    InsecureLoopback, Method, Sink, SinkVerdict, retry_after_ms,
};
use serde::Deserialize;

/// The sink.
#[derive(Debug)]
pub struct Bulk {
    name: String,
    endpoint: Endpoint,
    most_events: usize,
}

impl Bulk {
    /// Sends at most `most_events` in one request to `host`.
    pub fn new(name: &str, host: &str, most_events: usize) -> Self {
        let endpoint = Endpoint::parse_host(host, InsecureLoopback::Refuse);
        Self {
            name: name.to_owned(),
            endpoint: endpoint.expect("a host"),
            most_events,
        }
    }
}

#[derive(Deserialize)]
struct Items {
    again: Vec<usize>,
    refused: Vec<usize>,
}

impl Sink for Bulk {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        BatchLimits {
            bytes_per_event: 1,
            ..BatchLimits::new(self.most_events, 1_000_000)
        }
    }

    fn request(&self, batch: &BatchView<'_>, _attempt: &Attempt<'_>) -> HttpRequest {
        let documents: Vec<_> = batch.events().map(|event| event.document).collect();
        HttpRequest {
            method: Method::Post,
            endpoint: self.endpoint.clone(),
            target: "/bulk".to_owned(),
            headers: Vec::new(),
            body: documents.join(&b'\n'),
            timeout_ms: 30_000,
        }
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        let status = answer.head.status;
        let reason = format!("status {status}");
        let after_ms = || retry_after_ms(answer.head.header("retry-after")?, answer.now);
        match status {
            200 => match serde_json::from_slice::<Items>(answer.body) {
                Ok(items) if items.again.is_empty() && items.refused.is_empty() => {
                    SinkVerdict::Accepted
                }
                Ok(items) => {
                    let refused = items.refused.into_iter();
                    SinkVerdict::Partial {
                        again: items.again,
                        refused: refused.map(|place| (place, "never".to_owned())).collect(),
                        after_ms: None,
                        reason: "not now".to_owned(),
                    }
                }
                Err(_) => SinkVerdict::Retry {
                    after_ms: None,
                    reason,
                },
            },
            400 => SinkVerdict::Rejected { reason },
            413 => SinkVerdict::TooLarge,
            429 | 500..=599 => SinkVerdict::Retry {
                after_ms: after_ms(),
                reason,
            },
            _ => SinkVerdict::Stop(Error::new(ErrorKind::SinkRefused, reason, "mend it")),
        }
    }
}
