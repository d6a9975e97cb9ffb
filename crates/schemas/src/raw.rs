//! The event as received, once it is known to be one: it becomes a part of request bodies, so half an object or a broken string
//! would spoil its neighbours.

use edgesiem_decode::Decoder;
use edgesiem_model::{EventFacts, Schema, Unreadable};

pub(crate) const NAME: &str = "raw";

/// The `raw` schema; [`Decoder::copy`] says what is accepted.
#[derive(Debug, Default)]
pub struct Raw(Decoder);

impl Schema for Raw {
    fn name(&self) -> &'static str {
        NAME
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        self.0
            .copy(line, out)
            .map(crate::facts)
            .map_err(crate::unreadable)
    }
}
