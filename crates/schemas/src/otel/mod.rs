//! Events as OpenTelemetry log records.
//!
//! Names of attributes are those of the semantic conventions (open-telemetry/semantic-conventions, `docs/registry/attributes`:
//! client, geo, http, network, security-rule, server, tls, url, user, user-agent) where they have one; `geo` is about the client,
//! `security_rule` about the rule that decided. All else is under `akamai.siem`, and the line as it came is the body.

mod akamai;
mod conventions;
pub(crate) mod value;

use std::ops::Range;

use edgesiem_decode::{EventView, Facet, Member, Members, WideLiteral, Writer};
use edgesiem_model::{DocumentForm, Gap, Timestamp};

use crate::action::{Action, Effect};
use crate::convert::{EventWriter, RuleChoice};
use crate::date::Dates;
use crate::distinct::Distinct;
use crate::json;
use crate::leftovers::Leftovers;
use value::{END, integer, opening, text};

/// The `otel` schema: one `LogRecord` in the JSON encoding of OTLP (opentelemetry-proto, `logs/v1/logs.proto`).
///
/// Of the kinds of values there are `stringValue`, `intValue`, which is a string of digits in that encoding, `arrayValue` and
/// `kvlistValue`. An attribute always has the same kind. A value that does not fit (a port that is no number, a country that is
/// no code) is in `akamai.siem.unmapped`, under its path in the event, and so is every member that nobody knows.
///
/// Every document begins with `{"attributes":[`, so that a sink that wants to add one can put it there.
/// `observedTimeUnixNano` is never in it: a schema does not know when an event was observed.
#[derive(Debug, Default)]
pub struct Otel {
    dates: Dates,
    distinct: Distinct,
    leftovers: Leftovers,
    /// Names and values of `custom`, and where each is.
    bytes: Vec<u8>,
    spans: Vec<(Range<usize>, Range<usize>)>,
}

/// One record being written.
struct Record<'a, 'e> {
    event: &'a EventView<'e>,
    rules: RuleChoice,
    action: Action<'e>,
    /// Members whose value found no place.
    misfits: Members,
}

/// `severityNumber` and `severityText` (OpenTelemetry, Logs Data Model, "Displaying Severity"). What was only reported is a
/// warning, what was acted upon an error, as with the severities of Akamai's own connector.
pub(crate) const WARN: &[u8] = b",\"severityNumber\":13,\"severityText\":\"WARN\"";
pub(crate) const ERROR: &[u8] = b",\"severityNumber\":17,\"severityText\":\"ERROR\"";

impl EventWriter for Otel {
    const NAME: &'static str = "otel";
    const FORM: DocumentForm = DocumentForm::OtlpLogRecord;

    fn write(&mut self, event: &EventView<'_>, rules: RuleChoice, out: &mut Vec<u8>) {
        let expected = event.line().len().saturating_mul(7) / 2;
        let mut writer = Writer::new(out, expected.saturating_add(1024));
        let w = &mut writer;
        let mut record = Record {
            event,
            rules,
            action: Action::of(event),
            misfits: Members::default(),
        };
        w.short(b"{\"attributes\":");
        attributes(w, |w| {
            record.client(w);
            record.request(w);
            self.headers(w, event);
            record.security_rule(w);
            self.akamai(&mut record, w);
        });
        let start_ns = event.start_ns();
        if let Some(start_ns) = start_ns {
            time(w, start_ns);
        }
        w.short(match record.action.effect {
            Effect::Denied | Effect::Altered => ERROR,
            Effect::Passed | Effect::Unknown => WARN,
        });
        w.short(b",\"eventName\":\"akamai.siem.event\",\"body\":{\"stringValue\":\"");
        w.escaped(event.line());
        w.literal(END);
        writer.finish();
    }

    /// A record whose `eventName` is `edgesiem.gap` and whose body is the gap as JSON. Events may be missing between
    /// `edgesiem.gap.start` and `edgesiem.gap.end`.
    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, 1024);
        let w = &mut writer;
        let mut date = |w: &mut Writer<'_>, key: &[u8], time: Timestamp| {
            let ms = Some(time.millis()).filter(|ms| Dates::fits(*ms));
            w.short(key);
            self.dates.write(ms.unwrap_or(0), w);
            w.literal(END);
        };
        w.short(b"{\"attributes\":");
        attributes(w, |w| {
            w.short(text!("edgesiem.gap.reason"));
            w.lossy(gap.reason.as_bytes());
            w.literal(END);
            if let Some(last) = gap.last_event_at {
                date(w, text!("edgesiem.gap.start"), last);
            }
            date(w, text!("edgesiem.gap.end"), gap.resumed_from);
        });
        time(w, gap.detected_at.millis().saturating_mul(1_000_000));
        w.short(WARN);
        w.short(b",\"eventName\":\"edgesiem.gap\",\"body\":{\"stringValue\":\"");
        w.lossy(line);
        w.literal(END);
        writer.finish();
    }
}

/// The array of what `items` writes, each piece with a comma before it.
fn attributes(w: &mut Writer<'_>, items: impl FnOnce(&mut Writer<'_>)) {
    if !json::block(w, *b"[]", items) {
        w.short(b"[]");
    }
}

/// `timeUnixNano`; integers of 64 bits are strings in the JSON encoding of protobuf.
fn time(w: &mut Writer<'_>, unix_nano: u64) {
    w.short(b",\"timeUnixNano\":\"");
    json::digits(w, unix_nano);
    w.byte(b'"');
}

/// What is said of the rule that the record is about.
const DECISIVE: &[(WideLiteral, Facet)] = &[
    (opening!(text!("security_rule.uuid")), Facet::Rules),
    (opening!(text!("security_rule.name")), Facet::Messages),
    (opening!(text!("security_rule.category")), Facet::Tags),
    (opening!(text!("security_rule.version")), Facet::Versions),
];
const RULESET: &[(WideLiteral, Member)] = &[(
    opening!(text!("security_rule.ruleset.name")),
    Member::PolicyId,
)];

impl Record<'_, '_> {
    /// Attributes with the texts of the event's members.
    #[inline(never)]
    fn texts(&self, w: &mut Writer<'_>, members: &[(WideLiteral, Member)]) {
        for (opening, member) in members {
            if let Some(value) = self.event.get(*member) {
                w.wide_literal(opening);
                value.write_closed(w, END);
            }
        }
    }

    /// Attributes with the numbers that the event's members are.
    #[inline(never)]
    fn integers(&mut self, w: &mut Writer<'_>, members: &[(WideLiteral, Member, u64)]) {
        for (opening, member, most) in members {
            let Some(value) = self.event.get(*member) else {
                continue;
            };
            match value.whole_number(*most) {
                Some(number) => {
                    w.wide_literal(opening);
                    json::digits_of(w, value, number);
                    w.literal(END);
                }
                None => self.misfits.insert(*member),
            }
        }
    }

    /// The rule that the record is about, or the one that decided.
    #[inline(never)]
    fn security_rule(&mut self, w: &mut Writer<'_>) {
        let number = match self.rules {
            RuleChoice::All => self.action.decisive_rule(self.event),
            RuleChoice::One(number) => Some(number),
        };
        if let Some(rule) = number.and_then(|number| self.event.rules().get(number)) {
            for (opening, facet) in DECISIVE {
                if let Some(value) = rule.get(*facet).filter(|value| !value.is_empty()) {
                    w.wide_literal(opening);
                    value.write_closed(w, END);
                }
            }
        }
        self.texts(w, RULESET);
        if let RuleChoice::One(number) = self.rules {
            w.short(integer!("akamai.siem.rule_number"));
            json::digits(w, u64::try_from(number).unwrap_or(0));
            w.literal(END);
        }
    }
}
