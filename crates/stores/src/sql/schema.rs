//! The tables, and how an older database becomes one of today.
//!
//! Tables are `WITHOUT ROWID` where their key is not a number: a row is then one row written, its index included.

use edgesiem_model::{Host, StoreError, printable};

use super::{Sql, SqlStore};

/// Steps from one version to the next; the first makes an empty database one of version 1. Each statement may be
/// run again: the host may end between the last of them and the note that the step is done.
const STEPS: &[&[&str]] = &[&[
    // One row for the live stream and for each replay that has not ended. `page` is the cursor of the page that
    // was begun; `begun` the epoch of the run that began it, until it is heard of again.
    "CREATE TABLE IF NOT EXISTS slot (
        slot TEXT PRIMARY KEY,
        epoch INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        checkpoint TEXT,
        page TEXT,
        begun INTEGER,
        killed INTEGER NOT NULL,
        running_since INTEGER,
        not_ended_since INTEGER,
        killed_runs INTEGER NOT NULL
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS accepted (
        slot TEXT NOT NULL,
        sink TEXT NOT NULL,
        key TEXT NOT NULL,
        first_line INTEGER NOT NULL,
        end_line INTEGER NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (slot, sink, key)
    ) WITHOUT ROWID",
    // `sink` is empty for a letter that was unreadable.
    "CREATE TABLE IF NOT EXISTS dead_letter (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        sink TEXT NOT NULL,
        optional INTEGER NOT NULL,
        page TEXT NOT NULL,
        line INTEGER NOT NULL,
        part INTEGER,
        reason TEXT NOT NULL,
        kept_at INTEGER NOT NULL,
        bytes INTEGER NOT NULL
    )",
    "CREATE UNIQUE INDEX IF NOT EXISTS dead_letter_key ON dead_letter (id, sink)",
    "CREATE INDEX IF NOT EXISTS dead_letter_count ON dead_letter (optional, sink, kept_at)",
    "CREATE TABLE IF NOT EXISTS dead_letter_piece (
        letter INTEGER NOT NULL,
        piece INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (letter, piece)
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS gap (
        id INTEGER PRIMARY KEY,
        gap TEXT NOT NULL,
        acknowledged_at INTEGER
    )",
    "CREATE TABLE IF NOT EXISTS replay (
        number INTEGER PRIMARY KEY,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        start TEXT NOT NULL,
        asked_at INTEGER NOT NULL,
        ended_at INTEGER,
        counters TEXT,
        error TEXT
    )",
    // One row.
    "CREATE TABLE IF NOT EXISTS control (
        id INTEGER PRIMARY KEY,
        paused_at INTEGER,
        runs TEXT NOT NULL,
        totals TEXT NOT NULL
    )",
    "INSERT OR IGNORE INTO control (id, paused_at, runs, totals) VALUES (1, NULL, '{}', '{}')",
]];

impl<Q: Sql, H: Host> SqlStore<'_, Q, H> {
    pub(super) fn migrate(&self) -> Result<(), StoreError> {
        let newest = STEPS.len() as u64;
        let mut version = match self.version()? {
            Some(version) if version > newest => {
                return Err(StoreError::Failed(format!(
                    "the database has schema version {version}, and this version of EdgeSIEM knows up to {newest}: deploy the \
                     version that wrote it, or a newer one"
                )));
            }
            Some(version) => version,
            None => {
                self.write("INSERT INTO meta (name, value) VALUES ('schema', 0)", &[])?;
                0
            }
        };
        let done = usize::try_from(version).unwrap_or(usize::MAX);
        for step in STEPS.iter().skip(done) {
            for statement in *step {
                self.write(statement, &[])?;
            }
            version = version.saturating_add(1);
            self.write(
                "UPDATE meta SET value = ?1 WHERE name = 'schema'",
                &[version.into()],
            )?;
        }
        Ok(())
    }

    /// `None` if the database is empty.
    fn version(&self) -> Result<Option<u64>, StoreError> {
        let foreign = |reason: &str| {
            StoreError::Failed(format!(
                "the database is not EdgeSIEM's ({}): give the stream a database of its own",
                printable(reason, 200)
            ))
        };
        // Names that begin with `_cf` are the runtime's own, those with `__miniflare` those of the runtime of `wrangler dev`.
        let tables = self.rows(
            "the database",
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'
             AND name NOT GLOB '__miniflare_*'
             ORDER BY name = 'meta' DESC LIMIT 2",
            &[],
        )?;
        let names: Vec<String> = tables
            .into_iter()
            .map(|mut row| row.text())
            .collect::<Result<_, _>>()?;
        match names.first().map(String::as_str) {
            None => self.write(
                "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
                &[],
            )?,
            Some("meta") => {}
            Some(other) => return Err(foreign(&format!("it has a table {other}"))),
        }
        let row = self
            .row(
                "the table meta",
                "SELECT value FROM meta WHERE name = 'schema'",
                &[],
            )
            .map_err(|error| {
                StoreError::Failed(format!(
                    "the table meta could not be read ({error}): if the database is not EdgeSIEM's, give the stream a \
                     database of its own"
                ))
            })?;
        match row {
            Some(mut row) => row.number().map(Some),
            None if names.len() <= 1 => Ok(None),
            None => Err(foreign("its table meta names no version")),
        }
    }
}
