//! Headers of an event, as `crate::headers` takes them apart.

use super::rules::{Decoded, Span};

/// A line of a request's or response's headers.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// What is before the first colon; `None` if there is no colon.
    pub name: Option<Decoded<'a>>,
    /// What is behind it, or the whole line. A folded line has its line feeds still.
    pub value: Decoded<'a>,
}

/// The headers of a request or a response, in its order.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    pub(crate) entries: &'a [Entry],
    /// What they are parts of.
    pub(crate) text: &'a [u8],
}

impl<'a> Headers<'a> {
    /// How many lines, folded ones as one.
    pub const fn len(self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.entries.is_empty()
    }

    /// The line `number`, from 0.
    #[inline]
    pub fn get(self, number: usize) -> Option<Header<'a>> {
        self.entries.get(number).map(|entry| entry.of(self.text))
    }

    /// All of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Header<'a>> + Clone + use<'a> {
        let text = self.text;
        self.entries.iter().map(move |entry| entry.of(text))
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub name: Span,
    pub value: Span,
}

impl Entry {
    pub fn of(self, text: &[u8]) -> Header<'_> {
        Header {
            name: self.name.present.then(|| self.name.of(text)),
            value: self.value.of(text),
        }
    }
}
