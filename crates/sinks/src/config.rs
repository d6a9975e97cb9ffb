//! What the configurations of all sinks have in common.

use std::fmt;

use edgesiem_model::{BatchLimits, Check, Embedding, Error, SecretRef, Sink, Surroundings};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::about::About;
use crate::check::SinkCheck as _;

/// What a user writes about a sink of some kind, apart from the [`Common`] keys.
pub trait SinkConfig: DeserializeOwned + Described {
    /// What documentation says of it.
    const ABOUT: About;
    /// What the receiver takes in one request.
    const SIZE: Size;

    /// Checks all of it. Problems go to `check`, each with the path of its key.
    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>>;

    /// The sink `name`, ready to use.
    ///
    /// # Errors
    /// Every problem, each with the path of its key within the sink's table.
    fn resolve(
        &self,
        name: &str,
        common: &Common,
        around: Surroundings<'_>,
    ) -> Result<Box<dyn Sink>, Vec<Error>> {
        let mut check = Check::new(around);
        let sink = self.checked(name, common, &mut check);
        check.finish(sink)
    }
}

/// A configuration whose keys can be listed in documentation.
#[cfg(feature = "docs")]
pub trait Described: schemars::JsonSchema {}
#[cfg(feature = "docs")]
impl<T: schemars::JsonSchema> Described for T {}

/// A configuration whose keys can be listed in documentation, with the feature `docs`.
#[cfg(not(feature = "docs"))]
pub trait Described {}
#[cfg(not(feature = "docs"))]
impl<T> Described for T {}

/// A text that stands in the configuration or is kept by the host as a secret.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "it is a string or { secret = \"NAME\" }")]
pub enum PlainOrSecret {
    /// As it stands.
    Plain(String),
    /// Kept by the host.
    Secret(SecretRef),
}

impl fmt::Debug for PlainOrSecret {
    /// Some texts that stand in a configuration are credentials all the same, such as the paths of webhooks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("***"),
            Self::Secret(reference) => reference.fmt(f),
        }
    }
}

/// Keys that the table of every sink may have.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Common {
    /// Most events in one request.
    pub max_batch_events: Option<usize>,
    /// Most bytes of one request, before compression.
    pub max_batch_bytes: Option<usize>,
    /// Most seconds that one request may take, 1 to 600; 30 if it is not set.
    pub timeout_s: Option<u64>,
    /// Compress requests: it costs CPU time and saves traffic.
    pub gzip: bool,
}

impl Common {
    /// Their names.
    pub const KEYS: &'static [&'static str] =
        &["max_batch_events", "max_batch_bytes", "timeout_s", "gzip"];
}

/// What a receiver takes in one request, and what is asked of it unless the configuration says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Events of a request unless the configuration says otherwise.
    pub default_events: usize,
    /// Most events that the configuration may ask for.
    pub ceiling_events: usize,
    /// Bytes of a request unless the configuration says otherwise.
    pub default_bytes: usize,
    /// Most bytes that the configuration may ask for.
    pub ceiling_bytes: usize,
    /// See [`BatchLimits::max_event_bytes`].
    pub max_event_bytes: usize,
    /// See [`BatchLimits::embedding`].
    pub embedding: Embedding,
    /// See [`BatchLimits::max_answer_bytes`].
    pub max_answer_bytes: usize,
}

impl Size {
    /// No limits but memory's, documents copied as they are, 1000 events and 900,000 bytes unless the configuration says
    /// otherwise, which every known receiver of logs takes.
    pub const ANY: Self = Self {
        default_events: 1000,
        ceiling_events: 1_000_000,
        default_bytes: 900_000,
        ceiling_bytes: 100_000_000,
        max_event_bytes: usize::MAX,
        embedding: Embedding::Verbatim,
        max_answer_bytes: BatchLimits::ANSWER_BYTES,
    };
}

impl Common {
    /// The limits of a receiver of this `size`, as far as the configuration narrows them; what the envelope adds is the
    /// sink's to say.
    pub(crate) fn limits(&self, size: &Size, check: &mut Check<'_>) -> BatchLimits {
        let mut number = |key, value: Option<usize>, default: usize, low: u64, high: usize| {
            let value = value.map(|value| value as u64);
            let number = check.number(key, value, default as u64, low..=high as u64);
            usize::try_from(number).unwrap_or(usize::MAX)
        };
        let max_events = number(
            "max_batch_events",
            self.max_batch_events,
            size.default_events,
            1,
            size.ceiling_events,
        );
        let max_bytes = number(
            "max_batch_bytes",
            self.max_batch_bytes,
            size.default_bytes,
            1024,
            size.ceiling_bytes,
        );
        BatchLimits {
            max_event_bytes: size.max_event_bytes,
            embedding: size.embedding,
            max_answer_bytes: size.max_answer_bytes,
            ..BatchLimits::new(max_events, max_bytes)
        }
    }

    /// How long a request may take, in milliseconds.
    pub(crate) fn timeout_ms(&self, check: &mut Check<'_>) -> u32 {
        check.timeout_ms(self.timeout_s)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use edgesiem_model::{InsecureLoopback, Scheme, Secret, Sink, Surroundings};

    use super::{Common, SinkConfig};

    /// The sink of a configuration in which every secret has this value.
    pub(crate) fn built(config: &impl SinkConfig, secret: &str) -> Box<dyn Sink> {
        let around = Surroundings {
            secrets: &|_| Some(Secret::new(secret.to_owned())),
            insecure: InsecureLoopback::Refuse,
            places: &[Scheme::R2, Scheme::File, Scheme::Stdout],
        };
        config
            .resolve("sink", &Common::default(), around)
            .unwrap_or_else(|problems| panic!("{problems:?}"))
    }
}
