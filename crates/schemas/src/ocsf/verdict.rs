//! What was done with a request, in the numbers of OCSF.

use edgesiem_decode::Facet;

use super::Document;
use crate::action::{Action, Effect};

/// Tags of Bot Manager's rules begin with it.
const BOT_TAG: &[u8] = b"AKAMAI/BOT";

/// How bad an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Unknown,
    Low,
    Medium,
    High,
}

impl Severity {
    pub fn of(document: &Document<'_, '_>) -> Self {
        match document.action.effect {
            Effect::Denied | Effect::Altered => Self::High,
            Effect::Unknown => Self::Unknown,
            Effect::Passed => {
                let mut rules = document.rules.of(document.event).peekable();
                let is_about_bots = rules.peek().is_some()
                    && rules.all(|(_, rule)| {
                        rule.get(Facet::Tags)
                            .is_some_and(|tag| begins(tag.bytes(), BOT_TAG))
                    });
                if is_about_bots {
                    Self::Low
                } else {
                    Self::Medium
                }
            }
        }
    }

    /// `severity_id` and its caption.
    pub const fn attributes(self) -> &'static [u8] {
        match self {
            Self::Unknown => b",\"severity_id\":0,\"severity\":\"Unknown\"",
            Self::Low => b",\"severity_id\":2,\"severity\":\"Low\"",
            Self::Medium => b",\"severity_id\":3,\"severity\":\"Medium\"",
            Self::High => b",\"severity_id\":4,\"severity\":\"High\"",
        }
    }
}

/// An action and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Unknown,
    Allowed,
    NoAction,
    Logged,
    Detected,
    Alert,
    Blocked,
    Dropped,
    Captcha,
    Challenge,
    Delayed,
    /// Its caption is Akamai's word for it.
    OtherwiseModified,
}

impl Verdict {
    pub fn of(action: &Action<'_>) -> Self {
        let text: &[u8] = &action.text;
        let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
        match action.effect {
            Effect::Unknown => Self::Unknown,
            Effect::Denied if begins(text, b"abort") || begins(text, b"drop") => Self::Dropped,
            Effect::Denied => Self::Blocked,
            Effect::Passed if is(b"alert") => Self::Alert,
            Effect::Passed if is(b"monitor") => Self::Detected,
            Effect::Passed if is(b"log") => Self::Logged,
            Effect::Passed if is(b"allow") => Self::Allowed,
            Effect::Passed => Self::NoAction,
            Effect::Altered if has(text, b"captcha") => Self::Captcha,
            Effect::Altered if has(text, b"challenge") => Self::Challenge,
            Effect::Altered if is(b"slow") || is(b"delay") => Self::Delayed,
            Effect::Altered => Self::OtherwiseModified,
        }
    }

    /// `action_id` and `disposition_id`, in pairs that the profile names, and their captions. That of
    /// [`Verdict::OtherwiseModified`] lacks the `disposition`.
    pub const fn attributes(self) -> &'static [u8] {
        match self {
            Self::Unknown => b",\"action_id\":0,\"action\":\"Unknown\",\"disposition_id\":0,\"disposition\":\"Unknown\"",
            Self::Allowed => b",\"action_id\":1,\"action\":\"Allowed\",\"disposition_id\":1,\"disposition\":\"Allowed\"",
            Self::NoAction => b",\"action_id\":1,\"action\":\"Allowed\",\"disposition_id\":16,\"disposition\":\"No Action\"",
            Self::Logged => b",\"action_id\":3,\"action\":\"Observed\",\"disposition_id\":17,\"disposition\":\"Logged\"",
            Self::Detected => b",\"action_id\":3,\"action\":\"Observed\",\"disposition_id\":15,\"disposition\":\"Detected\"",
            Self::Alert => b",\"action_id\":3,\"action\":\"Observed\",\"disposition_id\":19,\"disposition\":\"Alert\"",
            Self::Blocked => b",\"action_id\":2,\"action\":\"Denied\",\"disposition_id\":2,\"disposition\":\"Blocked\"",
            Self::Dropped => b",\"action_id\":2,\"action\":\"Denied\",\"disposition_id\":6,\"disposition\":\"Dropped\"",
            Self::Captcha => b",\"action_id\":4,\"action\":\"Modified\",\"disposition_id\":22,\"disposition\":\"Captcha\"",
            Self::Challenge => b",\"action_id\":0,\"action\":\"Unknown\",\"disposition_id\":23,\"disposition\":\"Challenge\"",
            Self::Delayed => b",\"action_id\":4,\"action\":\"Modified\",\"disposition_id\":14,\"disposition\":\"Delayed\"",
            Self::OtherwiseModified => b",\"action_id\":4,\"action\":\"Modified\",\"disposition_id\":99",
        }
    }

    /// `is_alert`: what the control acted upon, or was told to alert about.
    pub const fn alert(self) -> &'static [u8] {
        match self {
            Self::Unknown => b"",
            Self::Allowed | Self::NoAction | Self::Logged | Self::Detected => {
                b",\"is_alert\":false"
            }
            Self::Alert
            | Self::Blocked
            | Self::Dropped
            | Self::Captcha
            | Self::Challenge
            | Self::Delayed
            | Self::OtherwiseModified => b",\"is_alert\":true",
        }
    }
}

fn begins(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(word))
}

fn has(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::Verdict;
    use crate::action::Action;
    use edgesiem_decode::EventReader;

    #[test]
    fn actions_have_the_pairs_of_numbers_that_the_profile_names() {
        for (action, verdict) in [
            ("deny", Verdict::Blocked),
            ("DENY_custom_7", Verdict::Blocked),
            ("tarpit", Verdict::Blocked),
            ("block", Verdict::Blocked),
            ("abort", Verdict::Dropped),
            ("drop", Verdict::Dropped),
            ("alert", Verdict::Alert),
            ("monitor", Verdict::Detected),
            ("log", Verdict::Logged),
            ("allow", Verdict::Allowed),
            ("none", Verdict::NoAction),
            ("skip", Verdict::NoAction),
            ("ignore", Verdict::NoAction),
            ("google_captcha", Verdict::Captcha),
            ("crypto_challenge", Verdict::Challenge),
            ("Challenge", Verdict::Challenge),
            ("slow", Verdict::Delayed),
            ("delay", Verdict::Delayed),
            ("serve_alternate", Verdict::OtherwiseModified),
            ("", Verdict::Unknown),
        ] {
            let line = format!(r#"{{"attackData":{{"appliedAction":"{action}"}}}}"#);
            let mut reader = EventReader::default();
            let event = reader.read(line.as_bytes()).unwrap();
            assert_eq!(Verdict::of(&Action::of(&event)), verdict, "{action}");
        }
    }
}
