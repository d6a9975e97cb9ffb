//! Gaps in KV: each a key of its own, and its acknowledgement another, so that no old read can undo either.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};

use edgesiem_model::{Gap, Host, StoreError, StreamId, Timestamp};
use futures_util::future::try_join_all;

use super::{KeyValue, KvStore, keys};
use crate::GapRecord;
use crate::record::to_json;

/// A number above every id: names fall as ids grow, so that a list begins with the newest.
const TOP: u64 = 9_999_999_999_999_999;
/// Gaps that a status shows: each takes two reads.
const MAX_SHOWN: usize = 20;

/// The gap's number: its time in microseconds, of which the last three digits come from what it says. The same gap
/// written again has the same number.
fn id(gap: &Gap) -> Result<u64, StoreError> {
    let mut hasher = DefaultHasher::new();
    hasher.write(to_json(gap)?.as_bytes());
    let millis = gap.detected_at.millis().min(TOP / 1000);
    Ok(millis
        .saturating_mul(1000)
        .saturating_add(hasher.finish() % 1000)
        .min(TOP))
}

fn name(id: u64) -> String {
    format!("{:016}", TOP.saturating_sub(id))
}

fn id_of(name: &str) -> Option<u64> {
    TOP.checked_sub(name.parse().ok()?)
}

impl<K: KeyValue, H: Host> KvStore<'_, K, H> {
    pub(super) async fn put_gap(&self, stream: &StreamId, gap: &Gap) -> Result<(), StoreError> {
        let key = format!("{}{}", keys::gaps(stream), name(id(gap)?));
        self.put(&key, gap, None).await
    }

    /// Numbers of all gaps, the newest first, and of those that were acknowledged.
    async fn gap_ids(&self, stream: &StreamId) -> Result<(Vec<u64>, BTreeSet<u64>), StoreError> {
        let (mut all, mut acknowledged) = (Vec::new(), BTreeSet::new());
        self.names(&keys::gaps(stream), |name| {
            all.extend(id_of(name));
            true
        })
        .await?;
        if !all.is_empty() {
            self.names(&keys::acknowledged(stream), |name| {
                acknowledged.extend(id_of(name));
                true
            })
            .await?;
        }
        Ok((all, acknowledged))
    }

    /// The newest gaps, the newest first, and how many nobody has acknowledged.
    pub(super) async fn gaps(
        &self,
        stream: &StreamId,
    ) -> Result<(Vec<GapRecord>, u64), StoreError> {
        let (all, acknowledged) = self.gap_ids(stream).await?;
        let open = all.iter().filter(|id| !acknowledged.contains(id)).count();
        let records = all.iter().take(MAX_SHOWN).map(|id| {
            let is_acknowledged = acknowledged.contains(id);
            async move { self.gap(stream, *id, is_acknowledged).await }
        });
        let records = try_join_all(records).await?;
        Ok((records.into_iter().flatten().collect(), open as u64))
    }

    /// `None` if the list is newer than what can be read.
    async fn gap(
        &self,
        stream: &StreamId,
        id: u64,
        is_acknowledged: bool,
    ) -> Result<Option<GapRecord>, StoreError> {
        let gap: Option<Gap> = self
            .get(&format!("{}{}", keys::gaps(stream), name(id)))
            .await?;
        let Some(gap) = gap else {
            return Ok(None);
        };
        let mut acknowledged_at: Option<Timestamp> = None;
        if is_acknowledged {
            acknowledged_at = self
                .get(&format!("{}{}", keys::acknowledged(stream), name(id)))
                .await?;
            // That it is there is enough.
            acknowledged_at.get_or_insert_default();
        }
        Ok(Some(GapRecord {
            id,
            gap,
            acknowledged_at,
        }))
    }

    /// Somebody knows of the gap. Says whether there is such a gap; it may take a minute to be seen.
    pub async fn acknowledge_gap(&self, stream: &StreamId, id: u64) -> Result<bool, StoreError> {
        let gap: Option<Gap> = self
            .get(&format!("{}{}", keys::gaps(stream), name(id)))
            .await?;
        if gap.is_some() {
            self.write_acknowledgement(stream, id).await?;
        }
        Ok(gap.is_some())
    }

    /// Somebody knows of all gaps up to now, as far as they can be seen and one invocation may write. Says how many
    /// were new to them.
    pub async fn acknowledge_all_gaps(&self, stream: &StreamId) -> Result<u64, StoreError> {
        let (all, acknowledged) = self.gap_ids(stream).await?;
        let most = usize::try_from(self.operations_left()).unwrap_or(usize::MAX);
        let open: Vec<u64> = all
            .into_iter()
            .filter(|id| !acknowledged.contains(id))
            .take(most)
            .collect();
        try_join_all(
            open.iter()
                .map(|id| self.write_acknowledgement(stream, *id)),
        )
        .await?;
        Ok(open.len() as u64)
    }

    async fn write_acknowledgement(&self, stream: &StreamId, id: u64) -> Result<(), StoreError> {
        let key = format!("{}{}", keys::acknowledged(stream), name(id));
        self.put(&key, &self.host.now(), None).await
    }
}
