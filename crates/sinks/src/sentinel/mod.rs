//! Microsoft Sentinel and Azure Monitor, by the Logs Ingestion API
//! (<https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview>).
//!
//! A batch is a JSON array of records for one stream of a data collection rule:
//!
//! ```json
//! [{"edgesiem_id":"9f…","type":"akamai_siem","attackData":{…}},{…}]
//! ```
//!
//! `edgesiem_id` is the event's id, and `edgesiem_replay` the name of the replay if it is part of one. Azure Monitor
//! silently drops members that the rule does not declare, so that they are there for rules that declare them (type
//! `string`) and cost nothing in others; and it never recognises a repeated record.
//!
//! Access tokens come from Microsoft Entra by the client credentials grant. `x-ms-client-request-id` is the batch's key as a
//! GUID: the column `ClientRequestId` of the table `DCRLogErrors` has it, and a repeated batch has the same one.
//!
//! An answer other than 204 accepts nothing. A 404 says that there is no such rule and a 400 with the code `InvalidStream`
//! that it has no such stream; both can pass a few minutes after the rule was changed, so that a stream which stops for
//! them goes on by itself.

mod config;
mod encode;
mod verdict;

use edgesiem_model::{
    AccessToken, Answer, Attempt, BatchLimits, BatchView, DocumentForm, HttpRequest, Secret, Sink,
    SinkVerdict, Timestamp,
};

use crate::About;
use crate::members::Members;
use crate::oauth::Authority;
use crate::wire::Wire;
pub use config::{Cloud, Config};

const ABOUT: About = About {
    kind: "sentinel",
    local: false,
    product: "Microsoft Sentinel (Azure Monitor Logs Ingestion API)",
    summary: "Sends each batch as a JSON array to a stream of a data collection rule, with access tokens of Microsoft Entra. Made for \
              the schema `sentinel`; any schema of JSON objects works with a rule that declares its members.",
    checked_by: "strict fake",
    partial: "none: a call is taken or refused as a whole; members that the rule does not declare are dropped by Azure without a word",
    repeats: "stored twice: Azure Monitor does not recognise them; a rule that declares the column `edgesiem_id` lets queries tell",
    limits: "1,048,576 bytes a call, compressed or not, checked before sending (900,000 unless configured); a larger event becomes a \
             dead letter; Azure cuts strings at 64 KB; 2 GB and 12,000 calls a minute for each rule",
    failures: &[
        ("HTTP 204", "delivered"),
        (
            "HTTP 408, 429, 5xx, no answer; 429 and 5xx of Entra",
            "tried again, as Retry-After says or with growing pauses",
        ),
        (
            "HTTP 413, or the code ContentLengthLimitExceeded",
            "sent in halves",
        ),
        (
            "HTTP 400",
            "the event is isolated and becomes a dead letter, unless the code is InvalidStream",
        ),
        (
            "HTTP 401",
            "a new access token is asked for once, then the stream stops",
        ),
        (
            "HTTP 403, 404, the code InvalidStream, a refusal of Entra such as invalid_client, a redirect, any other",
            "the stream stops and says what to mend",
        ),
    ],
    example: r#"[sinks.sentinel]
kind = "sentinel"
endpoint = "https://edgesiem-abcd.westeurope-1.logs.z1.ingest.monitor.azure.com"
dcr_id = "dcr-000a00a000a00000a000000aa000a0aa"
stream = "Custom-AkamaiSIEMEvent_CL"
tenant_id = "11111111-2222-3333-4444-555555555555"
client_id = "66666666-7777-8888-9999-000000000000"
client_secret = { secret = "AZURE_CLIENT_SECRET" }
"#,
    try_it: "Register an application in Microsoft Entra, make a client secret, and give the application the role Monitoring Metrics \
             Publisher on the data collection rule; it takes up to 30 minutes to work. `endpoint` is `logsIngestion` in the rule's JSON \
             view, or that of a data collection endpoint; `dcr_id` is its immutable id. Then query the table, such as \
             `AkamaiSIEMEvent | take 10`; the first records take up to 15 minutes. `DCRLogErrors` tells what a rule refused.",
    sources: &[
        (
            "Logs Ingestion API in Azure Monitor",
            "https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview",
        ),
        (
            "Azure Monitor service limits",
            "https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#logs-ingestion-api",
        ),
        (
            "OAuth 2.0 client credentials flow on the Microsoft identity platform",
            "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow",
        ),
        (
            "Tests of the client library, which name the error codes",
            "https://github.com/Azure/azure-sdk-for-net/tree/main/sdk/monitor/Azure.Monitor.Ingestion",
        ),
    ],
};

/// A stream of a data collection rule, ready to use.
#[derive(Debug)]
struct Sentinel {
    name: String,
    wire: Wire,
    target: String,
    authority: Authority,
    client_id: String,
    client_secret: Secret,
    /// What the token is for.
    scope: &'static str,
    members: Members,
    limits: BatchLimits,
}

impl Sink for Sentinel {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn takes(&self, form: DocumentForm) -> bool {
        form == DocumentForm::Json
    }

    fn token_request(&self, _now: Timestamp) -> Option<HttpRequest> {
        Some(self.authority.request(&[
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose()),
            ("scope", self.scope),
        ]))
    }

    fn token_verdict(&self, answer: &Answer<'_>) -> Result<AccessToken, SinkVerdict> {
        self.authority.verdict(&[&self.client_secret], answer)
    }

    fn request(&self, batch: &BatchView<'_>, attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch, attempt.token)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(&self.client_secret, answer)
    }
}
