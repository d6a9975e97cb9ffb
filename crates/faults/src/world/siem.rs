//! The source's server: `GET /siem/v1/configs/{id}` by offset or by time, and everything that can go wrong
//! with it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use edgesiem_model::{HttpRequest, Timestamp};

use super::civil;
use super::events::{Events, FIRST_EVENT_S};
use super::fault::{SourceFault, on_the_way, refusal};
use super::reply::Reply;
use crate::chance::Chance;

/// How far a signature's time may be off.
const SIGNATURE_S: u64 = 30;
/// How long events and offsets are kept.
const RETENTION_S: u64 = 43_200;

/// The newest page that was served.
#[derive(Default)]
struct Newest {
    start: u32,
    /// If it was asked for by time: from when, and which offset had been refused before.
    recovery: Option<(u64, u32)>,
    limit: u32,
    order: Vec<u32>,
    /// Most events of it, from its start, that a client has seen by now.
    seen: u32,
    /// How often in a row it was cut.
    cuts: u32,
    /// What it ended with, or would have.
    token: String,
}

/// The server.
pub struct Siem {
    events: Rc<Events>,
    /// Events that will ever be stored.
    total: u32,
    /// Events that are stored by now.
    pub available: u32,
    /// What goes wrong, by the number of the request, from 0.
    pub faults: BTreeMap<u32, Vec<SourceFault>>,
    /// Events that are stored once so many requests were answered.
    pub arrivals: BTreeMap<u32, u32>,
    /// More goes wrong than at this server.
    pub is_disturbed: bool,
    /// Events of a client's batch, at most.
    pub batch_events: u32,
    requests: u32,
    tokens: u32,
    expired: u32,
    /// Number of the offset that was refused last.
    refused: u32,
    newest: Newest,
    /// One more than the highest event that was ever served.
    reached: u32,
    /// Events that were served again in a page that was not what it was before: a checkpoint cannot know how to
    /// go on in such a page.
    pub changed: u64,
    /// Size of the first page, whole.
    pub first_body_bytes: usize,
    /// The body in which a bit was flipped, and its events.
    pub flipped: Option<(Vec<u8>, Vec<u32>)>,
}

impl Siem {
    /// `available` of the first `total` of `events` are there from the start.
    pub fn new(events: Rc<Events>, total: u32, available: u32) -> Self {
        Self {
            events,
            total,
            available,
            faults: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            is_disturbed: false,
            batch_events: 1,
            requests: 0,
            tokens: 0,
            expired: 0,
            refused: 0,
            newest: Newest::default(),
            reached: 0,
            changed: 0,
            first_body_bytes: 0,
            flipped: None,
        }
    }

    /// Nothing goes wrong any more, and every event is there.
    pub fn calm(&mut self) {
        self.faults.clear();
        self.arrivals.clear();
        self.available = self.total;
    }

    /// The events of the newest page, and the token that it ended with, whether or not anybody got to see it.
    pub fn newest(&self) -> (&[u32], &str) {
        (&self.newest.order, &self.newest.token)
    }

    fn token(&self, position: u32) -> String {
        format!("c71a;{position:06}-{:04}", self.tokens)
    }

    /// Answers a request. `now` is the server's time.
    pub fn answer(&mut self, request: &HttpRequest, now: Timestamp) -> Reply {
        let date = httpdate::fmt_http_date(
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(now.secs()),
        );
        self.judge(request, now).header("date", date)
    }

    fn judge(&mut self, request: &HttpRequest, now: Timestamp) -> Reply {
        let signed = signed_at(request).unwrap_or_default();
        if signed.abs_diff(now.secs()) > SIGNATURE_S {
            return problem(400, "Invalid timestamp");
        }
        let number = self.requests;
        self.requests += 1;
        let faults = self.faults.remove(&number).unwrap_or_default();
        let reply = self.page(request, now, &faults);
        if let Some(more) = self.arrivals.remove(&number) {
            self.available = (self.available + more).min(self.total);
        }
        reply
    }

    fn page(&mut self, request: &HttpRequest, now: Timestamp, faults: &[SourceFault]) -> Reply {
        if faults.contains(&SourceFault::Expired) {
            self.expired = self.tokens + 1;
        }
        if let Some(refusal) = refusal(faults, problem) {
            return refusal;
        }
        let query = request
            .target
            .split_once('?')
            .map_or("", |(_, query)| query);
        let (mut offset, mut from, mut to, mut limit) = (None, None, None, 10_000_u32);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "offset" => offset = Some(value.replace("%3B", ";")),
                "from" => from = value.parse::<u64>().ok(),
                "to" => to = value.parse::<u64>().ok(),
                "limit" => limit = value.parse().unwrap_or(limit),
                _ => {}
            }
        }
        let start = match (from, offset.as_deref()) {
            (Some(from), _) if from + RETENTION_S < now.secs() => {
                return problem(400, "The from parameter is too old");
            }
            (Some(from), _) => by_time(from).min(self.available),
            (None, None | Some("NULL")) => 0,
            (None, Some(token)) => match (position(token), sequence(token)) {
                (Some(start), Some(sequence)) if sequence >= self.expired => start,
                (Some(_), Some(sequence)) => {
                    self.refused = sequence;
                    return problem(416, "Expired offset parameter in the request");
                }
                _ => return problem(400, "Missing mandatory parameter(s)"),
            },
        };
        let end = to.map_or(self.available, |to| by_time(to).min(self.available));
        self.serve(start..end.max(start), limit, from, faults)
    }

    fn serve(
        &mut self,
        range: Range<u32>,
        limit: u32,
        from: Option<u64>,
        faults: &[SourceFault],
    ) -> Reply {
        let start = range.start;
        let mut most = limit;
        for fault in faults {
            match fault {
                SourceFault::Shorter(events) => most = most.min(*events),
                SourceFault::Overshoot(events) => most = most.saturating_add(*events),
                _ => {}
            }
        }
        let end = range.end.min(start.saturating_add(most));
        let order = ordered(start..end, faults);
        self.note_change(start, &order, limit, from);
        self.tokens += 1;
        let token = self.token(end);
        let mut body = Vec::new();
        for number in &order {
            body.extend_from_slice(self.events.line(*number));
            body.push(b'\n');
        }
        let total = order.len() as u32;
        let full = if total >= limit {
            format!(r#","limit":{limit}"#)
        } else {
            String::new()
        };
        body.extend_from_slice(
            format!(r#"{{"total":{total},"offset":"{token}"{full}}}"#).as_bytes(),
        );
        self.reached = self.reached.max(end);
        if self.first_body_bytes == 0 {
            self.first_body_bytes = body.len();
        }
        let mut reply = Reply::new(200, body).header("content-type", "application/json");
        for fault in faults {
            if let SourceFault::Flip { byte, bit } = fault
                && let Some(byte) = reply.body.get_mut(*byte)
            {
                *byte ^= 1 << bit;
                self.flipped = Some((reply.body.clone(), order.clone()));
            }
        }
        on_the_way(faults, &mut reply);
        let cut = faults.iter().any(|it| matches!(it, SourceFault::Cut(..)));
        let whole_lines = reply.body.iter().filter(|byte| **byte == b'\n').count() as u32;
        let (seen, cuts) = if self.newest.start == start {
            (self.newest.seen, self.newest.cuts)
        } else {
            (0, 0)
        };
        self.newest = Newest {
            start,
            recovery: from.map(|from| (from, self.refused)),
            limit,
            order,
            seen: seen.max(whole_lines),
            cuts: if cut { cuts + 1 } else { 0 },
            token,
        };
        reply
    }

    /// A page that is read again may be longer than it was. One in another order, or one that the server made
    /// shorter, is another page, and so is one that begins earlier because its bookmark had to be given up.
    ///
    /// A client that asks for less after a cut asks for what it has delivered, so that costs nothing, unless even
    /// that is cut or something else goes wrong on the way.
    fn note_change(&mut self, start: u32, order: &[u32], limit: u32, from: Option<u64>) {
        let newest = &self.newest;
        let recovery = from.map(|from| (from, self.refused));
        let is_recovery = recovery.is_some() && recovery != newest.recovery;
        let excused = match start.cmp(&newest.start) {
            _ if is_recovery => self.reached.saturating_sub(start),
            Ordering::Equal if order.starts_with(&newest.order) => 0,
            Ordering::Equal if limit < newest.limit && newest.order.starts_with(order) => {
                let beyond = newest.seen.saturating_sub(order.len() as u32);
                if beyond > 0 && (newest.cuts > 1 || self.is_disturbed) {
                    // The batch that the page's end now parts is another one too.
                    beyond + self.batch_events - 1
                } else {
                    0
                }
            }
            Ordering::Equal => self.reached.saturating_sub(start),
            // What comes after a page that became shorter, or a mistake that nothing excuses.
            Ordering::Less | Ordering::Greater => 0,
        };
        self.changed += u64::from(excused);
    }
}

fn ordered(range: Range<u32>, faults: &[SourceFault]) -> Vec<u32> {
    let mut order: Vec<u32> = range.collect();
    for fault in faults {
        if let SourceFault::Reorder(seed) = fault {
            Chance::new(*seed).shuffle(&mut order);
        }
    }
    order
}

/// Events stored before `secs`.
fn by_time(secs: u64) -> u32 {
    secs.saturating_sub(FIRST_EVENT_S)
        .try_into()
        .unwrap_or(u32::MAX)
}

fn position(token: &str) -> Option<u32> {
    token.get(5..11)?.parse().ok()
}

fn sequence(token: &str) -> Option<u32> {
    token.get(12..)?.parse().ok()
}

/// Seconds since the epoch at which a request was signed.
fn signed_at(request: &HttpRequest) -> Option<u64> {
    let (_, value) = request
        .headers
        .iter()
        .find(|(name, _)| *name == "authorization")?;
    let text = value.expose().split_once("timestamp=")?.1;
    let number = |range: Range<usize>| text.get(range)?.parse::<u64>().ok();
    // 20140321T19:34:21+0000
    Some(civil::secs(
        (number(0..4)?, number(4..6)?, number(6..8)?),
        (number(9..11)?, number(12..14)?, number(15..17)?),
    ))
}

fn problem(status: u16, detail: &str) -> Reply {
    let body = format!(r#"{{"title":"{status}","detail":"{detail}"}}"#);
    Reply::new(status, body).header("content-type", "application/problem+json")
}
