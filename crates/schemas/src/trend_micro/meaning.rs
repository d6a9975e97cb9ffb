//! What an event is about, and what was done about it.

use super::event::{Event, Field};

/// Kind of an event: what its request names by `event`, and what the event says in words of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SecurityRisk,
    VirtualAnalyzer,
    Ransomware,
    Dlp,
    Other,
}

impl Kind {
    /// `security_risk_scan` of an answer is `securityrisk` of the request.
    pub fn of(event: &Event<'_>) -> Self {
        let Some(text) = event.text(Field::Event) else {
            return Self::Other;
        };
        let letters = text.chars().take(64).filter(char::is_ascii_alphanumeric);
        let word: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
        match word.as_str() {
            word if word.starts_with("securityrisk") => Self::SecurityRisk,
            word if word.starts_with("virtualanalyzer") => Self::VirtualAnalyzer,
            word if word.starts_with("ransomware") => Self::Ransomware,
            word if word.starts_with("dlp") || word.starts_with("datalossprevention") => Self::Dlp,
            _ => Self::Other,
        }
    }

    /// Whether the event is about malicious code.
    pub fn is_malware(self, event: &Event<'_>) -> bool {
        match self {
            Self::VirtualAnalyzer | Self::Ransomware => true,
            Self::SecurityRisk => event
                .text(Field::Filter)
                .is_some_and(|filter| starts_with(&filter, "malware")),
            Self::Dlp | Self::Other => false,
        }
    }
}

/// What became of a mail or a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Passed,
    Quarantined,
    Deleted,
    Blocked,
    Tagged,
    Replaced,
    /// What should have been done failed.
    Failed,
    /// Something else, in the event's own word.
    Other,
    Unknown,
}

/// Whether the action succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    Unknown,
}

impl Outcome {
    /// `success` of current logs, `Successful` of older ones.
    pub fn of(event: &Event<'_>) -> Self {
        match event.text(Field::Result) {
            Some(text) if starts_with(&text, "success") => Self::Success,
            Some(text)
                if ["fail", "unsuccess", "error"]
                    .iter()
                    .any(|word| starts_with(&text, word)) =>
            {
                Self::Failure
            }
            _ => Self::Unknown,
        }
    }

    /// The word for it in ECS.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Unknown => "unknown",
        }
    }
}

impl Effect {
    pub fn of(event: &Event<'_>) -> Self {
        let Some(action) = event.text(Field::Action) else {
            return Self::Unknown;
        };
        let effect = [
            ("pass", Self::Passed),
            ("bypass", Self::Passed),
            ("quarantine", Self::Quarantined),
            ("delete", Self::Deleted),
            ("block", Self::Blocked),
            ("tag", Self::Tagged),
            ("replace", Self::Replaced),
        ]
        .into_iter()
        .find(|(word, _)| starts_with(&action, word))
        .map_or(Self::Other, |(_, effect)| effect);
        match (effect, Outcome::of(event)) {
            // Nothing was to be done.
            (Self::Passed, _) => Self::Passed,
            (_, Outcome::Failure) => Self::Failed,
            (effect, _) => effect,
        }
    }

    /// Whether something was done.
    pub const fn is_acted_upon(self) -> bool {
        !matches!(self, Self::Passed | Self::Failed | Self::Unknown)
    }
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// A level of risk, in Trend Micro's word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Low,
    Medium,
    High,
}

impl Level {
    /// Of the event's `risk_level`, if it is one that is known.
    pub fn of(event: &Event<'_>) -> Option<Self> {
        let text = event.text(Field::RiskLevel)?;
        Some(match text.to_ascii_lowercase().as_str() {
            "low" => Self::Low,
            "medium" | "suspicious" => Self::Medium,
            "high" | "highly suspicious" | "dangerous" => Self::High,
            _ => return None,
        })
    }
}
