//! What a simulated server answers, and its body on the way.

use std::collections::VecDeque;
use std::rc::Rc;

use edgesiem_model::{Body, FetchError, ResponseHead};

use crate::executor::Executor;

/// Whether a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// With a head and a body.
    Answered,
    /// The connection is reset before a head comes.
    Reset,
    /// Nothing comes until the client gives up.
    TimedOut,
}

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As a whole one does, whether it is one or not.
    Clean,
    /// With an error of the network.
    Broken,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Whether there is one at all.
    pub fate: Fate,
    /// Status and headers.
    pub head: ResponseHead,
    /// All bytes that will come.
    pub body: Vec<u8>,
    /// Where the pieces end in which they come, ascending.
    pub cuts: VecDeque<usize>,
    /// What comes after them.
    pub ending: Ending,
    /// How long each piece takes.
    pub piece_ms: u64,
}

impl Reply {
    /// A whole answer in one piece.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let head = ResponseHead {
            status,
            headers: Vec::new(),
        };
        Self {
            fate: Fate::Answered,
            head,
            body: body.into(),
            cuts: VecDeque::new(),
            ending: Ending::Clean,
            piece_ms: 1,
        }
    }

    /// No answer.
    pub fn none(fate: Fate) -> Self {
        Self {
            fate,
            ..Self::new(0, "")
        }
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        let header = (name.to_owned(), value.to_string());
        self.head.headers.push(header);
        self
    }
}

/// The body of a [`Reply`], being read.
pub struct Reading {
    executor: Rc<Executor>,
    reply: Reply,
    at: usize,
}

impl Reading {
    pub(super) const fn new(executor: Rc<Executor>, reply: Reply) -> Self {
        Self {
            executor,
            reply,
            at: 0,
        }
    }
}

impl Body for Reading {
    async fn read(&mut self, out: &mut Vec<u8>) -> Result<usize, FetchError> {
        self.executor.point("a read of a body", 0).await;
        let reply = &mut self.reply;
        let mut end = reply.body.len();
        while let Some(cut) = reply.cuts.pop_front() {
            if cut > self.at {
                end = cut.min(end);
                break;
            }
        }
        let piece = &reply.body[self.at..end];
        out.extend_from_slice(piece);
        let read = piece.len();
        self.at = end;
        let is_broken = read == 0 && reply.ending == Ending::Broken;
        self.executor
            .point("the return of a read", reply.piece_ms)
            .await;
        if is_broken {
            return Err(FetchError {
                reason: "Network connection lost.".to_owned(),
                timed_out: false,
            });
        }
        Ok(read)
    }
}
