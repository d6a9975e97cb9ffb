//! Does what an administrator asks for.

use edgesiem::stores::{LetterKey, StreamStatus, Which};
use edgesiem::{Budget, StreamConfig, Timestamp};
use serde_json::{Value, json};

use crate::administered::Administered;
use crate::host::{WorkerHost, now};
use crate::http::answer::Refusal;
use crate::operation::{Gaps, Letters, Operation};

/// Dead letters are sent again for no longer than this by one request.
const REDELIVERY_MS: u64 = 60_000;
/// So many of them are in memory at the same time.
const LETTERS_AT_ONCE: usize = 200;
const LETTER_BYTES_AT_ONCE: usize = 2 * 1024 * 1024;
/// So many refusals are shown.
const SHOWN: usize = 50;

/// Performs `operation`. `stream` is missing if its configuration is wrong; most can be done all the same.
pub(crate) async fn perform<A: Administered>(
    stored: &A,
    stream: Option<&mut StreamConfig>,
    budget: Budget,
    operation: Operation,
) -> Result<Value, Refusal> {
    match operation {
        Operation::Status => Ok(json!(stored.status().await?)),
        Operation::Pause { .. } => {
            stored.pause().await?;
            paused(stored).await
        }
        Operation::Resume => {
            stored.resume().await?;
            paused(stored).await
        }
        Operation::Reset { from } => reset(stored, stream, from).await,
        Operation::Replay { from, to } => {
            let skew_ms = clock_skew_ms(&stored.status().await?);
            let source = &usable(stream)?.source;
            let start = source
                .since(from, Some(to), now().shifted(skew_ms))
                .map_err(|error| Refusal::from(&error).with_status(400))?;
            Ok(json!(stored.ask_replay(from, to, &start)?))
        }
        Operation::CancelReplay(id) => match stored.cancel_replay(&id)? {
            true => Ok(json!({ "cancelled": true })),
            false => Err(Refusal::new(
                404,
                "not_found",
                "no replay of this name waits or is under way",
                "look at `replays` in GET /status",
            )),
        },
        Operation::ListLetters { after, limit } => {
            let page = stored.letters(after.as_deref(), limit).await?;
            Ok(json!({ "dead_letters": page.letters, "after": page.after }))
        }
        Operation::ShowLetter(key) => match stored.letter(&key).await? {
            Some(letter) => Ok(json!(letter)),
            None => Err(Refusal::not_found()),
        },
        Operation::Redeliver(letters) => redeliver(stored, usable(stream)?, budget, &letters).await,
        Operation::DeleteLetters(letters) => {
            Ok(json!(stored.delete_letters(which(&letters)).await?))
        }
        Operation::ListGaps => {
            let status = stored.status().await?;
            Ok(json!({ "gaps": status.gaps, "unacknowledged": status.gaps_unacknowledged }))
        }
        Operation::AcknowledgeGaps(Gaps::All) => {
            Ok(json!({ "acknowledged": stored.acknowledge_all_gaps().await? }))
        }
        Operation::AcknowledgeGaps(Gaps::These(ids)) => {
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
    }
}

fn usable(stream: Option<&mut StreamConfig>) -> Result<&mut StreamConfig, Refusal> {
    stream.ok_or_else(Refusal::misconfigured)
}

async fn paused<A: Administered>(stored: &A) -> Result<Value, Refusal> {
    Ok(json!({ "paused_at": stored.status().await?.paused_at }))
}

fn clock_skew_ms(status: &StreamStatus) -> i64 {
    status
        .position
        .as_ref()
        .map_or(0, |position| position.clock_skew_ms)
}

async fn reset<A: Administered>(
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
            let server_now = now().shifted(clock_skew_ms(&status));
            let cursor = source.since(from, None, server_now);
            Some(cursor.map_err(|error| Refusal::from(&error).with_status(400))?)
        }
    };
    stored.reset(cursor.as_ref()).await?;
    Ok(json!({ "reset": true, "begins_at": cursor }))
}

fn which(letters: &Letters) -> Which<'_> {
    match letters {
        Letters::All => Which::All,
        Letters::Sink(sink) => Which::Sink(sink.as_deref()),
        Letters::These(keys) => Which::These(keys),
    }
}

/// Sends dead letters again and deletes those that were accepted.
async fn redeliver<A: Administered>(
    stored: &A,
    stream: &mut StreamConfig,
    budget: Budget,
    letters: &Letters,
) -> Result<Value, Refusal> {
    let began = now();
    let run = stored.begin_redelivery().await?;
    let (mut sent, mut accepted, mut refused) = (0_usize, 0_usize, Vec::new());
    let (mut error, mut after, mut not_deleted) = (None, None, false);
    loop {
        let left_ms = REDELIVERY_MS.saturating_sub(now().since_ms(began));
        if left_ms == 0 {
            break;
        }
        let page = stored
            .letters_to_redeliver(
                which(letters),
                after.as_deref(),
                LETTERS_AT_ONCE,
                LETTER_BYTES_AT_ONCE,
            )
            .await?;
        let key = |number: &usize| {
            let letter = page.letters.get(*number)?;
            Some(LetterKey {
                id: letter.id,
                sink: letter.sink.clone(),
            })
        };
        let budget = Budget {
            wall_ms: left_ms,
            ..budget
        };
        let done = edgesiem::redeliver(&WorkerHost, &run, budget, stream, &page.letters).await;
        let keys: Vec<LetterKey> = done.accepted.iter().filter_map(key).collect();
        if !keys.is_empty() {
            let deleted = stored.delete_letters(Which::These(&keys)).await?;
            if deleted.more {
                // They were sent and are still there: better said than sent once more.
                not_deleted = true;
            }
        }
        sent = sent.saturating_add(page.letters.len());
        accepted = accepted.saturating_add(keys.len());
        refused.extend(done.refused.iter().filter_map(|(number, reason)| {
            let LetterKey { id, sink } = key(number)?;
            Some(json!({ "id": id, "sink": sink.unwrap_or("-".to_owned()), "reason": reason }))
        }));
        error = done.error;
        after = page.after;
        if error.is_some() || after.is_none() || not_deleted {
            break;
        }
    }
    stored.end_redelivery(run, error.as_ref()).await?;
    let refused_count = refused.len();
    refused.truncate(SHOWN);
    Ok(json!({
        "tried": sent,
        "accepted": accepted,
        "refused": refused,
        "refused_count": refused_count,
        "more": after.is_some() || not_deleted,
        "accepted_but_not_deleted": not_deleted,
        "error": error.as_ref().map(edgesiem::stores::Failure::from),
    }))
}
