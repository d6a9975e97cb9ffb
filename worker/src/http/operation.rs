//! An operation on a stream, as a request asks for it.

use edgesiem::EventId;
use edgesiem::administer::{Gaps, Letters, Operation};
use edgesiem::stores::LetterKey;
use serde::Deserialize;
use serde_json::Value;

use super::answer::Refusal;
use super::route::Verb;
use crate::time;

/// Reads what `verb` needs from the query and the body. `None` is a run, which is no operation on the state.
///
/// # Errors
/// 400 with the form that is expected.
pub(super) fn read(
    verb: Verb<'_>,
    stream: &str,
    query: &dyn Fn(&str) -> Option<String>,
    body: &Value,
) -> Result<Option<Operation>, Refusal> {
    Ok(Some(match verb {
        Verb::Run => return Ok(None),
        Verb::Pause => Operation::Pause {
            abort: flag(body, "abort")?,
        },
        Verb::Resume => Operation::Resume,
        Verb::Reset => reset(stream, body)?,
        Verb::Replay => replay(body)?,
        Verb::CancelReplay(id) => Operation::CancelReplay(id.to_owned()),
        Verb::ListLetters => Operation::ListLetters {
            after: query("after").filter(|after| !after.is_empty()),
            limit: match query("limit") {
                None => 50,
                Some(limit) => limit
                    .parse()
                    .ok()
                    .filter(|limit| *limit > 0)
                    .ok_or_else(|| form("`limit` is no number", "use 1 to 50, or none"))?,
            },
        },
        Verb::ShowLetter(id, sink) => Operation::ShowLetter(LetterKey {
            id: id.parse().map_err(|_| Refusal::not_found())?,
            sink: sink_name(sink),
        }),
        Verb::Redeliver => Operation::Redeliver(letters(body, "replay")?),
        Verb::DeleteLetters => Operation::DeleteLetters(letters(body, "delete")?),
        Verb::ListGaps => Operation::ListGaps,
        Verb::AcknowledgeGaps => Operation::AcknowledgeGaps(gaps(body)?),
    }))
}

fn form(message: &str, user_action: &str) -> Refusal {
    Refusal::bad_request(message, user_action)
}

fn flag(body: &Value, key: &str) -> Result<bool, Refusal> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(form(
            &format!("`{key}` is neither true nor false"),
            "use true or false, or leave it out",
        )),
    }
}

/// `-` stands for the letters that no sink refused, because they were unreadable.
fn sink_name(text: &str) -> Option<String> {
    (text != "-").then(|| text.to_owned())
}

fn reset(stream: &str, body: &Value) -> Result<Operation, Refusal> {
    if body.get("confirm").and_then(Value::as_str) != Some(stream) {
        return Err(form(
            "a reset needs the name of the stream as `confirm`: its offset and the progress of its page are forgotten",
            &format!("send {{\"confirm\": \"{stream}\"}}, and \"from\" to begin at a time"),
        ));
    }
    let from = match body.get("from") {
        None | Some(Value::Null) => None,
        Some(from) => Some(time::parse(from).ok_or_else(|| no_time("from"))?),
    };
    Ok(Operation::Reset { from })
}

fn replay(body: &Value) -> Result<Operation, Refusal> {
    let time = |key: &str| {
        body.get(key)
            .and_then(time::parse)
            .ok_or_else(|| no_time(key))
    };
    let (from, to) = (time("from")?, time("to")?);
    if from >= to {
        return Err(form("`from` is not before `to`", "exchange them"));
    }
    Ok(Operation::Replay { from, to })
}

fn no_time(key: &str) -> Refusal {
    form(
        &format!("`{key}` is no time"),
        "write \"2026-11-22T10:00:00Z\" or seconds since 1970",
    )
}

fn letters(body: &Value, key: &str) -> Result<Letters, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Key {
        id: EventId,
        sink: String,
    }
    let keys = |value: &Value| -> Option<Vec<LetterKey>> {
        let keys = Vec::<Key>::deserialize(value).ok()?;
        let key = |key: Key| LetterKey {
            id: key.id,
            sink: sink_name(&key.sink),
        };
        Some(keys.into_iter().map(key).collect())
    };
    let read = match body.get(key) {
        Some(Value::String(all)) if all == "all" => Some(Letters::All),
        Some(Value::Object(table)) if table.len() == 1 => table
            .get("sink")
            .and_then(Value::as_str)
            .map(|sink| Letters::Sink(sink_name(sink))),
        Some(list) => keys(list).map(Letters::These),
        None => None,
    };
    read.ok_or_else(|| {
        form(
            &format!("`{key}` does not say which dead letters are meant"),
            &format!(
                "send {{\"{key}\": \"all\"}}, {{\"{key}\": {{\"sink\": NAME}}}} or {{\"{key}\": [{{\"id\": ID, \"sink\": NAME}}]}}"
            ),
        )
    })
}

fn gaps(body: &Value) -> Result<Gaps, Refusal> {
    let read = match body.get("acknowledge") {
        Some(Value::String(all)) if all == "all" => Some(Gaps::All),
        Some(list) => Vec::deserialize(list).ok().map(Gaps::These),
        None => None,
    };
    read.ok_or_else(|| {
        form(
            "`acknowledge` does not say which gaps are meant",
            "send {\"acknowledge\": \"all\"} or {\"acknowledge\": [1, 2]}",
        )
    })
}
