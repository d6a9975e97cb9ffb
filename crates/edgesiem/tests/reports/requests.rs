//! Requests and tables that somebody wrote.

use edgesiem::Config;
use edgesiem::reports::{ReportRequest, configured};
use serde_json::{Value, json};

use super::{HOST, report, secret, table};

#[test]
fn what_is_no_request_is_refused_with_the_key() {
    for (request, key, message, action) in [
        (json!([]), "", "a request is an object", "report-packs"),
        (
            json!({}),
            "operation",
            "the operation is missing",
            "use one of: report-packs, report-pack, data-stores, data-store, data-sources, report, check",
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
