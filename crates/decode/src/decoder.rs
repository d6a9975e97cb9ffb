//! From a line to a document.

use crate::custom;
use crate::headers;
use crate::rules::Cursors;
use crate::scan::Malformed;
use crate::view::{Entry, Value};
use crate::walk::{Edit, Found, Target, walk};
use crate::writer::{Kept, Writer, literal};

/// Most rules and header lines, together, that are taken apart in one event. A separator of one byte becomes up to twenty of
/// document, so without this bound a line of separators could use up the memory. It holds for the event and not for a value,
/// because members may come any number of times. Real events have a few dozen.
///
/// What an item adds beside its own text are names, quotes and brackets: less than 300 bytes, so 3 MB an event at most.
pub const MAX_ITEMS: usize = 10_000;

/// What was learned about an event while it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `httpMessage.start` in milliseconds since the epoch; the field has seconds, as a string or a number.
    pub start_ms: Option<u64>,
    /// How many pieces were kept as they came: rule items that are not base64, header lines without a colon, and whole values
    /// with more rules or header lines than those before them left of [`MAX_ITEMS`].
    pub undecoded: u32,
}

/// Memory that is used again for the next event, at most a few times the longest event.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub text: Vec<u8>,
    pub item: Vec<u8>,
    pub bytes: Vec<u8>,
    /// Values of strings with escapes.
    pub unescaped: Vec<u8>,
    /// Base64 without white space.
    pub characters: Vec<u8>,
    /// Headers, and what they are parts of.
    pub headers: Vec<Entry>,
    pub decoded: Kept,
}

/// Reads events one at a time, and keeps scratch memory between them.
///
/// A line must be one JSON object, complete and valid (RFC 8259, at most 127 arrays and objects inside of each other), because
/// it becomes a part of request bodies. Any object is an event, except one that
/// [`parse_context`](crate::parse_context) accepts: the caller took the end of the page off, so this one got lost among the
/// events, and is refused rather than passed on.
///
/// Half a surrogate pair (`"\ud83d"`) is valid JSON; it stays in values that are not decoded, and becomes U+FFFD in those that
/// are. A line feed between tokens, which a line cannot have, becomes a space.
#[derive(Debug, Default)]
pub struct Decoder {
    edits: Vec<Edit>,
    scratch: Scratch,
}

impl Decoder {
    /// Ready to read.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the event with its encoded values decoded. All else is copied byte for byte, in its order.
    ///
    /// - The rule facets of `attackData` ([`Facet`](crate::Facet)) become one member `rules` in the place of the first of
    ///   them; see [`decode_rules`](crate::decode_rules). A facet that goes takes with it the white space and the comma before
    ///   it. If any of them is not a string, such as a list of decoded rules, all stay as they are.
    /// - `httpMessage.requestHeaders` and `responseHeaders` become lists; see [`decode_headers`](crate::decode_headers).
    /// - A string in `custom`, at any depth, is replaced if it is, percent-decoded, canonical base64 of text that is not empty
    ///   and has no control characters but tab and line breaks.
    ///
    /// Of members with the same name, as for `JSON.parse`, the last one counts: of a facet, of `start` and of `offset`.
    /// Each `attackData`, `httpMessage`, `custom` and header string is rewritten where it stands, as long as all rules and
    /// header lines of the event are at most [`MAX_ITEMS`]. A value that would exceed them stays as it came.
    ///
    /// # Errors
    /// [`Malformed`] if the line is not an event; `out` is then as before.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// let line = br#"{"attackData":{"rules":"OTUwMDAy","ruleData":"tA"},"version":1.0}"#;
    /// edgesiem_decode::Decoder::new().decode(line, &mut out).unwrap();
    /// let document = "{\"attackData\":{\"rules\":[{\"rule\":\"950002\",\"ruleData\":\"\u{fffd}\",\"ruleDataBase64\":\"tA==\"}]},\"version\":1.0}";
    /// assert_eq!(String::from_utf8(out).unwrap(), document);
    /// ```
    pub fn decode(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<Facts, Malformed> {
        let found = self.walk(line)?;
        let start = out.len();
        let mut writer = Writer::new(out, line.len());
        let mut rewrite = Rewrite {
            line,
            copied: 0,
            undecoded: 0,
            items_left: MAX_ITEMS,
            writer: &mut writer,
            scratch: &mut self.scratch,
        };
        let mut edits = self.edits.as_slice();
        while let Some((edit, rest)) = edits.split_first() {
            edits = match edit.target {
                Target::Facet(_, group) => {
                    let same = |other: &&Edit| matches!(other.target, Target::Facet(_, number) if number == group);
                    let (facets, rest) = edits.split_at(edits.iter().take_while(same).count());
                    rewrite.rules(facets);
                    rest
                }
                Target::Headers => {
                    rewrite.headers(edit);
                    rest
                }
                Target::Custom => {
                    rewrite.custom(edit);
                    rest
                }
            };
        }
        rewrite.copy_to(line.len());
        let facts = Facts {
            start_ms: found.start_ms,
            undecoded: rewrite.undecoded,
        };
        writer.finish();
        one_line(&found, out.get_mut(start..));
        Ok(facts)
    }

    /// Validates the event, and decodes nothing: [`Facts::undecoded`] is 0.
    ///
    /// # Errors
    /// [`Malformed`] if the line is not an event.
    pub fn check(&mut self, line: &[u8]) -> Result<Facts, Malformed> {
        let found = self.walk(line)?;
        Ok(Facts {
            start_ms: found.start_ms,
            undecoded: 0,
        })
    }

    /// Like [`Decoder::check`], and appends the event as it is.
    ///
    /// # Errors
    /// [`Malformed`] if the line is not an event; `out` is then as before.
    pub fn copy(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<Facts, Malformed> {
        let found = self.walk(line)?;
        let start = out.len();
        out.extend_from_slice(line);
        one_line(&found, out.get_mut(start..));
        Ok(Facts {
            start_ms: found.start_ms,
            undecoded: 0,
        })
    }

    fn walk(&mut self, line: &[u8]) -> Result<Found, Malformed> {
        let found = walk(line, &mut self.edits)?;
        match found.context {
            Some(at) => Err(Malformed {
                reason: "a context line in the middle of a page",
                at,
            }),
            None => Ok(found),
        }
    }
}

/// Documents are joined by line feeds. In a string there is none, so those that there are stand between tokens.
pub(crate) fn one_line(found: &Found, document: Option<&mut [u8]>) {
    if found.line_breaks {
        document
            .into_iter()
            .flatten()
            .filter(|byte| **byte == b'\n')
            .for_each(|byte| *byte = b' ');
    }
}

struct Rewrite<'a, 'w> {
    line: &'a [u8],
    /// The line up to here is written.
    copied: usize,
    undecoded: u32,
    /// Rules and header lines that may still be taken apart.
    items_left: usize,
    writer: &'a mut Writer<'w>,
    scratch: &'a mut Scratch,
}

impl Rewrite<'_, '_> {
    fn copy_to(&mut self, end: usize) {
        self.writer
            .copy(self.line.get(self.copied..end).unwrap_or(&[]));
        self.copied = end;
    }

    /// The line goes on behind the closing quote of `edit`'s string.
    const fn skip_past(&mut self, edit: &Edit) {
        self.copied = edit.value.end.saturating_add(1);
    }

    fn undecoded(&mut self, count: u32) {
        self.undecoded = self.undecoded.saturating_add(count);
    }

    /// All facets of one `attackData`.
    fn rules(&mut self, facets: &[Edit]) {
        let Some((first, others)) = facets.split_first() else {
            return;
        };
        self.scratch.text.clear();
        let mut cursors = Cursors::default();
        for edit in facets {
            if let Target::Facet(facet, _) = edit.target {
                cursors.set(facet, self.line, edit.value, self.scratch);
            }
        }
        self.copy_to(first.member);
        let start = self.writer.len();
        self.writer.literal(const { &literal(b"\"rules\":") });
        let left = &mut self.items_left;
        let Some(undecoded) = cursors.write(self.line, self.writer, self.scratch, left) else {
            self.writer.back_to(start);
            return self.undecoded(1);
        };
        self.undecoded(undecoded);
        self.skip_past(first);
        for edit in others {
            self.copy_to(edit.before);
            self.skip_past(edit);
        }
    }

    fn headers(&mut self, edit: &Edit) {
        self.copy_to(edit.value.start.saturating_sub(1));
        let left = &mut self.items_left;
        let value = Value::of_text(&edit.value, self.line);
        match headers::write(value, self.writer, self.scratch, left) {
            Some(undecoded) => {
                self.undecoded(undecoded);
                self.skip_past(edit);
            }
            None => self.undecoded(1),
        }
    }

    fn custom(&mut self, edit: &Edit) {
        self.copy_to(edit.value.start);
        custom::write(self.line, edit.value, self.writer, self.scratch);
        self.copied = edit.value.end;
    }
}
