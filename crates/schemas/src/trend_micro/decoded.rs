//! The event with its times and lists in one form, and all else byte for byte.

use std::ops::Range;

use edgesiem_decode::Writer;
use edgesiem_model::{EventFacts, Schema, Unreadable};

use super::event::{Event, members, scalar, spans, written_list};
use super::raw::one_line;
use super::time::Time;

/// Members of `message` that are lists, whatever form they come in.
const LISTS: [&[u8]; 3] = [
    b"mail_message_sender",
    b"mail_message_recipient",
    b"triggered_dlp_template",
];

/// The `decoded` schema.
///
/// - A string in `message` whose name ends in `_time` is RFC 3339 in UTC; one without a zone is in UTC already. A string that
///   is no time stays as it came.
/// - `mail_message_sender`, `mail_message_recipient` and `triggered_dlp_template` are lists: a list that was written in a string
///   is the list, a value alone is the only item, and nothing (null, an empty string) is the empty list.
#[derive(Debug)]
pub(super) struct Decoded;

impl Schema for Decoded {
    fn name(&self) -> &'static str {
        crate::decoded::NAME
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        let event = Event::read(line)?;
        let mut copied = 0;
        for edit in edits(line) {
            one_line(line.get(copied..edit.place.start).unwrap_or(&[]), out);
            out.extend_from_slice(&edit.text);
            copied = edit.place.end;
        }
        one_line(line.get(copied..).unwrap_or(&[]), out);
        Ok(event.facts())
    }
}

/// A value that is written otherwise.
struct Edit {
    place: Range<usize>,
    text: Vec<u8>,
}

/// In their order, also those of members that come twice.
fn edits(line: &[u8]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (name, message) in spans(line, b'{') {
        let is_message = name.and_then(|name| line.get(name)) == Some(b"message");
        let Some(inner) = line.get(message.clone()).filter(|_| is_message) else {
            continue;
        };
        let names = members(inner).map(|(name, _)| name);
        for (name, (_, value)) in names.zip(spans(inner, b'{')) {
            let Some(text) = inner
                .get(value.clone())
                .and_then(|value| edited(&name, value))
            else {
                continue;
            };
            let at = |offset: usize| message.start.saturating_add(offset);
            edits.push(Edit {
                place: at(value.start)..at(value.end),
                text,
            });
        }
    }
    edits
}

/// The JSON in the place of a value; `None` if it stays.
fn edited(name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    if name.ends_with(b"_time") {
        let text = scalar(value).filter(|_| value.starts_with(b"\""))?;
        return Some(string(&Time::parse(&text)?.text));
    }
    if !LISTS.contains(&name) || value.starts_with(b"[") {
        return None;
    }
    let mut list = Vec::new();
    list.push(b'[');
    let text = scalar(value).filter(|_| value.starts_with(b"\""));
    match text.as_deref().map(|text| (text, written_list(text))) {
        Some((_, Some(items))) => {
            let items: Vec<Vec<u8>> = items.iter().map(|item| string(item)).collect();
            list.extend(items.join(&b','));
        }
        Some(("", None)) => {}
        None if value == b"null" => {}
        _ => one_line(value, &mut list),
    }
    list.push(b']');
    Some(list)
}

fn string(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, text.len().saturating_add(2));
    writer.byte(b'"');
    writer.escaped(text.as_bytes());
    writer.byte(b'"');
    writer.finish();
    out
}

#[cfg(test)]
mod tests {
    use super::edited;
    use crate::filter::json;

    #[test]
    fn times_and_lists_have_one_form_and_all_else_stays() {
        for (name, value, expected) in [
            (
                "detection_time",
                r#""2016-07-22T01:51:31""#,
                Some(r#""2016-07-22T01:51:31Z""#),
            ),
            (
                "new_time",
                r#""2016-07-22T01:51:31.5+02:00""#,
                Some(r#""2016-07-21T23:51:31.5Z""#),
            ),
            ("detection_time", r#""soon""#, None),
            ("detection_time", "1469152291", None),
            (
                "mail_message_sender",
                r#""a@example.com""#,
                Some(r#"["a@example.com"]"#),
            ),
            ("mail_message_sender", r#"["a",1]"#, None),
            (
                "mail_message_recipient",
                r#""[\"\\\"u\\\"<a@b.c>\"]""#,
                Some(r#"["\"u\"<a@b.c>"]"#),
            ),
            (
                "mail_message_recipient",
                r#""[not json""#,
                Some(r#"["[not json"]"#),
            ),
            ("mail_message_recipient", r#""""#, Some("[]")),
            ("mail_message_recipient", "null", Some("[]")),
            ("triggered_dlp_template", r#""[]""#, Some("[]")),
            ("triggered_dlp_template", "1.50", Some("[1.50]")),
            (
                "triggered_dlp_template",
                "{\"a\":\n1}",
                Some(r#"[{"a": 1}]"#),
            ),
            ("action", r#""Pass""#, None),
        ] {
            let found = edited(name.as_bytes(), value.as_bytes());
            let found = found.map(|text| String::from_utf8(text).unwrap());
            assert_eq!(found.as_deref(), expected, "{name} {value}");
            if let Some(text) = found {
                assert_eq!(json::value(text.as_bytes(), 0), Some(text.len()));
            }
        }
    }
}
