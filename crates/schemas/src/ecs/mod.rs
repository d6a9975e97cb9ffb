//! Events as documents of the Elastic Common Schema 9.4.
//!
//! Field names follow Elastic's own Akamai integration where it has them, so that its dashboards and rules find them: what
//! ECS has no field for is under `akamai.siem`. In an index template map `akamai.siem.rules` as `nested`, and
//! `akamai.siem.request.headers`, `.response.headers`, `.custom`, `.unmapped`, `.user_risk.risk`, `.trust` and `.general` as
//! `flattened`: their member names come from outside, and would otherwise become fields.

mod akamai;
mod fields;

use edgesiem_decode::{EventView, Facet, LongLiteral, Member, Members, Writer};
use edgesiem_model::{Gap, Timestamp};

use crate::action::{Action, Effect};
use crate::convert::{EventWriter, RuleChoice};
use crate::date::Dates;
use crate::distinct::Distinct;
use crate::json::{self, TextKey, key, text_key};

/// Version of ECS that documents say they follow.
pub const ECS_VERSION: &str = "9.4.0";

/// The largest number of a field of type `long`.
const MAX_LONG: u64 = i64::MAX.cast_unsigned();

/// The `ecs` schema.
///
/// Every document begins with `{"event":{"kind":"`, and says neither `event.id` nor, if the event has no time,
/// `@timestamp`: a sink that wants them can put them behind the first 10 bytes (`"id":"…",`) and before the last one.
///
/// A value that does not fit the type of its field (a port that is no number, a country that is no code) is in
/// `akamai.siem.unmapped`, under its path in the event, and so is every member that nobody knows. Only `type` and `format` are
/// left out while they say what they always say.
#[derive(Debug, Default)]
pub struct Ecs {
    settings: EcsSettings,
    dates: Dates,
    distinct: Distinct,
    bytes: Vec<u8>,
    spans: Vec<akamai::Named>,
}

/// What documents may have besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EcsSettings {
    /// Whether the line is there as it came, as `event.original`. It doubles the document.
    pub event_original: bool,
}

impl Ecs {
    /// With these settings.
    pub fn new(settings: EcsSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }
}

/// One document being written.
struct Document<'a, 'e> {
    event: &'a EventView<'e>,
    rules: RuleChoice,
    action: Action<'e>,
    /// Members whose value found no place.
    misfits: Members,
}

impl Document<'_, '_> {
    /// The members with the texts of the event's.
    fn texts(&self, w: &mut Writer<'_>, members: &[(TextKey, Member)]) {
        json::texts(w, self.event, members);
    }

    /// The members with the numbers that the event's are.
    #[inline(never)]
    fn numbers(&mut self, w: &mut Writer<'_>, members: &[(LongLiteral, Member, u64)]) {
        for (key, member, most) in members {
            let value = self.event.get(*member);
            if value.is_some_and(|value| !json::number_of(w, key, value, *most)) {
                self.misfits.insert(*member);
            }
        }
    }
}

impl EventWriter for Ecs {
    const NAME: &'static str = "ecs";

    fn write(&mut self, event: &EventView<'_>, rules: RuleChoice, out: &mut Vec<u8>) {
        let expected = event.line().len().saturating_mul(8) / 5;
        let mut writer = Writer::new(out, expected.saturating_add(256));
        let w = &mut writer;
        let mut document = Document {
            event,
            rules,
            action: Action::of(event),
            misfits: Members::default(),
        };
        json::block(w, *b"{}", |w| {
            self.event(&mut document, w);
            document.rule(w);
            document.network(w);
            document.url(w, &mut self.bytes);
            document.http(w);
            document.user(w);
            w.short(
                b",\"observer\":{\"vendor\":\"akamai\",\"type\":\"waf\"},\"ecs\":{\"version\":\"",
            );
            w.short(ECS_VERSION.as_bytes());
            w.short(b"\"}");
            self.akamai(&mut document, w);
        });
        writer.finish();
    }

    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, 1024);
        self::gap(line, gap, &mut self.dates, &mut writer);
        writer.finish();
    }
}

impl Ecs {
    #[inline(never)]
    fn event(&mut self, document: &mut Document<'_, '_>, w: &mut Writer<'_>) {
        w.short(b",\"event\":{\"kind\":\"alert\",\"category\":[\"web\",\"intrusion_detection\"],\"type\":[\"");
        let (kind, outcome) = match document.action.effect {
            Effect::Denied => ("denied", "failure"),
            Effect::Passed => ("allowed", "success"),
            Effect::Altered | Effect::Unknown => ("info", "unknown"),
        };
        w.short(kind.as_bytes());
        w.short(b"\"],\"outcome\":\"");
        w.short(outcome.as_bytes());
        w.short(b"\",\"module\":\"akamai\",\"dataset\":\"akamai.siem\"");
        if !document.action.text.is_empty() {
            json::bytes(w, text_key!("action"), &document.action.text);
        }
        if let RuleChoice::One(number) = document.rules {
            json::number(
                w,
                key!("sequence"),
                u64::try_from(number).unwrap_or(MAX_LONG),
            );
        }
        let start_ms = document
            .event
            .facts()
            .start_ms
            .filter(|ms| Dates::fits(*ms));
        if start_ms.is_none() && document.event.get(Member::Start).is_some() {
            document.misfits.insert(Member::Start);
        }
        let mut date = start_ms.map(|ms| {
            w.long_literal(key!("start"));
            let start = w.len();
            json::string(w, |w| self.dates.write(ms, w));
            start..w.len()
        });
        if self.settings.event_original {
            json::bytes(w, text_key!("original"), document.event.line());
        }
        w.byte(b'}');
        if let Some(date) = date.take() {
            w.long_literal(key!("@timestamp"));
            w.repeat(date);
        }
    }
}

impl Document<'_, '_> {
    /// The rule that the document is about, or the one that decided.
    #[inline(never)]
    fn rule(&mut self, w: &mut Writer<'_>) {
        let number = match self.rules {
            RuleChoice::All => self.action.decisive_rule(self.event),
            RuleChoice::One(number) => Some(number),
        };
        let rule = number.and_then(|number| self.event.rules().get(number));
        json::object(w, key!("rule"), |w| {
            if let Some(rule) = rule {
                json::decoded(w, text_key!("id"), rule.get(Facet::Rules));
                json::decoded(w, text_key!("name"), rule.get(Facet::Messages));
                json::decoded(w, text_key!("category"), rule.get(Facet::Tags));
                json::decoded(w, text_key!("version"), rule.get(Facet::Versions));
            }
            self.texts(w, &[(text_key!("ruleset"), Member::PolicyId)]);
        });
    }
}

/// A document that says that events may be missing between `event.start` and `event.end`.
pub(crate) fn gap(line: &[u8], gap: &Gap, dates: &mut Dates, w: &mut Writer<'_>) {
    w.short(b"{\"event\":{\"kind\":\"event\",\"type\":[\"info\"],\"action\":\"gap\",\"outcome\":\"unknown\",\"module\":\"edgesiem\",\"dataset\":\"edgesiem.gap\"");
    let mut date = |w: &mut Writer<'_>, time: Timestamp| {
        let ms = Some(time.millis()).filter(|ms| Dates::fits(*ms));
        json::string(w, |w| dates.write(ms.unwrap_or(0), w));
    };
    if let Some(last) = gap.last_event_at {
        w.long_literal(key!("start"));
        date(w, last);
    }
    w.long_literal(key!("end"));
    date(w, gap.resumed_from);
    json::bytes(w, text_key!("reason"), gap.reason.as_bytes());
    w.byte(b'}');
    w.long_literal(key!("@timestamp"));
    date(w, gap.detected_at);
    w.short(b",\"message\":\"Events may be missing\",\"observer\":{\"vendor\":\"EdgeSIEM\",\"type\":\"poller\"},\"ecs\":{\"version\":\"");
    w.short(ECS_VERSION.as_bytes());
    w.short(b"\"},\"edgesiem\":{\"gap\":");
    json::string(w, |w| w.lossy(line));
    w.short(b"}}");
}
