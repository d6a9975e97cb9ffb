//! LogScale's answers, and what is refused at start.

use serde_json::{Value, json};

use super::answers::{check_common_statuses, check_nothing_leaks, health, problem_keys};
use super::{TOKEN, head, name, sink, verdict};

fn config() -> Value {
    json!({"url": "https://cloud.us.humio.com", "token": {"secret": "TOKEN"}})
}

const NOT_LOGSCALE: &str =
    "stop: the answer is not that of LogScale's ingest endpoint, which says 200";

#[test]
fn logscale_says_200_and_no_page_delivers() {
    let sink = sink("logscale", &config());
    check_common_statuses(sink.as_ref());
    for (status, body, expected) in [
        (200, r#"{"text":"Success","code":0}"#, "accepted"),
        (200, "", "accepted"),
        (200, "<html>please log in</html>", NOT_LOGSCALE),
        (204, "", NOT_LOGSCALE),
        (401, "", "stop: LogScale refused our ingest token"),
        (503, "ingest delay", "retry"),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn a_cluster_is_well_unless_it_says_that_it_is_down() {
    let sink = sink("logscale", &config());
    let busy = "the sink is there, and does not take events at the moment";
    for (status, body, expected) in [
        (200, r#"{"status":"OK","version":"1.200.0"}"#, "well"),
        (200, r#"{"status":"WARN","version":"1.200.0"}"#, "well"),
        (200, r#"{"status":"DOWN","version":"1.200.0"}"#, busy),
        (503, r#"{"status":"DOWN","version":"1.200.0"}"#, busy),
        (
            200,
            "<html>",
            "the answer is not that of LogScale's ingest endpoint, which says 200",
        ),
        (404, "", "there is no ingest endpoint at this address"),
    ] {
        assert_eq!(
            health(sink.as_ref(), status, body),
            expected,
            "{status} {body}"
        );
    }
}

#[test]
fn no_token_is_shown() {
    check_nothing_leaks(sink("logscale", &config()).as_ref(), &[TOKEN]);
}

#[test]
fn problems_are_named_by_their_keys() {
    let token = json!({"secret": "TOKEN"});
    for (config, expected) in [
        (config(), &[][..]),
        (
            json!({"url": "https://h.example/api/v1/ingest/hec/raw", "token": token}),
            &["url"],
        ),
        (
            json!({
                "url": "https://h.example", "token": {"secret": "NOT_SET"}, "sourcetype": "", "source": "a\nb",
                "host": "", "index": "", "fields": {"#edgesiem_id": "x", "edgesiem_replay": "x", "##": "x", "#ok": ""},
            }),
            &[
                "token",
                "sourcetype",
                "source",
                "host",
                "index",
                "fields.#",
                "fields.edgesiem_id",
                "fields.edgesiem_replay",
                "fields.#ok",
            ],
        ),
    ] {
        assert_eq!(problem_keys("logscale", &config), expected, "{config}");
    }
}
