//! Sinks whose receivers want an access token.

use edgesiem_model::{
    AccessToken, Answer, Attempt, BatchLimits, BatchView, Error, ErrorKind, HttpRequest, Secret,
    Sink, SinkVerdict, Timestamp, confidential,
};
use edgesiem_pipeline::Destination;
use edgesiem_testkit::{Reply, ScriptedSink, page};

use crate::case::{Case, kind, lines};

/// Asks `POST /token` of its own server; the body of a 200 is `TOKEN SECONDS`.
#[derive(Debug)]
struct Guarded(ScriptedSink);

impl Sink for Guarded {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn limits(&self) -> BatchLimits {
        self.0.limits()
    }

    fn token_request(&self, now: Timestamp) -> Option<HttpRequest> {
        let nothing = edgesiem_model::Batch::default();
        let request = self.0.request(&nothing.view(), &Attempt::at(now));
        Some(HttpRequest {
            target: "/token".to_owned(),
            ..request
        })
    }

    fn token_verdict(&self, answer: &Answer<'_>) -> Result<AccessToken, SinkVerdict> {
        let retry = || SinkVerdict::Retry {
            after_ms: None,
            reason: "no token".to_owned(),
        };
        let stop = || {
            SinkVerdict::Stop(Error::new(
                ErrorKind::SinkRefused,
                "no such client",
                "mend it",
            ))
        };
        match answer.head.status {
            200 => {
                let text = String::from_utf8_lossy(answer.body);
                let (token, seconds) = text.split_once(' ').ok_or_else(retry)?;
                let ms = seconds.parse::<i64>().map_err(|_| retry())? * 1000;
                Ok(AccessToken {
                    token: Secret::new(token.to_owned()),
                    expires_at: answer.now.shifted(ms),
                })
            }
            500..=599 => Err(retry()),
            _ => Err(stop()),
        }
    }

    fn request(&self, batch: &BatchView<'_>, attempt: &Attempt<'_>) -> HttpRequest {
        let mut request = self.0.request(batch, attempt);
        let token = attempt.token.expect("asked for");
        request
            .headers
            .push(confidential("authorization", token.clone()));
        request
    }

    fn verdict(&self, batch: &BatchView<'_>, answer: &Answer<'_>) -> SinkVerdict {
        self.0.verdict(batch, answer)
    }
}

/// A stream of ten events in batches of one, to a server that gives tokens `t0`, `t1`, ... and takes what `is_good` says.
fn case(seconds: u64, is_good: impl Fn(&str, usize) -> bool + 'static) -> Case {
    let mut case = Case::new()
        .sink("a", 1, |_, _| None)
        .source(|_, _| Reply::new(200, page(&lines(0..10), "1", false)));
    let sink = ScriptedSink::new("a", 1);
    case.sinks = vec![Destination::new(Box::new(Guarded(sink)), true)];
    let (given, received, count) = (
        std::cell::Cell::new(0),
        case.received.clone(),
        std::cell::Cell::new(0),
    );
    let clock = case.world.clock.clone();
    case.world.serve("a.test", move |request| {
        clock.advance(100);
        if request.target == "/token" {
            let number = given.replace(given.get() + 1);
            return Reply::new(200, format!("t{number} {seconds}"));
        }
        let token = request
            .headers
            .iter()
            .find(|(name, _)| name == "authorization");
        let token = token.map_or("", |(_, value)| value.expose());
        if is_good(token, count.replace(count.get() + 1)) {
            received.add("a", &request.body);
            Reply::new(200, "")
        } else {
            Reply::new(401, "")
        }
    });
    case
}

fn tokens_asked_for(case: &Case) -> usize {
    let requests = case.world.requests.borrow();
    requests.iter().filter(|it| it.target == "/token").count()
}

#[test]
fn one_token_serves_as_long_as_it_is_valid() {
    // In its last minute a token is not used. One that is given for less serves once.
    for (seconds, tokens) in [(3600, 1), (61, 2), (30, 10)] {
        let case = case(seconds, |_, _| true);
        case.run().result.unwrap();
        assert_eq!(case.received.unique("a"), 10);
        assert_eq!(tokens_asked_for(&case), tokens, "{seconds}");
    }
}

#[test]
fn a_token_that_is_refused_before_its_time_is_renewed_once() {
    // The server forgets the first token after three deliveries.
    let case = case(3600, |token, count| token != "t0" || count < 3);
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!(
        (case.received.unique("a"), case.received.most_often("a")),
        (10, 1)
    );
}

#[test]
fn credentials_that_are_refused_with_a_fresh_token_stop_the_stream() {
    let case = case(3600, |_, _| false);
    let outcome = case.run();
    assert_eq!(kind(&outcome), Some(ErrorKind::SinkRefused));
    assert_eq!((case.cursor(), case.received.unique("a")), (None, 0));
    assert!(tokens_asked_for(&case) <= 2);
}

#[test]
fn an_authorization_server_that_is_down_is_waited_for_and_one_that_refuses_stops_the_stream() {
    for (status, expected) in [
        (503, ErrorKind::SinkUnavailable),
        (401, ErrorKind::SinkRefused),
    ] {
        let case = case(3600, |_, _| true);
        case.world.serve("a.test", move |_| Reply::new(status, ""));
        let outcome = case.run();
        assert_eq!(kind(&outcome), Some(expected));
        let asked = tokens_asked_for(&case);
        assert_eq!(asked > 1, status == 503, "{asked}");
    }
}
