//! Events that a stream leaves out, and members that it leaves out of its documents.
//!
//! It is a wrapper around a schema that only streams with a filter have. A line that is no event is refused all the same: only
//! an event can be filtered.

mod config;
mod edits;
mod events;
mod glob;
pub(crate) mod json;
mod resolve;
mod tree;

pub use config::{AlternativeConfig, FilterConfig, Text, TruncateConfig};

use edgesiem_model::{DocumentForm, EventFacts, Gap, Schema, Unreadable};

use edits::Edits;
use events::Events;

/// A schema whose events and documents pass a filter. [`FilterConfig::resolve`] makes one.
///
/// An event is left out as a whole, before it is converted: its facts say [`EventFacts::filtered`], and nothing is written.
/// Of the others, each document loses what the filter drops and truncates. Documents about gaps pass as they are.
///
/// Time: one pass over the line to find the members of conditions, and for each name of a path that is there at most one more
/// over its value; the line is taken apart once more if a condition is about rules, headers or `custom`. One pass over each
/// document. Scratch memory is kept, and is a few times the longest event at most.
pub struct Filtered {
    schema: Box<dyn Schema>,
    events: Option<Events>,
    edits: Option<Edits>,
}

impl Filtered {
    fn left_out(&mut self, line: &[u8]) -> Result<Option<EventFacts>, Unreadable> {
        match &mut self.events {
            Some(events) => events.left_out(line),
            None => Ok(None),
        }
    }
}

impl Schema for Filtered {
    fn name(&self) -> &'static str {
        self.schema.name()
    }

    fn form(&self) -> DocumentForm {
        self.schema.form()
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        if let Some(facts) = self.left_out(line)? {
            return Ok(facts);
        }
        let start = out.len();
        let facts = self.schema.convert(line, out)?;
        if let Some(edits) = &mut self.edits {
            let end = &mut [out.len()];
            edits.apply(self.schema.form(), out, start, end);
        }
        Ok(facts)
    }

    fn convert_parts(
        &mut self,
        line: &[u8],
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<EventFacts, Unreadable> {
        if let Some(facts) = self.left_out(line)? {
            return Ok(facts);
        }
        let (start, first) = (out.len(), ends.len());
        let facts = self.schema.convert_parts(line, out, ends)?;
        if let Some(edits) = &mut self.edits {
            let ends = ends.get_mut(first..).unwrap_or(&mut []);
            edits.apply(self.schema.form(), out, start, ends);
        }
        Ok(facts)
    }

    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        self.schema.gap(line, gap, out);
    }
}
