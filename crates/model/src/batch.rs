//! A batch: events in page order, each as received and as converted, shared by all sinks of a stream.

use std::fmt;
use std::ops::Range;

use crate::event::truncated;
use crate::{Event, EventId, Timestamp};

/// Identity of a batch, derived from its events' ids: the same events in the same order always give the
/// same key, so that a receiver can recognise a repeated delivery.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchKey(EventId);

impl fmt::Display for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

struct Row {
    id: EventId,
    line: u64,
    time: Option<Timestamp>,
    raw: Range<usize>,
    document: Range<usize>,
}

/// Events in page order. Each is stored once, however many sinks it goes to.
#[derive(Default)]
pub struct Batch {
    rows: Vec<Row>,
    raw: Vec<u8>,
    documents: Vec<u8>,
}

impl Batch {
    /// Appends an event.
    pub fn push(&mut self, event: &Event<'_>) {
        let append = |to: &mut Vec<u8>, bytes: &[u8]| {
            let start = to.len();
            to.extend_from_slice(bytes);
            start..to.len()
        };
        let raw = append(&mut self.raw, event.raw);
        let document = append(&mut self.documents, event.document);
        self.rows.push(Row {
            id: event.id,
            line: event.line,
            time: event.time,
            raw,
            document,
        });
    }

    /// Removes all events and keeps the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.raw.clear();
        self.documents.clear();
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of the converted documents together.
    pub fn document_bytes(&self) -> usize {
        self.documents.len()
    }

    /// Bytes of the lines as received, together.
    pub fn raw_bytes(&self) -> usize {
        self.raw.len()
    }

    /// Bytes of memory that the batch holds.
    pub fn memory_bytes(&self) -> usize {
        let rows = self.rows.capacity().saturating_mul(size_of::<Row>());
        self.raw
            .capacity()
            .saturating_add(self.documents.capacity())
            .saturating_add(rows)
    }

    /// All of it, as a sink sees it.
    pub fn view(&self) -> BatchView<'_> {
        self.part(0..self.rows.len())
    }

    /// The events `range`, counted from 0. What lies outside of the batch is left out.
    pub fn part(&self, range: Range<usize>) -> BatchView<'_> {
        let end = range.end.min(self.rows.len());
        let start = range.start.min(end);
        BatchView {
            batch: self,
            rows: self.rows.get(start..end).unwrap_or(&[]),
        }
    }
}

/// A batch or a part of one.
#[derive(Clone, Copy)]
pub struct BatchView<'a> {
    batch: &'a Batch,
    rows: &'a [Row],
}

impl<'a> BatchView<'a> {
    /// Number of events.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no event.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Identity of exactly these events in this order.
    pub fn key(&self) -> BatchKey {
        let mut hasher = blake3::Hasher::new_derive_key("edgesiem 2026 batch key v1");
        for row in self.rows {
            hasher.update(row.id.as_bytes());
        }
        BatchKey(truncated(&hasher.finalize()))
    }

    /// Bytes of the converted documents together.
    pub fn document_bytes(&self) -> usize {
        self.rows
            .iter()
            .fold(0, |sum, row| row.document.len().saturating_add(sum))
    }

    /// The events in page order.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        let batch = self.batch;
        self.rows.iter().map(move |row| Event {
            id: row.id,
            line: row.line,
            time: row.time,
            raw: batch.raw.get(row.raw.clone()).unwrap_or(&[]),
            document: batch.documents.get(row.document.clone()).unwrap_or(&[]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Batch;
    use crate::{Event, EventId, Timestamp};

    #[test]
    fn a_part_keeps_events_and_has_a_key_of_its_own() {
        let mut batch = Batch::default();
        for n in 0..4_u8 {
            let (raw, document) = (vec![n; 3], vec![n; usize::from(n)]);
            let event = Event {
                id: EventId::from_bytes([n; 16]),
                line: u64::from(n),
                time: Some(Timestamp::from_secs(9)),
                raw: &raw,
                document: &document,
            };
            batch.push(&event);
        }
        assert_eq!((batch.len(), batch.document_bytes()), (4, 6));
        let part = batch.part(1..3);
        let seen: Vec<_> = part
            .events()
            .map(|event| (event.line, event.raw.to_vec(), event.document.to_vec()))
            .collect();
        assert_eq!(
            seen,
            vec![(1, vec![1; 3], vec![1]), (2, vec![2; 3], vec![2, 2])]
        );
        assert_eq!(part.document_bytes(), 3);
        assert_eq!(part.key(), batch.part(1..3).key());
        assert_ne!(part.key(), batch.view().key());
        assert_eq!(batch.part(3..99).len(), 1);
    }
}
