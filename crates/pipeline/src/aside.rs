//! What is set aside: events that a sink refused, and what an optional sink did not take in time.

use std::collections::BTreeMap;

use edgesiem_model::{DeadLetter, Error, ErrorKind, Host, Note, RefusedLine, Store, WhenFull};

use crate::deliver::Delivered;
use crate::flow::{Flow, place};
use crate::lane::Parcel;
use crate::page::{Failed, store_error};

const TOO_LATE: &str = "the optional sink did not answer in time";

impl<H: Host, S: Store> Flow<'_, '_, H, S> {
    /// Dead letters of the events with these numbers in the batch, each with why.
    pub(crate) fn letters<'r>(
        &self,
        number: usize,
        parcel: &Parcel,
        refused: impl Iterator<Item = (usize, &'r str)>,
    ) -> Vec<DeadLetter> {
        if parcel.notice {
            return Vec::new();
        }
        // A line is sent again as a whole, whichever of its documents was refused.
        let mut letters: Vec<DeadLetter> = Vec::new();
        for (index, reason) in refused {
            let numbers = [index];
            let view = parcel.batch.pick(&numbers);
            let Some(event) = view.events().next() else {
                continue;
            };
            if letters
                .last()
                .is_some_and(|letter| letter.line == event.line)
            {
                continue;
            }
            letters.push(DeadLetter {
                page: self.intake.page.clone(),
                line: event.line,
                part: None,
                id: event.line_id,
                reason: reason.to_owned(),
                sink: Some(self.page.name(number).to_owned()),
                raw: event.raw.to_vec(),
            });
        }
        letters
    }

    /// Keeps dead letters for which there was no room when the sink refused their events, in an earlier run.
    pub(crate) async fn make_up(&mut self, number: usize, parcel: &Parcel, before: &Note) {
        let missing = before.refused.iter().filter_map(|refused| {
            let reason = refused.not_kept.as_deref()?;
            Some((refused.place, reason))
        });
        let missing: BTreeMap<u64, &str> = missing.collect();
        if missing.is_empty() {
            return;
        }
        let places = parcel.places();
        let view = parcel.batch.view();
        let events = view.events().enumerate().filter_map(|(index, event)| {
            let reason = missing.get(&place(&places, event.line)?)?;
            Some((index, *reason))
        });
        let letters = self.letters(number, parcel, events);
        let kept = if self.page.is_required(number) {
            // They are counted already, with the others of this note.
            self.intake.letters.extend(letters);
            self.settle_letters().await
        } else {
            self.keep_optional(number, letters).await
        };
        if kept {
            let mut note = before.clone();
            note.refused.iter_mut().for_each(|it| it.not_kept = None);
            self.remember(number, parcel, note).await;
        }
    }

    /// Keeps what a sink refused, and notes whether it is safe. Says `false`, and stops the stream, if that would be more than one
    /// page may set aside: then nothing of it is noted.
    pub(crate) async fn book_refused(
        &mut self,
        number: usize,
        parcel: &Parcel,
        delivered: &Delivered,
        note: &mut Note,
    ) -> bool {
        let refused = delivered.refused.iter();
        let reasons = refused.map(|refused| (refused.index, refused.reason.as_str()));
        let letters = self.letters(number, parcel, reasons);
        let places = match letters.is_empty() {
            true => Vec::new(),
            false => parcel.places(),
        };
        let too_large = delivered.too_large_lines(&parcel.batch);
        let mut lines: Vec<RefusedLine> = letters
            .iter()
            .filter_map(|letter| {
                Some(RefusedLine {
                    place: place(&places, letter.line)?,
                    not_kept: Some(letter.reason.clone()),
                    uncounted: too_large.contains(&letter.line),
                })
            })
            .collect();
        let kept = if self.page.is_required(number) {
            if self.intake.has_no_room_for(&lines) {
                let last = letters.last().map(|letter| letter.reason.clone());
                self.too_many(ErrorKind::SinkRefused, last);
                return false;
            }
            for line in &lines {
                if parcel.refused.borrow_mut().insert(line.place) {
                    self.dead_lettered = self.dead_lettered.saturating_add(1);
                }
            }
            self.intake.count_refused(&lines);
            self.intake.letters.extend(letters);
            self.settle_letters().await
        } else {
            self.keep_optional(number, letters).await
        };
        if kept {
            lines.iter_mut().for_each(|line| line.not_kept = None);
        }
        note.refused.extend(lines);
        true
    }

    /// Stops the stream: the page has more events that cannot be delivered than it may.
    fn too_many(&mut self, kind: ErrorKind, last_reason: Option<String>) {
        let most = self.page.stream.limits.max_dead_letters;
        let error = Error::new(
            kind,
            format!("more than {most} events of one page are unreadable or refused"),
            "look at the dead letters' reasons; the checkpoint has not moved. Raise max_dead_letters in the stream's limits only \
             if such events are to be set aside",
        )
        .with("last reason", last_reason.unwrap_or_default());
        self.stop(Failed::Other(error));
    }

    /// Keeps the dead letters made so far, those of optional sinks aside; says whether they are safe.
    pub(crate) async fn settle_letters(&mut self) -> bool {
        let intake = &mut self.intake;
        if intake.letters_made > self.page.stream.limits.max_dead_letters {
            let last = intake.letters.last().map(|letter| letter.reason.clone());
            self.too_many(ErrorKind::SourceRefused, last);
            return false;
        }
        if intake.letters.is_empty() {
            return true;
        }
        let letters = std::mem::take(&mut intake.letters);
        let kept = self
            .page
            .store
            .keep_dead_letters(&letters, WhenFull::Refuse)
            .await;
        match kept {
            Ok(_) => true,
            Err(error) => {
                self.stop(Failed::Store(store_error(
                    "dead letters could not be kept",
                    &error,
                )));
                false
            }
        }
    }

    /// An optional sink may not keep the others waiting: when there is no room although they have nothing left to
    /// do, what waits for it is set aside.
    pub(crate) async fn make_room(&mut self) {
        let page = self.page;
        let others_are_busy = self
            .lanes
            .iter()
            .enumerate()
            .any(|(number, lane)| page.is_required(number) && !lane.waiting.is_empty());
        if self.has_room() || others_are_busy {
            return;
        }
        for number in 0..self.lanes.len() {
            if !self.page.is_required(number) {
                self.spill(number, "the optional sink was too far behind")
                    .await;
            }
        }
    }

    pub(crate) async fn spill_suspended(&mut self) {
        for number in 0..self.lanes.len() {
            let why = self.lanes.get(number).and_then(|lane| lane.down.clone());
            if let Some(why) = why.filter(|_| !self.page.is_required(number)) {
                self.spill(number, &why).await;
            }
        }
    }

    pub(crate) async fn give_up_optional(&mut self) {
        for number in 0..self.lanes.len() {
            if self.page.is_required(number) {
                continue;
            }
            let name = self.page.name(number).to_owned();
            if let Some(lane) = self.lanes.get_mut(number) {
                if !lane.is_idle() {
                    // Nor is it waited for at the end of the pages that follow.
                    self.page
                        .suspended
                        .borrow_mut()
                        .push((name, TOO_LATE.to_owned()));
                }
                for load in std::mem::take(&mut lane.flying) {
                    lane.waiting.push_back(load);
                }
            }
            self.spill(number, TOO_LATE).await;
        }
        // Only theirs are left.
        self.in_flight.clear();
    }

    /// Sets aside all that waits for an optional sink, so that it is never sent by the live stream again.
    pub(crate) async fn spill(&mut self, number: usize, reason: &str) {
        let Some(lane) = self.lanes.get_mut(number) else {
            return;
        };
        for load in std::mem::take(&mut lane.waiting) {
            let numbers = load.numbers();
            let all = numbers.iter().map(|number| (*number, reason));
            let letters = self.letters(number, &load.parcel, all);
            if !self.keep_optional(number, letters).await {
                // Neither sent nor kept: the next run has it before it.
                self.let_go(load.parcel);
                continue;
            }
            let mut note = load.before.clone().unwrap_or_default();
            note.left.clear();
            self.remember(number, &load.parcel, note).await;
            self.let_go(load.parcel);
        }
    }

    /// Keeps dead letters of an optional sink, or drops and counts them; says whether that was done.
    pub(crate) async fn keep_optional(&mut self, number: usize, letters: Vec<DeadLetter>) -> bool {
        if letters.is_empty() {
            return true;
        }
        let kept = self
            .page
            .store
            .keep_dead_letters(&letters, WhenFull::Drop)
            .await;
        match kept {
            Ok(dropped) => {
                if let Some(lane) = self.lanes.get_mut(number) {
                    lane.report.dropped = lane.report.dropped.saturating_add(dropped);
                }
                true
            }
            Err(error) => {
                self.stop(Failed::Store(store_error(
                    "dead letters could not be kept",
                    &error,
                )));
                false
            }
        }
    }
}
