//! How an event is written for a sink.

use std::fmt;

use crate::{Gap, Timestamp};

/// What a schema learned about an event while it converted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventFacts {
    /// When it happened.
    pub time: Option<Timestamp>,
    /// How many of its values were kept as they came because they could not be decoded.
    pub undecoded: u32,
    /// The stream's filter leaves it out: there is no document.
    pub filtered: bool,
}

/// What a schema's documents are, as far as a sink must know to put them into a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DocumentForm {
    /// A JSON object in one line.
    #[default]
    Json,
    /// A line of text of another kind, such as CEF.
    Text,
    /// A JSON object in one line that is an OpenTelemetry `LogRecord` in the JSON encoding of OTLP.
    OtlpLogRecord,
}

impl DocumentForm {
    /// Whether a document is a JSON object.
    pub const fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::OtlpLogRecord)
    }
}

/// A line that is not an event. It goes to the dead letters whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Why, in words.
    pub reason: &'static str,
    /// Byte of the line at which reading stopped, from 0.
    pub at: usize,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.at)
    }
}

impl std::error::Error for Unreadable {}

/// Writes events as documents. It keeps scratch memory between events, hence `&mut`.
pub trait Schema {
    /// Name in the configuration.
    fn name(&self) -> &'static str;

    /// What its documents are.
    fn form(&self) -> DocumentForm {
        DocumentForm::Json
    }

    /// Appends the document of the event `line` to `out`.
    ///
    /// # Errors
    /// [`Unreadable`] if the line is not one complete, valid event. `out` may then hold a beginning that
    /// the caller must cut off.
    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable>;

    /// Appends one document or several of the event `line` to `out`, and where each ends in it to `ends`. Only schemas
    /// that were asked to write a document for each rule give more than one; none is given only if the facts
    /// say that the event is filtered.
    ///
    /// # Errors
    /// As [`Schema::convert`]; what `out` and `ends` got is then to be cut off.
    fn convert_parts(
        &mut self,
        line: &[u8],
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<EventFacts, Unreadable> {
        let facts = self.convert(line, out)?;
        if !facts.filtered {
            ends.push(out.len());
        }
        Ok(facts)
    }

    /// Appends a document that says that events may be missing, for streams that tell their sinks of gaps.
    /// It is a [`Gap`] as one line of JSON unless the schema has a form of its own for it.
    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        let _ = gap;
        out.extend_from_slice(line);
    }
}
