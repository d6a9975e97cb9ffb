//! Cuts a page into batches that every sink of the stream takes.

use std::collections::BTreeSet;
use std::mem;
use std::rc::Rc;

use edgesiem_model::{Batch, BatchLimits, Event, Limits, Progress};

use crate::run::Destination;

/// Collects events until the next one would exceed a limit of any sink.
///
/// Where it cuts depends on the events, the configuration and what sinks have already accepted of the page,
/// never on network chunks: a page fetched again gives the same batches under the same keys, also if it has
/// become longer meanwhile.
pub(crate) struct Batcher {
    limits: Vec<BatchLimits>,
    /// A document can be far smaller than its line; memory is held for both.
    max_raw_bytes: usize,
    /// Lines before which an earlier run has cut.
    cuts: BTreeSet<u64>,
    replay: Option<Rc<str>>,
    batch: Batch,
    spare: Vec<Batch>,
}

impl Batcher {
    pub(crate) fn new(
        sinks: &[Destination],
        limits: &Limits,
        progress: &Progress,
        replay: Option<Rc<str>>,
    ) -> Self {
        let stream = BatchLimits {
            max_events: limits.max_batch_events,
            max_bytes: limits.max_batch_bytes,
            bytes_per_event: 0,
            bytes_per_batch: 0,
        };
        let bounded = |sink: BatchLimits| BatchLimits {
            max_events: sink.max_events.min(stream.max_events),
            max_bytes: sink.max_bytes.min(stream.max_bytes),
            ..sink
        };
        let mut all: Vec<_> = sinks
            .iter()
            .map(|destination| bounded(destination.sink.limits()))
            .collect();
        all.push(stream);
        Self {
            limits: all,
            max_raw_bytes: limits.max_batch_bytes.saturating_mul(2),
            cuts: progress
                .accepted
                .iter()
                .map(|accepted| accepted.lines.end)
                .collect(),
            replay,
            batch: Batch::default(),
            spare: Vec::new(),
        }
    }

    /// Adds an event; returns the batch before it if that is full.
    pub(crate) fn push(&mut self, event: &Event<'_>) -> Option<Batch> {
        let full = (!self.batch.is_empty() && !self.fits(event)).then(|| self.take());
        self.batch.push(event);
        full
    }

    /// The last batch of the page, if there is one.
    pub(crate) fn finish(&mut self) -> Option<Batch> {
        (!self.batch.is_empty()).then(|| self.take())
    }

    /// Memory of the batch that is being filled.
    pub(crate) fn open_bytes(&self) -> usize {
        self.batch.memory_bytes()
    }

    /// Takes back the memory of a delivered batch.
    pub(crate) fn recycle(&mut self, mut batch: Batch) {
        batch.clear();
        if self.spare.is_empty() && batch.memory_bytes() <= 4 * 1024 * 1024 {
            self.spare.push(batch);
        }
    }

    fn take(&mut self) -> Batch {
        let mut full = mem::replace(&mut self.batch, self.spare.pop().unwrap_or_default());
        full.set_replay(self.replay.clone());
        full
    }

    fn fits(&self, event: &Event<'_>) -> bool {
        // Lines that were no events may lie between two batches.
        let cut_between = self
            .cuts
            .range(self.batch.lines().end..=event.line)
            .next()
            .is_some();
        if cut_between {
            return false;
        }
        let events = self.batch.len().saturating_add(1);
        let documents = self
            .batch
            .document_bytes()
            .saturating_add(event.document.len());
        let raw = self.batch.raw_bytes().saturating_add(event.raw.len());
        if raw > self.max_raw_bytes {
            return false;
        }
        self.limits.iter().all(|limits| {
            let envelopes = events.saturating_mul(limits.bytes_per_event);
            let bytes = documents
                .saturating_add(envelopes)
                .saturating_add(limits.bytes_per_batch);
            events <= limits.max_events && bytes <= limits.max_bytes
        })
    }
}
