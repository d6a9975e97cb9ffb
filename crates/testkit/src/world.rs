//! The scripted host: who is asked what, who answers what, and what is stored.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use edgesiem_model::{
    Body, Checkpoint, DeadLetter, EventId, FetchError, Host, HttpRequest, ResponseHead, Revision,
    StoreError, StreamId, Timestamp,
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
    /// Checkpoints with their revisions.
    pub checkpoints: RefCell<BTreeMap<String, (Checkpoint, Revision)>>,
    /// Dead letters by id and sink.
    pub letters: RefCell<BTreeMap<(EventId, Option<String>), DeadLetter>>,
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
            checkpoints: RefCell::default(),
            letters: RefCell::default(),
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

    /// The stored checkpoint of `stream`.
    pub fn checkpoint(&self, stream: &str) -> Option<Checkpoint> {
        self.checkpoints
            .borrow()
            .get(stream)
            .map(|(checkpoint, _)| checkpoint.clone())
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

    async fn load(&self, stream: &StreamId) -> Result<(Option<Checkpoint>, Revision), StoreError> {
        self.clock.sleep(1).await;
        Ok(match self.checkpoints.borrow().get(stream.as_str()) {
            Some((checkpoint, revision)) => (Some(checkpoint.clone()), *revision),
            None => (None, Revision::default()),
        })
    }

    async fn save(
        &self,
        stream: &StreamId,
        expected: Revision,
        next: &Checkpoint,
    ) -> Result<Revision, StoreError> {
        self.clock.sleep(1).await;
        if let Some(error) = self.save_errors.borrow_mut().pop_front() {
            return Err(error);
        }
        let mut checkpoints = self.checkpoints.borrow_mut();
        let stored = checkpoints
            .get(stream.as_str())
            .map_or(Revision::default(), |(_, revision)| *revision);
        if stored != expected {
            return Err(StoreError::Conflict { stored });
        }
        // What a real store does to it: written as JSON and read back.
        let text = serde_json::to_string(next).expect("a checkpoint can be written");
        let read = serde_json::from_str(&text).expect("a checkpoint can be read");
        let revision = Revision(stored.0 + 1);
        checkpoints.insert(stream.as_str().to_owned(), (read, revision));
        Ok(revision)
    }

    async fn keep_dead_letters(
        &self,
        _stream: &StreamId,
        letters: &[DeadLetter],
    ) -> Result<(), StoreError> {
        self.clock.sleep(1).await;
        let mut kept = self.letters.borrow_mut();
        for letter in letters {
            kept.insert((letter.id, letter.sink.clone()), letter.clone());
        }
        Ok(())
    }

    async fn sleep(&self, millis: u64) {
        self.clock.sleep(millis).await;
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
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
