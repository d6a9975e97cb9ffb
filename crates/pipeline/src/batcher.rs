//! Cuts a page into batches that every sink of the stream takes.

use std::collections::BTreeSet;
use std::mem;
use std::rc::Rc;

use edgesiem_model::{
    Batch, BatchLimits, DocumentForm, Event, EventId, Limits, Progress, Timestamp,
};

use crate::run::Destination;

/// A line and all that it gives: it goes into one batch, so that what a sink has of a page ends between lines.
#[derive(Clone, Copy)]
pub(crate) struct WholeLine<'a> {
    pub(crate) id: EventId,
    pub(crate) number: u64,
    pub(crate) time: Option<Timestamp>,
    pub(crate) raw: &'a [u8],
    pub(crate) documents: &'a [u8],
    /// Where each document ends.
    pub(crate) ends: &'a [usize],
}

impl<'a> WholeLine<'a> {
    fn events(self) -> impl Iterator<Item = Event<'a>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        (0..)
            .zip(starts.zip(self.ends.iter().copied()))
            .map(move |(number, (start, end))| Event {
                id: self.id.document(number),
                line_id: self.id,
                line: self.number,
                time: self.time,
                raw: self.raw,
                document: self.documents.get(start..end).unwrap_or(&[]),
            })
    }
}

/// What a sink, or the stream itself, takes, and how much of it the open batch has.
struct Gauge {
    limits: BatchLimits,
    bytes: usize,
}

/// Collects events until the next one would exceed a limit of any sink.
///
/// Where it cuts depends on the events, the configuration and what sinks have already accepted of the page,
/// never on network chunks: a page fetched again gives the same batches under the same keys, also if it has
/// become longer meanwhile.
pub(crate) struct Batcher {
    gauges: Vec<Gauge>,
    form: DocumentForm,
    /// Bytes that the line that was looked at last adds, by gauge.
    more: Vec<usize>,
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
        form: DocumentForm,
        progress: &Progress,
        replay: Option<Rc<str>>,
    ) -> Self {
        let stream = BatchLimits::new(limits.max_batch_events, limits.max_batch_bytes);
        let bounded = |sink: BatchLimits| BatchLimits {
            max_events: sink.max_events.min(stream.max_events),
            max_bytes: sink.max_bytes.min(stream.max_bytes),
            ..sink
        };
        let sinks = sinks
            .iter()
            .map(|destination| bounded(destination.sink.limits()));
        let gauges: Vec<Gauge> = sinks
            .chain([stream])
            .map(|limits| Gauge { limits, bytes: 0 })
            .collect();
        Self {
            more: vec![0; gauges.len()],
            gauges,
            form,
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

    /// Adds a line; returns the batch before it if that is full.
    pub(crate) fn push(&mut self, line: &WholeLine<'_>) -> Option<Batch> {
        self.measure(line);
        let full = (!self.batch.is_empty() && !self.fits(line)).then(|| self.take());
        for (gauge, more) in self.gauges.iter_mut().zip(&self.more) {
            gauge.bytes = gauge.bytes.saturating_add(*more);
        }
        for event in line.events() {
            self.batch.push(&event);
        }
        full
    }

    fn measure(&mut self, line: &WholeLine<'_>) {
        for (gauge, more) in self.gauges.iter().zip(&mut self.more) {
            let sizes = line
                .events()
                .map(|event| gauge.limits.event_bytes(self.form, event.document));
            *more = sizes.fold(0, usize::saturating_add);
        }
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
        full.set_form(self.form);
        for gauge in &mut self.gauges {
            gauge.bytes = 0;
        }
        full
    }

    fn fits(&self, line: &WholeLine<'_>) -> bool {
        // Lines that were no events may lie between two batches.
        let cut_between = self
            .cuts
            .range(self.batch.lines().end..=line.number)
            .next()
            .is_some();
        if cut_between {
            return false;
        }
        let events = self.batch.len().saturating_add(line.ends.len());
        if self.batch.raw_bytes().saturating_add(line.raw.len()) > self.max_raw_bytes {
            return false;
        }
        self.gauges.iter().zip(&self.more).all(|(gauge, more)| {
            let bytes = gauge
                .bytes
                .saturating_add(*more)
                .saturating_add(gauge.limits.bytes_per_batch);
            events <= gauge.limits.max_events && bytes <= gauge.limits.max_bytes
        })
    }
}
