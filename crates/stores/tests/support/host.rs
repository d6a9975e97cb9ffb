//! A host without a network, whose time passes when something sleeps.

use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use edgesiem_model::{Body, FetchError, Host, HttpRequest, ResponseHead, Timestamp};

/// Runs a future that waits for nothing but itself.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("the future never ends");
}

pub struct TestHost {
    now_ms: Cell<u64>,
    random: Cell<u64>,
}

impl Default for TestHost {
    fn default() -> Self {
        Self {
            now_ms: Cell::new(1_800_000_000_000),
            random: Cell::new(1),
        }
    }
}

impl TestHost {
    pub fn pass(&self, millis: u64) {
        self.now_ms.set(self.now_ms.get() + millis);
    }
}

pub struct NoBody;

impl Body for NoBody {
    async fn read(&mut self, _out: &mut Vec<u8>) -> Result<usize, FetchError> {
        Ok(0)
    }
}

impl Host for TestHost {
    type Body = NoBody;

    async fn fetch(&self, _request: HttpRequest) -> Result<(ResponseHead, NoBody), FetchError> {
        Err(FetchError {
            reason: "there is no network".to_owned(),
            timed_out: false,
        })
    }

    async fn sleep(&self, millis: u64) {
        self.pass(millis);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.get())
    }

    fn entropy(&self, out: &mut [u8]) {
        for byte in out {
            self.random
                .set(self.random.get().wrapping_mul(6_364_136_223_846_793_005) + 1);
            *byte = (self.random.get() >> 56) as u8;
        }
    }
}
