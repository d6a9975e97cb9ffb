//! One element of an answer's list of events: whether it is JSON, and what tells it from others.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::cursor::Mark;

/// A hash of `bytes`. `what` they are keeps an id from being taken for a whole event with the same bytes.
pub(super) fn mark(what: &[u8], bytes: &[u8]) -> Mark {
    let mut hasher = blake3::Hasher::new_derive_key("edgesiem 2026 trend-micro-cas mark v1");
    hasher.update(what);
    hasher.update(&[0]);
    hasher.update(bytes);
    let mut mark = [0; 16];
    hasher.finalize_xof().fill(&mut mark);
    Mark::from_be_bytes(mark)
}

/// What tells an event from others: its `log_item_id`, or all of it, where it has none. `None` if it is not JSON.
pub(super) fn mark_of(element: &[u8]) -> Option<Mark> {
    let Item(id) = serde_json::from_slice(element).ok()?;
    Some(match id {
        Some(id) => mark(b"id", id.as_bytes()),
        None => mark(b"event", element),
    })
}

/// What tells an event from others of which only the beginning is at hand.
pub(super) fn mark_of_beginning(part: &[u8]) -> Mark {
    mark(b"beginning", part)
}

/// The `log_item_id` of an object that is JSON throughout.
struct Item(Option<String>);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Walk { is_event: true })
            .map(Item)
    }
}

/// An id if it is a text that says something.
struct Id(Option<String>);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Walk { is_event: false })
            .map(Id)
    }
}

/// Walks over any value, and keeps the id: of the event its member, of the member its text.
struct Walk {
    is_event: bool,
}

impl<'de> Visitor<'de> for Walk {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok((!self.is_event).then(|| number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok((!self.is_event).then(|| number.to_string()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok((!self.is_event && !text.is_empty()).then(|| text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut id = None;
        while let Some(name) = members.next_key::<String>()? {
            if self.is_event && name == "log_item_id" {
                let Id(found) = members.next_value()?;
                id = found;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::{mark, mark_of};

    #[test]
    fn an_event_is_known_by_its_id_or_else_by_all_of_it() {
        let id = |text: &str| Some(mark(b"id", text.as_bytes()));
        let whole = |text: &str| Some(mark(b"event", text.as_bytes()));
        let deep = format!(
            r#"{{"message":{}{}}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        for (element, expected) in [
            (r#"{"log_item_id":"a","x":1}"#, id("a")),
            (r#"{"x":{"log_item_id":"b"},"log_item_id":"a"}"#, id("a")),
            (r#"{"log_item_id":"\u0061"}"#, id("a")),
            (r#"{"log\u005fitem_id":"a"}"#, id("a")),
            (r#"{"log_item_id":7}"#, id("7")),
            (r#"{"log_item_id":"a","log_item_id":"b"}"#, id("b")),
            (r#"{"log_item_id":""}"#, whole(r#"{"log_item_id":""}"#)),
            (r#"{"log_item_id":null}"#, whole(r#"{"log_item_id":null}"#)),
            (
                r#"{"log_item_id":["a"]}"#,
                whole(r#"{"log_item_id":["a"]}"#),
            ),
            (
                r#"{"message":{"log_item_id":"a"}}"#,
                whole(r#"{"message":{"log_item_id":"a"}}"#),
            ),
            (r#""log_item_id""#, whole(r#""log_item_id""#)),
            ("[1,{}]", whole("[1,{}]")),
            ("-1.5e3", whole("-1.5e3")),
            ("true", whole("true")),
            (&deep, whole(&deep)),
            ("{", None),
            (r#"{"log_item_id":"a",}"#, None),
            (r#"{"log_item_id":"a","x":tru}"#, None),
            ("{\"x\":\"a\nb\"}", None),
            ("NaN", None),
            ("{} {}", None),
            ("", None),
        ] {
            assert_eq!(mark_of(element.as_bytes()), expected, "{element:.80}");
        }
    }
}
