//! The state in a key-value namespace. What is changed takes effect as late as the namespace reads.

use edgesiem_model::{Cursor, DeadLetter, Error, Host, StoreError, StreamId, Timestamp};
use edgesiem_stores::{
    Deleted, KeyValue, KvRun, KvStore, LetterKey, LetterPage, LetterRecord, Replay, StreamStatus,
    Which,
};

use super::{Administered, Refusal, RefusalKind, redelivered};

/// One stream in a namespace.
pub struct InKv<'a, K, H> {
    /// The namespace.
    pub store: &'a KvStore<'a, K, H>,
    /// The stream.
    pub id: &'a StreamId,
    /// `limits.max_stored_dead_letters` of the stream.
    pub max_stored_dead_letters: u64,
}

impl<'a, K: KeyValue, H: Host> Administered for InKv<'a, K, H> {
    type Redelivery = KvRun<'a, K, H>;

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

    async fn ask_replay(&self, _: Timestamp, _: Timestamp, _: &Cursor) -> Result<Replay, Refusal> {
        Err(no_replays())
    }

    async fn cancel_replay(&self, _: &str) -> Result<bool, Refusal> {
        Err(no_replays())
    }
}

fn no_replays() -> Refusal {
    Refusal::new(
        RefusalKind::NoReplays,
        "a key-value store keeps no replays beside the live stream",
        "replay the window by itself, over a store of its own; or reset the stream with `from`, which sends everything \
         since then again",
    )
}
