//! Members of our own in front of those of a document: for receivers that take objects and have no other place for an
//! event's id and time.

use edgesiem_model::{Batch, BatchLimits, BatchView, DocumentForm, Event, Timestamp};

use crate::document;
use crate::ndjson::LINE_FEED_BYTES;

/// Member or column that has an event's id.
pub(crate) const ID: &str = "edgesiem_id";
/// The same for the name of the replay that an event is part of. Live events do not have it.
pub(crate) const REPLAY: &str = "edgesiem_replay";
/// Member that has a document which is not an object.
pub(crate) const TEXT: &str = "message";

/// Bytes of an id as a member has it.
const ID_BYTES: usize = 32;
/// Longest RFC 3339 time: the year of the last millisecond that fits u64 has nine digits.
const TIME_BYTES: usize = 29;

/// Which members an event's object gets, by their names. Names need no escapes.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    pub(crate) id: Option<String>,
    pub(crate) replay: Option<String>,
    /// Time of the event; left out if the source tells none.
    pub(crate) time: Option<String>,
    /// What a document that is not an object becomes.
    pub(crate) text: String,
    /// Whether an object becomes text too.
    pub(crate) everything_as_text: bool,
}

impl Members {
    /// Id and replay as they are called everywhere, and the time as the receiver calls it.
    pub(crate) fn with_time(time: Option<&str>) -> Self {
        Self {
            id: Some(ID.to_owned()),
            replay: Some(REPLAY.to_owned()),
            time: time.map(str::to_owned),
            text: TEXT.to_owned(),
            everything_as_text: false,
        }
    }

    /// Bytes that [`Members::push`] adds to a document at most, besides what `Embedding` counts.
    pub(crate) fn bytes(&self) -> usize {
        let member = |name: &Option<String>, value: usize| {
            name.as_ref()
                .map_or(0, |name| name.len().saturating_add(value).saturating_add(6))
        };
        member(&self.id, ID_BYTES)
            .saturating_add(member(&self.replay, Batch::MAX_REPLAY_BYTES))
            .saturating_add(member(&self.time, TIME_BYTES))
            .saturating_add(self.text.len())
            // Braces, and quotes and colon around the text's name.
            .saturating_add(5)
            .saturating_add(document::QUOTES)
    }

    /// `limits` with what the objects add where a request is one object a line.
    pub(crate) fn limits_of_lines(&self, limits: BatchLimits) -> BatchLimits {
        BatchLimits {
            bytes_per_event: self.bytes().saturating_add(LINE_FEED_BYTES),
            bytes_per_batch: 0,
            ..limits
        }
    }

    /// The objects of `batch`, each in a line.
    pub(crate) fn lines(&self, batch: &BatchView<'_>) -> Vec<u8> {
        let around = self.bytes().saturating_add(LINE_FEED_BYTES);
        let around = batch.len().saturating_mul(around);
        let mut body = Vec::with_capacity(batch.document_bytes().saturating_add(around));
        for event in batch.events() {
            self.push(&mut body, batch.form(), &event, batch.replay());
            body.push(b'\n');
        }
        body
    }

    /// Appends the object of `event`, without a line break.
    pub(crate) fn push(
        &self,
        out: &mut Vec<u8>,
        form: DocumentForm,
        event: &Event<'_>,
        replay: Option<&str>,
    ) {
        out.push(b'{');
        let start = out.len();
        let time = event.time.map(Timestamp::to_rfc3339);
        push_member(out, start, self.time.as_deref().zip(time.as_deref()));
        let id = event.id.to_string();
        push_member(out, start, self.id.as_deref().zip(Some(id.as_str())));
        push_member(out, start, self.replay.as_deref().zip(replay));
        let object = Some(event.document).filter(|_| form.is_json() && !self.everything_as_text);
        if let Some(rest) = object.and_then(after_brace) {
            let has_members = rest.first().is_some_and(|byte| *byte != b'}');
            if has_members && out.len() != start {
                out.push(b',');
            }
            // JSON has line breaks only where white space means nothing (RFC 8259 section 7).
            out.extend(rest.iter().map(|byte| match byte {
                b'\n' | b'\r' => b' ',
                byte => *byte,
            }));
        } else {
            if out.len() != start {
                out.push(b',');
            }
            document::push_string(out, &self.text);
            out.push(b':');
            document::push_string(out, &String::from_utf8_lossy(event.document));
            out.push(b'}');
        }
    }
}

fn push_member(out: &mut Vec<u8>, start: usize, member: Option<(&str, &str)>) {
    let Some((name, value)) = member else { return };
    if out.len() != start {
        out.push(b',');
    }
    for part in ["\"", name, "\":\"", value, "\""] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// What follows the brace of an object and the white space after it, without the white space at the end.
fn after_brace(document: &[u8]) -> Option<&[u8]> {
    let rest = document.trim_ascii().strip_prefix(b"{")?;
    Some(rest.trim_ascii_start())
}

#[cfg(test)]
mod tests {
    use edgesiem_model::DocumentForm::{self, Json, Text};
    use edgesiem_model::{Embedding, Event, EventId, Timestamp};

    use super::Members;

    fn pushed(
        members: &Members,
        form: DocumentForm,
        document: &str,
        replay: Option<&str>,
    ) -> String {
        let event = Event {
            id: EventId::from_bytes([0xab; 16]),
            line_id: EventId::from_bytes([0xab; 16]),
            line: 0,
            time: Some(Timestamp::from_millis(1_491_303_422_007)),
            raw: b"",
            document: document.as_bytes(),
        };
        let mut out = Vec::new();
        members.push(&mut out, form, &event, replay);
        let document = Embedding::JsonString.bytes(form, document.as_bytes());
        assert!(out.len() <= members.bytes().saturating_add(document));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn our_members_come_first_and_the_documents_own_stay_as_they_are() {
        let all = Members::with_time(Some("t"));
        let none = Members {
            id: None,
            replay: None,
            time: None,
            ..all.clone()
        };
        let own = format!(
            r#""t":"2017-04-04T10:57:02.007Z","edgesiem_id":"{}""#,
            "ab".repeat(16)
        );
        for (document, with, without) in [
            (
                "{\"n\":1e400}",
                format!("{{{own},\"n\":1e400}}"),
                "{\"n\":1e400}",
            ),
            (" { }\n", format!("{{{own}}}"), "{}"),
            (
                "{\r\n \"a\" : [\n]}",
                format!("{{{own},\"a\" : [ ]}}"),
                "{\"a\" : [ ]}",
            ),
            (
                "{\"a\":\"\\n\"}",
                format!("{{{own},\"a\":\"\\n\"}}"),
                "{\"a\":\"\\n\"}",
            ),
            // Not what a schema writes; whole all the same.
            (
                "[1]",
                format!("{{{own},\"message\":\"[1]\"}}"),
                "{\"message\":\"[1]\"}",
            ),
        ] {
            assert_eq!(pushed(&all, Json, document, None), with);
            assert_eq!(pushed(&none, Json, document, None), without);
        }
        assert_eq!(
            pushed(&all, Text, "CEF:0|\t\"", Some("r7")),
            format!("{{{own},\"edgesiem_replay\":\"r7\",\"message\":\"CEF:0|\\t\\\"\"}}")
        );
        let text = Members {
            text: "raw".to_owned(),
            everything_as_text: true,
            ..none
        };
        assert_eq!(
            pushed(&text, Json, "{\"a\":1}", None),
            "{\"raw\":\"{\\\"a\\\":1}\"}"
        );
    }
}
