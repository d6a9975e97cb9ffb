//! Trend Micro's server: `GET /v1/siem/security_events` of one service and one event type, by the time at which events
//! were generated. As strict as the documents, and with its own books of what it was asked.

mod books;
mod page;
mod query;
pub mod setting;

use std::collections::BTreeMap;
use std::rc::Rc;

use edgesiem_model::{HttpRequest, Timestamp};
use serde_json::{Value, json};

use self::books::{Newest, Quota};
use self::query::Query;
pub use self::query::REACH_MS;
use self::setting::{
    CURRENT, EVENTS, Ends, Form, LEGACY, Missing, SERVICES, Setting, Sorted, When,
};
use super::events::{Events, TrendMicroKind};
use super::fault::{self, SourceFault};
use super::reply::Reply;

/// Events may become visible so long after they were generated, and clients wait for them.
pub const SETTLE_MS: u64 = 60_000;
const MINUTE_MS: u64 = 60_000;
/// A window that begins so near to the end of the server's reach begins where the client could still ask.
const EDGE_MS: u64 = 15 * MINUTE_MS;
/// Windows whose links the server remembers.
const MOST_CHAINS: usize = 1000;
/// So many mistakes of the client are told one by one.
const MOST_PROBLEMS: usize = 5;

/// What a window held when it was asked for.
struct Chain {
    query: Query,
    numbers: Vec<u32>,
    /// First event of the page that its link leads to.
    at: usize,
    issued_ms: u64,
    /// Whether that page was served.
    is_served: bool,
}

/// The server.
pub struct TrendMicro {
    events: Rc<Events>,
    setting: Setting,
    began_ms: u64,
    /// When each event was generated, in epoch milliseconds, if it was.
    generated: Vec<Option<u64>>,
    /// Of each combination, when and which, ascending.
    listed: BTreeMap<(usize, usize), Vec<(u64, u32)>>,
    /// What goes wrong, by the number of the request, from 0.
    pub faults: BTreeMap<u32, Vec<SourceFault>>,
    /// More goes wrong than at this server.
    pub is_disturbed: bool,
    /// Events of a client's batch, at most.
    pub batch_events: u32,
    requests: u32,
    quota: Quota,
    chains: BTreeMap<u32, Chain>,
    next_chain: u32,
    /// Links of chains before this one lead nowhere.
    forgotten: u32,
    newest: Newest,
    /// Events that were served again in a page that was not what it was before.
    pub changed: u64,
    /// Size of the first page with events, whole.
    pub first_body_bytes: usize,
    /// What the client should never have asked.
    pub problems: Vec<String>,
    calm: bool,
}

impl TrendMicro {
    /// Events as `setting` has them, whose clock begins at `began`.
    pub fn new(events: Rc<Events>, setting: Setting, began: Timestamp) -> Self {
        let mut server = Self {
            events,
            began_ms: began.millis(),
            generated: vec![None; setting.logs.len()],
            listed: BTreeMap::new(),
            faults: BTreeMap::new(),
            is_disturbed: false,
            batch_events: 1,
            requests: 0,
            quota: Quota::default(),
            chains: BTreeMap::new(),
            next_chain: 1,
            forgotten: 0,
            newest: Newest::default(),
            changed: 0,
            first_body_bytes: 0,
            problems: Vec::new(),
            calm: false,
            setting,
        };
        for number in 0..server.setting.logs.len() {
            if let When::At(at) = server.setting.logs[number].when {
                server.generate(number, began.shifted(at).millis());
            }
        }
        server
    }

    /// What the events of `setting` are like.
    pub fn kinds(setting: &Setting, began: Timestamp) -> impl Iterator<Item = TrendMicroKind<'_>> {
        setting.logs.iter().map(move |log| {
            let (service, event) = setting.names(log.combination);
            let at = match log.when {
                When::At(at) => at,
                When::WindowEnd(_) => 0,
            };
            TrendMicroKind {
                service: SERVICES[service],
                event: EVENTS[event],
                detected_at: began.shifted(at).to_rfc3339(),
                has_id: setting.form == Form::Snake,
            }
        })
    }

    fn generate(&mut self, number: usize, at_ms: u64) {
        self.generated[number] = Some(at_ms);
        let names = self.setting.names(self.setting.logs[number].combination);
        let listed = self.listed.entry(names).or_default();
        let event = (at_ms, number as u32);
        let place = listed.partition_point(|earlier| *earlier < event);
        listed.insert(place, event);
    }

    /// Nothing goes wrong any more.
    pub fn calm(&mut self) {
        self.faults.clear();
        self.calm = true;
    }

    /// Whether every event could have been read by now, and nobody is missing.
    /// `now` is the earlier of its own time and the client's.
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        let settled_ms = SETTLE_MS + 1000;
        let all_generated = self.generated.iter().all(Option::is_some);
        all_generated && self.began_ms + self.setting.lasts_ms() + settled_ms <= now.millis()
    }

    /// How long the client is missing from now on.
    pub fn client_returns_at(&self, now: Timestamp) -> Option<Timestamp> {
        let outage = self.setting.outage?;
        let from_ms = self.began_ms + outage.from_ms;
        let to_ms = from_ms + outage.millis;
        let is_missing = outage.who == Missing::Client && (from_ms..to_ms).contains(&now.millis());
        is_missing.then_some(Timestamp::from_millis(to_ms))
    }

    /// When an event was generated.
    pub fn generated(&self, number: u32) -> Option<Timestamp> {
        let generated = self.generated[number as usize];
        generated.map(Timestamp::from_millis)
    }

    /// Whether an event is too old for the server by the time at which somebody who was missing can ask for it: when all
    /// combinations had their turn.
    pub fn is_out_of_reach(&self, number: u32) -> bool {
        let (Some(outage), Some(at)) = (self.setting.outage, self.generated[number as usize])
        else {
            return false;
        };
        let from_ms = self.began_ms + outage.from_ms;
        let turn_ms =
            MINUTE_MS * self.setting.combinations() as u64 / self.setting.per_minute as u64;
        // What a client keeps clear of the limit, and what it had not read when it went missing.
        let slack_ms = 2 * turn_ms + 15 * MINUTE_MS;
        at + REACH_MS <= from_ms + outage.millis + slack_ms && at + slack_ms + SETTLE_MS >= from_ms
    }

    /// Answers a request. `now` is the server's time.
    pub fn answer(&mut self, request: &HttpRequest, now: Timestamp) -> Reply {
        let reply = self.judge(request, now.millis());
        if !self.setting.has_date {
            return reply;
        }
        let date = httpdate::fmt_http_date(
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(now.secs()),
        );
        reply.header("date", date)
    }

    fn judge(&mut self, request: &HttpRequest, now: u64) -> Reply {
        let number = self.requests;
        self.requests += 1;
        let setting = &self.setting;
        let per_day = setting.per_day.unwrap_or(usize::MAX);
        if let Some(of) = self.quota.count(now, setting.per_minute, per_day) {
            self.problem(format!("request {number} is one too many in a {of}"));
            return problem(429, "Maximum allowed requests exceeded");
        }
        let faults = self.faults.remove(&number).unwrap_or_default();
        if self.is_down(now) {
            return problem(503, "Service unavailable");
        }
        if faults.contains(&SourceFault::Expired) {
            self.forgotten = self.next_chain;
        }
        if let Some(refusal) = fault::refusal(&faults, problem) {
            return refusal;
        }
        let asked = match query::read(request, now) {
            Ok(asked) => asked,
            Err((status, reason)) => {
                let target = &request.target;
                self.problem(format!("request {number} is refused: {reason}: {target}"));
                return problem(status, &reason);
            }
        };
        match asked.page {
            None => self.first_page(number, asked, now, &faults),
            Some(page) => self.linked_page(number, &asked, page, now, &faults),
        }
    }

    fn is_down(&self, now: u64) -> bool {
        self.setting.outage.is_some_and(|outage| {
            let from_ms = self.began_ms + outage.from_ms;
            outage.who == Missing::Server && (from_ms..from_ms + outage.millis).contains(&now)
        })
    }

    fn problem(&mut self, problem: String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn first_page(&mut self, number: u32, query: Query, now: u64, faults: &[SourceFault]) -> Reply {
        self.generate_at_end(&query);
        let numbers = self.window(&query, now);
        let is_edge = query.start_ms + REACH_MS <= now + EDGE_MS;
        let page = Newest {
            is_edge,
            of: Some(query.combination),
            start_ms: query.start_ms,
            limit: query.limit,
            order: numbers.iter().copied().take(query.limit).collect(),
            ..Newest::default()
        };
        let batch = self.batch_events as usize;
        self.changed += self.newest.excused(&page, self.is_disturbed, batch) as u64;
        let chain = Chain {
            query,
            numbers,
            at: 0,
            issued_ms: now,
            is_served: true,
        };
        let (reply, seen) = self.serve(number, chain, now, faults);
        let is_again = self.newest.of == page.of && self.newest.order.first() == page.order.first();
        let is_cut = faults.iter().any(SourceFault::leaves_no_page);
        self.newest = Newest {
            seen: seen.max(if is_again { self.newest.seen } else { 0 }),
            cuts: match (is_cut, is_again) {
                (true, true) => self.newest.cuts + 1,
                (is_cut, _) => u32::from(is_cut),
            },
            ..page
        };
        reply
    }

    /// Events that wait for the end of a window.
    fn generate_at_end(&mut self, query: &Query) {
        for number in 0..self.generated.len() {
            let log = self.setting.logs[number];
            let is_of = self.setting.names(log.combination) == query.combination;
            if let When::WindowEnd(after) = log.when
                && is_of
                && self.generated[number].is_none()
            {
                let end = Timestamp::from_millis(query.end_ms);
                self.generate(number, end.shifted(after).millis());
            }
        }
    }

    /// What there is to see in a window.
    fn window(&self, query: &Query, now: u64) -> Vec<u32> {
        let listed = self.listed.get(&query.combination);
        let listed = listed.map_or(&[][..], Vec::as_slice);
        let start = listed.partition_point(|(at, _)| *at < query.start_ms);
        let is_in = |(at, _): &&(u64, u32)| match self.setting.ends {
            Ends::Included => *at <= query.end_ms,
            Ends::Excluded => *at < query.end_ms,
        };
        let is_visible =
            |(at, number): &&(u64, u32)| at + self.setting.logs[*number as usize].late_ms <= now;
        let events = listed[start..].iter().take_while(is_in);
        let visible = events.filter(is_visible);
        let mut numbers: Vec<u32> = visible.map(|(_, number)| *number).collect();
        if self.setting.sorted == Sorted::NewestFirst {
            numbers.reverse();
        }
        numbers
    }

    fn linked_page(
        &mut self,
        number: u32,
        asked: &Query,
        page: u32,
        now: u64,
        faults: &[SourceFault],
    ) -> Reply {
        let (gone, is_known) = (self.setting.gone, page >= self.forgotten);
        let Some(chain) = self.chains.get_mut(&page) else {
            return problem(gone, "page_id is unknown");
        };
        if !is_known || chain.issued_ms + self.setting.link_ms <= now {
            // The link has to be given up: what was served of its page may have been delivered.
            let end = chain.at
                + if chain.is_served {
                    chain.query.limit
                } else {
                    0
                };
            let again = chain.at..end.min(chain.numbers.len());
            self.changed += again.len() as u64;
            return problem(gone, "page_id has expired");
        }
        let is_verbatim = Query {
            page: None,
            ..asked.clone()
        } == chain.query;
        chain.is_served = true;
        let chain = Chain {
            query: chain.query.clone(),
            numbers: chain.numbers.clone(),
            ..*chain
        };
        if !is_verbatim {
            self.problem(format!("request {number} altered the link: {asked:?}"));
        }
        let is_whole = !faults.iter().any(SourceFault::leaves_no_page);
        if !is_whole && (self.is_disturbed || !self.is_alone(&chain)) {
            let events = chain.numbers.len() - chain.at;
            self.changed += events.min(chain.query.limit) as u64;
        }
        self.serve(number, chain, now, faults).0
    }

    /// Whether the client knows exactly what comes before a linked page: a time, and the one event of that time. After a cut
    /// it asks for a smaller page that begins there; if more events than that one come first, or others by then, it ends
    /// elsewhere.
    fn is_alone(&self, chain: &Chain) -> bool {
        let time = |number: &u32| {
            self.generated(*number)
                .map(|time| page::shown(&self.setting, time))
        };
        let before = &chain.numbers[..chain.at];
        let last = before.last().and_then(time);
        let at_once = before
            .iter()
            .rev()
            .take_while(|number| time(number) == last);
        let is_late = self.setting.logs.iter().any(|log| log.late_ms > 0);
        let is_sorted = self.setting.sorted == Sorted::OldestFirst;
        self.setting.form == Form::Snake && is_sorted && !is_late && at_once.count() == 1
    }

    /// The page at which `chain` stands, and how many events of it come whole.
    fn serve(
        &mut self,
        number: u32,
        chain: Chain,
        now: u64,
        faults: &[SourceFault],
    ) -> (Reply, usize) {
        let end = (chain.at + chain.query.limit).min(chain.numbers.len());
        let numbers = &chain.numbers[chain.at..end];
        let last = numbers.last().and_then(|last| self.generated(*last));
        let events: Vec<&[u8]> = numbers.iter().map(|it| self.events.line(*it)).collect();
        let odd = faults.iter().find_map(|fault| match fault {
            SourceFault::Link(text) => Some((*text).to_owned()),
            _ => None,
        });
        let next = (end < chain.numbers.len()).then(|| self.link(&chain.query));
        let link = odd.or(next).or_else(|| page::no_link(&self.setting));
        let (body, ends) = page::body(&self.setting, number, &events, last, link);
        if self.first_body_bytes == 0 && !events.is_empty() {
            self.first_body_bytes = body.len();
        }
        if end < chain.numbers.len() {
            self.chains.insert(
                self.next_chain,
                Chain {
                    at: end,
                    issued_ms: now,
                    is_served: false,
                    ..chain
                },
            );
            self.next_chain += 1;
            if self.chains.len() > MOST_CHAINS {
                self.chains.pop_first();
            }
        }
        let mut reply = Reply::new(200, body).header("content-type", "application/json");
        if faults.contains(&SourceFault::NoJson) {
            reply.body = b"<html><title>Sign in</title></html>".to_vec();
        }
        fault::on_the_way(faults, &mut reply);
        let seen = ends.iter().filter(|end| **end <= reply.body.len()).count();
        (reply, seen)
    }

    fn link(&self, query: &Query) -> String {
        let path = if self.setting.is_legacy {
            LEGACY
        } else {
            CURRENT
        };
        Value::from(query::link(query, path, self.next_chain)).to_string()
    }
}

/// Errors with and without each of their members.
fn problem(status: u16, reason: &str) -> Reply {
    let body = match status {
        400 => json!({ "code": -4_000_001, "traceId": "t", "msg": reason }),
        401 => json!({ "code": 401, "msg": reason }),
        429 => json!({ "traceId": "t", "msg": reason }),
        _ => json!({ "code": status }),
    };
    Reply::new(status, body.to_string()).header("content-type", "application/json")
}
