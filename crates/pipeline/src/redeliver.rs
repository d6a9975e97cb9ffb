//! Dead letters sent again: each to the sink that did not take it, or to all if it was unreadable.

use edgesiem_model::{
    Batch, Budget, DeadLetter, DocumentForm, Error, Host, Limits, Progress, Schema, Store,
    Timestamp,
};

use crate::batcher::{Batcher, WholeLine};
use crate::deliver::Deliver;
use crate::meter::Meter;
use crate::run::{Destination, Stream};

/// What became of dead letters that were sent again.
#[derive(Debug, Default)]
pub struct Redelivered {
    /// Numbers of the letters that every sink concerned has accepted: they are not needed any more.
    pub accepted: Vec<usize>,
    /// Numbers of the letters that cannot be delivered as they are, with why.
    pub refused: Vec<(usize, String)>,
    /// What ended it early.
    pub error: Option<Error>,
}

/// Sends `letters` again, at most as far as `budget` goes. A letter that is named in neither list was not tried,
/// or not accepted by every sink concerned; it may be sent again.
pub async fn redeliver<H: Host, S: Store>(
    host: &H,
    store: &S,
    stream: &Stream<'_>,
    schema: &mut dyn Schema,
    letters: &[DeadLetter],
    budget: Budget,
) -> Redelivered {
    let meter = Meter::new(host.now(), budget, 0);
    // They are dead letters already: that many of them are still refused is no reason to stop.
    let limits = Limits {
        max_dead_letters: usize::MAX,
        ..stream.limits
    };
    let mut done = Redelivered::default();
    let mut readable = Vec::new();
    for (number, letter) in letters.iter().enumerate() {
        match documents(letter, stream, schema) {
            Ok(documents) => readable.push((number, documents)),
            Err(reason) => done.refused.push((number, reason)),
        }
    }
    let mut waiting_for: Vec<usize> = letters
        .iter()
        .map(|letter| match letter.sink {
            Some(_) => 1,
            None => stream.sinks.len(),
        })
        .collect();
    'sinks: for destination in stream.sinks {
        let name = destination.sink.name();
        for (numbers, batch) in batches(stream, destination, letters, &readable, schema.form()) {
            if meter.page_must_end(host).is_some() {
                break 'sinks;
            }
            let deliver = Deliver {
                host,
                store,
                meter: &meter,
                destination,
                limits: &limits,
            };
            let (delivered, result) = deliver.run(&batch, (0..batch.len()).collect()).await;
            let places: Vec<(usize, usize)> = numbers.into_iter().enumerate().collect();
            for documents in places.chunk_by(|(_, letter), (_, next)| letter == next) {
                let Some(&(_, number)) = documents.first() else {
                    continue;
                };
                let is_of_letter =
                    |index: &usize| documents.iter().any(|(place, _)| place == index);
                if delivered.left.iter().any(is_of_letter) {
                    continue;
                }
                let refused = delivered
                    .refused
                    .iter()
                    .find(|refused| is_of_letter(&refused.index));
                match (refused, waiting_for.get_mut(number)) {
                    (Some(refused), _) => {
                        let reason = format!("{name}: {}", refused.reason);
                        done.refused.push((number, reason));
                    }
                    (None, Some(left)) => {
                        *left = left.saturating_sub(1);
                        if *left == 0 {
                            done.accepted.push(number);
                        }
                    }
                    (None, None) => {}
                }
            }
            if let Err(error) = result {
                done.error.get_or_insert(error);
                continue 'sinks;
            }
        }
    }
    done.refused.sort_by_key(|(number, _)| *number);
    done.refused.dedup_by_key(|(number, _)| *number);
    done.accepted.sort_unstable();
    done
}

/// What a letter's line gives.
struct Documents {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    time: Option<Timestamp>,
}

fn documents(
    letter: &DeadLetter,
    stream: &Stream<'_>,
    schema: &mut dyn Schema,
) -> Result<Documents, String> {
    if letter.part.is_some() {
        return Err(
            "it is a part of a line longer than limits.max_event_bytes: put the parts together yourself"
                .to_owned(),
        );
    }
    let known = |name: &String| {
        stream
            .sinks
            .iter()
            .any(|destination| destination.sink.name() == name)
    };
    if let Some(sink) = letter.sink.as_ref().filter(|name| !known(name)) {
        return Err(format!(
            "the stream has no sink `{}` any more",
            edgesiem_model::printable(sink, 80)
        ));
    }
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    let facts = schema
        .convert_parts(&letter.raw, &mut bytes, &mut ends)
        .map_err(|unreadable| unreadable.to_string())?;
    if facts.filtered {
        return Err("the stream's filter leaves it out by now".to_owned());
    }
    let time = facts.time;
    Ok(Documents { bytes, ends, time })
}

/// The letters that concern one sink, in batches, each with the number of the letter that each of its events is of.
fn batches(
    stream: &Stream<'_>,
    destination: &Destination,
    letters: &[DeadLetter],
    readable: &[(usize, Documents)],
    form: DocumentForm,
) -> Vec<(Vec<usize>, Batch)> {
    let name = destination.sink.name();
    let nothing = Progress::default();
    let mut batcher = Batcher::new(stream.sinks, &stream.limits, form, &nothing, None);
    let (mut out, mut numbers) = (Vec::new(), Vec::new());
    for (number, documents) in readable {
        let Some(letter) = letters.get(*number) else {
            continue;
        };
        if letter.sink.as_deref().is_some_and(|sink| sink != name) {
            continue;
        }
        let line = WholeLine {
            id: letter.id,
            number: *number as u64,
            time: documents.time,
            raw: &letter.raw,
            documents: &documents.bytes,
            ends: &documents.ends,
        };
        if let Some(batch) = batcher.push(&line) {
            out.push((std::mem::take(&mut numbers), batch));
        }
        numbers.extend(documents.ends.iter().map(|_| *number));
    }
    if let Some(batch) = batcher.finish() {
        out.push((numbers, batch));
    }
    out
}
