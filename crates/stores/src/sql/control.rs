//! How runs end, and what an operator sees and changes: status, pause, reset.

use edgesiem_model::{Checkpoint, Cursor, Host, Revision, StoreError, StreamId, Timestamp};

use super::{Slot, Sql, SqlRun, SqlStore};
use crate::record::{known_format, position, to_json};
use crate::{Failure, RunEnd, Runs, StreamStatus, Totals};

impl<Q: Sql, H: Host> SqlRun<'_, Q, H> {
    /// Writes down how the run ended and adds `end.totals` to the totals as they are (`runs` is 1 in them, not
    /// counted here). What a replay or a redelivery did counts in the totals only.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the run is not the newest of its slot.
    pub fn end(self, end: RunEnd<'_>) -> Result<(), StoreError> {
        self.fence()?;
        let store = self.store;
        let now = store.host.now();
        let (mut runs, mut totals) = store.runs_and_totals()?;
        match &self.slot {
            Slot::Live => {
                let row = store.row(
                    "the table slot",
                    "SELECT not_ended_since FROM slot WHERE slot = ?1",
                    &[Slot::LIVE.into()],
                )?;
                let since = row.map_or(Ok(None), |mut row| row.optional_time())?;
                runs.ended(&end, since.unwrap_or(now), now);
            }
            Slot::Replay(id) => {
                store.set_replay_error(id, end.error.map(Failure::from).as_ref())?;
            }
            Slot::Redelivery => {}
        }
        totals.add(&end.totals);
        store.write(
            "UPDATE control SET runs = ?1, totals = ?2 WHERE id = 1",
            &[to_json(&runs)?.into(), to_json(&totals)?.into()],
        )?;
        store.write(
            "UPDATE slot SET running_since = NULL, not_ended_since = NULL, killed_runs = 0, begun = NULL, killed = 0
             WHERE slot = ?1",
            &[self.slot.name().into()],
        )
    }
}

impl<Q: Sql, H: Host> SqlStore<'_, Q, H> {
    /// What an operator sees.
    pub fn status(&self, stream: &StreamId) -> Result<StreamStatus, StoreError> {
        let (runs, totals) = self.runs_and_totals()?;
        let mut status = StreamStatus {
            stream: stream.to_string(),
            paused_at: self.paused()?,
            runs,
            totals,
            gaps: self.gaps()?,
            gaps_unacknowledged: self.open_gaps()?,
            dead_letters: self.dead_letter_counts()?,
            replays: self.replays()?,
            ..StreamStatus::default()
        };
        let row = self.row(
            "the checkpoint",
            "SELECT revision, checkpoint, running_since, not_ended_since, killed_runs FROM slot WHERE slot = ?1",
            &[Slot::LIVE.into()],
        )?;
        if let Some(mut row) = row {
            let revision = Revision(row.number()?);
            if let Some(checkpoint) = row.optional_json::<Checkpoint>()? {
                let checkpoint = known_format("the checkpoint", checkpoint)?;
                status.position = Some(position(checkpoint, revision));
            }
            status.running_since = row.optional_time()?;
            status.not_ended_since = row.optional_time()?;
            status.killed_runs = row.small_number()?;
        }
        Ok(status)
    }

    /// Since when the stream is paused.
    pub fn paused(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.row(
            "the table control",
            "SELECT paused_at FROM control WHERE id = 1",
            &[],
        )?;
        row.map_or(Ok(None), |mut row| row.optional_time())
    }

    /// Pauses the stream: whoever begins runs should not. A run that is under way goes on.
    pub fn pause(&self) -> Result<(), StoreError> {
        self.write(
            "UPDATE control SET paused_at = COALESCE(paused_at, ?1) WHERE id = 1",
            &[self.host.now().into()],
        )
    }

    /// Ends a pause.
    pub fn resume(&self) -> Result<(), StoreError> {
        self.write("UPDATE control SET paused_at = NULL WHERE id = 1", &[])
    }

    /// Forgets where the stream stands, and ends the run that is under way. The next run begins at `from`, or
    /// where the source begins. Gaps, dead letters, replays and totals stay; counters begin anew.
    pub fn reset(&self, from: Option<&Cursor>) -> Result<(), StoreError> {
        let start = from.map(|cursor| Checkpoint {
            saved_at: self.host.now(),
            ..Checkpoint::start(cursor.clone())
        });
        self.write(
            "INSERT INTO slot (slot, epoch, revision, checkpoint, killed, killed_runs) VALUES (?1, 1, 1, ?2, 0, 0)
             ON CONFLICT (slot) DO UPDATE SET epoch = epoch + 1, revision = revision + 1, checkpoint = excluded.checkpoint,
                page = NULL, begun = NULL, killed = 0, running_since = NULL, not_ended_since = NULL, killed_runs = 0",
            &[Slot::LIVE.into(), start.as_ref().map(to_json).transpose()?.into()],
        )?;
        self.write("DELETE FROM accepted WHERE slot = ?1", &[Slot::LIVE.into()])
    }

    fn runs_and_totals(&self) -> Result<(Runs, Totals), StoreError> {
        let row = self.row(
            "the table control",
            "SELECT runs, totals FROM control WHERE id = 1",
            &[],
        )?;
        match row {
            Some(mut row) => Ok((row.json()?, row.json()?)),
            None => Ok((Runs::default(), Totals::default())),
        }
    }
}
