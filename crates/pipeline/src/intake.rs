//! Turns the lines of a page into batches and dead letters.

use edgesiem_model::{
    Batch, Cursor, DeadLetter, Event, EventIds, Gap, Limits, Line, Progress, RefusedLine, Schema,
    StreamId, Timestamp,
};
use serde::Serialize;

use crate::batcher::{Batcher, WholeLine};
use crate::open::Asked;
use crate::run::{Stream, Window};

/// What was read of a page, whether or not it came to an end.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) events: u64,
    pub(crate) unreadable: u64,
    pub(crate) outside: u64,
    pub(crate) filtered: u64,
    pub(crate) undecoded: u64,
    pub(crate) bytes: u64,
    pub(crate) first_event_at: Option<Timestamp>,
    pub(crate) last_event_at: Option<Timestamp>,
}

/// A batch as it leaves the intake.
pub(crate) struct Cut {
    pub(crate) batch: Batch,
    /// Not events of the page, but something about it.
    pub(crate) notice: bool,
}

/// A gap as its sinks are told of it.
#[derive(Serialize)]
struct Notice<'a> {
    r#type: &'static str,
    stream: &'a StreamId,
    #[serde(flatten)]
    gap: &'a Gap,
}

/// Lines of a page on their way into batches.
pub(crate) struct Intake<'a> {
    schema: &'a mut dyn Schema,
    ids: EventIds,
    batcher: Batcher,
    /// Where the page begins, as it goes with dead letters.
    pub(crate) page: Cursor,
    window: Option<&'a Window>,
    documents: Vec<u8>,
    ends: Vec<usize>,
    pub(crate) cut: Vec<Cut>,
    pub(crate) letters: Vec<DeadLetter>,
    /// Dead letters made for this page, parts of lines and refused events included.
    pub(crate) letters_made: usize,
    max_letters: usize,
    pub(crate) read: Read,
    /// Escapes can make a document several times as long as its line.
    max_document_bytes: usize,
    /// The server's time when the page was asked for, and a minute.
    believable_until: Timestamp,
    /// What sinks are told of the page, if anything.
    notice: Option<(&'a StreamId, Gap)>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(
        stream: &'a Stream<'_>,
        schema: &'a mut dyn Schema,
        asked: &Asked,
        progress: &Progress,
    ) -> Self {
        let Limits {
            max_dead_letters,
            max_event_bytes,
            ..
        } = stream.limits;
        let replay = stream.replay.as_ref();
        let server_time = asked.now.shifted(asked.clock_skew_ms);
        let form = schema.form();
        Self {
            schema,
            ids: EventIds::new(&stream.id, asked.limit),
            batcher: Batcher::new(
                stream.sinks,
                &stream.limits,
                form,
                progress,
                replay.map(|window| window.id.clone()),
            ),
            page: stream.source.shown(&asked.page()),
            window: replay,
            documents: Vec::new(),
            ends: Vec::new(),
            cut: Vec::new(),
            letters: Vec::new(),
            letters_made: 0,
            max_letters: max_dead_letters,
            read: Read::default(),
            max_document_bytes: max_event_bytes.saturating_mul(2),
            believable_until: server_time.shifted(60_000),
            notice: asked
                .gap
                .as_ref()
                .filter(|_| stream.emit_gaps)
                .map(|gap| (&stream.id, gap.clone())),
        }
    }

    pub(crate) fn take(&mut self, line: Line<'_>) {
        match line {
            Line::Event(raw) => {
                self.event(raw);
                self.read.events = self.read.events.saturating_add(1);
            }
            Line::Oversize { part, index, last } => {
                let reason = "longer than limits.max_event_bytes";
                self.letter(part, Some(index), reason.to_owned());
                if last {
                    self.read.events = self.read.events.saturating_add(1);
                    self.read.unreadable = self.read.unreadable.saturating_add(1);
                }
            }
        }
    }

    /// The page is whole: what is left is a batch too.
    pub(crate) fn finish(&mut self) {
        self.cut.extend(self.batcher.finish().map(events));
        if let Some((stream, gap)) = self.notice.take() {
            self.notice(stream, &gap);
        }
    }

    /// Memory of the batch that is being filled.
    pub(crate) fn open_bytes(&self) -> usize {
        self.batcher.open_bytes()
    }

    /// Whether these would be more dead letters than a page may have.
    pub(crate) fn has_no_room_for(&self, lines: &[RefusedLine]) -> bool {
        let counted = counted(lines);
        counted > 0 && self.letters_made.saturating_add(counted) > self.max_letters
    }

    /// Counts what a required sink refused, in this run or in an earlier one.
    pub(crate) fn count_refused(&mut self, lines: &[RefusedLine]) {
        self.letters_made = self.letters_made.saturating_add(counted(lines));
    }

    /// Takes back the memory of a delivered batch.
    pub(crate) fn recycle(&mut self, batch: Batch) {
        self.batcher.recycle(batch);
    }

    fn event(&mut self, raw: &[u8]) {
        self.documents.clear();
        self.ends.clear();
        // One long document must not keep its memory for the rest of the run.
        self.documents.shrink_to(self.max_document_bytes);
        let converted = self
            .schema
            .convert_parts(raw, &mut self.documents, &mut self.ends);
        let mut facts = match converted {
            Ok(facts) => facts,
            Err(unreadable) => return self.unreadable(raw, unreadable.to_string()),
        };
        if self.documents.len() > self.max_document_bytes && self.ends.len() > 1 {
            // By rule it is too much. As one document it may not be.
            self.documents.clear();
            self.ends.clear();
            facts = match self.schema.convert(raw, &mut self.documents) {
                Ok(facts) => facts,
                Err(unreadable) => return self.unreadable(raw, unreadable.to_string()),
            };
            self.ends.push(self.documents.len());
        }
        if self.documents.len() > self.max_document_bytes {
            let reason = "its documents are longer than twice limits.max_event_bytes";
            return self.unreadable(raw, reason.to_owned());
        }
        // A recovery goes on from the latest event time: one event that claims to be from the future must not
        // make it pass over the others.
        let believable = facts.time.filter(|time| *time <= self.believable_until);
        self.read.last_event_at = self.read.last_event_at.max(believable);
        self.read.first_event_at = match (self.read.first_event_at, facts.time) {
            (Some(first), Some(time)) => Some(first.min(time)),
            (first, time) => first.or(time),
        };
        let id = self.ids.next(raw);
        if let (Some(window), Some(time)) = (self.window, facts.time)
            && !(window.from..=window.to).contains(&time)
        {
            self.read.outside = self.read.outside.saturating_add(1);
            return;
        }
        if facts.filtered {
            self.read.filtered = self.read.filtered.saturating_add(1);
            return;
        }
        self.read.undecoded = self
            .read
            .undecoded
            .saturating_add(u64::from(facts.undecoded));
        let line = WholeLine {
            id,
            number: self.read.events,
            time: facts.time,
            raw,
            documents: &self.documents,
            ends: &self.ends,
        };
        self.cut.extend(self.batcher.push(&line).map(events));
    }

    fn unreadable(&mut self, raw: &[u8], reason: String) {
        self.read.unreadable = self.read.unreadable.saturating_add(1);
        self.letter(raw, None, reason);
    }

    /// Past the limit nothing is kept any more: the page will be given up.
    fn letter(&mut self, raw: &[u8], part: Option<u32>, reason: String) {
        self.letters_made = self.letters_made.saturating_add(1);
        if self.letters_made > self.max_letters {
            self.letters.truncate(1);
            return;
        }
        let id = self.ids.next(raw);
        self.letters.push(DeadLetter {
            page: self.page.clone(),
            line: self.read.events,
            part,
            id,
            reason,
            sink: None,
            raw: raw.to_vec(),
        });
    }

    /// A batch of its own, so that it changes none of the events'. It comes last, when nothing but the commit is to
    /// follow: a page that is left before its end would bring it again in the next run.
    fn notice(&mut self, stream: &StreamId, gap: &Gap) {
        let notice = Notice {
            r#type: "edgesiem_gap",
            stream,
            gap,
        };
        let Ok(line) = serde_json::to_vec(&notice) else {
            return;
        };
        let mut document = Vec::new();
        self.schema.gap(&line, gap, &mut document);
        let mut batch = Batch::default();
        batch.set_form(self.schema.form());
        let id = self.ids.next(&line);
        batch.push(&Event {
            id,
            line_id: id,
            line: 0,
            // Not that of now: receivers that want events in order would refuse those that follow.
            time: Some(gap.resumed_from),
            raw: &line,
            document: &document,
        });
        self.cut.push(Cut {
            batch,
            notice: true,
        });
    }
}

fn events(batch: Batch) -> Cut {
    Cut {
        batch,
        notice: false,
    }
}

fn counted(lines: &[RefusedLine]) -> usize {
    lines.iter().filter(|line| !line.uncounted).count()
}
