//! What goes wrong at a source's server.

use std::collections::VecDeque;

use super::reply::{Ending, Fate, Reply};

/// What goes wrong with one request for a page.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceFault {
    /// 429, with `Retry-After` in seconds if there is one.
    TooMany(Option<u32>),
    /// 500.
    Internal,
    /// 503.
    Unavailable,
    /// Akamai's: 400 of the edge's burst rule.
    Burst,
    /// The connection is reset.
    Reset,
    /// No answer.
    Timeout,
    /// No offset and no link that was ever issued is known any more.
    Expired,
    /// The body ends after so many bytes.
    Cut(usize, Ending),
    /// Akamai's: a bit of the body is flipped.
    Flip {
        /// Which byte.
        byte: usize,
        /// Which of its bits.
        bit: u8,
    },
    /// Akamai's: the events come in another order.
    Reorder(u64),
    /// Akamai's: no more than so many events come, although there are more.
    Shorter(u32),
    /// Akamai's: so many events come beyond the limit.
    Overshoot(u32),
    /// The body comes in pieces of so many bytes, each of which takes so many milliseconds.
    Pieces(usize, u64),
    /// The body comes in two pieces, the first of which has so many bytes.
    Split(usize),
    /// Trend Micro's: 200, with a body that is not JSON.
    NoJson,
    /// Trend Micro's: the link to the next page is this JSON text.
    Link(&'static str),
}

impl SourceFault {
    /// Whether an answer comes, and no page that can be gone on from.
    pub const fn leaves_no_page(&self) -> bool {
        matches!(self, Self::Cut(..) | Self::NoJson | Self::Link(_))
    }
}

/// What the answer is, if the fault leaves none but this. `problem` makes an error of the API.
pub fn refusal(faults: &[SourceFault], problem: impl Fn(u16, &str) -> Reply) -> Option<Reply> {
    faults.iter().find_map(|fault| match fault {
        SourceFault::TooMany(after) => {
            let reply = problem(429, "Too many requests");
            Some(match after {
                Some(after) => reply.header("retry-after", after),
                None => reply,
            })
        }
        SourceFault::Internal => Some(problem(500, "Internal server error")),
        SourceFault::Unavailable => Some(problem(503, "Service unavailable")),
        SourceFault::Burst => Some(problem(400, "WAF deny rule IPBLOCK-BURST4-54013")),
        SourceFault::Reset => Some(Reply::none(Fate::Reset)),
        SourceFault::Timeout => Some(Reply::none(Fate::TimedOut)),
        _ => None,
    })
}

/// What happens to a body on its way.
pub fn on_the_way(faults: &[SourceFault], reply: &mut Reply) {
    for fault in faults {
        match fault {
            SourceFault::Cut(at, ending) => {
                reply.body.truncate(*at);
                reply.ending = *ending;
            }
            SourceFault::Pieces(bytes, piece_ms) => {
                let ends = (*bytes..reply.body.len()).step_by((*bytes).max(1));
                reply.cuts = ends.collect();
                reply.piece_ms = *piece_ms;
            }
            SourceFault::Split(at) => reply.cuts = VecDeque::from([*at]),
            _ => {}
        }
    }
}
