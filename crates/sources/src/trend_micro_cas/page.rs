//! Reads a page: hands on its events, without those that were delivered before, and says where the next one begins.

use std::collections::BTreeSet;
use std::rc::Rc;

use edgesiem_model::{
    Endpoint, Incomplete, InsecureLoopback, Limits, Line, PageEnd, PageReader, PageRequest,
    Timestamp, printable,
};

use super::TrendMicroCas;
use super::cursor::{Mark, State};
use super::item::{mark_of, mark_of_beginning};
use super::plan::{MAX_SEEN, Plan, Read, Rules};
use super::scan::{Members, Piece, Scanner};
use super::time;

/// Longest link that is followed, as the cursor keeps it. Real ones have some 300 characters.
pub(super) const MAX_LINK_BYTES: usize = 2048;
/// A page with an event that is not JSON is given up, as a cut one is, because it may arrive whole the next time. When it
/// was asked for so small already, what is not JSON becomes a dead letter: the stream must not stand still for it.
const LENIENT_LIMIT: u32 = 64;

pub(super) struct Reader {
    /// What the page was asked with, or why it cannot be known.
    asked: Result<(State, Plan), String>,
    rules: Rc<Rules>,
    endpoint: Endpoint,
    scanner: Scanner,
    intake: Intake,
}

/// What becomes of the events.
struct Intake {
    /// Those that were delivered before.
    seen: BTreeSet<Mark>,
    /// Whether the event that is being handed on in parts was.
    skips: bool,
    is_lenient: bool,
    max_events: u64,
    /// Why the page may not be committed.
    fault: Option<String>,
    read: Read,
}

impl Reader {
    pub fn new(source: &TrendMicroCas, page: &PageRequest<'_>, limits: &Limits) -> Self {
        let asked = State::read(page.cursor)
            .and_then(|state| Ok((state, source.plan(page)?)))
            .map_err(|error| error.to_string());
        let seen = match &asked {
            Ok((_, plan)) => plan.place.seen.0.iter().copied().collect(),
            Err(_) => BTreeSet::new(),
        };
        // A linked page may be as large as those that were asked for before a page was cut.
        let limit = u64::from(page.limit.max(source.rules.limit));
        Self {
            asked,
            rules: Rc::clone(&source.rules),
            endpoint: source.endpoint.clone(),
            scanner: Scanner::new(limits.max_event_bytes),
            intake: Intake {
                seen,
                skips: false,
                is_lenient: page.limit <= LENIENT_LIMIT,
                max_events: limit.saturating_mul(2).saturating_add(1000),
                fault: None,
                read: Read::default(),
            },
        }
    }

    fn end(&mut self) -> Result<PageEnd, String> {
        let members = self.scanner.finish()?;
        if let Some(fault) = self.intake.fault.take() {
            return Err(fault);
        }
        let (state, plan) = self.asked.as_ref().map_err(Clone::clone)?;
        let page = Read {
            last: last_generated(&members),
            link: self.link(&members)?,
            ..std::mem::take(&mut self.intake.read)
        };
        let (next, more) = self
            .rules
            .advance(state, plan, page)
            .map_err(|incomplete| incomplete.0)?;
        Ok(PageEnd {
            next: next.to_cursor(),
            more,
        })
    }

    /// Path and query of the next page. The token goes to the configured server and to no other.
    fn link(&self, members: &Members) -> Result<Option<String>, String> {
        let Some(text) = &members.next_link else {
            return Ok(None);
        };
        let link = match serde_json::from_slice::<Option<String>>(text) {
            Ok(None) => return Ok(None),
            Ok(Some(link)) if link.is_empty() || link == "null" => return Ok(None),
            Ok(Some(link)) => link,
            Err(_) => return Err("the page's next_link is not a text".to_owned()),
        };
        let kept_bytes = serde_json::to_vec(&link).map_or(usize::MAX, |text| text.len());
        if kept_bytes > MAX_LINK_BYTES {
            return Err(format!(
                "the page's next_link has {kept_bytes} bytes, more than a URL should carry"
            ));
        }
        let url = match link.strip_prefix('/') {
            // On the same server, which is then not named.
            Some(path) if !path.starts_with('/') => format!("{}{link}", self.endpoint),
            _ => link,
        };
        let (endpoint, target) = Endpoint::parse_url(&url, InsecureLoopback::Allow)
            .map_err(|error| format!("the page's next_link cannot be followed: {error}"))?;
        if endpoint != self.endpoint {
            return Err(format!(
                "the page's next_link leads to {}, and the token is sent to {} only; if the API has moved there, change \
                 the source's host",
                printable(&endpoint.to_string(), 300),
                self.endpoint
            ));
        }
        Ok(Some(target))
    }
}

fn last_generated(members: &Members) -> Option<Timestamp> {
    let text: Option<String> = serde_json::from_slice(members.last_generated.as_ref()?).ok()?;
    time::parse(&text?)
}

impl Intake {
    fn take(&mut self, piece: Piece<'_>, lines: &mut dyn FnMut(Line<'_>)) {
        if self.fault.is_some() {
            return;
        }
        match piece {
            Piece::Element(element) => {
                let mark = mark_of(element);
                if mark.is_none() && !self.is_lenient {
                    self.fault = Some("an event of the page is not JSON".to_owned());
                    return;
                }
                let mark = mark.unwrap_or_else(|| mark_of_beginning(element));
                if self.is_new(mark) {
                    lines(Line::Event(element));
                }
            }
            Piece::Oversize { part, index, last } => {
                if index == 0 {
                    self.skips = !self.is_new(mark_of_beginning(part));
                }
                if !self.skips {
                    lines(Line::Oversize { part, index, last });
                }
            }
        }
    }

    fn is_new(&mut self, mark: Mark) -> bool {
        let read = &mut self.read;
        read.events = read.events.saturating_add(1);
        if read.events > self.max_events {
            self.fault = Some(format!("the page has more than {} events", self.max_events));
            return false;
        }
        if read.marks.len() >= MAX_SEEN {
            read.marks.pop_front();
        }
        read.marks.push_back(mark);
        let is_new = !self.seen.contains(&mark);
        read.new = read.new.saturating_add(u64::from(is_new));
        is_new
    }
}

impl PageReader for Reader {
    fn push(&mut self, chunk: &[u8], lines: &mut dyn FnMut(Line<'_>)) {
        let intake = &mut self.intake;
        self.scanner
            .push(chunk, &mut |piece| intake.take(piece, lines));
    }

    fn finish(&mut self, _lines: &mut dyn FnMut(Line<'_>)) -> Result<PageEnd, Incomplete> {
        self.end().map_err(Incomplete)
    }
}
