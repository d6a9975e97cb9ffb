//! A stream's state as an administrator reaches it, the same over a database and over KV.

use edgesiem::stores::{
    Deleted, KvRun, KvStore, LetterKey, LetterPage, LetterRecord, Replay, RunEnd, Slot,
    StreamStatus, Totals, Which,
};
use edgesiem::{Cursor, DeadLetter, Error, StoreError, StreamId, Timestamp, model};
use serde_json::Value;

use crate::host::WorkerHost;
use crate::http::answer::Refusal;
use crate::kv::Namespace;
use crate::mirror::ObjectRun;
use crate::object::ObjectStore;

/// One stream's state.
pub(crate) trait Administered {
    /// What dead letters that are refused again are written through.
    type Redelivery: model::Store;

    async fn status(&self) -> Result<StreamStatus, StoreError>;
    async fn pause(&self) -> Result<(), StoreError>;
    async fn resume(&self) -> Result<(), StoreError>;
    async fn reset(&self, from: Option<&Cursor>) -> Result<(), StoreError>;
    async fn letters(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<LetterPage<LetterRecord>, StoreError>;
    async fn letter(&self, key: &LetterKey) -> Result<Option<LetterRecord>, StoreError>;
    async fn letters_to_redeliver(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError>;
    async fn begin_redelivery(&self) -> Result<Self::Redelivery, StoreError>;
    async fn end_redelivery(
        &self,
        run: Self::Redelivery,
        error: Option<&Error>,
    ) -> Result<(), StoreError>;
    async fn delete_letters(&self, which: Which<'_>) -> Result<Deleted, StoreError>;
    async fn acknowledge_gap(&self, id: u64) -> Result<bool, StoreError>;
    async fn acknowledge_all_gaps(&self) -> Result<u64, StoreError>;
    fn ask_replay(&self, from: Timestamp, to: Timestamp, start: &Cursor)
    -> Result<Replay, Refusal>;
    fn cancel_replay(&self, id: &str) -> Result<bool, Refusal>;
}

/// Over the database of the stream's object.
pub(crate) struct InSql<'a> {
    pub(crate) store: ObjectStore<'a>,
    pub(crate) id: &'a StreamId,
}

impl<'a> Administered for InSql<'a> {
    type Redelivery = ObjectRun<'a>;

    async fn status(&self) -> Result<StreamStatus, StoreError> {
        self.store.status(self.id)
    }

    async fn pause(&self) -> Result<(), StoreError> {
        self.store.pause()
    }

    async fn resume(&self) -> Result<(), StoreError> {
        self.store.resume()
    }

    async fn reset(&self, from: Option<&Cursor>) -> Result<(), StoreError> {
        self.store.reset(from)
    }

    async fn letters(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<LetterPage<LetterRecord>, StoreError> {
        self.store.dead_letters(Which::All, after, limit)
    }

    async fn letter(&self, key: &LetterKey) -> Result<Option<LetterRecord>, StoreError> {
        self.store.dead_letter(key)
    }

    async fn letters_to_redeliver(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError> {
        self.store
            .letters_to_redeliver(which, after, limit, max_bytes)
    }

    async fn begin_redelivery(&self) -> Result<Self::Redelivery, StoreError> {
        self.store.begin_run(Slot::Redelivery).map(ObjectRun::new)
    }

    async fn end_redelivery(
        &self,
        run: Self::Redelivery,
        error: Option<&Error>,
    ) -> Result<(), StoreError> {
        run.end(redelivered(error))
    }

    async fn delete_letters(&self, which: Which<'_>) -> Result<Deleted, StoreError> {
        self.store.delete_dead_letters(which)
    }

    async fn acknowledge_gap(&self, id: u64) -> Result<bool, StoreError> {
        self.store.acknowledge_gap(id)
    }

    async fn acknowledge_all_gaps(&self) -> Result<u64, StoreError> {
        self.store.acknowledge_all_gaps()
    }

    fn ask_replay(
        &self,
        from: Timestamp,
        to: Timestamp,
        start: &Cursor,
    ) -> Result<Replay, Refusal> {
        Ok(self.store.ask_replay(from, to, start)?)
    }

    fn cancel_replay(&self, id: &str) -> Result<bool, Refusal> {
        Ok(self.store.cancel_replay(id)?)
    }
}

/// Over KV, where everything is seen as late as KV reads.
pub(crate) struct InKv<'a> {
    pub(crate) store: &'a KvStore<'a, Namespace, WorkerHost>,
    pub(crate) id: &'a StreamId,
    pub(crate) max_stored_dead_letters: u64,
}

impl<'a> Administered for InKv<'a> {
    type Redelivery = KvRun<'a, Namespace, WorkerHost>;

    async fn status(&self) -> Result<StreamStatus, StoreError> {
        self.store.status(self.id).await
    }

    async fn pause(&self) -> Result<(), StoreError> {
        self.store.pause(self.id).await
    }

    async fn resume(&self) -> Result<(), StoreError> {
        self.store.resume(self.id).await
    }

    async fn reset(&self, from: Option<&Cursor>) -> Result<(), StoreError> {
        self.store.reset(self.id, from).await
    }

    async fn letters(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<LetterPage<LetterRecord>, StoreError> {
        self.store
            .dead_letters(self.id, Which::All, after, limit)
            .await
    }

    async fn letter(&self, key: &LetterKey) -> Result<Option<LetterRecord>, StoreError> {
        self.store.dead_letter(self.id, key).await
    }

    async fn letters_to_redeliver(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError> {
        self.store
            .letters_to_redeliver(self.id, which, after, limit, max_bytes)
            .await
    }

    async fn begin_redelivery(&self) -> Result<Self::Redelivery, StoreError> {
        Ok(self.store.redelivery(self.id, self.max_stored_dead_letters))
    }

    async fn end_redelivery(
        &self,
        run: Self::Redelivery,
        error: Option<&Error>,
    ) -> Result<(), StoreError> {
        run.end(redelivered(error)).await
    }

    async fn delete_letters(&self, which: Which<'_>) -> Result<Deleted, StoreError> {
        self.store.delete_dead_letters(self.id, which).await
    }

    async fn acknowledge_gap(&self, id: u64) -> Result<bool, StoreError> {
        self.store.acknowledge_gap(self.id, id).await
    }

    async fn acknowledge_all_gaps(&self) -> Result<u64, StoreError> {
        self.store.acknowledge_all_gaps(self.id).await
    }

    fn ask_replay(&self, _: Timestamp, _: Timestamp, _: &Cursor) -> Result<Replay, Refusal> {
        Err(no_replays())
    }

    fn cancel_replay(&self, _: &str) -> Result<bool, Refusal> {
        Err(no_replays())
    }
}

fn no_replays() -> Refusal {
    Refusal::new(
        409,
        "no_replays",
        "with store = \"kv\" there is no replay beside the live stream",
        "set store = \"durable-object\", which goes on from where the stream stands; or reset the stream with `from`, \
         which sends everything since then again",
    )
}

/// What a redelivery did is not in the totals of runs.
fn redelivered(error: Option<&Error>) -> RunEnd<'_> {
    RunEnd {
        error,
        summary: Value::Null,
        totals: Totals::default(),
    }
}
