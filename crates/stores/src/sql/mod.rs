//! A SQL database of one stream's own: SQLite, as a Durable Object has it.
//!
//! The database is told apart from others by its tables (`schema`), a run by its epoch (`run`): to begin a run
//! makes every older run of the same slot fail with a conflict. A slot is the live stream or a replay beside it.

mod control;
mod gaps;
mod letters;
mod replays;
mod run;
mod schema;
mod value;

pub use run::SqlRun;
pub use value::{Sql, SqlValue};

use edgesiem_model::{Host, StoreError};
use value::Row;

/// Whose progress a run keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The live stream's.
    Live,
    /// That of the replay with this id.
    Replay(String),
    /// Nobody's: dead letters are sent again. Such a run ends no other.
    Redelivery,
}

impl Slot {
    /// The name of the live stream's slot. Replays are called `r` and a number.
    const LIVE: &'static str = "live";
    const REDELIVERY: &'static str = "redelivery";

    fn name(&self) -> &str {
        match self {
            Self::Live => Self::LIVE,
            Self::Replay(id) => id,
            Self::Redelivery => Self::REDELIVERY,
        }
    }
}

/// A stream's store in a database of its own.
///
/// Every call but [`edgesiem_model::Store`]'s is one group of statements without a wait, so it takes effect
/// wholly or not at all. All methods fail with [`StoreError::Failed`] if the database does, or if it holds what
/// this version did not write; what else they fail with is said there.
pub struct SqlStore<'a, Q, H> {
    sql: &'a Q,
    host: &'a H,
    max_stored_dead_letters: u64,
}

impl<Q, H> Clone for SqlStore<'_, Q, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q, H> Copy for SqlStore<'_, Q, H> {}

impl<'a, Q: Sql, H: Host> SqlStore<'a, Q, H> {
    /// Opens the store, and creates or migrates its tables. `max_stored_dead_letters` is the stream's limit of
    /// that name.
    pub fn open(sql: &'a Q, host: &'a H, max_stored_dead_letters: u64) -> Result<Self, StoreError> {
        let store = Self {
            sql,
            host,
            max_stored_dead_letters,
        };
        store.migrate()?;
        Ok(store)
    }

    /// Runs a statement. `what` names what it reads to the operator.
    fn rows(
        &self,
        what: &'static str,
        statement: &str,
        parameters: &[SqlValue],
    ) -> Result<Vec<Row>, StoreError> {
        let rows = self
            .sql
            .exec(statement, parameters)
            .map_err(StoreError::Failed)?;
        Ok(rows.into_iter().map(|row| Row::new(what, row)).collect())
    }

    fn row(
        &self,
        what: &'static str,
        statement: &str,
        parameters: &[SqlValue],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(what, statement, parameters)?.into_iter().next())
    }

    fn write(&self, statement: &str, parameters: &[SqlValue]) -> Result<(), StoreError> {
        self.sql
            .exec(statement, parameters)
            .map(drop)
            .map_err(StoreError::Failed)
    }
}
