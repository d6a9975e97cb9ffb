//! What is too old to be had any more, and what somebody wants again.

use edgesiem_model::{Cursor, ErrorKind, PageRequest, Source, SourceVerdict, Timestamp};
use serde_json::{Value, json};

use super::{HOUR_MS, NOW, before, head, page, read, source};

fn places(places: Value) -> Cursor {
    Cursor(json!({"round": before(NOW, 90 * HOUR_MS).millis(), "turn": 0, "combinations": places}))
}

fn known_until(hours_ago: u64) -> Value {
    let to = before(NOW, hours_ago * HOUR_MS).millis();
    json!({"since": to - 5, "seen": "AAAAAAAAAAAAAAAAAAAAAA", "to": to})
}

#[test]
fn one_gap_is_recorded_for_all_that_were_not_asked_for_too_long() {
    let source = source(json!({"services": ["a", "b", "c"], "events": ["x"]}));
    let lost =
        places(json!({"a/x": known_until(80), "b/x": known_until(76), "c/x": known_until(50)}));
    let asked = page(&lost);
    assert!(matches!(
        source.verdict(&asked, &head(200, &[]), b""),
        SourceVerdict::Recover { .. }
    ));
    let recovery = source.recover(&lost, Some(NOW), NOW);
    let reason = &recovery.gap.reason;
    assert!(reason.starts_with("a/x, b/x were not asked"), "{reason}");
    assert!(reason.contains("2026-11-19T04:00:00.000Z"), "{reason}");
    // Two rounds of three and ten minutes may pass until they are asked.
    assert_eq!(
        recovery.gap.resumed_from,
        before(NOW, 72 * HOUR_MS - 10 * 60_000 - 10 * 60_000 - 36_000)
    );
    assert_eq!(
        (recovery.gap.detected_at, recovery.gap.last_event_at),
        (NOW, Some(NOW))
    );
    let next = &recovery.cursor.0["combinations"];
    assert_eq!(
        next["a/x"],
        json!({"since": before(NOW, 72 * HOUR_MS - 10 * 60_000).millis()})
    );
    assert_eq!(
        (&next["b/x"], &next["c/x"]),
        (&next["a/x"], &lost.0["combinations"]["c/x"])
    );
    // Now it is a page, also when its turn comes a while later.
    for later_ms in [0, 10 * 60_000] {
        let asked = PageRequest {
            now: Timestamp::from_millis(NOW.millis() + later_ms),
            ..page(&recovery.cursor)
        };
        assert!(matches!(
            source.verdict(&asked, &head(200, &[]), b""),
            SourceVerdict::Page
        ));
        let target = source.request(&asked).unwrap().target;
        let start = Timestamp::from_millis(asked.now.millis() - 72 * HOUR_MS + 10 * 60_000);
        assert!(
            target.contains(&format!("service=a&event=x&start={start}")),
            "{target}"
        );
    }
}

#[test]
fn what_was_asked_for_in_vain_is_no_gap() {
    let source = source(json!({"services": ["a"], "events": ["x"]}));
    let quiet = json!({"since": before(NOW, 500 * HOUR_MS).millis(), "to": before(NOW, 2 * HOUR_MS).millis()});
    let cursor = places(json!({"a/x": quiet}));
    let asked = page(&cursor);
    assert!(matches!(
        source.verdict(&asked, &head(200, &[]), b""),
        SourceVerdict::Page
    ));
    // Six hours once more, for what is listed late.
    let target = source.request(&asked).unwrap().target;
    assert!(
        target.contains("start=2026-11-22T04:00:00.000Z&end=2026-11-22T11:59:00.000Z"),
        "{target}"
    );
}

#[test]
fn a_new_stream_that_begins_before_the_retention_has_a_gap() {
    let old = source(json!({"start_from": before(NOW, 100 * HOUR_MS).secs()}));
    let cursor = old.start();
    assert!(matches!(
        old.verdict(&page(&cursor), &head(200, &[]), b""),
        SourceVerdict::Recover { .. }
    ));
    let recovery = old.recover(&cursor, None, NOW);
    assert!(
        recovery.gap.reason.contains("and 43 others"),
        "{}",
        recovery.gap.reason
    );
    assert!(matches!(
        old.verdict(&page(&recovery.cursor), &head(200, &[]), b""),
        SourceVerdict::Page
    ));
    let furthest = source(json!({"initial_lookback_s": 259_200}));
    let cursor = furthest.start();
    assert!(matches!(
        furthest.verdict(&page(&cursor), &head(200, &[]), b""),
        SourceVerdict::Page
    ));
}

#[test]
fn the_beginning_at_the_retention_stays_for_five_minutes_and_five_minutes_away_from_its_end() {
    let source = source(json!({"services": ["a"], "events": ["x"], "initial_lookback_s": 259_200}));
    let cursor = source.start();
    for (later_ms, start) in [
        (0, "2026-11-19T12:10:00.000Z"),
        (299_000, "2026-11-19T12:10:00.000Z"),
        (300_000, "2026-11-19T12:15:00.000Z"),
    ] {
        let asked = PageRequest {
            now: Timestamp::from_millis(NOW.millis() + later_ms),
            ..page(&cursor)
        };
        let target = source.request(&asked).unwrap().target;
        assert!(target.contains(&format!("start={start}")), "{target}");
    }
}

#[test]
fn each_beginning_that_is_refused_is_followed_by_a_later_one() {
    let source = source(json!({"services": ["a"], "events": ["x"]}));
    let mut cursor = places(json!({"a/x": known_until(71)}));
    let mut begins = Vec::new();
    for _ in 0..3 {
        let asked = page(&cursor);
        let refused = br#"{"msg":"start must be within 3 days"}"#;
        assert!(matches!(
            source.verdict(&asked, &head(400, &[]), refused),
            SourceVerdict::Recover { .. }
        ));
        let recovery = source.recover(&cursor, None, NOW);
        assert!(recovery.gap.reason.contains("clock"));
        begins.push(NOW.since_ms(recovery.gap.resumed_from) / HOUR_MS);
        cursor = recovery.cursor;
    }
    assert_eq!(begins, [69, 64, 49]);
}

#[test]
fn a_replay_asks_every_combination_for_its_window() {
    let source = source(json!({"services": ["a", "b"], "events": ["x"]}));
    let (from, to) = (before(NOW, 10 * HOUR_MS), before(NOW, 9 * HOUR_MS));
    let mut cursor = source.since(from, Some(to), NOW).unwrap();
    for (number, service) in ["a", "b"].iter().enumerate() {
        let asked = page(&cursor);
        let target = source.request(&asked).unwrap().target;
        // An event is generated after it was detected, so a little more is asked for than the window.
        let window = "event=x&start=2026-11-22T02:00:00.000Z&end=2026-11-22T03:15:00.000Z";
        assert!(
            target.contains(&format!("service={service}&{window}")),
            "{target}"
        );
        let end = read(&source, &asked, br#"{"security_events":[]}"#, 9, 99)
            .1
            .unwrap();
        assert_eq!(end.more, number == 0);
        cursor = end.next;
    }
}

#[test]
fn a_replay_of_what_is_not_there_is_refused() {
    let source = source(json!({}));
    let hours = |hours: u64| before(NOW, hours * HOUR_MS);
    for (from, to, reason) in [
        (hours(71), None, None),
        (hours(2), Some(NOW), None),
        (hours(72), None, Some("no longer has")),
        (before(NOW, 1000), None, Some("in the future")),
        (hours(2), Some(hours(2)), Some("not after")),
    ] {
        let refused = source.since(from, to, NOW).err();
        assert_eq!(refused.is_some(), reason.is_some(), "{from} {refused:?}");
        if let (Some(error), Some(reason)) = (refused, reason) {
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains(reason), "{error}");
        }
    }
    assert_eq!(source.retention_s(), Some(259_200));
}
