//! The invariants, each broken on purpose: what shows that the simulator would notice.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use edgesiem_model::{
    Accepted, Batch, Checkpoint, Cursor, DeadLetter, Error, Event, EventIds, HttpRequest,
    Incomplete, Limits, Line, Loaded, PageEnd, PageLimits, PageReader, PageRequest, Progress,
    Recovery, ResponseHead, Revision, Save, Source, SourceVerdict, Store, StoreError, StreamId,
    Timestamp, WhenFull,
};
use serde_json::{Map, Value, json};

use crate::plan::STREAM;
use crate::world::World;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mutant {
    /// The checkpoint moves when a page is begun, not when it is delivered.
    CheckpointFirst,
    /// Whatever a sink answers is taken for acceptance.
    EveryAnswerIsYes,
    /// A page that is cut is taken for a short one.
    CutIsWhole,
    /// A page that is read again goes on by line numbers, not by what the lines are.
    ProgressByCount,
    /// What sinks accepted is not written down.
    ProgressForgotten,
    /// Dead letters are not kept.
    LettersNotKept,
    /// Dead letters that find no room are dropped.
    LettersDropped,
    /// A run that was superseded may go on writing.
    EpochIgnored,
    /// A checkpoint replaces any other, and a run that was superseded may go on writing.
    RevisionIgnored,
    /// Runs of one object go on at the same time.
    NoSingleFlight,
    /// Trend Micro's quota is not waited for.
    QuotaIgnored,
    /// Which events of an instant were delivered is forgotten.
    SeenForgotten,
    /// The first page of a window counts as all of it.
    LinkNotFollowed,
}

impl Mutant {
    /// Whether it is the source that is broken.
    pub const fn is_of_source(self) -> bool {
        matches!(
            self,
            Self::CutIsWhole | Self::QuotaIgnored | Self::SeenForgotten | Self::LinkNotFollowed
        )
    }
}

/// A store with the fault of a [`Mutant`], or with none.
pub struct Mutated<'a, S> {
    /// The store.
    inner: RefCell<Rc<S>>,
    /// Makes another one that nothing supersedes.
    renew: Box<dyn Fn() -> Option<S> + 'a>,
    mutant: Option<Mutant>,
    world: Rc<World>,
    /// Saves that the run does not know of.
    ahead: Cell<u64>,
}

impl<'a, S: Store> Mutated<'a, S> {
    /// `renew` makes another store of the same stream.
    pub fn new(
        inner: S,
        renew: Box<dyn Fn() -> Option<S> + 'a>,
        mutant: Option<Mutant>,
        world: &Rc<World>,
    ) -> Self {
        Self {
            inner: RefCell::new(Rc::new(inner)),
            renew,
            mutant,
            world: Rc::clone(world),
            ahead: Cell::new(0),
        }
    }

    /// The store.
    pub fn inner(&self) -> Rc<S> {
        if matches!(
            self.mutant,
            Some(Mutant::EpochIgnored | Mutant::RevisionIgnored)
        ) && let Some(newest) = (self.renew)()
        {
            *self.inner.borrow_mut() = Rc::new(newest);
        }
        Rc::clone(&self.inner.borrow())
    }

    /// The store, if nobody else holds it.
    pub fn into_inner(self) -> Option<S> {
        Rc::try_unwrap(self.inner.into_inner()).ok()
    }

    async fn revision(&self, at: Revision) -> Result<Revision, StoreError> {
        if self.mutant == Some(Mutant::RevisionIgnored) {
            return Ok(self.inner().load().await?.revision);
        }
        Ok(Revision(at.0 + self.ahead.get()))
    }

    /// Where the page that is about to be read ends, and which events it has. The server has answered by then.
    fn peek(&self) -> (Vec<u32>, Cursor) {
        let siem = self.world.siem.borrow();
        let (order, token) = siem.newest();
        (order.to_vec(), Cursor(json!({ "offset": token })))
    }

    /// The key that a batch of these lines will have, whatever they are.
    fn by_count(&self, accepted: &mut Accepted) {
        let (order, _) = self.peek();
        let stream = StreamId::new(STREAM).expect("a name");
        let mut ids = EventIds::new(&stream, order.len() as u32);
        let mut batch = Batch::default();
        for (line, number) in (0..).zip(&order) {
            let raw = self.world.line(*number);
            let id = ids.next(&raw);
            if accepted.lines.contains(&line) {
                batch.push(&Event {
                    id,
                    line_id: id,
                    line,
                    time: None,
                    raw: &raw,
                    document: &raw,
                });
            }
        }
        accepted.key = batch.view().key();
    }
}

impl<S: Store> Store for Mutated<'_, S> {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.inner().load().await
    }

    async fn begin_page(&self, at: Revision, cursor: &Cursor) -> Result<Progress, StoreError> {
        let at = self.revision(at).await?;
        let mut progress = self.inner().begin_page(at, cursor).await?;
        if self.mutant == Some(Mutant::ProgressByCount) {
            for accepted in &mut progress.accepted {
                self.by_count(accepted);
            }
        }
        if self.mutant == Some(Mutant::CheckpointFirst) {
            let loaded = self.inner().load().await?;
            let before = loaded.checkpoint;
            let mut next = before.unwrap_or_else(|| Checkpoint::start(cursor.clone()));
            next.cursor = self.peek().1;
            self.inner()
                .save(at, &next, Save::Page { gap: None })
                .await?;
            self.ahead.set(self.ahead.get() + 1);
        }
        Ok(progress)
    }

    async fn accept(&self, at: Revision, accepted: &Accepted) -> Result<(), StoreError> {
        if matches!(
            self.mutant,
            Some(Mutant::ProgressForgotten | Mutant::CheckpointFirst)
        ) {
            return Ok(());
        }
        let at = self.revision(at).await?;
        self.inner().accept(at, accepted).await
    }

    async fn abandon_page(&self, at: Revision) -> Result<(), StoreError> {
        let at = self.revision(at).await?;
        self.inner().abandon_page(at).await
    }

    async fn save(
        &self,
        expected: Revision,
        next: &Checkpoint,
        what: Save<'_>,
    ) -> Result<Revision, StoreError> {
        let expected = self.revision(expected).await?;
        let saved = self.inner().save(expected, next, what).await?;
        Ok(Revision(saved.0 - self.ahead.get()))
    }

    async fn keep_dead_letters(
        &self,
        letters: &[DeadLetter],
        when_full: WhenFull,
    ) -> Result<u64, StoreError> {
        match self.mutant {
            Some(Mutant::LettersNotKept) => Ok(0),
            Some(Mutant::LettersDropped) => {
                let inner = self.inner();
                inner.keep_dead_letters(letters, WhenFull::Drop).await
            }
            _ => self.inner().keep_dead_letters(letters, when_full).await,
        }
    }

    async fn still_running(&self) {
        self.inner().still_running().await;
    }
}

/// A source with the fault of a [`Mutant`].
pub struct MutantSource {
    /// The source.
    pub source: Box<dyn Source>,
    /// Its fault.
    pub mutant: Option<Mutant>,
    /// Knows where the page would have ended.
    pub world: Rc<World>,
}

impl MutantSource {
    /// The cursor without what is forgotten.
    fn forgetful(&self, cursor: &Cursor) -> Cursor {
        let mut cursor = cursor.clone();
        if self.mutant == Some(Mutant::SeenForgotten) {
            for place in places(&mut cursor) {
                place.remove("seen");
            }
        }
        cursor
    }
}

/// Where the combinations of Trend Micro's cursor stand.
fn places(cursor: &mut Cursor) -> impl Iterator<Item = &mut Map<String, Value>> {
    let combinations = cursor.0.get_mut("combinations");
    let combinations = combinations.and_then(Value::as_object_mut);
    let places = combinations.into_iter().flatten();
    places.filter_map(|(_, place)| place.as_object_mut())
}

struct MutantReader {
    reader: Box<dyn PageReader>,
    mutant: Option<Mutant>,
    world: Rc<World>,
}

impl Source for MutantSource {
    fn kind(&self) -> &'static str {
        self.source.kind()
    }

    fn start(&self) -> Cursor {
        self.source.start()
    }

    fn since(
        &self,
        from: Timestamp,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Cursor, Error> {
        self.source.since(from, to, now)
    }

    fn is_in_order(&self) -> bool {
        self.source.is_in_order()
    }

    fn page_limits(&self) -> PageLimits {
        let mut limits = self.source.page_limits();
        if self.mutant == Some(Mutant::QuotaIgnored) {
            limits.quota_interval_ms = 0;
        }
        limits
    }

    fn request(&self, page: &PageRequest<'_>) -> Result<HttpRequest, Error> {
        let cursor = &self.forgetful(page.cursor);
        self.source.request(&PageRequest { cursor, ..*page })
    }

    fn verdict(&self, page: &PageRequest<'_>, head: &ResponseHead, body: &[u8]) -> SourceVerdict {
        let cursor = &self.forgetful(page.cursor);
        self.source
            .verdict(&PageRequest { cursor, ..*page }, head, body)
    }

    fn reader(&self, page: &PageRequest<'_>, limits: &Limits) -> Box<dyn PageReader> {
        let cursor = &self.forgetful(page.cursor);
        Box::new(MutantReader {
            reader: self.source.reader(&PageRequest { cursor, ..*page }, limits),
            mutant: self.mutant,
            world: Rc::clone(&self.world),
        })
    }

    fn recover(&self, lost: &Cursor, last_event_at: Option<Timestamp>, now: Timestamp) -> Recovery {
        self.source.recover(lost, last_event_at, now)
    }
}

impl PageReader for MutantReader {
    fn push(&mut self, chunk: &[u8], lines: &mut dyn FnMut(Line<'_>)) {
        self.reader.push(chunk, lines);
    }

    fn finish(&mut self, lines: &mut dyn FnMut(Line<'_>)) -> Result<PageEnd, Incomplete> {
        let end = self.reader.finish(lines);
        match self.mutant {
            Some(Mutant::CutIsWhole) => end.or_else(|_| {
                let siem = self.world.siem.borrow();
                Ok(PageEnd {
                    next: Cursor(json!({ "offset": siem.newest().1 })),
                    more: false,
                })
            }),
            Some(Mutant::LinkNotFollowed) => end.map(|mut end| {
                for place in places(&mut end.next) {
                    if let Some(chain) = place.remove("chain") {
                        place.insert("since".to_owned(), chain["window_to"].clone());
                        place.insert("to".to_owned(), chain["window_to"].clone());
                    }
                }
                end
            }),
            _ => end,
        }
    }
}
