//! What is kept of a run.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use edgesiem::stores::Totals;
use edgesiem::{Error, ErrorKind, Outcome, Report, SinkReport, StreamId, run_end};
use serde_json::{Value, json};

fn report() -> Report {
    let sink = SinkReport {
        batches: 1,
        events: 2,
        resumed_batches: 3,
        posts: 4,
        bytes: 5,
        retries: [("429", 6), ("5xx", 7)].into(),
        refused: 8,
        dropped: 9,
    };
    Report {
        bytes_in: 10,
        source_retries: 11,
        undecoded: 12,
        wall_ms: 13,
        caught_up: true,
        sinks: [("splunk".to_owned(), sink)].into(),
        ..Report::default()
    }
}

fn outcome(result: Result<(), Error>) -> Outcome {
    Outcome {
        stream: StreamId::new("prod-waf").unwrap(),
        report: report(),
        result,
    }
}

#[test]
fn every_figure_of_a_run_goes_into_the_totals() {
    let ok = outcome(Ok(()));
    let end = run_end(&ok);
    let expected = Totals {
        runs: 1,
        failed_runs: 0,
        wall_ms: 13,
        bytes_in: 10,
        source_retries: 11,
        undecoded: 12,
        sinks: end.totals.sinks.clone(),
    };
    assert_eq!(end.totals, expected);
    // By name, so that none can be forgotten or mistaken for another.
    let sinks = serde_json::to_value(&end.totals.sinks).unwrap();
    assert_eq!(sinks, serde_json::to_value(report().sinks).unwrap());
    assert_eq!(end.error, None);
    assert_eq!(end.summary["report"]["caught_up"], Value::Bool(true));
}

#[test]
fn a_run_that_failed_is_counted_with_what_it_did_and_keeps_its_error() {
    let error = Error::new(ErrorKind::SinkUnavailable, "the sink is full", "make room")
        .with("answer", "HTTP 503\u{1b}");
    let failed = outcome(Err(error.clone()));
    let end = run_end(&failed);
    assert_eq!((end.totals.runs, end.totals.failed_runs), (1, 1));
    assert_eq!(end.totals.bytes_in, 10);
    assert_eq!(end.error, Some(&error));
    assert_eq!(end.summary["stream"], json!("prod-waf"));
    assert_eq!(end.summary["ok"], json!(false));
    assert_eq!(
        end.summary["error"],
        json!({
            "code": "sink_unavailable", "message": "the sink is full", "context": {"answer": "HTTP 503\\u{1b}"},
            "user_action": "make room", "retryable": true,
        })
    );
}
