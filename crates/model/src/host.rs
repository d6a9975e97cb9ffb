//! The only door to I/O, time and chance.

use std::fmt;

use crate::{
    Checkpoint, DeadLetter, HttpRequest, ResponseHead, Revision, StreamId, Timestamp, printable,
};

/// A request that got no response, or a body that broke off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchError {
    /// What the host's network says, printable.
    pub reason: String,
    /// Whether the host's timeout ended it.
    pub timed_out: bool,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.reason, 500))
    }
}

/// The store could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The checkpoint is not the one that was expected: another run moved it.
    Conflict {
        /// The revision that is stored.
        stored: Revision,
    },
    /// Anything else, in the host's words.
    Failed(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { stored } => {
                write!(f, "another run saved revision {} meanwhile", stored.0)
            }
            Self::Failed(reason) => f.write_str(&printable(reason, 500)),
        }
    }
}

/// A response body, read as it comes.
#[expect(
    async_fn_in_trait,
    reason = "every host is single-threaded; no future is sent anywhere"
)]
pub trait Body {
    /// Appends some of the body to `out` and says how much; 0 is the end of the body, which does not mean
    /// that it arrived whole.
    async fn read(&mut self, out: &mut Vec<u8>) -> Result<usize, FetchError>;
}

/// Everything the outside world can do for a pipeline.
#[expect(
    async_fn_in_trait,
    reason = "every host is single-threaded; no future is sent anywhere"
)]
pub trait Host {
    /// Body of a response.
    type Body: Body;

    /// Sends `request` exactly as it is. Follows no redirect; decodes `content-encoding`.
    async fn fetch(&self, request: HttpRequest) -> Result<(ResponseHead, Self::Body), FetchError>;

    /// The checkpoint of `stream`, with the revision that [`Host::save`] must replace.
    async fn load(&self, stream: &StreamId) -> Result<(Option<Checkpoint>, Revision), StoreError>;

    /// Replaces the checkpoint that has revision `expected`.
    async fn save(
        &self,
        stream: &StreamId,
        expected: Revision,
        next: &Checkpoint,
    ) -> Result<Revision, StoreError>;

    /// Keeps dead letters. Their ids are the same when their page is fetched again, so storing them again
    /// replaces them. When this returns, they are safe.
    async fn keep_dead_letters(
        &self,
        stream: &StreamId,
        letters: &[DeadLetter],
    ) -> Result<(), StoreError>;

    /// Waits.
    async fn sleep(&self, millis: u64);

    /// The clock.
    fn now(&self) -> Timestamp;

    /// Fills `out` with random bytes.
    fn entropy(&self, out: &mut [u8]);
}
