//! What the head of a response means.

use edgesiem_model::{
    ErrorKind, PageRequest, ResponseHead, SourceVerdict, Timestamp, retry_after_ms,
};

use super::{AkamaiSiem, Position};
use crate::akamai::Problem;
use crate::document::hide;

const RETRY: &str = "nothing if it passes: the same page is asked for again";

pub(super) fn verdict(
    source: &AkamaiSiem,
    page: &PageRequest<'_>,
    head: &ResponseHead,
    body: &[u8],
) -> SourceVerdict {
    let hidden = source.client.secrets();
    let problem = Problem::read("the SIEM API", head.status, body, &hidden);
    let retry = |user_action: &str| SourceVerdict::Retry {
        after_ms: head
            .header("retry-after")
            .and_then(|value| retry_after_ms(value, page.now)),
        error: problem.error(ErrorKind::SourceUnavailable, user_action),
    };
    match head.status {
        200 => SourceVerdict::Page,
        // No page of the API is another 2xx: something on the way answered in its place. Asking again
        // loses nothing, and it may be gone by then.
        201..=299 => retry("if it lasts, look for a proxy between this host and Akamai"),
        300..=399 => SourceVerdict::Stop(redirected(head, &problem, &hidden)),
        400 if problem.explains("invalid timestamp") => SourceVerdict::Resign {
            clock_skew_ms: head
                .header("date")
                .and_then(Timestamp::parse_http_date)
                .map(|date| date.offset_from_ms(page.now)),
            error: problem.error(
                ErrorKind::SourceUnavailable,
                "set this host's clock: Akamai accepts signatures within 30 seconds of its own time",
            ),
        },
        // The rule's name goes on with a number, such as IPBLOCK-BURST4-54013.
        400 if problem.explains("ipblock-burst") => {
            retry("nothing if it passes: Akamai blocks bursts of requests from one address for a while")
        }
        // From here on the bookmark is given up, so nothing but the API's own document will do.
        400 if problem.documents("too old") => recover(&problem, "what was asked for"),
        // In offset mode nothing but the limit has a range, and a wrong limit must not move the bookmark.
        400 if problem.documents("out of range") && is_time_mode(page) => {
            recover(&problem, "what was asked for")
        }
        416 => recover(&problem, "the offset"),
        408 | 500..=599 => retry(RETRY),
        429 => retry(
            "nothing if it passes. If it lasts, look for other clients of the account: they share the limit",
        ),
        status => {
            SourceVerdict::Stop(problem.error(ErrorKind::SourceRefused, user_action(status)))
        }
    }
}

fn is_time_mode(page: &PageRequest<'_>) -> bool {
    matches!(Position::read(page.cursor), Ok(Position::Time { .. }))
}

fn recover(problem: &Problem, what: &str) -> SourceVerdict {
    let user_action = format!(
        "nothing: {what} is past Akamai's retention, and the stream goes on by time. To avoid it, run at least every few hours"
    );
    SourceVerdict::Recover {
        error: problem.error(ErrorKind::SourceUnavailable, &user_action),
    }
}

fn redirected(head: &ResponseHead, problem: &Problem, hidden: &[&str]) -> edgesiem_model::Error {
    let location = head.header("location").unwrap_or("nowhere");
    problem
        .error(
            ErrorKind::SourceRefused,
            "check the source's host: the API does not redirect, and a signed request is not sent elsewhere",
        )
        .with("points to", hide(location, hidden))
}

/// What to do about a refusal that stays.
const fn user_action(status: u16) -> &'static str {
    match status {
        400 => {
            "check config_ids, and start_from and start_to if they are set; the problem says which parameter is wrong"
        }
        401 => {
            "check that client_token, client_secret and access_token belong to one API client of this host, and that \
             the client is active: credentials expire after two years unless set otherwise"
        }
        403 => {
            "give the API client's user the role Manage SIEM and the client READ-WRITE access to the SIEM API, for every \
             id in config_ids: one that is not allowed refuses all. SIEM integration must be on in each configuration"
        }
        404 => "check config_ids: at least one of them is not a security configuration",
        428 => {
            "ask Akamai support, with the problem below: the API wants a conditional request, which it does not document"
        }
        _ => "the problem says more; if it does not help, ask Akamai support with its requestId",
    }
}
