//! A batch: events in page order, each as received and as converted, shared by all sinks of a stream.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::event::truncated;
use crate::{DocumentForm, Event, EventId, EventIdError, Timestamp};

/// Identity of a batch, derived from its events' ids: the same events in the same order always give the
/// same key, so that a receiver can recognise a repeated delivery.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchKey(EventId);

impl FromStr for BatchKey {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        text.parse().map(Self)
    }
}

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
    line_id: EventId,
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
    form: DocumentForm,
    replay: Option<Rc<str>>,
}

impl Batch {
    /// Longest name of a replay: sinks reserve room for it in every event's envelope.
    pub const MAX_REPLAY_BYTES: usize = 16;

    /// Says what its documents are.
    pub fn set_form(&mut self, form: DocumentForm) {
        self.form = form;
    }

    /// Marks the batch as part of a replay.
    pub fn set_replay(&mut self, replay: Option<Rc<str>>) {
        self.replay = replay;
    }

    /// Line of the first event and the line after the last one; `0..0` if there is none.
    pub fn lines(&self) -> Range<u64> {
        match (self.rows.first(), self.rows.last()) {
            (Some(first), Some(last)) => first.line..last.line.saturating_add(1),
            _ => 0..0,
        }
    }

    /// Appends an event.
    pub fn push(&mut self, event: &Event<'_>) {
        let append = |to: &mut Vec<u8>, bytes: &[u8]| {
            let start = to.len();
            to.extend_from_slice(bytes);
            start..to.len()
        };
        // The documents of a line come one after the other, and share it.
        let before = self.rows.last().filter(|row| {
            row.line_id == event.line_id
                && row.line == event.line
                && row.raw.len() == event.raw.len()
        });
        let raw = match before {
            Some(row) => row.raw.clone(),
            None => append(&mut self.raw, event.raw),
        };
        let document = append(&mut self.documents, event.document);
        self.rows.push(Row {
            id: event.id,
            line_id: event.line_id,
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
        BatchView {
            batch: self,
            rows: Rows::Range(range.start.min(end)..end),
        }
    }

    /// The events with these numbers, counted from 0, in this order. What lies outside of the batch is left out.
    pub fn pick<'a>(&'a self, numbers: &'a [usize]) -> BatchView<'a> {
        BatchView {
            batch: self,
            rows: Rows::Picked(numbers),
        }
    }
}

#[derive(Clone)]
enum Rows<'a> {
    Range(Range<usize>),
    Picked(&'a [usize]),
}

/// A batch or a selection of its events.
#[derive(Clone)]
pub struct BatchView<'a> {
    batch: &'a Batch,
    rows: Rows<'a>,
}

impl<'a> BatchView<'a> {
    /// Number of events.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Range(range) => range.len(),
            Rows::Picked(numbers) => numbers.len(),
        }
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The replay that the events are part of; `None` if they are live. At most
    /// [`Batch::MAX_REPLAY_BYTES`] letters and digits.
    pub fn replay(&self) -> Option<&'a str> {
        self.batch.replay.as_deref()
    }

    /// What the documents are.
    pub const fn form(&self) -> DocumentForm {
        self.batch.form
    }

    /// Identity of exactly these events in this order.
    pub fn key(&self) -> BatchKey {
        let mut hasher = blake3::Hasher::new_derive_key("edgesiem 2026 batch key v1");
        for row in self.rows() {
            hasher.update(row.id.as_bytes());
        }
        BatchKey(truncated(&hasher.finalize()))
    }

    /// Bytes of the converted documents together.
    pub fn document_bytes(&self) -> usize {
        self.rows()
            .fold(0, |sum, row| row.document.len().saturating_add(sum))
    }

    /// The events in page order.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        let batch = self.batch;
        self.rows().map(move |row| Event {
            id: row.id,
            line_id: row.line_id,
            line: row.line,
            time: row.time,
            raw: batch.raw.get(row.raw.clone()).unwrap_or(&[]),
            document: batch.documents.get(row.document.clone()).unwrap_or(&[]),
        })
    }

    fn rows(&self) -> impl Iterator<Item = &'a Row> + use<'a> {
        let (range, picked) = match &self.rows {
            Rows::Range(range) => (range.clone(), &[][..]),
            Rows::Picked(numbers) => (0..0, *numbers),
        };
        let rows = &self.batch.rows;
        range
            .chain(picked.iter().copied())
            .filter_map(move |number| rows.get(number))
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
                line_id: EventId::from_bytes([n; 16]),
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
        let picked = batch.pick(&[0, 3]);
        let lines: Vec<_> = picked.events().map(|event| event.line).collect();
        assert_eq!((lines, picked.len(), batch.lines()), (vec![0, 3], 2, 0..4));
        let key = part.key();
        assert_eq!(key.to_string().parse(), Ok(key));
    }
}
