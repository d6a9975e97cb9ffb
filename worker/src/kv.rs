//! Workers KV as a store: checkpoints, leases, dead letters, the outcome of the last run.
//!
//! What KV promises shapes what this promises: a read may be a minute old, there is no compare-and-swap, and
//! a key takes one write a second. So the checkpoint is written last, a revision check catches what it can,
//! and the lease is soft: overlapping runs can deliver events twice, they cannot lose any.
//!
//! | key | value |
//! |---|---|
//! | `checkpoint/STREAM` | `{"revision": n, "checkpoint": {…}}` |
//! | `lease/STREAM` | `{"run": "…", "until": ms}`, expires by itself |
//! | `status/STREAM` | `{"ok", "at", "last_success_at", "code", "retryable"}` of the last run |
//! | `dead-letter/STREAM/ID` | one event: where it stood, why it could not be delivered, its bytes |

use std::cell::RefCell;
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
/// A run that is killed delays the next one by no more than this.
const LEASE_MS: u64 = 120_000;
/// KV refuses more than one write a second to the same key.
const WRITE_INTERVAL_MS: u64 = 1_000;

#[derive(Serialize, Deserialize)]
struct StoredCheckpoint {
    revision: Revision,
    checkpoint: Checkpoint,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct HeldLease {
    run: String,
    until: Timestamp,
}

/// Whether this run may work on a stream.
pub(crate) enum Lease {
    Taken(HeldLease),
    Held { until: Timestamp },
}

/// Outcome of a stream's last run.
#[derive(Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) ok: bool,
    pub(crate) at: Timestamp,
    pub(crate) last_success_at: Option<Timestamp>,
    pub(crate) code: Option<String>,
    /// Whether the next run may succeed without anybody doing anything.
    #[serde(default)]
    pub(crate) retryable: bool,
}

pub(crate) struct Store {
    kv: KvStore,
    written: RefCell<BTreeMap<String, Timestamp>>,
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
        })
    }

    pub(crate) async fn load(
        &self,
        stream: &StreamId,
    ) -> Result<(Option<Checkpoint>, Revision), StoreError> {
        let stored: Option<StoredCheckpoint> = self.get(&format!("checkpoint/{stream}")).await?;
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
        let key = format!("lease/{stream}");
        if let Some(held) = self.get::<HeldLease>(&key).await?
            && held.until > now()
        {
            return Ok(Lease::Held { until: held.until });
        }
        let mut run = [0; 8];
        getrandom::fill(&mut run).map_err(failed)?;
        let lease = HeldLease {
            run: format!("{:016x}", u64::from_le_bytes(run)),
            until: now().shifted(LEASE_MS.cast_signed()),
        };
        self.put(&key, &lease, Some(LEASE_MS / 1000)).await?;
        Ok(Lease::Taken(lease))
    }

    /// Prolongs the lease when half of it is over.
    pub(crate) async fn renew_lease(
        &self,
        stream: &StreamId,
        lease: HeldLease,
    ) -> Result<Option<HeldLease>, StoreError> {
        if lease.until.since_ms(now()) > LEASE_MS / 2 {
            return Ok(None);
        }
        let renewed = HeldLease {
            until: now().shifted(LEASE_MS.cast_signed()),
            ..lease
        };
        self.put(&format!("lease/{stream}"), &renewed, Some(LEASE_MS / 1000))
            .await?;
        Ok(Some(renewed))
    }

    /// Writes down how the run ended and gives the lease back.
    pub(crate) async fn finish(
        &self,
        stream: &StreamId,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        let before = self.status(stream).await?;
        let ok = outcome.result.is_ok();
        let status = Status {
            ok,
            at: now(),
            last_success_at: if ok {
                Some(now())
            } else {
                before.and_then(|status| status.last_success_at)
            },
            retryable: outcome
                .result
                .as_ref()
                .err()
                .is_some_and(|error| error.kind().retryable()),
            code: outcome
                .result
                .as_ref()
                .err()
                .map(|error| error.kind().code().to_owned()),
        };
        self.put(&format!("status/{stream}"), &status, None).await?;
        self.kv
            .delete(&format!("lease/{stream}"))
            .await
            .map_err(failed)
    }

    pub(crate) async fn status(&self, stream: &StreamId) -> Result<Option<Status>, StoreError> {
        self.get(&format!("status/{stream}")).await
    }

    pub(crate) async fn keep_dead_letters(
        &self,
        stream: &StreamId,
        letters: &[DeadLetter],
    ) -> Result<(), StoreError> {
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
                &format!("dead-letter/{stream}/{}", letter.id),
                &record,
                None,
            )
            .await
        });
        try_join_all(puts).await.map(|_| ())
    }

    async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
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
}
