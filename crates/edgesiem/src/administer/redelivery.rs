//! Sends dead letters again, page by page, and deletes those that were accepted.

use edgesiem_model::{Budget, DeadLetter, Error, Host};
use edgesiem_stores::{Failure, LetterKey, LetterPage, Which};
use serde_json::{Value, json};

use super::{Administered, Letters, Refusal};
use crate::StreamConfig;

/// For no longer than this by one operation: an answer that takes longer is not waited for.
const WALL_MS: u64 = 60_000;
/// So many of them are in memory at the same time.
const LETTERS_AT_ONCE: usize = 200;
const LETTER_BYTES_AT_ONCE: usize = 2 * 1024 * 1024;
/// So many refusals are shown.
const SHOWN: usize = 50;

/// What became of them so far.
#[derive(Default)]
struct Tally {
    tried: usize,
    accepted: usize,
    refused: Vec<Value>,
    refused_count: usize,
    /// They were sent and are still there: better said than sent once more.
    not_deleted: bool,
    /// Where the letters begin that were not tried.
    after: Option<String>,
    error: Option<Error>,
}

pub(super) async fn redeliver<H: Host, A: Administered>(
    host: &H,
    stored: &A,
    stream: &mut StreamConfig,
    budget: Budget,
    letters: &Letters,
) -> Result<Value, Refusal> {
    let run = stored.begin_redelivery().await?;
    let mut tally = Tally::default();
    let sent = send(host, stored, &run, stream, budget, letters, &mut tally).await;
    // Also after a failure: otherwise the store waits for a run that is no more.
    let ended = stored.end_redelivery(run, tally.error.as_ref()).await;
    sent?;
    ended?;
    Ok(json!({
        "tried": tally.tried,
        "accepted": tally.accepted,
        "refused": tally.refused,
        "refused_count": tally.refused_count,
        "more": tally.after.is_some() || tally.not_deleted,
        "accepted_but_not_deleted": tally.not_deleted,
        "error": tally.error.as_ref().map(Failure::from),
    }))
}

async fn send<H: Host, A: Administered>(
    host: &H,
    stored: &A,
    run: &A::Redelivery,
    stream: &mut StreamConfig,
    budget: Budget,
    letters: &Letters,
    tally: &mut Tally,
) -> Result<(), Refusal> {
    let began = host.now();
    loop {
        let left_ms = WALL_MS.saturating_sub(host.now().since_ms(began));
        if left_ms == 0 {
            return Ok(());
        }
        let page = stored
            .letters_to_redeliver(
                letters.which(),
                tally.after.as_deref(),
                LETTERS_AT_ONCE,
                LETTER_BYTES_AT_ONCE,
            )
            .await?;
        let budget = Budget {
            wall_ms: left_ms,
            ..budget
        };
        let done = crate::redeliver(host, run, budget, stream, &page.letters).await;
        let accepted: Vec<LetterKey> = done
            .accepted
            .iter()
            .filter_map(|number| key(&page, *number))
            .collect();
        if !accepted.is_empty() {
            let deleted = stored.delete_letters(Which::These(&accepted)).await?;
            tally.not_deleted = deleted.more;
        }
        tally.tried = tally.tried.saturating_add(page.letters.len());
        tally.accepted = tally.accepted.saturating_add(accepted.len());
        for (number, reason) in &done.refused {
            let Some(LetterKey { id, sink }) = key(&page, *number) else {
                continue;
            };
            tally.refused_count = tally.refused_count.saturating_add(1);
            if tally.refused.len() < SHOWN {
                let sink = sink.unwrap_or_else(|| "-".to_owned());
                let refusal = json!({ "id": id, "sink": sink, "reason": reason });
                tally.refused.push(refusal);
            }
        }
        tally.after = page.after;
        tally.error = done.error;
        if tally.after.is_none() || tally.error.is_some() || tally.not_deleted {
            return Ok(());
        }
        if host.must_end().is_some() {
            return Ok(());
        }
    }
}

fn key(page: &LetterPage<DeadLetter>, number: usize) -> Option<LetterKey> {
    let letter = page.letters.get(number)?;
    Some(LetterKey {
        id: letter.id,
        sink: letter.sink.clone(),
    })
}
