//! A copy in KV of what a stream's object has committed: for people, for dashboards, and for whoever changes from
//! one kind of store to the other. Nothing that the object does depends on it.

use std::cell::{Cell, RefCell};
use std::pin::pin;

use edgesiem::model::{Accepted, Progress, Save, Store};
use edgesiem::stores::{KeyValue, RunEnd, SqlRun};
use edgesiem::{
    Checkpoint, Cursor, DeadLetter, Host, Loaded, Revision, StoreError, StreamId, Timestamp,
    WhenFull,
};
use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};
use worker::Env;

use crate::host::{WorkerHost, now};
use crate::kv::Namespace;
use crate::log;
use crate::object::ObjectStore;
use crate::sql::ObjectSql;

/// A copy need not be newer than this while a run goes on, because each costs.
const EVERY_MS: u64 = 5_000;
/// KV refuses more than one write a second to a key.
const APART_MS: u64 = 1_000;
/// A copy that takes longer is not waited for.
const PATIENCE_MS: u64 = 5_000;

/// What the key `checkpoint/STREAM` holds, as `store = "kv"` writes it.
#[derive(Serialize, Deserialize)]
struct Record {
    revision: Revision,
    checkpoint: Checkpoint,
}

/// The copy of one stream's state.
pub(crate) struct Mirror {
    kv: Option<Namespace>,
    stream: StreamId,
    /// When it was written last, or would have been.
    written_at: Cell<Timestamp>,
    has_written: Cell<bool>,
    /// A checkpoint that is not in KV yet.
    pending: RefCell<Option<Record>>,
}

impl Mirror {
    /// Without a KV namespace nothing is copied.
    pub(crate) fn new(env: &Env, stream: &StreamId) -> Self {
        Self {
            kv: Namespace::new(env).ok(),
            stream: stream.clone(),
            written_at: Cell::new(now()),
            has_written: Cell::default(),
            pending: RefCell::default(),
        }
    }

    /// If the object has never saved anything, begins where the stream stands in KV: its state was kept there
    /// before. KV may be late; then some events come twice.
    pub(crate) async fn take_over(&self, run: &ObjectRun<'_>) -> Result<(), StoreError> {
        let (
            Some(kv),
            Loaded {
                checkpoint: None,
                revision: Revision(0),
                ..
            },
        ) = (&self.kv, run.load().await?)
        else {
            return Ok(());
        };
        let key = format!("checkpoint/{}", self.stream);
        let Some(text) = kv.get(&key).await.map_err(StoreError::Failed)? else {
            return Ok(());
        };
        let record: Record = serde_json::from_str(&text).map_err(|error| {
            StoreError::Failed(format!(
                "the KV key {key}, where the stream stood before it had an object, cannot be read ({error}): mend it, or \
                 delete it to begin anew"
            ))
        })?;
        run.save(Revision(0), &record.checkpoint, Save::Settings)
            .await?;
        log::note(
            "takeover",
            self.stream.as_str(),
            "the stream goes on from where it stands in KV",
        );
        Ok(())
    }

    /// The end of a turn: whatever is not in KV yet.
    pub(crate) async fn end(&self, store: &ObjectStore<'_>) {
        let Some(kv) = &self.kv else { return };
        if self.has_written.get() {
            self.keep_apart().await;
        }
        if self.write(kv, store).await.is_err() {
            // Most likely the turn before has just written the same keys.
            self.keep_apart().await;
            if let Err(reason) = self.write(kv, store).await {
                self.failed(&reason);
            }
        }
    }

    async fn keep_apart(&self) {
        let since = now().since_ms(self.written_at.get());
        WorkerHost.sleep(APART_MS.saturating_sub(since)).await;
    }

    async fn saved(&self, store: &ObjectStore<'_>, revision: Revision, checkpoint: &Checkpoint) {
        let Some(kv) = &self.kv else { return };
        self.pending.replace(Some(Record {
            revision,
            checkpoint: checkpoint.clone(),
        }));
        if now().since_ms(self.written_at.get()) >= EVERY_MS
            && let Err(reason) = self.write(kv, store).await
        {
            self.failed(&reason);
        }
    }

    async fn write(&self, kv: &Namespace, store: &ObjectStore<'_>) -> Result<(), String> {
        let words = |error: serde_json::Error| error.to_string();
        let checkpoint = self.pending.borrow().as_ref().map(serde_json::to_string);
        let status = store
            .status(&self.stream)
            .map_err(|error| error.to_string())?;
        let status = serde_json::to_string(&status).map_err(words)?;
        if let Some(checkpoint) = checkpoint {
            self.put(kv, "checkpoint", checkpoint.map_err(words)?)
                .await?;
            self.pending.take();
        }
        self.put(kv, "status", status).await
    }

    async fn put(&self, kv: &Namespace, kind: &str, text: String) -> Result<(), String> {
        self.has_written.set(true);
        let key = format!("{kind}/{}", self.stream);
        let put = kv.put(&key, text, None);
        let written = match select(pin!(put), pin!(WorkerHost.sleep(PATIENCE_MS))).await {
            Either::Left((written, _)) => written,
            Either::Right(_) => Err("KV took too long".to_owned()),
        };
        self.written_at.set(now());
        written
    }

    /// The next copy makes up for it.
    fn failed(&self, reason: &str) {
        log::problem("mirror", Some(self.stream.as_str()), reason);
    }
}

/// A run of an object. One type for all of them, because the pipeline is compiled anew for each.
pub(crate) struct ObjectRun<'a> {
    run: SqlRun<'a, ObjectSql, WorkerHost>,
    /// If it is the live stream's: where its commits are copied.
    mirror: Option<(ObjectStore<'a>, &'a Mirror)>,
}

impl<'a> ObjectRun<'a> {
    pub(crate) const fn new(run: SqlRun<'a, ObjectSql, WorkerHost>) -> Self {
        Self { run, mirror: None }
    }

    pub(crate) const fn copied(mut self, store: ObjectStore<'a>, mirror: &'a Mirror) -> Self {
        self.mirror = Some((store, mirror));
        self
    }

    pub(crate) fn end(self, end: RunEnd<'_>) -> Result<(), StoreError> {
        self.run.end(end)
    }
}

impl Store for ObjectRun<'_> {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.run.load().await
    }

    async fn begin_page(&self, at: Revision, cursor: &Cursor) -> Result<Progress, StoreError> {
        self.run.begin_page(at, cursor).await
    }

    async fn accept(&self, at: Revision, accepted: &Accepted) -> Result<(), StoreError> {
        self.run.accept(at, accepted).await
    }

    async fn abandon_page(&self, at: Revision) -> Result<(), StoreError> {
        self.run.abandon_page(at).await
    }

    async fn save(
        &self,
        expected: Revision,
        next: &Checkpoint,
        what: Save<'_>,
    ) -> Result<Revision, StoreError> {
        let revision = self.run.save(expected, next, what).await?;
        if let Some((store, mirror)) = &self.mirror {
            mirror.saved(store, revision, next).await;
        }
        Ok(revision)
    }

    async fn keep_dead_letters(
        &self,
        letters: &[DeadLetter],
        when_full: WhenFull,
    ) -> Result<u64, StoreError> {
        self.run.keep_dead_letters(letters, when_full).await
    }
}
