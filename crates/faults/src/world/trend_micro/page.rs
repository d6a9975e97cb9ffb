//! The text of a page.

use edgesiem_model::Timestamp;
use serde_json::Value;

use super::setting::{Clock, Form, NoLink, Setting};

/// How the end of a window is said, as JSON text.
pub fn no_link(setting: &Setting) -> Option<String> {
    match setting.no_link {
        NoLink::Empty => Some(r#""""#.to_owned()),
        NoLink::Null => Some("null".to_owned()),
        NoLink::NullText => Some(r#""null""#.to_owned()),
        NoLink::Absent => None,
    }
}

/// The text of a page, and where its events end in it. Members come in one order or the other.
pub fn body(
    setting: &Setting,
    number: u32,
    events: &[&[u8]],
    last: Option<Timestamp>,
    link: Option<String>,
) -> (Vec<u8>, Vec<usize>) {
    let (list, next, current) = match setting.form {
        Form::Snake => ("security_events", "next_link", "current_link"),
        Form::Camel => ("securityEvents", "nextLink", "selfLink"),
    };
    let mut members = vec![format!(r#""{current}":"https://cas.test/""#)];
    members.extend(link.map(|link| format!(r#""{next}":{link}"#)));
    if setting.form == Form::Snake {
        let none = [Some(r#""""#), Some("null"), None][number as usize % 3];
        let time = last.map(|last| Value::from(shown(setting, last)).to_string());
        let time = time.or(none.map(str::to_owned));
        let name = "last_log_item_generation_time";
        members.extend(time.map(|time| format!(r#""{name}":{time}"#)));
    }
    let members = members.join(",");
    let (before, after) = if number.is_multiple_of(2) {
        (format!("{{{members},"), String::new())
    } else {
        ("{\n ".to_owned(), format!(",{members}"))
    };
    let mut body = format!(r#"{before}"{list}":["#).into_bytes();
    let mut ends = Vec::new();
    for (place, event) in events.iter().enumerate() {
        body.extend_from_slice(if place > 0 { b", " } else { b"" });
        body.extend_from_slice(event);
        ends.push(body.len());
    }
    body.extend_from_slice(format!(r#"]{after},"traceId":"t-{number}"}}"#).as_bytes());
    (body, ends)
}

/// A time as the server tells it.
pub fn shown(setting: &Setting, time: Timestamp) -> String {
    match setting.clock {
        Clock::Millis => time.to_rfc3339(),
        Clock::Seconds => Timestamp::from_secs(time.secs()).to_rfc3339(),
    }
}
