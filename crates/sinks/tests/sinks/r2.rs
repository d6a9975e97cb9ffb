//! Bound buckets: what the Worker says of a put, and what a configuration must say.

use edgesiem_model::{InsecureLoopback, Surroundings};
use edgesiem_sinks::{Common, SinkConfig as _, r2};
use serde_json::json;

use super::answers::problem_keys;
use super::{head, name, sink, verdict};

#[test]
fn a_put_is_stored_there_already_or_not_yet_stored() {
    let sink = sink("r2", &json!({"binding": "LOGS"}));
    for (status, body, expected) in [
        (200, "", "accepted"),
        (412, "", "accepted"),
        (
            404,
            "the Worker has no R2 bucket bound as LOGS",
            "stop: the Worker has no R2 bucket under the sink's binding",
        ),
        (500, "", "retry"),
        (429, "", "retry"),
        (201, "", "retry"),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status}");
    }
}

#[test]
fn problems_are_named_by_their_keys() {
    for (config, expected) in [
        (json!({"binding": "LOGS"}), &[][..]),
        (json!({"binding": "my-logs"}), &["binding"]),
        (json!({"binding": ""}), &["binding"]),
        (
            json!({"binding": "1LOGS", "prefix": "a//"}),
            &["binding", "prefix"],
        ),
    ] {
        assert_eq!(problem_keys("r2", &config), expected, "{config}");
    }
}

#[test]
fn a_host_without_buckets_is_told_what_to_use_instead() {
    let config: r2::Config = serde_json::from_value(json!({"binding": "LOGS"})).unwrap();
    let around = Surroundings {
        secrets: &|_| None,
        insecure: InsecureLoopback::Refuse,
        places: &[],
    };
    let problems = config
        .resolve("bucket", &Common::default(), around)
        .err()
        .unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].context(),
        [("key", "kind".to_owned())],
        "{problems:?}"
    );
    assert!(problems[0].user_action().contains("kind = \"s3\""));
}
