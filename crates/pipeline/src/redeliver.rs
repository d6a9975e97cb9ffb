//! Dead letters sent again: each to the sink that did not take it, or to all if it was unreadable.

use edgesiem_model::{
    Batch, Budget, DeadLetter, Error, Event, Host, Limits, Progress, Schema, Store,
};

use crate::batcher::Batcher;
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
    let meter = Meter::new(host.now(), budget);
    // They are dead letters already: that many of them are still refused is no reason to stop.
    let limits = Limits {
        max_dead_letters: usize::MAX,
        ..stream.limits
    };
    let mut done = Redelivered::default();
    let mut readable = Vec::new();
    for (number, letter) in letters.iter().enumerate() {
        match document(letter, stream, schema) {
            Ok(document) => readable.push((number, document)),
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
        for (numbers, batch) in batches(stream, destination, letters, &readable) {
            if meter.page_must_end(host).is_some() {
                break 'sinks;
            }
            let deliver = Deliver {
                host,
                store,
                meter: &meter,
                sink: destination.sink.as_ref(),
                limits: &limits,
            };
            let (delivered, result) = deliver.run(&batch, (0..batch.len()).collect()).await;
            for (place, number) in numbers.into_iter().enumerate() {
                if delivered.left.contains(&place) {
                    continue;
                }
                let refused = delivered
                    .refused
                    .iter()
                    .find(|refused| refused.index == place);
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

fn document(
    letter: &DeadLetter,
    stream: &Stream<'_>,
    schema: &mut dyn Schema,
) -> Result<(Vec<u8>, Option<edgesiem_model::Timestamp>), String> {
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
    let mut document = Vec::new();
    let facts = schema
        .convert(&letter.raw, &mut document)
        .map_err(|unreadable| unreadable.to_string())?;
    Ok((document, facts.time))
}

type Readable = (usize, (Vec<u8>, Option<edgesiem_model::Timestamp>));

/// The letters that concern one sink, in batches, each with the numbers of its letters.
fn batches(
    stream: &Stream<'_>,
    destination: &Destination,
    letters: &[DeadLetter],
    readable: &[Readable],
) -> Vec<(Vec<usize>, Batch)> {
    let name = destination.sink.name();
    let nothing = Progress::default();
    let mut batcher = Batcher::new(stream.sinks, &stream.limits, &nothing, None);
    let (mut out, mut numbers) = (Vec::new(), Vec::new());
    for (number, (document, time)) in readable {
        let Some(letter) = letters.get(*number) else {
            continue;
        };
        if letter.sink.as_deref().is_some_and(|sink| sink != name) {
            continue;
        }
        let event = Event {
            id: letter.id,
            line: *number as u64,
            time: *time,
            raw: &letter.raw,
            document,
        };
        if let Some(batch) = batcher.push(&event) {
            out.push((std::mem::take(&mut numbers), batch));
        }
        numbers.push(*number);
    }
    if let Some(batch) = batcher.finish() {
        out.push((numbers, batch));
    }
    out
}
