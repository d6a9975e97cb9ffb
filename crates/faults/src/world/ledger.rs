//! Who got what how often: the servers' side of the books, which no run can write.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use edgesiem_model::DeadLetter;

use super::events::Events;

/// What one sink's server has taken.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// How often each event was applied.
    pub times: Vec<u32>,
    /// Applied requests with at least one event that had been applied before.
    pub repeated_batches: u64,
    /// Events that did not come as they should.
    pub altered: u64,
    /// How often each document was applied, if the sink remembers them.
    pub documents: BTreeMap<Vec<u8>, u32>,
    /// Events that may come twice, because a fault left it open whether they had arrived.
    pub allowed: u64,
}

impl Received {
    /// Deliveries of events beyond the first.
    pub fn repeated(&self) -> u64 {
        let beyond = |times: &u32| u64::from(times.saturating_sub(1));
        if self.documents.is_empty() {
            self.times.iter().map(beyond).sum()
        } else {
            self.documents.values().map(beyond).sum()
        }
    }
}

/// All of it.
pub struct Ledger {
    events: Rc<Events>,
    /// By sink, in the order of the stream.
    pub sinks: Vec<Received>,
    names: Vec<String>,
    letters: BTreeSet<(Option<usize>, u32)>,
    foreign: BTreeMap<Vec<u8>, Option<usize>>,
}

impl Ledger {
    /// Nobody has anything.
    pub fn new(events: Rc<Events>, count: usize, names: Vec<String>) -> Self {
        let received = Received {
            times: vec![0; count],
            ..Received::default()
        };
        Self {
            events,
            sinks: vec![received; names.len()],
            names,
            letters: BTreeSet::new(),
            foreign: BTreeMap::new(),
        }
    }

    /// A sink's server takes a request.
    pub fn apply(&mut self, sink: usize, events: &[(u32, bool)]) {
        let received = &mut self.sinks[sink];
        let mut is_repeated = false;
        for (number, intact) in events {
            received.altered += u64::from(!intact);
            let Some(times) = received.times.get_mut(*number as usize) else {
                received.altered += 1;
                continue;
            };
            is_repeated |= *times > 0;
            *times += 1;
        }
        received.repeated_batches += u64::from(is_repeated);
    }

    /// A sink's server remembers what it took.
    pub fn remember(&mut self, sink: usize, documents: Vec<Vec<u8>>) {
        for document in documents {
            *self.sinks[sink].documents.entry(document).or_default() += 1;
        }
    }

    /// A dead letter is safe.
    pub fn keep(&mut self, letter: &DeadLetter) {
        let sink = letter
            .sink
            .as_ref()
            .and_then(|name| self.names.iter().position(|known| known == name));
        match self.events.number_of(&letter.raw) {
            Some(number) => {
                self.letters.insert((sink, number));
            }
            None => {
                self.foreign.insert(letter.raw.clone(), sink);
            }
        }
    }

    /// Dead letters of events of the source.
    pub fn letters(&self) -> usize {
        self.letters.len()
    }

    /// Whether an event is in the sink's care or a dead letter.
    pub fn is_safe(&self, sink: usize, number: u32) -> bool {
        let received = &self.sinks[sink];
        let has = if received.documents.is_empty() {
            received.times[number as usize] > 0
        } else {
            received.documents.contains_key(self.events.line(number))
        };
        has || self.letters.contains(&(None, number))
            || self.letters.contains(&(Some(sink), number))
    }

    /// Whether a line that is no event of the source is in the sink's care or a dead letter.
    pub fn is_safe_as(&self, sink: usize, line: &[u8]) -> bool {
        let letter = self.foreign.get(line);
        self.sinks[sink].documents.contains_key(line)
            || letter.is_some_and(|of| of.is_none() || *of == Some(sink))
    }
}
