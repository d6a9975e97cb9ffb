//! What the head of a response means.

use edgesiem_model::{
    Error, ErrorKind, PageRequest, ResponseHead, SourceVerdict, Timestamp, retry_after_ms,
};

use super::TrendMicroCas;
use super::cursor::State;
use super::plan::{Ask, Plan};
use super::problem::Problem;
use crate::document::hide;

/// The API counts the requests of a minute, and does not say when that is over.
const THROTTLED_MS: u64 = 60_000;
const RETRY: &str = "nothing if it passes: the same page is asked for again";
const SET_CLOCK: &str = "set this host's clock";
/// Clocks may differ so much: a `Date` has whole seconds and is as old as the answer.
const CLOCK_TOLERANCE_MS: u64 = 30_000;
/// What is further away is no clock.
const MAX_SKEW_MS: u64 = 24 * 60 * 60 * 1000;

pub(super) fn verdict(
    source: &TrendMicroCas,
    plan: &Plan,
    page: &PageRequest<'_>,
    head: &ResponseHead,
    body: &[u8],
) -> SourceVerdict {
    let token = source.token.expose();
    let problem = Problem::read(head.status, body, token);
    let name = plan.combination.name();
    let error = |kind, user_action: &str| problem.error(kind, &name, user_action);
    let asked_ms = head
        .header("retry-after")
        .and_then(|value| retry_after_ms(value, page.now));
    let retry = |after_ms, user_action: &str| SourceVerdict::Retry {
        after_ms,
        error: error(ErrorKind::SourceUnavailable, user_action),
    };
    let is_link = matches!(plan.ask, Ask::Link(_));
    let off = clock_is_off(page, head);
    let resign = |clock_skew_ms| SourceVerdict::Resign {
        clock_skew_ms: Some(clock_skew_ms),
        error: error(ErrorKind::SourceUnavailable, SET_CLOCK),
    };
    match head.status {
        // The window ends later than the server's present, and where no generation times are told, the end of the window is
        // how far everything counts as delivered. A clock that is slow only makes events come later.
        200 if !is_link && let Some(Skew { ms, is_fast: true }) = off => resign(ms),
        // What came belongs to a later time than what was to come. The gap must be known before anything of it is.
        200 if plan.is_too_old => SourceVerdict::Recover {
            error: error(
                ErrorKind::SourceUnavailable,
                "nothing: the stream goes on from the oldest events that the API still gives. To avoid it, run at least \
                 once a day",
            ),
        },
        200 => SourceVerdict::Page,
        // No page of the API is another 2xx: something on the way answered in its place.
        201..=299 => retry(
            asked_ms,
            "if it lasts, look for a proxy between this host and Trend Micro",
        ),
        300..=399 => SourceVerdict::Stop(
            error(
                ErrorKind::SourceRefused,
                "check the source's region or host: the API does not redirect, and the token is not sent elsewhere",
            )
            .with(
                "points to",
                hide(head.header("location").unwrap_or("nowhere"), &[token]),
            ),
        ),
        // A link leads to a page that the server keeps for a while. What it led to can be asked for by time.
        // Also if it is refused with the words for a token: if that is so, the window is refused too.
        400 | 401 | 403 | 404 | 410 if is_link => match State::read(page.cursor) {
            Ok(state) => SourceVerdict::AskFrom {
                cursor: source.rules.without_link(&state, plan).to_cursor(),
                error: lost_link(plan, &error),
            },
            Err(error) => SourceVerdict::Stop(error),
        },
        400 if plan.is_at_retention() && let Some(Skew { ms, .. }) = off => resign(ms),
        // This gives up events, so nothing but the API's own words at the end of the retention will do.
        400 if plan.is_at_retention() && problem.mentions(&["start", "72", "days", "hours"]) => {
            SourceVerdict::Recover {
                error: error(
                    ErrorKind::SourceUnavailable,
                    "set this host's clock: the API gives the events of the last 72 hours, by its own time",
                ),
            }
        }
        408 | 500..=599 => retry(asked_ms, RETRY),
        429 => retry(
            Some(asked_ms.unwrap_or(THROTTLED_MS)),
            "nothing if it passes. If it lasts, lower requests_per_minute: all clients of a customer share what is allowed",
        ),
        status => SourceVerdict::Stop(error(ErrorKind::SourceRefused, user_action(status))),
    }
}

/// A link was refused.
fn lost_link(plan: &Plan, error: &impl Fn(ErrorKind, &str) -> Error) -> Error {
    if plan.stands_still() {
        return error(
            ErrorKind::SourceRefused,
            "raise the source's limit (500 at most, where the account allows it) and requests_per_minute: each link to a \
             further page is refused before its turn comes, and without them there are events that cannot be had. Also check \
             this host's clock, and that no proxy changes links. Other services and event types go on meanwhile",
        );
    }
    error(
        ErrorKind::SourceUnavailable,
        "nothing: the link to the next page is no longer known, and its window is asked for again",
    )
}

/// How the clock that was asked with differs from the server's.
struct Skew {
    /// From this host's clock to the server's.
    ms: i64,
    /// Whether it is ahead of the server's.
    is_fast: bool,
}

/// `None` if the answer does not tell, or the difference is none that matters or can be.
fn clock_is_off(page: &PageRequest<'_>, head: &ResponseHead) -> Option<Skew> {
    // Out of a cache, it is the time of another answer.
    if head.header("age").is_some() {
        return None;
    }
    let date = head.header("date").and_then(Timestamp::parse_http_date)?;
    let ms = date.offset_from_ms(page.now);
    let error_ms = ms.saturating_sub(page.clock_skew_ms);
    let is_off = error_ms.unsigned_abs() > CLOCK_TOLERANCE_MS && ms.unsigned_abs() <= MAX_SKEW_MS;
    is_off.then_some(Skew {
        ms,
        is_fast: error_ms < 0,
    })
}

/// What to do about a refusal that stays.
const fn user_action(status: u16) -> &'static str {
    match status {
        400 => {
            "check the source's services and events, its limit (200 for older accounts), and this host's clock; the answer may \
             say which parameter is wrong"
        }
        401 => {
            "the token was refused: create a new one in the console under Administration > Automation and Integration APIs, and \
             store it as the secret; tokens end after 365 days"
        }
        403 => {
            "check that the token is for the log retrieval API, and that the customer has what the source asks for: if a \
             service or an event type is refused, leave it out of services or events"
        }
        404 => {
            "check the source's region or host, and its path: \"legacy\" is the older one. If only one service is refused, leave it \
             out of services"
        }
        405 => "check the source's host: what answers there does not know the API's method",
        _ => "the answer says more; if it does not help, ask Trend Micro support with its traceId",
    }
}
