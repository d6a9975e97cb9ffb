//! Which path and method mean what.

use super::answer::Refusal;

/// A path that is for everybody.
pub(crate) const HEALTHZ: &str = "/healthz";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Status,
    Metrics,
    Reports,
    Stream(&'a str, Verb<'a>),
}

/// What is asked of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb<'a> {
    Run,
    Pause,
    Resume,
    Reset,
    Replay,
    CancelReplay(&'a str),
    ListLetters,
    ShowLetter(&'a str, &'a str),
    Redeliver,
    DeleteLetters,
    ListGaps,
    AcknowledgeGaps,
}

/// Finds the route of an administrator's request.
///
/// # Errors
/// 404 and 405.
pub(crate) fn route<'a>(method: &str, path: &'a str) -> Result<Route<'a>, Refusal> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let routes: &[(&str, Route<'a>)] = match segments.as_slice() {
        ["status"] => &[("GET", Route::Status)],
        ["metrics"] => &[("GET", Route::Metrics)],
        ["reports"] => &[("POST", Route::Reports)],
        ["streams", stream, rest @ ..] => return of_stream(method, stream, rest),
        _ => &[],
    };
    choose(method, routes)
}

fn of_stream<'a>(method: &str, stream: &'a str, rest: &[&'a str]) -> Result<Route<'a>, Refusal> {
    let verbs: Vec<(&str, Verb<'a>)> = match rest {
        ["run"] => vec![("POST", Verb::Run)],
        ["pause"] => vec![("POST", Verb::Pause)],
        ["resume"] => vec![("POST", Verb::Resume)],
        ["reset"] => vec![("POST", Verb::Reset)],
        ["replay"] => vec![("POST", Verb::Replay)],
        ["replays", replay] => vec![("DELETE", Verb::CancelReplay(replay))],
        ["dead-letters"] => vec![
            ("GET", Verb::ListLetters),
            ("POST", Verb::Redeliver),
            ("DELETE", Verb::DeleteLetters),
        ],
        ["dead-letters", id, sink] => vec![("GET", Verb::ShowLetter(id, sink))],
        ["gaps"] => vec![("GET", Verb::ListGaps), ("POST", Verb::AcknowledgeGaps)],
        _ => Vec::new(),
    };
    let routes: Vec<(&str, Route<'a>)> = verbs
        .into_iter()
        .map(|(method, verb)| (method, Route::Stream(stream, verb)))
        .collect();
    choose(method, &routes)
}

fn choose<'a>(method: &str, routes: &[(&str, Route<'a>)]) -> Result<Route<'a>, Refusal> {
    if routes.is_empty() {
        return Err(Refusal::not_found());
    }
    // The answer to HEAD is that to GET, and the runtime leaves its body out.
    let method = if method == "HEAD" { "GET" } else { method };
    let found = routes.iter().find(|(allowed, _)| *allowed == method);
    found.map(|(_, route)| *route).ok_or_else(|| {
        let allow: Vec<&str> = routes.iter().map(|(allowed, _)| *allowed).collect();
        Refusal::method_not_allowed(&allow.join(", "))
    })
}
