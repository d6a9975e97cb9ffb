//! OpenSearch, by its `_bulk` API (<https://docs.opensearch.org/latest/api-reference/document-apis/bulk/>), on one's own
//! servers, in Amazon OpenSearch Service and in OpenSearch Serverless. How requests look and what answers mean is in
//! [`crate::bulk`], which Elasticsearch shares.

mod config;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, DocumentForm, Error, HttpRequest, Sink, SinkVerdict,
};

use crate::About;
use crate::bulk::{self, Bulk};
pub use config::{Aws, Config, DocumentId, Service};

const ABOUT: About = About {
    kind: "opensearch",
    local: false,
    product: "OpenSearch, Amazon OpenSearch Service and Serverless",
    summary: "Creates each event as a document of an index or a data stream by OpenSearch's `_bulk` API, with the event's id \
              as `_id`; signed for AWS if it is there. Text schemas such as `cef` cannot go there.",
    checked_by: "osmem-server 0.1.6; signatures: botocore 1.44.5",
    partial: "per event: refused ones become dead letters, those to be tried again are sent alone",
    repeats: "stored once: the `_id` is there already (409). A data stream or alias that rolled over in between stores it \
              again; so does everything with `document_id = \"none\"`. A replay brings back what is missing and leaves the \
              rest alone",
    limits: "5,000 events and 5 MB a request unless configured, 100 MB at most (http.max_content_length; 10 MiB on the \
             smaller instances of Amazon OpenSearch Service); the stream's own limits come first",
    failures: &[
        ("an event's status 200, 201, 409", "delivered"),
        (
            "an event's status 408, 429, 5xx, or 403 with cluster_block_exception",
            "this event is sent again",
        ),
        (
            "an event's status 400 (mapping, pipeline) or another 4xx",
            "this event becomes a dead letter, with the cluster's reason",
        ),
        (
            "every event with 401, 403, 404, a closed index, a missing pipeline, no @timestamp for a data stream",
            "the stream stops and says what to mend",
        ),
        (
            "the same for an event that an ingest pipeline has rerouted to another index",
            "this event becomes a dead letter",
        ),
        (
            "HTTP 408, 409, 429, 500, 502 to 504, no answer, an answer about another number of events",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413, or an answer that is too long", "sent in halves"),
        (
            "HTTP 400",
            "the batch is halved until the refused event is alone; it becomes a dead letter",
        ),
        (
            "HTTP 401, 402, 403, 404, 405, 501, a redirect, a 200 that is not _bulk's",
            "the stream stops and says what to mend",
        ),
    ],
    example: r#"[sinks.opensearch]
kind = "opensearch"
url = "https://search-waf-abc.eu-west-1.es.amazonaws.com"
index = "akamai-waf"

[sinks.opensearch.aws]
region = "eu-west-1"
access_key_id = "AKIAIOSFODNN7EXAMPLE"
secret_access_key = { secret = "AWS_SECRET_ACCESS_KEY" }
"#,
    try_it: "Give the access key's user `es:ESHttpPost` (and `es:ESHttpGet` for `edgesiem check`) on the domain and, with fine-grained access \
             control, a role that may `indices:data/write/bulk*` and `indices:data/write/index` on the index. Then \
             `GET akamai-waf/_count` in Dev Tools.",
    sources: &[
        (
            "Bulk API",
            "https://docs.opensearch.org/latest/api-reference/document-apis/bulk/",
        ),
        (
            "Making and signing OpenSearch Service requests",
            "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-signing-service-requests.html",
        ),
        (
            "Ingesting data into Amazon OpenSearch Serverless collections",
            "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-clients.html",
        ),
    ],
};

/// A cluster, ready to use.
#[derive(Debug)]
struct OpenSearch {
    name: String,
    /// Whether it answers to `GET /`, which collections of Serverless do not.
    has_root: bool,
    bulk: Bulk,
}

impl Sink for OpenSearch {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.bulk.limits
    }

    fn takes(&self, form: DocumentForm) -> bool {
        form == DocumentForm::Json
    }

    fn request(&self, batch: &BatchView<'_>, attempt: &Attempt<'_>) -> HttpRequest {
        bulk::request(&self.bulk, batch, attempt)
    }

    fn verdict(&self, batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        bulk::verdict(&self.bulk, batch, answer)
    }

    fn health_request(&self, attempt: &Attempt<'_>) -> Option<HttpRequest> {
        self.has_root
            .then(|| bulk::get_root(&self.bulk, attempt.now))
    }

    fn health_verdict(&self, answer: &Answer<'_>) -> Result<(), Error> {
        bulk::health_of_root(&self.bulk, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::config::tests::built;

    #[test]
    fn a_cluster_can_be_logged() {
        let config: Config = serde_json::from_str(
            r#"{"url": "https://h.example", "index": "i", "aws": {"region": "eu-west-1", "access_key_id": {"secret": "I"},
                "secret_access_key": {"secret": "K"}, "session_token": {"secret": "T"}}}"#,
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
