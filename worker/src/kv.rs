//! Workers KV as a store: checkpoints, leases, dead letters, the outcome of the last run.
//!
//! What KV promises shapes what this promises: a read may be a minute old, there is no compare-and-swap, and
//! a key takes one write a second. So the checkpoint is written last, a revision check catches what it can,
//! and the lease is soft: overlapping runs can deliver events twice, they cannot lose any.
//!
//! | key | value |
//! |---|---|
//! | `checkpoint/STREAM` | `{"revision": n, "checkpoint": {…}}` |
//! | `lease/STREAM` | `{"run", "until", "since"}` of the newest run; over when `status/STREAM` names the same run |
//! | `status/STREAM` | `{"run", "ok", "at", "last_success_at", "failing_since", "code", "retryable"}` of the last run that ended |
//! | `dead-letter/STREAM/ID/SINK` | one event: where it stood, why it could not be delivered, its bytes; SINK is `-` if it was unreadable |

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use edgesiem::{
    Checkpoint, DeadLetter, Error, ErrorKind, Outcome, Revision, StoreError, StreamId, Timestamp,
};
use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::Env;
use worker::kv::{KvError, KvStore};

use crate::host::now;

/// Name of the KV binding in `wrangler.toml`.
const BINDING: &str = "EDGESIEM_KV";
/// A run that is killed delays the next one by no more than this. Longer than the longest request, because a
/// lease is renewed when a request begins.
const LEASE_MS: u64 = 180_000;
/// A lease is renewed when it is older than this.
const RENEW_AFTER_MS: u64 = 20_000;
/// For how long the lease of a run that never ended stays visible.
const LEASE_KEPT_S: u64 = 86_400;
/// KV refuses more than one write a second to the same key.
const WRITE_INTERVAL_MS: u64 = 1_000;
/// KV allows 1,000 operations in one invocation; dead letters leave some for the end of the run.
const MAX_OPERATIONS: u32 = 900;

#[derive(Serialize, Deserialize)]
struct StoredCheckpoint {
    revision: Revision,
    checkpoint: Checkpoint,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct HeldLease {
    run: String,
    until: Timestamp,
    /// When the first of the runs began that have not ended since.
    #[serde(default)]
    pub(crate) since: Timestamp,
}

/// Whether this run may work on a stream.
pub(crate) enum Lease {
    Taken(HeldLease),
    Held { until: Timestamp },
}

/// Outcome of the last run that ended.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    run: String,
    pub(crate) ok: bool,
    pub(crate) at: Timestamp,
    pub(crate) last_success_at: Option<Timestamp>,
    /// Since when no run has succeeded.
    pub(crate) failing_since: Option<Timestamp>,
    pub(crate) code: Option<String>,
    /// Whether the next run may succeed without anybody doing anything.
    pub(crate) retryable: bool,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            run: String::new(),
            ok: true,
            at: Timestamp::default(),
            last_success_at: None,
            failing_since: None,
            code: None,
            retryable: true,
        }
    }
}

/// What is known of a stream's runs.
pub(crate) struct Runs {
    pub(crate) status: Option<Status>,
    /// The newest run, if it has not ended.
    pub(crate) under_way: Option<HeldLease>,
}

pub(crate) struct Store {
    kv: KvStore,
    written: RefCell<BTreeMap<String, Timestamp>>,
    operations: Cell<u32>,
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Failed(error.to_string())
}

impl Store {
    /// Opens the namespace bound to the Worker.
    pub(crate) fn new(env: &Env) -> Result<Self, Error> {
        let kv = env.kv(BINDING).map_err(|error| {
            Error::new(
                ErrorKind::Config,
                format!("there is no KV namespace bound as {BINDING}"),
                format!("create one with `wrangler kv namespace create {BINDING}` and put its id into wrangler.toml"),
            )
            .with("reason", error.to_string())
        })?;
        Ok(Self {
            kv,
            written: RefCell::default(),
            operations: Cell::new(0),
        })
    }

    pub(crate) async fn load(
        &self,
        stream: &StreamId,
    ) -> Result<(Option<Checkpoint>, Revision), StoreError> {
        let stored: Option<StoredCheckpoint> = self.get(&format!("checkpoint/{stream}")).await?;
        if stored.is_none()
            && self
                .status(stream)
                .await?
                .is_some_and(|status| status.last_success_at.is_some())
        {
            // KV also remembers for a minute that a key was not there. To begin anew would leave a hole.
            return Err(failed(
                "the checkpoint is not there although the stream has succeeded before; KV may be a minute late. To begin \
                 anew on purpose, delete the stream's status too",
            ));
        }
        Ok(stored.map_or((None, Revision::default()), |stored| {
            (Some(stored.checkpoint), stored.revision)
        }))
    }

    pub(crate) async fn save(
        &self,
        stream: &StreamId,
        expected: Revision,
        next: &Checkpoint,
    ) -> Result<Revision, StoreError> {
        let (_, stored) = self.load(stream).await?;
        // An older read than our own last write is KV's delay, not another run.
        if stored > expected {
            return Err(StoreError::Conflict { stored });
        }
        let revision = Revision(expected.0.saturating_add(1));
        let record = json!({ "revision": revision, "checkpoint": next });
        self.put(&format!("checkpoint/{stream}"), &record, None)
            .await?;
        Ok(revision)
    }

    /// Takes the stream's lease unless another run holds it.
    pub(crate) async fn take_lease(&self, stream: &StreamId) -> Result<Lease, StoreError> {
        let under_way = self.runs(stream).await?.under_way;
        let began = now();
        if let Some(held) = &under_way
            && held.until > began
        {
            return Ok(Lease::Held { until: held.until });
        }
        let mut run = [0; 8];
        getrandom::fill(&mut run).map_err(failed)?;
        let lease = HeldLease {
            run: format!("{:016x}", u64::from_le_bytes(run)),
            until: began.shifted(LEASE_MS.cast_signed()),
            since: under_way.map_or(began, |killed| killed.since),
        };
        self.put(&format!("lease/{stream}"), &lease, Some(LEASE_KEPT_S))
            .await?;
        Ok(Lease::Taken(lease))
    }

    /// Prolongs a lease that was not renewed for a while.
    pub(crate) async fn renew_lease(
        &self,
        stream: &StreamId,
        lease: &HeldLease,
    ) -> Result<Option<HeldLease>, StoreError> {
        let left = lease.until.since_ms(now());
        if left > LEASE_MS.saturating_sub(RENEW_AFTER_MS) {
            return Ok(None);
        }
        let renewed = HeldLease {
            until: now().shifted(LEASE_MS.cast_signed()),
            ..lease.clone()
        };
        self.put(&format!("lease/{stream}"), &renewed, Some(LEASE_KEPT_S))
            .await?;
        Ok(Some(renewed))
    }

    /// Writes down how the run ended, which also ends its lease.
    pub(crate) async fn finish(
        &self,
        stream: &StreamId,
        lease: &HeldLease,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        // What cannot be read is replaced.
        let before = self.status(stream).await.ok().flatten().unwrap_or_default();
        let (at, error) = (now(), outcome.result.as_ref().err());
        let status = Status {
            run: lease.run.clone(),
            ok: error.is_none(),
            at,
            last_success_at: if error.is_none() {
                Some(at)
            } else {
                before.last_success_at
            },
            failing_since: error.map(|_| before.failing_since.unwrap_or(lease.since)),
            code: error.map(|error| error.kind().code().to_owned()),
            retryable: error.is_none_or(|error| error.kind().retryable()),
        };
        self.put(&format!("status/{stream}"), &status, None).await
    }

    /// How the stream's runs went and whether one is under way.
    pub(crate) async fn runs(&self, stream: &StreamId) -> Result<Runs, StoreError> {
        let lease: Option<HeldLease> = self.get(&format!("lease/{stream}")).await?;
        let status = self.status(stream).await.ok().flatten();
        let ended = status.as_ref().map(|status| status.run.as_str());
        let under_way = lease.filter(|lease| ended != Some(lease.run.as_str()));
        Ok(Runs { status, under_way })
    }

    async fn status(&self, stream: &StreamId) -> Result<Option<Status>, StoreError> {
        self.get(&format!("status/{stream}")).await
    }

    pub(crate) async fn keep_dead_letters(
        &self,
        stream: &StreamId,
        letters: &[DeadLetter],
    ) -> Result<(), StoreError> {
        let after = self
            .operations
            .get()
            .saturating_add(u32::try_from(letters.len()).unwrap_or(u32::MAX));
        if after > MAX_OPERATIONS {
            return Err(failed(format!(
                "more than {MAX_OPERATIONS} KV operations in one run; the next run goes on from the last committed page"
            )));
        }
        let puts = letters.iter().map(|letter| async move {
            // As text where it is text, so that an operator can read it; otherwise not one byte may change.
            let (raw, raw_base64) = match std::str::from_utf8(&letter.raw) {
                Ok(text) => (Some(text), None),
                Err(_) => (None, Some(STANDARD.encode(&letter.raw))),
            };
            let record = json!({
                "stream": stream,
                "id": letter.id,
                "line": letter.line,
                "part": letter.part,
                "reason": letter.reason,
                "sink": letter.sink,
                "kept_at": now().to_rfc3339(),
                "raw": raw,
                "raw_base64": raw_base64,
            });
            self.put(
                &format!(
                    "dead-letter/{stream}/{}/{}",
                    letter.id,
                    letter.sink.as_deref().unwrap_or("-")
                ),
                &record,
                None,
            )
            .await
        });
        try_join_all(puts).await.map(|_| ())
    }

    async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        self.count();
        let text = self.kv.get(key).text().await.map_err(failed)?;
        text.map(|text| {
            serde_json::from_str(&text).map_err(|error| {
                failed(format!(
                    "KV key {key} does not hold what was expected: {error}"
                ))
            })
        })
        .transpose()
    }

    async fn put<T: Serialize>(
        &self,
        key: &str,
        value: &T,
        ttl_s: Option<u64>,
    ) -> Result<(), StoreError> {
        self.count();
        let text = serde_json::to_string(value).map_err(failed)?;
        let last = self.written.borrow().get(key).copied();
        if let Some(last) = last {
            let since = now().since_ms(last);
            if since < WRITE_INTERVAL_MS {
                let wait = WRITE_INTERVAL_MS.saturating_sub(since);
                worker::Delay::from(std::time::Duration::from_millis(wait)).await;
            }
        }
        let put = || -> Result<_, KvError> {
            let put = self.kv.put(key, text)?;
            Ok(match ttl_s {
                Some(ttl_s) => put.expiration_ttl(ttl_s),
                None => put,
            })
        };
        put().map_err(failed)?.execute().await.map_err(failed)?;
        self.written.borrow_mut().insert(key.to_owned(), now());
        Ok(())
    }

    fn count(&self) {
        self.operations.set(self.operations.get().saturating_add(1));
    }
}
