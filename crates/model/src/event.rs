//! Events: raw bytes first, an id that an attacker cannot make collide, and what became of the unreadable ones.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Cursor, StreamId, Timestamp};

/// 128-bit identity of one event: BLAKE3 over the stream, the raw line, and the occurrence number of that
/// line within its page.
///
/// Vendors' request ids are not unique, and whoever writes the request can influence most of the line, so
/// the id must be collision-resistant. The same line fetched again gets the same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; 16]);

impl EventId {
    /// From its bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Identity of the document with this number, from 0, of a line with this identity: that of the line itself for
    /// the first one, so that an event has the same identity whether or not its rules are documents of their own.
    pub fn document(self, number: u32) -> Self {
        if number == 0 {
            return self;
        }
        let mut hasher = blake3::Hasher::new_derive_key("edgesiem 2026 document id v1");
        hasher.update(&self.0);
        hasher.update(&number.to_le_bytes());
        truncated(&hasher.finalize())
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let digits = text.as_bytes();
        let mut bytes = [0; 16];
        if digits.len() != bytes.len().saturating_mul(2) {
            return Err(EventIdError);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| EventIdError)?;
            if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(EventIdError);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| EventIdError)?;
        }
        Ok(Self(bytes))
    }
}

/// The text is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventIdError;

impl fmt::Display for EventIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 32 hexadecimal digits")
    }
}

impl std::error::Error for EventIdError {}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// Room is taken in advance for no more events than this.
const MAX_EXPECTED: usize = 700_000;

/// Hands out the ids of one page's events, in page order.
///
/// Memory: 8 bytes and a little for each event of the page (9.4 MB for 600,000). Two different lines that
/// share a 64-bit fingerprint merely get a higher occurrence number; their ids still differ, because the
/// whole line is hashed.
pub struct EventIds {
    keyed: blake3::Hasher,
    seen: HashSet<u64, BuildHasherDefault<FingerprintHasher>>,
    repeats: HashMap<u64, u32, BuildHasherDefault<FingerprintHasher>>,
}

impl EventIds {
    /// For one page of `stream` that is expected to have no more than `events` events. Room for them is taken
    /// at once, because a table that grows needs half as much again while it does.
    pub fn new(stream: &StreamId, events: u32) -> Self {
        let expected =
            usize::try_from(events).map_or(MAX_EXPECTED, |events| events.min(MAX_EXPECTED));
        let mut keyed = blake3::Hasher::new_derive_key("edgesiem 2026 event id v1");
        // The length first, so that no stream name and line can run into each other.
        keyed.update(&(stream.as_str().len() as u64).to_le_bytes());
        keyed.update(stream.as_str().as_bytes());
        Self {
            keyed,
            seen: HashSet::with_capacity_and_hasher(expected, BuildHasherDefault::default()),
            repeats: HashMap::default(),
        }
    }

    /// The id of the next line of the page.
    pub fn next(&mut self, raw: &[u8]) -> EventId {
        let mut hasher = self.keyed.clone();
        hasher.update(raw);
        let hash = hasher.finalize();
        let id = truncated(&hash);
        let fingerprint = u64::from_le_bytes(first_chunk(&id.0));
        if self.seen.insert(fingerprint) {
            return id;
        }
        let occurrence = self.repeats.entry(fingerprint).or_insert(0);
        *occurrence = occurrence.saturating_add(1);
        let mut again = blake3::Hasher::new_derive_key("edgesiem 2026 repeated event id v1");
        again.update(hash.as_bytes());
        again.update(&occurrence.to_le_bytes());
        truncated(&again.finalize())
    }
}

pub(crate) fn truncated(hash: &blake3::Hash) -> EventId {
    EventId(first_chunk(hash.as_bytes()))
}

fn first_chunk<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// Fingerprints are already uniform: they are used as their own hash.
#[derive(Default)]
struct FingerprintHasher(u64);

impl Hasher for FingerprintHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = u64::from_le_bytes(first_chunk(bytes));
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// One event of a batch, as a sink sees it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Identity of the document, which is what a receiver sees.
    pub id: EventId,
    /// Identity of the line, which is another one only where a line gives several documents.
    pub line_id: EventId,
    /// Line number within the page, from 0.
    pub line: u64,
    /// When it happened, if the source says so.
    pub time: Option<Timestamp>,
    /// The line as received.
    pub raw: &'a [u8],
    /// The document in the stream's schema: valid UTF-8, and JSON where the schema is JSON; no line break
    /// outside of JSON white space.
    pub document: &'a [u8],
}

/// An event that could not be delivered, kept whole so that nothing is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The page that it came with begins here.
    pub page: Cursor,
    /// Line number within the page, from 0.
    pub line: u64,
    /// Which part of an oversize line this is, from 0; `None` for a whole line.
    pub part: Option<u32>,
    /// Identity; of the part, if it is one.
    pub id: EventId,
    /// Why, in words, printable.
    pub reason: String,
    /// The sink that did not take it; `None` if it was unreadable.
    pub sink: Option<String>,
    /// The bytes as received.
    pub raw: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::EventIds;
    use crate::StreamId;

    #[test]
    fn ids_repeat_across_fetches_and_differ_within_a_page() {
        let stream = StreamId::new("a").unwrap();
        let lines: [&[u8]; 5] = [b"x", b"y", b"x", b"x", b""];
        let page = |stream: &StreamId| {
            let mut ids = EventIds::new(stream, 5);
            lines.map(|line| ids.next(line))
        };
        assert_eq!(page(&stream), page(&stream));
        let unique: std::collections::HashSet<_> = page(&stream).into_iter().collect();
        assert_eq!(unique.len(), 5);
        assert_ne!(page(&stream)[0], page(&StreamId::new("b").unwrap())[0]);
        // Not the concatenation: stream "ax" and line "" differ from stream "a" and line "x".
        assert_ne!(page(&StreamId::new("ax").unwrap())[4], page(&stream)[0]);
    }
}
