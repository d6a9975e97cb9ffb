//! Dead letters as they are listed, named and taken out again, the same over either store.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use edgesiem_model::{Cursor, DeadLetter, EventId, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

use crate::record::unreadable;

/// Most bytes of one letter that a listing shows.
pub(crate) const SHOWN_BYTES: usize = 64 * 1024;
/// Most letters in one page of a listing: with [`SHOWN_BYTES`] of each, 3 MiB.
pub(crate) const MAX_LISTED: usize = 50;
/// Base64 of the most bytes that are a whole number of its groups and at most [`SHOWN_BYTES`].
const SHOWN_BASE64: usize = SHOWN_BYTES / 3 * 4;

/// Which letter is meant: an event may be one for each sink.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LetterKey {
    /// The event, or the part of a line.
    pub id: EventId,
    /// The sink that did not take it; `None` if it was unreadable.
    pub sink: Option<String>,
}

/// Which letters are meant.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// Those of one sink; with `None`, those that were unreadable.
    Sink(Option<&'a str>),
    /// These, in this order. What is not there is passed over.
    These(&'a [LetterKey]),
}

/// Some of the letters that were asked for, oldest first in SQL, in order of their ids in KV.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterPage<T> {
    /// The letters.
    pub letters: Vec<T>,
    /// To be handed in for the next page, and of no other meaning; `None` at the end.
    pub after: Option<String>,
}

/// What was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// How many.
    pub deleted: u64,
    /// Whether there is more to delete than one call may: ask again.
    pub more: bool,
}

/// `after` was made up, or belongs to another store.
pub(crate) fn unknown_place() -> StoreError {
    StoreError::Failed(
        "`after` is none that a listing of this stream gave out: begin without it".to_owned(),
    )
}

/// A dead letter as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterRecord {
    /// The event, or the part of a line.
    pub id: EventId,
    /// The sink that did not take it; `None` if it was unreadable.
    pub sink: Option<String>,
    /// The page that it came with begins here.
    #[serde(default = "no_cursor")]
    pub page: Cursor,
    /// Line number within the page, from 0.
    pub line: u64,
    /// Which part of an oversize line this is, from 0; `None` for a whole line.
    pub part: Option<u32>,
    /// Why, in words, printable.
    pub reason: String,
    /// When it was kept (RFC 3339): in SQL for the first time, in KV for the last.
    pub kept_at: String,
    /// Bytes as received.
    #[serde(default)]
    pub bytes: u64,
    /// Whether `raw` or `raw_base64` is only the beginning.
    #[serde(default, skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// The line as received, if it is text that JSON does not blow up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The line as received otherwise: not one byte may change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_base64: Option<String>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Letters that were kept before pages were.
fn no_cursor() -> Cursor {
    Cursor(serde_json::Value::Null)
}

/// Bytes of a letter.
pub(crate) enum Raw<'a> {
    Whole(&'a [u8]),
    Beginning(&'a [u8]),
}

impl LetterRecord {
    /// Everything about `letter` but its bytes.
    pub(crate) fn without_raw(letter: &DeadLetter, kept_at: Timestamp) -> Self {
        Self {
            id: letter.id,
            sink: letter.sink.clone(),
            page: letter.page.clone(),
            line: letter.line,
            part: letter.part,
            reason: letter.reason.clone(),
            kept_at: kept_at.to_rfc3339(),
            bytes: letter.raw.len() as u64,
            truncated: false,
            raw: None,
            raw_base64: None,
        }
    }

    pub(crate) fn set_raw(&mut self, raw: Raw<'_>) {
        let (bytes, truncated) = match raw {
            Raw::Whole(bytes) => (bytes, false),
            Raw::Beginning(bytes) => (bytes, true),
        };
        self.truncated = truncated;
        self.raw = text(bytes, truncated).map(str::to_owned);
        self.raw_base64 = self.raw.is_none().then(|| STANDARD.encode(bytes));
    }

    /// As a listing shows it.
    pub(crate) fn shortened(mut self) -> Self {
        if let Some(text) = &mut self.raw
            && text.len() > SHOWN_BYTES
        {
            text.truncate(text.floor_char_boundary(SHOWN_BYTES));
            self.truncated = true;
        }
        if let Some(text) = &mut self.raw_base64
            && text.len() > SHOWN_BASE64
            && text.is_char_boundary(SHOWN_BASE64)
        {
            text.truncate(SHOWN_BASE64);
            self.truncated = true;
        }
        self
    }

    /// Back into what can be delivered.
    pub(crate) fn into_letter(self, what: &str) -> Result<DeadLetter, StoreError> {
        let raw = match (self.raw, self.raw_base64) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(base64)) => STANDARD
                .decode(base64)
                .map_err(|error| unreadable(what, &error.to_string()))?,
            (None, None) => return Err(unreadable(what, "the event is missing")),
        };
        Ok(DeadLetter {
            page: self.page,
            line: self.line,
            part: self.part,
            id: self.id,
            reason: self.reason,
            sink: self.sink,
            raw,
        })
    }
}

/// `bytes` as text, unless JSON would make it more than half as long again: attackers write these lines, and
/// a control character takes six bytes. If only the beginning is at hand, its last character may be cut.
fn text(bytes: &[u8], truncated: bool) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(cut) if truncated && cut.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..cut.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let added: usize = text
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
            0..0x20 => 5,
            _ => 0,
        })
        .sum();
    (added <= text.len() / 2).then_some(text)
}

#[cfg(test)]
mod tests {
    use edgesiem_model::{Cursor, DeadLetter, EventId, Timestamp};

    use super::{LetterRecord, Raw, SHOWN_BYTES};

    fn letter(raw: Vec<u8>) -> DeadLetter {
        DeadLetter {
            page: Cursor("p".into()),
            line: 7,
            part: Some(1),
            id: EventId::from_bytes([9; 16]),
            reason: "why".to_owned(),
            sink: Some("s".to_owned()),
            raw,
        }
    }

    #[test]
    fn a_letter_comes_back_byte_for_byte_and_no_json_is_much_longer_than_its_bytes() {
        for raw in [
            b"{\"a\":\"b\"}".to_vec(),
            Vec::new(),
            vec![0xff, 0xfe, 0],
            vec![1; 10_000],
            vec![b'"'; 10_000],
            "\u{1f600}".repeat(9).into_bytes(),
        ] {
            let letter = letter(raw);
            let mut record = LetterRecord::without_raw(&letter, Timestamp::from_secs(1));
            record.set_raw(Raw::Whole(&letter.raw));
            let json = serde_json::to_string(&record).unwrap();
            assert!(json.len() <= letter.raw.len() / 2 * 3 + 300, "{json}");
            let read: LetterRecord = serde_json::from_str(&json).unwrap();
            assert_eq!(read.into_letter("x"), Ok(letter));
        }
    }

    #[test]
    fn a_listing_shows_the_beginning_and_says_so() {
        for (raw, text) in [
            ("é".repeat(SHOWN_BYTES).into_bytes(), true),
            (vec![0xff; SHOWN_BYTES * 2], false),
        ] {
            let letter = letter(raw.clone());
            let mut record = LetterRecord::without_raw(&letter, Timestamp::from_secs(1));
            record.set_raw(Raw::Whole(&letter.raw));
            let shown = record.shortened();
            assert!(shown.truncated);
            assert_eq!((shown.raw.is_some(), shown.bytes), (text, raw.len() as u64));
            let beginning = shown.into_letter("x").unwrap().raw;
            assert!((SHOWN_BYTES - 4..=SHOWN_BYTES).contains(&beginning.len()));
            assert!(raw.starts_with(&beginning));
        }
        // As SQL reads it: the first bytes alone, which may end within a character.
        let mut record = LetterRecord::without_raw(&letter(Vec::new()), Timestamp::default());
        record.set_raw(Raw::Beginning("aé".as_bytes().get(..2).unwrap()));
        assert_eq!(record.raw.as_deref(), Some("a"));
    }
}
