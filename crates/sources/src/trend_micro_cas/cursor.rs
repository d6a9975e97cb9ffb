//! The bookmark: where each combination stands.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use edgesiem_model::{Cursor, Error, ErrorKind, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A name of what may come again: an event's id or a link, hashed. 128 bits, because who writes events could otherwise make
/// one that is taken for another.
pub(super) type Mark = u128;

/// Where a stream stands. All times are in milliseconds since the epoch.
///
/// ```json
/// {"round":1700000000000,"turn":3,"combinations":{"exchange/dlp":{"since":1699999000000,"seen":"…","to":1699999940000}}}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct State {
    /// Before the first page: from when on events are asked for, if that is not the configured lookback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Events that were generated later are not asked for (a replay).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When the round began in which every combination is asked up to then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<Timestamp>,
    /// Number of the combination whose turn it is, in the order of the configuration.
    pub turn: u32,
    /// By name, such as `exchange/dlp`. Those of an earlier configuration stay for a while.
    pub combinations: BTreeMap<String, Place>,
}

/// Where a combination stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Everything that was generated before this is delivered or given up, and of this instant what is in `seen`.
    pub since: Timestamp,
    /// Events that may have been generated at `since` and are delivered.
    #[serde(default, skip_serializing_if = "Seen::is_empty")]
    pub seen: Seen,
    /// Up to when it was asked for without anything left; none if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The window that is half read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
    /// A link was no longer known when its turn came: those of the window that is asked for instead are followed at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hurries: bool,
    /// Links that were refused one after the other, with nothing between that brought the combination further.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost_links: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands in a reference"
)]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Place {
    /// Whether the next page is of this combination too.
    pub const fn stays(&self) -> bool {
        self.hurries && self.chain.is_some()
    }
}

/// A window whose pages are read one after the other, each found in the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chain {
    /// Path and query of the next page, as the page before gave it.
    pub link: String,
    /// End of the window.
    pub window_to: Timestamp,
    /// `since` when the window was asked for.
    #[serde(default)]
    pub began: Timestamp,
    /// Only if a page went back in time: when the newest event of the window was generated. As long as the window is not
    /// read whole, `since` stays where it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// Links followed so far, this one included.
    pub links: u32,
    /// Pages without an event that came one after the other.
    pub empty: u32,
    /// One of the links before, which may not come again.
    pub mark: Seen,
}

/// Marks in the order in which they came, written as one text: there may be hundreds for each combination, and a cursor is
/// written with every page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(pub Vec<Mark>);

impl Seen {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|mark| mark.to_be_bytes()).collect();
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD
            .decode(text)
            .map_err(serde::de::Error::custom)?;
        let (marks, rest) = bytes.as_chunks::<16>();
        if !rest.is_empty() {
            return Err(serde::de::Error::custom("a mark is cut"));
        }
        Ok(Self(
            marks.iter().copied().map(Mark::from_be_bytes).collect(),
        ))
    }
}

impl State {
    pub fn to_cursor(&self) -> Cursor {
        // Numbers, texts and maps with text for keys: nothing in it can fail.
        Cursor(serde_json::to_value(self).unwrap_or(Value::Null))
    }

    /// # Errors
    /// The cursor is not one that [`State::to_cursor`] writes.
    pub fn read(cursor: &Cursor) -> Result<Self, Error> {
        Self::deserialize(&cursor.0).map_err(|error| {
            Error::new(
                ErrorKind::Config,
                "the stream's checkpoint was not written by this source",
                "if the stream's source was changed on purpose, reset the stream; otherwise restore the checkpoint",
            )
            .with("reason", error.to_string())
        })
    }
}
