//! A sink's server: applies what it is sent, or refuses, as the schedule says.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use edgesiem_model::HttpRequest;
use serde_json::json;

use super::events::Events;
use super::reply::{Fate, Reply};

/// Whose language the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A webhook.
    Webhook,
    /// Splunk's event collector.
    Splunk,
    /// Splunk's event collector, with indexer acknowledgement.
    SplunkAck,
    /// A bulk API that answers for each event; see [`super::bulk`].
    Bulk,
}

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkFault {
    /// A status, with `Retry-After` in seconds if there is one. Nothing is applied.
    Status(u16, Option<u32>),
    /// The connection is reset. Nothing is applied.
    Reset,
    /// No answer. Nothing is applied.
    Timeout,
    /// It is applied, and the connection is reset.
    AppliedThenReset,
    /// It is applied, and no answer comes.
    AppliedThenTimeout,
}

/// What a bulk API says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemFault {
    /// Not now, so many times.
    Again(u32),
    /// Never.
    Refused,
}

/// What goes wrong at a sink.
#[derive(Clone, Debug, Default)]
pub struct SinkScript {
    /// By the number of the request, from 0.
    pub faults: BTreeMap<u32, SinkFault>,
    /// Every request of the runs before this one is answered with 503.
    pub down_for_runs: usize,
    /// Every request is answered with 503, and that never ends.
    pub down_for_ever: bool,
    /// More events in a request are 413.
    pub most_events: Option<usize>,
    /// A request with one of these is 400.
    pub poison: BTreeSet<u32>,
    /// Of single events; only a bulk API can tell them apart.
    pub items: BTreeMap<u32, ItemFault>,
    /// Keep every document.
    pub remember: bool,
}

impl SinkScript {
    /// Whether anything goes wrong.
    pub fn is_disturbed(&self) -> bool {
        !self.faults.is_empty()
            || self.down_for_runs > 0
            || self.down_for_ever
            || !self.poison.is_empty()
            || !self.items.is_empty()
    }
}

/// The server.
pub struct Receiver {
    kind: Kind,
    events: Rc<Events>,
    /// What goes wrong.
    pub script: SinkScript,
    requests: u32,
    /// Batches whose acknowledgement nobody has seen, by their number.
    unacknowledged: BTreeMap<u64, BTreeSet<u32>>,
    next_acknowledgement: u64,
}

/// What became of a request.
pub struct Taken {
    /// The answer.
    pub reply: Reply,
    /// Events that the server has now, and whether each came as it should.
    pub applied: Vec<(u32, bool)>,
    /// Whole documents, if the server remembers them.
    pub documents: Vec<Vec<u8>>,
    /// Whether the client cannot know that they were applied.
    pub unknown: bool,
    /// Events that were applied before, in batches whose acknowledgement the client has not seen.
    pub unacknowledged: u64,
}

impl Receiver {
    /// A server for sinks of a kind.
    pub const fn new(kind: Kind, events: Rc<Events>, script: SinkScript) -> Self {
        Self {
            kind,
            events,
            script,
            requests: 0,
            unacknowledged: BTreeMap::new(),
            next_acknowledgement: 1,
        }
    }

    /// A run was struck: that excuses the batch that it waited for already.
    pub fn forget_unacknowledged(&mut self) {
        self.unacknowledged.clear();
    }

    /// Answers a request of run number `run`.
    pub fn answer(&mut self, request: &HttpRequest, run: usize) -> Taken {
        if request.target.contains("/ack?") {
            return self.acknowledge(request);
        }
        let number = self.requests;
        self.requests += 1;
        let refused = |reply: Reply| Taken {
            reply,
            applied: Vec::new(),
            documents: Vec::new(),
            unknown: false,
            unacknowledged: 0,
        };
        if self.script.down_for_ever || run < self.script.down_for_runs {
            return refused(Reply::new(503, "down"));
        }
        let fault = self.script.faults.remove(&number);
        let fate = match fault {
            Some(SinkFault::Status(status, after)) => {
                let reply = Reply::new(status, "not now");
                return refused(match after {
                    Some(after) => reply.header("retry-after", after),
                    None => reply,
                });
            }
            Some(SinkFault::Reset) => return refused(Reply::none(Fate::Reset)),
            Some(SinkFault::Timeout) => return refused(Reply::none(Fate::TimedOut)),
            Some(SinkFault::AppliedThenReset) => Fate::Reset,
            Some(SinkFault::AppliedThenTimeout) => Fate::TimedOut,
            None => Fate::Answered,
        };
        let mut events = Vec::new();
        self.events.find_in(&request.body, |number, intact| {
            events.push((number, intact))
        });
        if self
            .script
            .most_events
            .is_some_and(|most| events.len() > most)
        {
            return refused(Reply::new(413, "too large"));
        }
        if events
            .iter()
            .any(|(number, _)| self.script.poison.contains(number))
        {
            return refused(self.poisoned());
        }
        let is_open = |number: &u32| {
            self.unacknowledged
                .values()
                .any(|batch| batch.contains(number))
        };
        let unacknowledged = events.iter().filter(|(number, _)| is_open(number)).count() as u64;
        let (applied, answer) = self.apply(events);
        let documents = if self.script.remember {
            let lines = request.body.split(|byte| *byte == b'\n');
            lines.map(<[u8]>::to_vec).collect()
        } else {
            Vec::new()
        };
        let unknown = fate != Fate::Answered && !applied.is_empty();
        Taken {
            reply: match fate {
                Fate::Answered => answer,
                lost => Reply::none(lost),
            },
            applied,
            documents,
            unknown,
            unacknowledged,
        }
    }

    fn poisoned(&self) -> Reply {
        match self.kind {
            Kind::Splunk | Kind::SplunkAck => {
                Reply::new(400, r#"{"text":"Invalid data format","code":6}"#)
            }
            Kind::Webhook | Kind::Bulk => Reply::new(400, "no"),
        }
    }

    fn apply(&mut self, events: Vec<(u32, bool)>) -> (Vec<(u32, bool)>, Reply) {
        match self.kind {
            Kind::Webhook => (events, Reply::new(200, "")),
            Kind::Splunk => (events, Reply::new(200, r#"{"text":"Success","code":0}"#)),
            Kind::SplunkAck => {
                let id = self.next_acknowledgement;
                self.next_acknowledgement += 1;
                let numbers = events.iter().map(|(number, _)| *number);
                self.unacknowledged.insert(id, numbers.collect());
                let answer = json!({ "text": "Success", "code": 0, "ackId": id });
                (events, Reply::new(200, answer.to_string()))
            }
            Kind::Bulk => {
                let (mut again, mut refused, mut applied) = (Vec::new(), Vec::new(), Vec::new());
                for (place, event) in events.into_iter().enumerate() {
                    match self.script.items.get_mut(&event.0) {
                        Some(ItemFault::Refused) => refused.push(place),
                        Some(ItemFault::Again(times)) if *times > 0 => {
                            *times -= 1;
                            again.push(place);
                        }
                        _ => applied.push(event),
                    }
                }
                let answer = json!({ "again": again, "refused": refused });
                (applied, Reply::new(200, answer.to_string()))
            }
        }
    }

    /// Now and then the answer is that it has to wait.
    fn acknowledge(&mut self, request: &HttpRequest) -> Taken {
        let asked: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let id = asked["acks"][0].as_u64().unwrap_or(0);
        let number = self.requests;
        self.requests += 1;
        let is_secured = number.is_multiple_of(2);
        if is_secured {
            self.unacknowledged.remove(&id);
        }
        let answer = json!({ "acks": { id.to_string(): is_secured } });
        Taken {
            reply: Reply::new(200, answer.to_string()),
            applied: Vec::new(),
            documents: Vec::new(),
            unknown: false,
            unacknowledged: 0,
        }
    }
}
