//! Runs futures one step at a time, on a clock of its own.
//!
//! Everything that a run asks of its host waits at a [`point`](Executor::point) before it takes effect and at
//! another one after. The executor lets one point pass at a time; which one is the schedule's choice. So a run
//! can be killed at any of them, and several runs can be interleaved in any way, and all of it can be repeated.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use edgesiem_model::Timestamp;

use crate::chance::Chance;

/// Number of a run, counted from 0 over a whole schedule.
pub type Run = usize;

/// A run, ready to be polled.
pub type Task<T> = Pin<Box<dyn Future<Output = T>>>;

/// A future that waits to go on.
struct Waiting {
    number: u64,
    run: Run,
    /// It cannot pass before this time.
    due_ms: u64,
    /// How long passing takes.
    cost_ms: u64,
    waker: Waker,
    what: &'static str,
}

/// In which order waiting points pass.
#[derive(Clone, Debug)]
pub enum Order {
    /// As they came.
    Fifo,
    /// So many points of that run (counted from the first of its tick), then so many of that one, then the rest as
    /// they came.
    Switches(Vec<(Run, u32)>),
    /// Any.
    Random(Chance),
}

/// The clock, and everybody who waits.
pub struct Executor {
    now_ms: Cell<u64>,
    next: Cell<u64>,
    waiting: RefCell<Vec<Waiting>>,
    running: Cell<Run>,
    /// Points that each run has passed.
    passed: RefCell<Vec<u32>>,
    trace: Option<RefCell<Vec<String>>>,
}

impl Executor {
    /// Its clock starts at `now`.
    pub fn new(now: Timestamp, trace: bool) -> Rc<Self> {
        Rc::new(Self {
            now_ms: Cell::new(now.millis()),
            next: Cell::new(0),
            waiting: RefCell::default(),
            running: Cell::new(0),
            passed: RefCell::default(),
            trace: trace.then(RefCell::default),
        })
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.get())
    }

    /// Lets time pass while nobody runs.
    pub fn advance_to(&self, time: Timestamp) {
        self.now_ms.set(self.now_ms.get().max(time.millis()));
    }

    /// The run that is being polled.
    pub fn running(&self) -> Run {
        self.running.get()
    }

    /// Points that `run` has passed.
    pub fn passed(&self, run: Run) -> u32 {
        self.passed.borrow().get(run).copied().unwrap_or(0)
    }

    /// A point where a run may be killed or another one may go first. Passing it takes `cost_ms`.
    pub fn point(self: &Rc<Self>, what: &'static str, cost_ms: u64) -> Point {
        self.wait(what, 0, cost_ms)
    }

    /// A point that does not pass before `millis` have gone by.
    pub fn sleep(self: &Rc<Self>, what: &'static str, millis: u64) -> Point {
        self.wait(what, self.now_ms.get().saturating_add(millis), 0)
    }

    fn wait(self: &Rc<Self>, what: &'static str, due_ms: u64, cost_ms: u64) -> Point {
        Point {
            executor: Rc::clone(self),
            what,
            due_ms,
            cost_ms,
            number: None,
        }
    }

    /// Writes a line of the trace.
    pub fn note(&self, text: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let run = self.running.get();
            let at = self.passed(run);
            let line = format!("{} run {run} point {at:<3} {}", self.now(), text());
            trace.borrow_mut().push(line);
        }
    }

    /// The trace so far.
    pub fn trace(&self) -> Vec<String> {
        let taken = self.trace.as_ref().map(|trace| trace.take());
        taken.unwrap_or_default()
    }

    /// The next to pass, by its place in the list: one that could pass now if there is one, else the one that is
    /// due first.
    fn choose(&self, first: Run, order: &mut Order) -> Option<usize> {
        let waiting = self.waiting.borrow();
        let now = self.now_ms.get();
        if let Order::Switches(switches) = order {
            while let Some((run, points)) = switches.first_mut() {
                let of_run = |waiting: &Waiting| waiting.run == first + *run;
                if let Some(place) = earliest(&waiting, now, of_run)
                    && *points > 0
                {
                    *points -= 1;
                    return Some(place);
                }
                switches.remove(0);
            }
        }
        if let Order::Random(chance) = order {
            let ready = |waiting: &&Waiting| waiting.due_ms <= now;
            let count = waiting.iter().filter(ready).count();
            if count > 0 {
                let nth = chance.below(count as u64) as usize;
                let places = waiting.iter().enumerate();
                let mut ready = places.filter(|(_, waiting)| waiting.due_ms <= now);
                return ready.nth(nth).map(|(place, _)| place);
            }
        }
        earliest(&waiting, now, |_| true)
    }

    /// Lets the point at `place` pass.
    fn pass(&self, place: usize) -> Run {
        let waiting = self.waiting.borrow_mut().remove(place);
        let now = self.now_ms.get().max(waiting.due_ms);
        self.now_ms.set(now.saturating_add(waiting.cost_ms));
        let mut passed = self.passed.borrow_mut();
        if passed.len() <= waiting.run {
            passed.resize(waiting.run + 1, 0);
        }
        passed[waiting.run] += 1;
        waiting.waker.wake();
        waiting.run
    }
}

/// Of those that `may` pass, the first that could pass now, else the one that is due first.
fn earliest(waiting: &[Waiting], now: u64, may: impl Fn(&Waiting) -> bool) -> Option<usize> {
    let places = waiting.iter().enumerate();
    places
        .filter(|(_, waiting)| may(waiting))
        .min_by_key(|(_, waiting)| (waiting.due_ms.max(now), waiting.number))
        .map(|(place, _)| place)
}

/// See [`Executor::point`].
pub struct Point {
    executor: Rc<Executor>,
    what: &'static str,
    due_ms: u64,
    cost_ms: u64,
    number: Option<u64>,
}

impl Future for Point {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let executor = Rc::clone(&self.executor);
        let mut waiting = executor.waiting.borrow_mut();
        let Some(number) = self.number else {
            let number = executor.next.replace(executor.next.get() + 1);
            self.number = Some(number);
            waiting.push(Waiting {
                number,
                run: executor.running.get(),
                due_ms: self.due_ms,
                cost_ms: self.cost_ms,
                waker: context.waker().clone(),
                what: self.what,
            });
            return Poll::Pending;
        };
        match waiting.iter_mut().find(|waiting| waiting.number == number) {
            Some(waiting) => {
                waiting.waker.clone_from(context.waker());
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Point {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let mut waiting = self.executor.waiting.borrow_mut();
            waiting.retain(|waiting| waiting.number != number);
        }
    }
}

/// What the schedule does to a run that is about to pass a point.
pub enum Act {
    /// Nothing.
    Pass,
    /// It is gone, with all that it has in memory.
    Kill,
    /// Another run begins beside it that knows nothing of it.
    Beside,
}

/// How a run came to its end.
#[derive(Debug)]
pub enum End<T> {
    /// By itself.
    Returned(T),
    /// Killed.
    Killed,
    /// It waits for something that will never happen.
    Stuck,
}

/// Runs `count` tasks, numbered from `first`, until each has come to its end. `begin` makes them.
pub fn drive<T>(
    executor: &Rc<Executor>,
    first: Run,
    count: usize,
    order: &mut Order,
    begin: &mut dyn FnMut(Run) -> Task<T>,
    act: &mut dyn FnMut(Run, u32) -> Act,
) -> Vec<End<T>> {
    let mut ends: Vec<Option<End<T>>> = Vec::new();
    let mut tasks: Vec<Option<Task<T>>> = Vec::new();
    for number in 0..count {
        tasks.push(Some(begin(first + number)));
        ends.push(poll(executor, &mut tasks, first, number));
    }
    while let Some(place) = executor.choose(first, order) {
        let (run, what) = {
            let waiting = executor.waiting.borrow();
            (waiting[place].run, waiting[place].what)
        };
        let number = run - first;
        executor.running.set(run);
        match act(run, executor.passed(run)) {
            Act::Kill => {
                executor.note(|| format!("KILLED at {what}"));
                tasks[number] = None;
                ends[number] = Some(End::Killed);
                continue;
            }
            Act::Beside => {
                executor.note(|| format!("another run takes over at {what}"));
                let another = tasks.len();
                tasks.push(Some(begin(first + another)));
                ends.push(poll(executor, &mut tasks, first, another));
            }
            Act::Pass => {}
        }
        // The list may have grown at its end, so the place is still the same.
        executor.pass(place);
        ends[number] = poll(executor, &mut tasks, first, number);
    }
    let ends = ends.into_iter().map(|end| end.unwrap_or(End::Stuck));
    ends.collect()
}

fn poll<T>(
    executor: &Executor,
    tasks: &mut [Option<Task<T>>],
    first: Run,
    number: usize,
) -> Option<End<T>> {
    let task = tasks[number].as_mut()?;
    executor.running.set(first + number);
    let mut context = Context::from_waker(Waker::noop());
    match task.as_mut().poll(&mut context) {
        Poll::Ready(output) => {
            tasks[number] = None;
            Some(End::Returned(output))
        }
        Poll::Pending => None,
    }
}
