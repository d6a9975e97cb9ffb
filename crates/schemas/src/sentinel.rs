//! Events for the table of Microsoft's own connector in Sentinel.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgesiem_decode::{
    Decoded, EventView, Facet, LongLiteral, Member, Members, Section, Writer, long_literal,
};
use edgesiem_model::Gap;

use crate::convert::{EventWriter, RuleChoice};
use crate::json::{self, key, text_key};
use crate::leftovers::Leftovers;

/// The `sentinel` schema: records of the stream `Custom-AkamaiSIEMEvent_CL`, as the solution "Akamai DDOS Protection" of
/// Microsoft Sentinel declares it (Azure/Azure-Sentinel, `AkamaiDDOSProtection_DCR.json` at e8d34e0, July 2026). Send them by
/// the data collection rule that the solution installs, or by one of that form.
///
/// - Columns are `type`, `version`, `format` (strings), `attackData`, `geo`, `httpMessage`, `botData`, `clientData`, `identity`
///   and `userRiskData` (dynamic). The rule's transformation makes the table's columns of their members, all of them strings.
///   So each member is a string here; what is an object or an array is its JSON text.
/// - Rules and headers stay encoded as Akamai sends them, because the function `AkamaiSIEMEvent` of the solution decodes them
///   when it is asked. Where each rule has a document, and where an exporter has decoded the rules already, they
///   are encoded again in that way. The function leaves out empty items, so that the items of two of its lists belong together
///   only if each rule has a document of its own.
/// - `TimeGenerated` comes from `httpMessage.start`, of which the transformation understands whole seconds only, and takes the
///   time of arrival if there are none. So `start` is whole seconds; with a fraction it is in `startWithFraction`, for rules of
///   your own.
/// - The transformation drops records without `type`, so that an event that has none is an `akamai_siem`.
/// - What the transformation does not ask for is there for rules of your own: members that nobody knows in their column, and
///   `custom`, which has none, decoded in `attackData.custom`. Unknown members of the event itself are not in these documents,
///   because the service silently drops what has no column; nor are those of an event that has more than 10,000.
/// - The service cuts each string of the table at 64 KB (Azure Monitor, "Logs Ingestion API limits"): headers, queries and
///   lists of rules can be longer, in an attack above all.
///
/// A gap is a record of the type `edgesiem_gap` whose only rule is `GAP`: its message says why, and its data is the gap as JSON.
#[derive(Debug, Default)]
pub struct Sentinel {
    leftovers: Leftovers,
    /// An item of a facet in base64.
    encoded: String,
}

/// A column that is an object.
struct Column {
    section: Section,
    key: LongLiteral,
    /// Where its members are in [`Member::ALL`].
    members: Range<usize>,
}

/// Those columns.
const COLUMNS: [Column; 7] = [
    column(Section::AttackData, key!("attackData")),
    column(Section::Geo, key!("geo")),
    column(Section::HttpMessage, key!("httpMessage")),
    column(Section::BotData, key!("botData")),
    column(Section::ClientData, key!("clientData")),
    column(Section::Identity, key!("identity")),
    column(Section::UserRiskData, key!("userRiskData")),
];

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn column(section: Section, key: &LongLiteral) -> Column {
    let mut members = 0..0;
    let mut number = 0_usize;
    while number < Member::ALL.len() {
        if Member::ALL[number].section() as u8 == section as u8 {
            if members.end == 0 {
                members.start = number;
            }
            members.end = number.wrapping_add(1);
        }
        number = number.wrapping_add(1);
    }
    Column {
        section,
        key: *key,
        members,
    }
}

/// `,"name":"` of each of [`Member::ALL`].
const OPENINGS: [LongLiteral; Member::ALL.len()] = {
    let mut openings = [long_literal(b""); Member::ALL.len()];
    let mut number = 0_usize;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while number < openings.len() {
        openings[number] = opening(Member::ALL[number].name().as_bytes());
        number = number.wrapping_add(1);
    }
    openings
};

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn opening(name: &[u8]) -> LongLiteral {
    let parts: [&[u8]; 3] = [b",\"", name, b"\":\""];
    let mut text = [0; 32];
    let (mut length, mut part) = (0_usize, 0_usize);
    while part < parts.len() {
        let mut at = 0_usize;
        while at < parts[part].len() {
            text[length] = parts[part][at];
            length = length.wrapping_add(1);
            at = at.wrapping_add(1);
        }
        part = part.wrapping_add(1);
    }
    long_literal(text.split_at(length).0)
}

impl EventWriter for Sentinel {
    const NAME: &'static str = "sentinel";

    fn write(&mut self, event: &EventView<'_>, rules: RuleChoice, out: &mut Vec<u8>) {
        let expected = event.line().len().saturating_mul(5) / 4;
        let mut writer = Writer::new(out, expected.saturating_add(256));
        let w = &mut writer;
        self.leftovers.read(event, Members::default());
        json::block(w, *b"{}", |w| {
            match event.get(Member::Type) {
                Some(name) => json::text(w, text_key!("type"), name),
                None => w.short(b",\"type\":\"akamai_siem\""),
            }
            for (key, member) in [
                (text_key!("version"), Member::Version),
                (text_key!("format"), Member::Format),
            ] {
                if let Some(value) = event.get(member) {
                    json::text(w, key, value);
                }
            }
            for column in &COLUMNS {
                self.column(w, column, event, rules);
            }
        });
        writer.finish();
    }

    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, 1024);
        let w = &mut writer;
        w.short(
            b"{\"type\":\"edgesiem_gap\",\"format\":\"json\",\"attackData\":{\"rules\":\"R0FQ\"",
        );
        let reason = gap.reason.as_bytes();
        for (key, text) in [
            (text_key!("ruleMessages"), reason),
            (text_key!("ruleData"), line),
        ] {
            json::text_with(w, key, |w| encode(w, text, &mut self.encoded));
        }
        w.short(b"},\"httpMessage\":{\"start\":\"");
        json::digits(w, gap.detected_at.secs());
        w.short(b"\"}}");
        writer.finish();
    }
}

impl Sentinel {
    fn column(
        &mut self,
        w: &mut Writer<'_>,
        column: &Column,
        event: &EventView<'_>,
        rules: RuleChoice,
    ) {
        let name = column.section.name().as_bytes();
        let whole = self.leftovers.iter().find(|(path, _)| *path == name);
        if let Some((_, value)) = whole {
            // It is no object, so that it has no members.
            w.long_literal(&column.key);
            return json::string(w, |w| w.lossy(value));
        }
        let known = Member::ALL.get(column.members.clone()).unwrap_or(&[]);
        let openings = OPENINGS.get(column.members.clone()).unwrap_or(&[]);
        let (mut custom, mut seconds) = (None, None);
        match column.section {
            Section::AttackData => custom = event.custom(),
            Section::HttpMessage => seconds = seconds_of_fraction(event),
            _ => {}
        }
        let added: Option<&[u8]> = match (custom, seconds) {
            (Some(_), _) => Some(b"custom"),
            (_, Some(_)) => Some(b"startWithFraction"),
            _ => None,
        };
        let mut written = Members::default();
        json::object(w, &column.key, |w| {
            for (member, opening) in known.iter().zip(openings) {
                let start = w.len();
                let facet = match column.section {
                    Section::AttackData => Facet::ALL
                        .into_iter()
                        .find(|facet| facet.member() == *member),
                    _ => None,
                };
                match (event.get(*member), facet) {
                    (value, Some(facet))
                        if !event.rules().is_empty()
                            && (value.is_none() || rules != RuleChoice::All) =>
                    {
                        let items = rules.of(event).map(|(_, rule)| rule.get(facet));
                        self::items(w, opening, items, &mut self.encoded);
                    }
                    (Some(exact), _) if *member == Member::Start && seconds.is_some() => {
                        w.long_literal(opening);
                        json::digits(w, seconds.unwrap_or(0));
                        w.byte(b'"');
                        json::text(w, text_key!("startWithFraction"), exact);
                    }
                    (Some(value), _) => value.write_member(opening, w),
                    (None, _) => {}
                }
                if w.len() > start {
                    written.insert(*member);
                }
            }
            if let Some(custom) = custom {
                w.long_literal(key!("custom"));
                w.short(custom);
            }
            for (path, value) in self.leftovers.iter() {
                let Some([b'.', member @ ..]) = path.strip_prefix(name) else {
                    continue;
                };
                // A member of the event itself may be named like the path to one of a section.
                let is_written = known
                    .iter()
                    .any(|one| written.contains(*one) && one.name().as_bytes() == member);
                if is_written || added == Some(member) {
                    continue;
                }
                w.short(b",\"");
                w.lossy(member);
                w.short(b"\":\"");
                w.lossy(value);
                w.byte(b'"');
            }
        });
    }
}

/// Whole seconds of a start that says more than they do.
fn seconds_of_fraction(event: &EventView<'_>) -> Option<u64> {
    let start = event.get(Member::Start)?;
    if start.source().iter().all(u8::is_ascii_digit) {
        return None;
    }
    event.facts().start_ms.map(|ms| ms / 1000)
}

/// A facet as Akamai writes it; nothing if no item has data.
fn items<'t>(
    w: &mut Writer<'_>,
    opening: &LongLiteral,
    items: impl Iterator<Item = Option<Decoded<'t>>>,
    encoded: &mut String,
) {
    let start = w.len();
    let mut has_data = false;
    w.long_literal(opening);
    for (number, item) in items.enumerate() {
        if number > 0 {
            w.short(b"%3b");
        }
        if let Some(item) = item.filter(|item| !item.is_empty()) {
            has_data = true;
            encode(w, item.bytes(), encoded);
        }
    }
    if has_data {
        w.byte(b'"');
    } else {
        w.back_to(start);
    }
}

/// Base64, percent-encoded.
fn encode(w: &mut Writer<'_>, bytes: &[u8], encoded: &mut String) {
    encoded.clear();
    STANDARD.encode_string(bytes, encoded);
    let mut rest = encoded.as_bytes();
    while let Some(at) = rest
        .iter()
        .position(|byte| matches!(byte, b'+' | b'/' | b'='))
    {
        let (plain, special) = rest.split_at(at);
        w.short(plain);
        let (escape, tail): (&[u8], &[u8]) = match special {
            [b'+', tail @ ..] => (b"%2b", tail),
            [b'/', tail @ ..] => (b"%2f", tail),
            [_, tail @ ..] => (b"%3d", tail),
            [] => return,
        };
        w.short(escape);
        rest = tail;
    }
    w.short(rest);
}
