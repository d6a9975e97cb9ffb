//! Does what an administrator asks for.

use edgesiem_model::{Budget, Host, Timestamp};
use edgesiem_stores::StreamStatus;
use serde_json::{Value, json};

use super::redelivery::redeliver;
use super::{Administered, Gaps, Operation, Refusal, RefusalKind};
use crate::StreamConfig;

/// Performs `operation` on one stream, and returns what is answered:
///
/// | operation | answer |
/// |---|---|
/// | `Status` | [`StreamStatus`] |
/// | `Pause`, `Resume` | `{"paused_at": null or ms}` |
/// | `Reset` | `{"reset": true, "begins_at": null or the source's bookmark}` |
/// | `Replay` | [`Replay`](crate::stores::Replay) |
/// | `CancelReplay` | `{"cancelled": true}` |
/// | `ListLetters` | `{"dead_letters": […], "after": null or where the next page begins}` |
/// | `ShowLetter` | [`LetterRecord`](crate::stores::LetterRecord) |
/// | `Redeliver` | `{"tried", "accepted", "refused": [{"id", "sink", "reason"}], "refused_count", "more", "accepted_but_not_deleted", "error"}`; it takes a minute at most, and `more` says to ask again |
/// | `DeleteLetters` | [`Deleted`](crate::stores::Deleted) |
/// | `ListGaps` | `{"gaps": […], "unacknowledged": n}` |
/// | `AcknowledgeGaps` | `{"acknowledged": n}`, and `"unknown": […]` if some were named |
///
/// `stream` is missing if its configuration is wrong; most can be done all the same. A run that is under way goes on,
/// also when `Pause` says `abort`: breaking it off, and keeping runs away from `Redeliver`
/// ([`Operation::needs_the_stream_alone`]), is the caller's.
///
/// # Errors
/// [`Refusal`]. What was done before it stays done.
pub async fn perform<H: Host, A: Administered>(
    host: &H,
    stored: &A,
    stream: Option<&mut StreamConfig>,
    budget: Budget,
    operation: Operation,
) -> Result<Value, Refusal> {
    match operation {
        Operation::Status => Ok(json!(stored.status().await?)),
        Operation::Pause { abort: _ } => {
            stored.pause().await?;
            paused(stored).await
        }
        Operation::Resume => {
            stored.resume().await?;
            paused(stored).await
        }
        Operation::Reset { from } => reset(host, stored, stream, from).await,
        Operation::Replay { from, to } => replay(host, stored, stream, from, to).await,
        Operation::CancelReplay(id) => match stored.cancel_replay(&id).await? {
            true => Ok(json!({ "cancelled": true })),
            false => Err(Refusal::new(
                RefusalKind::NoSuchReplay,
                "no replay of this name waits or is under way",
                "look at `replays` in the stream's status",
            )),
        },
        Operation::ListLetters { after, limit } => {
            let page = stored.letters(after.as_deref(), limit).await?;
            Ok(json!({ "dead_letters": page.letters, "after": page.after }))
        }
        Operation::ShowLetter(key) => match stored.letter(&key).await? {
            Some(letter) => Ok(json!(letter)),
            None => Err(Refusal::new(
                RefusalKind::NoSuchLetter,
                "no dead letter of this id and sink is kept",
                "list the dead letters: it may have been delivered or deleted meanwhile",
            )),
        },
        Operation::Redeliver(letters) => {
            redeliver(host, stored, usable(stream)?, budget, &letters).await
        }
        Operation::DeleteLetters(letters) => {
            Ok(json!(stored.delete_letters(letters.which()).await?))
        }
        Operation::ListGaps => {
            let status = stored.status().await?;
            Ok(json!({ "gaps": status.gaps, "unacknowledged": status.gaps_unacknowledged }))
        }
        Operation::AcknowledgeGaps(gaps) => acknowledge(stored, gaps).await,
    }
}

fn usable(stream: Option<&mut StreamConfig>) -> Result<&mut StreamConfig, Refusal> {
    stream.ok_or_else(Refusal::misconfigured)
}

async fn paused<A: Administered>(stored: &A) -> Result<Value, Refusal> {
    Ok(json!({ "paused_at": stored.status().await?.paused_at }))
}

/// The source's time, as far as its clock is known.
fn server_now<H: Host>(host: &H, status: &StreamStatus) -> Timestamp {
    let position = status.position.as_ref();
    host.now()
        .shifted(position.map_or(0, |position| position.clock_skew_ms))
}

async fn reset<H: Host, A: Administered>(
    host: &H,
    stored: &A,
    stream: Option<&mut StreamConfig>,
    from: Option<Timestamp>,
) -> Result<Value, Refusal> {
    let cursor = match from {
        None => None,
        Some(from) => {
            // What is stored may be unreadable, which is a reason to reset.
            let status = stored.status().await.unwrap_or_default();
            let source = &usable(stream)?.source;
            let cursor = source.since(from, None, server_now(host, &status));
            Some(cursor.map_err(|error| Refusal::of_source(&error))?)
        }
    };
    stored.reset(cursor.as_ref()).await?;
    Ok(json!({ "reset": true, "begins_at": cursor }))
}

async fn replay<H: Host, A: Administered>(
    host: &H,
    stored: &A,
    stream: Option<&mut StreamConfig>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Value, Refusal> {
    let status = stored.status().await?;
    let source = &usable(stream)?.source;
    let start = source
        .since(from, Some(to), server_now(host, &status))
        .map_err(|error| Refusal::of_source(&error))?;
    Ok(json!(stored.ask_replay(from, to, &start).await?))
}

async fn acknowledge<A: Administered>(stored: &A, gaps: Gaps) -> Result<Value, Refusal> {
    let ids = match gaps {
        Gaps::All => return Ok(json!({ "acknowledged": stored.acknowledge_all_gaps().await? })),
        Gaps::These(ids) => ids,
    };
    let (mut acknowledged, mut unknown) = (0_u64, Vec::new());
    for id in ids {
        if stored.acknowledge_gap(id).await? {
            acknowledged = acknowledged.saturating_add(1);
        } else {
            unknown.push(id);
        }
    }
    Ok(json!({ "acknowledged": acknowledged, "unknown": unknown }))
}
