//! What was done with a request, and which rule decided it.

use std::borrow::Cow;

use edgesiem_decode::{EventView, Facet, Member};

/// What an action does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It was not let through: `deny`, `deny_custom_…`, `abort`, `tarpit`, `drop`, `block`.
    Denied,
    /// It was answered otherwise than asked for: `slow`, `delay`, challenges, whatever else there is.
    Altered,
    /// It was let through and reported: `alert`, `monitor`, and those that do less.
    Passed,
    /// The event does not say.
    Unknown,
}

/// The action applied to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action<'a> {
    /// Its name, possibly not UTF-8; empty if unknown.
    pub text: Cow<'a, [u8]>,
    /// What it does.
    pub effect: Effect,
}

/// Prefixes, because customers' own deny actions are `deny_custom_` and a number.
const DENYING: &[&[u8]] = &[b"deny", b"abort", b"tarpit", b"drop", b"block"];
const PASSING: &[&[u8]] = &[
    b"alert", b"monitor", b"none", b"allow", b"ignore", b"skip", b"log",
];

fn effect(text: &[u8]) -> Effect {
    // Nearly all.
    match text {
        b"alert" | b"monitor" => return Effect::Passed,
        b"deny" => return Effect::Denied,
        _ => {}
    }
    let is = |word: &&[u8]| text.eq_ignore_ascii_case(word);
    let begins = |word: &&[u8]| {
        text.get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    if text.is_empty() {
        Effect::Unknown
    } else if DENYING.iter().any(begins) {
        Effect::Denied
    } else if PASSING.iter().any(is) {
        Effect::Passed
    } else {
        Effect::Altered
    }
}

impl<'a> Action<'a> {
    /// `attackData.appliedAction`, which newer events have. For the others Akamai's own connector has a rule, in the comment of
    /// `appliedAction` in its CEFLogger.java: an action of a rule other than `alert` and `deny`, else `deny`, else `abort` if
    /// `slowPostAction` is `A`, else `alert`. Here an action that only reports, such as `monitor`, comes after `deny` too, and
    /// an event without any action has none.
    pub fn of(event: &EventView<'a>) -> Self {
        if let Some(applied) = event.get(Member::AppliedAction) {
            let text = applied.text();
            return Self {
                effect: effect(&text),
                text,
            };
        }
        let mut best: Option<(u8, Self)> = None;
        let mut offer = |text: Cow<'a, [u8]>| {
            let effect = effect(&text);
            let is_plain = |word: &[u8]| text.eq_ignore_ascii_case(word);
            let rank = match effect {
                Effect::Unknown => return,
                Effect::Denied if is_plain(b"deny") => 5,
                Effect::Denied | Effect::Altered => 6,
                Effect::Passed if is_plain(b"alert") => 3,
                Effect::Passed if is_plain(b"monitor") => 2,
                Effect::Passed => 1,
            };
            if best.as_ref().is_none_or(|(most, _)| rank > *most) {
                best = Some((rank, Self { text, effect }));
            }
        };
        for rule in event.rules().iter() {
            if let Some(action) = rule.get(Facet::Actions) {
                offer(Cow::Borrowed(action.bytes()));
            }
        }
        let unknown = Self {
            text: Cow::Borrowed(b""),
            effect: Effect::Unknown,
        };
        match (
            best,
            event
                .get(Member::SlowPostAction)
                .map(|value| value.source()),
        ) {
            (Some((4.., best)), _) => best,
            (_, Some(b"A")) => Self {
                text: Cow::Borrowed(b"abort"),
                effect: Effect::Denied,
            },
            (Some((_, best)), _) => best,
            (None, Some(b"W")) => Self {
                text: Cow::Borrowed(b"alert"),
                effect: Effect::Passed,
            },
            (None, _) => unknown,
        }
    }

    /// Number of the rule that decided: the first one with this action, else the first one that denies, else the first one.
    pub fn decisive_rule(&self, event: &EventView<'_>) -> Option<usize> {
        let mut denying = None;
        for (number, rule) in event.rules().iter().enumerate() {
            let Some(action) = rule.get(Facet::Actions) else {
                continue;
            };
            if !action.is_empty() && action.bytes().eq_ignore_ascii_case(&self.text) {
                return Some(number);
            }
            if denying.is_none() && effect(action.bytes()) == Effect::Denied {
                denying = Some(number);
            }
        }
        denying.or_else(|| (!event.rules().is_empty()).then_some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Effect};
    use edgesiem_decode::EventReader;

    #[test]
    fn the_applied_action_is_the_events_own_or_the_strongest_of_its_rules() {
        // base64: alert YWxlcnQ, deny ZGVueQ, monitor bW9uaXRvcg, tarpit dGFycGl0, none bm9uZQ
        for (attack, text, effect, decisive) in [
            (
                r#""appliedAction":"deny","ruleActions":"YWxlcnQ;ZGVueQ""#,
                "deny",
                Effect::Denied,
                Some(1),
            ),
            (
                r#""appliedAction":"abort","ruleActions":"YWxlcnQ;ZGVueQ""#,
                "abort",
                Effect::Denied,
                Some(1),
            ),
            (
                r#""appliedAction":"none","ruleActions":"YWxlcnQ;YWxlcnQ""#,
                "none",
                Effect::Passed,
                Some(0),
            ),
            (
                r#""appliedAction":"DENY_custom_7""#,
                "DENY_custom_7",
                Effect::Denied,
                None,
            ),
            (
                r#""appliedAction":"serve_alternate""#,
                "serve_alternate",
                Effect::Altered,
                None,
            ),
            (
                r#""ruleActions":"YWxlcnQ;ZGVueQ;YWxlcnQ""#,
                "deny",
                Effect::Denied,
                Some(1),
            ),
            (
                r#""ruleActions":"bW9uaXRvcg;ZGVueQ""#,
                "deny",
                Effect::Denied,
                Some(1),
            ),
            (
                r#""ruleActions":"ZGVueQ;dGFycGl0""#,
                "tarpit",
                Effect::Denied,
                Some(1),
            ),
            (
                r#""ruleActions":"bW9uaXRvcg;bW9uaXRvcg""#,
                "monitor",
                Effect::Passed,
                Some(0),
            ),
            (
                r#""ruleActions":"bW9uaXRvcg;YWxlcnQ""#,
                "alert",
                Effect::Passed,
                Some(1),
            ),
            (
                r#""ruleActions":";bm9uZQ""#,
                "none",
                Effect::Passed,
                Some(1),
            ),
            (
                r#""ruleActions":"YWxlcnQ","slowPostAction":"A""#,
                "abort",
                Effect::Denied,
                Some(0),
            ),
            (
                r#""ruleActions":"YWxlcnQ","slowPostAction":"W""#,
                "alert",
                Effect::Passed,
                Some(0),
            ),
            (
                r#""ruleActions":"ZGVueQ","slowPostAction":"A""#,
                "deny",
                Effect::Denied,
                Some(0),
            ),
            (r#""slowPostAction":"W""#, "alert", Effect::Passed, None),
            (r#""rules":"YQ""#, "", Effect::Unknown, Some(0)),
            ("", "", Effect::Unknown, None),
        ] {
            let line = format!(r#"{{"attackData":{{{attack}}}}}"#);
            let mut reader = EventReader::default();
            let event = reader.read(line.as_bytes()).unwrap();
            let action = Action::of(&event);
            assert_eq!(std::str::from_utf8(&action.text), Ok(text), "{line}");
            assert_eq!(action.effect, effect, "{line}");
            assert_eq!(action.decisive_rule(&event), decisive, "{line}");
        }
    }
}
