//! Where events go: a batch becomes a request, a response becomes a verdict.

use std::fmt;

use crate::{BatchView, DocumentForm, Error, HttpRequest, ResponseHead, Secret, Timestamp};

/// How a sink puts a document into its request, as far as that changes its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Embedding {
    /// As it is, or smaller.
    #[default]
    Verbatim,
    /// JSON as it is, text as a JSON string.
    JsonValue,
    /// Everything as a JSON string.
    JsonString,
    /// As a JSON string that has the document in base64.
    Base64,
}

impl Embedding {
    /// Bytes of `document` in the request, without quotes.
    pub fn bytes(self, form: DocumentForm, document: &[u8]) -> usize {
        match self {
            Self::Verbatim => document.len(),
            Self::JsonValue if form.is_json() => document.len(),
            Self::JsonValue | Self::JsonString => escaped_bytes(document),
            Self::Base64 => document.len().div_ceil(3).saturating_mul(4),
        }
    }

    /// No document becomes longer than this many times its length.
    const fn worst(self) -> usize {
        match self {
            Self::Verbatim => 1,
            Self::JsonValue | Self::JsonString => 6,
            // One byte becomes four.
            Self::Base64 => 4,
        }
    }
}

/// Bytes of `text` within a JSON string (RFC 8259 section 7), written with the short escapes where there are any.
fn escaped_bytes(text: &[u8]) -> usize {
    let more = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    };
    let escapes: usize = text.iter().map(more).sum();
    // What is not UTF-8 is replaced by U+FFFD, three bytes for one at worst.
    let replaced = match std::str::from_utf8(text) {
        Ok(_) => 0,
        Err(_) => text.iter().filter(|byte| !byte.is_ascii()).count(),
    };
    text.len()
        .saturating_add(escapes)
        .saturating_add(replaced.saturating_mul(2))
}

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
    /// Most bytes of one event as it is sent, with what it adds. A larger one is refused without being sent: the
    /// receiver would cut it short or refuse it. `usize::MAX` if the receiver sets no such bound.
    pub max_event_bytes: usize,
    /// How a document is put into the request.
    pub embedding: Embedding,
    /// Most bytes that are read of an answer. What is cut off is not there for [`Sink::verdict`].
    pub max_answer_bytes: usize,
}

impl BatchLimits {
    /// Bytes of an answer that are read unless a sink needs more.
    pub const ANSWER_BYTES: usize = 64 * 1024;

    /// Of this many events and bytes, for documents that are copied as they are.
    pub const fn new(max_events: usize, max_bytes: usize) -> Self {
        Self {
            max_events,
            max_bytes,
            bytes_per_event: 0,
            bytes_per_batch: 0,
            max_event_bytes: usize::MAX,
            embedding: Embedding::Verbatim,
            max_answer_bytes: Self::ANSWER_BYTES,
        }
    }

    /// Bytes that the event with this document takes in a request.
    pub fn event_bytes(&self, form: DocumentForm, document: &[u8]) -> usize {
        self.embedding
            .bytes(form, document)
            .saturating_add(self.bytes_per_event)
    }

    /// How many bytes the event with this document has, if that is more than the sink takes of one.
    pub fn excess(&self, form: DocumentForm, document: &[u8]) -> Option<usize> {
        let most = document
            .len()
            .saturating_add(1)
            .saturating_mul(self.embedding.worst())
            .saturating_add(self.bytes_per_event);
        // Nearly all events are small, and need no second look.
        if most <= self.max_event_bytes {
            return None;
        }
        Some(self.event_bytes(form, document)).filter(|bytes| *bytes > self.max_event_bytes)
    }
}

/// What an attempt at a delivery has that a batch has not.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The clock.
    pub now: Timestamp,
    /// The access token, for sinks that ask for one by [`Sink::token_request`].
    pub token: Option<&'a Secret>,
}

impl Attempt<'_> {
    /// Without an access token.
    pub const fn at(now: Timestamp) -> Self {
        Self { now, token: None }
    }
}

/// A credential that an authorization server gives for a while.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token.
    pub token: Secret,
    /// When it ends, by our clock.
    pub expires_at: Timestamp,
}

/// A response to a request that a sink made.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Status and headers.
    pub head: &'a ResponseHead,
    /// The beginning of the body, at most [`BatchLimits::max_answer_bytes`].
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
///
/// `Debug` shows nothing that must not be logged: credentials are [`Secret`]s.
pub trait Sink: fmt::Debug {
    /// Its name in the configuration.
    fn name(&self) -> &str;

    /// What it takes in one request.
    fn limits(&self) -> BatchLimits;

    /// Whether it can deliver documents of this form. The configuration refuses a schema that it cannot.
    fn takes(&self, form: DocumentForm) -> bool {
        let _ = form;
        true
    }

    /// The request that gets an access token, for receivers that want one. The pipeline keeps the token as long as
    /// it is valid.
    fn token_request(&self, now: Timestamp) -> Option<HttpRequest> {
        let _ = now;
        None
    }

    /// What the answer to [`Sink::token_request`] means. Only sinks that make one are asked.
    ///
    /// # Errors
    /// [`SinkVerdict::Retry`] or [`SinkVerdict::Stop`] if there is no token in it.
    fn token_verdict(&self, answer: &Answer<'_>) -> Result<AccessToken, SinkVerdict> {
        let _ = answer;
        Err(SinkVerdict::Retry {
            after_ms: None,
            reason: "the sink needs no access token".to_owned(),
        })
    }

    /// The request that delivers `batch`, which is not empty. Called anew for every attempt, because signatures carry
    /// the time; whatever identifies the batch to the receiver is the same each time.
    fn request(&self, batch: &BatchView<'_>, attempt: &Attempt<'_>) -> HttpRequest;

    /// What the answer to [`Sink::request`] means.
    fn verdict(&self, batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict;

    /// What the answer to a [`SinkVerdict::Pending`] poll means. Only sinks that return `Pending` are asked.
    fn poll_verdict(&self, poll: &HttpRequest, answer: &Answer<'_>) -> SinkVerdict {
        let _ = (poll, answer);
        SinkVerdict::Accepted
    }

    /// A request that shows whether the receiver is there and takes our credentials, without delivering anything;
    /// `None` if the receiver has none.
    fn health_request(&self, attempt: &Attempt<'_>) -> Option<HttpRequest> {
        let _ = attempt;
        None
    }

    /// What the answer to [`Sink::health_request`] means. Only sinks that make one are asked.
    ///
    /// # Errors
    /// What is wrong and what to do about it.
    fn health_verdict(&self, answer: &Answer<'_>) -> Result<(), Error> {
        let _ = answer;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BatchLimits, Embedding};
    use crate::DocumentForm::{Json, Text};

    #[test]
    fn the_size_of_a_document_in_a_request_is_known_before_it_is_written() {
        for (embedding, form, document, bytes) in [
            (Embedding::Verbatim, Json, &b"{\"a\":1}"[..], 7),
            (Embedding::JsonValue, Json, b"{\"a\":1}", 7),
            (Embedding::JsonValue, Text, b"{\"a\":1}", 9),
            (Embedding::JsonString, Json, b"{\"a\":1}", 9),
            (
                Embedding::JsonString,
                Text,
                b"\0\x1f\x7f\n\\\x08",
                6 + 6 + 1 + 2 + 2 + 2,
            ),
            (Embedding::JsonString, Text, "\u{e9}".as_bytes(), 2),
            (Embedding::JsonString, Text, b"a\xff", 4),
            (Embedding::Base64, Json, b"{}", 4),
            (Embedding::Base64, Json, b"", 0),
            (Embedding::Base64, Json, b"1234", 8),
        ] {
            assert_eq!(
                embedding.bytes(form, document),
                bytes,
                "{embedding:?} {document:?}"
            );
            if form == Text && embedding == Embedding::JsonString {
                let text = String::from_utf8_lossy(document);
                assert_eq!(serde_json::to_vec(&text).unwrap().len(), bytes + 2);
            }
        }
    }

    #[test]
    fn an_event_is_too_large_from_one_byte_past_the_limit_on() {
        let limits = BatchLimits {
            bytes_per_event: 3,
            max_event_bytes: 10,
            embedding: Embedding::JsonString,
            ..BatchLimits::new(1, 1000)
        };
        for (document, excess) in [
            (&b"1234567"[..], None),
            (b"12345678", Some(11)),
            (b"12345\n", None),
            (b"123456\n", Some(11)),
            (b"", None),
        ] {
            assert_eq!(limits.excess(Text, document), excess, "{document:?}");
        }
        assert_eq!(BatchLimits::new(1, 1).excess(Json, &[b'x'; 99]), None);
    }
}
