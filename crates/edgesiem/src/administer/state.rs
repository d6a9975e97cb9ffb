//! A stream's state as an administrator reaches it, whatever keeps it.

use edgesiem_model::{Cursor, DeadLetter, Error, Store, StoreError, Timestamp};
use edgesiem_stores::{
    Deleted, LetterKey, LetterPage, LetterRecord, Replay, RunEnd, StreamStatus, Totals, Which,
};
use serde_json::Value;

use super::Refusal;

/// One stream's state.
#[expect(
    async_fn_in_trait,
    reason = "every host is single-threaded; no future is sent anywhere"
)]
pub trait Administered {
    /// What dead letters that are refused again are written through.
    type Redelivery: Store;

    /// What an operator sees of it.
    ///
    /// # Errors
    /// As every other method: the store could not be read or written.
    async fn status(&self) -> Result<StreamStatus, StoreError>;

    /// Remembers that no run should begin.
    async fn pause(&self) -> Result<(), StoreError>;

    /// Ends a pause.
    async fn resume(&self) -> Result<(), StoreError>;

    /// Forgets where the stream stands. It begins anew at `from`, or where the source begins.
    async fn reset(&self, from: Option<&Cursor>) -> Result<(), StoreError>;

    /// Some dead letters, as a listing shows them.
    async fn letters(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<LetterPage<LetterRecord>, StoreError>;

    /// One dead letter, whole.
    async fn letter(&self, key: &LetterKey) -> Result<Option<LetterRecord>, StoreError>;

    /// Some dead letters as they can be delivered: at most `limit`, of not much more than `max_bytes` together.
    async fn letters_to_redeliver(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError>;

    /// Dead letters are going to be sent again.
    async fn begin_redelivery(&self) -> Result<Self::Redelivery, StoreError>;

    /// They were, as far as they could be. [`redelivered`] is what to write down.
    async fn end_redelivery(
        &self,
        run: Self::Redelivery,
        error: Option<&Error>,
    ) -> Result<(), StoreError>;

    /// Deletes dead letters.
    async fn delete_letters(&self, which: Which<'_>) -> Result<Deleted, StoreError>;

    /// Somebody knows of this gap. `false` if there is none of this number.
    async fn acknowledge_gap(&self, id: u64) -> Result<bool, StoreError>;

    /// Somebody knows of all gaps. Says how many that are.
    async fn acknowledge_all_gaps(&self) -> Result<u64, StoreError>;

    /// Remembers a replay that is to be worked off. `start` is where the source is to be asked first.
    ///
    /// # Errors
    /// Also [`RefusalKind::NoReplays`](super::RefusalKind::NoReplays).
    async fn ask_replay(
        &self,
        from: Timestamp,
        to: Timestamp,
        start: &Cursor,
    ) -> Result<Replay, Refusal>;

    /// Gives a replay up. `false` if there is none of this name.
    ///
    /// # Errors
    /// Also [`RefusalKind::NoReplays`](super::RefusalKind::NoReplays).
    async fn cancel_replay(&self, id: &str) -> Result<bool, Refusal>;
}

/// How a redelivery ended, for the store: what it did is not in the totals of runs.
pub fn redelivered(error: Option<&Error>) -> RunEnd<'_> {
    RunEnd {
        error,
        summary: Value::Null,
        totals: Totals::default(),
    }
}
