//! The bookmark, and the way on after it was lost.

use edgesiem_model::{Cursor, Error, ErrorKind, Gap, Recovery, Timestamp};
use serde_json::{Value, json};

use super::AkamaiSiem;

/// Distance from the end of the retention, because time passes between asking and being served.
const MARGIN_S: u64 = 60;
/// Time mode leaves out what is newer, and takes no later end of a range.
const UNSETTLED_S: u64 = 5;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Offset mode; `NULL` on the first call.
    Offset(String),
    /// Time mode, in epoch seconds.
    Time { from: u64, to: Option<u64> },
}

impl Position {
    pub(super) fn beginning() -> Self {
        Self::Offset("NULL".to_owned())
    }

    pub(super) fn to_cursor(&self) -> Cursor {
        Cursor(match self {
            Self::Offset(offset) => json!({ "offset": offset }),
            Self::Time { from, to: None } => json!({ "from": from }),
            Self::Time { from, to: Some(to) } => json!({ "from": from, "to": to }),
        })
    }

    /// # Errors
    /// The cursor is not one that [`Position::to_cursor`] writes.
    pub(super) fn read(cursor: &Cursor) -> Result<Self, Error> {
        Self::of(&cursor.0).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                "the stream's checkpoint was not written by this source",
                "if the stream's source was changed on purpose, reset the stream; otherwise restore the checkpoint",
            )
            .with("cursor", cursor.0.to_string())
        })
    }

    fn of(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        let member = |name: &str| members.get(name);
        let known = ["offset", "from", "to"].map(member);
        if members.len() != known.iter().flatten().count() {
            return None;
        }
        match known {
            [Some(offset), None, None] => {
                let offset = offset.as_str().filter(|offset| !offset.is_empty())?;
                Some(Self::Offset(offset.to_owned()))
            }
            [None, Some(from), None] => Some(Self::Time {
                from: from.as_u64()?,
                to: None,
            }),
            [None, Some(from), Some(to)] => Some(Self::Time {
                from: from.as_u64()?,
                to: Some(to.as_u64()?),
            }),
            _ => None,
        }
    }
}

/// The oldest time that may be asked for.
fn oldest(source: &AkamaiSiem, now: Timestamp) -> u64 {
    now.secs()
        .saturating_sub(source.retention_s)
        .saturating_add(MARGIN_S)
}

/// Time mode over a range that somebody asked for. Whole seconds: the range is widened to them.
pub(super) fn since(
    source: &AkamaiSiem,
    from: Timestamp,
    to: Option<Timestamp>,
    now: Timestamp,
) -> Result<Cursor, Error> {
    let oldest = oldest(source, now);
    let newest = now.secs().saturating_sub(UNSETTLED_S);
    let refuse = |reason: &str, user_action: String| {
        let error =
            Error::new(ErrorKind::Config, reason, user_action).with("from", from.to_rfc3339());
        Err(match to {
            Some(to) => error.with("to", to.to_rfc3339()),
            None => error,
        })
    };
    let begin = format!(
        "begin no earlier than {} and no later than {}",
        Timestamp::from_secs(oldest),
        Timestamp::from_secs(newest)
    );
    if from.secs() < oldest {
        return refuse("the source no longer has events that old", begin);
    }
    if from.secs() > newest {
        return refuse("the beginning lies in the future", begin);
    }
    if to.is_some_and(|to| to <= from) {
        return refuse(
            "the end is not after the beginning",
            format!("end later than {from}"),
        );
    }
    let end = to.map(|to| to.millis().div_ceil(1000));
    Ok(Position::Time {
        from: from.secs(),
        to: end.filter(|end| *end <= newest),
    }
    .to_cursor())
}

/// Time mode from shortly before the last known event, as far back as Akamai still has events.
pub(super) fn recover(
    source: &AkamaiSiem,
    lost: &Cursor,
    last_event_at: Option<Timestamp>,
    now: Timestamp,
) -> Recovery {
    let oldest = oldest(source, now);
    // A range that begins in the future is refused, and clocks and event times may be wrong.
    let newest = now.secs().saturating_sub(MARGIN_S).max(oldest);
    let wanted = last_event_at.map(|time| time.secs().saturating_sub(source.recovery_overlap_s));
    let (refused, to) = match Position::of(&lost.0) {
        Some(Position::Time { from, to }) => (Some(from), to),
        _ => (None, None),
    };
    // When a time was refused that should have been within the retention, asking for it again would be
    // refused again.
    let from = wanted
        .unwrap_or(0)
        .max(oldest)
        .max(refused.map_or(0, |from| from.saturating_add(MARGIN_S)))
        .min(newest);
    let resumed_from = Timestamp::from_secs(from);
    let reason = match last_event_at {
        Some(last) if last >= resumed_from => format!(
            "the bookmark expired: events are asked for again by time from {resumed_from}, before the last known \
             one. Some may come twice, and some that were stored late may be missing"
        ),
        Some(last) => format!(
            "the bookmark expired: events from {last} to {resumed_from} are older than what the source still has"
        ),
        None => format!(
            "the bookmark expired before any event was seen: events before {resumed_from} are older than what \
             the source still has"
        ),
    };
    Recovery {
        cursor: Position::Time {
            from,
            to: to.filter(|to| *to > from),
        }
        .to_cursor(),
        gap: Gap {
            detected_at: now,
            reason,
            lost: lost.clone(),
            last_event_at,
            resumed_from,
        },
    }
}
