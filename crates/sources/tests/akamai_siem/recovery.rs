//! The way on after a bookmark was lost.

use edgesiem_model::{Cursor, Source, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::{NOW, source};

const HOUR: u64 = 3600;

#[test]
fn a_stream_goes_on_by_time_from_the_last_event_as_far_back_as_there_are_events() {
    let now = NOW.secs();
    let oldest = now - 12 * HOUR + 60;
    for (more, lost, last_event, from, to, reason) in [
        // Lost for another reason than age: an overlap of ten seconds.
        (
            json!({}),
            json!({"offset": "a"}),
            Some(now - HOUR),
            now - HOUR - 10,
            None,
            "Some may come twice",
        ),
        (
            json!({"recovery_overlap_s": 120}),
            json!({"offset": "a"}),
            Some(now - HOUR),
            now - HOUR - 120,
            None,
            "Some may come twice",
        ),
        // Older than Akamai's memory.
        (
            json!({}),
            json!({"offset": "a"}),
            Some(now - 13 * HOUR),
            oldest,
            None,
            "older than what the source",
        ),
        (
            json!({}),
            json!({"offset": "NULL"}),
            None,
            oldest,
            None,
            "before any event was seen",
        ),
        (
            json!({"retention_s": 3600}),
            json!({"offset": "a"}),
            None,
            now - HOUR + 60,
            None,
            "before any event",
        ),
        // An event of the future does not make a range of the future.
        (
            json!({}),
            json!({"offset": "a"}),
            Some(now + HOUR),
            now - 60,
            None,
            "Some may come twice",
        ),
        // A range whose beginning fell out keeps its end, if that has not fallen out too.
        (
            json!({}),
            json!({"from": 7, "to": now - HOUR}),
            None,
            oldest,
            Some(now - HOUR),
            "before any",
        ),
        (
            json!({}),
            json!({"from": 7, "to": 9}),
            None,
            oldest,
            None,
            "before any event was seen",
        ),
        // Refused again where it should not have been: each time a little later, never the same.
        (
            json!({}),
            json!({"from": oldest}),
            None,
            oldest + 60,
            None,
            "before any event was seen",
        ),
        (
            json!({}),
            json!({"from": now}),
            None,
            now - 60,
            None,
            "before any event was seen",
        ),
        (
            json!({}),
            json!("not ours"),
            None,
            oldest,
            None,
            "before any event was seen",
        ),
    ] {
        let lost = Cursor(lost);
        let last_event_at = last_event.map(Timestamp::from_secs);
        let recovery = source(more).recover(&lost, last_event_at, NOW);
        let expected = match to {
            Some(to) => json!({"from": from, "to": to}),
            None => json!({ "from": from }),
        };
        assert_eq!(recovery.cursor, Cursor(expected), "{lost:?}");
        assert_eq!(recovery.gap.lost, lost);
        assert_eq!(recovery.gap.detected_at, NOW);
        assert_eq!(recovery.gap.last_event_at, last_event_at);
        assert_eq!(recovery.gap.resumed_from, Timestamp::from_secs(from));
        assert!(
            recovery.gap.reason.contains(reason),
            "{lost:?}: {}",
            recovery.gap.reason
        );
    }
}

proptest! {
    #[test]
    fn a_recovery_is_always_within_the_retention_and_in_the_past(
        from in any::<Option<u64>>(), last in any::<Option<u64>>(), now in any::<u64>(),
    ) {
        let lost = Cursor(from.map_or(json!({"offset": "a"}), |from| json!({ "from": from })));
        let now = Timestamp::from_millis(now);
        let recovery = source(json!({})).recover(&lost, last.map(Timestamp::from_millis), now);
        let from = recovery.gap.resumed_from.secs();
        prop_assert!(from >= now.secs().saturating_sub(12 * HOUR));
        prop_assert!(from <= now.secs().max(60));
    }
}
