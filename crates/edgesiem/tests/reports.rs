//! Reports on demand, in a scripted world: what is sent and when, what comes back, and why nothing does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

use std::cell::RefCell;
use std::rc::Rc;

use edgesiem::reports::{Bounds, ReportError, ReportRequest, Reports, configured};
use edgesiem::{Config, Secret, Timestamp};
use edgesiem_testkit::{Reply, World};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
/// [`NOW`], two minutes later, as a `Date` header has it.
const TWO_MINUTES_LATER: &str = "Tue, 14 Nov 2023 22:15:20 GMT";
const HOST: &str = "akab-x.luna.akamaiapis.net";
const SECRET: &str = "hunter2hunter2hunter2hunter2hunter2";
const PACKS: &str = "/security-monitor/v1/report-packs";

fn secret(name: &str) -> Option<Secret> {
    (name != "NONE").then(|| Secret::new(SECRET.to_owned()))
}

fn table() -> Value {
    let secret = json!({"secret": "S"});
    json!({"host": HOST, "client_token": secret, "client_secret": secret, "access_token": secret})
}

fn reports(bounds: Bounds) -> Reports {
    let monitor = configured(&json!({"security_monitor": table()}), &secret);
    Reports::new(monitor.unwrap().unwrap(), bounds)
}

/// A server that keeps a log of when it was asked for what.
struct Server {
    world: World,
    log: Rc<RefCell<Vec<(u64, String)>>>,
}

impl Server {
    fn new(mut answer: impl FnMut(&str) -> Reply + 'static) -> Self {
        let world = World::new(NOW);
        let log = Rc::new(RefCell::new(Vec::new()));
        let (kept, clock) = (Rc::clone(&log), world.clock.clone());
        world.serve(HOST, move |request| {
            let at_ms = clock.now().since_ms(NOW);
            kept.borrow_mut().push((at_ms, request.target.clone()));
            answer(
                request
                    .target
                    .strip_prefix(PACKS)
                    .expect("a path of the API"),
            )
        });
        Self { world, log }
    }

    /// Gives these answers, one after the other.
    fn giving(answers: Vec<Reply>) -> Self {
        let mut answers = answers.into_iter();
        Self::new(move |_| answers.next().expect("an answer that was expected"))
    }

    fn perform(&self, reports: &Reports, request: Value) -> Result<Value, ReportError> {
        let request = ReportRequest::from_json(request)?;
        let reported = self.world.clock.run(reports.perform(&self.world, request));
        let reported = reported.map(|reported| serde_json::to_string(&reported).unwrap());
        if let Err(error) = &reported {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(!shown.chars().any(char::is_control), "{shown}");
        }
        Ok(serde_json::from_str(&reported?).unwrap())
    }

    /// When requests were sent, in milliseconds from the beginning.
    fn times_ms(&self) -> Vec<u64> {
        self.log.borrow().iter().map(|(at_ms, _)| *at_ms).collect()
    }

    fn targets(&self) -> Vec<String> {
        let log = self.log.borrow();
        let targets = log
            .iter()
            .map(|(_, target)| target.strip_prefix(PACKS).unwrap().to_owned());
        targets.collect()
    }
}

fn stores() -> Value {
    json!([{
        "id": 939, "name": "sample data store",
        "dimensions": [{"id": 43, "name": "Time"}, {"id": 957, "name": "Country"}],
        "metrics": [{"id": 544, "name": "Requests Denied"}],
        "aggregationInSeconds": 60, "maxQueryDurationInMinutes": 1440,
    }])
}

fn ok(body: &Value) -> Reply {
    Reply::new(200, body.to_string())
}

fn packs() -> Reply {
    ok(
        &json!([{"id": 12332, "name": "Sample 1"}, {"id": 5, "name": "Twice"}, {"id": 6, "name": "twice"}]),
    )
}

fn problem(status: u16, detail: &str) -> Reply {
    Reply::new(
        status,
        json!({"httpStatus": status, "title": "Oh", "detail": detail}).to_string(),
    )
}

/// `count` rows, the first of which is number `first`.
fn rows(first: u64, count: u64, has_more: bool) -> Reply {
    let rows: Vec<Value> = (first..first + count)
        .map(|number| json!([number.to_string(), "US", "7"]))
        .collect();
    ok(&json!({
        "columns": [{"type": "dimension", "name": "Time", "index": 0}, {"type": "metric", "name": "Requests Denied", "aggregate": "418"}],
        "rows": rows,
        "metaData": {"aggregation": 60, "hasMoreData": has_more, "timeZone": "GMT", "reportPack": "P"},
    }))
}

fn report(more: Value) -> Value {
    let mut query = json!({
        "pack": 12332, "start": "2014-11-13T00:00", "end": "2014-11-13T00:05", "dimensions": ["Time"], "metrics": ["Requests Denied"],
    });
    query
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"operation": "report", "query": query})
}

#[test]
fn each_operation_asks_for_its_path_and_a_name_is_looked_up_once_an_hour() {
    let server = Server::new(|path| match path {
        "" => packs(),
        "/12332" | "/12332/data-stores/939" => ok(&json!({"id": 1, "new": {"a": null}})),
        "/12332/data-stores" => ok(&stores()),
        "/12332/data-sources" => Reply::new(204, ""),
        other => panic!("{other}"),
    });
    let reports = reports(Bounds::default());
    let one = json!({"id": 1, "new": {"a": null}});
    for (request, expected, asked) in [
        (
            json!({"operation": "report-pack", "pack": 12332}),
            one.clone(),
            &["/12332"][..],
        ),
        (
            json!({"operation": "report-pack", "pack": "12332"}),
            one.clone(),
            &["/12332"],
        ),
        (
            json!({"operation": "data-sources", "pack": " sample 1"}),
            json!([]),
            &["", "/12332/data-sources"],
        ),
        (
            json!({"operation": "data-stores", "pack": "Sample 1"}),
            Value::Null,
            &["/12332/data-stores"],
        ),
        (
            json!({"operation": "data-store", "pack": "Sample 1", "store": "Sample Data Store"}),
            json!({"id": 1, "dimensions": [], "metrics": [], "new": {"a": null}}),
            &["/12332/data-stores", "/12332/data-stores/939"],
        ),
        (
            json!({"operation": "data-store", "pack": 12332, "store": "939"}),
            Value::Null,
            &["/12332/data-stores/939"],
        ),
    ] {
        server.log.borrow_mut().clear();
        let given = server.perform(&reports, request.clone()).unwrap();
        assert_eq!(server.targets(), asked, "{request}");
        if !expected.is_null() {
            assert_eq!(given, expected, "{request}");
        }
    }
    for (pack, key, message) in [
        ("nobody's", "pack", "there is no report pack `nobody's`"),
        ("TWICE", "pack", "`TWICE` is the name of several"),
    ] {
        let error = server
            .perform(&reports, json!({"operation": "data-stores", "pack": pack}))
            .unwrap_err();
        assert_eq!(
            (error.code(), error.problems().len()),
            ("invalid_report", 1)
        );
        let problem = &error.problems()[0];
        assert_eq!(
            (problem.key.as_str(), problem.message.as_str()),
            (key, message)
        );
        assert!(
            problem.user_action.contains("5 (Twice), 6 (twice)"),
            "{problem:?}"
        );
    }
    let asked = || {
        server
            .targets()
            .iter()
            .filter(|target| target.is_empty())
            .count()
    };
    assert_eq!(asked(), 0, "the packs were known");
    server.world.clock.advance(60 * 60_000);
    server
        .perform(
            &reports,
            json!({"operation": "data-stores", "pack": "Sample 1"}),
        )
        .unwrap();
    assert_eq!(asked(), 1);
}

#[test]
fn no_minute_sees_more_than_five_requests() {
    let server = Server::new(|_| packs().after(700));
    let reports = reports(Bounds::default());
    for _ in 0..23 {
        server
            .perform(&reports, json!({"operation": "report-packs"}))
            .unwrap();
    }
    let times = server.times_ms();
    // As it arrives a request may be late by as much as its answer takes.
    for (first, sixth) in times.iter().zip(times.iter().skip(5)) {
        assert!(sixth - first >= 60_700, "{times:?}");
    }
    // Nor is it slower than it must be.
    assert!(times[22] < 4 * 62_000 + 5000, "{times:?}");
}

#[test]
fn all_rows_of_more_than_two_pages_are_joined_in_order() {
    const ROWS: u64 = 25_317;
    let server = Server::new(|path| {
        if path.ends_with("/data-stores") {
            return ok(&stores());
        }
        let (_, offset) = path.split_once("&offset=").expect("an offset");
        let offset: u64 = offset.parse().unwrap();
        assert!(path.contains("&limit=10000&"), "{path}");
        let count = (ROWS - offset).min(10_000);
        rows(offset, count, offset + count < ROWS).chunked(65_536)
    });
    let reports = reports(Bounds::default());
    let given = server
        .perform(&reports, report(json!({"all": true, "offset": 17})))
        .unwrap();
    let numbers: Vec<u64> = given["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[0].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers, (17..ROWS).collect::<Vec<u64>>());
    let rest = json!({
        "pack": given["pack"], "store": given["store"], "metadata": given["metadata"], "offset": given["offset"],
        "more": given["more"], "requests": given["requests"], "columns": given["columns"].as_array().unwrap().len(),
    });
    assert_eq!(
        rest,
        json!({
            "pack": 12332, "store": 939, "metadata": {"aggregation": 60, "timezone": "GMT", "pack": "P"}, "offset": 17, "more": false,
            "requests": 4, "columns": 2,
        })
    );
}

#[test]
fn one_page_says_whether_there_is_more_and_the_stores_are_asked_for_once() {
    let server = Server::giving(vec![
        ok(&stores()),
        rows(0, 2, true),
        rows(0, 300, false),
        Reply::new(204, ""),
        // The API is expected to say, but a full page is a hint.
        ok(&json!({"rows": [["1"], ["2"]]})),
        ok(&json!({"rows": [["1"]]})),
    ]);
    let reports = reports(Bounds::default());
    for (more, expected) in [
        (json!({"limit": 2}), (2, true, 2, 2)),
        (json!({}), (300, false, 2, 1)),
        (json!({"all": true}), (0, false, 0, 1)),
        (json!({"limit": 2}), (2, true, 0, 1)),
        (json!({"limit": 2}), (1, false, 0, 1)),
    ] {
        let given = server.perform(&reports, report(more)).unwrap();
        let count = |name: &str| given[name].as_array().unwrap().len();
        let more = given["more"].as_bool().unwrap();
        assert_eq!(
            (
                count("rows"),
                more,
                count("columns"),
                given["requests"].as_u64().unwrap()
            ),
            expected
        );
    }
}

#[test]
fn what_breaks_rules_is_refused_without_a_request_or_with_the_stores_all_at_once() {
    let server = Server::giving(vec![ok(&stores()), rows(0, 1, false)]);
    let reports = reports(Bounds::default());
    let broken = json!({"limit": 0, "end": "2014-11-13T04:00", "metrics": ["Nothing"]});
    let keys = |error: &ReportError| -> Vec<String> {
        error
            .problems()
            .iter()
            .map(|problem| problem.key.clone())
            .collect()
    };
    let error = server
        .perform(&reports, report(broken.clone()))
        .unwrap_err();
    assert_eq!(keys(&error), ["query.end", "query.limit"]);
    assert_eq!(
        error.to_string(),
        "query.end: a report covers less than four hours, and this are 240 minutes; and 1 problem more. What to do: end at most 239 \
         minutes after the start, and ask for the rest in another report"
    );
    assert!((error.code(), error.retryable()) == ("invalid_report", false));
    assert!(server.targets().is_empty());
    server.perform(&reports, report(json!({}))).unwrap();
    let error = server.perform(&reports, report(broken)).unwrap_err();
    assert_eq!(
        keys(&error),
        ["query.end", "query.limit", "query.metrics[0]"]
    );
    assert_eq!(server.targets().len(), 2);
}

#[test]
fn stores_that_may_have_changed_are_asked_for_again_after_a_refusal() {
    let server = Server::giving(vec![
        ok(&stores()),
        problem(400, "no such metric"),
        ok(&stores()),
        rows(0, 1, false),
    ]);
    let reports = reports(Bounds::default());
    let error = server.perform(&reports, report(json!({}))).unwrap_err();
    assert_eq!(
        error.message(),
        "the Security Monitor API answered 400: Oh: no such metric"
    );
    assert_eq!(
        server.perform(&reports, report(json!({}))).unwrap()["requests"],
        json!(2)
    );
}

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
            &[60_000],
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
            &[60_000, 60_000, 60_000, 60_000],
        ),
        case(
            "never whole",
            always(packs().cut(20)),
            Some(("source_unavailable", "broke off; reason: Network")),
            &[2000; 4],
        ),
        case(
            "somebody else",
            always(Reply::new(200, "<html>")),
            Some(("page_incomplete", "expected value")),
            &[2000; 4],
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
    let server = Server::giving(vec![problem(429, "slow"), problem(429, "slower")]);
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

#[test]
fn what_is_no_request_is_refused_with_the_key() {
    for (request, key, message, action) in [
        (json!([]), "", "a request is an object", "report-packs"),
        (
            json!({}),
            "operation",
            "the operation is missing",
            "use one of: report-packs, report-pack, data-stores",
        ),
        (
            json!({"operation": 5}),
            "operation",
            "the operation is missing",
            "use one of",
        ),
        (
            json!({"operation": "r\u{1b}"}),
            "operation",
            "there is no operation `r\\u{1b}`",
            "use one of",
        ),
        (
            json!({"operation": "report-packs", "pack": 1}),
            "pack",
            "unknown field `pack`",
            "remove the key",
        ),
        (
            json!({"operation": "report-pack"}),
            "",
            "missing field `pack`",
            "add the key",
        ),
        (
            json!({"operation": "report-pack", "pack": null}),
            "",
            "missing field `pack`",
            "add the key",
        ),
        (
            json!({"operation": "report-pack", "pack": -1}),
            "pack",
            "it must be an id, such as 957, or a name",
            "correct",
        ),
        (
            json!({"operation": "data-store", "pack": 1}),
            "",
            "missing field `store`",
            "add the key",
        ),
        (
            report(json!({"limits": 5})),
            "query.limits",
            "unknown field `limits`",
            "remove the key",
        ),
        (
            report(json!({"limit": "5"})),
            "query.limit",
            "expected u64",
            "correct",
        ),
        (
            report(json!({"limit": -5})),
            "query.limit",
            "expected u64",
            "correct",
        ),
        (
            report(json!({"offset": 1.5})),
            "query.offset",
            "expected u64",
            "correct",
        ),
        (
            report(json!({"aggregation": true})),
            "query.aggregation",
            "it must be a number of seconds, or \"day\"",
            "correct",
        ),
        (
            report(json!({"dimensions": [1, {}]})),
            "query.dimensions[1]",
            "it must be an id",
            "correct",
        ),
        (
            report(json!({"sort": [{"by": 1, "order": "up"}]})),
            "query.sort[0].order",
            "unknown variant `up`, expected `asc` or `desc`",
            "correct",
        ),
        (
            report(json!({"filters": [{"by": 1, "condition": "in", "values": "US"}]})),
            "query.filters[0].values",
            "expected a sequence",
            "correct",
        ),
        (
            report(
                json!({"filters": [{"by": 1, "type": "time", "condition": "in", "values": ["US"]}]}),
            ),
            "query.filters[0].type",
            "expected `dimension` or `metric`",
            "correct",
        ),
    ] {
        let error = ReportRequest::from_json(request.clone()).unwrap_err();
        let [problem] = error.problems() else {
            panic!("{request}: {error:?}")
        };
        assert_eq!(problem.key, key, "{request}");
        assert!(problem.message.contains(message), "{request}: {problem:?}");
        assert!(
            problem.user_action.contains(action),
            "{request}: {problem:?}"
        );
    }
    // What is null is like what is absent.
    ReportRequest::from_json(report(
        json!({"store": null, "filters": null, "limit": null, "all": null, "sort": null}),
    ))
    .unwrap();
}

#[test]
fn the_table_is_checked_by_itself_and_with_the_whole_configuration() {
    let missing = json!({"host": HOST, "client_token": {"secret": "NONE"}, "client_secret": {"secret": "S"}, "access_token": {"secret": "S"}});
    for (value, expected) in [
        (json!({}), Ok(false)),
        (json!({"security_monitor": null}), Ok(false)),
        (
            json!({"security_monitor": table(), "streams": "not looked at"}),
            Ok(true),
        ),
        (json!({"security_monitor": 5}), Err("security_monitor")),
        (
            json!({"security_monitor": {"host": HOST}}),
            Err("security_monitor"),
        ),
        (
            json!({"security_monitor": missing}),
            Err("security_monitor.client_token"),
        ),
    ] {
        let found = configured(&value, &secret);
        match (found.map(|monitor| monitor.is_some()), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{value}"),
            (Err(errors), Err(key)) => {
                assert!(
                    errors
                        .iter()
                        .all(|error| error.context().contains(&("key", key.to_owned()))),
                    "{errors:?}"
                );
            }
            (found, _) => panic!("{value}: {found:?}"),
        }
    }
    let whole = |monitor: Value| {
        json!({
            "streams": [{"id": "s", "sinks": ["soc"], "source": {
                "kind": "akamai-siem", "host": HOST, "config_ids": [1],
                "client_token": {"secret": "S"}, "client_secret": {"secret": "S"}, "access_token": {"secret": "S"},
            }}],
            "sinks": {"soc": {"kind": "webhook", "url": "https://soc.test/", "unsigned": true}},
            "security_monitor": monitor,
        })
    };
    let config = Config::from_json(whole(table()), &secret, &[])
        .map_err(|errors| format!("{errors:?}"))
        .unwrap();
    assert!(config.security_monitor.is_some());
    let errors = Config::from_json(whole(missing.clone()), &secret, &[])
        .err()
        .unwrap();
    assert!(
        errors[0]
            .to_string()
            .contains("the secret NONE is not set; key: security_monitor.client_token"),
        "{errors:?}"
    );
    // No stream stops for it.
    let parsed = Config::parse(whole(missing), &secret, &[])
        .map_err(|errors| format!("{errors:?}"))
        .unwrap();
    assert!(parsed.streams[0].result.is_ok() && parsed.security_monitor.is_none());
    assert_eq!(parsed.problems.len(), 1);
}
