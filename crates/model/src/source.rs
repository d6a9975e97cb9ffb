//! Where events come from: how to ask for a page, how to read one, and what a refusal means.

use std::fmt;

use crate::{Cursor, Error, Gap, HttpRequest, Limits, ResponseHead, Timestamp};

/// Everything that one request for a page depends on.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<'a> {
    /// The page begins here.
    pub cursor: &'a Cursor,
    /// Most events to ask for.
    pub limit: u32,
    /// The host's clock.
    pub now: Timestamp,
    /// The server's clock minus the host's, in milliseconds, as far as known.
    pub clock_skew_ms: i64,
    /// 16 random bytes, new for every attempt.
    pub nonce: [u8; 16],
}

/// Page sizes of a source, in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimits {
    /// Never ask for fewer.
    pub min: u32,
    /// Ask for this many unless a page was cut.
    pub configured: u32,
    /// Least time from one page request to the next, in milliseconds.
    pub min_interval_ms: u64,
    /// Least time from the answer to one request to the next request, in milliseconds, whatever the request is for: retries
    /// count, and so do those of the run before, which may have been killed. 0 if the source counts no requests.
    pub quota_interval_ms: u64,
}

/// What a response to a page request means.
#[derive(Debug)]
pub enum SourceVerdict {
    /// It is a page: read the body.
    Page,
    /// Not now. `after_ms` is what the server asked for, if it did.
    Retry {
        /// Wait at least this long, in milliseconds.
        after_ms: Option<u64>,
        /// What the server said, for the operator.
        error: Error,
    },
    /// The signature's time was refused: sign again with this skew.
    Resign {
        /// The server's clock minus the host's, in milliseconds; `None` if the response does not tell.
        clock_skew_ms: Option<i64>,
        /// What the server said, for the operator.
        error: Error,
    },
    /// What the bookmark led to is no longer known, but the same events are still to be had: ask from `cursor`, which is stored
    /// before it is asked from. If the error is not retryable, the run ends then.
    AskFrom {
        /// Where they are.
        cursor: Cursor,
        /// What the server said, for the operator.
        error: Error,
    },
    /// The bookmark is no longer known: go on by time ([`Source::recover`]).
    Recover {
        /// What the server said, for the operator.
        error: Error,
    },
    /// Repeating it will not help.
    Stop(Error),
}

/// A way on after a bookmark was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Ask from here.
    pub cursor: Cursor,
    /// What to record: events may be missing or come twice around here.
    pub gap: Gap,
}

/// One piece of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// One event as received, without its line break.
    Event(&'a [u8]),
    /// A part of a line longer than [`Limits::max_event_bytes`]; parts come in order, from number 0.
    Oversize {
        /// Bytes of this part.
        part: &'a [u8],
        /// Number of this part.
        index: u32,
        /// Whether the line ends here.
        last: bool,
    },
}

/// What the end of a complete page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageEnd {
    /// The next page begins here.
    pub next: Cursor,
    /// Whether there is more to fetch right now.
    pub more: bool,
}

/// Why a page that ended may not be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete(pub String);

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads the body of one page, pushed in chunks that may end anywhere. Memory is bounded by
/// [`Limits::max_event_bytes`].
pub trait PageReader {
    /// Takes the next bytes of the body and hands on every line that they complete.
    fn push(&mut self, chunk: &[u8], lines: &mut dyn FnMut(Line<'_>));

    /// The body ended: hands on what only its end completes. Reaching the end is not enough, the page must
    /// say that it is whole.
    ///
    /// # Errors
    /// [`Incomplete`] if the page was cut.
    fn finish(&mut self, lines: &mut dyn FnMut(Line<'_>)) -> Result<PageEnd, Incomplete>;
}

/// A place that events come from. It holds configuration and credentials, and no state.
pub trait Source {
    /// Kind in the configuration.
    fn kind(&self) -> &'static str;

    /// Where a stream without a checkpoint begins.
    fn start(&self) -> Cursor;

    /// Where to begin in order to read the events from `from` to `to` again, or all from `from` on.
    ///
    /// # Errors
    /// [`Error`] if the source no longer has events that old, or cannot go by time. `now` is the server's time.
    fn since(
        &self,
        from: Timestamp,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Cursor, Error>;

    /// How long the source keeps events, in seconds; `None` if that is not known.
    fn retention_s(&self) -> Option<u64> {
        None
    }

    /// What the operator should do before long although all is well, such as creating a token in place of one that
    /// ends.
    fn advice(&self, _now: Timestamp) -> Option<String> {
        None
    }

    /// Where `page` begins, as dead letters and gaps tell it to the operator. Each of them has a copy, so that it has to be
    /// short.
    fn shown(&self, page: &PageRequest<'_>) -> Cursor {
        page.cursor.clone()
    }

    /// Whether pages follow each other in time, so that a replay is over with the first page whose events are all later.
    /// Otherwise the cursor that [`Source::since`] gives has to bound it.
    fn is_in_order(&self) -> bool {
        true
    }

    /// Page sizes.
    fn page_limits(&self) -> PageLimits;

    /// Asks for a page, signed and ready to send.
    ///
    /// # Errors
    /// [`Error`] if the cursor is not one of this source's.
    fn request(&self, page: &PageRequest<'_>) -> Result<HttpRequest, Error>;

    /// What the head of a response means. `body` is the beginning of the body (at most 64 KiB) unless the
    /// head promises a page, in which case it is empty.
    fn verdict(&self, page: &PageRequest<'_>, head: &ResponseHead, body: &[u8]) -> SourceVerdict;

    /// A reader for the body of the page that answered `page`.
    fn reader(&self, page: &PageRequest<'_>, limits: &Limits) -> Box<dyn PageReader>;

    /// How to go on after [`SourceVerdict::Recover`].
    fn recover(&self, lost: &Cursor, last_event_at: Option<Timestamp>, now: Timestamp) -> Recovery;
}
