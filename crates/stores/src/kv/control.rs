//! What an operator sees and changes: status, pause, reset. All of it is seen as late as KV reads.

use edgesiem_model::{Checkpoint, Cursor, Host, StoreError, StreamId, Timestamp};
use serde::de::DeserializeOwned;

use super::keys::{self, HeldLease, StoredCheckpoint, StoredProgress, StoredReset, StoredStatus};
use super::run::standing;
use super::{KeyValue, KvStore};
use crate::StreamStatus;
use crate::record::position;

impl<K: KeyValue, H: Host> KvStore<'_, K, H> {
    /// What an operator sees. Its gaps are the 20 newest, and it does not know when the oldest dead letter was
    /// kept. Lists keys; [`KvStore::runs`] is cheaper.
    pub async fn status(&self, stream: &StreamId) -> Result<StreamStatus, StoreError> {
        let mut status = self.runs(stream).await?;
        let stored = self.read_checkpoint(stream).await?;
        let reset = self.read_reset(stream).await?;
        let ended = self.read_status(stream).await?.unwrap_or_default();
        let standing = standing(stored, reset, &ended)?;
        status.position = standing
            .checkpoint
            .map(|checkpoint| position(checkpoint, standing.revision));
        (status.gaps, status.gaps_unacknowledged) = self.gaps(stream).await?;
        status.dead_letters = self.dead_letter_counts(stream).await?;
        Ok(status)
    }

    /// The part of the status that a health check needs, for three reads: how the runs went, whether one is under
    /// way, whether the stream is paused. Nothing of it says where the stream stands.
    pub async fn runs(&self, stream: &StreamId) -> Result<StreamStatus, StoreError> {
        let under_way = self.under_way(stream).await?;
        let mut status = StreamStatus {
            stream: stream.to_string(),
            paused_at: self.paused(stream).await?,
            ..StreamStatus::default()
        };
        if let Some(lease) = under_way.not_ended() {
            status.running_since = Some(lease.began);
            status.not_ended_since = Some(lease.since);
            status.killed_runs = lease.killed;
        }
        if let Some(ended) = under_way.status {
            status.runs = ended.runs;
            status.totals = ended.totals;
        }
        Ok(status)
    }

    /// Since when the stream is paused, as far as it can be seen.
    pub async fn paused(&self, stream: &StreamId) -> Result<Option<Timestamp>, StoreError> {
        self.get(&keys::paused(stream)).await
    }

    /// Pauses the stream: whoever begins runs should not. A run that is under way goes on, and it may take a
    /// minute until the pause is seen.
    pub async fn pause(&self, stream: &StreamId) -> Result<(), StoreError> {
        if self.paused(stream).await?.is_some() {
            return Ok(());
        }
        self.put(&keys::paused(stream), &self.host.now(), None)
            .await
    }

    /// Ends a pause; it may take a minute until that is seen.
    pub async fn resume(&self, stream: &StreamId) -> Result<(), StoreError> {
        self.delete(&keys::paused(stream)).await
    }

    /// Forgets where the stream stands: the next run that sees it begins at `from`, or where the source begins, and
    /// no run that does not see it can undo it. Gaps, dead letters and totals stay; counters begin anew. What of the
    /// stream's other records cannot be read is removed.
    pub async fn reset(&self, stream: &StreamId, from: Option<&Cursor>) -> Result<(), StoreError> {
        // Later than every reset before, whatever the clocks say. What cannot be read is replaced.
        let before = self.read_reset(stream).await.ok().flatten();
        let at = before.map_or(self.host.now(), |before| {
            before.at.shifted(1).max(self.host.now())
        });
        let reset = StoredReset {
            at,
            from: from.cloned(),
        };
        self.put(&keys::reset(stream), &reset, None).await?;
        let known = |stored: &StoredCheckpoint| stored.checkpoint.format == Checkpoint::FORMAT;
        self.clear(&keys::checkpoint(stream), known).await?;
        self.clear(&keys::progress(stream), |_: &StoredProgress| true)
            .await?;
        self.clear(&keys::lease(stream), |_: &HeldLease| true)
            .await?;
        self.clear(&keys::status(stream), |_: &StoredStatus| true)
            .await
    }

    /// Removes a record that is none.
    async fn clear<T: DeserializeOwned>(
        &self,
        key: &str,
        known: impl FnOnce(&T) -> bool,
    ) -> Result<(), StoreError> {
        let Some(text) = self.get_text(key).await? else {
            return Ok(());
        };
        if serde_json::from_str(&text).is_ok_and(|record| known(&record)) {
            return Ok(());
        }
        self.delete(key).await
    }
}
