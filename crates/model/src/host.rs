//! The door to the network, time and chance. What survives a run is in [`crate::Store`].

use std::fmt;

use crate::{HttpRequest, ResponseHead, Timestamp, printable};

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

/// What the outside world does for a pipeline, apart from remembering.
#[expect(
    async_fn_in_trait,
    reason = "every host is single-threaded; no future is sent anywhere"
)]
pub trait Host {
    /// Body of a response.
    type Body: Body;

    /// Sends `request` exactly as it is. Follows no redirect; decodes `content-encoding`.
    async fn fetch(&self, request: HttpRequest) -> Result<(ResponseHead, Self::Body), FetchError>;

    /// Waits.
    async fn sleep(&self, millis: u64);

    /// The clock.
    fn now(&self) -> Timestamp;

    /// Fills `out` with random bytes.
    fn entropy(&self, out: &mut [u8]);

    /// Why the run should end now, if the host is about to end it: a limit that only the host can see, such as
    /// its CPU time. Asked between two steps of a page.
    fn must_end(&self) -> Option<&'static str> {
        None
    }

    /// Whether somebody asked the run to end. Then it says nothing about the page that it was not finished.
    fn was_asked_to_end(&self) -> bool {
        false
    }
}
