//! What Trend Micro's server is like, where the documents leave it open, and what it will ever have to say.

/// Host name of the server.
pub const CAS: &str = "cas.test";
/// The token that it takes.
pub const TOKEN: &str = "simulated";
/// Path of the current documents.
pub const CURRENT: &str = "/v1/siem/security_events";
/// Path of the older ones.
pub const LEGACY: &str = "/siem/v1/security_events";

/// Services of the current documents.
pub const SERVICES: &[&str] = &[
    "exchange",
    "sharepoint",
    "onedrive",
    "dropbox",
    "box",
    "googledrive",
    "gmail",
    "teams",
    "exchangeserver",
    "salesforce_sandbox",
    "salesforce_production",
    "teams_chat",
];
/// Event types of the current documents.
pub const EVENTS: &[&str] = &["securityrisk", "virtualanalyzer", "ransomware", "dlp"];

/// When an event is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So many milliseconds after the world began.
    At(i64),
    /// So many milliseconds after the end of a window that is asked for, the first one for which none has been generated
    /// so yet: the instants at which a boundary shows. Never more than half a minute.
    WindowEnd(i64),
}

/// An event that will be generated.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// Which of the combinations that are asked for, by its number.
    pub combination: usize,
    /// When it is generated.
    pub when: When,
    /// Nobody can see it for so long after.
    pub late_ms: u64,
}

/// How members of a body are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `security_events`, with the time of the last event of the page.
    Snake,
    /// `securityEvents`, as in the older documents: there is no such time.
    Camel,
}

/// How the end of a window is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLink {
    /// `""`
    Empty,
    /// `null`
    Null,
    /// `"null"`
    NullText,
    /// No member.
    Absent,
}

/// Whether an event of a window's very end is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It is.
    Included,
    /// It is not.
    Excluded,
}

/// In which order events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sorted {
    /// As they were generated.
    OldestFirst,
    /// The other way round. The documents do not say that it is not so.
    NewestFirst,
}

/// To what times of events are cut off in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Not at all.
    Millis,
    /// To whole seconds.
    Seconds,
}

/// Who is not there for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The server: every answer is 503.
    Server,
    /// The client: no run is begun.
    Client,
}

/// A while in which nothing can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Who is missing.
    pub who: Missing,
    /// From when on, in milliseconds after the world began.
    pub from_ms: u64,
    /// How long.
    pub millis: u64,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// So many of [`SERVICES`] are asked for,
    pub services: usize,
    /// and so many of [`EVENTS`] of each.
    pub types: usize,
    /// Events that will ever be generated.
    pub logs: Vec<Log>,
    /// How bodies are written.
    pub form: Form,
    /// How the end of a window is said.
    pub no_link: NoLink,
    /// Whether the end of a window is in it.
    pub ends: Ends,
    /// In which order events come.
    pub sorted: Sorted,
    /// How exact times are.
    pub clock: Clock,
    /// Whether the path is that of the older documents.
    pub is_legacy: bool,
    /// How long a link leads to its page.
    pub link_ms: u64,
    /// The status once it does not.
    pub gone: u16,
    /// Requests that are answered in any minute.
    pub per_minute: usize,
    /// Requests that are answered in any 24 hours, if the configuration says so too.
    pub per_day: Option<usize>,
    /// How far back a new stream begins.
    pub lookback_s: u64,
    /// A while in which nothing can be read.
    pub outage: Option<Outage>,
    /// Whether answers tell the server's time.
    pub has_date: bool,
}

impl Setting {
    /// The current documents' server, asked for so many services and event types, and no events.
    pub const fn new(services: usize, types: usize) -> Self {
        Self {
            services,
            types,
            logs: Vec::new(),
            form: Form::Snake,
            no_link: NoLink::Empty,
            ends: Ends::Included,
            sorted: Sorted::OldestFirst,
            clock: Clock::Millis,
            is_legacy: false,
            link_ms: 600_000,
            gone: 400,
            per_minute: 10,
            per_day: None,
            lookback_s: 86_400,
            outage: None,
            has_date: true,
        }
    }

    /// Combinations that are asked for.
    pub const fn combinations(&self) -> usize {
        self.services * self.types
    }

    /// Service and event type of a combination, by their places.
    pub const fn names(&self, combination: usize) -> (usize, usize) {
        (combination / self.types, combination % self.types)
    }

    /// With another event, which everybody can see as soon as it is generated.
    pub fn add(&mut self, combination: usize, when: When) {
        self.logs.push(Log {
            combination,
            when,
            late_ms: 0,
        });
    }

    /// Until when anything happens by itself, in milliseconds after the world began.
    pub fn lasts_ms(&self) -> u64 {
        let last = self.logs.iter().map(|log| match log.when {
            When::At(at) => u64::try_from(at).unwrap_or(0) + log.late_ms,
            When::WindowEnd(_) => 0,
        });
        let outage = self.outage.map(|outage| outage.from_ms + outage.millis);
        last.chain(outage).max().unwrap_or(0)
    }
}
