use edgesiem_sources::akamai_security_monitor::{Moment, Operation, resolve};
use serde_json::json;

use super::{NOW, monitor, query, stores};

const MOMENT: Moment = Moment {
    now: NOW,
    clock_skew_ms: 0,
    nonce: [7; 16],
};

fn target(more: serde_json::Value) -> String {
    let query = query(more);
    let resolved = resolve(&query, &stores()).unwrap();
    let operation = Operation::Rows {
        pack: 12_332,
        query: &resolved,
        limit: query.limit(),
        offset: query.offset,
    };
    let target = monitor().request(&operation, &MOMENT).target;
    let parameters = target.strip_prefix("/security-monitor/v1/report-packs/12332/data?");
    let parameters = parameters.unwrap();
    let window = "startDate=11%2F13%2F2014%3A00%3A00&endDate=11%2F13%2F2014%3A00%3A05";
    parameters.strip_prefix(window).unwrap().to_owned()
}

#[test]
fn names_become_ids_and_numbers_what_they_are_compared_with() {
    let none = json!([]);
    for (more, expected) in [
        (json!({}), "&dimensions=43&metrics=552&limit=300&offset=0"),
        (
            json!({"dimensions": ["time"], "metrics": [" REQUESTS WARNED ", "3"]}),
            "&dimensions=43&metrics=552%2C3&limit=300&offset=0",
        ),
        (
            json!({"start": "2014-11-13T00:00", "end": "2014-11-13T00:05", "aggregation": 300, "limit": 5, "offset": 10}),
            "&aggregation=300&dimensions=43&metrics=552&limit=5&offset=10",
        ),
        (
            json!({"aggregation": "60", "all": true}),
            "&aggregation=60&dimensions=43&metrics=552&limit=10000&offset=0",
        ),
        (
            json!({"aggregation": "week"}),
            "&aggregation=week&dimensions=43&metrics=552&limit=300&offset=0",
        ),
        (
            json!({"dimensions": none}),
            "&metrics=552&limit=300&offset=0",
        ),
        (
            json!({"dimensions": ["Client IP", 958], "metrics": none}),
            "&dimensions=956%2C958&limit=300&offset=0",
        ),
        (
            json!({
                "dimensions": ["City"],
                "filters": [
                    {"by": "country", "condition": "in", "values": ["US", 7]},
                    {"by": 552, "type": "metric", "condition": "gte", "values": ["50", 1.5]},
                ],
                "sort": [{"by": "Requests Warned", "order": "desc"}, {"by": "City", "order": "asc"}],
            }),
            "&dimensions=958&metrics=552&limit=300&offset=0\
             &filterParams=%5B%7B%22type%22%3A%22dimension%22%2C%22values%22%3A%5B%22US%22%2C%227%22%5D%2C%22id%22%3A957%2C%22condition%22%3A%22in%22%7D\
             %2C%7B%22type%22%3A%22metric%22%2C%22values%22%3A%5B50%2C1.5%5D%2C%22id%22%3A552%2C%22condition%22%3A%22gte%22%7D%5D\
             &sortParams=%5B%7B%22type%22%3A%22metric%22%2C%22order%22%3A%22desc%22%2C%22id%22%3A552%7D\
             %2C%7B%22type%22%3A%22dimension%22%2C%22order%22%3A%22asc%22%2C%22id%22%3A958%7D%5D",
        ),
        // The condition says which of the two is meant.
        (
            json!({
                "store": 77, "metrics": [70], "dimensions": [1957],
                "filters": [
                    {"by": "Rules", "condition": "ncontains", "values": ["SQL"]},
                    {"by": "Rules", "condition": "neq", "values": [0]},
                ],
                "sort": [{"by": "Rules", "type": "dimension", "order": "asc"}],
            }),
            "&dimensions=1957&metrics=70&limit=300&offset=0\
             &filterParams=%5B%7B%22type%22%3A%22dimension%22%2C%22values%22%3A%5B%22SQL%22%5D%2C%22id%22%3A60%2C%22condition%22%3A%22ncontains%22%7D\
             %2C%7B%22type%22%3A%22metric%22%2C%22values%22%3A%5B0%5D%2C%22id%22%3A61%2C%22condition%22%3A%22neq%22%7D%5D\
             &sortParams=%5B%7B%22type%22%3A%22dimension%22%2C%22order%22%3A%22asc%22%2C%22id%22%3A60%7D%5D",
        ),
    ] {
        assert_eq!(target(more.clone()), expected, "{more}");
    }
}

#[test]
fn every_condition_of_the_description_can_be_asked_for() {
    for (by, conditions, value, written) in [
        (
            "City",
            &[
                "in",
                "nin",
                "contains",
                "ncontains",
                "starts",
                "nstarts",
                "ends",
                "nends",
            ][..],
            json!("B"),
            "%22B%22",
        ),
        (
            "Contributing Rules",
            &["eq", "neq", "gt", "gte", "lt", "lte"],
            json!(16),
            "16",
        ),
    ] {
        for condition in conditions {
            let filter = json!({"by": by, "condition": condition, "values": [value]});
            let target = target(json!({"dimensions": ["City"], "filters": [filter]}));
            let expected = format!("%5B{written}%5D");
            assert!(target.contains(&expected), "{target}");
            assert!(
                target.ends_with(&format!("%22condition%22%3A%22{condition}%22%7D%5D")),
                "{target}"
            );
        }
    }
}

#[test]
fn what_is_signed_is_what_is_sent_and_nothing_secret_is_shown() {
    let request = monitor().request(&Operation::ReportPack { pack: 5 }, &MOMENT);
    assert_eq!(
        request.url(),
        "https://akab-h.luna.akamaiapis.net/security-monitor/v1/report-packs/5"
    );
    assert!(request.body.is_empty());
    let (name, authorization) = &request.headers[2];
    assert_eq!(name, "authorization");
    // Computed from the algorithm's description with another implementation.
    let expected = "EG1-HMAC-SHA256 client_token=akab-client-token-xxx;access_token=akab-access-token-xxx;\
                    timestamp=20140321T19:34:21+0000;nonce=07070707-0707-4707-8707-070707070707;signature=LHjRiLvkpd0dNzOvHIc6ZYUfj/CEtNcr1RGpYgUPfz8=";
    assert_eq!(authorization.expose(), expected);
    assert!(!format!("{request:?}").contains("akab-client-token-xxx"));
    let ahead = Moment {
        clock_skew_ms: 60_000,
        ..MOMENT
    };
    let request = monitor().request(&Operation::ReportPacks, &ahead);
    assert!(
        request.headers[2]
            .1
            .expose()
            .contains("timestamp=20140321T19:35:21+0000;")
    );
}
