//! What a proxy reports of a record or of a partition.

use serde::Deserialize;
use serde_json::Value;

use crate::status::Meaning;

/// A report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Report {
    pub(super) error_code: Option<i64>,
    /// Version 2 only. Confluent tells none of a record that it refused.
    pub(super) partition: Option<i64>,
    /// What is said of an error: `error` in version 2, `message` in version 3.
    error: Option<Value>,
    message: Option<Value>,
}

impl Report {
    /// What the proxy says of it.
    pub(super) fn text(&self) -> String {
        let text = [&self.error, &self.message]
            .into_iter()
            .flatten()
            .find_map(Value::as_str);
        let code = self.error_code.unwrap_or_default();
        format!("error code {code}: {}", text.unwrap_or("without a reason"))
    }

    pub(super) const fn outcome(&self) -> Outcome {
        match self.error_code {
            None => Outcome::Taken,
            Some(code) => outcome(code),
        }
    }
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Taken,
    /// Not now.
    Again,
    /// Never.
    Refused,
    /// It is larger than the topic allows, alone or together with others.
    TooLarge,
    /// Nobody may write, or there is nothing to write to.
    Setup,
}

/// Codes of three schools: those of Confluent's REST Proxy, which begin with a status (40301) or are one (200); the 1 and 2 of
/// version 2's documentation; and those of Kafka's protocol, which Redpanda hands through.
const fn outcome(code: i64) -> Outcome {
    match code {
        0 => Outcome::Taken,
        // RecordTooLarge and whatever else Kafka's client says will not pass by trying again.
        50002 => Outcome::Refused,
        10_000..=59_999 => by_status(code / 100),
        100..=599 => by_status(code),
        // 1: non-retriable, in the documentation of version 2; UNSUPPORTED_FOR_MESSAGE_FORMAT is 43, INVALID_TIMESTAMP 32,
        // INVALID_RECORD 87.
        1 | 32 | 43 | 87 => Outcome::Refused,
        // MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE.
        10 | 18 => Outcome::TooLarge,
        // UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION, TOPIC_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED,
        // POLICY_VIOLATION, SASL_AUTHENTICATION_FAILED.
        3 | 17 | 29 | 31 | 44 | 58 => Outcome::Setup,
        // 2: retriable, in the documentation of version 2 and in Kafka's protocol. What is not listed here passes, or holds the
        // stream: nothing is set aside for an unknown reason.
        _ => Outcome::Again,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "100 to 599, says each caller"
)]
const fn by_status(status: i64) -> Outcome {
    match Meaning::of(status as u16) {
        Meaning::Taken => Outcome::Taken,
        Meaning::Later => Outcome::Again,
        Meaning::Poison => Outcome::Refused,
        Meaning::TooLarge => Outcome::TooLarge,
        Meaning::Moved | Meaning::Credentials | Meaning::Address | Meaning::Foreign => {
            Outcome::Setup
        }
    }
}
