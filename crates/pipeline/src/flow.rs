//! The movement of one page: chunks in, batches out, nothing faster than the slowest required sink.

use std::cell::RefCell;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;

use edgesiem_model::{
    Accepted, Body, Error, FetchError, Host, Incomplete, Note, PageEnd, PageReader, Progress, Store,
};
use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::deliver::Delivered;
use crate::intake::{Cut, Intake};
use crate::lane::{Lane, Load, Parcel};
use crate::page::{Failed, PageRun, store_error};

/// So long an optional sink is waited for when everything else of a page is done.
const OPTIONAL_GRACE_MS: u64 = 60_000;

pub(crate) struct Arrived {
    pub(crate) lane: usize,
    pub(crate) load: Load,
    pub(crate) result: (Delivered, Result<(), Error>),
}

struct Chunk<B> {
    body: B,
    bytes: Vec<u8>,
    result: Result<usize, FetchError>,
}

/// What a page is doing at the moment.
pub(crate) struct Flow<'p, 'a, H, S> {
    pub(crate) page: &'p PageRun<'a, H, S>,
    pub(crate) intake: Intake<'p>,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) in_flight: FuturesUnordered<LocalBoxFuture<'p, Arrived>>,
    pub(crate) bytes_held: usize,
    pub(crate) progress: Progress,
    pub(crate) moved: bool,
    pub(crate) dead_lettered: u64,
    /// Nothing more is read, what is on its way still arrives.
    pub(crate) stop: Option<Failed>,
    /// Nothing more is sent either: there is no time for it, or nobody would remember that it arrived.
    pub(crate) halt: bool,
}

enum Step<B> {
    Read(Chunk<B>),
    Arrived(Option<Box<Arrived>>),
    OutOfPatience,
}

async fn read_chunk<B: Body>(mut body: B, mut bytes: Vec<u8>) -> Chunk<B> {
    bytes.clear();
    let result = body.read(&mut bytes).await;
    Chunk {
        body,
        bytes,
        result,
    }
}

impl<H: Host, S: Store> Flow<'_, '_, H, S> {
    pub(crate) async fn run(
        &mut self,
        body: H::Body,
        reader: &mut dyn PageReader,
    ) -> Result<PageEnd, Failed> {
        let host = self.page.host;
        let mut idle = Some((body, Vec::new()));
        let mut reading: Option<LocalBoxFuture<'_, Chunk<H::Body>>> = None;
        let mut grace: Option<LocalBoxFuture<'_, ()>> = None;
        let mut end = None;
        self.hand_out().await;
        loop {
            if self.stop.is_none()
                && let Some(reason) = self.page.meter.page_must_end(host)
            {
                self.stop(Failed::Spent(reason));
            }
            if self.stop.is_some() {
                // Whatever the body still has, it is asked for again.
                (idle, reading, end) = (None, None, None);
            }
            self.make_room().await;
            self.start();
            let over = reading.is_none() && (end.is_some() || self.stop.is_some());
            if over && self.lanes.iter().all(Lane::is_idle) {
                return match (self.stop.take(), end) {
                    (None, Some(end)) => Ok(end),
                    (Some(failed), _) => Err(failed),
                    (None, None) => Err(Failed::Cut(Incomplete("nothing was read".to_owned()))),
                };
            }
            if reading.is_none()
                && self.has_room()
                && let Some((body, bytes)) = idle.take()
            {
                reading = Some(Box::pin(read_chunk(body, bytes)));
            }
            // When only optional sinks are left, they have a little while.
            let only_optional = over && self.required_are_idle();
            if only_optional && grace.is_none() {
                grace = Some(Box::pin(host.sleep(OPTIONAL_GRACE_MS)));
            }
            let step = {
                let arrival = async {
                    if self.in_flight.is_empty() {
                        pending().await
                    } else {
                        self.in_flight.next().await
                    }
                };
                let patience = async {
                    match grace.as_mut() {
                        Some(grace) if only_optional => grace.await,
                        _ => pending().await,
                    }
                };
                let chunk = async {
                    match reading.as_mut() {
                        Some(reading) => reading.await,
                        None => pending().await,
                    }
                };
                let (arrival, patience) = (pin!(arrival), pin!(patience));
                let others = select(arrival, patience);
                match select(pin!(chunk), others).await {
                    Either::Left((chunk, _)) => Step::Read(chunk),
                    Either::Right((Either::Left((arrived, _)), _)) => {
                        Step::Arrived(arrived.map(Box::new))
                    }
                    Either::Right((Either::Right(((), _)), _)) => Step::OutOfPatience,
                }
            };
            match step {
                Step::Arrived(Some(arrived)) => self.settle(*arrived).await,
                Step::Arrived(None) => {}
                Step::OutOfPatience => self.give_up_optional().await,
                Step::Read(chunk) => {
                    reading = None;
                    if let Some(whole) = self.take_chunk(&chunk, reader) {
                        end = Some(whole);
                    } else if self.stop.is_none() {
                        idle = Some((chunk.body, chunk.bytes));
                    }
                    self.settle_letters().await;
                    self.hand_out().await;
                }
            }
        }
    }

    /// Frames and converts what was read; returns how the page ends if it does.
    fn take_chunk(
        &mut self,
        chunk: &Chunk<H::Body>,
        reader: &mut dyn PageReader,
    ) -> Option<PageEnd> {
        let intake = &mut self.intake;
        let mut end = None;
        match &chunk.result {
            Err(error) => self.stop(Failed::Cut(Incomplete(error.to_string()))),
            Ok(0) => match reader.finish(&mut |line| intake.take(line)) {
                Ok(whole) => {
                    intake.finish();
                    end = Some(whole);
                }
                Err(incomplete) => self.stop(Failed::Cut(incomplete)),
            },
            Ok(read) => {
                intake.read.bytes = intake.read.bytes.saturating_add(*read as u64);
                reader.push(&chunk.bytes, &mut |line| intake.take(line));
            }
        }
        let most = self.page.most_events();
        if self.intake.read.events > most {
            end = None;
            self.stop(Failed::Cut(Incomplete(format!(
                "more than {most} events came although {} were asked for",
                self.page.asked.limit
            ))));
        }
        end
    }

    /// Queues the batches that were cut, each for the sinks that do not have it yet.
    pub(crate) async fn hand_out(&mut self) {
        for Cut { batch, notice } in std::mem::take(&mut self.intake.cut) {
            let parcel = Rc::new(Parcel {
                key: batch.view().key(),
                lines: batch.lines(),
                batch,
                notice,
                refused: RefCell::default(),
            });
            self.bytes_held = self.bytes_held.saturating_add(parcel.batch.memory_bytes());
            for number in 0..self.lanes.len() {
                if let Some(before) = self.offer(number, &parcel) {
                    self.make_up(number, &parcel, &before).await;
                }
            }
            let before = parcel.refused.borrow().len() as u64;
            self.dead_lettered = self.dead_lettered.saturating_add(before);
            self.let_go(parcel);
        }
        self.spill_suspended().await;
    }

    /// Queues for a sink what it does not have of a batch; says what was noted of it in an earlier run.
    fn offer(&mut self, number: usize, parcel: &Rc<Parcel>) -> Option<Note> {
        let name = self.page.name(number);
        // The newest note counts.
        let mut notes = self.progress.accepted.iter().rev();
        let before = notes
            .find(|note| note.key == parcel.key && note.sink == name)
            .map(|accepted| accepted.note.clone());
        let lane = self.lanes.get_mut(number)?;
        if let Some(note) = &before {
            if self.page.is_required(number) {
                let places = note.refused.iter().map(|refused| refused.place);
                parcel.refused.borrow_mut().extend(places);
                self.intake.count_refused(&note.refused);
            }
            if note.left.is_empty() {
                lane.report.resumed_batches = lane.report.resumed_batches.saturating_add(1);
                return before;
            }
        }
        lane.waiting.push_back(Load {
            parcel: Rc::clone(parcel),
            before: before.clone(),
        });
        before
    }

    /// Puts requests on their way: in turn over the sinks, each only as many as it may have.
    fn start(&mut self) {
        let page = self.page;
        let limits = &page.stream.limits;
        let halt = self.halt;
        for lane in &mut self.lanes {
            // A sink that is down gets no more of this page.
            if halt || lane.down.is_some() {
                for load in lane.waiting.drain(..) {
                    self.bytes_held = released(self.bytes_held, &mut self.intake, load.parcel);
                }
            }
        }
        while self.in_flight.len() < limits.max_in_flight.max(1) {
            // The one that is furthest behind first.
            let next = self
                .lanes
                .iter_mut()
                .enumerate()
                .filter(|(_, lane)| lane.flying.len() < limits.max_in_flight_per_sink.max(1))
                .max_by_key(|(_, lane)| lane.waiting.len());
            let Some((number, lane)) = next else { return };
            let Some(load) = lane.waiting.pop_front() else {
                return;
            };
            lane.flying.push(load.clone());
            self.in_flight.push(Box::pin(page.deliver(number, load)));
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        let held = self.bytes_held.saturating_add(self.intake.open_bytes());
        self.in_flight.is_empty() || held < self.page.stream.limits.max_in_flight_bytes
    }

    fn required_are_idle(&self) -> bool {
        let required =
            |(number, lane): (usize, &Lane)| !self.page.is_required(number) || lane.is_idle();
        self.lanes.iter().enumerate().all(required)
    }

    /// Books a delivery: sets aside what the sink refused, and remembers what it has, also if that is not all.
    async fn settle(&mut self, arrived: Arrived) {
        let Arrived {
            lane: number,
            load: Load { parcel, before },
            result: (delivered, result),
        } = arrived;
        let required = self.page.is_required(number);
        if let Some(lane) = self.lanes.get_mut(number) {
            lane.landed(&parcel);
            lane.report.add(&delivered.report);
        }
        let settled = delivered
            .report
            .events
            .saturating_add(delivered.report.refused);
        let mut note = before.clone().unwrap_or_default();
        if settled > 0 || result.is_ok() {
            let booked = self
                .book_refused(number, &parcel, &delivered, &mut note)
                .await;
            let mut left = delivered.left.clone();
            if !booked {
                // They are sent again when somebody has mended what they are refused for.
                left.extend(delivered.refused.iter().map(|refused| refused.index));
                left.sort_unstable();
            }
            note.left = places(&parcel, &left);
            self.remember(number, &parcel, note.clone()).await;
        }
        match result {
            Ok(()) => {}
            Err(error) if required => {
                if let Some(lane) = self.lanes.get_mut(number) {
                    lane.down = Some(error.message().to_owned());
                }
                self.stop(Failed::Other(error));
            }
            Err(error) => {
                let name = self.page.name(number).to_owned();
                let why = error.to_string();
                if let Some(lane) = self.lanes.get_mut(number) {
                    lane.down = Some(why.clone());
                    lane.waiting.push_front(Load {
                        parcel: Rc::clone(&parcel),
                        before: if settled > 0 { Some(note) } else { before },
                    });
                }
                self.page.suspended.borrow_mut().push((name, why));
                self.spill_suspended().await;
            }
        }
        self.let_go(parcel);
    }

    pub(crate) async fn remember(&mut self, number: usize, parcel: &Parcel, note: Note) {
        if parcel.notice {
            return;
        }
        let accepted = Accepted {
            sink: self.page.name(number).to_owned(),
            key: parcel.key,
            lines: parcel.lines.clone(),
            note,
        };
        match self.page.store.accept(self.page.revision, &accepted).await {
            Ok(()) => {
                self.moved = true;
                self.progress.accepted.push(accepted);
            }
            Err(error) => self.stop(Failed::Store(store_error(
                "what a sink accepted could not be written down",
                &error,
            ))),
        }
    }

    pub(crate) fn let_go(&mut self, parcel: Rc<Parcel>) {
        self.bytes_held = released(self.bytes_held, &mut self.intake, parcel);
    }

    /// The first reason counts.
    pub(crate) fn stop(&mut self, failed: Failed) {
        self.halt |= matches!(failed, Failed::Spent(_) | Failed::Store(_));
        self.stop.get_or_insert(failed);
    }
}

/// The lines of the events with these numbers.
/// Places of the lines of these events, each once.
fn places(parcel: &Parcel, numbers: &[usize]) -> Vec<u64> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let places = parcel.places();
    let view = parcel.batch.pick(numbers);
    let mut found: Vec<u64> = view
        .events()
        .filter_map(|event| place(&places, event.line))
        .collect();
    found.dedup();
    found
}

/// The place of a line of the page in the batch that has these lines.
pub(crate) fn place(lines: &[u64], line: u64) -> Option<u64> {
    lines.binary_search(&line).ok().map(|place| place as u64)
}

/// Takes back a batch's memory if nobody else holds it; returns what is still held.
fn released(held: usize, intake: &mut Intake<'_>, parcel: Rc<Parcel>) -> usize {
    match Rc::try_unwrap(parcel) {
        Ok(parcel) => {
            let held = held.saturating_sub(parcel.batch.memory_bytes());
            intake.recycle(parcel.batch);
            held
        }
        Err(_) => held,
    }
}
