//! Page after page, until there is no more or the budget is used up.

use std::cell::RefCell;
use std::rc::Rc;

use edgesiem_model::{
    Budget, Checkpoint, Cursor, Error, ErrorKind, Host, Limits, Loaded, PageEnd, Progress,
    Revision, Save, Schema, Sink, Source, Store, StreamId, Timestamp,
};

use crate::meter::Meter;
use crate::open::{Asked, Opened, open, smaller};
use crate::page::{Done, Failed, PageRun, store_error};
use crate::pass::Pass;
use crate::report::{Outcome, Report};

/// A sink of a stream.
pub struct Destination {
    /// The sink.
    pub sink: Box<dyn Sink>,
    /// Whether the checkpoint waits for it. What an optional sink does not take becomes a dead letter of its own.
    pub required: bool,
    pub(crate) pass: Pass,
}

impl Destination {
    /// A sink without an access token.
    pub fn new(sink: Box<dyn Sink>, required: bool) -> Self {
        Self {
            sink,
            required,
            pass: Pass::default(),
        }
    }
}

/// One stream: where its events come from and where they go.
pub struct Stream<'a> {
    /// Name.
    pub id: StreamId,
    /// Where events come from.
    pub source: &'a dyn Source,
    /// Where they go; every required one must accept an event before the checkpoint passes it.
    pub sinks: &'a [Destination],
    /// Bounds of memory and patience.
    pub limits: Limits,
    /// Whether sinks are told when events may be missing.
    pub emit_gaps: bool,
    /// Not the live stream but a part of it, again.
    pub replay: Option<Window>,
}

/// A stretch of time that is delivered again, beside the live stream and with a store of its own.
#[derive(Clone, Debug)]
pub struct Window {
    /// Name, at most [`edgesiem_model::Batch::MAX_REPLAY_BYTES`] letters and digits. It marks what is sent.
    pub id: Rc<str>,
    /// Events from this time on.
    pub from: Timestamp,
    /// Events up to this time.
    pub to: Timestamp,
    /// Where the source begins ([`Source::since`]).
    pub start: Cursor,
}

impl Window {
    /// Whether a page that begins with events of this time lies behind the window. Events come in the order in
    /// which they were stored, so an old one may come late.
    fn is_past(&self, first_event_at: Option<Timestamp>) -> bool {
        const LATENESS_MS: i64 = 15 * 60 * 1000;
        first_event_at.is_some_and(|first| first > self.to.shifted(LATENESS_MS))
    }
}

/// A run of a stream.
struct Run<'a, H, S> {
    host: &'a H,
    store: &'a S,
    stream: &'a Stream<'a>,
    meter: Meter,
    checkpoint: Checkpoint,
    revision: Revision,
    /// What the store knew of the page that comes.
    known: Progress,
    suspended: RefCell<Vec<(String, String)>>,
    report: Report,
}

/// What comes after a page.
enum Next {
    Page,
    End,
}

/// Runs `stream` from its checkpoint until the source has no more events or `budget` is used up.
pub async fn run<H: Host, S: Store>(
    host: &H,
    store: &S,
    stream: &Stream<'_>,
    schema: &mut dyn Schema,
    budget: Budget,
) -> Outcome {
    let started = host.now();
    let quota_ms = stream.source.page_limits().quota_interval_ms;
    let (mut report, result) = match load(store, stream).await {
        Err(error) => (Report::default(), Err(error)),
        Ok((checkpoint, revision, known)) => {
            let mut run = Run {
                host,
                store,
                stream,
                meter: Meter::new(started, budget, quota_ms),
                checkpoint,
                revision,
                known,
                suspended: RefCell::default(),
                report: Report::default(),
            };
            let result = run.pages(schema, budget.max_pages).await;
            (run.report, result)
        }
    };
    report.wall_ms = host.now().since_ms(started);
    Outcome {
        stream: stream.id.clone(),
        report,
        result,
    }
}

async fn load<S: Store>(
    store: &S,
    stream: &Stream<'_>,
) -> Result<(Checkpoint, Revision, Progress), Error> {
    let Loaded {
        checkpoint,
        revision,
        progress,
    } = store
        .load()
        .await
        .map_err(|error| store_error("the checkpoint could not be read", &error))?;
    let checkpoint = match checkpoint {
        Some(checkpoint) if checkpoint.format == Checkpoint::FORMAT => checkpoint,
        Some(other) => return Err(foreign_format(other.format)),
        None => Checkpoint::start(match &stream.replay {
            Some(window) => window.start.clone(),
            None => stream.source.start(),
        }),
    };
    Ok((checkpoint, revision, progress))
}

impl<H: Host, S: Store> Run<'_, H, S> {
    async fn pages(&mut self, schema: &mut dyn Schema, most: u32) -> Result<(), Error> {
        let limits = self.stream.source.page_limits();
        let (interval_ms, quota_ms) = (limits.min_interval_ms, limits.quota_interval_ms);
        for page in 0..most {
            let asked_at = self.host.now();
            if page > 0 && !self.meter.page_may_begin(self.host, quota_ms) {
                return Ok(());
            }
            if matches!(self.page(schema).await?, Next::End) {
                return Ok(());
            }
            let spent_ms = self.host.now().since_ms(asked_at);
            if spent_ms < interval_ms {
                self.host.sleep(interval_ms.saturating_sub(spent_ms)).await;
            }
        }
        Ok(())
    }

    /// Asks for a page, delivers it, commits it.
    async fn page(&mut self, schema: &mut dyn Schema) -> Result<Next, Error> {
        let opened = open(
            self.host,
            self.store,
            self.stream,
            &self.meter,
            (&mut self.checkpoint, &mut self.revision),
            &self.known,
            &mut self.report,
        )
        .await?;
        let Some(Opened {
            body,
            asked,
            progress,
        }) = opened
        else {
            self.report.unfinished = true;
            return Ok(Next::End);
        };
        // Of the pages after this one nothing is known.
        self.known = Progress::default();
        let reader = self
            .stream
            .source
            .reader(&asked.page(), &self.stream.limits);
        let run = PageRun {
            host: self.host,
            store: self.store,
            stream: self.stream,
            meter: &self.meter,
            revision: self.revision,
            asked: &asked,
            suspended: &self.suspended,
        };
        let done = run.run(body, reader, schema, progress).await;
        self.add_traffic(&done);
        let next = match &done.end {
            Ok(end) => return self.commit(end, &asked, &done).await,
            Err(failed) if self.is_unfinished(failed, &done) => {
                self.report.unfinished = true;
                Ok(Next::End)
            }
            Err(Failed::Other(error) | Failed::Store(error)) => Err(error.clone()),
            Err(Failed::Spent(reason)) => Err(self.shrink(&asked, &done, reason).await),
            Err(Failed::Cut(cut)) => Err(self.shrink(&asked, &done, &cut.0).await),
        };
        // That it could not be written down costs nothing but a page that may be asked for smaller than needed.
        let _ = self.store.abandon_page(self.revision).await;
        next
    }

    /// Whether a page that did not get through is merely left to the next run. A host that was asked to end a run breaks bodies
    /// off and cuts waits short, and that says nothing about the page or its sinks.
    fn is_unfinished(&self, failed: &Failed, done: &Done) -> bool {
        match failed {
            Failed::Spent(_) => done.moved || self.host.was_asked_to_end(),
            Failed::Cut(_) => self.host.was_asked_to_end(),
            Failed::Other(error) => {
                self.host.was_asked_to_end() && error.kind() == ErrorKind::SinkUnavailable
            }
            Failed::Store(_) => false,
        }
    }

    fn add_traffic(&mut self, done: &Done) {
        let report = &mut self.report;
        let sum = |to: &mut u64, more: u64| *to = to.saturating_add(more);
        sum(&mut report.undecoded, done.read.undecoded);
        sum(&mut report.bytes_in, done.read.bytes);
        for (destination, sink) in self.stream.sinks.iter().zip(&done.sinks) {
            sum(&mut report.bytes_out, sink.bytes);
            sum(&mut report.posts, sink.posts);
            sum(&mut report.retries, sink.all_retries());
            let name = destination.sink.name().to_owned();
            report.sinks.entry(name).or_default().add(sink);
        }
    }

    async fn commit(&mut self, end: &PageEnd, asked: &Asked, done: &Done) -> Result<Next, Error> {
        let next = self.committed(end, asked, done);
        self.revision = self
            .store
            .save(
                self.revision,
                &next,
                Save::Page {
                    gap: asked.gap.as_ref(),
                },
            )
            .await
            .map_err(|error| store_error("the checkpoint could not be saved", &error))?;
        let (before, after) = (self.checkpoint.counters, next.counters);
        self.checkpoint = next;
        let report = &mut self.report;
        let sum = |to: &mut u64, after: u64, before: u64| {
            *to = to.saturating_add(after.saturating_sub(before));
        };
        sum(&mut report.pages, after.pages, before.pages);
        sum(&mut report.fetched, after.fetched, before.fetched);
        sum(&mut report.delivered, after.delivered, before.delivered);
        sum(
            &mut report.dead_lettered,
            after.dead_lettered,
            before.dead_lettered,
        );
        sum(&mut report.outside, after.outside, before.outside);
        sum(&mut report.filtered, after.filtered, before.filtered);
        report.gaps = report.gaps.saturating_add(u64::from(asked.gap.is_some()));
        let window_is_over = self
            .stream
            .replay
            .as_ref()
            .is_some_and(|window| window.is_past(done.read.first_event_at))
            && self.stream.source.is_in_order();
        if end.more && !window_is_over {
            return Ok(Next::Page);
        }
        report.caught_up = true;
        Ok(Next::End)
    }

    /// The checkpoint after a complete page.
    fn committed(&self, end: &PageEnd, asked: &Asked, done: &Done) -> Checkpoint {
        let mut next = self.checkpoint.clone();
        next.cursor = end.next.clone();
        next.clock_skew_ms = asked.clock_skew_ms;
        next.saved_at = self.host.now();
        next.last_event_at = next.last_event_at.max(done.read.last_event_at);
        // A page size that was cut down grows back, doubling with every page that arrives whole.
        let grown = asked.limit.saturating_mul(2);
        let configured = self.stream.source.page_limits().configured;
        next.page_limit = (grown < configured).then_some(grown);
        let (events, dead) = (done.read.events, done.dead_lettered);
        let (outside, filtered) = (done.read.outside, done.read.filtered);
        let counters = &mut next.counters;
        counters.pages = counters.pages.saturating_add(1);
        counters.fetched = counters.fetched.saturating_add(events);
        counters.dead_lettered = counters.dead_lettered.saturating_add(dead);
        counters.outside = counters.outside.saturating_add(outside);
        counters.filtered = counters.filtered.saturating_add(filtered);
        let elsewhere = dead.saturating_add(outside).saturating_add(filtered);
        counters.delivered = counters
            .delivered
            .saturating_add(events.saturating_sub(elsewhere));
        next
    }

    /// Remembers to ask for less, from the same place. The cursor does not move.
    async fn shrink(&mut self, asked: &Asked, done: &Done, reason: &str) -> Error {
        let limits = self.stream.source.page_limits();
        let limit = smaller(limits, asked.limit, self.stream, &done.progress);
        let mut next = Checkpoint {
            page_limit: Some(limit),
            clock_skew_ms: asked.clock_skew_ms,
            ..self.checkpoint.clone()
        };
        // The age of the cursor is what its time is for, and the cursor stays.
        if next.saved_at == Timestamp::default() {
            next.saved_at = self.host.now();
        }
        let error = Error::new(
            ErrorKind::PageIncomplete,
            "the page did not come whole; the checkpoint has not moved",
            format!("nothing if it passes: the next run asks for the same page with limit {limit}. If it lasts, look for a proxy that cuts long responses"),
        )
        .with("reason", reason);
        match self.store.save(self.revision, &next, Save::Settings).await {
            Ok(revision) => {
                self.revision = revision;
                error
            }
            Err(failed) => error.with(
                "and the smaller limit could not be saved",
                failed.to_string(),
            ),
        }
    }
}

fn foreign_format(format: u32) -> Error {
    Error::new(
        ErrorKind::Store,
        format!(
            "the stored checkpoint has format {format}, this version reads format {}",
            Checkpoint::FORMAT
        ),
        "run the version of EdgeSIEM that wrote it, or reset the stream to begin anew",
    )
}
