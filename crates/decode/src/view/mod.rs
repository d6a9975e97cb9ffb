//! An event as schemas read it: one walk over the line, then each member by name.
//!
//! Nothing is copied but what was encoded. What no schema knows is there as well, so that it can be carried along.

mod custom;
mod event;
mod headers;
mod leftover;
mod member;
mod reader;
mod rules;
mod value;

pub use event::EventView;
pub(crate) use headers::Entry;
pub use headers::{Header, Headers};
pub use leftover::Leftover;
pub use member::{Member, Members, Section};
pub use reader::EventReader;
pub use rules::{Decoded, Rule, Rules};
pub(crate) use rules::{Span, Text};
pub use value::{Kind, Value};

use crate::scan::{self, Malformed, Scanner};

/// Where a value is in the line.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Of a string, behind the opening quote.
    start: usize,
    end: usize,
    kind: Kind,
}

impl Slot {
    /// The value that comes next, inside of `depth` arrays and objects.
    #[inline(always)]
    fn read(scanner: &mut Scanner<'_>, depth: u32) -> Result<Self, Malformed> {
        let start = scanner.at();
        let kind = match scanner.peek() {
            Some(b'"') => {
                scanner.take(b'"');
                return Self::text(scanner);
            }
            Some(b'{' | b'[') => Kind::Composite,
            Some(b'n') => Kind::Missing,
            Some(b't' | b'f') => Kind::Truth,
            _ => Kind::Number,
        };
        scanner.value(depth)?;
        Ok(Self {
            start,
            end: scanner.at(),
            kind,
        })
    }

    /// The string whose opening quote was just read.
    #[inline(always)]
    fn text(scanner: &mut Scanner<'_>) -> Result<Self, Malformed> {
        let scan::Text {
            start,
            end,
            escaped,
        } = scanner.string()?;
        let kind = if escaped {
            Kind::EscapedText
        } else {
            Kind::Text
        };
        Ok(Self { start, end, kind })
    }

    const fn length(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    fn value<'a>(&self, line: &'a [u8]) -> Value<'a> {
        Value::new(self.kind, line, self.start, self.end)
    }
}
