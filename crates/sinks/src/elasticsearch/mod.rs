//! Elasticsearch, by its `_bulk` API
//! (<https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk>). How requests look and what answers mean
//! is in [`crate::bulk`], which OpenSearch shares.
//!
//! An event is recognised by its `_id` within one backing index only. A data stream that has rolled over between two
//! deliveries takes the second one as new; the window is as long as a batch waits to be repeated, which is minutes.

mod config;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, DocumentForm, Error, HttpRequest, Sink, SinkVerdict,
};

use crate::About;
use crate::bulk::{self, Auth, Bulk};
pub use config::Config;

const ABOUT: About = About {
    kind: "elasticsearch",
    local: false,
    product: "Elasticsearch",
    summary: "Creates each event as a document of a data stream or an index by Elasticsearch's `_bulk` API, with the event's \
              id as `_id`. Text schemas such as `cef` cannot go there.",
    checked_by: "osmem-server 0.1.6, noida-db 0.2.3",
    partial: "per event: refused ones become dead letters, those to be tried again are sent alone. Where a data stream has a \
              failure store, a refused event is kept there and counts as delivered",
    repeats: "stored once: the `_id` is there already (409). A data stream that rolled over in between stores it again. A \
              replay brings back what is missing and leaves the rest alone",
    limits: "5,000 events and 5 MB a request unless configured, 100 MB at most (http.max_content_length); the stream's own \
             limits come first",
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
    example: r#"[sinks.elastic]
kind = "elasticsearch"
url = "https://acme.es.eu-west-1.aws.elastic.cloud"
data_stream = { namespace = "prod" }
api_key = { secret = "ELASTIC_API_KEY" }
"#,
    try_it: "In Kibana: install the Akamai integration (or leave it, and choose another dataset), then Stack Management, API keys, \
             Create, with `{\"edgesiem\":{\"index\":[{\"names\":[\"logs-akamai.siem-*\"],\"privileges\":[\"auto_configure\",\"create_doc\"]}]}}` \
             as role descriptors. Then look for `data_stream.dataset: akamai.siem` in Discover.",
    sources: &[
        (
            "Bulk index or delete documents",
            "https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk",
        ),
        (
            "Data streams",
            "https://www.elastic.co/docs/manage-data/data-store/data-streams",
        ),
        (
            "Check user privileges",
            "https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-has-privileges",
        ),
    ],
};

/// A cluster, ready to use.
#[derive(Debug)]
struct Elasticsearch {
    name: String,
    bulk: Bulk,
}

impl Sink for Elasticsearch {
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
        // A cluster without security knows no privileges; one with it may hide its root from those who only write.
        Some(match self.bulk.auth {
            Auth::None => bulk::get_root(&self.bulk, attempt.now),
            Auth::Header { .. } | Auth::Aws(_) => bulk::has_privileges(&self.bulk, attempt.now),
        })
    }

    fn health_verdict(&self, answer: &Answer<'_>) -> Result<(), Error> {
        match self.bulk.auth {
            Auth::None => bulk::health_of_root(&self.bulk, answer),
            Auth::Header { .. } | Auth::Aws(_) => bulk::health_of_privileges(&self.bulk, answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::config::tests::built;

    #[test]
    fn a_cluster_can_be_logged() {
        for auth in [
            r#""api_key": {"secret": "K"}"#,
            r#""user": "u", "password": {"secret": "P"}"#,
        ] {
            let config: Config =
                serde_json::from_str(&format!(r#"{{"url": "https://h.example", {auth}}}"#))
                    .unwrap();
            let sink = built(&config, "hunter2");
            let shown = format!("{sink:?} {sink:#?} {config:?}");
            assert!(shown.contains("***"), "{shown}");
            // dTpodW50ZXIy is u:hunter2.
            for hidden in ["hunter2", "dTpodW50ZXIy"] {
                assert!(!shown.contains(hidden), "{shown}");
            }
        }
    }
}
