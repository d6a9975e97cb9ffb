//! What a check finds: a table of answers, over real sources and sinks.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

mod support;

use edgesiem::check::{Checked, Finding, Verdict, check};
use edgesiem::{Config, Secret, StreamConfig};
use edgesiem_testkit::{Reply, World};
use serde_json::{Value, json};
use support::{NOW, SECRET, SOURCE, stream, webhook};

/// [`NOW`] as a `Date` header has it.
const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
const TWO_MINUTES_LATER: &str = "Tue, 14 Nov 2023 22:15:20 GMT";
const TWO_MINUTES_EARLIER: &str = "Tue, 14 Nov 2023 22:11:20 GMT";

fn page() -> Reply {
    let event = json!({"attackData": {"configId": "1"}});
    let context = json!({"offset": "b", "total": 1, "limit": 1});
    Reply::new(200, format!("{event}\n{context}\n"))
}

fn problem(status: u16, detail: &str) -> Reply {
    let document = json!({"title": "Bad", "detail": detail, "instance": "/x"});
    Reply::new(status, document.to_string())
}

fn wrong_time(date: &str) -> Reply {
    problem(400, "Invalid timestamp").header("date", date)
}

/// A world in which the source gives these answers, one after the other.
fn world(answers: Vec<Reply>) -> World {
    let world = World::new(NOW);
    let mut answers = answers.into_iter();
    world.serve(SOURCE, move |_| answers.next().unwrap());
    world
}

fn checked(world: &World, stream: &StreamConfig) -> Checked {
    let checked = world.clock.run(check(world, stream));
    // Whatever came, it can be shown.
    let shown = serde_json::to_string(&checked).unwrap();
    assert!(!shown.contains(SECRET), "{shown}");
    for finding in findings(&checked) {
        let text = format!("{} {:?}", finding.message, finding.user_action);
        assert!(!text.chars().any(char::is_control), "{text}");
        let has_failed = finding.outcome == Verdict::Failed;
        assert_eq!(finding.code.is_some(), has_failed, "{finding:?}");
        assert!(finding.user_action.is_some() || !has_failed, "{finding:?}");
    }
    checked
}

fn findings(checked: &Checked) -> impl Iterator<Item = &Finding> {
    let sinks = checked.sinks.iter().map(|sink| &sink.finding);
    std::iter::once(&checked.source).chain(sinks)
}

struct Case {
    name: &'static str,
    answers: Vec<Reply>,
    outcome: Verdict,
    code: Option<&'static str>,
    clock_skew_ms: Option<i64>,
    /// What the message and the advice have to say.
    says: &'static [&'static str],
}

#[test]
fn what_the_source_answers_is_what_is_found() {
    let ok = |name, answers, says| Case {
        name,
        answers,
        outcome: Verdict::Ok,
        code: None,
        clock_skew_ms: None,
        says,
    };
    let failed = |name, answers, code, says| Case {
        outcome: Verdict::Failed,
        code: Some(code),
        ..ok(name, answers, says)
    };
    let html = || Reply::new(200, "<html>\x1b[2J\n<h1>Please log in</h1>\n</html>\n");
    for case in [
        ok("a page", vec![page()], &["gives events"]),
        ok(
            "a page in pieces",
            vec![page().chunked(3)],
            &["gives events"],
        ),
        ok(
            "nothing to give",
            vec![Reply::new(
                200,
                json!({"offset": "b", "total": 0}).to_string(),
            )],
            &["no event to give at the moment"],
        ),
        Case {
            clock_skew_ms: Some(0),
            ..ok(
                "clocks that agree as far as seconds tell",
                vec![page().header("date", DATE).after(700)],
                &[],
            )
        },
        Case {
            clock_skew_ms: Some(119_990),
            ..ok(
                "a clock that is behind, and a source that does not mind",
                vec![page().header("date", TWO_MINUTES_LATER)],
                &[],
            )
        },
        Case {
            clock_skew_ms: Some(-119_001),
            ..ok(
                "a clock that is ahead, and a source that does not mind",
                vec![page().header("date", TWO_MINUTES_EARLIER)],
                &[],
            )
        },
        ok(
            "a date that is none",
            vec![page().header("date", "yesterday\u{1b}")],
            &[],
        ),
        Case {
            clock_skew_ms: Some(120_000),
            ..ok(
                "a clock that is behind",
                vec![wrong_time(TWO_MINUTES_LATER), page()],
                &[
                    "clock is 120 s behind the source's",
                    "set this host's clock",
                ],
            )
        },
        Case {
            clock_skew_ms: Some(-120_000),
            ..ok(
                "a clock that is ahead",
                vec![wrong_time(TWO_MINUTES_EARLIER), page()],
                &["clock is 120 s ahead of the source's"],
            )
        },
        Case {
            clock_skew_ms: Some(120_000),
            ..failed(
                "a clock that is behind, and no access",
                vec![wrong_time(TWO_MINUTES_LATER), problem(403, "no")],
                "source_refused",
                &["answered 403", "120 s behind", "Manage SIEM"],
            )
        },
        Case {
            clock_skew_ms: Some(120_000),
            ..failed(
                "a time that is refused twice",
                vec![wrong_time(TWO_MINUTES_LATER), wrong_time(TWO_MINUTES_LATER)],
                "source_unavailable",
                &["Invalid timestamp", "set this host's clock"],
            )
        },
        failed(
            "a time that is refused, by whom does not say its own",
            vec![problem(400, "Invalid timestamp")],
            "source_unavailable",
            &["set this host's clock"],
        ),
        ok(
            "a beginning that is too old",
            vec![problem(416, "expired")],
            &[
                "takes the credentials",
                "record a gap",
                "begin at a later time",
            ],
        ),
        failed(
            "wrong credentials",
            vec![problem(401, "who is hunter2hunter2hunter2hunter2hunter2?")],
            "source_refused",
            &["answered 401", "***", "client_token"],
        ),
        failed(
            "no access",
            vec![problem(403, "\u{1b}[2Jnot yours\n")],
            "source_refused",
            &["not yours", "Manage SIEM"],
        ),
        failed(
            "no such configuration",
            vec![problem(404, "no")],
            "source_refused",
            &["config_ids"],
        ),
        failed(
            "a redirect",
            vec![Reply::new(302, "").header("location", "https://evil.example/\u{1b}")],
            "source_refused",
            &["evil.example", "does not redirect"],
        ),
        failed(
            "too many requests",
            vec![problem(429, "slow down")],
            "source_unavailable",
            &["429", "other clients"],
        ),
        failed(
            "an outage",
            vec![Reply::new(503, "")],
            "source_unavailable",
            &["503"],
        ),
        failed(
            "no answer",
            vec![Reply::lost()],
            "source_unavailable",
            &["could not be reached", SOURCE, "connection lost"],
        ),
        failed(
            "somebody else's page",
            vec![html()],
            "page_incomplete",
            &["no whole page", "proxy"],
        ),
        failed(
            "a page that is cut",
            vec![page().cut(20)],
            "page_incomplete",
            &["broke off"],
        ),
        failed(
            "an empty page",
            vec![Reply::new(200, "")],
            "page_incomplete",
            &[],
        ),
        failed(
            "a refusal that is cut",
            vec![problem(403, "not yours").cut(20)],
            "source_refused",
            &["answered 403"],
        ),
        Case {
            outcome: Verdict::Unknown,
            ..ok(
                "a page that never ends",
                vec![Reply::new(200, "{}\n".repeat(2 << 20)).chunked(256 << 10)],
                &["more than", "not read to their end"],
            )
        },
    ] {
        let Case { name, answers, .. } = case;
        let expected_requests = answers.len();
        let world = world(answers);
        let stream = stream(&json!({"soc": webhook("soc")}));
        let found = checked(&world, &stream).source;
        assert_eq!(found.outcome, case.outcome, "{name}: {found:?}");
        assert_eq!(found.code, case.code, "{name}: {found:?}");
        assert_eq!(found.clock_skew_ms, case.clock_skew_ms, "{name}: {found:?}");
        let text = format!("{} {:?}", found.message, found.user_action);
        for words in case.says {
            assert!(text.contains(words), "{name}: {words}: {text}");
        }
        assert!(found.wall_ms.unwrap() >= 10, "{name}: {found:?}");
        let requests = world.requests.borrow();
        assert_eq!(requests.len(), expected_requests, "{name}");
        for request in requests.iter() {
            assert!(
                request.target.ends_with("?offset=NULL&limit=1"),
                "{name}: {}",
                request.target
            );
        }
    }
}

#[test]
fn a_request_that_is_signed_again_has_the_time_that_was_learned_and_a_nonce_of_its_own() {
    let world = world(vec![wrong_time(TWO_MINUTES_LATER), page()]);
    checked(&world, &stream(&json!({"soc": webhook("soc")})));
    let requests = world.requests.borrow();
    let signature = |number: usize| -> String {
        let headers = &requests[number].headers;
        let found = headers.iter().find(|(name, _)| name == "authorization");
        found.unwrap().1.expose().to_owned()
    };
    let part = |signature: &str, name: &str| -> String {
        let rest = signature.split_once(name).unwrap().1;
        rest.split(';').next().unwrap().to_owned()
    };
    let (first, second) = (signature(0), signature(1));
    assert_eq!(part(&first, "timestamp="), "20231114T22:13:20+0000");
    assert_eq!(part(&second, "timestamp="), "20231114T22:15:20+0000");
    assert_ne!(part(&first, "nonce="), part(&second, "nonce="));
}

fn splunk() -> Value {
    json!({"kind": "splunk-hec", "url": "https://splunk.test", "token": {"secret": "S"}})
}

fn sentinel() -> Value {
    json!({
        "kind": "sentinel", "endpoint": "https://sentinel.test", "dcr_id": "dcr-000a00a000a00000a000000aa000a0aa",
        "stream": "Custom-AkamaiSIEMEvent_CL", "tenant_id": "11111111-2222-3333-4444-555555555555",
        "client_id": "66666666-7777-8888-9999-000000000000", "client_secret": {"secret": "S"},
    })
}

#[test]
fn what_a_sink_answers_is_what_is_found() {
    const ENTRA: &str = "login.microsoftonline.com";
    let token = || {
        let token = json!({"access_token": "eyJ", "expires_in": 3600, "token_type": "Bearer"});
        Some((ENTRA, Reply::new(200, token.to_string())))
    };
    let splunk_says = |reply| Some(("splunk.test", reply));
    let entra_says = |reply| Some((ENTRA, reply));
    type Row = (
        &'static str,
        Value,
        Option<(&'static str, Reply)>,
        Verdict,
        Option<&'static str>,
        &'static [&'static str],
    );
    let rows: Vec<Row> = vec![
        (
            "a healthy collector",
            splunk(),
            splunk_says(Reply::new(200, r#"{"text":"HEC is healthy","code":17}"#)),
            Verdict::Ok,
            None,
            &["takes the credentials"],
        ),
        (
            "a wrong token",
            splunk(),
            splunk_says(Reply::new(400, r#"{"text":"Invalid token","code":4}"#)),
            Verdict::Failed,
            Some("sink_refused"),
            &["token"],
        ),
        (
            "a busy collector",
            splunk(),
            splunk_says(Reply::new(503, "busy\u{1b}[2J")),
            Verdict::Failed,
            Some("sink_unavailable"),
            &["does not take events at the moment", "busy"],
        ),
        (
            "a redirect with our token in it",
            splunk(),
            splunk_says(
                Reply::new(302, "").header("location", &format!("https://evil.example/{SECRET}")),
            ),
            Verdict::Failed,
            Some("sink_refused"),
            &["never followed", "evil.example/***"],
        ),
        (
            "no answer",
            splunk(),
            splunk_says(Reply::lost()),
            Verdict::Failed,
            Some("sink_unavailable"),
            &["the sink could not be reached", "connection lost"],
        ),
        (
            "an answer that breaks off",
            splunk(),
            splunk_says(Reply::new(200, "{\"text\":\"HEC is healthy\"}").cut(5)),
            Verdict::Failed,
            Some("sink_unavailable"),
            &["broke off"],
        ),
        (
            "an answer without an end",
            splunk(),
            splunk_says(Reply::new(503, vec![b'x'; 4 << 20]).chunked(64 << 10)),
            Verdict::Failed,
            Some("sink_unavailable"),
            &[],
        ),
        (
            "a sink that cannot be asked",
            webhook("soc"),
            None,
            Verdict::Unknown,
            None,
            &["nothing short of a delivery", "first run"],
        ),
        (
            "a place of this machine",
            json!({"kind": "stdout"}),
            None,
            Verdict::Unknown,
            None,
            &["nothing short of a delivery"],
        ),
        (
            "a token, and nothing to ask with it",
            sentinel(),
            token(),
            Verdict::Unknown,
            None,
            &["an access token was given, but nothing short of a delivery"],
        ),
        (
            "credentials that get no token",
            sentinel(),
            entra_says(Reply::new(401, r#"{"error":"invalid_client"}"#)),
            Verdict::Failed,
            Some("sink_refused"),
            &["invalid_client"],
        ),
        (
            "an answer without a token",
            sentinel(),
            entra_says(Reply::new(200, "{}")),
            Verdict::Failed,
            Some("sink_refused"),
            &["no access token"],
        ),
        (
            "a token server that is busy",
            sentinel(),
            entra_says(Reply::new(503, "busy\n")),
            Verdict::Failed,
            Some("sink_unavailable"),
            &["access tokens gave none", "HTTP 503: busy"],
        ),
        (
            "a token server that is not there",
            sentinel(),
            entra_says(Reply::lost()),
            Verdict::Failed,
            Some("sink_unavailable"),
            &["access tokens could not be reached"],
        ),
    ];
    for (name, sink, server, outcome, code, says) in rows {
        let world = world(vec![page()]);
        let asked = usize::from(server.is_some());
        if let Some((host, reply)) = server {
            world.serve(host, move |_| reply.clone());
        }
        let checked = checked(&world, &stream(&json!({"soc": sink})));
        assert_eq!(checked.sinks.len(), 1, "{name}: {checked:?}");
        let sink = &checked.sinks[0];
        let found = &sink.finding;
        assert_eq!(sink.name, "soc");
        assert_eq!(found.outcome, outcome, "{name}: {found:?}");
        assert_eq!(found.code, code, "{name}: {found:?}");
        let text = format!("{} {:?}", found.message, found.user_action);
        for words in says {
            assert!(text.contains(words), "{name}: {words}: {text}");
        }
        assert!(text.len() < 2_000, "{name}: {text}");
        assert_eq!(world.requests.borrow().len(), 1 + asked, "{name}");
        assert_eq!(checked.source.outcome, Verdict::Ok);
    }
}

#[test]
fn a_source_that_fails_keeps_no_sink_from_being_asked_and_an_ending_host_does() {
    let sinks = json!({"a": splunk(), "b": webhook("b")});
    for (must_end, requests, first) in [
        (None, 2, Verdict::Ok),
        (Some("interrupted"), 1, Verdict::Unknown),
    ] {
        let world = world(vec![Reply::lost()]);
        world.serve("splunk.test", |_| Reply::new(200, "{}"));
        world.must_end.set(must_end);
        let checked = checked(&world, &stream(&sinks));
        assert_eq!(checked.source.outcome, Verdict::Failed);
        let outcomes: Vec<Verdict> = checked.sinks.iter().map(|it| it.finding.outcome).collect();
        assert_eq!(outcomes, [first, Verdict::Unknown]);
        assert_eq!(world.requests.borrow().len(), requests);
        let why = must_end.unwrap_or("delivery");
        assert!(checked.sinks[1].finding.message.contains(why));
    }
}

#[test]
fn a_check_delivers_nothing_and_stores_nothing() {
    let world = world(vec![page()]);
    world.serve("splunk.test", |request| {
        assert_eq!(request.method.as_str(), "GET");
        assert!(request.body.is_empty());
        Reply::new(200, "{}")
    });
    checked(&world, &stream(&json!({"a": splunk()})));
    assert_eq!(world.requests.borrow().len(), 2);
    let stored = world.stored.borrow();
    assert_eq!((stored.revision.0, &stored.checkpoint), (0, &None));
}

#[test]
fn what_is_not_known_is_left_out_of_the_report() {
    let world = world(vec![page()]);
    let checked = checked(&world, &stream(&json!({"soc": webhook("soc")})));
    let shown = serde_json::to_value(&checked).unwrap();
    assert_eq!(
        shown["source"],
        json!({"outcome": "ok", "message": "it takes the credentials and gives events", "wall_ms": 12})
    );
    let sink = &shown["sinks"][0];
    assert_eq!(sink["name"], "soc");
    assert_eq!(sink["finding"]["outcome"], "unknown");
    assert_eq!(sink["finding"].get("code"), None);
}

/// A stream of Trend Micro's events whose token was created on this day.
fn cas(token_created: &str) -> StreamConfig {
    let config = json!({
        "streams": [{
            "id": "mail", "sinks": ["soc"], "schema": "raw",
            "source": {
                "kind": "trend-micro-cas", "region": "us", "token": {"secret": "S"}, "token_created": token_created,
            },
        }],
        "sinks": {"soc": webhook("soc")},
    });
    let config = Config::from_json(config, &|_| Some(Secret::new(SECRET.to_owned())), &[]);
    let config = config.map_err(|errors| format!("{errors:?}")).unwrap();
    config.streams.into_iter().next().unwrap()
}

#[test]
fn a_token_that_is_about_to_end_is_told_whatever_else_is_found() {
    let page = || Reply::new(200, r#"{"security_events":[],"next_link":""}"#);
    // NOW is 2023-11-14.
    for (token_created, answer, outcome, advice) in [
        ("2023-11-01", page(), Verdict::Ok, None),
        (
            "2022-12-01",
            page(),
            Verdict::Ok,
            Some("the token ends on 2023-12-01, in 16 days"),
        ),
        (
            "2022-10-01",
            Reply::new(401, "{}"),
            Verdict::Failed,
            Some("the token ended on 2023-10-01"),
        ),
    ] {
        let world = World::new(NOW);
        world.serve("api.tmcas.trendmicro.com", move |_| answer.clone());
        let source = checked(&world, &cas(token_created)).source;
        assert_eq!(source.outcome, outcome, "{source:?}");
        let told = format!("{} {:?}", source.message, source.user_action);
        match advice {
            Some(advice) => assert!(told.contains(advice), "{told}"),
            None => assert_eq!(source.user_action, None),
        }
    }
}
