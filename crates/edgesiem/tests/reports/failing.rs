//! What does not come back: what is asked again, what is given up, and what is said.

use edgesiem::reports::{Bounds, ReportError};
use edgesiem_testkit::Reply;
use serde_json::json;

use super::{Server, TWO_MINUTES_LATER, ok, packs, problem, report, reports, rows, stores};

struct Case {
    name: &'static str,
    answers: Vec<Reply>,
    /// Code and a part of the error, or none if it succeeds.
    error: Option<(&'static str, &'static str)>,
    /// Least time between requests, in milliseconds.
    waits_ms: &'static [u64],
}

#[test]
fn what_may_pass_is_asked_again_at_a_distance_and_what_stays_is_not() {
    let case = |name, answers, error, waits_ms| Case {
        name,
        answers,
        error,
        waits_ms,
    };
    let always = |reply: Reply| vec![reply; 5];
    for case in [
        case(
            "throttled",
            vec![problem(429, "slow"), packs()],
            None,
            &[15_000],
        ),
        case(
            "throttled for a minute",
            vec![
                problem(429, ""),
                problem(429, "").header("retry-after", "soon"),
                problem(429, ""),
                packs(),
            ],
            None,
            &[15_000, 15_000, 30_000],
        ),
        case(
            "throttled, with a wait",
            vec![problem(429, "slow").header("retry-after", "7"), packs()],
            None,
            &[7000],
        ),
        case(
            "busy",
            vec![problem(503, ""), problem(500, ""), packs()],
            None,
            &[2000, 4000],
        ),
        case("not reached", vec![Reply::lost(), packs()], None, &[2000]),
        case("cut", vec![packs().cut(20), packs()], None, &[2000]),
        case(
            "cut cleanly",
            vec![Reply::new(200, "[{\"id\":1"), packs()],
            None,
            &[2000],
        ),
        case(
            "a wrong clock",
            vec![
                problem(400, "Invalid timestamp").header("date", TWO_MINUTES_LATER),
                packs(),
            ],
            None,
            &[0],
        ),
        case(
            "a wrong clock that nothing helps",
            vec![
                problem(400, "Invalid timestamp")
                    .header("date", TWO_MINUTES_LATER)
                    .after(0),
                problem(400, "Invalid timestamp"),
            ],
            Some(("source_unavailable", "set this host's clock")),
            &[0],
        ),
        case(
            "refused",
            vec![problem(403, "no")],
            Some(("source_refused", "answered 403: Oh: no")),
            &[],
        ),
        case(
            "locked",
            vec![problem(423, "")],
            Some(("source_unavailable", "answered 423: Oh")),
            &[],
        ),
        case(
            "down",
            always(problem(502, "")),
            Some(("source_unavailable", "answered 502")),
            &[2000, 4000, 8000, 16_000],
        ),
        case(
            "throttled for good",
            always(problem(429, "")),
            Some(("source_unavailable", "five requests a minute")),
            &[15_000, 15_000, 30_000, 60_000],
        ),
        case(
            "never whole",
            always(packs().cut(20)),
            Some(("source_unavailable", "broke off; reason: Network")),
            &[2000; 4],
        ),
        case(
            "somebody else",
            vec![Reply::new(200, "<html>"); 2],
            Some(("page_incomplete", "expected value")),
            &[2000],
        ),
        case(
            "somebody else, after a refusal",
            vec![
                problem(503, ""),
                Reply::new(200, "<html>"),
                Reply::new(202, ""),
            ],
            Some(("source_unavailable", "answered 202")),
            &[2000, 4000],
        ),
        case(
            "marked as UTF-8",
            vec![Reply::new(200, "\u{feff}[{\"id\":12332}]")],
            None,
            &[],
        ),
    ] {
        let Case {
            name,
            answers,
            error,
            waits_ms,
        } = case;
        let sent = answers.len();
        let server = Server::giving(answers);
        let given = server.perform(
            &reports(Bounds::default()),
            json!({"operation": "report-packs"}),
        );
        match (given, error) {
            (Ok(given), None) => assert_eq!(given[0]["id"], json!(12332), "{name}"),
            (Err(failed), Some((code, part))) => {
                let shown = ReportErrorText(&failed).to_string();
                assert_eq!(failed.code(), code, "{name}: {shown}");
                assert!(shown.contains(part), "{name}: {shown}");
            }
            (given, _) => panic!("{name}: {given:?}"),
        }
        let times = server.times_ms();
        assert_eq!(times.len(), sent, "{name}");
        assert_eq!(waits_ms.len() + 1, sent, "{name}");
        for ((earlier, later), least) in times.iter().zip(times.iter().skip(1)).zip(waits_ms) {
            assert!(later - earlier >= *least, "{name}: {times:?}");
        }
    }
}

/// All that an error says.
struct ReportErrorText<'a>(&'a ReportError);

impl std::fmt::Display for ReportErrorText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.message())?;
        for (name, value) in self.0.context() {
            write!(f, "; {name}: {value}")?;
        }
        write!(f, ". {}", self.0.user_action())
    }
}

#[test]
fn the_lesson_about_the_clock_is_kept() {
    let server = Server::giving(vec![
        problem(400, "Invalid timestamp").header("date", TWO_MINUTES_LATER),
        packs(),
        packs(),
    ]);
    let reports = reports(Bounds::default());
    for _ in 0..2 {
        server
            .perform(&reports, json!({"operation": "report-packs"}))
            .unwrap();
    }
    let requests = server.world.requests.borrow();
    let stamps: Vec<bool> = requests
        .iter()
        .map(|request| {
            request
                .headers
                .iter()
                .any(|(_, value)| value.expose().contains("timestamp=20231114T22:15:"))
        })
        .collect();
    assert_eq!(stamps, [false, true, true]);
    let nonce = |number: usize| {
        let request: &edgesiem::HttpRequest = &requests[number];
        let (_, value) = request
            .headers
            .iter()
            .find(|(name, _)| name == "authorization")
            .unwrap();
        let (_, rest) = value.expose().split_once("nonce=").unwrap();
        rest.split_once(';').unwrap().0.to_owned()
    };
    assert!(nonce(0) != nonce(1) && nonce(1) != nonce(2));
}

#[test]
fn a_call_ends_when_its_time_is_up_or_its_host_ends() {
    let bounds = Bounds {
        max_wall_ms: 90_000,
        ..Bounds::default()
    };
    let server = Server::giving(vec![
        problem(429, "slow"),
        problem(429, "slow").header("retry-after", "60"),
        problem(429, "slower"),
    ]);
    let error = server
        .perform(&reports(bounds), json!({"operation": "report-packs"}))
        .unwrap_err();
    assert!(matches!(error, ReportError::TimedOut(_)), "{error:?}");
    assert!(error.message().contains("is up, while waiting for the API; before that, the Security Monitor API answered 429: Oh: slower"), "{error}");
    assert!(
        error.retryable() && error.context().contains(&("status", "429".to_owned())),
        "{error:?}"
    );

    let server = Server::new(|_| packs());
    let reports_once = reports(Bounds {
        max_wall_ms: 30_000,
        ..Bounds::default()
    });
    for _ in 0..5 {
        server
            .perform(&reports_once, json!({"operation": "report-packs"}))
            .unwrap();
    }
    let error = server
        .perform(&reports_once, json!({"operation": "report-packs"}))
        .unwrap_err();
    assert!(
        error.message().contains("waiting for the rate limit"),
        "{error}"
    );
    assert_eq!(server.times_ms().len(), 5);

    server.world.must_end.set(Some("the run was asked to end"));
    let error = server
        .perform(
            &reports(Bounds::default()),
            json!({"operation": "report-packs"}),
        )
        .unwrap_err();
    assert_eq!(
        error.message(),
        "the report was not finished: the run was asked to end"
    );
    assert_eq!(server.times_ms().len(), 5, "nothing is sent any more");
}

#[test]
fn what_is_too_large_is_refused_before_it_fills_the_memory() {
    let bounds = Bounds {
        max_rows: 600,
        max_bytes: 20_000,
        ..Bounds::default()
    };
    let endless = || {
        Server::new(|path| match path.split_once("&offset=") {
            Some((_, offset)) => rows(offset.parse().unwrap(), 300, true),
            None => ok(&stores()),
        })
    };
    for (bounds, request, expected) in [
        (
            bounds,
            report(json!({"all": true, "limit": 300})),
            "the report has more than 600 rows",
        ),
        (
            Bounds {
                max_rows: 1_000_000,
                ..bounds
            },
            report(json!({"all": true, "limit": 300})),
            "the report has more than 20000 bytes of rows",
        ),
        (
            Bounds {
                max_bytes: 1000,
                ..bounds
            },
            report(json!({})),
            "the report has more than 1000 bytes",
        ),
    ] {
        let server = endless();
        let error = server.perform(&reports(bounds), request).unwrap_err();
        assert_eq!(
            (error.code(), error.message().as_str()),
            ("report_too_large", expected)
        );
        assert!(server.times_ms().len() <= 5, "{:?}", server.times_ms());
    }
    // Of a refusal the beginning is enough.
    let server = Server::giving(vec![Reply::new(403, "x".repeat(1_000_000)).chunked(10_000)]);
    let error = server
        .perform(
            &reports(Bounds::default()),
            json!({"operation": "report-packs"}),
        )
        .unwrap_err();
    assert_eq!(error.code(), "source_refused");
    assert!(server.world.body_pieces_read.get() < 10);
}

#[test]
fn pages_that_do_not_fit_together_are_no_report() {
    let other_columns = ok(
        &json!({"columns": [{"name": "City"}], "rows": [["x"]], "metaData": {"hasMoreData": false}}),
    );
    for (second, reason) in [
        (other_columns, "the columns changed"),
        (
            rows(5, 0, true),
            "says that there are more rows, and gives none",
        ),
    ] {
        let server = Server::giving(vec![ok(&stores()), rows(0, 5, true), second]);
        let error = server
            .perform(
                &reports(Bounds::default()),
                report(json!({"all": true, "limit": 5})),
            )
            .unwrap_err();
        assert_eq!(error.code(), "page_incomplete");
        assert!(
            ReportErrorText(&error).to_string().contains(reason),
            "{error:?}"
        );
    }
    // The end may also be nothing at all.
    let server = Server::giving(vec![ok(&stores()), rows(0, 5, true), Reply::new(204, "")]);
    let given = server
        .perform(
            &reports(Bounds::default()),
            report(json!({"all": true, "limit": 5})),
        )
        .unwrap();
    assert_eq!(
        (given["rows"].as_array().unwrap().len(), &given["more"]),
        (5, &json!(false))
    );
}
