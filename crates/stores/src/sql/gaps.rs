//! Gaps: written with the checkpoint that passes them, and open until somebody says that they know.

use edgesiem_model::{Gap, Host, StoreError};

use super::{Sql, SqlStore};
use crate::GapRecord;
use crate::record::to_json;

/// Acknowledged gaps are kept up to this number; others always.
const MAX_ACKNOWLEDGED: u64 = 1_000;
/// Gaps that a status shows.
const MAX_SHOWN: u64 = 100;

impl<Q: Sql, H: Host> SqlStore<'_, Q, H> {
    pub(super) fn insert_gap(&self, gap: &Gap) -> Result<(), StoreError> {
        self.write(
            "INSERT INTO gap (id, gap, acknowledged_at) VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM gap), ?1, NULL)",
            &[to_json(gap)?.into()],
        )
    }

    /// Somebody knows of the gap. Says whether there is such a gap.
    pub fn acknowledge_gap(&self, id: u64) -> Result<bool, StoreError> {
        self.write(
            "UPDATE gap SET acknowledged_at = ?2 WHERE id = ?1 AND acknowledged_at IS NULL",
            &[id.into(), self.host.now().into()],
        )?;
        let row = self.row("a gap", "SELECT id FROM gap WHERE id = ?1", &[id.into()])?;
        self.forget_old_gaps()?;
        Ok(row.is_some())
    }

    /// Somebody knows of all gaps up to now. Says how many were new to them.
    pub fn acknowledge_all_gaps(&self) -> Result<u64, StoreError> {
        let open = self.open_gaps()?;
        self.write(
            "UPDATE gap SET acknowledged_at = ?1 WHERE acknowledged_at IS NULL",
            &[self.host.now().into()],
        )?;
        self.forget_old_gaps()?;
        Ok(open)
    }

    pub(super) fn open_gaps(&self) -> Result<u64, StoreError> {
        let row = self.row(
            "the table gap",
            "SELECT COUNT(*) FROM gap WHERE acknowledged_at IS NULL",
            &[],
        )?;
        row.map_or(Ok(0), |mut row| row.number())
    }

    /// The newest, newest first.
    pub(super) fn gaps(&self) -> Result<Vec<GapRecord>, StoreError> {
        let rows = self.rows(
            "a gap",
            "SELECT id, gap, acknowledged_at FROM gap ORDER BY id DESC LIMIT ?1",
            &[MAX_SHOWN.into()],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(GapRecord {
                    id: row.number()?,
                    gap: row.json()?,
                    acknowledged_at: row.optional_time()?,
                })
            })
            .collect()
    }

    /// The newest gap always stays, so that no number is given out twice.
    fn forget_old_gaps(&self) -> Result<(), StoreError> {
        self.write(
            "DELETE FROM gap WHERE acknowledged_at IS NOT NULL AND id <= (SELECT MAX(id) FROM gap) - ?1",
            &[MAX_ACKNOWLEDGED.into()],
        )
    }
}
