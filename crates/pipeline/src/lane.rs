//! One sink's share of a page: what waits for it, what is on its way, and whether it still takes anything.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use edgesiem_model::{Batch, BatchKey, Note};

use crate::report::SinkReport;

/// A batch on its way to all sinks.
pub(crate) struct Parcel {
    pub(crate) batch: Batch,
    pub(crate) key: BatchKey,
    pub(crate) lines: Range<u64>,
    /// Not events of the page: nothing is remembered of it.
    pub(crate) notice: bool,
    /// Places of lines that a required sink refused; an event that two of them refused is counted once.
    pub(crate) refused: RefCell<BTreeSet<u64>>,
}

/// A batch, or what is left of it, for one sink.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) parcel: Rc<Parcel>,
    /// What an earlier run noted of it: only what was left is sent.
    pub(crate) before: Option<Note>,
}

impl Parcel {
    /// Lines of the page with events of the batch, in their order: a line's index is its place in the batch.
    pub(crate) fn places(&self) -> Vec<u64> {
        let mut lines: Vec<u64> = self.batch.view().events().map(|event| event.line).collect();
        lines.dedup();
        lines
    }
}

impl Load {
    /// Numbers of the events to send.
    pub(crate) fn numbers(&self) -> Vec<usize> {
        match &self.before {
            None => (0..self.parcel.batch.len()).collect(),
            Some(note) => {
                let places = self.parcel.places();
                let left = note.left.iter().filter_map(|place| {
                    let place = usize::try_from(*place).ok()?;
                    places.get(place).copied()
                });
                let left: BTreeSet<u64> = left.collect();
                let view = self.parcel.batch.view();
                let events = view.events().enumerate();
                let left = events.filter(|(_, event)| left.contains(&event.line));
                left.map(|(number, _)| number).collect()
            }
        }
    }
}

#[derive(Default)]
pub(crate) struct Lane {
    pub(crate) waiting: VecDeque<Load>,
    pub(crate) flying: Vec<Load>,
    /// The sink failed: it gets nothing more in this page, or, if it is optional, in this run.
    pub(crate) down: Option<String>,
    pub(crate) report: SinkReport,
}

impl Lane {
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.flying.is_empty()
    }

    pub(crate) fn landed(&mut self, parcel: &Rc<Parcel>) {
        self.flying
            .retain(|flying| !Rc::ptr_eq(&flying.parcel, parcel));
    }
}
