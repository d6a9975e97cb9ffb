//! Reads one page and delivers it: the body flows in only as fast as the sinks take it.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::pin::pin;
use std::rc::Rc;

use edgesiem_model::{
    Batch, Body, DeadLetter, Error, ErrorKind, Event, EventIds, Host, Incomplete, Limits, Line,
    PageEnd, PageReader, Schema, Sink, StoreError, StreamId, Timestamp,
};
use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::batcher::Batcher;
use crate::deliver::{Deliver, Delivered};
use crate::open::Asked;
use crate::run::Deadlines;

/// What was done for a page, whether or not it came to an end.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) fetched: u64,
    pub(crate) dead_lettered: u64,
    pub(crate) undecoded: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) posts: u64,
    pub(crate) retries: u64,
    pub(crate) last_event_at: Option<Timestamp>,
}

/// Why a page did not get through.
pub(crate) enum Failed {
    /// The body broke off or did not say that it is whole.
    Cut(Incomplete),
    /// A sink or the store.
    Other(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// A batch on its way to all sinks. Events that any of them refused are counted once.
struct Parcel {
    batch: Batch,
    refused: RefCell<BTreeSet<usize>>,
}

struct Job {
    parcel: Rc<Parcel>,
    sink: usize,
}

struct Arrived {
    job: Job,
    result: (Delivered, Result<(), Error>),
}

/// Lines of a page on their way into batches.
struct Intake<'a> {
    schema: &'a mut dyn Schema,
    ids: EventIds,
    batcher: Batcher,
    document: Vec<u8>,
    line: u64,
    cut: Vec<Batch>,
    letters: Vec<DeadLetter>,
    figures: Figures,
    /// Dead letters made for this page, parts of lines included.
    letters_made: usize,
    max_letters: usize,
    /// Escapes can make a document several times as long as its line.
    max_document_bytes: usize,
    /// The server's time when the page was asked for, and a minute.
    believable_until: Timestamp,
}

impl Intake<'_> {
    fn take(&mut self, line: Line<'_>) {
        match line {
            Line::Event(raw) => {
                self.event(raw);
                self.figures.fetched = self.figures.fetched.saturating_add(1);
                self.line = self.line.saturating_add(1);
            }
            Line::Oversize { part, index, last } => {
                self.letter(
                    part,
                    Some(index),
                    "longer than limits.max_event_bytes".to_owned(),
                );
                if last {
                    self.figures.fetched = self.figures.fetched.saturating_add(1);
                    self.figures.dead_lettered = self.figures.dead_lettered.saturating_add(1);
                    self.line = self.line.saturating_add(1);
                }
            }
        }
    }

    fn event(&mut self, raw: &[u8]) {
        self.document.clear();
        // One long document must not keep its memory for the rest of the run.
        self.document.shrink_to(self.max_document_bytes);
        let facts = match self.schema.convert(raw, &mut self.document) {
            Ok(facts) => facts,
            Err(unreadable) => {
                self.figures.dead_lettered = self.figures.dead_lettered.saturating_add(1);
                return self.letter(raw, None, unreadable.to_string());
            }
        };
        if self.document.len() > self.max_document_bytes {
            self.figures.dead_lettered = self.figures.dead_lettered.saturating_add(1);
            let reason = "its document is longer than twice limits.max_event_bytes";
            return self.letter(raw, None, reason.to_owned());
        }
        self.figures.undecoded = self
            .figures
            .undecoded
            .saturating_add(u64::from(facts.undecoded));
        // A recovery goes on from the latest event time: one event that claims to be from the future must not
        // make it pass over the others.
        let believable = facts.time.filter(|time| *time <= self.believable_until);
        self.figures.last_event_at = self.figures.last_event_at.max(believable);
        let id = self.ids.next(raw);
        let event = Event {
            id,
            line: self.line,
            time: facts.time,
            raw,
            document: &self.document,
        };
        self.cut.extend(self.batcher.push(&event));
    }

    /// Past the limit nothing is kept any more: the page will be given up.
    fn letter(&mut self, raw: &[u8], part: Option<u32>, reason: String) {
        self.letters_made = self.letters_made.saturating_add(1);
        if self.letters_made > self.max_letters {
            self.letters.truncate(1);
            return;
        }
        let id = self.ids.next(raw);
        self.letters.push(DeadLetter {
            line: self.line,
            part,
            id,
            reason,
            sink: None,
            raw: raw.to_vec(),
        });
    }
}

pub(crate) struct PageRun<'a, H> {
    pub(crate) host: &'a H,
    pub(crate) stream: &'a StreamId,
    pub(crate) sinks: &'a [Box<dyn Sink>],
    pub(crate) limits: &'a Limits,
    pub(crate) deadlines: Deadlines,
    /// What the page was asked with.
    pub(crate) asked: &'a Asked,
}

impl<H: Host> PageRun<'_, H> {
    /// Reads `body` to its end and delivers every event of it. The figures are right in any case.
    pub(crate) async fn run(
        &self,
        mut body: H::Body,
        mut reader: Box<dyn PageReader>,
        schema: &mut dyn Schema,
    ) -> (Figures, Result<PageEnd, Failed>) {
        let mut intake = Intake {
            schema,
            ids: EventIds::new(self.stream, self.asked.limit),
            batcher: Batcher::new(self.sinks, self.limits),
            document: Vec::new(),
            line: 0,
            cut: Vec::new(),
            letters: Vec::new(),
            letters_made: 0,
            max_letters: self.limits.max_dead_letters,
            max_document_bytes: self.limits.max_event_bytes.saturating_mul(2),
            figures: Figures::default(),
            believable_until: self
                .asked
                .now
                .shifted(self.asked.clock_skew_ms)
                .shifted(60_000),
        };
        let end = self.flow(&mut body, reader.as_mut(), &mut intake).await;
        (intake.figures, end)
    }

    async fn flow(
        &self,
        body: &mut H::Body,
        reader: &mut dyn PageReader,
        intake: &mut Intake<'_>,
    ) -> Result<PageEnd, Failed> {
        let mut ready = VecDeque::new();
        let mut in_flight: FuturesUnordered<LocalBoxFuture<'_, Arrived>> = FuturesUnordered::new();
        let mut bytes_held = 0_usize;
        let mut chunk = Vec::new();
        let mut end = None;
        loop {
            while in_flight.len() < self.limits.max_in_flight.max(1)
                && let Some(job) = ready.pop_front()
            {
                in_flight.push(Box::pin(self.deliver(job)));
            }
            if in_flight.is_empty()
                && let Some(end) = end
            {
                return Ok(end);
            }
            if self.host.now() > self.deadlines.end {
                return Err(Failed::Cut(Incomplete(
                    "the run has to end before the page does".to_owned(),
                )));
            }
            let held = bytes_held.saturating_add(intake.batcher.open_bytes());
            let has_room = in_flight.is_empty() || held < self.limits.max_in_flight_bytes;
            let may_read = end.is_none() && ready.is_empty() && has_room;
            if !may_read {
                if let Some(arrived) = in_flight.next().await {
                    self.settle(arrived, intake, &mut bytes_held).await?;
                }
                continue;
            }
            chunk.clear();
            let read = {
                let mut read = pin!(body.read(&mut chunk));
                loop {
                    if in_flight.is_empty() {
                        break read.await;
                    }
                    match select(read.as_mut(), in_flight.next()).await {
                        Either::Left((read, _)) => break read,
                        Either::Right((Some(arrived), _)) => {
                            self.settle(arrived, intake, &mut bytes_held).await?
                        }
                        Either::Right((None, _)) => {}
                    }
                }
            };
            let read = read.map_err(|error| Failed::Cut(Incomplete(error.to_string())))?;
            intake.figures.bytes_in = intake.figures.bytes_in.saturating_add(read as u64);
            if read == 0 {
                end = Some(
                    reader
                        .finish(&mut |line| intake.take(line))
                        .map_err(Failed::Cut)?,
                );
                intake.cut.extend(intake.batcher.finish());
            } else {
                reader.push(&chunk, &mut |line| intake.take(line));
            }
            if intake.line > self.most_events() {
                return Err(Failed::Cut(Incomplete(format!(
                    "more than {} events came although {} were asked for",
                    self.most_events(),
                    self.asked.limit
                ))));
            }
            self.keep_letters(intake).await?;
            for batch in intake.cut.drain(..) {
                bytes_held = bytes_held.saturating_add(batch.memory_bytes());
                let parcel = Rc::new(Parcel {
                    batch,
                    refused: RefCell::default(),
                });
                ready.extend((0..self.sinks.len()).map(|sink| Job {
                    parcel: Rc::clone(&parcel),
                    sink,
                }));
            }
        }
    }

    /// Limits are approximate at the source, but what is remembered of each event of a page needs a bound.
    fn most_events(&self) -> u64 {
        u64::from(self.asked.limit)
            .saturating_mul(2)
            .saturating_add(1000)
    }

    async fn deliver(&self, job: Job) -> Arrived {
        let result = match self.sinks.get(job.sink) {
            Some(sink) => {
                let deliver = Deliver {
                    host: self.host,
                    sink: sink.as_ref(),
                    limits: self.limits,
                    deadline: self.deadlines.begin,
                };
                deliver.run(&job.parcel.batch).await
            }
            None => (Delivered::default(), Ok(())),
        };
        Arrived { job, result }
    }

    /// Books a delivery and sets aside what the sink refused.
    async fn settle(
        &self,
        arrived: Arrived,
        intake: &mut Intake<'_>,
        bytes_held: &mut usize,
    ) -> Result<(), Failed> {
        let Arrived {
            job: Job { parcel, sink },
            result,
        } = arrived;
        let (delivered, result) = result;
        let figures = &mut intake.figures;
        figures.posts = figures.posts.saturating_add(delivered.posts);
        figures.bytes_out = figures.bytes_out.saturating_add(delivered.bytes);
        figures.retries = figures.retries.saturating_add(delivered.retries);
        result?;
        for refused in delivered.refused {
            let Some(event) = parcel
                .batch
                .part(refused.index..refused.index.saturating_add(1))
                .events()
                .next()
            else {
                continue;
            };
            if parcel.refused.borrow_mut().insert(refused.index) {
                figures.dead_lettered = figures.dead_lettered.saturating_add(1);
            }
            intake.letters_made = intake.letters_made.saturating_add(1);
            intake.letters.push(DeadLetter {
                line: event.line,
                part: None,
                id: event.id,
                reason: refused.reason,
                sink: self.sinks.get(sink).map(|sink| sink.name().to_owned()),
                raw: event.raw.to_vec(),
            });
        }
        self.keep_letters(intake).await?;
        if let Ok(parcel) = Rc::try_unwrap(parcel) {
            *bytes_held = bytes_held.saturating_sub(parcel.batch.memory_bytes());
            intake.batcher.recycle(parcel.batch);
        }
        Ok(())
    }

    async fn keep_letters(&self, intake: &mut Intake<'_>) -> Result<(), Failed> {
        if intake.letters_made > self.limits.max_dead_letters {
            return Err(Failed::Other(
                Error::new(
                    ErrorKind::SourceRefused,
                    format!("more than {} events of one page are unreadable or refused", self.limits.max_dead_letters),
                    "look at the dead letters' reasons; the checkpoint has not moved. Raise limits.max_dead_letters only \
                     if such events are to be set aside",
                )
                .with("last reason", intake.letters.last().map_or("", |letter| letter.reason.as_str())),
            ));
        }
        if intake.letters.is_empty() {
            return Ok(());
        }
        let kept = self
            .host
            .keep_dead_letters(self.stream, &intake.letters)
            .await;
        kept.map_err(|error| Failed::Other(store_error("dead letters could not be kept", &error)))?;
        intake.letters.clear();
        Ok(())
    }
}

pub(crate) fn store_error(what: &str, error: &StoreError) -> Error {
    match error {
        StoreError::Conflict { .. } => Error::new(
            ErrorKind::Conflict,
            what,
            "nothing: the other run goes on from where it is; events of this page may arrive twice",
        ),
        StoreError::Failed(_) => Error::new(
            ErrorKind::Store,
            what,
            "check that the store exists and may be written (for a Worker: the KV binding in wrangler.toml); the next run \
             goes on from the last checkpoint",
        ),
    }
    .with("store", error.to_string())
}
