//! What is known of streams, as OpenMetrics 1.0 text
//! (<https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>).

use std::fmt::Write as _;

use edgesiem_stores::{SinkTotals, StreamStatus};
use serde_json::Value;

use crate::health::{Expectations, is_caught_up, lag_ms};

/// The `content-type` of what [`openmetrics`] writes.
pub const OPENMETRICS_CONTENT_TYPE: &str =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Figures of streams for a scraper; each status is that of another stream.
///
/// Every sample has the label `stream`. Counters are totals since the stream began, as far as its store keeps them;
/// bytes are uncompressed. A figure that is not known yet has no sample.
pub fn openmetrics(streams: &[(StreamStatus, Expectations)]) -> String {
    let mut text = String::new();
    for family in FAMILIES {
        family.write(streams, &mut text);
    }
    text.push_str("# EOF\n");
    text
}

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
}

enum Number {
    Count(u64),
    /// Shown in seconds.
    Millis(u64),
}

/// One name, the same for all streams.
struct Family {
    name: &'static str,
    kind: Kind,
    /// The name ends with it.
    unit: Option<&'static str>,
    help: &'static str,
    samples: fn(&StreamStatus, &Expectations, &mut Samples<'_>),
}

impl Family {
    /// A family is one block: its description, then the samples of every stream.
    fn write(&self, streams: &[(StreamStatus, Expectations)], text: &mut String) {
        let (kind, suffix) = match self.kind {
            Kind::Counter => ("counter", "_total"),
            Kind::Gauge => ("gauge", ""),
        };
        let name = self.name;
        text.push_str(&format!("# TYPE {name} {kind}\n"));
        if let Some(unit) = self.unit {
            text.push_str(&format!("# UNIT {name} {unit}\n"));
        }
        text.push_str(&format!("# HELP {name} {}\n", self.help));
        for (status, expected) in streams {
            let mut samples = Samples {
                text,
                name,
                suffix,
                stream: &status.stream,
            };
            (self.samples)(status, expected, &mut samples);
        }
    }
}

/// Takes the samples of one family and one stream.
struct Samples<'a> {
    text: &'a mut String,
    name: &'static str,
    suffix: &'static str,
    stream: &'a str,
}

impl Samples<'_> {
    fn one(&mut self, number: Number) {
        self.labelled(&[], number);
    }

    /// Nothing if the number is not known.
    fn some(&mut self, number: Option<Number>) {
        if let Some(number) = number {
            self.one(number);
        }
    }

    fn labelled(&mut self, labels: &[(&str, &str)], number: Number) {
        self.text.push_str(self.name);
        self.text.push_str(self.suffix);
        self.text.push_str("{stream=\"");
        push_escaped(self.text, self.stream);
        for (name, value) in labels {
            self.text.push_str("\",");
            self.text.push_str(name);
            self.text.push_str("=\"");
            push_escaped(self.text, value);
        }
        self.text.push_str("\"} ");
        // Writing to a String cannot fail.
        let _ = match number {
            Number::Count(count) => writeln!(self.text, "{count}"),
            Number::Millis(ms) => writeln!(self.text, "{}.{:03}", ms / 1000, ms % 1000),
        };
    }
}

/// Section "Text format", escaped-string.
fn push_escaped(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

const fn flag(set: bool) -> Number {
    Number::Count(set as u64)
}

/// A number of the last run's summary.
fn of_last_run(status: &StreamStatus, pointer: &str) -> Option<u64> {
    status.runs.last.pointer(pointer).and_then(Value::as_u64)
}

fn by_sink(status: &StreamStatus, samples: &mut Samples<'_>, number: fn(&SinkTotals) -> u64) {
    for (name, sink) in &status.totals.sinks {
        samples.labelled(&[("sink", name)], Number::Count(number(sink)));
    }
}

const FAMILIES: &[Family] = &[
    Family {
        name: "edgesiem_events_fetched",
        kind: Kind::Counter,
        unit: None,
        help: "Events of committed pages.",
        samples: |status, _, samples| {
            let position = status.position.as_ref();
            let count = position.map_or(0, |position| position.counters.fetched);
            samples.one(Number::Count(count));
        },
    },
    Family {
        name: "edgesiem_events_delivered",
        kind: Kind::Counter,
        unit: None,
        help: "Events of committed pages that every required sink has accepted.",
        samples: |status, _, samples| {
            let position = status.position.as_ref();
            let count = position.map_or(0, |position| position.counters.delivered);
            samples.one(Number::Count(count));
        },
    },
    Family {
        name: "edgesiem_events_dead_lettered",
        kind: Kind::Counter,
        unit: None,
        help: "Events of committed pages that were kept as dead letters, those of optional sinks aside.",
        samples: |status, _, samples| {
            let position = status.position.as_ref();
            let count = position.map_or(0, |position| position.counters.dead_lettered);
            samples.one(Number::Count(count));
        },
    },
    Family {
        name: "edgesiem_undecoded_values",
        kind: Kind::Counter,
        unit: None,
        help: "Single values that were kept as they came because they could not be decoded.",
        samples: |status, _, samples| samples.one(Number::Count(status.totals.undecoded)),
    },
    Family {
        name: "edgesiem_batches",
        kind: Kind::Counter,
        unit: None,
        help: "Batches that the sink has accepted.",
        samples: |status, _, samples| by_sink(status, samples, |sink| sink.batches),
    },
    Family {
        name: "edgesiem_sink_requests",
        kind: Kind::Counter,
        unit: None,
        help: "Requests to the sink, repeated attempts included.",
        samples: |status, _, samples| by_sink(status, samples, |sink| sink.posts),
    },
    Family {
        name: "edgesiem_sent_bytes",
        kind: Kind::Counter,
        unit: Some("bytes"),
        help: "Bytes of request bodies to the sink, repeated attempts included.",
        samples: |status, _, samples| by_sink(status, samples, |sink| sink.bytes),
    },
    Family {
        name: "edgesiem_received_bytes",
        kind: Kind::Counter,
        unit: Some("bytes"),
        help: "Bytes read from the source.",
        samples: |status, _, samples| samples.one(Number::Count(status.totals.bytes_in)),
    },
    Family {
        name: "edgesiem_sink_retries",
        kind: Kind::Counter,
        unit: None,
        help: "Attempts at the sink that had to be repeated, by the class of what happened.",
        samples: |status, _, samples| {
            for (name, sink) in &status.totals.sinks {
                for (class, retries) in &sink.retries {
                    let labels = [("sink", name.as_str()), ("class", class.as_str())];
                    samples.labelled(&labels, Number::Count(*retries));
                }
            }
        },
    },
    Family {
        name: "edgesiem_source_retries",
        kind: Kind::Counter,
        unit: None,
        help: "Requests to the source that had to be repeated.",
        samples: |status, _, samples| samples.one(Number::Count(status.totals.source_retries)),
    },
    Family {
        name: "edgesiem_refused_events",
        kind: Kind::Counter,
        unit: None,
        help: "Events that the sink refused and that became dead letters.",
        samples: |status, _, samples| by_sink(status, samples, |sink| sink.refused),
    },
    Family {
        name: "edgesiem_dropped_events",
        kind: Kind::Counter,
        unit: None,
        help: "Events that an optional sink did not get, neither sent nor kept.",
        samples: |status, _, samples| by_sink(status, samples, |sink| sink.dropped),
    },
    Family {
        name: "edgesiem_runs",
        kind: Kind::Counter,
        unit: None,
        help: "Runs that ended, by whether they did all they should.",
        samples: |status, _, samples| {
            let (all, failed) = (status.totals.runs, status.totals.failed_runs);
            let ok = all.saturating_sub(failed);
            samples.labelled(&[("result", "ok")], Number::Count(ok));
            samples.labelled(&[("result", "failed")], Number::Count(failed));
        },
    },
    Family {
        name: "edgesiem_lag_seconds",
        kind: Kind::Gauge,
        unit: Some("seconds"),
        help: "Age of the newest event that was seen, by the source's clock.",
        samples: |status, expected, samples| {
            samples.some(status.position.as_ref().and_then(|position| {
                let last = position.last_event_at?;
                let lag = lag_ms(expected.now, position.clock_skew_ms, last);
                Some(Number::Millis(lag))
            }));
        },
    },
    Family {
        name: "edgesiem_offset_age_seconds",
        kind: Kind::Gauge,
        unit: Some("seconds"),
        help: "Time since the checkpoint was saved.",
        samples: |status, expected, samples| {
            let position = status.position.as_ref();
            let age = position.map(|position| expected.now.since_ms(position.saved_at));
            samples.some(age.map(Number::Millis));
        },
    },
    Family {
        name: "edgesiem_retention_seconds",
        kind: Kind::Gauge,
        unit: Some("seconds"),
        help: "How long the source keeps events.",
        samples: |_, expected, samples| samples.some(expected.retention_s.map(Number::Count)),
    },
    Family {
        name: "edgesiem_caught_up",
        kind: Kind::Gauge,
        unit: None,
        help: "1 if the last run found no more events at its end. Lag and age of the offset mean little then.",
        samples: |status, _, samples| samples.one(flag(is_caught_up(status))),
    },
    Family {
        name: "edgesiem_gaps",
        kind: Kind::Gauge,
        unit: None,
        help: "Gaps that nobody has acknowledged.",
        samples: |status, _, samples| samples.one(Number::Count(status.gaps_unacknowledged)),
    },
    Family {
        name: "edgesiem_dead_letters",
        kind: Kind::Gauge,
        unit: None,
        help: "Dead letters that are kept, by the sink that did not take them; - if they were unreadable.",
        samples: |status, _, samples| {
            for (sink, count) in &status.dead_letters.by_sink {
                samples.labelled(&[("sink", sink)], Number::Count(*count));
            }
        },
    },
    Family {
        name: "edgesiem_last_run_duration_seconds",
        kind: Kind::Gauge,
        unit: Some("seconds"),
        help: "How long the last run took.",
        samples: |status, _, samples| {
            samples.some(of_last_run(status, "/report/wall_ms").map(Number::Millis));
        },
    },
    Family {
        name: "edgesiem_last_run_cpu_seconds",
        kind: Kind::Gauge,
        unit: Some("seconds"),
        help: "CPU time of the last run, as far as the host knows it.",
        samples: |status, _, samples| {
            samples.some(of_last_run(status, "/cpu_ms").map(Number::Millis));
        },
    },
    Family {
        name: "edgesiem_wasm_memory_bytes",
        kind: Kind::Gauge,
        unit: Some("bytes"),
        help: "Linear memory at the end of the last run, which is the most that its instance ever had.",
        samples: |status, _, samples| {
            samples.some(of_last_run(status, "/wasm_memory_bytes").map(Number::Count));
        },
    },
    Family {
        name: "edgesiem_last_success_timestamp_seconds",
        kind: Kind::Gauge,
        unit: Some("seconds"),
        help: "When the last run ended that did all it should, since 1970.",
        samples: |status, _, samples| {
            let at = status.runs.last_success_at;
            samples.some(at.map(|at| Number::Millis(at.millis())));
        },
    },
    Family {
        name: "edgesiem_paused",
        kind: Kind::Gauge,
        unit: None,
        help: "1 if the operator has paused the stream.",
        samples: |status, _, samples| samples.one(flag(status.paused_at.is_some())),
    },
    Family {
        name: "edgesiem_stopped",
        kind: Kind::Gauge,
        unit: None,
        help: "1 if the last run failed with an error that does not pass by itself.",
        samples: |status, _, samples| {
            let error = status.runs.error.as_ref();
            samples.one(flag(error.is_some_and(|error| !error.retryable)));
        },
    },
    Family {
        name: "edgesiem_killed_runs",
        kind: Kind::Gauge,
        unit: None,
        help: "Runs in a row that began and were never heard of again.",
        samples: |status, _, samples| samples.one(Number::Count(status.killed_runs.into())),
    },
];
