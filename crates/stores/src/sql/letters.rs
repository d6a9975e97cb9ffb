//! Dead letters: kept under a cap, in pieces that fit into a row, and found again.

use std::collections::{BTreeMap, HashSet};

use edgesiem_model::{DeadLetter, Host, StoreError, Timestamp, WhenFull};

use super::value::Row;
use super::{Sql, SqlStore, SqlValue};
use crate::DeadLetterCounts;
use crate::letter::{
    Deleted, LetterKey, LetterPage, LetterRecord, MAX_LISTED, Raw, SHOWN_BYTES, Which,
    unknown_place,
};
use crate::record::{to_json, unreadable};

/// Bytes of one piece: a row may have 2 MB.
const PIECE_BYTES: usize = 1024 * 1024;

/// A letter that is kept, without its bytes.
struct Found {
    number: u64,
    bytes: u64,
    kept_at: Timestamp,
    /// With no bytes.
    letter: DeadLetter,
}

const FIND: &str =
    "SELECT number, bytes, kept_at, page, line, part, id, reason, sink FROM dead_letter
    WHERE number > ?1 AND (?2 IS NULL OR sink = ?2) ORDER BY number LIMIT ?3";
const FIND_ONE: &str =
    "SELECT number, bytes, kept_at, page, line, part, id, reason, sink FROM dead_letter
    WHERE id = ?1 AND sink = ?2";
const WHAT: &str = "a dead letter";

/// The column `sink`: empty if the letter was unreadable.
fn column(sink: Option<&str>) -> &str {
    sink.unwrap_or("")
}

impl Found {
    fn read(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.number()?,
            bytes: row.number()?,
            kept_at: row.time()?,
            letter: DeadLetter {
                page: row.json()?,
                line: row.number()?,
                part: row
                    .optional_number()?
                    .map(|part| u32::try_from(part).unwrap_or(u32::MAX)),
                id: row.parsed()?,
                reason: row.text()?,
                sink: Some(row.text()?).filter(|sink| !sink.is_empty()),
                raw: Vec::new(),
            },
        })
    }

    fn record(&self) -> LetterRecord {
        LetterRecord {
            bytes: self.bytes,
            ..LetterRecord::without_raw(&self.letter, self.kept_at)
        }
    }
}

impl<Q: Sql, H: Host> SqlStore<'_, Q, H> {
    /// Counts what is kept and stores what fits.
    pub(super) fn keep(
        &self,
        letters: &[DeadLetter],
        when_full: WhenFull,
    ) -> Result<u64, StoreError> {
        match when_full {
            WhenFull::Refuse => {
                let kept =
                    self.count("SELECT COUNT(*) FROM dead_letter WHERE optional = 0", &[])?;
                let mut new = HashSet::new();
                for letter in letters {
                    if !self.is_kept(letter, false)? {
                        new.insert((letter.id, letter.sink.as_deref()));
                    }
                }
                let all = kept.saturating_add(new.len() as u64);
                if !new.is_empty() && all > self.max_stored_dead_letters {
                    return Err(StoreError::Full { kept });
                }
                for letter in letters {
                    self.store_letter(letter, false)?;
                }
                Ok(0)
            }
            WhenFull::Drop => {
                let mut kept_by_sink = BTreeMap::new();
                let mut dropped = 0_u64;
                for letter in letters {
                    let sink = column(letter.sink.as_deref());
                    let kept = match kept_by_sink.get_mut(sink) {
                        Some(kept) => kept,
                        None => {
                            let kept = self.count(
                                "SELECT COUNT(*) FROM dead_letter WHERE optional = 1 AND sink = ?1",
                                &[sink.into()],
                            )?;
                            kept_by_sink.entry(sink).or_insert(kept)
                        }
                    };
                    if !self.is_kept(letter, true)? {
                        if *kept >= self.max_stored_dead_letters {
                            dropped = dropped.saturating_add(1);
                            continue;
                        }
                        *kept = kept.saturating_add(1);
                    }
                    self.store_letter(letter, true)?;
                }
                Ok(dropped)
            }
        }
    }

    fn count(&self, statement: &str, parameters: &[SqlValue]) -> Result<u64, StoreError> {
        let row = self.row("the table dead_letter", statement, parameters)?;
        row.map_or(Ok(0), |mut row| row.number())
    }

    fn is_kept(&self, letter: &DeadLetter, optional: bool) -> Result<bool, StoreError> {
        let kept = self.count(
            "SELECT COUNT(*) FROM dead_letter WHERE id = ?1 AND sink = ?2 AND optional = ?3",
            &[
                letter.id.to_string().into(),
                column(letter.sink.as_deref()).into(),
                optional.into(),
            ],
        )?;
        Ok(kept > 0)
    }

    fn store_letter(&self, letter: &DeadLetter, optional: bool) -> Result<(), StoreError> {
        let (id, sink) = (
            letter.id.to_string(),
            column(letter.sink.as_deref()).to_owned(),
        );
        let length = letter.raw.len() as u64;
        let before = self.row(
            WHAT,
            "SELECT number, bytes FROM dead_letter WHERE id = ?1 AND sink = ?2",
            &[id.clone().into(), sink.clone().into()],
        )?;
        let (number, same_bytes) = match before {
            // An id is a hash over the bytes: those that are kept under it need not be written again.
            Some(mut row) => (row.number()?, row.number()? == length),
            None => {
                let highest =
                    self.count("SELECT COALESCE(MAX(number), 0) FROM dead_letter", &[])?;
                (highest.saturating_add(1), false)
            }
        };
        if !same_bytes {
            self.write(
                "DELETE FROM dead_letter_piece WHERE letter = ?1",
                &[number.into()],
            )?;
            for (piece, bytes) in (0_u64..).zip(letter.raw.chunks(PIECE_BYTES)) {
                self.write(
                    "INSERT INTO dead_letter_piece (letter, piece, bytes) VALUES (?1, ?2, ?3)",
                    &[number.into(), piece.into(), SqlValue::Blob(bytes.to_vec())],
                )?;
            }
        }
        self.write(
            "INSERT INTO dead_letter (number, id, sink, optional, page, line, part, reason, kept_at, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (number) DO UPDATE SET optional = excluded.optional, page = excluded.page, line = excluded.line,
                part = excluded.part, reason = excluded.reason, bytes = excluded.bytes
             WHERE (optional, page, line, part, reason, bytes) IS NOT
                (excluded.optional, excluded.page, excluded.line, excluded.part, excluded.reason, excluded.bytes)",
            &[
                number.into(),
                id.into(),
                sink.into(),
                optional.into(),
                to_json(&letter.page)?.into(),
                letter.line.into(),
                letter.part.map(u64::from).into(),
                letter.reason.as_str().into(),
                self.host.now().into(),
                length.into(),
            ],
        )
    }

    /// Dead letters, oldest first, at most `limit` and 50 of them, with at most 64 KiB of each. `after` is what
    /// the page before said.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if `after` is none of ours.
    pub fn dead_letters(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<LetterPage<LetterRecord>, StoreError> {
        let (found, after) = self.find(which, after, limit.min(MAX_LISTED))?;
        let letters = found
            .iter()
            .map(|found| {
                let mut record = found.record();
                let first = self.row(
                    WHAT,
                    "SELECT substr(bytes, 1, ?2) FROM dead_letter_piece WHERE letter = ?1 AND piece = 0",
                    &[found.number.into(), (SHOWN_BYTES as u64).into()],
                )?;
                let bytes = first.map_or(Ok(Vec::new()), |mut row| row.bytes())?;
                let whole = bytes.len() as u64 == found.bytes;
                record.set_raw(if whole { Raw::Whole(&bytes) } else { Raw::Beginning(&bytes) });
                Ok(record)
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(LetterPage { letters, after })
    }

    /// One dead letter, whole.
    pub fn dead_letter(&self, key: &LetterKey) -> Result<Option<LetterRecord>, StoreError> {
        let Some(found) = self.find_one(key)? else {
            return Ok(None);
        };
        let mut record = found.record();
        record.set_raw(Raw::Whole(&self.raw(&found)?));
        Ok(Some(record))
    }

    /// Dead letters to be sent again, whole, oldest first: at most `limit`, and no more after the one that makes
    /// them `max_bytes` or longer. They stay until they are deleted.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if `after` is none of ours.
    pub fn letters_to_redeliver(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError> {
        let (found, rest) = self.find(which, after, limit)?;
        let mut page = LetterPage {
            letters: Vec::new(),
            after: rest,
        };
        let (count, mut bytes) = (found.len(), 0_usize);
        for (place, found) in (1_usize..).zip(found) {
            let raw = self.raw(&found)?;
            bytes = bytes.saturating_add(raw.len());
            page.letters.push(DeadLetter {
                raw,
                ..found.letter
            });
            if bytes >= max_bytes && place < count {
                let place = match which {
                    Which::These(_) => place_of(after)?.saturating_add(place as u64),
                    Which::All | Which::Sink(_) => found.number,
                };
                page.after = Some(place.to_string());
                break;
            }
        }
        Ok(page)
    }

    /// Deletes dead letters, all in one go.
    pub fn delete_dead_letters(&self, which: Which<'_>) -> Result<Deleted, StoreError> {
        let before = self.count("SELECT COUNT(*) FROM dead_letter", &[])?;
        match which {
            Which::All => {
                self.write("DELETE FROM dead_letter", &[])?;
                self.write("DELETE FROM dead_letter_piece", &[])?;
            }
            Which::Sink(sink) => {
                self.write(
                    "DELETE FROM dead_letter_piece WHERE letter IN (SELECT number FROM dead_letter WHERE sink = ?1)",
                    &[column(sink).into()],
                )?;
                self.write(
                    "DELETE FROM dead_letter WHERE sink = ?1",
                    &[column(sink).into()],
                )?;
            }
            Which::These(keys) => {
                for key in keys {
                    let Some(found) = self.find_one(key)? else {
                        continue;
                    };
                    self.write(
                        "DELETE FROM dead_letter WHERE number = ?1",
                        &[found.number.into()],
                    )?;
                    self.write(
                        "DELETE FROM dead_letter_piece WHERE letter = ?1",
                        &[found.number.into()],
                    )?;
                }
            }
        }
        let after = self.count("SELECT COUNT(*) FROM dead_letter", &[])?;
        Ok(Deleted {
            deleted: before.saturating_sub(after),
            more: false,
        })
    }

    pub(super) fn dead_letter_counts(&self) -> Result<DeadLetterCounts, StoreError> {
        let rows = self.rows(
            "the table dead_letter",
            "SELECT sink, COUNT(*), MIN(kept_at) FROM dead_letter GROUP BY sink",
            &[],
        )?;
        let mut counts = DeadLetterCounts::default();
        for mut row in rows {
            let (sink, kept, oldest) = (row.text()?, row.number()?, row.time()?);
            counts.kept = counts.kept.saturating_add(kept);
            counts.oldest_at = Some(counts.oldest_at.map_or(oldest, |other| other.min(oldest)));
            let name = if sink.is_empty() {
                "-".to_owned()
            } else {
                sink
            };
            let by_sink = counts.by_sink.entry(name).or_default();
            *by_sink = by_sink.saturating_add(kept);
        }
        Ok(counts)
    }

    /// Letters without their bytes, and where the next ones begin. A place in a list is a number: of the letter,
    /// or in the keys that were handed in.
    fn find(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Found>, Option<String>), StoreError> {
        let (place, limit) = (place_of(after)?, limit.max(1));
        if let Which::These(keys) = which {
            let skip = usize::try_from(place).unwrap_or(usize::MAX);
            let asked = keys.iter().skip(skip).take(limit);
            let mut found = Vec::new();
            for key in asked {
                found.extend(self.find_one(key)?);
            }
            let end = skip.saturating_add(limit);
            return Ok((found, (end < keys.len()).then(|| end.to_string())));
        }
        let sink = match which {
            Which::Sink(sink) => Some(column(sink)),
            Which::All | Which::These(_) => None,
        };
        let one_more = (limit as u64).saturating_add(1);
        let rows = self.rows(WHAT, FIND, &[place.into(), sink.into(), one_more.into()])?;
        let mut found: Vec<Found> = rows
            .into_iter()
            .map(Found::read)
            .collect::<Result<_, _>>()?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let after = last.map(|last| last.number.to_string());
        Ok((found, after))
    }

    fn find_one(&self, key: &LetterKey) -> Result<Option<Found>, StoreError> {
        let sink = column(key.sink.as_deref());
        let row = self.row(WHAT, FIND_ONE, &[key.id.to_string().into(), sink.into()])?;
        row.map(Found::read).transpose()
    }

    /// The bytes of a letter, piece by piece, so that no more than one piece is held twice.
    fn raw(&self, found: &Found) -> Result<Vec<u8>, StoreError> {
        let length = usize::try_from(found.bytes).unwrap_or(usize::MAX);
        let mut raw = Vec::new();
        for piece in 0_u64.. {
            if raw.len() >= length {
                break;
            }
            let row = self.row(
                WHAT,
                "SELECT bytes FROM dead_letter_piece WHERE letter = ?1 AND piece = ?2",
                &[found.number.into(), piece.into()],
            )?;
            let bytes = row.map_or(Ok(Vec::new()), |mut row| row.bytes())?;
            if bytes.is_empty() {
                break;
            }
            raw.extend_from_slice(&bytes);
        }
        if raw.len() == length {
            Ok(raw)
        } else {
            let reason = format!("{} of {length} bytes are there", raw.len());
            Err(unreadable(WHAT, &reason))
        }
    }
}

fn place_of(after: Option<&str>) -> Result<u64, StoreError> {
    after.map_or(Ok(0), |after| after.parse().map_err(|_| unknown_place()))
}
