//! One run's hand on its slot: [`Store`] over SQL, fenced by the run's epoch.

use edgesiem_model::{
    Accepted, Checkpoint, Cursor, DeadLetter, Host, Loaded, Progress, Revision, Save, Store,
    StoreError, WhenFull,
};

use super::{Slot, Sql, SqlStore};
use crate::record::{known_format, to_json};

/// A run of one slot.
///
/// It writes as long as no newer run of the slot was begun and the slot was not reset; after that everything
/// it writes is refused with [`StoreError::Conflict`].
pub struct SqlRun<'a, Q, H> {
    pub(super) store: SqlStore<'a, Q, H>,
    pub(super) slot: Slot,
    epoch: u64,
}

/// What stands in the slot, apart from what was accepted.
struct State {
    revision: Revision,
    checkpoint: Option<Checkpoint>,
    page: Option<Cursor>,
    begun: Option<u64>,
    killed: u32,
}

impl<'a, Q: Sql, H: Host> SqlStore<'a, Q, H> {
    /// Begins a run. Every older run of the slot is over: it can write no more.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if `slot` names a replay that has ended or never was.
    pub fn begin_run(&self, slot: Slot) -> Result<SqlRun<'a, Q, H>, StoreError> {
        if let Slot::Replay(id) = &slot
            && !self.is_open_replay(id)?
        {
            return Err(StoreError::Failed(format!(
                "there is no replay {} under way",
                edgesiem_model::printable(id, 40)
            )));
        }
        let row = self.row(
            "the table slot",
            "INSERT INTO slot (slot, epoch, revision, killed, running_since, not_ended_since, killed_runs)
             VALUES (?1, 1, 0, 0, ?2, ?2, 0)
             ON CONFLICT (slot) DO UPDATE SET
                epoch = epoch + 1,
                killed_runs = CASE WHEN running_since IS NULL THEN 0 ELSE killed_runs + 1 END,
                not_ended_since = COALESCE(not_ended_since, ?2),
                running_since = ?2
             RETURNING epoch",
            &[slot.name().into(), self.host.now().into()],
        )?;
        let epoch = match row {
            Some(mut row) => row.number()?,
            None => {
                return Err(StoreError::Failed(
                    "the database does not say what it wrote".to_owned(),
                ));
            }
        };
        Ok(SqlRun {
            store: *self,
            slot,
            epoch,
        })
    }
}

impl<Q: Sql, H: Host> SqlRun<'_, Q, H> {
    /// What stands in the slot, if it is still this run's.
    fn state(&self) -> Result<State, StoreError> {
        let row = self.store.row(
            "the checkpoint",
            "SELECT epoch, revision, checkpoint, page, begun, killed FROM slot WHERE slot = ?1",
            &[self.slot.name().into()],
        )?;
        // The slot of a replay goes when the replay ends.
        let Some(mut row) = row else {
            return Err(StoreError::Conflict {
                stored: Revision::default(),
            });
        };
        let (epoch, revision) = (row.number()?, Revision(row.number()?));
        if epoch != self.epoch {
            return Err(StoreError::Conflict { stored: revision });
        }
        Ok(State {
            revision,
            checkpoint: row
                .optional_json()?
                .map(|checkpoint| known_format("the checkpoint", checkpoint))
                .transpose()?,
            page: row.optional_json()?,
            begun: row.optional_number()?,
            killed: row.small_number()?,
        })
    }

    /// Only the fence: a write that neither reads nor moves the checkpoint need not parse it.
    pub(super) fn fence(&self) -> Result<(Revision, bool), StoreError> {
        let row = self.store.row(
            "the table slot",
            "SELECT epoch, revision, begun IS NOT NULL OR killed > 0 FROM slot WHERE slot = ?1",
            &[self.slot.name().into()],
        )?;
        let Some(mut row) = row else {
            return Err(StoreError::Conflict {
                stored: Revision::default(),
            });
        };
        let (epoch, revision) = (row.number()?, Revision(row.number()?));
        if epoch != self.epoch {
            return Err(StoreError::Conflict { stored: revision });
        }
        Ok((revision, row.number()? != 0))
    }

    fn fence_at(&self, at: Revision) -> Result<bool, StoreError> {
        match self.fence()? {
            (revision, suspected) if revision == at => Ok(suspected),
            (stored, _) => Err(StoreError::Conflict { stored }),
        }
    }

    /// The run that began the page was heard of: whatever ended runs before it, the page need not be suspected.
    fn clear_suspicion(&self) -> Result<(), StoreError> {
        self.store.write(
            "UPDATE slot SET begun = NULL, killed = 0 WHERE slot = ?1",
            &[self.slot.name().into()],
        )
    }

    fn accepted(&self) -> Result<Vec<Accepted>, StoreError> {
        let rows = self.store.rows(
            "the table accepted",
            "SELECT sink, key, first_line, end_line, note FROM accepted WHERE slot = ?1 ORDER BY sink, first_line, key",
            &[self.slot.name().into()],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(Accepted {
                    sink: row.text()?,
                    key: row.parsed()?,
                    lines: row.number()?..row.number()?,
                    note: row.json()?,
                })
            })
            .collect()
    }

    fn forget_accepted(&self) -> Result<(), StoreError> {
        self.store.write(
            "DELETE FROM accepted WHERE slot = ?1",
            &[self.slot.name().into()],
        )
    }
}

impl<Q: Sql, H: Host> Store for SqlRun<'_, Q, H> {
    async fn load(&self) -> Result<Loaded, StoreError> {
        let state = self.state()?;
        let progress = Progress {
            killed: state.killed_before(self.epoch),
            accepted: match &state.page {
                Some(_) => self.accepted()?,
                None => Vec::new(),
            },
            cursor: state.page,
        };
        Ok(Loaded {
            checkpoint: state.checkpoint,
            revision: state.revision,
            progress,
        })
    }

    async fn begin_page(&self, at: Revision, cursor: &Cursor) -> Result<Progress, StoreError> {
        let state = self.state()?;
        if state.revision != at {
            return Err(StoreError::Conflict {
                stored: state.revision,
            });
        }
        let mut progress = Progress {
            cursor: Some(cursor.clone()),
            ..Progress::default()
        };
        if state.page.as_ref() == Some(cursor) {
            progress.killed = state.killed_before(self.epoch);
            progress.accepted = self.accepted()?;
        } else {
            self.forget_accepted()?;
        }
        self.store.write(
            "UPDATE slot SET page = ?2, begun = epoch, killed = ?3 WHERE slot = ?1",
            &[
                self.slot.name().into(),
                to_json(cursor)?.into(),
                u64::from(progress.killed).into(),
            ],
        )?;
        Ok(progress)
    }

    async fn accept(&self, at: Revision, accepted: &Accepted) -> Result<(), StoreError> {
        let suspected = self.fence_at(at)?;
        self.store.write(
            "INSERT OR REPLACE INTO accepted (slot, sink, key, first_line, end_line, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[
                self.slot.name().into(),
                accepted.sink.as_str().into(),
                accepted.key.to_string().into(),
                accepted.lines.start.into(),
                accepted.lines.end.into(),
                to_json(&accepted.note)?.into(),
            ],
        )?;
        if suspected {
            self.clear_suspicion()?;
        }
        Ok(())
    }

    async fn abandon_page(&self, at: Revision) -> Result<(), StoreError> {
        if self.fence_at(at)? {
            self.clear_suspicion()?;
        }
        Ok(())
    }

    async fn save(
        &self,
        expected: Revision,
        next: &Checkpoint,
        what: Save<'_>,
    ) -> Result<Revision, StoreError> {
        self.fence_at(expected)?;
        if let Save::Page { gap: Some(gap) } = what {
            self.store.insert_gap(gap)?;
        }
        let stays = matches!(what, Save::Settings);
        let revision = Revision(expected.0.saturating_add(1));
        self.store.write(
            "UPDATE slot SET revision = ?2, checkpoint = ?3, page = CASE WHEN ?4 THEN page END, begun = NULL, killed = 0
             WHERE slot = ?1",
            &[
                self.slot.name().into(),
                revision.0.into(),
                to_json(next)?.into(),
                stays.into(),
            ],
        )?;
        if !stays {
            self.forget_accepted()?;
        }
        Ok(revision)
    }

    async fn keep_dead_letters(
        &self,
        letters: &[DeadLetter],
        when_full: WhenFull,
    ) -> Result<u64, StoreError> {
        self.fence()?;
        self.store.keep(letters, when_full)
    }
}

impl State {
    /// Runs that were killed on the page before the run `epoch`.
    fn killed_before(&self, epoch: u64) -> u32 {
        let another = self.begun.is_some_and(|begun| begun != epoch);
        self.killed.saturating_add(u32::from(another))
    }
}
