//! Events for Elastic's own Akamai integration, whose ingest pipeline does the mapping.

use edgesiem_decode::{Decoder, Writer, literal};
use edgesiem_model::{EventFacts, Gap, Schema, Unreadable};

use crate::date::Dates;
use crate::ecs;

/// What every document of the data stream says, up to the line: where it belongs (package `akamai`, data stream `siem`), and
/// that it was forwarded.
const OPENING: &[u8] =
    br#"{"data_stream":{"type":"logs","dataset":"akamai.siem"},"tags":["akamai-siem","forwarded""#;

/// The `elastic-integration` schema: the line as received in `message`, from where the pipeline
/// `logs-akamai.siem-VERSION` of the integration takes it; `@timestamp` is the event's, and missing if it has none.
///
/// The namespace is not in it: it is the data stream's, which the sink writes to.
#[derive(Debug, Default)]
pub struct ElasticIntegration {
    decoder: Decoder,
    dates: Dates,
    settings: ElasticIntegrationSettings,
}

/// What documents for the integration may have besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ElasticIntegrationSettings {
    /// Whether the pipeline should keep the line in `event.original` (its tag `preserve_original_event`).
    pub preserve_original_event: bool,
}

impl ElasticIntegration {
    pub(crate) const NAME: &str = "elastic-integration";

    /// With these settings.
    pub fn new(settings: ElasticIntegrationSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }
}

impl Schema for ElasticIntegration {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        let facts = self.decoder.check(line).map_err(crate::unreadable)?;
        let mut writer = Writer::new(out, line.len().saturating_mul(5) / 4);
        writer.copy(OPENING);
        if self.settings.preserve_original_event {
            writer.copy(b",\"preserve_original_event\"");
        }
        writer.byte(b']');
        if let Some(ms) = facts.start_ms.filter(|ms| Dates::fits(*ms)) {
            writer.literal(const { &literal(b",\"@timestamp\":\"") });
            self.dates.write(ms, &mut writer);
            writer.byte(b'"');
        }
        writer.literal(const { &literal(b",\"message\":\"") });
        writer.escaped(line);
        writer.literal(const { &literal(b"\"}") });
        writer.finish();
        Ok(crate::facts(facts))
    }

    /// The `ecs` form of it, for the same data stream. It is no event of Akamai's, so that the pipeline marks it as an error,
    /// which a gap is.
    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, 1024);
        writer.copy(OPENING);
        writer.byte(b']');
        let start = writer.len();
        ecs::gap(line, gap, &mut self.dates, &mut writer);
        // Two objects become one.
        writer.patch(start, b',');
        writer.finish();
    }
}
