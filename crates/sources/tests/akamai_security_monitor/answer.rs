use edgesiem_model::{Error, ResponseHead};
use edgesiem_sources::akamai_security_monitor::{
    Answer, Metadata, Operation, Refusal, Rows, resolve,
};
use serde_json::{Value, json};

use super::{ACCESS_TOKEN, CLIENT_TOKEN, NOW, monitor, query, stores};

/// [`NOW`], two minutes later, as a `Date` header has it.
const LATER: &str = "Fri, 21 Mar 2014 19:36:21 GMT";

fn head(status: u16, headers: &[(&str, &str)]) -> ResponseHead {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    ResponseHead {
        status,
        headers: headers.iter().map(text).collect(),
    }
}

fn answer(operation: &Operation<'_>, status: u16, body: &str) -> Result<Answer, Refusal> {
    monitor().answer(operation, &head(status, &[]), body.as_bytes(), NOW)
}

fn rows(status: u16, body: &str) -> Result<Rows, Refusal> {
    let resolved = resolve(&query(json!({})), &stores()).unwrap();
    let operation = Operation::Rows {
        pack: 1,
        query: &resolved,
        limit: 5,
        offset: 0,
    };
    match answer(&operation, status, body)? {
        Answer::Rows(rows) => Ok(*rows),
        other => panic!("{other:?}"),
    }
}

fn error(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Stop(error) | Refusal::Retry { error, .. } | Refusal::Resign { error, .. } => {
            error
        }
    }
}

#[test]
fn a_report_is_read_as_the_description_has_it() {
    let body = json!({
        "columns": [
            {"type": "dimension", "name": "Time", "description": "Time as per time zone", "index": 0},
            {"type": "metric", "name": "Requests Denied", "index": 1, "aggregate": "418", "peak": "156", "unit": null, "new": [1]},
        ],
        "rows": [["1415837040", "156"], ["1415836980", "113"]],
        "metaData": {
            "aggregation": 60, "limit": 5, "startTimeInEpoch": 1_415_836_800, "hasMoreData": true, "timeZone": "GMT",
            "offset": 0, "reportPack": "Security Monitor Report Pack", "endTimeInEpoch": 1_415_837_100,
        },
    });
    let rows = rows(200, &body.to_string()).unwrap();
    assert_eq!(rows.json, r#"["1415837040","156"],["1415836980","113"]"#);
    assert_eq!((rows.count, rows.has_more), (2, Some(true)));
    assert_eq!(
        serde_json::to_value(&rows.columns).unwrap(),
        json!([
            {"type": "dimension", "name": "Time", "description": "Time as per time zone", "index": 0},
            {"type": "metric", "name": "Requests Denied", "index": 1, "aggregate": "418", "peak": "156"},
        ])
    );
    assert_eq!(
        serde_json::to_value(&rows.metadata).unwrap(),
        json!({
            "aggregation": 60, "timezone": "GMT", "start": 1_415_836_800, "end": 1_415_837_100,
            "pack": "Security Monitor Report Pack",
        })
    );
}

#[test]
fn what_is_said_about_the_rows_may_be_of_any_type() {
    for (member, value) in [
        ("aggregation", json!(-60)),
        ("aggregation", json!("60")),
        ("startTimeInEpoch", json!(-1e15)),
        ("endTimeInEpoch", json!(1.5e300)),
        ("timeZone", json!(0)),
        ("reportPack", json!({"id": [1]})),
    ] {
        let body = json!({"rows": [["a"]], "metaData": {member: value}});
        let rows = rows(200, &body.to_string()).unwrap();
        assert_eq!(
            (rows.count, rows.metadata),
            (1, Metadata::default()),
            "{member}: {value}"
        );
    }
    // Rows would be missing without a word.
    assert!(rows(200, r#"{"rows":[["a"]],"metaData":{"hasMoreData":"yes"}}"#).is_err());
}

#[test]
fn members_may_be_absent_null_or_unknown_but_a_row_is_a_list_of_plain_values() {
    let many = format!(r#"{{"rows":[{}[]]}}"#, "[],".repeat(10_000));
    let wide = format!(r#"{{"columns":[{}{{}}]}}"#, "{},".repeat(1000));
    let deep = format!(
        r#"{{"rows":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for (body, expected) in [
        (r#"{"metaData":{}}"#, Ok((0, ""))),
        ("{}", Err("neither rows nor metaData")),
        (
            r#"{"columns":[],"rows":null,"httpStatus":200}"#,
            Err("neither rows nor metaData"),
        ),
        (
            r#"{"columns":null,"rows":null,"metaData":{"aggregation":null},"x":{"y":[]}}"#,
            Ok((0, "")),
        ),
        (r#"{"rows":[]}"#, Ok((0, ""))),
        (
            r#"{"rows":[ [ "a" , 1.50, null,true,"]" ] ,[]]}"#,
            Ok((2, r#"[ "a" , 1.50, null,true,"]" ],[]"#)),
        ),
        (
            "{\"rows\":[[\"\\u001b[31m\"]]}",
            Ok((1, "[\"\\u001b[31m\"]")),
        ),
        (r#"{"rows":[[1,[2]]]}"#, Err("no plain value")),
        (r#"{"rows":[[{}]]}"#, Err("no plain value")),
        (r#"{"rows":["a"]}"#, Err("a row")),
        (r#"{"rows":{"a":1}}"#, Err("a list of rows")),
        (r#"{"rows":[["a"]"#, Err("EOF")),
        (r#"{"rows":[["a"]]} {}"#, Err("trailing")),
        ("[]", Err("neither rows nor metaData")),
        ("", Err("EOF")),
        ("<html>", Err("expected value")),
        ("{\"rows\":[[\"\u{ff}", Err("EOF")),
        (many.as_str(), Err("more than 10000 rows")),
        (wide.as_str(), Err("thousands of columns")),
        (deep.as_str(), Err("no plain value")),
    ] {
        let read = rows(200, body);
        let shown: String = body.chars().take(60).collect();
        match (read, expected) {
            (Ok(rows), Ok((count, text))) => {
                assert_eq!((rows.count, rows.json.as_str()), (count, text), "{shown}")
            }
            (
                Err(Refusal::Retry {
                    after_ms: None,
                    error,
                }),
                Err(reason),
            ) => {
                assert_eq!(error.kind().code(), "page_incomplete", "{shown}");
                assert!(error.to_string().contains(reason), "{shown}: {error}");
            }
            (read, _) => panic!("{shown}: {read:?}"),
        }
    }
}

#[test]
fn lists_are_handed_on_with_what_we_do_not_know() {
    let pack = Operation::ReportPack { pack: 12_332 };
    let body = json!({
        "id": 12332, "name": "Sample 1", "isActive": true, "dimensions": [{"id": 43, "name": "Time", "type": "standard"}],
        "metrics": null, "filters": null, "dataStores": [{"id": 939}], "timezone": "GMT",
    });
    let Ok(Answer::ReportPack(read)) = answer(&pack, 200, &body.to_string()) else {
        panic!("a pack");
    };
    let mut expected = body;
    expected.as_object_mut().unwrap().remove("metrics");
    assert_eq!(serde_json::to_value(&read).unwrap(), expected);

    let sources = Operation::DataSources { pack: 12_332 };
    let body = json!([{"id": 2673, "dsType": "policyId", "values": ["111_375", 16767]}, {"id": "9", "values": null}]);
    let Ok(Answer::DataSources(read)) = answer(&sources, 200, &body.to_string()) else {
        panic!("sources");
    };
    assert_eq!(read[1].id, 9);
    assert_eq!(serde_json::to_value(&read[0]).unwrap(), body[0]);

    for body in [
        "{}",
        "[{}]",
        r#"[{"id":-1}]"#,
        r#"[{"id":"x"}]"#,
        "null",
        "[",
        "",
    ] {
        let refusal = answer(&sources, 200, body).unwrap_err();
        assert_eq!(error(refusal).kind().code(), "page_incomplete", "{body}");
    }
}

#[test]
fn no_data_is_an_empty_answer_where_there_can_be_one() {
    let rows = rows(204, "").unwrap();
    assert_eq!(
        (rows.count, rows.has_more, rows.columns.len()),
        (0, Some(false), 0)
    );
    let pack = 1;
    for operation in [
        Operation::ReportPacks,
        Operation::DataStores { pack },
        Operation::DataSources { pack },
    ] {
        let Ok(answer) = answer(&operation, 204, "") else {
            panic!("{operation:?}");
        };
        assert!(matches!(
            answer,
            Answer::ReportPacks(_) | Answer::DataStores(_) | Answer::DataSources(_)
        ));
    }
    for operation in [
        Operation::ReportPack { pack },
        Operation::DataStore { pack, store: 2 },
    ] {
        assert!(
            matches!(answer(&operation, 204, ""), Err(Refusal::Retry { .. })),
            "{operation:?}"
        );
    }
}

/// Kind of refusal, wait in milliseconds, code of the error, and what to do.
type Meaning = (&'static str, Option<u64>, &'static str, &'static str);

fn meaning(refusal: &Refusal) -> (&'static str, Option<u64>, &'static str) {
    match refusal {
        Refusal::Stop(error) => ("stop", None, error.kind().code()),
        Refusal::Retry { after_ms, error } => ("retry", *after_ms, error.kind().code()),
        Refusal::Resign {
            clock_skew_ms,
            error,
        } => (
            "resign",
            clock_skew_ms.map(i64::unsigned_abs),
            error.kind().code(),
        ),
    }
}

#[test]
fn every_status_of_the_description_says_what_happened_and_what_to_do() {
    const REFUSED: &str = "source_refused";
    const UNAVAILABLE: &str = "source_unavailable";
    let table: &[(u16, Meaning)] = &[
        (400, ("stop", None, REFUSED, "which parameter is wrong")),
        (401, ("stop", None, REFUSED, "belong to one API client")),
        (
            403,
            ("stop", None, REFUSED, "access to the Security Monitor API"),
        ),
        (
            404,
            (
                "stop",
                None,
                REFUSED,
                "report-packs and data-stores list them",
            ),
        ),
        (405, ("stop", None, REFUSED, "proxy")),
        (409, ("stop", None, UNAVAILABLE, "again in a few minutes")),
        (410, ("stop", None, REFUSED, "this one is gone")),
        (411, ("stop", None, REFUSED, "proxy")),
        (413, ("stop", None, REFUSED, "fewer filters")),
        (423, ("stop", None, UNAVAILABLE, "again in a few minutes")),
        (
            429,
            ("retry", Some(60_000), UNAVAILABLE, "five requests a minute"),
        ),
        (500, ("retry", None, UNAVAILABLE, "check Akamai's status")),
        (501, ("stop", None, REFUSED, "does not support this")),
        (503, ("retry", None, UNAVAILABLE, "busy")),
        (507, ("stop", None, REFUSED, "a shorter window")),
        // Of whatever stands before the API.
        (201, ("retry", None, UNAVAILABLE, "proxy")),
        (302, ("stop", None, REFUSED, "security_monitor.host")),
        (408, ("retry", None, UNAVAILABLE, "Akamai's status")),
        (418, ("stop", None, REFUSED, "ask Akamai support")),
        (502, ("retry", None, UNAVAILABLE, "Akamai's status")),
    ];
    for (status, (kind, after_ms, code, action)) in table {
        let document = json!({"httpStatus": status, "title": "A title\u{1b}[31m", "detail": format!("for {CLIENT_TOKEN}")});
        let refusal = answer(&Operation::ReportPacks, *status, &document.to_string()).unwrap_err();
        assert_eq!(meaning(&refusal), (*kind, *after_ms, *code), "{status}");
        let error = error(refusal);
        assert_eq!(
            error.message(),
            format!("the Security Monitor API answered {status}: A title\\u{{1b}}[31m: for ***")
        );
        assert!(error.user_action().contains(action), "{status}: {error}");
        assert!(
            error.context().contains(&("status", status.to_string())),
            "{error:?}"
        );
        assert!(
            !error.to_string().chars().any(char::is_control),
            "{error:?}"
        );
    }
}

#[test]
fn refusals_are_read_whatever_they_are_written_in() {
    for body in [
        "",
        "<html>Forbidden</html>",
        "[1]",
        r#"{"title":7,"detail":{}}"#,
        "\u{0}",
    ] {
        let error = error(answer(&Operation::ReportPacks, 403, body).unwrap_err());
        assert_eq!(error.message(), "the Security Monitor API answered 403");
    }
    let echo = error(
        answer(
            &Operation::ReportPacks,
            403,
            &format!("access_token={ACCESS_TOKEN};"),
        )
        .unwrap_err(),
    );
    assert!(echo.to_string().contains("access_token=***"), "{echo}");
    assert!(!echo.to_string().contains(ACCESS_TOKEN), "{echo}");
}

#[test]
fn an_answer_that_repeats_what_was_asked_shows_no_token() {
    let echo = format!("EG1-HMAC-SHA256 client_token={CLIENT_TOKEN};access_token={ACCESS_TOKEN};");
    for body in [
        json!({"columns": echo, "rows": []}),
        json!({"rows": echo}),
        json!(echo),
    ] {
        let error = error(rows(200, &body.to_string()).unwrap_err());
        assert!(error.to_string().contains("access_token=***"), "{error}");
        for token in [CLIENT_TOKEN, ACCESS_TOKEN] {
            assert!(!format!("{error} {error:?}").contains(token), "{error}");
        }
    }
}

#[test]
fn headers_say_how_long_to_wait_what_time_it_is_and_where_else() {
    let stale = json!({"title": "Bad request", "detail": "Invalid timestamp"});
    let none = json!({});
    let refused = |status, headers: &[(&str, &str)], body: &Value| {
        let body = body.to_string();
        let head = head(status, headers);
        monitor()
            .answer(&Operation::ReportPacks, &head, body.as_bytes(), NOW)
            .unwrap_err()
    };
    for (status, header, body, expected) in [
        (429, ("retry-after", "7"), &none, ("retry", Some(7000))),
        (429, ("retry-after", LATER), &none, ("retry", Some(120_000))),
        (429, ("retry-after", "soon"), &none, ("retry", Some(60_000))),
        (503, ("retry-after", "7"), &none, ("retry", Some(7000))),
        (400, ("date", LATER), &stale, ("resign", Some(120_000))),
        (400, ("date", "?"), &stale, ("resign", None)),
        (400, ("date", LATER), &none, ("stop", None)),
    ] {
        let refusal = refused(status, &[header], body);
        let (kind, after_ms, _) = meaning(&refusal);
        assert_eq!((kind, after_ms), expected, "{status} {header:?}");
    }
    let there = format!("https://evil.example/?{CLIENT_TOKEN}\u{1b}");
    let error = error(refused(307, &[("location", &there)], &none));
    assert!(
        error
            .to_string()
            .contains(r"points to: https://evil.example/?***\u{1b}"),
        "{error}"
    );
}
