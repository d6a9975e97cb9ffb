//! A multi-JSON page: one event a line, then one context line.

use std::fmt;
use std::mem;

use crate::frame::{LineFramer, Piece};
use crate::scan::Scanner;
use crate::walk::walk;

/// One piece of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A line that should be an event; it was not looked into.
    Event(&'a [u8]),
    /// A part of a line longer than the bound, as in [`RawLine::Part`](crate::RawLine::Part).
    Oversize {
        /// Bytes of this part.
        part: &'a [u8],
        /// Number of this part, from 0.
        index: u32,
        /// Whether the line ends here.
        last: bool,
    },
}

/// The last line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Token of the next page; opaque, not empty.
    pub offset: String,
    /// How many events the page has, by its sender's count; absent or wrong in real data.
    pub total: Option<u64>,
    /// The size limit, if the page reached it.
    pub limit: Option<u64>,
}

/// Why a body is not a whole page. The server ends a body that takes too long, and a cut can leave valid JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncated {
    /// There was no line at all.
    Empty,
    /// The last line is an event: the context line is missing.
    LastLineIsEvent,
    /// The last line is neither an event nor a context line.
    LastLineUnreadable,
    /// The last line is longer than the bound.
    LastLineOversize,
}

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the body is empty",
            Self::LastLineIsEvent => "the body ends with an event instead of a context line",
            Self::LastLineUnreadable => {
                "the last line of the body is neither an event nor a context line"
            }
            Self::LastLineOversize => "the last line of the body is longer than an event may be",
        })
    }
}

impl std::error::Error for Truncated {}

/// Reads a line as the context of a page: a complete JSON object with a member `offset`, a string that is not empty, and
/// without members `attackData`, `httpMessage` and `type`. Other members may be there. `total` and `limit` count if they
/// are whole numbers, or strings of digits.
///
/// ```
/// let context = edgesiem_decode::parse_context(br#"{ "total": 0, "offset":"318d8" }"#).unwrap();
/// assert_eq!((context.offset.as_str(), context.total, context.limit), ("318d8", Some(0), None));
/// assert!(edgesiem_decode::parse_context(br#"{"type":"akamai_siem","offset":"318d8"}"#).is_none());
/// ```
pub fn parse_context(line: &[u8]) -> Option<Context> {
    walk(line, &mut Vec::new()).ok()?.context?;
    let mut context = Context {
        offset: String::new(),
        total: None,
        limit: None,
    };
    let mut scanner = Scanner::new(line, 0);
    scanner.skip_white();
    scanner.take(b'{');
    scanner
        .members(|scanner, key| {
            let start = scanner.at();
            scanner.value(1)?;
            let value = line.get(start..scanner.at()).unwrap_or(&[]);
            match &*key.name.value(line) {
                b"offset" => context.offset = string(value).unwrap_or_default(),
                b"total" => context.total = whole_number(value),
                b"limit" => context.limit = whole_number(value),
                _ => {}
            }
            Ok(())
        })
        .ok()?;
    Some(context)
}

fn string(value: &[u8]) -> Option<String> {
    let source = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    String::from_utf8(crate::scan::unescaped(source)).ok()
}

fn whole_number(value: &[u8]) -> Option<u64> {
    let digits = string(value).unwrap_or_else(|| String::from_utf8_lossy(value).into_owned());
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

/// Reads a page in chunks that may end anywhere.
///
/// Each line is handed out when the next one begins, so that the last line of the body never passes for an event. A
/// context line elsewhere is handed out as an event, and refused by [`Decoder`](crate::Decoder). Memory is bounded
/// by two lines of `max_line_bytes`.
///
/// ```
/// use edgesiem_decode::{Item, MultiJsonReader, Truncated};
///
/// let mut events = 0;
/// let mut count = |item: Item<'_>| events += usize::from(matches!(item, Item::Event(_)));
/// let mut reader = MultiJsonReader::new(1024);
/// reader.push(b"{\"type\":\"a\"}\n{\"type\":\"b\"}\n{\"offset\":\"318", &mut count);
/// reader.push(b"d8\"}\n", &mut count);
/// assert_eq!(reader.finish(&mut count).unwrap().offset, "318d8");
/// assert_eq!(events, 2);
///
/// reader.push(b"{\"type\":\"a\"}\n", &mut |_| {});
/// assert_eq!(reader.finish(&mut |_| {}), Err(Truncated::LastLineIsEvent));
/// ```
#[derive(Debug)]
pub struct MultiJsonReader {
    framer: LineFramer,
    /// The newest line, if an earlier chunk ended it.
    held: Vec<u8>,
    /// Whether the newest line was oversize.
    oversize: bool,
}

impl MultiJsonReader {
    /// A line longer than `max_line_bytes` (at least 1) comes as [`Item::Oversize`].
    pub const fn new(max_line_bytes: usize) -> Self {
        Self {
            framer: LineFramer::new(max_line_bytes),
            held: Vec::new(),
            oversize: false,
        }
    }

    /// Memory held between two chunks, in bytes.
    pub const fn capacity(&self) -> usize {
        self.framer.capacity().saturating_add(self.held.capacity())
    }

    /// Takes the next bytes of the body and hands out every line that is followed by another one.
    pub fn push(&mut self, chunk: &[u8], items: &mut dyn FnMut(Item<'_>)) {
        let Self {
            framer,
            held,
            oversize,
        } = self;
        let mut newest: Option<&[u8]> = None;
        framer.feed(chunk, &mut |piece| {
            if let Some(line) = newest.take() {
                items(Item::Event(line));
            }
            release(held, items);
            newest = keep(piece, held, oversize, items);
        });
        if let Some(line) = newest {
            held.reserve_exact(line.len());
            held.extend_from_slice(line);
        }
    }

    /// The body ended. After that the reader is as new.
    ///
    /// # Errors
    /// [`Truncated`] if the last line is not a context line: the page is not whole, whatever was handed out.
    pub fn finish(&mut self, items: &mut dyn FnMut(Item<'_>)) -> Result<Context, Truncated> {
        let Self {
            framer,
            held,
            oversize,
        } = self;
        framer.close(&mut |piece| {
            release(held, items);
            keep(piece, held, oversize, items);
        });
        let last = mem::take(held);
        if mem::take(oversize) {
            return Err(Truncated::LastLineOversize);
        }
        if last.is_empty() {
            return Err(Truncated::Empty);
        }
        parse_context(&last).ok_or_else(|| match walk(&last, &mut Vec::new()) {
            Ok(_) => Truncated::LastLineIsEvent,
            Err(_) => Truncated::LastLineUnreadable,
        })
    }
}

/// The held line is followed by another one.
fn release(held: &mut Vec<u8>, items: &mut dyn FnMut(Item<'_>)) {
    if !held.is_empty() {
        items(Item::Event(held));
        held.clear();
    }
}

/// Keeps a line back until the next one begins; one within the chunk need not be copied yet.
fn keep<'c>(
    piece: Piece<'c, '_>,
    held: &mut Vec<u8>,
    oversize: &mut bool,
    items: &mut dyn FnMut(Item<'_>),
) -> Option<&'c [u8]> {
    *oversize = matches!(piece, Piece::Part { .. });
    match piece {
        Piece::Chunk(line) => return Some(line),
        Piece::Carry(line) => mem::swap(held, line),
        Piece::Part { bytes, index, last } => items(Item::Oversize {
            part: bytes,
            index,
            last,
        }),
    }
    None
}
