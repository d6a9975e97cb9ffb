//! One answer: requested in the pace that the API allows, and again where that may help.

use edgesiem_model::{
    Body, Error, ErrorKind, FetchError, Host, ResponseHead, Timestamp, retry_after_ms,
};
use edgesiem_sources::akamai_security_monitor::{Answer, Moment, Operation, Refusal};

use super::ReportError;
use super::call::{Call, too_large, unexpected};
use super::error::{ended, out_of_time};
use super::pace::{Taken, later, wait};

/// Requests for one answer, the first included.
const MAX_ATTEMPTS: u32 = 5;
/// Of those, answers that are no refusal and no document that can be read either: the next one is hardly better, and costs one of the
/// five requests a minute.
const MAX_UNREADABLE: u32 = 2;
/// The first wait of our own choosing; each further one is twice as long.
const BACKOFF_MS: u64 = 2000;
/// A refusal is read no further than this.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// Lists of names are read no further than this.
const MAX_LIST_BYTES: usize = 4 * 1024 * 1024;

/// What one request came to.
enum Sent {
    Answered(ResponseHead, Vec<u8>),
    /// The answer is longer than so many bytes.
    TooLong(usize),
    Lost(FetchError),
}

impl<H: Host> Call<'_, H> {
    /// Asks until there is an answer, the answer stays what it is, or the time is up.
    pub(super) async fn ask(&mut self, operation: &Operation<'_>) -> Result<Answer, ReportError> {
        let mut last = None;
        let mut unreadable: u32 = 0;
        let mut throttled: usize = 0;
        for attempt in 1..=MAX_ATTEMPTS {
            let (sent, taken) = self.send(operation, last.take()).await?;
            let now = self.host.now();
            let failed = match &sent {
                Sent::Lost(error) if error.timed_out => ReportError::TimedOut,
                _ => ReportError::Failed,
            };
            // Set after a refusal for the number of requests that does not say how long it lasts.
            let mut free_at = None;
            let answer = match sent {
                Sent::Answered(head, body) => {
                    if (200..300).contains(&head.status) {
                        unreadable = unreadable.saturating_add(1);
                    }
                    if head.status == 429 {
                        throttled = throttled.saturating_add(1);
                        let at = self.reports.pace.refused(&taken, now, throttled);
                        free_at = (!says_how_long(&head, now)).then_some(at);
                    }
                    self.reports.monitor.answer(operation, &head, &body, now)
                }
                Sent::TooLong(most) => return Err(too_large(&format!("{most} bytes"))),
                Sent::Lost(error) => Err(Refusal::Retry {
                    after_ms: None,
                    error: unreachable(&error),
                }),
            };
            let (error, again_at) = match answer {
                Ok(answer) => return Ok(answer),
                Err(Refusal::Stop(error)) => return Err(ReportError::Failed(error)),
                Err(Refusal::Resign {
                    clock_skew_ms,
                    error,
                }) => {
                    let known = self.reports.clock_skew_ms.get();
                    match clock_skew_ms {
                        Some(skew_ms) if skew_ms != known => {
                            self.reports.clock_skew_ms.set(skew_ms)
                        }
                        _ => return Err(ReportError::Failed(error)),
                    }
                    (error, now)
                }
                Err(Refusal::Retry { after_ms, error }) => {
                    let wait_ms = after_ms.unwrap_or_else(|| backoff_ms(attempt));
                    (error, free_at.unwrap_or_else(|| later(now, wait_ms)))
                }
            };
            if attempt == MAX_ATTEMPTS || unreadable >= MAX_UNREADABLE {
                return Err(failed(error));
            }
            self.wait_until(again_at, "the API", Some(&error)).await?;
            last = Some(error);
        }
        Err(unexpected())
    }

    /// Sends one request when the rate limit allows it. `last`: why it is sent again.
    async fn send(
        &mut self,
        operation: &Operation<'_>,
        last: Option<Error>,
    ) -> Result<(Sent, Taken), ReportError> {
        if let Some(reason) = self.host.must_end() {
            return Err(ended(reason));
        }
        let taken = loop {
            match self.reports.pace.take(self.host.now()) {
                Ok(taken) => break taken,
                Err(free_at) => {
                    self.wait_until(
                        free_at,
                        "the rate limit of five requests a minute",
                        last.as_ref(),
                    )
                    .await?;
                }
            }
        };
        let mut moment = Moment {
            now: self.host.now(),
            clock_skew_ms: self.reports.clock_skew_ms.get(),
            nonce: [0; 16],
        };
        self.host.entropy(&mut moment.nonce);
        let request = self.reports.monitor.request(operation, &moment);
        self.requests = self.requests.saturating_add(1);
        let sent = match self.host.fetch(request).await {
            Ok((head, body)) => self.read(operation, head, body).await,
            Err(error) => Sent::Lost(error),
        };
        self.reports.pace.answered(&taken, self.host.now());
        Ok((sent, taken))
    }

    async fn read(&self, operation: &Operation<'_>, head: ResponseHead, mut body: H::Body) -> Sent {
        let max_bytes = match (head.status, operation) {
            (200, Operation::Rows { .. }) => self.reports.bounds.max_bytes,
            (200, _) => MAX_LIST_BYTES.min(self.reports.bounds.max_bytes),
            _ => MAX_REFUSAL_BYTES,
        };
        let mut bytes = Vec::new();
        loop {
            match body.read(&mut bytes).await {
                Ok(0) => return Sent::Answered(head, bytes),
                Ok(_) if bytes.len() <= max_bytes => {}
                Ok(_) if head.status == 200 => return Sent::TooLong(max_bytes),
                Ok(_) => {
                    bytes.truncate(max_bytes);
                    return Sent::Answered(head, bytes);
                }
                Err(error) if head.status == 200 => return Sent::Lost(error),
                // A refusal stays one.
                Err(_) => return Sent::Answered(head, bytes),
            }
        }
    }

    async fn wait_until(
        &self,
        at: Timestamp,
        what: &str,
        last: Option<&Error>,
    ) -> Result<(), ReportError> {
        if at > self.deadline {
            return Err(out_of_time(what, last.cloned()));
        }
        wait(self.host, at).await.map_err(ended)
    }
}

fn says_how_long(head: &ResponseHead, now: Timestamp) -> bool {
    let said = head.header("retry-after");
    said.is_some_and(|value| retry_after_ms(value, now).is_some())
}

fn backoff_ms(attempt: u32) -> u64 {
    let doublings = attempt.saturating_sub(1).min(10);
    BACKOFF_MS.saturating_mul(1_u64 << doublings)
}

fn unreachable(error: &FetchError) -> Error {
    let what = if error.timed_out {
        "the Security Monitor API did not answer in time"
    } else {
        "the Security Monitor API could not be reached, or its answer broke off"
    };
    Error::new(
        ErrorKind::SourceUnavailable,
        what,
        "check security_monitor.host and that this machine may connect to it",
    )
    .with("reason", error.to_string())
}
