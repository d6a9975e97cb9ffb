//! Brings one batch into one sink's care: retry what may pass later, halve what may pass in parts, isolate
//! what never will.

use std::collections::BTreeSet;

use edgesiem_model::{
    Answer, Attempt, Batch, BatchView, Body, Error, ErrorKind, FetchError, Host, HttpRequest,
    Limits, ResponseHead, Secret, Sink, SinkVerdict, Store,
};

use crate::meter::Meter;
use crate::report::SinkReport;
use crate::run::Destination;
use crate::wait::back_off;

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
    /// Numbers of the events that the sink has neither accepted nor refused: none if the delivery succeeded.
    pub(crate) left: Vec<usize>,
    pub(crate) report: SinkReport,
    /// Numbers of those refused events that were not sent, because they are larger than the sink takes one.
    too_large: BTreeSet<usize>,
}

impl Delivered {
    /// Lines of the refused events that were not sent, because they are larger than the sink takes one.
    pub(crate) fn too_large_lines(&self, batch: &Batch) -> BTreeSet<u64> {
        let numbers: Vec<usize> = self.too_large.iter().copied().collect();
        batch
            .pick(&numbers)
            .events()
            .map(|event| event.line)
            .collect()
    }
}

/// How some events of the batch fared.
enum Sent {
    Accepted,
    /// Not as a whole; parts may pass.
    Divide(String),
}

/// A verdict that waits for nothing, and the class of the answer behind it.
struct Judged {
    verdict: SinkVerdict,
    class: &'static str,
}

/// Where a token comes from.
enum Origin {
    /// It was asked for just now.
    Fresh,
    /// It was kept, under this number.
    Kept(u64),
}

pub(crate) struct Deliver<'a, H, S> {
    pub(crate) host: &'a H,
    pub(crate) store: &'a S,
    pub(crate) meter: &'a Meter,
    pub(crate) destination: &'a Destination,
    pub(crate) limits: &'a Limits,
}

impl<H: Host, S: Store> Deliver<'_, H, S> {
    /// Delivers the events of `batch` with these numbers. Afterwards each of them is accepted, or named in
    /// [`Delivered::refused`], or, if the delivery failed, in [`Delivered::left`].
    ///
    /// A refused batch is bisected: one poison event among n costs about 2 log2 n requests.
    pub(crate) async fn run(
        &self,
        batch: &Batch,
        numbers: Vec<usize>,
    ) -> (Delivered, Result<(), Error>) {
        let mut done = Delivered::default();
        let asked = numbers.len();
        let numbers = self.without_excess(batch, numbers, &mut done);
        let mut todo = self.in_requests(batch, numbers);
        let result = self.all(batch, &mut todo, &mut done).await;
        if self.is_too_many(batch, &done) {
            // Then it is not about single events, and none of them is set aside.
            todo.push(done.refused.drain(..).map(|it| it.index).collect());
        }
        done.left = todo.concat();
        done.left.sort_unstable();
        done.left.dedup();
        done.refused.sort_unstable_by_key(|refused| refused.index);
        let settled = done.refused.len().saturating_add(done.left.len());
        done.report.batches = u64::from(result.is_ok());
        done.report.events = asked.saturating_sub(settled) as u64;
        done.report.refused = done.refused.len() as u64;
        (done, result)
    }

    /// The numbers of the events that the sink takes. The others are larger than it takes one: it would cut them short
    /// or refuse them with all that is sent along.
    fn without_excess(
        &self,
        batch: &Batch,
        numbers: Vec<usize>,
        done: &mut Delivered,
    ) -> Vec<usize> {
        let limits = self.sink().limits();
        let view = batch.pick(&numbers);
        let excess: Vec<Option<usize>> = view
            .events()
            .map(|event| limits.excess(view.form(), event.document))
            .collect();
        let most = limits.max_event_bytes;
        let mut fitting = Vec::with_capacity(numbers.len());
        for (number, excess) in numbers.into_iter().zip(excess) {
            let Some(bytes) = excess else {
                fitting.push(number);
                continue;
            };
            let reason =
                format!("not sent: it has {bytes} bytes, and the sink takes {most} of one event");
            done.too_large.insert(number);
            done.refused.push(Refused {
                index: number,
                reason,
            });
        }
        fitting
    }

    /// The events in as many requests as the sink's limits ask for, the first one last. A batch fits them all, unless it is
    /// one line with many documents.
    fn in_requests(&self, batch: &Batch, numbers: Vec<usize>) -> Vec<Vec<usize>> {
        let limits = self.sink().limits();
        let view = batch.pick(&numbers);
        let mut requests: Vec<Vec<usize>> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut bytes = limits.bytes_per_batch;
        for (number, event) in numbers.iter().zip(view.events()) {
            let more = limits.event_bytes(view.form(), event.document);
            let full =
                open.len() >= limits.max_events || bytes.saturating_add(more) > limits.max_bytes;
            if full && !open.is_empty() {
                requests.push(std::mem::take(&mut open));
                bytes = limits.bytes_per_batch;
            }
            bytes = bytes.saturating_add(more);
            open.push(*number);
        }
        requests.push(open);
        requests.reverse();
        requests
    }

    fn sink(&self) -> &dyn Sink {
        self.destination.sink.as_ref()
    }

    /// Works through `todo`; what is left in it when this fails was not delivered.
    async fn all(
        &self,
        batch: &Batch,
        todo: &mut Vec<Vec<usize>>,
        done: &mut Delivered,
    ) -> Result<(), Error> {
        while let Some(mut numbers) = todo.pop() {
            if numbers.is_empty() {
                continue;
            }
            let reason = match self.send(batch, &mut numbers, done).await {
                Ok(Sent::Accepted) => continue,
                Ok(Sent::Divide(reason)) => reason,
                Err(error) => {
                    todo.push(numbers);
                    return Err(error);
                }
            };
            if let [index] = numbers[..] {
                self.refuse(batch, std::iter::once(Refused { index, reason }), done)?;
            } else {
                let later = numbers.split_off(numbers.len() / 2);
                todo.push(later);
                todo.push(numbers);
            }
        }
        Ok(())
    }

    /// Sets events aside; fails if that makes more than are set aside before somebody has looked.
    fn refuse(
        &self,
        batch: &Batch,
        refused: impl Iterator<Item = Refused>,
        done: &mut Delivered,
    ) -> Result<(), Error> {
        done.refused.extend(refused);
        if self.is_too_many(batch, done) {
            return Err(self.too_many_refused(done));
        }
        Ok(())
    }

    /// Lines are counted, not documents: a line of which several documents are refused is one dead letter. What was too large
    /// for the sink says nothing about the schema, and whoever writes the events chooses their size.
    fn is_too_many(&self, batch: &Batch, done: &Delivered) -> bool {
        let refused: Vec<usize> = done
            .refused
            .iter()
            .map(|refused| refused.index)
            .filter(|index| !done.too_large.contains(index))
            .collect();
        if refused.len() <= self.limits.max_dead_letters {
            return false;
        }
        let lines: BTreeSet<u64> = batch
            .pick(&refused)
            .events()
            .map(|event| event.line)
            .collect();
        lines.len() > self.limits.max_dead_letters
    }

    /// Sends the events with these numbers until the sink has them or will not have them as they are. It takes out
    /// of `numbers` what the sink has accepted or refused for good on the way.
    async fn send(
        &self,
        batch: &Batch,
        numbers: &mut Vec<usize>,
        done: &mut Delivered,
    ) -> Result<Sent, Error> {
        let mut attempt = 0_u32;
        loop {
            attempt = attempt.saturating_add(1);
            let view = batch.pick(numbers);
            let Judged { verdict, class } = self.ask(&view, done).await;
            let (after_ms, reason) = match verdict {
                SinkVerdict::Accepted => return Ok(Sent::Accepted),
                SinkVerdict::TooLarge => {
                    return Ok(Sent::Divide("too large for the sink".to_owned()));
                }
                SinkVerdict::Rejected { reason } => return Ok(Sent::Divide(reason)),
                SinkVerdict::Stop(error) => return Err(error.with("sink", self.sink().name())),
                SinkVerdict::Retry { after_ms, reason } => (after_ms, reason),
                SinkVerdict::Pending { .. } => (None, "no acknowledgement".to_owned()),
                SinkVerdict::Partial {
                    again,
                    refused,
                    after_ms,
                    reason,
                } => {
                    let number = |place: usize| numbers.get(place).copied();
                    let mut again: Vec<usize> = again.into_iter().filter_map(number).collect();
                    again.sort_unstable();
                    again.dedup();
                    let refused: Vec<(usize, String)> = refused
                        .into_iter()
                        .filter_map(|(place, reason)| Some((number(place)?, reason)))
                        .collect();
                    again.retain(|again| refused.iter().all(|(index, _)| index != again));
                    // A sink that takes some of it each time will have taken all of it in the end.
                    if again.len() < numbers.len() {
                        attempt = 1;
                    }
                    // What is accepted is accepted, also if there are too many of the others.
                    numbers.clone_from(&again);
                    let refused = refused.into_iter();
                    self.refuse(
                        batch,
                        refused.map(|(index, reason)| Refused { index, reason }),
                        done,
                    )?;
                    if again.is_empty() {
                        return Ok(Sent::Accepted);
                    }
                    (after_ms, reason)
                }
            };
            let wait = back_off(
                self.host,
                attempt,
                after_ms,
                self.limits.max_backoff_ms,
                self.meter.begin,
            );
            if attempt >= self.limits.max_attempts || !wait.await {
                return Err(self.unavailable(attempt, &reason));
            }
            let retries = done.report.retries.entry(class).or_default();
            *retries = retries.saturating_add(1);
        }
    }

    async fn post(&self, view: &BatchView<'_>, done: &mut Delivered) -> Judged {
        let mut renewed = false;
        loop {
            let token = match self.token().await {
                Ok(token) => token,
                Err(judged) => return judged,
            };
            let attempt = Attempt {
                now: self.host.now(),
                token: token.as_ref().map(|(token, _)| token),
            };
            let request = self.sink().request(view, &attempt);
            done.report.bytes = done.report.bytes.saturating_add(request.body.len() as u64);
            done.report.posts = done.report.posts.saturating_add(1);
            let judged = self
                .judge(request, |answer| self.sink().verdict(view, answer))
                .await;
            // A token can be revoked before its time. A new one shows whether it was that.
            match (&judged.verdict, token) {
                (SinkVerdict::Stop(_), Some((_, Origin::Kept(number)))) if !renewed => {
                    self.destination.pass.forget(number);
                    renewed = true;
                }
                _ => return judged,
            }
        }
    }

    /// The access token, if the sink needs one.
    async fn token(&self) -> Result<Option<(Secret, Origin)>, Judged> {
        let pass = &self.destination.pass;
        let now = self.host.now();
        if let Some((token, number)) = pass.token(now) {
            return Ok(Some((token, Origin::Kept(number))));
        }
        let Some(request) = self.sink().token_request(now) else {
            return Ok(None);
        };
        let mut granted = None;
        let judged = self
            .judge(request, |answer| match self.sink().token_verdict(answer) {
                Ok(token) => {
                    granted = Some(token);
                    SinkVerdict::Accepted
                }
                Err(verdict) => verdict,
            })
            .await;
        match granted {
            Some(token) => {
                let secret = token.token.clone();
                pass.keep(token);
                Ok(Some((secret, Origin::Fresh)))
            }
            None => Err(judged),
        }
    }

    /// One attempt: the request, and the questions after it if the sink asks for patience.
    async fn ask(&self, view: &BatchView<'_>, done: &mut Delivered) -> Judged {
        let mut judged = self.post(view, done).await;
        while let SinkVerdict::Pending { poll, after_ms } = judged.verdict {
            judged = self.poll(poll, after_ms).await;
        }
        judged
    }

    /// Waits and asks whether the sink has secured the batch by now. A question that gets no answer is asked
    /// again with the next attempt at the whole batch.
    async fn poll(&self, poll: HttpRequest, after_ms: u64) -> Judged {
        if self.host.now().millis().saturating_add(after_ms) > self.meter.begin.millis() {
            let reason = "not acknowledged before the run had to end".to_owned();
            return Judged {
                verdict: SinkVerdict::Retry {
                    after_ms: None,
                    reason,
                },
                class: "unacknowledged",
            };
        }
        self.host.sleep(after_ms).await;
        self.judge(poll.clone(), |answer| {
            self.sink().poll_verdict(&poll, answer)
        })
        .await
    }

    async fn judge(
        &self,
        request: HttpRequest,
        verdict: impl FnOnce(&Answer<'_>) -> SinkVerdict,
    ) -> Judged {
        self.store.still_running().await;
        self.meter.request();
        let most = self.sink().limits().max_answer_bytes;
        match exchange(self.host, request, most).await {
            Ok(came) => {
                let answer = Answer {
                    head: &came.head,
                    body: &came.body,
                    now: self.host.now(),
                };
                let verdict = match (verdict(&answer), came.broken) {
                    // What did not come may say that some of it was refused.
                    (SinkVerdict::Accepted, Some(error)) => SinkVerdict::Retry {
                        after_ms: None,
                        reason: format!("the answer broke off: {error}"),
                    },
                    (verdict, _) => verdict,
                };
                let class = class(&verdict, came.head.status);
                Judged { verdict, class }
            }
            Err(error) => Judged {
                class: if error.timed_out {
                    "timeout"
                } else {
                    "network"
                },
                verdict: SinkVerdict::Retry {
                    after_ms: None,
                    reason: error.to_string(),
                },
            },
        }
    }

    fn unavailable(&self, attempts: u32, reason: &str) -> Error {
        Error::new(
            ErrorKind::SinkUnavailable,
            format!("the sink did not accept a batch in {attempts} attempts"),
            "nothing if it passes: the next run sends it again. If it lasts, look at the sink's own health",
        )
        .with("sink", self.sink().name())
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
        .with("sink", self.sink().name())
        .with("last answer", last)
    }
}

const fn class(verdict: &SinkVerdict, status: u16) -> &'static str {
    match (verdict, status) {
        (SinkVerdict::Partial { .. }, _) => "partial",
        (_, 429) => "429",
        (_, 400..=499) => "4xx",
        (_, 500..=599) => "5xx",
        _ => "unacknowledged",
    }
}

/// An answer, as far as it came.
struct Came {
    head: ResponseHead,
    body: Vec<u8>,
    /// Why its body broke off.
    broken: Option<FetchError>,
}

/// Sends a request and reads the beginning of the answer.
async fn exchange<H: Host>(
    host: &H,
    request: HttpRequest,
    max_answer_bytes: usize,
) -> Result<Came, FetchError> {
    let (head, mut stream) = host.fetch(request).await?;
    let mut body = Vec::new();
    let read = read_into(&mut body, &mut stream, max_answer_bytes).await;
    let broken = read.err();
    Ok(Came { head, body, broken })
}

/// The beginning of a body, at most `max_bytes` of it.
pub(crate) async fn read_up_to<B: Body>(
    body: &mut B,
    max_bytes: usize,
) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    read_into(&mut bytes, body, max_bytes).await?;
    Ok(bytes)
}

async fn read_into<B: Body>(
    bytes: &mut Vec<u8>,
    body: &mut B,
    max_bytes: usize,
) -> Result<(), FetchError> {
    while bytes.len() < max_bytes && body.read(bytes).await? != 0 {}
    bytes.truncate(max_bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use edgesiem_model::{Body, FetchError, Timestamp};
    use edgesiem_testkit::Clock;

    use super::read_up_to;

    /// 1,000 bytes at a time, for ever.
    struct Endless;

    impl Body for Endless {
        async fn read(&mut self, out: &mut Vec<u8>) -> Result<usize, FetchError> {
            out.extend_from_slice(&[b'x'; 1000]);
            Ok(1000)
        }
    }

    #[test]
    fn an_answer_is_read_to_its_limit_and_not_a_byte_further() {
        let clock = Clock::starting_at(Timestamp::default());
        for limit in [0, 1, 1000, 2500] {
            let bytes = clock.run(read_up_to(&mut Endless, limit)).unwrap();
            assert_eq!(bytes.len(), limit);
        }
    }
}
