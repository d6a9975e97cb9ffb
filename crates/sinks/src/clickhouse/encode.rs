//! A batch as rows, and the statement that inserts them.

use edgesiem_model::{BatchView, Header, HttpRequest, confidential, plain};

use super::{ClickHouse, Config};
use crate::target::encoded;

/// Path and query of an insert, up to the deduplication token. The statement is in the query, the rows are the body.
pub(super) fn insert(base: &str, config: &Config) -> String {
    // Names are checked and quoted: there is nothing in them that could end the quotes.
    let table = match &config.database {
        Some(database) => format!("\"{database}\".\"{}\"", config.table),
        None => format!("\"{}\"", config.table),
    };
    let query = encoded(&format!("INSERT INTO {table} FORMAT JSONEachRow"));
    let mut target =
        format!("{base}/?query={query}&date_time_input_format=best_effort&wait_end_of_query=1");
    if config.refuse_unknown_fields {
        target.push_str("&input_format_skip_unknown_fields=0");
    }
    if config.async_insert {
        target.push_str("&async_insert=1&wait_for_async_insert=1&async_insert_deduplicate=1");
    }
    target.push_str("&insert_deduplication_token=");
    target
}

pub(super) fn request(sink: &ClickHouse, batch: &BatchView<'_>) -> HttpRequest {
    let body = sink.members.lines(batch);
    let target = format!("{}{}", sink.target, token(batch, &body));
    let mut headers = headers(sink);
    headers.push(plain("content-type", "application/x-ndjson"));
    sink.wire.post(target, headers, body)
}

/// Stands for exactly these rows, live or in this replay.
fn token(batch: &BatchView<'_>, rows: &[u8]) -> String {
    let hash = blake3::hash(rows).to_hex();
    let hash = hash.as_str().get(..32).unwrap_or_default();
    match batch.replay() {
        Some(replay) => format!("{}-{hash}-{replay}", batch.key()),
        None => format!("{}-{hash}", batch.key()),
    }
}

/// The question whether the server is there and takes our credentials.
pub(super) fn health(sink: &ClickHouse) -> HttpRequest {
    sink.wire.get(sink.health.clone(), headers(sink))
}

fn headers(sink: &ClickHouse) -> Vec<Header> {
    let mut headers = vec![plain("x-clickhouse-user", sink.user.clone())];
    if let Some(password) = &sink.password {
        headers.push(confidential("x-clickhouse-key", password.clone()));
    }
    headers
}
