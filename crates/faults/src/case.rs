//! One schedule: what the world is like and what goes wrong in it.

use std::collections::BTreeMap;

use edgesiem_model::Budget;

use crate::executor::{Order, Run};
use crate::mutants::Mutant;
use crate::world::fault::SourceFault;
use crate::world::receiver::{Kind, SinkScript};
use crate::world::trend_micro::setting::Setting;

/// Which store and which rules of single flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// One object per stream, its state in SQLite.
    DurableObject,
    /// A key-value namespace without compare-and-swap.
    Kv,
    /// A folder that one process has for itself, as the command has it.
    Folder,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DurableObject, Self::Kv, Self::Folder];

    /// Name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DurableObject => "durable-object",
            Self::Kv => "kv",
            Self::Folder => "folder",
        }
    }

    /// Whether its store promises that a run that is killed repeats at most one batch per sink, and that its books balance.
    pub const fn is_exact(self) -> bool {
        !matches!(self, Self::Kv)
    }
}

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// The `decoded` schema.
    Decoded,
    /// The `raw` schema.
    Raw,
}

impl Written {
    /// Name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decoded => "decoded",
            Self::Raw => "raw",
        }
    }
}

/// A sink of the stream.
#[derive(Clone, Debug)]
pub struct SinkCase {
    /// Its kind.
    pub kind: Kind,
    /// Whether the checkpoint waits for it.
    pub required: bool,
    /// What goes wrong at its server.
    pub script: SinkScript,
}

impl SinkCase {
    /// A required sink at which nothing goes wrong.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            required: true,
            script: SinkScript::default(),
        }
    }
}

/// What happens to a run at one of its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// It is killed.
    Kill,
    /// It goes on, and another run begins that knows nothing of it: an object that is started anew elsewhere, or a
    /// lease that is not seen.
    Beside,
}

/// How old a read of a key-value namespace may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// Every read is of the newest version.
    None,
    /// So many reads of a thousand are of any older version.
    Random(u64),
    /// The read with this number (from 0) is of the version so many before the newest, or of no version at all.
    One(u32, usize),
}

/// A schedule.
#[derive(Clone, Debug)]
pub struct Case {
    /// The store.
    pub profile: Profile,
    /// The schema.
    pub written: Written,
    /// Sinks, in the order of the stream.
    pub sinks: Vec<SinkCase>,
    /// The source is Trend Micro's, with this server, and not Akamai's.
    pub trend_micro: Option<Setting>,
    /// Events that the source will ever have.
    pub events: u32,
    /// Those of them that are there at the start.
    pub available: u32,
    /// Page size.
    pub limit: u32,
    /// Least page size.
    pub min_limit: u32,
    /// Most events in a batch.
    pub batch_events: usize,
    /// Attempts at one request within a run.
    pub max_attempts: u32,
    /// Dead letters that the store keeps.
    pub max_stored_dead_letters: u64,
    /// The operator takes all dead letters out of the store after the runs with these numbers, counted by ticks.
    pub emptied_after: Vec<u32>,
    /// What goes wrong with page requests, by their number.
    pub source_faults: BTreeMap<u32, Vec<SourceFault>>,
    /// Events that are stored once so many page requests were answered.
    pub arrivals: BTreeMap<u32, u32>,
    /// What happens to a run when it has passed so many points.
    pub blows: Vec<(Run, u32, Blow)>,
    /// Runs that are begun at once, by tick; one where none is given.
    pub at_once: Vec<usize>,
    /// In which order points pass.
    pub order: Order,
    /// Of reads of the key-value namespace.
    pub staleness: Staleness,
    /// The host's clock minus the server's.
    pub host_clock_off_s: i64,
    /// When a run ends by itself.
    pub budget: Budget,
    /// The host ends a run when it has asked so often.
    pub must_end_after: Option<u32>,
    /// For what the runs themselves draw.
    pub seed: u64,
    /// Something is broken on purpose.
    pub mutant: Option<Mutant>,
}

impl Case {
    /// Two required sinks, one page that needs three batches for each, and nothing that goes wrong.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            written: Written::Decoded,
            sinks: vec![SinkCase::new(Kind::Webhook), SinkCase::new(Kind::Splunk)],
            trend_micro: None,
            events: 6,
            available: 6,
            limit: 10,
            min_limit: 1,
            batch_events: 2,
            max_attempts: 3,
            max_stored_dead_letters: 1000,
            emptied_after: Vec::new(),
            source_faults: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            blows: Vec::new(),
            at_once: Vec::new(),
            order: Order::Fifo,
            staleness: Staleness::None,
            host_clock_off_s: 0,
            budget: Budget::default(),
            must_end_after: None,
            seed: 1,
            mutant: None,
        }
    }

    /// Whether anything goes wrong that is not the source's doing.
    pub fn is_disturbed(&self) -> bool {
        let sinks = self.sinks.iter();
        !self.blows.is_empty()
            || !self.at_once.is_empty()
            || self.must_end_after.is_some()
            || self.budget != Budget::default()
            || sinks.map(|sink| &sink.script).any(SinkScript::is_disturbed)
    }

    /// So many events from the start.
    pub fn events(mut self, events: u32) -> Self {
        (self.events, self.available) = (events, events);
        self
    }

    /// With Trend Micro's server.
    pub fn trend_micro(mut self, setting: Setting) -> Self {
        (self.events, self.available) = (setting.logs.len() as u32, setting.logs.len() as u32);
        self.trend_micro = Some(setting);
        self
    }

    /// With a blow.
    pub fn blow(mut self, run: Run, point: u32, blow: Blow) -> Self {
        self.blows.push((run, point, blow));
        self
    }

    /// With a fault of one page request.
    pub fn source_fault(mut self, request: u32, fault: SourceFault) -> Self {
        self.source_faults.entry(request).or_default().push(fault);
        self
    }
}
