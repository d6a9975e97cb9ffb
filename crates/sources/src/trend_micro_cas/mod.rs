//! Trend Micro Cloud App Security: the security events of each protected service, by its Log Retrieval API.
//!
//! What a newcomer needs to know about the API, after its documentation
//! (<https://docs.trendmicro.com/en-us/documentation/article/cloud-app-security-integration-api-online-help-get-security-logs>).
//! What is marked *observed* is not documented and comes from clients in the field.
//!
//! - There is one operation, `GET /v1/siem/security_events`; older documents write `/siem/v1/security_events`. A token that
//!   ends after 365 days goes along as `Authorization: Bearer`.
//! - A request names one `service`, one `event` type and a window, `start` to `end`, at most 72 hours before now. Both ends
//!   belong to the window, and it counts when the log was *generated*, some seconds after what it tells was detected.
//! - An answer has at most `limit` events (500; 200 in older documents), oldest first (*observed*: clients go on from the last
//!   generation time), and a `next_link` if there are more in the window, to be followed as it is. It ends on `""`, `null`,
//!   `"null"` or nothing (*observed*). Older answers write their members in camel case and do not tell the generation time.
//! - `last_log_item_generation_time` is that of the answer's last event. No event tells its own.
//! - 20 requests in any minute are allowed, 10 and 14,400 a day in older documents, to all clients of a customer together.
//! - Errors are documents `{"code":…,"traceId":…,"msg":…}`, any of which may be missing.
//!
//! # How a stream goes through them
//!
//! To the pipeline a *page* is the answer to one request for one *combination* of a service and an event type. They are
//! asked in turn until each has been asked up to the present, which is a *round*; a combination with more pages waits for its
//! turn like the others. [`plan`] alone decides what a cursor asks for next, [`advance`] what it becomes.
//!
//! - A window begins where the newest delivered event was generated, and what came with that event is remembered as hashes
//!   (`seen`) and left out: an instant belongs to both windows that meet there.
//! - It ends `settle_s` before now, because a log may be listed later than it was generated. So whatever is listed within
//!   `settle_s` is delivered; and also what is listed later, if nothing newer of its combination was delivered before.
//! - Windows without events do not move the beginning of the next one, which reaches back [`plan::OVERLAP_MS`] at most.
//! - What was not asked for within 72 hours is lost: [`recover`] records one gap for all combinations to which that happened.
//! - A link that is no longer known costs a request: its window is asked for again from the newest delivered event on, and the
//!   links of that one are followed at once. In its turn each could come too late again. That is stored before the window is
//!   asked for, so that short runs do not try the same link again. When the third link in a row is refused and the windows
//!   between brought nothing further (more events of one instant, or without times, than a page holds), the run ends with an
//!   error that says what to do; the others have their turn meanwhile, and the next run tries again.
//! - A link that leads to nothing after new events does not end the window either: the server may have forgotten what it stood for.
//! - The server's clock counts, as the `Date` of its answers tells it: with a fast one of ours, windows would end in the server's
//!   future.
//! - Answers that do not tell generation times say only that they go to the window's end. The next window begins ten minutes before
//!   that, and what was delivered of these minutes is left out. So an event is missed only if there is no `Date` either and this
//!   host's clock is more than ten minutes ahead; and events come again only if there are more than 2,000 of a combination in
//!   that time.
//! - A combination that is taken out of the configuration is remembered for 30 days, 50 of them at most, and goes on from there
//!   when it comes back. One that is added later, or was forgotten, begins `initial_lookback_s` before it is first asked.
//! - A cursor has less than 1 MB, whatever the server sends ([`bounds`]). Events of one instant that are too many to be all
//!   remembered may come again in the next ten minutes, and are then left alone; none is lost.
//!
//! [`plan`]: Rules::plan
//! [`advance`]: Rules::advance
//! [`recover`]: Rules::recover
//! [`bounds`]: plan::bounds

mod config;
mod cursor;
mod item;
mod page;
mod plan;
mod problem;
mod request;
mod scan;
mod time;
mod verdict;

use std::rc::Rc;

use edgesiem_model::{
    Cursor, Endpoint, Error, HttpRequest, Limits, PageLimits, PageReader, PageRequest, Recovery,
    ResponseHead, Secret, Source, SourceVerdict, Timestamp,
};

pub use config::{Config, Path, Region};
use cursor::State;
use plan::{Plan, Rules};

/// Kind in the configuration.
const KIND: &str = "trend-micro-cas";

/// A customer's events, ready to be asked for.
#[derive(Clone, Debug)]
pub struct TrendMicroCas {
    endpoint: Endpoint,
    token: Secret,
    path: Path,
    /// Where a new stream begins, if that is configured.
    start_from: Option<Timestamp>,
    /// When the token ends, if that is known.
    token_ends: Option<Timestamp>,
    rules: Rc<Rules>,
}

impl TrendMicroCas {
    fn plan(&self, page: &PageRequest<'_>) -> Result<Plan, Error> {
        let now = page.now.shifted(page.clock_skew_ms);
        Ok(self.rules.plan(&State::read(page.cursor)?, now, page.limit))
    }
}

impl Source for TrendMicroCas {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn start(&self) -> Cursor {
        State {
            from: self.start_from,
            ..State::default()
        }
        .to_cursor()
    }

    fn since(
        &self,
        from: Timestamp,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Cursor, Error> {
        self.rules
            .since(from, to, now)
            .map(|state| state.to_cursor())
    }

    fn retention_s(&self) -> Option<u64> {
        Some(plan::RETENTION_MS / 1000)
    }

    fn advice(&self, now: Timestamp) -> Option<String> {
        config::advice(self.token_ends?, now)
    }

    fn shown(&self, page: &PageRequest<'_>) -> Cursor {
        match self.plan(page) {
            Ok(plan) => plan.shown(),
            Err(_) => page.cursor.clone(),
        }
    }

    /// Each page is of another combination.
    fn is_in_order(&self) -> bool {
        false
    }

    fn page_limits(&self) -> PageLimits {
        PageLimits {
            min: 1,
            configured: self.rules.limit,
            min_interval_ms: 0,
            quota_interval_ms: self.rules.interval_ms,
        }
    }

    fn request(&self, page: &PageRequest<'_>) -> Result<HttpRequest, Error> {
        Ok(request::request(self, &self.plan(page)?, page.limit))
    }

    fn verdict(&self, page: &PageRequest<'_>, head: &ResponseHead, body: &[u8]) -> SourceVerdict {
        match self.plan(page) {
            Ok(plan) => verdict::verdict(self, &plan, page, head, body),
            Err(error) => SourceVerdict::Stop(error),
        }
    }

    fn reader(&self, page: &PageRequest<'_>, limits: &Limits) -> Box<dyn PageReader> {
        Box::new(page::Reader::new(self, page, limits))
    }

    fn recover(&self, lost: &Cursor, last_event_at: Option<Timestamp>, now: Timestamp) -> Recovery {
        self.rules.recover(lost, last_event_at, now)
    }
}
