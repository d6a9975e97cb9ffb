//! A stream's state in its object's database, as an administrator reaches it.

use edgesiem::administer::{Administered, Refusal, redelivered};
use edgesiem::stores::{
    Deleted, LetterKey, LetterPage, LetterRecord, Replay, Slot, StreamStatus, Which,
};
use edgesiem::{Cursor, DeadLetter, Error, StoreError, StreamId, Timestamp};

use crate::mirror::ObjectRun;
use crate::object::ObjectStore;

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

    async fn ask_replay(
        &self,
        from: Timestamp,
        to: Timestamp,
        start: &Cursor,
    ) -> Result<Replay, Refusal> {
        Ok(self.store.ask_replay(from, to, start)?)
    }

    async fn cancel_replay(&self, id: &str) -> Result<bool, Refusal> {
        Ok(self.store.cancel_replay(id)?)
    }
}
