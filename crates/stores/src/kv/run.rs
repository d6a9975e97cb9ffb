//! One run over KV: [`Store`] with the progress of the page in memory, written down now and then.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use edgesiem_model::{
    Accepted, BatchKey, Checkpoint, Cursor, DeadLetter, Host, Loaded, Progress, Revision, Save,
    Store, StoreError, StreamId, Timestamp, WhenFull,
};

use super::keys::{
    self, Heard, HeldLease, StoredCheckpoint, StoredProgress, StoredReset, StoredStatus,
};
use super::letters::Kept;
use super::{KeyValue, KvStore};
use crate::RunEnd;
use crate::record::{known_format, printable_key};

/// Progress is written no more often than this.
const PROGRESS_INTERVAL_MS: u64 = 10_000;

/// A run of a stream. [`Store::load`] comes first: it reads what the others go on from.
pub struct KvRun<'s, K, H> {
    pub(super) store: &'s KvStore<'s, K, H>,
    pub(super) stream: StreamId,
    pub(super) max_stored_dead_letters: u64,
    pub(super) kept: RefCell<Kept>,
    lease: RefCell<Option<HeldLease>>,
    lease_problem: RefCell<Option<StoreError>>,
    renewing: Cell<bool>,
    writing: Cell<bool>,
    before: StoredStatus,
    known: RefCell<Known>,
}

/// What the run knows of its stream.
#[derive(Default)]
struct Known {
    revision: Revision,
    /// The revision since which the page that follows is the same.
    page_since: Revision,
    reset: Timestamp,
    /// The page that was begun.
    cursor: Option<Cursor>,
    killed: u32,
    accepted: BTreeMap<(String, BatchKey), Accepted>,
    /// Runs that were killed before this one, until its first page begins.
    suspects: u32,
    /// Whether something was accepted that is not written down.
    dirty: bool,
    written_at: Timestamp,
}

impl Known {
    fn progress(&self) -> Progress {
        Progress {
            cursor: self.cursor.clone(),
            killed: self.killed,
            accepted: self.accepted.values().cloned().collect(),
        }
    }

    fn forget_page(&mut self) {
        self.cursor = None;
        self.killed = 0;
        self.accepted.clear();
        self.dirty = false;
    }

    fn accept(&mut self, accepted: Accepted) {
        self.accepted
            .insert((accepted.sink.clone(), accepted.key), accepted);
    }
}

/// Sets the flag back, also if the future is dropped half-way.
struct Reset<'a>(&'a Cell<bool>);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Where a stream stands, as far as it can be read.
pub(super) struct Standing {
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) revision: Revision,
    page_since: Revision,
    pub(super) reset: Timestamp,
    heard: Heard,
}

/// Puts together what was read, any of which may be old or missing although it is there.
pub(super) fn standing(
    stored: Option<StoredCheckpoint>,
    reset: Option<StoredReset>,
    status: &StoredStatus,
) -> Result<Standing, StoreError> {
    let begins_anew = |reset: StoredReset, revision| Standing {
        checkpoint: reset.from.map(|cursor| Checkpoint {
            saved_at: reset.at,
            ..Checkpoint::start(cursor)
        }),
        revision,
        page_since: revision,
        reset: reset.at,
        heard: Heard::default(),
    };
    match (stored, reset) {
        (Some(stored), Some(reset)) if reset.at > stored.reset => {
            Ok(begins_anew(reset, stored.revision))
        }
        (Some(stored), _) => Ok(Standing {
            checkpoint: Some(stored.checkpoint),
            revision: stored.revision,
            page_since: stored.page_since.unwrap_or(stored.revision),
            reset: stored.reset,
            heard: stored.heard,
        }),
        (None, Some(reset)) if reset.at > status.reset || !status.has_committed() => {
            Ok(begins_anew(reset, status.revision))
        }
        // KV also remembers for a minute that a key was not there. To begin anew would leave a hole.
        (None, _) if status.has_committed() => Err(StoreError::Failed(
            "the checkpoint is not there although the stream has committed before; KV may be a minute late. To begin anew on \
             purpose, reset the stream"
                .to_owned(),
        )),
        (None, _) => Ok(Standing {
            checkpoint: None,
            revision: Revision::default(),
            page_since: Revision::default(),
            reset: Timestamp::default(),
            heard: Heard::default(),
        }),
    }
}

impl<K: KeyValue, H: Host> KvStore<'_, K, H> {
    pub(super) async fn read_checkpoint(
        &self,
        stream: &StreamId,
    ) -> Result<Option<StoredCheckpoint>, StoreError> {
        let key = keys::checkpoint(stream);
        let stored: Option<StoredCheckpoint> = self.get(&key).await?;
        stored
            .map(|stored| {
                Ok(StoredCheckpoint {
                    checkpoint: known_format(&printable_key(&key), stored.checkpoint)?,
                    ..stored
                })
            })
            .transpose()
    }

    pub(super) async fn read_reset(
        &self,
        stream: &StreamId,
    ) -> Result<Option<StoredReset>, StoreError> {
        self.get(&keys::reset(stream)).await
    }
}

impl<'s, K: KeyValue, H: Host> KvRun<'s, K, H> {
    pub(super) fn new(
        store: &'s KvStore<'s, K, H>,
        stream: &StreamId,
        lease: Option<HeldLease>,
        before: StoredStatus,
        max_stored_dead_letters: u64,
    ) -> Self {
        Self {
            store,
            stream: stream.clone(),
            max_stored_dead_letters,
            kept: RefCell::default(),
            lease: RefCell::new(lease),
            lease_problem: RefCell::default(),
            renewing: Cell::new(false),
            writing: Cell::new(false),
            before,
            known: RefCell::default(),
        }
    }

    /// Why the lease could not be renewed the last time. That ends nothing: the worst that follows is an
    /// overlapping run.
    pub fn lease_problem(&self) -> Option<StoreError> {
        self.lease_problem.borrow().clone()
    }

    /// Writes down what is known of the page, and how the run ended, which ends its lease. Adds `end.totals` to
    /// the totals as they are (`runs` is 1 in them, not counted here).
    ///
    /// # Errors
    /// The first thing that could not be written; the rest is written all the same.
    pub async fn end(self, end: RunEnd<'_>) -> Result<(), StoreError> {
        let written = self.write_progress().await;
        let Some(lease) = self.lease.borrow().clone() else {
            return written;
        };
        let mut before = self.before.clone();
        // What cannot be read is replaced.
        if let Ok(Some(read)) = self.store.read_status(&self.stream).await {
            before = before.newer(read);
        }
        before.runs.ended(&end, lease.since, self.store.host.now());
        before.totals.add(&end.totals);
        let (revision, reset) = {
            let known = self.known.borrow();
            (known.revision, known.reset)
        };
        let status = StoredStatus {
            run: lease.run,
            began: lease.began,
            // A run that could not read the checkpoint must not make others forget that there is one.
            revision: revision.max(before.revision),
            reset: reset.max(before.reset),
            runs: before.runs,
            totals: before.totals,
        };
        let status = self
            .store
            .put(&keys::status(&self.stream), &status, None)
            .await;
        written.and(status)
    }

    /// How much of the streak of runs that did not end has been heard of: up to this run, or with it.
    fn heard(&self, this_one_too: bool) -> Heard {
        self.lease
            .borrow()
            .as_ref()
            .map_or_else(Heard::default, |lease| Heard {
                since: lease.since,
                runs: lease.killed.saturating_add(u32::from(this_one_too)),
            })
    }

    /// Runs that were killed before this one and that none of `heard` has been heard of.
    fn suspects(&self, heard: &[Heard]) -> u32 {
        let lease = self.lease.borrow();
        let Some(lease) = lease.as_ref() else {
            return 0;
        };
        let heard = heard.iter().filter(|heard| heard.since == lease.since);
        let known = heard.map(|heard| heard.runs).max().unwrap_or(0);
        lease.killed.saturating_sub(known)
    }

    fn at(&self, at: Revision) -> Result<std::cell::RefMut<'_, Known>, StoreError> {
        let known = self.known.borrow_mut();
        if known.revision == at {
            Ok(known)
        } else {
            Err(StoreError::Conflict {
                stored: known.revision,
            })
        }
    }

    /// Writes the progress if there is some that is not written. One write at a time: what comes while it is
    /// under way waits for the next one; an exact namespace keeps the order of writes by itself.
    async fn write_progress(&self) -> Result<(), StoreError> {
        if !self.known.borrow().dirty {
            return Ok(());
        }
        if self.writing.replace(true) && !self.store.kv.exact() {
            return Ok(());
        }
        let _done = Reset(&self.writing);
        let record = {
            let mut known = self.known.borrow_mut();
            known.dirty = false;
            known.written_at = self.store.host.now();
            StoredProgress {
                revision: known.revision,
                reset: known.reset,
                heard: self.heard(true),
                progress: known.progress(),
            }
        };
        let written = self
            .store
            .put(&keys::progress(&self.stream), &record, None)
            .await;
        if written.is_err() {
            self.known.borrow_mut().dirty = true;
        }
        written
    }
}

impl<K: KeyValue, H: Host> Store for KvRun<'_, K, H> {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let stored = self.store.read_checkpoint(&self.stream).await?;
        let reset = self.store.read_reset(&self.stream).await?;
        let mut status = self.before.clone();
        if stored.is_none() && self.before.run.is_empty() {
            // The one place where it must be readable: it tells a new stream from a late read.
            let read = self.store.read_status(&self.stream).await?;
            status = status.newer(read.unwrap_or_default());
        }
        let Standing {
            checkpoint,
            revision,
            page_since,
            reset,
            heard,
        } = standing(stored, reset, &status)?;
        let progress: Option<StoredProgress> =
            self.store.get(&keys::progress(&self.stream)).await?;
        let cursor = checkpoint.as_ref().map(|checkpoint| &checkpoint.cursor);
        // Its page need not begin at the checkpoint: a recovery may have led to another one.
        let progress = progress.filter(|stored| {
            (page_since..=revision).contains(&stored.revision) && stored.reset == reset
        });
        let mut known = Known {
            revision,
            page_since,
            reset,
            ..Known::default()
        };
        match progress {
            None => {
                known.suspects = self.suspects(&[heard]);
                known.cursor = cursor.cloned().filter(|_| known.suspects > 0);
            }
            Some(stored) => {
                known.suspects = self.suspects(&[heard, stored.heard]);
                known.cursor = stored.progress.cursor;
                for accepted in stored.progress.accepted {
                    known.accept(accepted);
                }
            }
        }
        known.killed = known.suspects;
        let progress = known.progress();
        self.known.replace(known);
        Ok(Loaded {
            checkpoint,
            revision,
            progress,
        })
    }

    async fn begin_page(&self, at: Revision, cursor: &Cursor) -> Result<Progress, StoreError> {
        let mut known = self.at(at)?;
        let suspects = std::mem::take(&mut known.suspects);
        if known.cursor.as_ref() != Some(cursor) {
            known.forget_page();
            known.cursor = Some(cursor.clone());
            known.killed = suspects;
        }
        known.written_at = self.store.host.now();
        Ok(known.progress())
    }

    async fn accept(&self, at: Revision, accepted: &Accepted) -> Result<(), StoreError> {
        let due = {
            let mut known = self.at(at)?;
            known.accept(accepted.clone());
            known.killed = 0;
            known.dirty = true;
            self.store.host.now().since_ms(known.written_at) >= PROGRESS_INTERVAL_MS
        };
        if self.store.kv.exact() {
            return self.write_progress().await;
        }
        if due && self.store.operations_left() > 0 {
            // What could not be written stays in memory and is written with the next; at worst it is sent twice.
            let _ = self.write_progress().await;
        }
        Ok(())
    }

    async fn abandon_page(&self, at: Revision) -> Result<(), StoreError> {
        self.at(at)?.killed = 0;
        self.write_progress().await
    }

    async fn save(
        &self,
        expected: Revision,
        next: &Checkpoint,
        what: Save<'_>,
    ) -> Result<Revision, StoreError> {
        self.still_running().await;
        let known = self.known.borrow().reset;
        let stored = self.store.read_checkpoint(&self.stream).await?;
        let stored = stored.map_or(Revision::default(), |stored| stored.revision);
        let stored = stored.max(self.known.borrow().revision);
        // An older read than our own last write is KV's delay, not another run.
        if stored > expected {
            return Err(StoreError::Conflict { stored });
        }
        let reset = self.store.read_reset(&self.stream).await?;
        if reset.is_some_and(|reset| reset.at > known) {
            return Err(StoreError::Conflict { stored });
        }
        // First, so that no checkpoint can pass a gap that is not written down.
        if let Save::Page { gap: Some(gap) } = what {
            self.store.put_gap(&self.stream, gap).await?;
        }
        let stays = matches!(what, Save::Settings);
        let revision = Revision(expected.0.saturating_add(1));
        let page_since = match stays {
            true => self.known.borrow().page_since,
            false => revision,
        };
        let record = StoredCheckpoint {
            revision,
            page_since: stays.then_some(page_since),
            checkpoint: next.clone(),
            reset: known,
            heard: self.heard(stays),
        };
        self.store
            .put(&keys::checkpoint(&self.stream), &record, None)
            .await?;
        {
            let mut known = self.known.borrow_mut();
            known.revision = record.revision;
            known.page_since = page_since;
            if stays {
                known.killed = 0;
                known.dirty = !known.accepted.is_empty();
            } else {
                known.forget_page();
            }
        }
        // The checkpoint is safe already.
        let _ = self.write_progress().await;
        Ok(record.revision)
    }

    async fn keep_dead_letters(
        &self,
        letters: &[DeadLetter],
        when_full: WhenFull,
    ) -> Result<u64, StoreError> {
        self.still_running().await;
        self.keep(letters, when_full).await
    }

    async fn still_running(&self) {
        if self.renewing.replace(true) {
            return;
        }
        let _done = Reset(&self.renewing);
        let renewed = self.store.renew(&self.stream, &self.lease).await;
        self.lease_problem.replace(renewed.err());
    }
}
