//! Kafka through a REST proxy: Confluent's REST Proxy (versions 2 and 3), Confluent Cloud (version 3) and Redpanda's HTTP Proxy
//! (version 2).
//!
//! Sources: Confluent docs "API Reference for Confluent REST Proxy" and "Produce Records"; the codes that the proxies give,
//! which no page lists in full, in `kafka-rest` (`AbstractProduceAction.java`, `StreamingResponse.java`) and Redpanda
//! (`pandaproxy/json/requests/produce.h`, `kafka/client/client.cc`).
//!
//! An event is a record: its id is the key, its document the value.
//!
//! ```json
//! {"records":[{"key":"9f…","value":{"attackData":{…}}}]}
//! {"key":{"type":"BINARY","data":"OWYu…"},"value":{"type":"JSON","data":{"attackData":{…}}}}
//! ```
//!
//! The first is version 2, the second one record of version 3, which follow each other without an array around them. With
//! `encoding = "base64"` keys and values go through the proxy byte by byte, which text schemas need and JSON does not: with
//! `"json"` the proxy reads and writes every document anew, and the key of version 2 is a JSON string in Kafka, quotes
//! included.
//!
//! There is no idempotency over REST: an event that is sent twice is two records with the same key, which a consumer or a
//! compacted topic can tell by it. Records of a replay have a header `edgesiem_replay` with the replay's name in version
//! 3. Version 2 has no headers; there the replay's name follows the id in the key, such as `9f…:r7`.
//!
//! # Which records were taken
//!
//! Confluent's proxies report on each record in their order. A report that is missing in version 3, because the connection
//! ended early, counts as a record that was not taken. Redpanda reports on each partition, so that nothing is known of
//! single records: if all partitions took theirs, the batch is delivered, otherwise it is sent again as a whole or in halves.

mod config;
mod encode;
mod report;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, DocumentForm, Error, HttpRequest, Secret, Sink,
    SinkVerdict,
};
use serde::Deserialize;

use crate::About;
use crate::wire::Wire;

pub use config::Config;

const ABOUT: About = About {
    kind: "kafka-rest",
    local: false,
    product: "Kafka REST Proxy",
    summary: "Produces a record for each event through Confluent's REST Proxy, Confluent Cloud or Redpanda's HTTP Proxy.",
    checked_by: "strict fake",
    partial: "Confluent reports on each record: refused ones become dead letters, the others that failed are sent again; Redpanda reports on \
              partitions: the batch is sent again as a whole",
    repeats: "another record with the same key, which is the event's id",
    limits: "1000 events and 900,000 bytes a request unless configured, 5000 events at most; Kafka refuses records above the topic's \
             max.message.bytes (1,048,588 by default), which become dead letters",
    failures: &[
        (
            "HTTP 200 with reports",
            "no error: delivered; retriable errors and missing reports: sent again; other errors: a dead letter",
        ),
        (
            "no record may be written (authentication, authorization, unknown topic)",
            "the stream stops and says what to mend",
        ),
        (
            "HTTP 408, 429, 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        ("HTTP 413", "sent in halves"),
        (
            "HTTP 400, 422",
            "the event is isolated and becomes a dead letter",
        ),
        (
            "HTTP 401, 403, 404, 415, a redirect, any other",
            "the stream stops and says what to mend",
        ),
        (
            "a 200 that is not a REST proxy's",
            "the stream stops: a login page must not swallow events",
        ),
    ],
    example: r#"[sinks.kafka]
kind = "kafka-rest"
url = "https://pkc-12345.eu-west-1.aws.confluent.cloud/kafka"
api = "v3"
cluster_id = "lkc-abc123"
topic = "akamai-waf"
user = "ABCDEFGHIJKLMNOP"
password = { secret = "KAFKA_API_SECRET" }
"#,
    try_it: "Make the topic and an API key that may write to it; for Confluent Cloud the page of the cluster shows its id and REST endpoint. \
             Then `kcat -b … -t akamai-waf -C -o -10 -e -f '%k\\n'` shows the ids of the last events.",
    sources: &[
        (
            "API Reference for Confluent REST Proxy",
            "https://docs.confluent.io/platform/current/kafka-rest/api.html",
        ),
        (
            "Confluent Cloud: Produce Records",
            "https://docs.confluent.io/cloud/current/ccloud/produce-record/",
        ),
        (
            "Redpanda HTTP Proxy",
            "https://docs.redpanda.com/current/develop/http-proxy/",
        ),
    ],
};

/// A version of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// `POST /topics/TOPIC`: Confluent REST Proxy and Redpanda.
    #[default]
    V2,
    /// `POST /v3/clusters/CLUSTER/topics/TOPIC/records`: Confluent REST Proxy, Confluent Server and Confluent Cloud.
    V3,
}

/// How documents go through the proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As JSON, which the proxy reads and writes anew.
    #[default]
    Json,
    /// As bytes in base64. Every schema, and the document byte by byte; a third more traffic.
    Base64,
}

/// A topic, ready to use.
#[derive(Debug)]
struct KafkaRest {
    name: String,
    wire: Wire,
    api: Api,
    encoding: Encoding,
    /// Path of the topic's records.
    target: String,
    /// Path of a question that only a working proxy with our credentials answers.
    health: String,
    /// `Basic …` or `Bearer …`.
    authorization: Option<Secret>,
    /// What an answer must not be quoted with.
    credentials: Vec<Secret>,
    limits: BatchLimits,
}

impl Sink for KafkaRest {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn takes(&self, form: DocumentForm) -> bool {
        form.is_json() || self.encoding == Encoding::Base64
    }

    fn request(&self, batch: &BatchView<'_>, _attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch)
    }

    fn verdict(&self, batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(self, batch.len(), answer)
    }

    fn health_request(&self, _attempt: &Attempt<'_>) -> Option<HttpRequest> {
        Some(encode::health(self))
    }

    fn health_verdict(&self, answer: &Answer<'_>) -> Result<(), Error> {
        verdict::health(self, answer)
    }
}
