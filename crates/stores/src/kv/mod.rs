//! A key-value namespace: Workers KV, which may read late and has no compare-and-swap, or a folder of one process.
//!
//! What KV promises shapes what this promises: a read may be a minute old or more, also a read that found
//! nothing, and a key takes one write a second. So the checkpoint is written last, a revision check catches
//! what it can, and the lease is soft: overlapping runs can deliver events twice, they cannot lose any. What an
//! operator changes takes effect as late as it is read.
//!
//! A namespace that is [`KeyValue::exact`] needs none of these precautions: every acceptance is written down before the
//! pipeline goes on, and the lease of a run that was killed is taken over at once. Then, as with a database, a run that is
//! killed repeats at most one batch per sink.
//!
//! | key | value |
//! |---|---|
//! | `checkpoint/STREAM` | `{"revision", "checkpoint", "reset", "heard"}`; `reset` names the reset that it is younger than |
//! | `progress/STREAM` | `{"revision", "reset", "heard", "progress"}`: what was accepted of the page after that revision |
//! | `lease/STREAM` | `{"run", "until", "since", "began", "killed"}` of the newest run; over when `status/STREAM` names the same run |
//! | `status/STREAM` | `{"run", "began", "revision", "reset", "runs", "totals"}` of the last run that ended |
//! | `paused/STREAM` | when the operator paused the stream |
//! | `reset/STREAM` | `{"at", "from"}`: checkpoints that do not know of it count no more |
//! | `gap/STREAM/ORDER` | one gap, never rewritten; ORDER falls as time goes, so that the newest comes first |
//! | `gap-acknowledged/STREAM/ORDER` | when somebody said that they know of it |
//! | `dead-letter/STREAM/ID/SINK` | one event: where it stood, why it could not be delivered, its bytes; SINK is `-` if it was unreadable |
//! | `dead-letter-optional/STREAM/ID/SINK` | the same for a sink that the stream does not wait for |
//!
//! A key is never read, changed and written back where an old read would lose something: gaps, their
//! acknowledgements, dead letters and resets have keys of their own, and only the totals may come out too low.

mod control;
mod gaps;
mod keys;
mod lease;
mod letters;
mod run;

pub use lease::Lease;
pub use run::KvRun;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use edgesiem_model::{Host, StoreError, Timestamp, printable};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::record::{from_json, printable_key, to_json, unreadable};

/// KV refuses more than one write a second to the same key.
const WRITE_INTERVAL_MS: u64 = 1_000;
/// KV allows 1,000 operations in one invocation; what can be left out leaves some for the end of the run.
const MAX_OPERATIONS: u32 = 900;
/// Names in one answer of KV.
const NAMES_AT_ONCE: u32 = 1_000;
/// Answers that are asked for, one after the other.
const MAX_LISTS: u32 = 100;
/// Most names that they hold.
const MAX_NAMES: u64 = 100_000;

/// Some names of keys, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The names.
    pub keys: Vec<String>,
    /// To be handed in for the next ones; `None` at the end.
    pub cursor: Option<String>,
}

/// A namespace of a key-value store that may read late, as Workers KV, or one that does not and says so.
#[expect(
    async_fn_in_trait,
    reason = "every host is single-threaded; no future is sent anywhere"
)]
pub trait KeyValue {
    /// Whether a read always gives the last write, a write is safe when it returns, writes of a key take effect in the order in
    /// which they were begun and at any rate, and no other process uses the namespace: a folder behind a lock, or the memory of
    /// one process.
    fn exact(&self) -> bool {
        false
    }

    /// The value, or an older one, or `None` although there is one.
    ///
    /// # Errors
    /// What went wrong, in the host's words.
    async fn get(&self, key: &str) -> Result<Option<String>, String>;

    /// Writes a value, to be forgotten after `ttl_s` seconds (at least 60).
    ///
    /// # Errors
    /// What went wrong, in the host's words.
    async fn put(&self, key: &str, value: String, ttl_s: Option<u64>) -> Result<(), String>;

    /// Removes a value; also if there is none.
    ///
    /// # Errors
    /// What went wrong, in the host's words.
    async fn delete(&self, key: &str) -> Result<(), String>;

    /// At most `limit` names (no more than 1,000) that begin with `prefix`, in the order of their bytes, after those
    /// that gave `cursor`.
    ///
    /// # Errors
    /// What went wrong, in the host's words.
    async fn list(&self, prefix: &str, limit: u32, cursor: Option<&str>) -> Result<Names, String>;
}

/// The streams' store in a namespace. One for each invocation of the host: it counts operations.
///
/// All methods fail with [`StoreError::Failed`] if the namespace does, or if a key holds what this version did
/// not write.
pub struct KvStore<'a, K, H> {
    kv: &'a K,
    host: &'a H,
    written: RefCell<BTreeMap<String, Timestamp>>,
    operations: Cell<u32>,
}

impl<'a, K: KeyValue, H: Host> KvStore<'a, K, H> {
    /// Over a namespace.
    pub fn new(kv: &'a K, host: &'a H) -> Self {
        Self {
            kv,
            host,
            written: RefCell::default(),
            operations: Cell::new(0),
        }
    }

    /// Operations that may still be spent on what can be left out.
    fn operations_left(&self) -> u32 {
        if self.kv.exact() {
            return u32::MAX;
        }
        MAX_OPERATIONS.saturating_sub(self.operations.get())
    }

    /// How much later than `last` a key may be written again.
    fn pause_after(&self, last: Timestamp) -> u64 {
        let pause = if self.kv.exact() {
            0
        } else {
            WRITE_INTERVAL_MS
        };
        pause.saturating_sub(self.host.now().since_ms(last))
    }

    fn count(&self) {
        self.operations.set(self.operations.get().saturating_add(1));
    }

    async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        self.get_text(key)
            .await?
            .map(|text| from_json(&printable_key(key), &text))
            .transpose()
    }

    async fn get_text(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.count();
        self.kv.get(key).await.map_err(StoreError::Failed)
    }

    async fn put<T: Serialize>(
        &self,
        key: &str,
        value: &T,
        ttl_s: Option<u64>,
    ) -> Result<(), StoreError> {
        let text = to_json(value)?;
        let last = self.written.borrow().get(key).copied();
        if let Some(last) = last {
            let pause_ms = self.pause_after(last);
            if pause_ms > 0 {
                self.host.sleep(pause_ms).await;
            }
        }
        self.count();
        let written = self.kv.put(key, text, ttl_s).await;
        // Also one that failed may count.
        self.written
            .borrow_mut()
            .insert(key.to_owned(), self.host.now());
        written.map_err(StoreError::Failed)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.count();
        self.kv.delete(key).await.map_err(StoreError::Failed)
    }

    /// Hands every name under `prefix`, without it, to `visit`, until that returns `false`. Says whether there
    /// may be more.
    async fn names(
        &self,
        prefix: &str,
        mut visit: impl FnMut(&str) -> bool,
    ) -> Result<bool, StoreError> {
        let mut cursor: Option<String> = None;
        // An answer may be short, or even empty, and not be the last one.
        for _ in 0..MAX_LISTS {
            self.count();
            let names = self
                .kv
                .list(prefix, NAMES_AT_ONCE, cursor.as_deref())
                .await
                .map_err(StoreError::Failed)?;
            for key in &names.keys {
                let Some(name) = key.strip_prefix(prefix) else {
                    return Err(unreadable(
                        &format!("the list of the KV keys {prefix}"),
                        &format!("it has a key {}", printable(key, 80)),
                    ));
                };
                if !visit(name) {
                    return Ok(true);
                }
            }
            cursor = names.cursor;
            if cursor.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
