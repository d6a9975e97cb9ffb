//! What a scraper reads: one text as a golden file, and the format's rules on any text.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

mod openmetrics;

use edgesiem::stores::{DeadLetterCounts, Failure, Position, SinkTotals, StreamStatus, Totals};
use edgesiem::{Counters, Cursor, Expectations, Revision, Timestamp};
use serde_json::json;

use openmetrics::Exposition;

/// 2014-03-21T19:34:21.250Z
const NOW: Timestamp = Timestamp::from_millis(1_395_430_461_250);

fn expected(retention_s: Option<u64>) -> Expectations {
    Expectations {
        now: NOW,
        retention_s,
        patience_ms: Expectations::PATIENCE_MS,
        run_ms: 600_000,
    }
}

fn ago(ms: u64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() - ms)
}

/// A stream that has seen everything.
fn busy() -> StreamStatus {
    let splunk = SinkTotals {
        batches: 40,
        events: 39_000,
        resumed_batches: 1,
        posts: 46,
        bytes: 123_456_789,
        retries: [("429".to_owned(), 4), ("timeout".to_owned(), 2)].into(),
        refused: 3,
        dropped: 0,
    };
    let soc = SinkTotals {
        batches: 39,
        posts: 39,
        bytes: 23_456_789,
        dropped: 1000,
        ..SinkTotals::default()
    };
    let mut status = StreamStatus {
        stream: "prod-waf".to_owned(),
        position: Some(Position {
            cursor: Cursor(json!({"offset": "a"})),
            revision: Revision(7),
            saved_at: ago(61_000),
            last_event_at: Some(ago(90_125)),
            page_limit: Some(500),
            clock_skew_ms: -2000,
            counters: Counters {
                pages: 12,
                fetched: 40_003,
                delivered: 40_000,
                dead_lettered: 3,
                outside: 0,
                filtered: 0,
            },
        }),
        killed_runs: 1,
        paused_at: Some(ago(1)),
        totals: Totals {
            runs: 20,
            failed_runs: 2,
            wall_ms: 100_000,
            bytes_in: 98_765_432,
            source_retries: 5,
            undecoded: 17,
            sinks: [("splunk".to_owned(), splunk), ("soc".to_owned(), soc)].into(),
        },
        gaps_unacknowledged: 2,
        dead_letters: DeadLetterCounts {
            kept: 4,
            by_sink: [("splunk".to_owned(), 3), ("-".to_owned(), 1)].into(),
            oldest_at: Some(ago(1000)),
        },
        ..StreamStatus::default()
    };
    status.runs.last_success_at = Some(ago(60_000));
    status.runs.error = Some(Failure::default());
    status.runs.last = json!({
        "report": {"caught_up": true, "wall_ms": 4321}, "cpu_ms": 987, "wasm_memory_bytes": 16_777_216,
    });
    status
}

fn two_streams() -> String {
    let new = StreamStatus {
        stream: "new".to_owned(),
        ..StreamStatus::default()
    };
    edgesiem::openmetrics(&[(busy(), expected(Some(43_200))), (new, expected(None))])
}

#[test]
fn a_busy_stream_and_a_new_one_read_like_this() {
    let golden = include_str!("metrics.txt");
    for (number, (made, line)) in two_streams().lines().zip(golden.lines()).enumerate() {
        assert_eq!(made, line, "line {}", number + 1);
    }
    assert_eq!(two_streams().len(), golden.len());
}

#[test]
fn every_text_follows_the_format_whatever_the_names_are() {
    let hostile = "a\\\"b\n# EOF\u{1b}é{x=\"y\"} 1";
    let mut status = busy();
    status.stream = hostile.to_owned();
    let sink = status.totals.sinks.remove("soc").unwrap();
    status.totals.sinks.insert(hostile.to_owned(), sink);
    status.dead_letters.by_sink.insert(hostile.to_owned(), 9);
    for text in [
        two_streams(),
        edgesiem::openmetrics(&[]),
        edgesiem::openmetrics(&[(status.clone(), expected(Some(u64::MAX)))]),
    ] {
        Exposition::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
    let text = edgesiem::openmetrics(&[(status, expected(None))]);
    let read = Exposition::parse(&text).unwrap();
    let labels = [("stream", hostile), ("sink", hostile)];
    assert_eq!(
        read.value("edgesiem_dropped_events_total", &labels),
        Some("1000")
    );
    assert_eq!(read.value("edgesiem_dead_letters", &labels), Some("9"));
}

#[test]
fn every_family_is_there_with_its_samples_or_without() {
    let names = |text: &str| -> Vec<String> {
        let read = Exposition::parse(text).unwrap();
        read.families
            .into_iter()
            .map(|family| family.name)
            .collect()
    };
    assert_eq!(names(&two_streams()), names(&edgesiem::openmetrics(&[])));
}

#[test]
fn the_checker_notices_what_the_format_forbids() {
    let good = "# TYPE a counter\n# HELP a Text.\na_total{s=\"x\"} 1\na_total{s=\"y\"} 2\n# TYPE b_seconds gauge\n\
                # UNIT b_seconds seconds\n# HELP b_seconds Text.\nb_seconds 1.5\n# EOF\n";
    Exposition::parse(good).unwrap();
    for (from, to) in [
        // The end.
        ("# EOF\n", ""),
        ("# EOF\n", "# EOF"),
        ("# EOF\n", "# EOF\n# EOF\n"),
        ("# EOF\n", "\n# EOF\n"),
        ("# EOF\n", "# EOF\nb_seconds 1\n"),
        // Descriptions.
        ("# TYPE a counter\n", ""),
        ("# HELP a Text.\n", ""),
        ("# HELP a Text.\n", "# HELP a Text.\n# HELP a Text.\n"),
        ("# HELP a Text.\n", "# HELP a Te\"xt.\n"),
        ("# HELP a Text.\n", "# HELP b Text.\n"),
        ("# TYPE a counter\n", "# TYPE a_total counter\n"),
        ("# UNIT b_seconds seconds\n", "# UNIT b_seconds bytes\n"),
        ("# UNIT b_seconds seconds\n", ""),
        ("gauge", "gage"),
        ("# HELP a Text.\n", "# hi\n# HELP a Text.\n"),
        // Samples.
        ("a_total{s=\"x\"} 1", "a{s=\"x\"} 1"),
        ("a_total{s=\"x\"} 1", "a_total{s=\"x\"} -1"),
        ("a_total{s=\"x\"} 1", "a_total{s=\"x\"} one"),
        ("a_total{s=\"x\"} 1", "a_total{s=\"x\"}1"),
        ("a_total{s=\"x\"} 1", "a_total{s=\"y\"} 1"),
        ("a_total{s=\"x\"} 1", "a_total{s=\"x\",s=\"x\"} 1"),
        ("a_total{s=\"x\"} 1", "a_total{s=\"x} 1"),
        ("a_total{s=\"x\"} 1", "a_total{s=\"\\x\"} 1"),
        ("a_total{s=\"x\"} 1", "a_total{s=x} 1"),
        ("b_seconds 1.5", "b_total 1.5"),
        ("b_seconds 1.5", "b_seconds 1.5\na_total{s=\"z\"} 3"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(Exposition::parse(&bad).is_err(), "{bad}");
    }
}
