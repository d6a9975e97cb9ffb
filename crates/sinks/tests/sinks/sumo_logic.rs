//! Sumo Logic's answers, and what is refused at start.

use serde_json::json;

use super::answers::{check_common_statuses, check_nothing_leaks, problem_keys};
use super::{head, name, sink, verdict};

const URL: &str = "https://endpoint4.collection.sumologic.com/receiver/v1/http/ZaVnC4dhaV2hTest==";
const NOT_SUMO: &str = "stop: the answer is not that of an HTTP source, which says 200";

#[test]
fn sumo_logic_says_200_and_no_page_delivers() {
    let sink = sink("sumo-logic", &json!({"url": URL}));
    check_common_statuses(sink.as_ref());
    for (status, body, expected) in [
        (200, "", "accepted"),
        (200, "{}", "accepted"),
        (200, " <html>please log in</html>", NOT_SUMO),
        (202, "", NOT_SUMO),
        (204, "", NOT_SUMO),
        (
            401,
            "",
            "stop: Sumo Logic does not know the address, or does not take events from us",
        ),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {body}");
    }
}

#[test]
fn the_address_is_not_shown() {
    let hidden = ["ZaVnC4dhaV2hTest==", "/receiver/v1/http/ZaVnC4dhaV2hTest=="];
    check_nothing_leaks(sink("sumo-logic", &json!({"url": URL})).as_ref(), &hidden);
}

#[test]
fn a_message_that_would_be_sliced_is_refused_unless_slicing_is_allowed() {
    let long = "x".repeat(65_536);
    for (allow, refused) in [(false, true), (true, false)] {
        let config = json!({"url": URL, "allow_slicing": allow});
        let limits = sink("sumo-logic", &config).limits();
        let excess = limits.excess(edgesiem_model::DocumentForm::Text, long.as_bytes());
        assert_eq!(excess.is_some(), refused);
    }
}

#[test]
fn problems_are_named_by_their_keys() {
    for (config, expected) in [
        (json!({"url": URL}), &[][..]),
        (json!({"url": {"secret": "NOT_SET"}}), &["url"]),
        (
            json!({
                "url": "http://h.example", "category": "", "host": "é", "source": "a\nb",
                "fields": {"a b": "c", "edgesiem_replay": "x", "ok": "a,b", "too": "a=b", "line": "a\nb"},
                "max_batch_bytes": 1_000_001,
            }),
            &[
                "url",
                "category",
                "host",
                "source",
                "fields.a b",
                "fields.edgesiem_replay",
                "fields.line",
                "fields.ok",
                "fields.too",
                "max_batch_bytes",
            ],
        ),
    ] {
        assert_eq!(problem_keys("sumo-logic", &config), expected, "{config}");
    }
}
