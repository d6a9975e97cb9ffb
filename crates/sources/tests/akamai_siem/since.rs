//! A range of time that somebody asks for.

use edgesiem_model::{Cursor, ErrorKind, Source, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::{NOW, source};

const HOUR: u64 = 3600;

#[test]
fn a_range_within_the_retention_is_asked_for_by_time() {
    let now = NOW.millis();
    let secs = NOW.secs();
    let oldest = secs - 12 * HOUR + 60;
    for (from_ms, to_ms, expected) in [
        (now - 3_600_000, None, json!({"from": secs - HOUR})),
        (
            now - 3_600_000,
            Some(now - 60_000),
            json!({"from": secs - HOUR, "to": secs - 60}),
        ),
        // Parts of a second are within the range that is asked for.
        (
            now - 3_600_000 + 999,
            Some(now - 60_000 + 1),
            json!({"from": secs - HOUR, "to": secs - 59}),
        ),
        (
            now - 10_000,
            Some(now - 9_999),
            json!({"from": secs - 10, "to": secs - 9}),
        ),
        (oldest * 1000, None, json!({"from": oldest})),
        (oldest * 1000 + 999, None, json!({"from": oldest})),
        (now - 5000, None, json!({"from": secs - 5})),
        // The API takes no end within the last five seconds, and goes as far as it can without one.
        (
            now - 10_000,
            Some(now - 5000),
            json!({"from": secs - 10, "to": secs - 5}),
        ),
        (now - 10_000, Some(now - 4999), json!({"from": secs - 10})),
        (now - 10_000, Some(u64::MAX), json!({"from": secs - 10})),
    ] {
        let [from, to] = [Some(from_ms), to_ms].map(|ms| ms.map(Timestamp::from_millis));
        let cursor = source(json!({})).since(from.unwrap(), to, NOW);
        assert_eq!(cursor, Ok(Cursor(expected)), "{from_ms} {to_ms:?}");
    }
}

#[test]
fn any_other_range_is_refused_with_the_one_that_is_allowed() {
    let secs = NOW.secs();
    let day =
        "begin no earlier than 2014-03-21T07:35:21.000Z and no later than 2014-03-21T19:34:16.000Z";
    let hour =
        "begin no earlier than 2014-03-21T18:35:21.000Z and no later than 2014-03-21T19:34:16.000Z";
    let old = "the source no longer has events that old";
    let future = "the beginning lies in the future";
    let empty = "the end is not after the beginning";
    for (more, from, to, message, user_action) in [
        (json!({}), secs - 12 * HOUR + 59, None, old, day),
        (json!({}), 0, Some(secs), old, day),
        (json!({"retention_s": 3600}), secs - HOUR, None, old, hour),
        (json!({}), secs - 4, None, future, day),
        (json!({}), secs + HOUR, Some(secs + 2 * HOUR), future, day),
        (json!({}), u64::MAX / 1000, None, future, day),
        (
            json!({}),
            secs - 60,
            Some(secs - 60),
            empty,
            "end later than 2014-03-21T19:33:21.000Z",
        ),
        (
            json!({}),
            secs - 60,
            Some(0),
            empty,
            "end later than 2014-03-21T19:33:21.000Z",
        ),
    ] {
        let to = to.map(Timestamp::from_secs);
        let error = source(more)
            .since(Timestamp::from_secs(from), to, NOW)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert_eq!(
            (error.message(), error.user_action()),
            (message, user_action)
        );
        let names: Vec<&str> = error.context().iter().map(|(name, _)| *name).collect();
        let expected: &[&str] = if to.is_some() {
            &["from", "to"]
        } else {
            &["from"]
        };
        assert_eq!(names, expected);
    }
}

#[test]
fn the_retention_is_the_configured_one() {
    assert_eq!(source(json!({})).retention_s(), Some(43_200));
    assert_eq!(
        source(json!({"retention_s": 3600})).retention_s(),
        Some(3600)
    );
}

proptest! {
    #[test]
    fn a_cursor_never_leaves_the_retention_and_the_request_for_it_can_be_made(
        from in any::<u64>(), to in any::<Option<u64>>(), now in any::<u64>(), ago in 0_u64..100_000,
    ) {
        let now = Timestamp::from_millis(now);
        // Both wild times and such as lie close to the retention.
        for from in [from, now.millis().saturating_sub(ago.saturating_mul(1000))] {
            let from = Timestamp::from_millis(from);
            let Ok(cursor) = source(json!({})).since(from, to.map(Timestamp::from_millis), now) else {
                continue;
            };
            let asked = cursor.0["from"].as_u64().unwrap();
            prop_assert!(asked <= from.secs() && asked <= now.secs());
            prop_assert!(asked + 12 * HOUR > now.secs());
            if let Some(end) = cursor.0.get("to") {
                prop_assert!(end.as_u64().unwrap() > asked && end.as_u64().unwrap() <= now.secs());
            }
            let request = source(json!({})).request(&super::page(&cursor));
            prop_assert!(request.is_ok());
        }
    }
}
