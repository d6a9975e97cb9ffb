//! What the answer to a `_bulk` request means.
//!
//! The status of the whole is 200 even if every event was refused: what became of each is in `items`, in the order of the
//! request. A 200 counts for nothing unless it has as many items as the batch has events.

use std::borrow::Cow;

use edgesiem_model::{Answer, BatchView, Error, ErrorKind, SinkVerdict, printable};
use serde::Deserialize;

use super::{Auth, Bulk};
use crate::answer::Told;
use crate::status::Meaning;

/// Characters of the reason why an event was refused.
const REASON_CHARS: usize = 500;

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    items: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    create: Outcome<'a>,
}

#[derive(Deserialize)]
struct Outcome<'a> {
    /// Where the event went, or would have gone.
    #[serde(borrow, rename = "_index", default)]
    index: Option<Cow<'a, str>>,
    status: u16,
    #[serde(default)]
    error: Option<Cause>,
}

/// `type` and `reason`; a cluster before version 2, or a proxy, may write one sentence instead.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cause {
    Told {
        #[serde(rename = "type", default)]
        kind: String,
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        caused_by: Option<Deeper>,
    },
    Text(String),
}

#[derive(Deserialize)]
struct Deeper {
    #[serde(default)]
    reason: Option<String>,
}

impl Outcome<'_> {
    fn kind(&self) -> &str {
        match &self.error {
            Some(Cause::Told { kind, .. }) => kind,
            _ => "",
        }
    }

    fn reason(&self) -> &str {
        match &self.error {
            Some(Cause::Told { reason, .. }) => reason.as_deref().unwrap_or_default(),
            Some(Cause::Text(text)) => text,
            None => "",
        }
    }

    fn deeper(&self) -> &str {
        match &self.error {
            Some(Cause::Told {
                caused_by: Some(Deeper { reason: Some(text) }),
                ..
            }) => text,
            _ => "",
        }
    }

    /// Whether the event went neither to `index` nor to an index behind it: a pipeline has rerouted it. Data streams keep
    /// their documents in `.ds-NAME-2026.11.22-000001`, and what they refused in `.fs-NAME-…`; an alias that rolls over
    /// stands for `NAME-000001`.
    fn is_elsewhere(&self, index: &str) -> bool {
        let Some(found) = self.index.as_deref() else {
            return false;
        };
        let found = found
            .strip_prefix(".ds-")
            .or_else(|| found.strip_prefix(".fs-"))
            .unwrap_or(found);
        let is_generation = |rest: &str| {
            rest.starts_with('-')
                && rest
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'))
        };
        found
            .strip_prefix(index)
            .is_none_or(|rest| !rest.is_empty() && !is_generation(rest))
    }

    /// Whether it lacks the time that a data stream wants. Reasons quote values of the event's, so that only their
    /// beginnings tell.
    fn has_no_timestamp(&self) -> bool {
        // `[1:2] failed to parse: data stream timestamp field [@timestamp] is missing`, or the cause alone.
        let reason = self.reason();
        let reason = match reason.split_once("] ") {
            Some((place, rest)) if place.starts_with('[') => rest,
            _ => reason,
        };
        let reason = reason.strip_prefix("failed to parse: ").unwrap_or(reason);
        [reason, self.deeper()].into_iter().any(|text| {
            let text = text.strip_prefix("data stream ").unwrap_or(text);
            text.starts_with("timestamp field [@timestamp]")
        })
    }

    /// Why, in words that can be shown.
    fn told(&self) -> String {
        let mut text = format!("HTTP {}", self.status);
        for part in [self.kind(), self.reason(), self.deeper()] {
            if !part.is_empty() {
                text.push_str(": ");
                text.push_str(part);
            }
        }
        printable(&text, REASON_CHARS)
    }
}

/// What became of one event.
enum Fate {
    /// It is there.
    There,
    /// Not now.
    Again,
    /// Never.
    Refused,
    /// Neither it nor any other, as things are: what is wrong, and what to do.
    Stopped(&'static str, &'static str),
}

const MISSING: Fate = Fate::Stopped(
    "there is no such index or data stream, and the cluster may not create it",
    "create it with its template, or let our credentials create it (auto_configure), or correct the sink's index",
);
const FORBIDDEN: Fate = Fate::Stopped(
    "our credentials may not write there",
    "give them create_doc (and auto_configure, if the data stream is not there yet) on what the sink writes to",
);

impl Fate {
    /// By the item's status and, where that is about the place and not about the event, by the type of its error
    /// (Elasticsearch's exceptions, which OpenSearch has kept).
    fn of(outcome: &Outcome<'_>) -> Self {
        match outcome.status {
            200..=299 => Self::There,
            409 if matches!(outcome.kind(), "" | "version_conflict_engine_exception") => {
                Self::There
            }
            // 403 also while a disk is full or an index is being moved: that passes by itself.
            403 if outcome.kind() == "cluster_block_exception" => Self::Again,
            408 | 409 | 429 | 500..=599 => Self::Again,
            401..=403 => FORBIDDEN,
            404 => MISSING,
            400 => Self::of_bad_request(outcome),
            _ => Self::Refused,
        }
    }

    fn of_bad_request(outcome: &Outcome<'_>) -> Self {
        match outcome.kind() {
            _ if outcome.has_no_timestamp() => Self::Stopped(
                "the schema writes no @timestamp, which a data stream needs",
                "choose the schema ecs or elastic-integration, or write to an index that is no data stream",
            ),
            "index_closed_exception" => {
                Self::Stopped("the index is closed", "open it, or write to another one")
            }
            "invalid_index_name_exception" => Self::Stopped(
                "the cluster does not take the name of the sink's index",
                "correct the sink's index or data_stream",
            ),
            // Too many shards for the cluster, among others.
            "validation_exception" => Self::Stopped(
                "the cluster cannot create what the sink writes to",
                "make room for its shards, or create it yourself",
            ),
            "illegal_argument_exception" if outcome.reason().starts_with("pipeline with id [") => {
                Self::Stopped(
                    "the cluster does not have the ingest pipeline",
                    "create it, or correct the sink's pipeline",
                )
            }
            "illegal_argument_exception"
                if outcome.reason().starts_with("no write index is defined") =>
            {
                Self::Stopped(
                    "the alias does not say which of its indices is written to",
                    "set is_write_index for one of them",
                )
            }
            "illegal_argument_exception"
                if outcome.reason().starts_with("Document ID is not supported") =>
            {
                Self::Stopped(
                    "the collection takes no ids of ours (it is of the type time series)",
                    "set document_id = \"none\", and know that a repeated delivery is stored twice then",
                )
            }
            _ => Self::Refused,
        }
    }
}

/// What the answer to a delivery of `batch` means.
pub(crate) fn verdict(bulk: &Bulk, batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
    let credentials = bulk.credentials();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match answer.head.status {
        200 => by_items(bulk, batch, &told),
        status => by_status(bulk, status, &told),
    }
}

fn by_items(bulk: &Bulk, batch: &BatchView<'_>, told: &Told<'_>) -> SinkVerdict {
    let events = batch.len();
    let items = match serde_json::from_slice::<Reply<'_>>(told.answer.body) {
        Ok(reply) => reply.items,
        // What is there already stays when the halves are sent.
        Err(error) if error.is_eof() => {
            return told.broken_off(bulk.limits.max_answer_bytes);
        }
        Err(_) => {
            return told.stop(
                "the answer is not that of a _bulk request",
                "check the sink's url and what stands between us and the cluster",
            );
        }
    };
    if items.len() != events {
        return SinkVerdict::Retry {
            after_ms: told.after_ms(),
            reason: format!(
                "the answer is about {} events, and {events} were sent",
                items.len()
            ),
        };
    }
    by_fates(bulk, batch, &items, told)
}

fn by_fates(
    bulk: &Bulk,
    batch: &BatchView<'_>,
    items: &[Item<'_>],
    told: &Told<'_>,
) -> SinkVerdict {
    let mut again = Vec::new();
    let mut refused = Vec::new();
    let mut reason = None;
    let mut stopped = None;
    let mut there = 0_usize;
    for (number, (Item { create }, event)) in items.iter().zip(batch.events()).enumerate() {
        match Fate::of(create) {
            Fate::There => there = there.saturating_add(1),
            Fate::Again => {
                reason.get_or_insert_with(|| create.told());
                again.push(number);
            }
            Fate::Refused => refused.push((number, create.told())),
            // By a pipeline of the user's, and perhaps by what the event says: that must not hold up the others.
            Fate::Stopped(..) if create.is_elsewhere(&bulk.index) => {
                refused.push((number, create.told()));
            }
            // An event that has no time gets none from any schema.
            Fate::Stopped(..) if event.time.is_none() && create.has_no_timestamp() => {
                refused.push((number, create.told()));
            }
            Fate::Stopped(message, user_action) => {
                stopped.get_or_insert_with(|| (message, user_action, create.told()));
                refused.push((number, create.told()));
            }
        }
    }
    // If others of the same request were taken, the place and our credentials are right, and it is about the event
    // after all: a pipeline of the user's may send it elsewhere.
    if let Some((message, user_action, item)) = stopped
        && there == 0
    {
        let error = Error::new(ErrorKind::SinkRefused, message, user_action);
        return SinkVerdict::Stop(error.with("answer", item));
    }
    if again.is_empty() && refused.is_empty() {
        return SinkVerdict::Accepted;
    }
    SinkVerdict::Partial {
        again,
        refused,
        after_ms: told.after_ms(),
        reason: reason.unwrap_or_default(),
    }
}

fn by_status(bulk: &Bulk, status: u16, told: &Told<'_>) -> SinkVerdict {
    match Meaning::of(status) {
        Meaning::Moved => told.moved(),
        Meaning::Credentials if status == 402 => told.stop(
            "the cluster's owner has to pay, or its licence has ended",
            "look at the cluster's own console",
        ),
        Meaning::Credentials => refused_credentials(bulk, told),
        Meaning::Address => no_endpoint(told),
        // Not implemented: it will not be tomorrow either.
        Meaning::Later if status == 501 => foreign(told),
        Meaning::Later => told.later(),
        Meaning::TooLarge => SinkVerdict::TooLarge,
        // About the request's line, which no event is in.
        Meaning::Poison if is_no_handler(told.answer.body) => no_endpoint(told),
        Meaning::Poison if contains(told.answer.body, b"unrecognized parameter") => foreign(told),
        Meaning::Poison => told.rejected(),
        // A 2xx other than 200 is not _bulk's.
        Meaning::Taken | Meaning::Foreign => foreign(told),
    }
}

fn no_endpoint(told: &Told<'_>) -> SinkVerdict {
    told.stop(
        "there is no _bulk endpoint at this address, or no such index",
        "check the sink's url, its port and path included, and its index",
    )
}

fn foreign(told: &Told<'_>) -> SinkVerdict {
    told.stop(
        "nothing that takes _bulk requests answered",
        "check the sink's url and what stands between us and the cluster; the answer tells more",
    )
}

fn refused_credentials(bulk: &Bulk, told: &Told<'_>) -> SinkVerdict {
    match bulk.auth {
        Auth::Aws(_) => told.stop(
            "the cluster refused our signature, or our access key may not write to it",
            "check the access key, region, service (es or aoss) and this host's clock, and that the domain's or the \
             collection's access policy allows the key to write",
        ),
        Auth::None => told.stop(
            "the cluster asks who we are",
            "set credentials for the sink",
        ),
        Auth::Header { .. } => told.stop(
            "the cluster refused our credentials, or they may not write there",
            "check that the secret is current, and that it allows create_doc (and auto_configure, if the data stream is \
             not there yet) on what the sink writes to",
        ),
    }
}

#[derive(Deserialize)]
struct Root {
    #[serde(rename = "version")]
    _version: Version,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "number")]
    _number: String,
}

/// What the answer to `GET /` means.
pub(crate) fn health_of_root(bulk: &Bulk, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials = bulk.credentials();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match answer.head.status {
        200 if serde_json::from_slice::<Root>(answer.body).is_ok() => Ok(()),
        200 => told.unhealthy(foreign(&told)),
        // Whoever may only write may not look, and is known all the same.
        403 if contains(answer.body, b"cluster:monitor/main") => Ok(()),
        status => told.unhealthy(by_status(bulk, status, &told)),
    }
}

#[derive(Deserialize)]
struct Privileges {
    has_all_requested: bool,
}

/// What the answer to the question for our privileges means.
pub(crate) fn health_of_privileges(bulk: &Bulk, answer: &Answer<'_>) -> Result<(), Error> {
    let credentials = bulk.credentials();
    let told = Told {
        answer,
        credentials: &credentials,
    };
    match answer.head.status {
        200 => match serde_json::from_slice::<Privileges>(answer.body) {
            Ok(privileges) if privileges.has_all_requested => Ok(()),
            Ok(_) => told.unhealthy(refused_credentials(bulk, &told)),
            Err(_) => told.unhealthy(foreign(&told)),
        },
        // A cluster without security takes everybody, and knows no privileges.
        400 | 404 | 405 if is_no_handler(answer.body) => Ok(()),
        status => told.unhealthy(by_status(bulk, status, &told)),
    }
}

/// What a cluster says of a path that it has nothing for.
fn is_no_handler(body: &[u8]) -> bool {
    body.starts_with(br#"{"error":"no handler found for uri ["#)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
