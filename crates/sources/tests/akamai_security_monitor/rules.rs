use edgesiem_sources::akamai_security_monitor::{problems, resolve};
use serde_json::{Value, json};

use super::{query, stores};

/// Keys, without `query.`, and texts of the problems.
type Expected = &'static [(&'static str, &'static str, &'static str)];

const MINUTE: (&str, &str) = ("is no minute", "MM/dd/yyyy:HH:mm or yyyy-MM-ddTHH:mm");
const FOUR_HOURS: &str = "a report covers less than four hours";

/// What shows from the query alone.
fn by_itself() -> Vec<(Value, Expected)> {
    vec![
        (json!({}), &[]),
        (
            json!({"start": "yesterday"}),
            &[("start", "`yesterday` is no minute", MINUTE.1)],
        ),
        (
            json!({"start": "2014-11-13T00:00Z", "end": "11/31/2014:00:00"}),
            &[
                ("start", MINUTE.0, "without naming it"),
                ("end", MINUTE.0, MINUTE.1),
            ],
        ),
        (
            json!({"end": "11/13/2014:00:00"}),
            &[("end", "the end is not after the start", "a later end")],
        ),
        (
            json!({"end": "11/12/2014:23:59"}),
            &[("end", "the end is not after the start", "a later end")],
        ),
        (json!({"end": "11/13/2014:03:59"}), &[]),
        (
            json!({"end": "11/13/2014:04:00"}),
            &[("end", FOUR_HOURS, "at most 239 minutes")],
        ),
        (
            json!({"end": "2015-11-13T00:00"}),
            &[("end", "these are 525600 minutes", "another report")],
        ),
        (
            json!({"dimensions": [43, 957, 958]}),
            &[(
                "dimensions[2]",
                "at most two dimensions, and these are 3",
                "several reports",
            )],
        ),
        (
            json!({"dimensions": null, "metrics": null}),
            &[(
                "metrics",
                "neither a dimension nor a metric",
                "data-stores lists them",
            )],
        ),
        (
            json!({"aggregation": "hour"}),
            &[(
                "aggregation",
                "`hour` is no aggregation",
                "day, week, month or year",
            )],
        ),
        (
            json!({"aggregation": "+60"}),
            &[(
                "aggregation",
                "`+60` is no aggregation",
                "a number of seconds",
            )],
        ),
        (
            json!({"limit": 0}),
            &[("limit", "0 is out of range", "use 1 to 10000")],
        ),
        (json!({"limit": 10_000}), &[]),
        (
            json!({"limit": 10_001}),
            &[("limit", "10001 is out of range", "all = true")],
        ),
        (
            json!({"filters": [{"by": "Time", "condition": "like", "values": ["x"]}]}),
            &[(
                "filters[0].condition",
                "there is no condition `like`",
                "in, nin, contains, ncontains, starts, nstarts, ends, nends for a dimension; eq, neq, gt, gte, lt, lte for a metric",
            )],
        ),
        (
            json!({"filters": [{"by": "Time", "type": "metric", "condition": "NIN", "values": [1]}]}),
            &[(
                "filters[0].condition",
                "there is no condition `NIN`",
                "use eq, neq, gt, gte, lt, lte for a metric",
            )],
        ),
        (
            json!({"filters": [{"by": 43, "type": "dimension", "condition": "gt", "values": ["1"]}]}),
            &[(
                "filters[0].condition",
                "a dimension has no condition `gt`",
                "use in, nin,",
            )],
        ),
        (
            json!({"filters": [{"by": 43, "condition": "in", "values": []}]}),
            &[(
                "filters[0].values",
                "nothing to compare with",
                "at least one value",
            )],
        ),
        (
            json!({"filters": [{"by": 552, "condition": "gt", "values": ["many", "1e3", "0x10", "NaN", null, [1]]}]}),
            &[
                (
                    "filters[0].values[0]",
                    "compared with numbers, and this is \"many\"",
                    "write a number",
                ),
                ("filters[0].values[2]", "\"0x10\"", "write a number"),
                ("filters[0].values[3]", "\"NaN\"", "write a number"),
                ("filters[0].values[4]", "null", "write a number"),
                ("filters[0].values[5]", "[1]", "write a number"),
            ],
        ),
        (
            json!({"filters": [{"by": 43, "condition": "in", "values": ["", true, {"a": "\u{1b}[2J"}]}]}),
            &[
                (
                    "filters[0].values[1]",
                    "compared with texts, and this is true",
                    "write a text",
                ),
                ("filters[0].values[2]", "\\u001b[2J", "write a text"),
            ],
        ),
        (
            json!({"metrics": vec![3; 101]}),
            &[("metrics", "these are 101", "at most 100")],
        ),
        (
            json!({"sort": vec![json!({"by": 3, "order": "asc"}); 101]}),
            &[("sort", "these are 101", "at most 100")],
        ),
        (
            json!({"filters": [{"by": 43, "condition": "in", "values": vec!["x"; 101]}]}),
            &[("filters[0].values", "these are 101", "at most 100")],
        ),
        // All at once.
        (
            json!({"end": "2014-11-13T04:00", "dimensions": [43, 957, 958], "limit": 0, "aggregation": "\u{1b}",
                   "filters": [{"by": 43, "condition": "gt", "values": []}]}),
            &[
                ("end", FOUR_HOURS, ""),
                ("dimensions[2]", "two dimensions", ""),
                ("limit", "0 is out of range", ""),
                ("aggregation", "`\\u{1b}` is no aggregation", ""),
                ("filters[0].values", "nothing to compare with", ""),
            ],
        ),
    ]
}

/// What shows with the data stores of the pack.
fn with_stores() -> Vec<(Value, Expected)> {
    vec![
        (
            json!({"dimensions": ["Contry"]}),
            &[(
                "dimensions[0]",
                "no data store of the pack has a dimension `Contry`",
                "City (958), Client IP (956), Country (1957), Country (957), Rules (60), Time (43)",
            )],
        ),
        // A metric is no dimension.
        (
            json!({"dimensions": ["Requests Warned", 552]}),
            &[
                (
                    "dimensions[0]",
                    "a dimension `Requests Warned`",
                    "use one of",
                ),
                ("dimensions[1]", "a dimension 552", "use one of"),
            ],
        ),
        (json!({"metrics": [80]}), &[]),
        (json!({"metrics": ["80"]}), &[]),
        (
            json!({"metrics": [""]}),
            &[("metrics[0]", "a metric ``", "80, Bytes (70)")],
        ),
        (
            json!({"dimensions": ["Time", "City"]}),
            &[(
                "dimensions",
                "in different data stores, which cannot be combined: 939 (sample data store) has `City` (958), 552; 952 (Time only cubes for security_monitor) has `Time` (43), 552; 77",
                "a report of each store",
            )],
        ),
        (
            json!({"dimensions": [], "metrics": [546, 70]}),
            &[(
                "metrics",
                "939 (sample data store) has 546; 952 (Time only cubes for security_monitor) has none of it; 77 (Sample Data Store) has 70",
                "a report of each store",
            )],
        ),
        (
            json!({"filters": [{"by": "City", "condition": "in", "values": ["Bern"]}]}),
            &[("dimensions", "in different data stores", "")],
        ),
        (
            json!({"sort": [{"by": 546, "order": "asc"}]}),
            &[("dimensions", "in different data stores", "")],
        ),
        // One name, several ids.
        (
            json!({"dimensions": ["country"], "metrics": []}),
            &[(
                "store",
                "under different ids: 939 (sample data store) has `country` (957); 77 (Sample Data Store) has `country` (1957)",
                "set store to the id of one of them",
            )],
        ),
        (
            json!({"dimensions": ["country"], "metrics": [], "store": 939}),
            &[],
        ),
        (
            json!({"dimensions": ["country"], "metrics": [], "store": "77"}),
            &[],
        ),
        (
            json!({"dimensions": ["country"], "metrics": [], "store": "Sample data store"}),
            &[(
                "store",
                "`Sample data store` is the name of several data stores",
                "939 (sample data store), 952",
            )],
        ),
        (
            json!({"store": 5}),
            &[(
                "store",
                "the pack has no data store 5",
                "77 (Sample Data Store)",
            )],
        ),
        (
            json!({"store": "time only cubes for security_monitor"}),
            &[],
        ),
        (
            json!({"store": 939}),
            &[(
                "dimensions[0]",
                "a dimension 43",
                "City (958), Client IP (956), Country (957)",
            )],
        ),
        (
            json!({"metrics": ["Bytes"]}),
            &[(
                "metrics[0]",
                "`Bytes` can be several: metric 70, metric 71",
                "use the id",
            )],
        ),
        (
            json!({"metrics": [70], "sort": [{"by": "Rules", "order": "asc"}]}),
            &[(
                "sort[0].by",
                "`Rules` can be several: dimension 60, metric 61",
                "set type to dimension or metric",
            )],
        ),
        (
            json!({"metrics": [70], "sort": [{"by": "Rules", "type": "metric", "order": "asc"}]}),
            &[],
        ),
        (
            json!({"filters": [{"by": "Requests Warned", "condition": "contains", "values": ["5"]}]}),
            &[(
                "filters[0].condition",
                "a metric has no condition `contains`",
                "use eq, neq",
            )],
        ),
        (
            json!({"filters": [{"by": "Nothing", "type": "metric", "condition": "eq", "values": [5]}],
                   "sort": [{"by": 9, "order": "asc"}]}),
            &[
                ("filters[0].by", "has a metric `Nothing`", "use one of"),
                ("sort[0].by", "has a dimension or metric 9", "use one of"),
            ],
        ),
        (
            json!({"metrics": [552, "requests warned"]}),
            &[("metrics[1]", "552 is there already", "name each once")],
        ),
        (
            json!({"dimensions": [43, "43"]}),
            &[("dimensions[1]", "43 is there already", "name each once")],
        ),
        (
            json!({"aggregation": 61}),
            &[(
                "aggregation",
                "an aggregation of 61 seconds",
                "use 60, 300, or day",
            )],
        ),
        (json!({"aggregation": 60}), &[]),
        // An hour is what the store of Time allows; the other one that has it does not have the metric.
        (json!({"end": "11/13/2014:01:00"}), &[]),
        (
            json!({"end": "11/13/2014:01:01"}),
            &[(
                "end",
                "61 minutes are more than the data store allows at once: 952 (Time only cubes for security_monitor) allows 60",
                "a shorter window",
            )],
        ),
        // Another store has it too, and allows it.
        (json!({"dimensions": [], "end": "11/13/2014:01:01"}), &[]),
        // With what shows from the query alone.
        (
            json!({"limit": 0, "dimensions": ["Contry"], "aggregation": 61}),
            &[
                ("limit", "0 is out of range", ""),
                ("dimensions[0]", "`Contry`", ""),
                ("aggregation", "61 seconds", ""),
            ],
        ),
    ]
}

fn compare(
    more: &Value,
    found: &[edgesiem_sources::akamai_security_monitor::Problem],
    expected: Expected,
) {
    let keys: Vec<&str> = found.iter().map(|problem| problem.key.as_str()).collect();
    let wanted: Vec<String> = expected
        .iter()
        .map(|(key, ..)| format!("query.{key}"))
        .collect();
    assert_eq!(keys, wanted, "{more}: {found:#?}");
    for (problem, (_, message, action)) in found.iter().zip(expected) {
        assert!(problem.message.contains(message), "{more}: {problem:?}");
        assert!(problem.user_action.contains(action), "{more}: {problem:?}");
        let shown = format!("{}{}", problem.message, problem.user_action);
        assert!(!shown.chars().any(char::is_control), "{shown}");
    }
}

#[test]
fn what_breaks_a_rule_by_itself_is_refused_before_anything_is_asked_for() {
    for (more, expected) in by_itself() {
        let query = query(more.clone());
        compare(&more, &problems(&query), expected);
    }
}

#[test]
fn what_the_data_stores_do_not_have_together_is_refused_with_what_they_have() {
    for (more, expected) in with_stores() {
        let query = query(more.clone());
        let found = resolve(&query, &stores()).err().unwrap_or_default();
        compare(&more, &found, expected);
    }
}

#[test]
fn a_pack_without_data_stores_has_no_reports() {
    let found = resolve(&query(json!({})), &[]).unwrap_err();
    compare(
        &json!("no stores"),
        &found,
        &[("pack", "has no data store", "report-packs lists them")],
    );
}

#[test]
fn the_store_is_told_only_if_there_is_one_choice() {
    for (more, expected) in [
        (json!({}), Some(952)),
        (json!({"dimensions": []}), None),
        (json!({"dimensions": [], "store": 939}), Some(939)),
        (
            json!({"dimensions": [], "end": "11/13/2014:02:00"}),
            Some(939),
        ),
    ] {
        let resolved = resolve(&query(more.clone()), &stores()).unwrap();
        assert_eq!(resolved.store, expected, "{more}");
    }
}
