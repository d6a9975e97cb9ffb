//! One element of an answer's list of events: whether it is JSON, and what tells it from others.

use serde::de::IgnoredAny;

use super::cursor::Mark;

/// A hash of `bytes`. `what` they are keeps one kind from being taken for another with the same bytes.
pub(super) fn mark(what: &[u8], bytes: &[u8]) -> Mark {
    let mut hasher = blake3::Hasher::new_derive_key("edgesiem 2026 trend-micro-cas mark v1");
    hasher.update(what);
    hasher.update(&[0]);
    hasher.update(bytes);
    let mut mark = [0; 16];
    hasher.finalize_xof().fill(&mut mark);
    Mark::from_be_bytes(mark)
}

/// What tells an event from others: all of it, because whoever gives two events one `log_item_id` must not make us leave out the
/// second one. `None` if it is not JSON.
pub(super) fn mark_of(element: &[u8]) -> Option<Mark> {
    serde_json::from_slice::<IgnoredAny>(element).ok()?;
    Some(mark(b"event", element))
}

/// What tells an event from others of which only the beginning is at hand.
pub(super) fn mark_of_beginning(part: &[u8]) -> Mark {
    mark(b"beginning", part)
}

#[cfg(test)]
mod tests {
    use super::{mark, mark_of};

    #[test]
    fn an_event_is_known_by_all_of_it() {
        let deep = format!(
            r#"{{"message":{}{}}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        for element in [
            r#"{"log_item_id":"a","x":1}"#,
            r#"{"log_item_id":"a","x":2}"#,
            r#"{"log_item_id":1e999}"#,
            r#"{"log_item_id":"\ud800"}"#,
            r#""log_item_id""#,
            "[1,{}]",
            "-1.5e3",
            &deep,
        ] {
            let whole = Some(mark(b"event", element.as_bytes()));
            assert_eq!(mark_of(element.as_bytes()), whole, "{element:.80}");
        }
        for element in [
            "{",
            r#"{"log_item_id":"a",}"#,
            r#"{"log_item_id":"a","x":tru}"#,
            "{\"x\":\"a\nb\"}",
            "NaN",
            "{} {}",
            "",
        ] {
            assert_eq!(mark_of(element.as_bytes()), None, "{element:.80}");
        }
    }
}
