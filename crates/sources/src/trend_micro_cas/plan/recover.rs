//! Beginnings: after what was lost, and for what somebody wants again.

use edgesiem_model::{Cursor, Error, ErrorKind, Gap, Recovery, Timestamp};

use super::super::cursor::{Place, State};
use super::{Ask, HOUR_MS, MINUTE_MS, Rules, after, before, oldest};

/// Events that were detected within a replay's window may have been generated so long after it. The pipeline ends a
/// replay at a page whose events are all later.
const LATENESS_MS: u64 = 15 * MINUTE_MS;

impl Rules {
    /// Goes on at the oldest time that may be asked for, with every combination that was not asked for too long.
    pub fn recover(
        &self,
        lost: &Cursor,
        last_event_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Recovery {
        let state = State::read(lost).unwrap_or_default();
        let mut next = state.clone();
        let mut moved = Vec::new();
        let begin = oldest(now);
        for combination in &self.combinations {
            let place = self.place(&state, combination, now);
            if self.is_too_old(&place, now) {
                moved.push((combination.name(), self.known_until(&place, now)));
                next.combinations
                    .insert(combination.name(), beginning_at(begin));
            }
        }
        let (resumed_from, reason) = if moved.is_empty() {
            self.step_forward(&state, &mut next, now)
        } else {
            // Some are asked for a round later, when a little more is past the retention.
            let resumed_from = after(begin, self.slack_ms());
            (resumed_from, too_old(&moved, resumed_from))
        };
        Recovery {
            cursor: next.to_cursor(),
            gap: Gap {
                detected_at: now,
                reason,
                lost: lost.clone(),
                last_event_at,
                resumed_from,
            },
        }
    }

    /// A beginning within the retention was refused: the server's clock must differ from ours. Asking for the same again
    /// would be refused again, so each step is longer than the one before.
    fn step_forward(&self, state: &State, next: &mut State, now: Timestamp) -> (Timestamp, String) {
        // Smaller than any page: the window and not the link.
        let plan = self.plan(state, now, 0);
        let start = match plan.ask {
            Ask::Window { start } => start,
            Ask::Link(_) => oldest(now),
        };
        let passed_ms = start.since_ms(oldest(now));
        let step_ms = passed_ms.saturating_mul(2).max(HOUR_MS);
        let begin = after(start, step_ms).min(plan.to.max(start));
        let name = plan.combination.name();
        let reason = format!(
            "the source refused to give the events of {name} from {start} on: those before {begin} may be missing. \
             Check this host's clock"
        );
        next.combinations.insert(name, beginning_at(begin));
        (begin, reason)
    }

    /// Every combination over a range that somebody asked for.
    pub fn since(
        &self,
        from: Timestamp,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<State, Error> {
        let earliest = after(oldest(now), self.slack_ms());
        let latest = before(now, self.settle_ms);
        let begin = format!("begin no earlier than {earliest} and no later than {latest}");
        let refuse = |reason: &str, user_action: String| {
            let error =
                Error::new(ErrorKind::Config, reason, user_action).with("from", from.to_rfc3339());
            Err(match to {
                Some(to) => error.with("to", to.to_rfc3339()),
                None => error,
            })
        };
        if from < earliest {
            return refuse("the source no longer has events that old", begin);
        }
        if from > latest {
            return refuse("the beginning lies in the future", begin);
        }
        if to.is_some_and(|to| to <= from) {
            return refuse(
                "the end is not after the beginning",
                format!("end later than {from}"),
            );
        }
        Ok(State {
            from: Some(from),
            until: to.map(|to| after(to, LATENESS_MS)),
            ..State::default()
        })
    }
}

fn beginning_at(since: Timestamp) -> Place {
    Place {
        since,
        ..Place::default()
    }
}

fn too_old(moved: &[(String, Timestamp)], resumed_from: Timestamp) -> String {
    const NAMED: usize = 5;
    let names: Vec<&str> = moved
        .iter()
        .take(NAMED)
        .map(|(name, _)| name.as_str())
        .collect();
    let others = match moved.len().saturating_sub(NAMED) {
        0 => String::new(),
        others => format!(" and {others} others"),
    };
    let known = moved.iter().map(|(_, known)| *known).min();
    format!(
        "{}{others} were not asked for longer than the source keeps events: those from {} to {resumed_from} may be missing",
        names.join(", "),
        known.unwrap_or_default()
    )
}
