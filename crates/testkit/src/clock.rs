//! Virtual time and the executor that moves it.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use edgesiem_model::Timestamp;

type Timers = BTreeMap<Reverse<(u64, u64)>, Waker>;

/// A clock that stands still until everybody waits.
#[derive(Clone, Default)]
pub struct Clock {
    now_ms: Rc<Cell<u64>>,
    next_id: Rc<Cell<u64>>,
    timers: Rc<RefCell<Timers>>,
}

impl Clock {
    /// Starts at `now`.
    pub fn starting_at(now: Timestamp) -> Self {
        let clock = Self::default();
        clock.now_ms.set(now.millis());
        clock
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.get())
    }

    /// Moves the time on, as if the machine had slept.
    pub fn advance(&self, millis: u64) {
        self.now_ms.set(self.now_ms.get() + millis);
    }

    /// Completes `millis` later.
    pub fn sleep(&self, millis: u64) -> Sleep {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        Sleep {
            clock: self.clone(),
            key: (self.now_ms.get().saturating_add(millis), id),
        }
    }

    /// Runs `future` to its end, moving time to the next timer whenever it waits.
    ///
    /// # Panics
    /// If the future waits for something that no timer will bring.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            let (Reverse((due, _)), waker) = self
                .timers
                .borrow_mut()
                .pop_last()
                .expect("the future waits for nothing that will happen");
            self.now_ms.set(self.now_ms.get().max(due));
            waker.wake();
        }
    }
}

/// A wait on a [`Clock`].
pub struct Sleep {
    clock: Clock,
    key: (u64, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.clock.now_ms.get() >= self.key.0 {
            return Poll::Ready(());
        }
        self.clock
            .timers
            .borrow_mut()
            .insert(Reverse(self.key), context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.timers.borrow_mut().remove(&Reverse(self.key));
    }
}
