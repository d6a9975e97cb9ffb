//! Asks the source for a page until it gives one: waits, signs again, goes on by time.

use edgesiem_model::{
    Body, Checkpoint, Cursor, Error, ErrorKind, Gap, Host, PageLimits, PageRequest, Progress,
    ResponseHead, Revision, Save, SourceVerdict, Store, Timestamp,
};

use crate::deliver::read_up_to;
use crate::meter::Meter;
use crate::page::{required, store_error};
use crate::report::Report;
use crate::run::Stream;
use crate::wait::back_off;

/// A refusal is read no further than this.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// How often a page is signed again before the clock is given up on.
const MAX_RESIGNS: u32 = 2;
/// A page that killed so many runs, one after the other, is asked for smaller.
const MAX_KILLED: u32 = 3;
/// How often another place to go on from is tried for one page.
const MAX_RECOVERIES: u32 = 3;

/// A page that the source promised, its body unread.
pub(crate) struct Opened<B> {
    pub(crate) body: B,
    pub(crate) asked: Asked,
    /// What sinks have accepted of it in earlier runs.
    pub(crate) progress: Progress,
}

/// What the page was asked with. It differs from the checkpoint after a recovery or a learned clock skew.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) cursor: Cursor,
    pub(crate) limit: u32,
    pub(crate) clock_skew_ms: i64,
    pub(crate) now: Timestamp,
    pub(crate) nonce: [u8; 16],
    /// Recorded when the page is committed: until then nothing depends on it.
    pub(crate) gap: Option<Gap>,
}

impl Asked {
    pub(crate) fn page(&self) -> PageRequest<'_> {
        PageRequest {
            cursor: &self.cursor,
            limit: self.limit,
            now: self.now,
            clock_skew_ms: self.clock_skew_ms,
            nonce: self.nonce,
        }
    }
}

/// Asks for the page that follows `checkpoint`; `None` if the run has to end before it is promised. `known` is what the
/// store knew of it, or of the one that a recovery led to, when the run began; the page is begun only when the source has
/// promised it, because which one it is may change until then.
pub(crate) async fn open<H: Host, S: Store>(
    host: &H,
    store: &S,
    stream: &Stream<'_>,
    meter: &Meter,
    (checkpoint, revision): (&mut Checkpoint, &mut Revision),
    known: &Progress,
    report: &mut Report,
) -> Result<Option<Opened<H::Body>>, Error> {
    let (source, limits) = (stream.source, &stream.limits);
    let mut asked = Asked {
        cursor: checkpoint.cursor.clone(),
        limit: 0,
        clock_skew_ms: checkpoint.clock_skew_ms,
        now: host.now(),
        nonce: [0; 16],
        gap: None,
    };
    asked.limit = limit(stream, checkpoint, known, &asked.cursor);
    let quota_ms = source.page_limits().quota_interval_ms;
    let (mut attempt, mut resigns, mut recoveries) = (0_u32, 0_u32, 0_u32);
    loop {
        meter.wait_for_quota(host, quota_ms).await;
        // The wait may have been cut short for it.
        if host.was_asked_to_end() {
            return Ok(None);
        }
        store.still_running().await;
        meter.request();
        asked.now = host.now();
        host.entropy(&mut asked.nonce);
        let request = source.request(&asked.page())?;
        let server = request.endpoint.to_string();
        let answer = host.fetch(request).await;
        meter.source_answered(host);
        let (after_ms, error) = match answer {
            // The host may have broken it off for that.
            Err(_) if host.was_asked_to_end() => return Ok(None),
            Err(failed) => (None, unreachable_source(&server, &failed.to_string())),
            Ok((head, mut body)) => {
                let refusal = refusal(&head, &mut body).await;
                match source.verdict(&asked.page(), &head, &refusal) {
                    SourceVerdict::Page => {
                        let progress = store
                            .begin_page(*revision, &asked.cursor)
                            .await
                            .map_err(|error| store_error("a page could not be begun", &error))?;
                        return Ok(Some(Opened {
                            body,
                            asked,
                            progress,
                        }));
                    }
                    SourceVerdict::Stop(error) => return Err(error),
                    SourceVerdict::Resign {
                        clock_skew_ms: Some(skew),
                        ..
                    } if resigns < MAX_RESIGNS => {
                        resigns = resigns.saturating_add(1);
                        retried(report);
                        asked.clock_skew_ms = skew;
                        continue;
                    }
                    SourceVerdict::Resign { error, .. } => (None, error),
                    SourceVerdict::AskFrom { cursor, error } => {
                        recoveries = recoveries.saturating_add(1);
                        if recoveries > MAX_RECOVERIES || cursor == asked.cursor {
                            return Err(error);
                        }
                        retried(report);
                        asked.cursor = cursor;
                        // What a recovery leads to is stored with its gap, and not before.
                        if asked.gap.is_none() {
                            move_to(store, &asked, host.now(), checkpoint, revision).await?;
                        }
                        if !error.kind().retryable() {
                            return Err(error);
                        }
                        if !meter.page_may_begin(host, quota_ms) {
                            return Ok(None);
                        }
                        asked.limit = limit(stream, checkpoint, known, &asked.cursor);
                        continue;
                    }
                    SourceVerdict::Recover { error } if stream.replay.is_some() => {
                        return Err(no_longer_there(&error));
                    }
                    SourceVerdict::Recover { error } => {
                        let server_now = host.now().shifted(asked.clock_skew_ms);
                        let recovery =
                            source.recover(&asked.cursor, checkpoint.last_event_at, server_now);
                        recoveries = recoveries.saturating_add(1);
                        if recoveries > MAX_RECOVERIES || recovery.cursor == asked.cursor {
                            return Err(error);
                        }
                        // Whatever was tried on the way, what was lost is the bookmark.
                        let lost = source.shown(&PageRequest {
                            cursor: &checkpoint.cursor,
                            ..asked.page()
                        });
                        asked.gap = Some(Gap {
                            lost,
                            ..recovery.gap
                        });
                        asked.cursor = recovery.cursor;
                        asked.limit = limit(stream, checkpoint, known, &asked.cursor);
                        continue;
                    }
                    SourceVerdict::Retry { after_ms, error } => (after_ms, error),
                }
            }
        };
        attempt = attempt.saturating_add(1);
        // Within the deadline or not at all: the back-off has to know of the wait that follows it.
        let after_ms = after_ms.max((quota_ms > 0).then_some(quota_ms));
        let again = attempt < limits.max_attempts
            && back_off(host, attempt, after_ms, limits.max_backoff_ms, meter.begin).await;
        if !again {
            return Err(error);
        }
        retried(report);
    }
}

/// Stores that the page is found elsewhere: a run that ends before it is read must not be followed by one that looks for it
/// where it no longer is. What was accepted of it stays.
async fn move_to<S: Store>(
    store: &S,
    asked: &Asked,
    now: Timestamp,
    checkpoint: &mut Checkpoint,
    revision: &mut Revision,
) -> Result<(), Error> {
    let mut next = Checkpoint {
        cursor: asked.cursor.clone(),
        clock_skew_ms: asked.clock_skew_ms,
        ..checkpoint.clone()
    };
    // Its time tells how old the place is, which is the same one under another name.
    if next.saved_at == Timestamp::default() {
        next.saved_at = now;
    }
    *revision = store
        .save(*revision, &next, Save::Settings)
        .await
        .map_err(|error| store_error("the checkpoint could not be saved", &error))?;
    *checkpoint = next;
    Ok(())
}

fn retried(report: &mut Report) {
    report.retries = report.retries.saturating_add(1);
    report.source_retries = report.source_retries.saturating_add(1);
}

/// How many events to ask for: as many as configured, unless pages were cut, or this one has killed its runs.
fn limit(stream: &Stream<'_>, checkpoint: &Checkpoint, known: &Progress, cursor: &Cursor) -> u32 {
    let limits = stream.source.page_limits();
    let smallest = limits.min.min(limits.configured);
    let mut limit = checkpoint.page_limit.unwrap_or(limits.configured);
    if known.cursor.as_ref() == Some(cursor) && known.killed >= MAX_KILLED {
        // Once as small as is possible without sending anything twice; if that does not help, a quarter each time.
        limit = smaller(limits, limit, stream, known)
            .checked_shr(known.killed.saturating_sub(MAX_KILLED).saturating_mul(2))
            .unwrap_or(0);
    }
    limit.clamp(smallest, limits.configured)
}

/// What to ask for instead of `limit` events: as many as the required sink that is furthest has already accepted,
/// so that what was readable before is enough and nothing is sent twice; otherwise half.
pub(crate) fn smaller(
    limits: PageLimits,
    limit: u32,
    stream: &Stream<'_>,
    progress: &Progress,
) -> u32 {
    let smallest = limits.min.min(limits.configured);
    let accepted = progress.longest_accepted(required(stream));
    u32::try_from(accepted)
        .ok()
        .filter(|accepted| (smallest..limit).contains(accepted))
        .unwrap_or((limit / 2).max(smallest))
}

async fn refusal<B: Body>(head: &ResponseHead, body: &mut B) -> Vec<u8> {
    if head.is_success() {
        return Vec::new();
    }
    read_up_to(body, MAX_REFUSAL_BYTES)
        .await
        .unwrap_or_default()
}

fn no_longer_there(error: &Error) -> Error {
    Error::new(
        ErrorKind::SourceRefused,
        "the source no longer has the events of the replay",
        "ask for a replay of a later time: the live stream is not touched by this",
    )
    .with("source", error.message())
}

fn unreachable_source(server: &str, reason: &str) -> Error {
    Error::new(
        ErrorKind::SourceUnavailable,
        "the source could not be reached",
        "nothing if it passes: the next run asks again from the same place. If it lasts, check the source's host name \
         and that this machine may connect to it",
    )
    .with("server", server)
    .with("reason", reason)
}
