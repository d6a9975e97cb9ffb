//! Asks one sink: for an access token if it needs one, then for its health.

use edgesiem_model::{
    Answer, Attempt, Error, ErrorKind, Host, HttpRequest, Secret, Sink, SinkVerdict,
};

use super::{Finding, read_up_to, reason};

const SINK: &str = "the sink";
const TOKEN_SERVER: &str = "the server that gives the sink's access tokens";

pub(super) async fn check<H: Host>(host: &H, sink: &dyn Sink) -> Finding {
    let token = match token(host, sink).await {
        Ok(token) => token,
        Err(error) => return Finding::failed(&error),
    };
    let attempt = Attempt {
        now: host.now(),
        token: token.as_ref(),
    };
    let Some(request) = sink.health_request(&attempt) else {
        let known = match token {
            Some(_) => "an access token was given, but ",
            None => "",
        };
        return Finding::unknown(format!(
            "{known}nothing short of a delivery shows whether it takes events: the stream's first run will tell"
        ));
    };
    let asked = ask(host, sink, request, SINK, |answer| {
        sink.health_verdict(answer)
    });
    match asked.await {
        Ok(()) => Finding::ok("it is there and takes the credentials"),
        Err(error) => Finding::failed(&error),
    }
}

async fn token<H: Host>(host: &H, sink: &dyn Sink) -> Result<Option<Secret>, Error> {
    let Some(request) = sink.token_request(host.now()) else {
        return Ok(None);
    };
    let asked = ask(host, sink, request, TOKEN_SERVER, |answer| {
        sink.token_verdict(answer).map_err(no_token)
    });
    Ok(Some(asked.await?.token))
}

fn no_token(verdict: SinkVerdict) -> Error {
    let said = match verdict {
        SinkVerdict::Stop(error) => return error,
        SinkVerdict::Retry { reason, .. } => reason,
        // No sink says any of these of a token; then there is at least no token.
        _ => String::new(),
    };
    Error::new(
        ErrorKind::SinkUnavailable,
        format!("{TOKEN_SERVER} gave none"),
        "try again; if it lasts, look at that server's own health",
    )
    .with("answer", said)
}

/// Sends one request and judges the answer. `whom` is who answers it.
async fn ask<H: Host, T>(
    host: &H,
    sink: &dyn Sink,
    request: HttpRequest,
    whom: &str,
    judge: impl FnOnce(&Answer<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let silent = |reason: String| {
        Error::new(
            ErrorKind::SinkUnavailable,
            format!("{whom} could not be reached"),
            "check its address in the configuration, and that this machine may connect to it",
        )
        .with("reason", reason)
    };
    let (head, mut body) = host
        .fetch(request)
        .await
        .map_err(|error| silent(reason(&error)))?;
    let (body, broken) = read_up_to(&mut body, sink.limits().max_answer_bytes).await;
    let judged = judge(&Answer {
        head: &head,
        body: &body,
        now: host.now(),
    });
    match (judged, broken) {
        // What did not come may say that it is not well.
        (Ok(_), Some(error)) => Err(silent(format!("the answer broke off: {}", reason(&error)))),
        (judged, _) => judged,
    }
}
