//! What is asked for, when, and what comes back.

use edgesiem::reports::{Bounds, ReportError};
use edgesiem_testkit::Reply;
use serde_json::{Value, json};

use super::{Server, ok, packs, problem, report, reports, rows, stores};

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
        "query.end: a report covers less than four hours, and these are 240 minutes; and 1 problem more. What to do: end at most 239 \
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

#[test]
fn others_requests_are_waited_for_no_longer_than_until_the_first_of_ours_is_a_minute_old() {
    let server = Server::giving(vec![packs(), packs(), problem(429, "many"), packs()]);
    let reports = reports(Bounds::default());
    let ask = || {
        server
            .perform(&reports, json!({"operation": "report-packs"}))
            .unwrap()
    };
    for wait_ms in [50_000, 2000, 0] {
        ask();
        server.world.clock.advance(wait_ms);
    }
    let times = server.times_ms();
    let (first, refused, again) = (times[0], times[2], times[3]);
    assert!(
        again - refused < 10_000 && again - first >= 60_000,
        "{times:?}"
    );
}

#[test]
fn a_check_names_what_is_wrong_and_sends_nothing() {
    let server = Server::giving(vec![ok(&stores()), rows(0, 1, false)]);
    let reports = reports(Bounds::default());
    let check = |more: serde_json::Value| {
        let mut request = report(more);
        request["operation"] = json!("check");
        server.perform(&reports, request)
    };
    let three = json!({"dimensions": ["Time", "Country", "City"], "filters": [{"by": "Nothing", "condition": "is", "values": [1]}]});
    let keys = |error: &ReportError| -> Vec<String> {
        let problems = error.problems().iter();
        problems.map(|problem| problem.key.clone()).collect()
    };
    assert_eq!(check(json!({})).unwrap(), Value::Null);
    assert_eq!(
        check(json!({"pack": "by name", "metrics": ["Nothing"]})).unwrap(),
        Value::Null
    );
    assert_eq!(
        keys(&check(three.clone()).unwrap_err()),
        ["query.dimensions[2]", "query.filters[0].condition"]
    );
    assert!(server.targets().is_empty());
    // What is known of the stores from a report counts too.
    server.perform(&reports, report(json!({}))).unwrap();
    assert_eq!(
        keys(&check(three).unwrap_err()),
        [
            "query.dimensions[2]",
            "query.filters[0].condition",
            "query.dimensions[2]",
            "query.filters[0].by"
        ]
    );
    assert_eq!(server.targets().len(), 2);
}
