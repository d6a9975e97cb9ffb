//! Page after page, until there is no more or the budget is used up.

use edgesiem_model::{
    Budget, Checkpoint, Error, ErrorKind, Host, Limits, Revision, Schema, Sink, Source, StreamId,
    Timestamp,
};

use crate::open::{Asked, Opened, open};
use crate::page::{Failed, Figures, PageRun, store_error};
use crate::report::{Outcome, Report};

/// One stream: where its events come from and where they go.
pub struct Stream<'a> {
    /// Name.
    pub id: StreamId,
    /// Where events come from.
    pub source: &'a dyn Source,
    /// Where they go; every one of them must accept an event before the checkpoint passes it.
    pub sinks: &'a [Box<dyn Sink>],
    /// Bounds of memory and patience.
    pub limits: Limits,
}

/// When a run should come to its end, by itself rather than by its host.
#[derive(Clone, Copy)]
pub(crate) struct Deadlines {
    /// No page and no wait begins that would lie past this.
    pub(crate) begin: Timestamp,
    /// A page that is still under way is given up, and asked for again with a smaller limit.
    pub(crate) end: Timestamp,
}

impl Deadlines {
    fn new(started: Timestamp, budget: Budget) -> Self {
        let after = |millis: u64| Timestamp::from_millis(started.millis().saturating_add(millis));
        Self {
            begin: after(budget.wall_ms),
            end: after(budget.wall_ms.saturating_add(budget.wall_ms / 4)),
        }
    }
}

/// Runs `stream` from its checkpoint until the source has no more events or `budget` is used up.
pub async fn run<H: Host>(
    host: &H,
    stream: &Stream<'_>,
    schema: &mut dyn Schema,
    budget: Budget,
) -> Outcome {
    let started = host.now();
    let mut report = Report::default();
    let result = pages(host, stream, schema, budget, started, &mut report).await;
    report.wall_ms = host.now().since_ms(started);
    Outcome {
        stream: stream.id.clone(),
        report,
        result,
    }
}

async fn pages<H: Host>(
    host: &H,
    stream: &Stream<'_>,
    schema: &mut dyn Schema,
    budget: Budget,
    started: Timestamp,
    report: &mut Report,
) -> Result<(), Error> {
    let deadlines = Deadlines::new(started, budget);
    let (stored, mut revision) = host
        .load(&stream.id)
        .await
        .map_err(|error| store_error("the checkpoint could not be read", &error))?;
    let mut checkpoint = match stored {
        Some(checkpoint) if checkpoint.format == Checkpoint::FORMAT => checkpoint,
        Some(other) => return Err(foreign_format(other.format)),
        None => Checkpoint::start(stream.source.start()),
    };
    let interval_ms = stream.source.page_limits().min_interval_ms;
    for page in 0..budget.max_pages {
        let asked_at = host.now();
        if page > 0 && asked_at >= deadlines.begin {
            return Ok(());
        }
        let opened = open(
            host,
            stream.source,
            &stream.limits,
            &checkpoint,
            deadlines.begin,
            report,
        )
        .await?;
        let more = one_page(
            host,
            stream,
            schema,
            deadlines,
            opened,
            &mut checkpoint,
            &mut revision,
            report,
        )
        .await?;
        if !more {
            report.caught_up = true;
            return Ok(());
        }
        let spent_ms = host.now().since_ms(asked_at);
        if spent_ms < interval_ms {
            host.sleep(interval_ms.saturating_sub(spent_ms)).await;
        }
    }
    Ok(())
}

/// Delivers an opened page and commits it. Says whether the source has more.
#[expect(
    clippy::too_many_arguments,
    reason = "the state of a run, passed to its one inner step"
)]
async fn one_page<H: Host>(
    host: &H,
    stream: &Stream<'_>,
    schema: &mut dyn Schema,
    deadlines: Deadlines,
    opened: Opened<H::Body>,
    checkpoint: &mut Checkpoint,
    revision: &mut Revision,
    report: &mut Report,
) -> Result<bool, Error> {
    let Opened { body, asked } = opened;
    let reader = stream.source.reader(&asked.page(), &stream.limits);
    let run = PageRun {
        host,
        stream: &stream.id,
        sinks: stream.sinks,
        limits: &stream.limits,
        deadlines,
        asked: &asked,
    };
    let (figures, end) = run.run(body, reader, schema).await;
    add_traffic(report, &figures);
    match end {
        Ok(end) => {
            let more = end.more;
            let next = committed(checkpoint, end.next, &asked, &figures, stream, host.now());
            *revision = host
                .save(&stream.id, *revision, &next)
                .await
                .map_err(|error| store_error("the checkpoint could not be saved", &error))?;
            *checkpoint = next;
            report.pages = report.pages.saturating_add(1);
            report.fetched = report.fetched.saturating_add(figures.fetched);
            report.dead_lettered = report.dead_lettered.saturating_add(figures.dead_lettered);
            report.delivered = report
                .delivered
                .saturating_add(figures.fetched.saturating_sub(figures.dead_lettered));
            report.gaps = report.gaps.saturating_add(u64::from(asked.gap.is_some()));
            Ok(more)
        }
        Err(Failed::Other(error)) => Err(error),
        Err(Failed::Cut(cut)) => {
            Err(shrink(host, stream, checkpoint, *revision, &asked, &cut.0).await)
        }
    }
}

fn add_traffic(report: &mut Report, figures: &Figures) {
    report.undecoded = report.undecoded.saturating_add(figures.undecoded);
    report.bytes_in = report.bytes_in.saturating_add(figures.bytes_in);
    report.bytes_out = report.bytes_out.saturating_add(figures.bytes_out);
    report.posts = report.posts.saturating_add(figures.posts);
    report.retries = report.retries.saturating_add(figures.retries);
}

/// The checkpoint after a complete page.
fn committed(
    before: &Checkpoint,
    cursor: edgesiem_model::Cursor,
    asked: &Asked,
    figures: &Figures,
    stream: &Stream<'_>,
    now: Timestamp,
) -> Checkpoint {
    let mut next = before.clone();
    next.cursor = cursor;
    next.clock_skew_ms = asked.clock_skew_ms;
    next.saved_at = now;
    next.last_event_at = before.last_event_at.max(figures.last_event_at);
    // A page size that was cut down grows back, doubling with every page that arrives whole.
    let grown = asked.limit.saturating_mul(2);
    next.page_limit = (grown < stream.source.page_limits().configured
        && before.page_limit.is_some())
    .then_some(grown);
    let counters = &mut next.counters;
    counters.pages = counters.pages.saturating_add(1);
    counters.fetched = counters.fetched.saturating_add(figures.fetched);
    counters.dead_lettered = counters.dead_lettered.saturating_add(figures.dead_lettered);
    counters.delivered = counters
        .delivered
        .saturating_add(figures.fetched.saturating_sub(figures.dead_lettered));
    if let Some(gap) = &asked.gap {
        next.gaps.push(gap.clone());
        let excess = next.gaps.len().saturating_sub(Checkpoint::MAX_GAPS);
        next.gaps.drain(..excess);
    }
    next
}

/// Remembers to ask for less, from the same place. The cursor does not move.
async fn shrink<H: Host>(
    host: &H,
    stream: &Stream<'_>,
    checkpoint: &Checkpoint,
    revision: Revision,
    asked: &Asked,
    reason: &str,
) -> Error {
    let limits = stream.source.page_limits();
    let smaller = (asked.limit / 2).max(limits.min.min(limits.configured));
    let next = Checkpoint {
        page_limit: Some(smaller),
        clock_skew_ms: asked.clock_skew_ms,
        saved_at: host.now(),
        ..checkpoint.clone()
    };
    let error = Error::new(
        ErrorKind::PageIncomplete,
        "the page ended before its context line; the checkpoint has not moved",
        format!("nothing if it passes: the next run asks for the same page with limit {smaller}. If it lasts, look for a proxy that cuts long responses"),
    )
    .with("reason", reason);
    match host.save(&stream.id, revision, &next).await {
        Ok(_) => error,
        Err(failed) => error.with(
            "and the smaller limit could not be saved",
            failed.to_string(),
        ),
    }
}

fn foreign_format(format: u32) -> Error {
    Error::new(
        ErrorKind::Store,
        format!(
            "the stored checkpoint has format {format}, this version reads format {}",
            Checkpoint::FORMAT
        ),
        "run the version of EdgeSIEM that wrote it, or remove the checkpoint to begin anew",
    )
}
