//! ClickHouse over HTTP: `INSERT … FORMAT JSONEachRow`.
//!
//! Sources: ClickHouse docs "HTTP interface", "Deduplicating inserts on retries", "Asynchronous inserts"; the list of
//! exceptions in `src/Common/ErrorCodes.cpp` and their statuses in `src/Server/HTTP/exceptionCodeToHTTPStatus.cpp`.
//!
//! Without `column` each document is a row, its members are columns by name:
//!
//! ```json
//! {"attackData":{…},"httpMessage":{…}}
//! ```
//!
//! With `column = "raw"` the whole document is one string, and text schemas work too:
//!
//! ```json
//! {"raw":"{\"attackData\":{…}}"}
//! ```
//!
//! `id_column`, `time_column` and `replay_column` name columns for the event's id, its time (`DateTime64(3)` reads it) and,
//! only for events of a replay, the replay's name.
//!
//! # Repeats
//!
//! Every insert carries an `insert_deduplication_token`. ClickHouse goes by the token alone: rows under a token that it knows
//! are dropped, whatever they are. So the token is made of the batch's key, which stands for exactly these events, and of
//! a hash of the rows as sent, which tells apart the same events under another schema or configuration; and of the replay's
//! name, because a replay is meant to be stored. Replicated tables remember tokens by themselves; others only with the
//! setting `non_replicated_deduplication_window`.
//!
//! # Exceptions
//!
//! The code of the exception decides, because statuses are coarse: a full disk, a missing privilege on an older server and a row
//! that violates a constraint are all 500. `wait_end_of_query=1` keeps the server from sending the status before the insert
//! is done, and a 200 with an exception in its body counts as that exception.

mod config;
mod encode;
mod exception;
mod verdict;

use edgesiem_model::{
    Answer, Attempt, BatchLimits, BatchView, DocumentForm, Error, HttpRequest, Secret, Sink,
    SinkVerdict,
};

use crate::About;
use crate::members::Members;
use crate::wire::Wire;

pub use config::Config;

const ABOUT: About = About {
    kind: "clickhouse",
    local: false,
    product: "ClickHouse",
    summary: "Inserts events into a table over ClickHouse's HTTP interface, a column for each member or the whole document in one.",
    checked_by: "the ClickHouse engine 26.9 (PyPI chdb-core 26.9.0) behind a small HTTP front of the project's own",
    partial: "none: an insert is stored or refused as a whole; a refused one is halved until the refused event is alone",
    repeats: "stored once, by insert_deduplication_token: Replicated tables by themselves, others with non_replicated_deduplication_window",
    limits: "10,000 events and 900,000 bytes an insert unless configured; ClickHouse prefers few large inserts",
    failures: &[
        (
            "a row that cannot be read or stored (codes 6, 26, 27, 38, 41, 53, 72, 117, 321, 349, 376, 469 and the like), other HTTP 400",
            "the event is isolated and becomes a dead letter",
        ),
        (
            "wrong user, password, privilege, database, table, column or setting (codes 16, 60, 81, 115, 164, 192 to 195, 497, 516 and the like)",
            "the stream stops and says what to mend",
        ),
        (
            "overload, memory, disk, replicas, keeper, quota (codes 159, 201, 202, 209, 210, 241, 242, 243, 252, 999 and the like), other HTTP 5xx, no answer",
            "tried again, as Retry-After says or with growing pauses",
        ),
        (
            "too many partitions, rows or bytes in one insert, HTTP 413",
            "sent in halves",
        ),
        (
            "a 200 without ClickHouse's headers",
            "the stream stops: a login page must not swallow events",
        ),
    ],
    example: r#"[sinks.clickhouse]
kind = "clickhouse"
url = "https://abc123.eu-west-1.aws.clickhouse.cloud:8443"
database = "security"
table = "akamai"
user = "edgesiem"
password = { secret = "CLICKHOUSE_PASSWORD" }
column = "raw"
id_column = "id"
time_column = "time"
replay_column = "replay"
"#,
    try_it: "`CREATE TABLE security.akamai (id FixedString(32), time DateTime64(3), replay LowCardinality(String), raw String) ENGINE = \
             MergeTree ORDER BY time SETTINGS non_replicated_deduplication_window = 10000`, `GRANT INSERT ON security.akamai TO edgesiem`. \
             Then `SELECT time, id, raw FROM security.akamai ORDER BY time DESC LIMIT 10`.",
    sources: &[
        (
            "ClickHouse HTTP interface",
            "https://clickhouse.com/docs/interfaces/http",
        ),
        (
            "Deduplicating inserts on retries",
            "https://clickhouse.com/docs/guides/developer/deduplicating-inserts-on-retries",
        ),
        (
            "Asynchronous inserts",
            "https://clickhouse.com/docs/optimize/asynchronous-inserts",
        ),
        (
            "ClickHouse error codes",
            "https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp",
        ),
    ],
};

/// A table, ready to use.
#[derive(Debug)]
struct ClickHouse {
    name: String,
    wire: Wire,
    /// Path and query of an insert, up to the deduplication token.
    target: String,
    /// Path and query of the question whether the server takes our credentials.
    health: String,
    user: String,
    password: Option<Secret>,
    members: Members,
    limits: BatchLimits,
}

impl ClickHouse {
    /// What an answer must not be quoted with.
    fn credentials(&self) -> Vec<&Secret> {
        self.password.iter().collect()
    }
}

impl Sink for ClickHouse {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn takes(&self, form: DocumentForm) -> bool {
        form.is_json() || self.members.everything_as_text
    }

    fn request(&self, batch: &BatchView<'_>, _attempt: &Attempt<'_>) -> HttpRequest {
        encode::request(self, batch)
    }

    fn verdict(&self, _batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        verdict::verdict(self, answer)
    }

    fn health_request(&self, _attempt: &Attempt<'_>) -> Option<HttpRequest> {
        Some(encode::health(self))
    }

    fn health_verdict(&self, answer: &Answer<'_>) -> Result<(), Error> {
        verdict::health(self, answer)
    }
}
