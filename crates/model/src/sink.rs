//! Where events go: a batch becomes a request, a response becomes a verdict.

use crate::{BatchView, Error, HttpRequest, ResponseHead, Timestamp};

/// What a sink takes in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Most events.
    pub max_events: usize,
    /// Most bytes of body, uncompressed.
    pub max_bytes: usize,
    /// Bytes that each event adds to its document, at most (envelope, separator).
    pub bytes_per_event: usize,
    /// Bytes that a request adds, at most.
    pub bytes_per_batch: usize,
}

/// A response to a request that a sink made.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Status and headers.
    pub head: &'a ResponseHead,
    /// The beginning of the body, at most 64 KiB.
    pub body: &'a [u8],
    /// When it came.
    pub now: Timestamp,
}

/// What a response means for the batch. Verdicts are data: policy (how often, how long) is the pipeline's.
#[derive(Debug)]
pub enum SinkVerdict {
    /// All of it is in the sink's care.
    Accepted,
    /// The sink took it but has not secured it yet: send `poll` after `after_ms` and judge the answer by
    /// [`Sink::poll_verdict`].
    Pending {
        /// The question to ask.
        poll: HttpRequest,
        /// When to ask it, in milliseconds from now.
        after_ms: u64,
    },
    /// Not now. `after_ms` is what the sink asked for, if it did.
    Retry {
        /// Wait at least this long, in milliseconds.
        after_ms: Option<u64>,
        /// What the sink said, printable.
        reason: String,
    },
    /// Some of it is in the sink's care. Numbers count the events of the view that was sent, from 0; whatever
    /// is named in neither list is accepted.
    Partial {
        /// Not now: send these again.
        again: Vec<usize>,
        /// Never: with what the sink said of each, printable.
        refused: Vec<(usize, String)>,
        /// Wait at least this long before sending `again`, in milliseconds.
        after_ms: Option<u64>,
        /// What the sink said about those to send again, printable.
        reason: String,
    },
    /// Too large as it is; halves of it may pass.
    TooLarge,
    /// Something in it will never be accepted. Parts of it may be.
    Rejected {
        /// What the sink said, printable.
        reason: String,
    },
    /// The sink's address, credentials or state are wrong: no batch will pass until somebody mends it.
    Stop(Error),
}

/// A destination, stateless: everything it needs to know is in its configuration.
pub trait Sink {
    /// Its name in the configuration.
    fn name(&self) -> &str;

    /// What it takes in one request.
    fn limits(&self) -> BatchLimits;

    /// The request that delivers `batch`. Called anew for every attempt, because signatures carry the time;
    /// whatever identifies the batch to the receiver is the same each time.
    fn request(&self, batch: &BatchView<'_>, now: Timestamp) -> HttpRequest;

    /// What the answer to [`Sink::request`] means.
    fn verdict(&self, batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict;

    /// What the answer to a [`SinkVerdict::Pending`] poll means. Only sinks that return `Pending` are asked.
    fn poll_verdict(&self, poll: &HttpRequest, answer: &Answer<'_>) -> SinkVerdict {
        let _ = (poll, answer);
        SinkVerdict::Accepted
    }
}
