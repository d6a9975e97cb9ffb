//! Brings one batch into one sink's care: retry what may pass later, halve what may pass in parts, isolate
//! what never will.

use std::ops::Range;

use edgesiem_model::{
    Answer, Batch, Body, Error, ErrorKind, Host, HttpRequest, Limits, ResponseHead, Sink,
    SinkVerdict, Timestamp,
};

use crate::wait::back_off;

/// A sink's answer is read no further than this.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// An event that a sink will never accept.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Number of the event within the batch.
    pub(crate) index: usize,
    pub(crate) reason: String,
}

/// What it took to deliver a batch.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    pub(crate) refused: Vec<Refused>,
    pub(crate) posts: u64,
    pub(crate) bytes: u64,
    pub(crate) retries: u64,
}

/// How one range of the batch fared.
enum Sent {
    Accepted,
    /// Not as a whole; parts may pass.
    Divide(String),
}

pub(crate) struct Deliver<'a, H> {
    pub(crate) host: &'a H,
    pub(crate) sink: &'a dyn Sink,
    pub(crate) limits: &'a Limits,
    pub(crate) deadline: Timestamp,
}

impl<H: Host> Deliver<'_, H> {
    /// Delivers `batch`. If that succeeds, every event of it is either accepted or named in
    /// [`Delivered::refused`]; the figures are right in any case.
    ///
    /// A refused batch is bisected: one poison event among n costs about 2 log2 n requests.
    pub(crate) async fn run(&self, batch: &Batch) -> (Delivered, Result<(), Error>) {
        let mut done = Delivered::default();
        let result = self.all(batch, &mut done).await;
        (done, result)
    }

    async fn all(&self, batch: &Batch, done: &mut Delivered) -> Result<(), Error> {
        let mut todo: Vec<Range<usize>> = Vec::new();
        todo.push(0..batch.len());
        while let Some(range) = todo.pop() {
            let reason = match self.send(batch, range.clone(), done).await? {
                Sent::Accepted => continue,
                Sent::Divide(reason) => reason,
            };
            if range.len() <= 1 {
                done.refused.push(Refused {
                    index: range.start,
                    reason,
                });
                if done.refused.len() > self.limits.max_dead_letters {
                    return Err(self.too_many_refused(done));
                }
            } else {
                let middle = range.start.midpoint(range.end);
                todo.push(middle..range.end);
                todo.push(range.start..middle);
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        batch: &Batch,
        range: Range<usize>,
        done: &mut Delivered,
    ) -> Result<Sent, Error> {
        let view = batch.part(range);
        let mut attempt = 0_u32;
        loop {
            attempt = attempt.saturating_add(1);
            let request = self.sink.request(&view, self.host.now());
            done.bytes = done.bytes.saturating_add(request.body.len() as u64);
            done.posts = done.posts.saturating_add(1);
            let mut verdict = match exchange(self.host, request).await {
                Ok((head, body)) => {
                    let answer = Answer {
                        head: &head,
                        body: &body,
                        now: self.host.now(),
                    };
                    self.sink.verdict(&view, &answer)
                }
                Err(reason) => SinkVerdict::Retry {
                    after_ms: None,
                    reason,
                },
            };
            while let SinkVerdict::Pending { poll, after_ms } = verdict {
                verdict = self.poll(poll, after_ms).await;
            }
            let (after_ms, reason) = match verdict {
                SinkVerdict::Accepted => return Ok(Sent::Accepted),
                SinkVerdict::TooLarge => {
                    return Ok(Sent::Divide("too large for the sink".to_owned()));
                }
                SinkVerdict::Rejected { reason } => return Ok(Sent::Divide(reason)),
                SinkVerdict::Stop(error) => return Err(error.with("sink", self.sink.name())),
                SinkVerdict::Retry { after_ms, reason } => (after_ms, reason),
                SinkVerdict::Pending { .. } => (None, "no acknowledgement".to_owned()),
            };
            let again = attempt < self.limits.max_attempts
                && back_off(
                    self.host,
                    attempt,
                    after_ms,
                    self.limits.max_backoff_ms,
                    self.deadline,
                )
                .await;
            if !again {
                return Err(self.unavailable(attempt, &reason));
            }
            done.retries = done.retries.saturating_add(1);
        }
    }

    /// Waits and asks whether the sink has secured the batch by now. A question that gets no answer is asked
    /// again with the next attempt at the whole batch.
    async fn poll(&self, poll: HttpRequest, after_ms: u64) -> SinkVerdict {
        if self.host.now().millis().saturating_add(after_ms) > self.deadline.millis() {
            return SinkVerdict::Retry {
                after_ms: None,
                reason: "not acknowledged before the run had to end".to_owned(),
            };
        }
        self.host.sleep(after_ms).await;
        match exchange(self.host, poll.clone()).await {
            Ok((head, body)) => {
                let answer = Answer {
                    head: &head,
                    body: &body,
                    now: self.host.now(),
                };
                self.sink.poll_verdict(&poll, &answer)
            }
            Err(reason) => SinkVerdict::Retry {
                after_ms: None,
                reason,
            },
        }
    }

    fn unavailable(&self, attempts: u32, reason: &str) -> Error {
        Error::new(
            ErrorKind::SinkUnavailable,
            format!("the sink did not accept a batch in {attempts} attempts"),
            "nothing if it passes: the next run delivers the page again. If it lasts, look at the sink's own health",
        )
        .with("sink", self.sink.name())
        .with("last answer", reason)
    }

    fn too_many_refused(&self, done: &Delivered) -> Error {
        let last = done
            .refused
            .last()
            .map_or("", |refused| refused.reason.as_str());
        Error::new(
            ErrorKind::SinkRefused,
            format!(
                "the sink refused more than {} single events of one batch",
                self.limits.max_dead_letters
            ),
            "compare the stream's schema with what the sink expects; the checkpoint has not moved. \
             Raise limits.max_dead_letters only if such events are to be set aside",
        )
        .with("sink", self.sink.name())
        .with("last answer", last)
    }
}

/// Sends a request and reads the beginning of the answer.
async fn exchange<H: Host>(
    host: &H,
    request: HttpRequest,
) -> Result<(ResponseHead, Vec<u8>), String> {
    let (head, mut body) = host
        .fetch(request)
        .await
        .map_err(|error| error.to_string())?;
    let answer = read_up_to(&mut body, MAX_ANSWER_BYTES)
        .await
        .map_err(|error| error.to_string());
    // The status alone decides in most sinks: an answer whose body broke off is still an answer.
    Ok((head, answer.unwrap_or_default()))
}

/// The beginning of a body, at most `max_bytes` of it.
pub(crate) async fn read_up_to<B: Body>(
    body: &mut B,
    max_bytes: usize,
) -> Result<Vec<u8>, edgesiem_model::FetchError> {
    let mut bytes = Vec::new();
    while bytes.len() < max_bytes && body.read(&mut bytes).await? != 0 {}
    bytes.truncate(max_bytes);
    Ok(bytes)
}
