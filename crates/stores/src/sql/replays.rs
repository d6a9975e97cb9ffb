//! Replays: asked for, worked off one after the other, each in a slot of its own.

use edgesiem_model::{Checkpoint, Counters, Cursor, Host, StoreError, Timestamp};

use super::value::Row;
use super::{Sql, SqlStore};
use crate::record::to_json;
use crate::{Failure, Replay};

/// Replays that may wait or be under way.
const MAX_OPEN: usize = 20;
/// Replays that ended and are shown.
const MAX_SHOWN: u64 = 10;
/// Replays that ended and are kept.
const MAX_ENDED: u64 = 100;

const OPEN: &str =
    "SELECT number, from_ms, to_ms, asked_at, ended_at, counters, error, start FROM replay
    WHERE ended_at IS NULL ORDER BY number";
const ENDED: &str =
    "SELECT number, from_ms, to_ms, asked_at, ended_at, counters, error, start FROM replay
    WHERE ended_at IS NOT NULL ORDER BY number DESC LIMIT ?1";

fn number_of(id: &str) -> Option<u64> {
    id.strip_prefix('r')?.parse().ok()
}

impl<Q: Sql, H: Host> SqlStore<'_, Q, H> {
    /// Asks for a replay of the events from `from` to `to`; `start` is where the source begins
    /// ([`edgesiem_model::Source::since`]). One is worked off at a time, in the order in which they were asked for.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if 20 have not ended yet.
    pub fn ask_replay(
        &self,
        from: Timestamp,
        to: Timestamp,
        start: &Cursor,
    ) -> Result<Replay, StoreError> {
        if self.rows("a replay", OPEN, &[])?.len() >= MAX_OPEN {
            return Err(StoreError::Failed(format!(
                "{MAX_OPEN} replays wait already: let them end or cancel some"
            )));
        }
        let asked_at = self.host.now();
        let row = self.row(
            "a replay",
            "INSERT INTO replay (number, from_ms, to_ms, start, asked_at)
             VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM replay), ?1, ?2, ?3, ?4) RETURNING number",
            &[from.into(), to.into(), to_json(start)?.into(), asked_at.into()],
        )?;
        let number = row.map_or(Ok(0), |mut row| row.number())?;
        Ok(Replay {
            id: format!("r{number}"),
            from,
            to,
            asked_at,
            ended_at: None,
            counters: Counters::default(),
            error: None,
        })
    }

    /// The replay that is to be worked on now, and where it starts.
    pub fn replay_under_way(&self) -> Result<Option<(Replay, Cursor)>, StoreError> {
        let row = self.rows("a replay", OPEN, &[])?.into_iter().next();
        row.map(|row| self.read_replay(row)).transpose()
    }

    /// The replay has come to its end, with `error` if that was not the end of its window. Its slot goes, and
    /// with it the right of any run of it to write. Says whether it was open.
    pub fn end_replay(&self, id: &str, error: Option<&Failure>) -> Result<bool, StoreError> {
        let Some(number) = number_of(id) else {
            return Ok(false);
        };
        if !self.is_open_replay(id)? {
            return Ok(false);
        }
        let counters = self.replay_counters(id)?;
        self.write(
            "UPDATE replay SET ended_at = ?2, counters = ?3, error = ?4 WHERE number = ?1",
            &[
                number.into(),
                self.host.now().into(),
                to_json(&counters)?.into(),
                error.map(to_json).transpose()?.into(),
            ],
        )?;
        self.write("DELETE FROM slot WHERE slot = ?1", &[id.into()])?;
        self.write("DELETE FROM accepted WHERE slot = ?1", &[id.into()])?;
        self.write(
            "DELETE FROM replay WHERE ended_at IS NOT NULL AND number <= (SELECT MAX(number) FROM replay) - ?1",
            &[MAX_ENDED.into()],
        )?;
        Ok(true)
    }

    /// Ends a replay that waits or is under way, on the operator's word. Says whether it was open.
    pub fn cancel_replay(&self, id: &str) -> Result<bool, StoreError> {
        let cancelled = Failure {
            code: "cancelled".to_owned(),
            message: "the replay was cancelled".to_owned(),
            user_action: "ask for a new one if it is still wanted".to_owned(),
            retryable: false,
        };
        self.end_replay(id, Some(&cancelled))
    }

    pub(super) fn is_open_replay(&self, id: &str) -> Result<bool, StoreError> {
        let Some(number) = number_of(id).filter(|number| format!("r{number}") == id) else {
            return Ok(false);
        };
        let row = self.row(
            "a replay",
            "SELECT number FROM replay WHERE number = ?1 AND ended_at IS NULL",
            &[number.into()],
        )?;
        Ok(row.is_some())
    }

    pub(super) fn set_replay_error(
        &self,
        id: &str,
        error: Option<&Failure>,
    ) -> Result<(), StoreError> {
        self.write(
            "UPDATE replay SET error = ?2 WHERE number = ?1 AND ended_at IS NULL",
            &[number_of(id).into(), error.map(to_json).transpose()?.into()],
        )
    }

    /// Those that are open, oldest first, then the newest that ended, newest first.
    pub(super) fn replays(&self) -> Result<Vec<Replay>, StoreError> {
        let mut rows = self.rows("a replay", OPEN, &[])?;
        rows.extend(self.rows("a replay", ENDED, &[MAX_SHOWN.into()])?);
        rows.into_iter()
            .map(|row| self.read_replay(row).map(|(replay, _)| replay))
            .collect()
    }

    fn read_replay(&self, mut row: Row) -> Result<(Replay, Cursor), StoreError> {
        let id = format!("r{}", row.number()?);
        let replay = Replay {
            from: row.time()?,
            to: row.time()?,
            asked_at: row.time()?,
            ended_at: row.optional_time()?,
            counters: match row.optional_json()? {
                Some(counters) => counters,
                None => self.replay_counters(&id)?,
            },
            error: row.optional_json()?,
            id,
        };
        Ok((replay, row.json()?))
    }

    fn replay_counters(&self, id: &str) -> Result<Counters, StoreError> {
        let row = self.row(
            "the checkpoint of a replay",
            "SELECT checkpoint FROM slot WHERE slot = ?1",
            &[id.into()],
        )?;
        let checkpoint: Option<Checkpoint> = row.map_or(Ok(None), |mut row| row.optional_json())?;
        Ok(checkpoint.map_or_else(Counters::default, |checkpoint| checkpoint.counters))
    }
}
