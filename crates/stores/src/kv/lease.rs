//! The lease: soft, because a read may be old, and over with the status that a run writes anyway.
//!
//! The lease of a run that was killed stays visible, which is how the next run knows.

use std::cell::RefCell;

use edgesiem_model::{Host, StoreError, StreamId, Timestamp};

use super::keys::{self, HeldLease, StoredStatus};
use super::{KeyValue, KvRun, KvStore};

/// A run that is killed delays the next one by no more than this. Longer than the longest request, because a
/// lease is renewed when a request begins.
const LEASE_MS: u64 = 180_000;
/// A lease is renewed when it is older than this.
const RENEW_AFTER_MS: u64 = 20_000;
/// For how long the lease of a run that never ended stays visible.
const LEASE_KEPT_S: u64 = 86_400;

/// Whether a run may work on a stream.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each run, and it is taken apart at once"
)]
pub enum Lease<'s, K, H> {
    /// It may.
    Taken(KvRun<'s, K, H>),
    /// Another one does, or did a moment ago.
    Held {
        /// Until then, unless it is renewed or ends before.
        until: Timestamp,
    },
}

/// What is known of a stream's runs.
pub(super) struct UnderWay {
    pub(super) status: Option<StoredStatus>,
    pub(super) lease: Option<HeldLease>,
}

impl UnderWay {
    /// The newest run, if the status does not say that it has ended.
    fn holder(&self) -> Option<&HeldLease> {
        let ended = self.status.as_ref().map(|status| status.run.as_str());
        self.lease
            .as_ref()
            .filter(|lease| ended != Some(lease.run.as_str()))
    }

    /// The same, unless a run that began later has ended: then the lease that was read is an old one.
    pub(super) fn not_ended(&self) -> Option<&HeldLease> {
        let newest = self
            .status
            .as_ref()
            .map_or(Timestamp::default(), |status| status.began);
        self.holder().filter(|lease| lease.began >= newest)
    }
}

impl<K: KeyValue, H: Host> KvStore<'_, K, H> {
    /// Takes the stream's lease and begins a run, unless another run holds it. Whoever has an exact namespace for itself sees
    /// to it that there is no other one: a lease that it finds there is that of a run that was killed. `max_stored_dead_letters` is the
    /// stream's limit of that name; KV keeps no more than 100,000 of each kind.
    pub async fn take_lease(
        &self,
        stream: &StreamId,
        max_stored_dead_letters: u64,
    ) -> Result<Lease<'_, K, H>, StoreError> {
        let under_way = self.under_way(stream).await?;
        let began = self.host.now();
        if let Some(held) = under_way.holder()
            && held.until > began
            && !self.kv.exact()
        {
            return Ok(Lease::Held { until: held.until });
        }
        let mut run = [0; 8];
        self.host.entropy(&mut run);
        let before = under_way.not_ended();
        let lease = HeldLease {
            run: format!("{:016x}", u64::from_le_bytes(run)),
            until: began.shifted(LEASE_MS.cast_signed()),
            since: before.map_or(began, |killed| killed.since),
            began,
            killed: before.map_or(0, |killed| killed.killed.saturating_add(1)),
        };
        self.put(&keys::lease(stream), &lease, Some(LEASE_KEPT_S))
            .await?;
        Ok(Lease::Taken(KvRun::new(
            self,
            stream,
            Some(lease),
            under_way.status.unwrap_or_default(),
            max_stored_dead_letters,
        )))
    }

    /// A run that sends dead letters again, beside whatever run the stream has. It has no lease and writes no
    /// status; what it did is not in the totals.
    pub fn redelivery(&self, stream: &StreamId, max_stored_dead_letters: u64) -> KvRun<'_, K, H> {
        KvRun::new(
            self,
            stream,
            None,
            StoredStatus::default(),
            max_stored_dead_letters,
        )
    }

    pub(super) async fn under_way(&self, stream: &StreamId) -> Result<UnderWay, StoreError> {
        let lease = self.get(&keys::lease(stream)).await?;
        // A status that cannot be read is replaced when the run ends.
        let status = self.read_status(stream).await.ok().flatten();
        Ok(UnderWay { status, lease })
    }

    pub(super) async fn read_status(
        &self,
        stream: &StreamId,
    ) -> Result<Option<StoredStatus>, StoreError> {
        self.get(&keys::status(stream)).await
    }

    /// Prolongs a lease that was not renewed for a while.
    pub(super) async fn renew(
        &self,
        stream: &StreamId,
        lease: &RefCell<Option<HeldLease>>,
    ) -> Result<(), StoreError> {
        let now = self.host.now();
        let Some(held) = lease.borrow().clone() else {
            return Ok(());
        };
        let left = held.until.since_ms(now);
        if left > LEASE_MS.saturating_sub(RENEW_AFTER_MS) || self.operations_left() == 0 {
            return Ok(());
        }
        let renewed = HeldLease {
            until: now.shifted(LEASE_MS.cast_signed()),
            ..held
        };
        self.put(&keys::lease(stream), &renewed, Some(LEASE_KEPT_S))
            .await?;
        lease.replace(Some(renewed));
        Ok(())
    }
}
