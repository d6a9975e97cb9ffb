//! Asks the source for a page until it gives one: waits, signs again, goes on by time.

use edgesiem_model::{
    Body, Checkpoint, Cursor, Error, ErrorKind, Gap, Host, Limits, PageRequest, ResponseHead,
    Source, SourceVerdict, Timestamp,
};

use crate::deliver::read_up_to;
use crate::report::Report;
use crate::wait::back_off;

/// A refusal is read no further than this.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// How often a page is signed again before the clock is given up on.
const MAX_RESIGNS: u32 = 2;
/// How often another place to go on from is tried for one page.
const MAX_RECOVERIES: u32 = 3;

/// A page that the source promised, its body unread.
pub(crate) struct Opened<B> {
    pub(crate) body: B,
    pub(crate) asked: Asked,
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

/// Asks for the page that follows `checkpoint`.
pub(crate) async fn open<H: Host>(
    host: &H,
    source: &dyn Source,
    limits: &Limits,
    checkpoint: &Checkpoint,
    deadline: Timestamp,
    report: &mut Report,
) -> Result<Opened<H::Body>, Error> {
    let page_limits = source.page_limits();
    let limit = checkpoint.page_limit.unwrap_or(page_limits.configured);
    let mut asked = Asked {
        cursor: checkpoint.cursor.clone(),
        limit: limit.clamp(
            page_limits.min.min(page_limits.configured),
            page_limits.configured,
        ),
        clock_skew_ms: checkpoint.clock_skew_ms,
        now: host.now(),
        nonce: [0; 16],
        gap: None,
    };
    let (mut attempt, mut resigns, mut recoveries) = (0_u32, 0_u32, 0_u32);
    loop {
        asked.now = host.now();
        host.entropy(&mut asked.nonce);
        let request = source.request(&asked.page())?;
        let server = request.endpoint.to_string();
        let (after_ms, error) = match host.fetch(request).await {
            Err(failed) => (None, unreachable_source(&server, &failed.to_string())),
            Ok((head, mut body)) => {
                let refusal = refusal(&head, &mut body).await;
                match source.verdict(&asked.page(), &head, &refusal) {
                    SourceVerdict::Page => return Ok(Opened { body, asked }),
                    SourceVerdict::Stop(error) => return Err(error),
                    SourceVerdict::Resign {
                        clock_skew_ms: Some(skew),
                        ..
                    } if resigns < MAX_RESIGNS => {
                        resigns = resigns.saturating_add(1);
                        report.retries = report.retries.saturating_add(1);
                        asked.clock_skew_ms = skew;
                        continue;
                    }
                    SourceVerdict::Resign { error, .. } => (None, error),
                    SourceVerdict::Recover { error } => {
                        let server_now = host.now().shifted(asked.clock_skew_ms);
                        let recovery =
                            source.recover(&asked.cursor, checkpoint.last_event_at, server_now);
                        recoveries = recoveries.saturating_add(1);
                        if recoveries > MAX_RECOVERIES || recovery.cursor == asked.cursor {
                            return Err(error);
                        }
                        // Whatever was tried on the way, what was lost is the bookmark.
                        let lost = checkpoint.cursor.clone();
                        asked.gap = Some(Gap {
                            lost,
                            ..recovery.gap
                        });
                        asked.cursor = recovery.cursor;
                        continue;
                    }
                    SourceVerdict::Retry { after_ms, error } => (after_ms, error),
                }
            }
        };
        attempt = attempt.saturating_add(1);
        let again = attempt < limits.max_attempts
            && back_off(host, attempt, after_ms, limits.max_backoff_ms, deadline).await;
        if !again {
            return Err(error);
        }
        report.retries = report.retries.saturating_add(1);
    }
}

async fn refusal<B: Body>(head: &ResponseHead, body: &mut B) -> Vec<u8> {
    if head.is_success() {
        return Vec::new();
    }
    read_up_to(body, MAX_REFUSAL_BYTES)
        .await
        .unwrap_or_default()
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
