//! Reads one page and delivers it: the body flows in only as fast as the sinks take it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use edgesiem_model::{
    Error, ErrorKind, Host, Incomplete, PageEnd, PageReader, Progress, Revision, Schema, Store,
    StoreError,
};
use futures_util::stream::FuturesUnordered;

use crate::deliver::{Deliver, Delivered};
use crate::flow::{Arrived, Flow};
use crate::intake::{Intake, Read};
use crate::lane::{Lane, Load};
use crate::meter::Meter;
use crate::open::Asked;
use crate::report::SinkReport;
use crate::run::Stream;

/// Why a page did not get through.
pub(crate) enum Failed {
    /// The body broke off or did not say that it is whole.
    Cut(Incomplete),
    /// The run has to end; what sinks have accepted stays accepted.
    Spent(String),
    /// A sink, or too much that cannot be delivered.
    Other(Error),
    /// The store: nothing can be remembered any more.
    Store(Error),
}

/// What was done for a page, whether or not it came to an end.
pub(crate) struct Done {
    pub(crate) read: Read,
    /// Events that were unreadable or that a required sink refused.
    pub(crate) dead_lettered: u64,
    /// By sink, in their order.
    pub(crate) sinks: Vec<SinkReport>,
    /// Everything that sinks have accepted of the page, in this run and before.
    pub(crate) progress: Progress,
    /// Whether a sink has accepted anything in this run.
    pub(crate) moved: bool,
    pub(crate) end: Result<PageEnd, Failed>,
}

pub(crate) struct PageRun<'a, H, S> {
    pub(crate) host: &'a H,
    pub(crate) store: &'a S,
    pub(crate) stream: &'a Stream<'a>,
    pub(crate) meter: &'a Meter,
    pub(crate) revision: Revision,
    /// What the page was asked with.
    pub(crate) asked: &'a Asked,
    /// Optional sinks that failed earlier in this run, with why.
    pub(crate) suspended: &'a RefCell<Vec<(String, String)>>,
}

impl<'a, H: Host, S: Store> PageRun<'a, H, S> {
    /// Reads `body` to its end and delivers every event of it that was not delivered before. The figures are
    /// right in any case, and when it returns nothing is on its way to a required sink any more: what was
    /// sent was either answered or given up.
    pub(crate) async fn run(
        &self,
        body: H::Body,
        mut reader: Box<dyn PageReader>,
        schema: &mut dyn Schema,
        progress: Progress,
    ) -> Done {
        let mut flow = Flow {
            intake: Intake::new(self.stream, schema, self.asked, &progress),
            page: self,
            lanes: self.stream.sinks.iter().map(|_| Lane::default()).collect(),
            in_flight: FuturesUnordered::new(),
            bytes_held: 0,
            progress,
            moved: false,
            dead_lettered: 0,
            stop: None,
            halt: false,
        };
        for (lane, destination) in flow.lanes.iter_mut().zip(self.stream.sinks) {
            let suspended = self.suspended.borrow();
            let name = destination.sink.name();
            lane.down = suspended
                .iter()
                .find(|(sink, _)| sink == name)
                .map(|(_, why)| why.clone());
        }
        let end = flow.run(body, reader.as_mut()).await;
        Done {
            dead_lettered: flow
                .dead_lettered
                .saturating_add(flow.intake.read.unreadable),
            read: flow.intake.read,
            sinks: flow.lanes.into_iter().map(|lane| lane.report).collect(),
            progress: flow.progress,
            moved: flow.moved,
            end,
        }
    }

    /// Limits are approximate at the source, but what is remembered of each event of a page needs a bound.
    pub(crate) fn most_events(&self) -> u64 {
        u64::from(self.asked.limit)
            .saturating_mul(2)
            .saturating_add(1000)
    }

    pub(crate) async fn deliver(&self, lane: usize, load: Load) -> Arrived {
        let result = match self.stream.sinks.get(lane) {
            Some(destination) => {
                let deliver = Deliver {
                    host: self.host,
                    store: self.store,
                    meter: self.meter,
                    destination,
                    limits: &self.stream.limits,
                };
                deliver.run(&load.parcel.batch, load.numbers()).await
            }
            None => (Delivered::default(), Ok(())),
        };
        Arrived { lane, load, result }
    }

    pub(crate) fn is_required(&self, lane: usize) -> bool {
        self.stream
            .sinks
            .get(lane)
            .is_none_or(|destination| destination.required)
    }

    pub(crate) fn name(&self, lane: usize) -> &str {
        self.stream
            .sinks
            .get(lane)
            .map_or("", |destination| destination.sink.name())
    }
}

pub(crate) fn store_error(what: &str, error: &StoreError) -> Error {
    match error {
        StoreError::Conflict { .. } => Error::new(
            ErrorKind::Conflict,
            what,
            "nothing: the other run goes on from where it is; events of this page may arrive twice",
        ),
        StoreError::Full { .. } => Error::new(
            ErrorKind::Store,
            what,
            "replay or delete dead letters, or raise limits.max_stored_dead_letters; the stream stands still until \
             then, and loses nothing",
        ),
        StoreError::Failed(_) => Error::new(
            ErrorKind::Store,
            what,
            "check that the store exists and may be written (for a Worker: the bindings in wrangler.toml); the next run \
             goes on from the last checkpoint",
        ),
    }
    .with("store", error.to_string())
}

/// The names of the sinks that must accept everything.
pub(crate) fn required<'a>(stream: &'a Stream<'_>) -> impl Iterator<Item = &'a str> {
    let names: BTreeSet<&str> = stream
        .sinks
        .iter()
        .filter(|destination| destination.required)
        .map(|destination| destination.sink.name())
        .collect();
    names.into_iter()
}
