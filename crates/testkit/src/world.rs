//! The scripted host: who is asked what, who answers what, and what is stored.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use edgesiem_model::{
    Accepted, Body, Checkpoint, Cursor, DeadLetter, EventId, FetchError, Gap, Host, HttpRequest,
    Loaded, Progress, ResponseHead, Revision, Save, Store, StoreError, Timestamp, WhenFull,
};

use crate::Clock;

/// What a scripted server answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status and headers.
    pub head: ResponseHead,
    /// Body, in the pieces in which it arrives.
    pub chunks: Vec<Vec<u8>>,
    /// The body breaks off with this error after the last piece.
    pub broken: Option<String>,
    /// How long the answer takes, in milliseconds.
    pub delay_ms: u64,
    /// The connection fails instead: no head arrives.
    pub lost: bool,
}

impl Reply {
    /// `status` with a body.
    pub fn new(status: u16, body: impl AsRef<[u8]>) -> Self {
        let head = ResponseHead {
            status,
            headers: Vec::new(),
        };
        Self {
            head,
            chunks: vec![body.as_ref().to_vec()],
            broken: None,
            delay_ms: 10,
            lost: false,
        }
    }

    /// No answer at all.
    pub fn lost() -> Self {
        Self {
            lost: true,
            ..Self::new(0, "")
        }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// In pieces of `size` bytes.
    #[must_use]
    pub fn chunked(mut self, size: usize) -> Self {
        self.chunks = self
            .chunks
            .concat()
            .chunks(size)
            .map(<[u8]>::to_vec)
            .collect();
        self
    }

    /// Cut after `bytes` with a network error.
    #[must_use]
    pub fn cut(mut self, bytes: usize) -> Self {
        let mut all = self.chunks.concat();
        all.truncate(bytes);
        self.chunks = vec![all];
        self.broken = Some("Network connection lost.".to_owned());
        self
    }

    /// Answered only after `millis`.
    #[must_use]
    pub fn after(mut self, millis: u64) -> Self {
        self.delay_ms = millis;
        self
    }
}

type Server = Box<dyn FnMut(&HttpRequest) -> Reply>;

/// A host whose servers are closures and whose store is a map.
pub struct World {
    /// Time.
    pub clock: Clock,
    servers: RefCell<BTreeMap<String, Server>>,
    /// Every request, in order.
    pub requests: RefCell<Vec<HttpRequest>>,
    /// What is stored of the stream.
    pub stored: RefCell<Loaded>,
    /// A page was begun, and nothing has been accepted or given up since.
    page_is_open: Cell<bool>,
    /// Gaps in the order in which they were recorded.
    pub gaps: RefCell<Vec<Gap>>,
    /// Dead letters by id and sink.
    pub letters: RefCell<BTreeMap<(EventId, Option<String>), DeadLetter>>,
    /// So often the dead letters cannot be written.
    pub letter_errors: Cell<u32>,
    /// So many dead letters find room.
    pub room_for_letters: Cell<usize>,
    /// Another run takes the stream over after so many batches were accepted.
    pub lose_after_accepts: Cell<Option<u32>>,
    /// Why the host wants the run to end.
    pub must_end: Cell<Option<&'static str>>,
    /// Whether that is what somebody asked for.
    pub asked_to_end: Cell<bool>,
    /// The next saves fail like this.
    pub save_errors: RefCell<VecDeque<StoreError>>,
    /// Requests under way, and the most there ever were, by host name.
    pub busy: RefCell<BTreeMap<String, (usize, usize)>>,
    /// Pieces of bodies that were read, over all responses.
    pub body_pieces_read: Rc<Cell<usize>>,
    random: Cell<u64>,
}

impl World {
    /// An empty world at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            clock: Clock::starting_at(now),
            servers: RefCell::default(),
            requests: RefCell::default(),
            stored: RefCell::default(),
            page_is_open: Cell::new(false),
            gaps: RefCell::default(),
            letters: RefCell::default(),
            letter_errors: Cell::new(0),
            room_for_letters: Cell::new(usize::MAX),
            lose_after_accepts: Cell::new(None),
            must_end: Cell::new(None),
            asked_to_end: Cell::new(false),
            save_errors: RefCell::default(),
            busy: RefCell::default(),
            body_pieces_read: Rc::default(),
            random: Cell::new(0x9e37_79b9_7f4a_7c15),
        }
    }

    /// Lets `answer` answer every request to `host`.
    pub fn serve(&self, host: &str, answer: impl FnMut(&HttpRequest) -> Reply + 'static) {
        self.servers
            .borrow_mut()
            .insert(host.to_owned(), Box::new(answer));
    }

    /// The stored checkpoint.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.stored.borrow().checkpoint.clone()
    }

    fn expect(&self, expected: Revision) -> Result<(), StoreError> {
        let stored = self.stored.borrow().revision;
        if stored == expected {
            Ok(())
        } else {
            Err(StoreError::Conflict { stored })
        }
    }

    /// Most requests that were under way to `host` at once.
    pub fn most_busy(&self, host: &str) -> usize {
        self.busy.borrow().get(host).map_or(0, |(_, most)| *most)
    }

    fn begin(&self, host: &str) {
        let mut busy = self.busy.borrow_mut();
        let (now, most) = busy.entry(host.to_owned()).or_default();
        *now += 1;
        *most = (*most).max(*now);
    }

    fn end(&self, host: &str) {
        self.busy.borrow_mut().entry(host.to_owned()).or_default().0 -= 1;
    }
}

/// The body of a [`Reply`].
pub struct WorldBody {
    clock: Clock,
    chunks: VecDeque<Vec<u8>>,
    broken: Option<String>,
    read: Rc<Cell<usize>>,
}

impl Body for WorldBody {
    async fn read(&mut self, out: &mut Vec<u8>) -> Result<usize, FetchError> {
        self.clock.sleep(1).await;
        while let Some(chunk) = self.chunks.pop_front() {
            self.read.set(self.read.get() + 1);
            if !chunk.is_empty() {
                out.extend_from_slice(&chunk);
                return Ok(chunk.len());
            }
        }
        match self.broken.take() {
            Some(reason) => Err(FetchError {
                reason,
                timed_out: false,
            }),
            None => Ok(0),
        }
    }
}

impl Host for World {
    type Body = WorldBody;

    async fn fetch(&self, request: HttpRequest) -> Result<(ResponseHead, WorldBody), FetchError> {
        let host = request.endpoint.host().to_owned();
        let reply = match self.servers.borrow_mut().get_mut(&host) {
            Some(answer) => answer(&request),
            None => Reply::lost(),
        };
        self.requests.borrow_mut().push(request);
        self.begin(&host);
        self.clock.sleep(reply.delay_ms).await;
        self.end(&host);
        if reply.lost {
            return Err(FetchError {
                reason: "Network connection lost.".to_owned(),
                timed_out: false,
            });
        }
        let body = WorldBody {
            clock: self.clock.clone(),
            chunks: reply.chunks.into(),
            broken: reply.broken,
            read: Rc::clone(&self.body_pieces_read),
        };
        Ok((reply.head, body))
    }

    async fn sleep(&self, millis: u64) {
        self.clock.sleep(millis).await;
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn must_end(&self) -> Option<&'static str> {
        self.must_end.get()
    }

    fn was_asked_to_end(&self) -> bool {
        self.asked_to_end.get()
    }

    fn entropy(&self, out: &mut [u8]) {
        // xorshift64*: any fixed sequence will do.
        for byte in out {
            let mut x = self.random.get();
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            self.random.set(x);
            *byte = (x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8;
        }
    }
}

impl Store for World {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.clock.sleep(1).await;
        Ok(self.stored.borrow().clone())
    }

    async fn begin_page(&self, at: Revision, cursor: &Cursor) -> Result<Progress, StoreError> {
        self.clock.sleep(1).await;
        self.expect(at)?;
        let progress = &mut self.stored.borrow_mut().progress;
        if progress.cursor.as_ref() != Some(cursor) {
            *progress = Progress {
                cursor: Some(cursor.clone()),
                ..Progress::default()
            };
        } else if self.page_is_open.get() {
            progress.killed += 1;
        }
        self.page_is_open.set(true);
        Ok(progress.clone())
    }

    async fn accept(&self, at: Revision, accepted: &Accepted) -> Result<(), StoreError> {
        self.clock.sleep(1).await;
        match self.lose_after_accepts.get() {
            Some(0) => self.stored.borrow_mut().revision.0 += 1,
            Some(left) => self.lose_after_accepts.set(Some(left - 1)),
            None => {}
        }
        self.expect(at)?;
        let progress = &mut self.stored.borrow_mut().progress;
        progress.killed = 0;
        progress.accepted.push(accepted.clone());
        self.page_is_open.set(false);
        Ok(())
    }

    async fn abandon_page(&self, at: Revision) -> Result<(), StoreError> {
        self.clock.sleep(1).await;
        self.expect(at)?;
        self.stored.borrow_mut().progress.killed = 0;
        self.page_is_open.set(false);
        Ok(())
    }

    async fn save(
        &self,
        expected: Revision,
        next: &Checkpoint,
        what: Save<'_>,
    ) -> Result<Revision, StoreError> {
        self.clock.sleep(1).await;
        if let Some(error) = self.save_errors.borrow_mut().pop_front() {
            return Err(error);
        }
        self.expect(expected)?;
        // What a real store does to it: written as JSON and read back.
        let text = serde_json::to_string(next).expect("a checkpoint can be written");
        let read: Checkpoint = serde_json::from_str(&text).expect("a checkpoint can be read");
        let mut stored = self.stored.borrow_mut();
        stored.checkpoint = Some(read);
        if let Save::Page { gap } = what {
            self.gaps.borrow_mut().extend(gap.cloned());
            stored.progress = Progress::default();
        }
        self.page_is_open.set(false);
        stored.revision = Revision(expected.0 + 1);
        Ok(stored.revision)
    }

    async fn keep_dead_letters(
        &self,
        letters: &[DeadLetter],
        when_full: WhenFull,
    ) -> Result<u64, StoreError> {
        self.clock.sleep(1).await;
        if let Some(left) = self.letter_errors.get().checked_sub(1) {
            self.letter_errors.set(left);
            return Err(StoreError::Failed("no letters today".to_owned()));
        }
        let mut kept = self.letters.borrow_mut();
        let mut dropped = 0;
        for letter in letters {
            if kept.len() >= self.room_for_letters.get() {
                match when_full {
                    WhenFull::Refuse => {
                        return Err(StoreError::Full {
                            kept: kept.len() as u64,
                        });
                    }
                    WhenFull::Drop => dropped += 1,
                }
                continue;
            }
            kept.insert((letter.id, letter.sink.clone()), letter.clone());
        }
        Ok(dropped)
    }
}
