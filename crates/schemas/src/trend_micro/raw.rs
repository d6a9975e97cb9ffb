//! The event as received, in one line.

use edgesiem_model::{EventFacts, Schema, Unreadable};

use super::event::Event;

/// The `raw` schema. Line breaks, which in an event stand between tokens only, are spaces.
#[derive(Debug)]
pub(super) struct Raw;

impl Schema for Raw {
    fn name(&self) -> &'static str {
        crate::raw::NAME
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        let event = Event::read(line)?;
        one_line(line, out);
        Ok(EventFacts {
            undecoded: 0,
            ..event.facts()
        })
    }
}

/// Appends valid JSON without its line breaks.
pub(super) fn one_line(json: &[u8], out: &mut Vec<u8>) {
    let plain = |byte: &u8| {
        if matches!(byte, b'\n' | b'\r') {
            b' '
        } else {
            *byte
        }
    };
    out.extend(json.iter().map(plain));
}
