//! From a line to one document, or to one for each of its rules.

use edgesiem_decode::{EventReader, EventView, Rule};
use edgesiem_model::{DocumentForm, EventFacts, Gap, Schema, Unreadable};

/// Documents of one event, by rule, have at most this many bytes together. The headers and the rest of the event are in each
/// of them, so that 10,000 rules could make 20 GB of 2 MiB. An event that would exceed this gives one document.
const MAX_EXPANDED_BYTES: usize = 4 << 20;

/// Which rules of an event a document has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleChoice {
    /// All of them.
    All,
    /// The one with this number, from 0.
    One(usize),
}

impl RuleChoice {
    /// The rules of `event` that are chosen, with their numbers.
    pub(crate) fn of<'a>(
        self,
        event: &EventView<'a>,
    ) -> impl Iterator<Item = (usize, Rule<'a>)> + Clone + use<'a> {
        let (skip, most) = match self {
            Self::All => (0, usize::MAX),
            Self::One(number) => (number, 1),
        };
        event.rules().iter().enumerate().skip(skip).take(most)
    }

    /// Number of the first chosen rule of `event`, and how many there are.
    pub(crate) fn range(self, event: &EventView<'_>) -> (usize, usize) {
        let count = event.rules().len();
        match self {
            Self::All => (0, count),
            Self::One(number) => (number, count.saturating_sub(number).min(1)),
        }
    }
}

/// Writes an event that was taken apart as a document.
pub trait EventWriter {
    /// Name of the schema in the configuration.
    const NAME: &'static str;
    /// What its documents are.
    const FORM: DocumentForm = DocumentForm::Json;

    /// Appends the document of `event` with these of its rules.
    fn write(&mut self, event: &EventView<'_>, rules: RuleChoice, out: &mut Vec<u8>);

    /// Appends a document that says that events may be missing; see [`Schema::gap`].
    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>);
}

/// A schema that takes each event apart once.
#[derive(Debug, Default)]
pub struct Converter<W> {
    reader: EventReader,
    writer: W,
    /// A document for each rule.
    expand_rules: bool,
}

impl<W: EventWriter> Converter<W> {
    /// Writes with `writer`.
    pub fn new(writer: W) -> Self {
        Self {
            reader: EventReader::default(),
            writer,
            expand_rules: false,
        }
    }

    /// Gives a document for each rule of an event where [`Schema::convert_parts`] is called.
    #[must_use]
    pub fn expanding_rules(self, expand_rules: bool) -> Self {
        Self {
            expand_rules,
            ..self
        }
    }

    /// Appends a document for each rule of the event `line` to `out`, and where each ends to `ends`. An event without rules
    /// gives one document, and so does one whose documents would have more than 4 MiB together: it has all rules.
    ///
    /// # Errors
    /// [`Unreadable`] if the line is not one complete, valid event.
    pub fn convert_rules(
        &mut self,
        line: &[u8],
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<EventFacts, Unreadable> {
        let event = self.reader.read(line).map_err(crate::unreadable)?;
        let (start, first_end) = (out.len(), ends.len());
        for number in 0..event.rules().len() {
            self.writer.write(&event, RuleChoice::One(number), out);
            ends.push(out.len());
            if out.len().saturating_sub(start) > MAX_EXPANDED_BYTES {
                out.truncate(start);
                ends.truncate(first_end);
                break;
            }
        }
        if ends.len() == first_end {
            self.writer.write(&event, RuleChoice::All, out);
            ends.push(out.len());
        }
        Ok(crate::facts(event.facts()))
    }
}

impl<W: EventWriter> Schema for Converter<W> {
    fn name(&self) -> &'static str {
        W::NAME
    }

    fn form(&self) -> DocumentForm {
        W::FORM
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        let event = self.reader.read(line).map_err(crate::unreadable)?;
        self.writer.write(&event, RuleChoice::All, out);
        Ok(crate::facts(event.facts()))
    }

    fn convert_parts(
        &mut self,
        line: &[u8],
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<EventFacts, Unreadable> {
        if self.expand_rules {
            return self.convert_rules(line, out, ends);
        }
        let facts = self.convert(line, out)?;
        ends.push(out.len());
        Ok(facts)
    }

    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        self.writer.gap(line, gap, out);
    }
}
