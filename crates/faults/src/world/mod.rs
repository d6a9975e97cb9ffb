//! The world outside of a run: servers, a clock, chance, and the books of what arrived.

pub mod bulk;
mod civil;
pub mod events;
pub mod fault;
pub mod ledger;
pub mod receiver;
pub mod reply;
pub mod siem;
pub mod trend_micro;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use edgesiem_model::{FetchError, Host, HttpRequest, ResponseHead, Timestamp};

use self::events::{Events, FIRST_EVENT_S};
use self::ledger::Ledger;
use self::receiver::Receiver;
use self::reply::{Fate, Reading, Reply};
use self::siem::Siem;
use self::trend_micro::TrendMicro;
use self::trend_micro::setting::CAS;
use crate::case::Case;
use crate::chance::Chance;
use crate::executor::Executor;
use crate::mutants::Mutant;

/// Host name of the source, if it is Akamai's.
pub const SOURCE: &str = "siem.test";
/// When a world begins.
pub const BEGINNING: Timestamp = Timestamp::from_secs(FIRST_EVENT_S + 3600);
/// How long an answer takes.
const ANSWER_MS: u64 = 20;

/// Host name of a sink's server.
pub fn sink_host(sink: usize) -> String {
    format!("sink{sink}.test")
}

/// One world. A run sees it through [`Host`] and through its store, and through nothing else.
pub struct World {
    events: Rc<Events>,
    /// Steps and time.
    pub executor: Rc<Executor>,
    /// The source's server, if it is Akamai's.
    pub siem: RefCell<Siem>,
    /// The source's server, if it is Trend Micro's.
    pub trend_micro: Option<RefCell<TrendMicro>>,
    /// Requests that went to no server of this world.
    pub strays: RefCell<Vec<String>>,
    /// The sinks' servers, in the order of the stream.
    pub receivers: RefCell<Vec<Receiver>>,
    /// What arrived.
    pub ledger: RefCell<Ledger>,
    /// Events of a batch, at most.
    batch_events: u64,
    host_clock_off_ms: i64,
    chance: RefCell<Chance>,
    /// How often runs were asked whether they must end, and after how many times they must.
    asked: Cell<u32>,
    must_end_after: Option<u32>,
    mutant: Option<Mutant>,
    /// Faults are over.
    pub calm: Cell<bool>,
}

impl World {
    /// As `case` describes it, with all of its events.
    pub fn new(case: &Case, events: &Rc<Events>, trace: bool) -> Rc<Self> {
        let names = (0..case.sinks.len()).map(crate::plan::sink_name).collect();
        let mut siem = Siem::new(Rc::clone(events), case.events, case.available);
        siem.faults = case.source_faults.clone();
        siem.arrivals = case.arrivals.clone();
        siem.is_disturbed = case.is_disturbed();
        siem.batch_events = case.batch_events as u32;
        let trend_micro = case.trend_micro.as_ref().map(|setting| {
            let mut server = TrendMicro::new(Rc::clone(events), setting.clone(), BEGINNING);
            server.faults = case.source_faults.clone();
            server.is_disturbed = case.is_disturbed();
            server.batch_events = case.batch_events as u32;
            RefCell::new(server)
        });
        let receivers = case
            .sinks
            .iter()
            .map(|sink| Receiver::new(sink.kind, Rc::clone(events), sink.script.clone()));
        Rc::new(Self {
            events: Rc::clone(events),
            executor: Executor::new(BEGINNING, trace),
            siem: RefCell::new(siem),
            trend_micro,
            strays: RefCell::default(),
            receivers: RefCell::new(receivers.collect()),
            ledger: RefCell::new(Ledger::new(Rc::clone(events), case.events as usize, names)),
            batch_events: case.batch_events as u64,
            host_clock_off_ms: case.host_clock_off_s * 1000,
            chance: RefCell::new(Chance::new(case.seed)),
            asked: Cell::new(0),
            must_end_after: case.must_end_after,
            mutant: case.mutant,
            calm: Cell::new(false),
        })
    }

    /// The line of an event.
    pub fn line(&self, number: u32) -> Vec<u8> {
        self.events.line(number).to_vec()
    }

    /// Whether what a flipped bit made of an event is safe: all lines that have a byte of it.
    pub fn is_safe_damaged(&self, ledger: &Ledger, sink: usize, number: u32) -> bool {
        let siem = self.siem.borrow();
        let Some((body, order)) = &siem.flipped else {
            return false;
        };
        let mut start = 0;
        for served in order {
            let end = start + self.events.line(*served).len();
            if *served == number {
                let pieces = lines_of(body);
                let mut touching = pieces.filter(|(at, line)| *at < end && start < at + line.len());
                return touching.all(|(_, line)| ledger.is_safe_as(sink, line));
            }
            start = end + 1;
        }
        false
    }

    /// Nothing goes wrong from now on.
    pub fn calm_down(&self) {
        self.calm.set(true);
        self.siem.borrow_mut().calm();
        if let Some(server) = &self.trend_micro {
            server.borrow_mut().calm();
        }
        for receiver in self.receivers.borrow_mut().iter_mut() {
            receiver.script.faults.clear();
            receiver.script.down_for_runs = 0;
        }
    }

    /// Whether nothing will happen any more that a run has not had the time to read.
    pub fn is_quiet(&self) -> bool {
        let now = self.executor.now().min(self.now());
        let server = self.trend_micro.as_ref();
        server.is_none_or(|server| server.borrow().is_quiet(now))
    }

    /// If no run can begin now: when one can.
    pub fn returns_at(&self) -> Option<Timestamp> {
        let server = self.trend_micro.as_ref()?.borrow();
        server.client_returns_at(self.executor.now())
    }

    /// Events that were served again in a page that was not what it was before.
    pub fn changed(&self) -> u64 {
        let server = self.trend_micro.as_ref();
        server.map_or(self.siem.borrow().changed, |server| server.borrow().changed)
    }

    /// Nobody knows whether what every sink was being sent has arrived.
    pub fn allow_batch_for_all(&self) {
        for received in &mut self.ledger.borrow_mut().sinks {
            received.allowed += self.batch_events;
        }
        for receiver in self.receivers.borrow_mut().iter_mut() {
            receiver.forget_unacknowledged();
        }
    }

    /// The host's clock minus the server's.
    pub const fn host_clock_off_ms(&self) -> i64 {
        self.host_clock_off_ms
    }

    /// A new invocation: what the host counts for it begins anew.
    pub fn begin_run(&self) {
        self.asked.set(0);
    }

    fn answer(&self, request: &HttpRequest) -> Reply {
        let host = request.endpoint.host();
        let now = self.executor.now();
        let page = match &self.trend_micro {
            Some(server) if host == CAS => Some(server.borrow_mut().answer(request, now)),
            None if host == SOURCE => Some(self.siem.borrow_mut().answer(request, now)),
            _ => None,
        };
        if let Some(reply) = page {
            self.executor.note(|| {
                let (status, bytes) = (reply.head.status, reply.body.len());
                let fate = reply.fate;
                format!("GET {} -> {fate:?} {status}, {bytes} bytes", request.target)
            });
            return reply;
        }
        let sinks = self.receivers.borrow().len();
        let Some(sink) = (0..sinks).find(|sink| host == sink_host(*sink)) else {
            self.strays.borrow_mut().push(request.url());
            return Reply::none(Fate::Reset);
        };
        let run = self.executor.running();
        let taken = self.receivers.borrow_mut()[sink].answer(request, run);
        let mut ledger = self.ledger.borrow_mut();
        self.executor.note(|| {
            let numbers: Vec<u32> = taken.applied.iter().map(|(number, _)| *number).collect();
            let (fate, status) = (taken.reply.fate, taken.reply.head.status);
            format!("POST sink {sink} -> {fate:?} {status}, applied {numbers:?}")
        });
        ledger.apply(sink, &taken.applied);
        ledger.remember(sink, taken.documents);
        if taken.unknown {
            ledger.sinks[sink].allowed += self.batch_events;
        }
        ledger.sinks[sink].allowed += taken.unacknowledged;
        taken.reply
    }
}

impl Host for World {
    type Body = Reading;

    async fn fetch(&self, request: HttpRequest) -> Result<(ResponseHead, Reading), FetchError> {
        self.executor.point("a request", 0).await;
        let mut reply = self.answer(&request);
        if self.mutant == Some(Mutant::EveryAnswerIsYes)
            && ![SOURCE, CAS].contains(&request.endpoint.host())
        {
            reply = Reply::new(200, r#"{"code":0,"ackId":1,"again":[],"refused":[]}"#);
        }
        match reply.fate {
            Fate::Answered => {
                self.executor.point("an answer", ANSWER_MS).await;
                let head = reply.head.clone();
                Ok((head, Reading::new(Rc::clone(&self.executor), reply)))
            }
            Fate::Reset => {
                self.executor.point("a reset", ANSWER_MS).await;
                Err(FetchError {
                    reason: "Network connection lost.".to_owned(),
                    timed_out: false,
                })
            }
            Fate::TimedOut => {
                let timeout = u64::from(request.timeout_ms);
                self.executor.sleep("a timeout", timeout).await;
                Err(FetchError {
                    reason: "The operation was aborted due to timeout.".to_owned(),
                    timed_out: true,
                })
            }
        }
    }

    async fn sleep(&self, millis: u64) {
        self.executor.sleep("a wait", millis).await;
    }

    fn now(&self) -> Timestamp {
        self.executor.now().shifted(self.host_clock_off_ms)
    }

    fn entropy(&self, out: &mut [u8]) {
        let mut chance = self.chance.borrow_mut();
        for piece in out.chunks_mut(8) {
            piece.copy_from_slice(&chance.bits().to_le_bytes()[..piece.len()]);
        }
    }

    fn must_end(&self) -> Option<&'static str> {
        let asked = self.asked.replace(self.asked.get() + 1);
        let after = self.must_end_after?;
        (asked >= after).then_some("the CPU time is nearly used up")
    }
}

/// Lines of a body with where they begin, without the white space around them.
fn lines_of(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let is_white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let mut next = 0;
    body.split(|byte| *byte == b'\n').filter_map(move |line| {
        let start = next;
        next += line.len() + 1;
        let first = line.iter().position(|byte| !is_white(byte))?;
        let last = line.iter().rposition(|byte| !is_white(byte))?;
        Some((start + first, &line[first..=last]))
    })
}
