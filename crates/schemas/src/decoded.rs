//! Akamai's event with its encoded values decoded, and all else byte for byte.

use edgesiem_decode::Decoder;
use edgesiem_model::{EventFacts, Schema, Unreadable};

pub(crate) const NAME: &str = "decoded";

/// The `decoded` schema; [`Decoder::decode`] says what changes.
#[derive(Debug, Default)]
pub struct Decoded(Decoder);

impl Schema for Decoded {
    fn name(&self) -> &'static str {
        NAME
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        self.0
            .decode(line, out)
            .map(crate::facts)
            .map_err(crate::unreadable)
    }
}
