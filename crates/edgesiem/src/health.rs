//! Whether somebody should look at a stream, and why.

use std::fmt;

use edgesiem_model::{Budget, Timestamp};
use edgesiem_stores::StreamStatus;
use serde::Serialize;
use serde_json::Value;

use crate::StreamConfig;

/// What a stream is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// The host's clock.
    pub now: Timestamp,
    /// How long the source keeps events, in seconds, if that is known.
    pub retention_s: Option<u64>,
    /// For so long a stream may fail, or not run at all, in milliseconds.
    pub patience_ms: u64,
    /// Longest that a run can take before its host has ended it, in milliseconds.
    pub run_ms: u64,
}

impl Expectations {
    /// The default of [`Expectations::patience_ms`].
    pub const PATIENCE_MS: u64 = 15 * 60 * 1000;

    /// Those of one stream of a configuration.
    pub fn of(stream: &StreamConfig, budget: Budget, now: Timestamp) -> Self {
        // A page under way may take a quarter more, and the last requests their time.
        const LAST_REQUESTS_MS: u64 = 60_000;
        Self {
            now,
            retention_s: stream.source.retention_s(),
            patience_ms: Self::PATIENCE_MS,
            run_ms: budget
                .wall_ms
                .saturating_add(budget.wall_ms / 4)
                .saturating_add(LAST_REQUESTS_MS),
        }
    }
}

/// How much it matters. The greater one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is lost by waiting.
    Warning,
    /// Events are late, lost or about to be.
    Red,
}

/// What is wrong, without details: safe to show to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// The last run failed with an error that does not pass by itself.
    Stopped,
    /// No run has done all it should for longer than the patience.
    Failing,
    /// No run has begun or ended for longer than the patience.
    NotRunning,
    /// Runs are ended by the host before they end by themselves.
    Killed,
    /// The stream is so far behind that events may expire at the source.
    Behind,
    /// Events may be missing, and nobody has acknowledged it.
    Gap,
    /// The operator has paused the stream.
    Paused,
    /// Dead letters are kept.
    DeadLetters,
    /// An optional sink did not get all events of the last run.
    Dropped,
    /// A replay that has not come to its end failed with an error that does not pass by itself.
    ReplayStopped,
}

impl ProblemKind {
    /// Stable name for scripts and answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Failing => "failing",
            Self::NotRunning => "not_running",
            Self::Killed => "killed",
            Self::Behind => "behind",
            Self::Gap => "gap",
            Self::Paused => "paused",
            Self::DeadLetters => "dead_letters",
            Self::Dropped => "dropped",
            Self::ReplayStopped => "replay_stopped",
        }
    }
}

/// One reason to look at a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// How much it matters.
    pub severity: Severity,
    /// The same in words, with details, for the operator. Printable.
    pub text: String,
}

/// So many runs in a row that were killed are no accident.
const KILLED_RUNS: u32 = 3;

/// Everything that is wrong with a stream; it is well if nothing in the list is [`Severity::Red`].
///
/// Before a stream's first run there is nothing to complain about.
pub fn health(status: &StreamStatus, expected: &Expectations) -> Vec<Problem> {
    [
        stopped(status).or_else(|| failing(status, expected)),
        not_running(status, expected),
        killed(status, expected),
        behind(status, expected),
        gap(status),
        paused(status),
        dead_letters(status),
        dropped(status),
        replay_stopped(status),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn red(kind: ProblemKind, text: String) -> Problem {
    Problem {
        kind,
        severity: Severity::Red,
        text,
    }
}

fn warning(kind: ProblemKind, text: String) -> Problem {
    Problem {
        kind,
        severity: Severity::Warning,
        text,
    }
}

fn stopped(status: &StreamStatus) -> Option<Problem> {
    let error = status
        .runs
        .error
        .as_ref()
        .filter(|error| !error.retryable)?;
    Some(red(
        ProblemKind::Stopped,
        format!("{}. What to do: {}", error.message, error.user_action),
    ))
}

fn failing(status: &StreamStatus, expected: &Expectations) -> Option<Problem> {
    let since = status.runs.failing_since?;
    let failing = expected.now.since_ms(since);
    let error = status.runs.error.as_ref();
    let message = error.map_or("no reason is known", |error| error.message.as_str());
    (failing > expected.patience_ms).then(|| {
        let text = format!("every run has failed for {}: {message}", Span(failing));
        red(ProblemKind::Failing, text)
    })
}

fn not_running(status: &StreamStatus, expected: &Expectations) -> Option<Problem> {
    if status.paused_at.is_some() {
        return None;
    }
    // The later of the two; `None` if there was no run at all.
    let last_sign = status.runs.ended_at.max(status.running_since)?;
    let silent = expected.now.since_ms(last_sign);
    (silent > expected.patience_ms).then(|| {
        let text = format!("no run has begun or ended for {}", Span(silent));
        red(ProblemKind::NotRunning, text)
    })
}

fn killed(status: &StreamStatus, expected: &Expectations) -> Option<Problem> {
    if status.killed_runs >= KILLED_RUNS {
        let text = format!(
            "{} runs in a row did not come to their end: the host ended them, for CPU time or memory as a rule",
            status.killed_runs
        );
        return Some(red(ProblemKind::Killed, text));
    }
    let running = expected.now.since_ms(status.running_since?);
    (running > expected.run_ms).then(|| {
        let text = format!(
            "the run that began {} ago should have ended by itself: the host ended it, or it hangs",
            Span(running)
        );
        red(ProblemKind::Killed, text)
    })
}

fn behind(status: &StreamStatus, expected: &Expectations) -> Option<Problem> {
    let retention_ms = expected.retention_s?.saturating_mul(1000);
    let (behind_ms, what) = farthest_behind(status, expected)?;
    let used = u128::from(behind_ms).saturating_mul(10);
    let tenths = |tenths: u128| u128::from(retention_ms).saturating_mul(tenths);
    let problem = if used > tenths(8) {
        red
    } else if used > tenths(5) {
        warning
    } else {
        return None;
    };
    let text = format!("{what}; the source keeps events for {}", Span(retention_ms));
    Some(problem(ProblemKind::Behind, text))
}

/// By how many milliseconds, and in words.
fn farthest_behind(status: &StreamStatus, expected: &Expectations) -> Option<(u64, String)> {
    let position = status.position.as_ref()?;
    let now = expected.now;
    if let (true, Some(ended_at)) = (is_caught_up(status), status.runs.ended_at) {
        // Neither the last event of a quiet source nor an offset that did not move says anything then. What counts
        // is how long ago that was.
        let ago = now.since_ms(ended_at);
        let text = format!("the source was last asked for events {} ago", Span(ago));
        return Some((ago, text));
    }
    let offset = now.since_ms(position.saved_at);
    // One run that failed does not make a quiet source's last event a sign of anything either.
    let is_blip = |since| now.since_ms(since) <= expected.patience_ms;
    let last_event_at = match status.runs.failing_since {
        Some(since) if is_blip(since) => None,
        _ => position.last_event_at,
    };
    let event = last_event_at.map_or(0, |last| lag_ms(now, position.clock_skew_ms, last));
    Some(if event > offset {
        let text = format!("the newest event that was seen is {} old", Span(event));
        (event, text)
    } else {
        let text = format!("the offset has not moved for {}", Span(offset));
        (offset, text)
    })
}

/// Age of the newest event, by the source's clock.
pub(crate) const fn lag_ms(now: Timestamp, clock_skew_ms: i64, last_event_at: Timestamp) -> u64 {
    now.shifted(clock_skew_ms).since_ms(last_event_at)
}

/// Whether the last run found no more events at its end.
pub(crate) fn is_caught_up(status: &StreamStatus) -> bool {
    let caught_up = status.runs.last.pointer("/report/caught_up");
    caught_up == Some(&Value::Bool(true))
}

fn gap(status: &StreamStatus) -> Option<Problem> {
    let count = status.gaps_unacknowledged;
    if count == 0 {
        return None;
    }
    let open = status.gaps.iter().find(|gap| gap.acknowledged_at.is_none());
    let newest = open.map_or(String::new(), |open| {
        format!("; the newest, number {}: {}", open.id, open.gap.reason)
    });
    let text = format!("gaps that nobody has acknowledged: {count}{newest}");
    Some(red(ProblemKind::Gap, text))
}

fn paused(status: &StreamStatus) -> Option<Problem> {
    let text = format!("paused since {}", status.paused_at?);
    Some(warning(ProblemKind::Paused, text))
}

fn dead_letters(status: &StreamStatus) -> Option<Problem> {
    let kept = status.dead_letters.kept;
    (kept > 0).then(|| {
        let since = status.dead_letters.oldest_at;
        let since = since.map_or(String::new(), |at| format!(", the oldest since {at}"));
        let text = format!("dead letters are kept: {kept}{since}");
        warning(ProblemKind::DeadLetters, text)
    })
}

fn dropped(status: &StreamStatus) -> Option<Problem> {
    let sinks = status.runs.last.pointer("/report/sinks")?.as_object()?;
    let dropped: Vec<String> = sinks
        .iter()
        .filter_map(|(name, sink)| {
            let dropped = sink
                .get("dropped")?
                .as_u64()
                .filter(|dropped| *dropped > 0)?;
            Some(format!("{dropped} by {name}"))
        })
        .collect();
    (!dropped.is_empty()).then(|| {
        let text = format!(
            "the last run dropped events for optional sinks: {}",
            dropped.join(", ")
        );
        warning(ProblemKind::Dropped, text)
    })
}

fn replay_stopped(status: &StreamStatus) -> Option<Problem> {
    let (id, error) = status
        .replays
        .iter()
        .filter(|replay| replay.ended_at.is_none())
        .filter_map(|replay| Some((&replay.id, replay.error.as_ref()?)))
        .find(|(_, error)| !error.retryable)?;
    Some(warning(
        ProblemKind::ReplayStopped,
        format!(
            "replay {id}: {}. What to do: {}",
            error.message, error.user_action
        ),
    ))
}

/// Milliseconds in words, to the minute.
struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0 / 60_000;
        match (minutes / 60, minutes % 60) {
            (0, minutes) => write!(f, "{minutes} min"),
            (hours, 0) => write!(f, "{hours} h"),
            (hours, minutes) => write!(f, "{hours} h {minutes} min"),
        }
    }
}
