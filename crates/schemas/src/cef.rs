//! Events as ArcSight's Common Event Format, with the keys of Akamai's own connector.
//!
//! The mapping is the default `akamai.cefformatheader` and `akamai.cefformatextension` of akamai/siem-cef-connector, and the two
//! keys that its later versions have (`AkamaiSiemRuleActions`, `AkamaiSiemJA4`), so that parsers written for it go on
//! working. Where the connector damages data, this does not: spaces and `+` of headers stay what they are, `c6a2` is filled,
//! the scheme of `request` is the request's, an event without a host still has its path and query there, and lists have as many
//! items as there are rules.
//!
//! What the mapping has no key for (bot scores, user risk, client data, fingerprints but JA4, members that nobody knows) is not
//! in these documents.

use edgesiem_decode::{
    Decoded, EventView, Facet, Headers, Kind, LongLiteral, Member, Value, Writer,
};
use edgesiem_model::{DocumentForm, Gap, Timestamp};

use crate::action::{Action, Effect};
use crate::convert::{EventWriter, RuleChoice};
use crate::{host, json};

/// The `cef` schema. A document is one line of UTF-8 that begins with `CEF:0|`.
///
/// Class, name and severity are the connector's: what was only reported is `detect` with 5, what was acted upon `mitigate`
/// with 10. Unlike there, an action such as `none`, or no action at all, counts as reported.
///
/// Extension values escape `\`, `=`, line feed and carriage return (ArcSight Common Event Format, "Character Encoding").
/// Other control characters, and the line separators of Unicode, have no form there; they are written as JSON would escape
/// them, with that backslash escaped: an escape character becomes `\\u001b`.
#[derive(Debug, Default)]
pub struct Cef(());

/// What ends with a space ends with the separator of the next pair.
const DETECT: &[u8] = b"CEF:0|Akamai|akamai_siem|1.0|detect|Activity detected|5|";
const MITIGATE: &[u8] = b"CEF:0|Akamai|akamai_siem|1.0|mitigate|Activity mitigated|10|";

/// `key=` as a literal.
macro_rules! key {
    ($name:literal) => {
        const {
            assert!($name.len() <= 31, "a literal has 32 bytes");
            &edgesiem_decode::long_literal(concat!($name, "=").as_bytes())
        }
    };
}
pub(crate) use key;

/// A part of the extension.
enum Part {
    /// The key with the text of a member.
    Member(&'static LongLiteral, Member),
    /// The key with what the rules have of a facet.
    List(&'static LongLiteral, Facet),
    /// A label, which is there also where what it is about is not.
    Label(&'static [u8]),
}

const RULES_AND_REQUEST: &[Part] = &[
    Part::Label(b"c6a2Label=Source IPv6 Address "),
    Part::List(key!("cs1"), Facet::Rules),
    Part::Label(b"cs1Label=Rules "),
    Part::List(key!("cs2"), Facet::Messages),
    Part::Label(b"cs2Label=Rule Messages "),
    Part::List(key!("cs3"), Facet::Data),
    Part::Label(b"cs3Label=Rule Data "),
    Part::List(key!("cs4"), Facet::Selectors),
    Part::Label(b"cs4Label=Rule Selectors "),
    Part::Member(key!("cs5"), Member::ClientReputation),
    Part::Label(b"cs5Label=Client Reputation "),
    Part::Member(key!("cs6"), Member::ApiId),
    Part::Label(b"cs6Label=API ID "),
    Part::Member(key!("devicePayloadId"), Member::RequestId),
    Part::Member(key!("dhost"), Member::Host),
    Part::Member(key!("dpt"), Member::Port),
    Part::Member(key!("flexString1"), Member::ConfigId),
    Part::Label(b"flexString1Label=Security Config Id "),
    Part::Member(key!("flexString2"), Member::PolicyId),
    Part::Label(b"flexString2Label=Firewall Policy Id "),
    Part::Member(key!("out"), Member::Bytes),
];

const ATTACK: &[Part] = &[
    Part::Member(key!("requestMethod"), Member::Method),
    Part::Member(key!("src"), Member::ClientIp),
    // Seconds, as the event has them and the connector writes them, although the format means milliseconds.
    Part::Member(key!("start"), Member::Start),
    Part::Member(key!("AkamaiSiemSlowPostAction"), Member::SlowPostAction),
    Part::Member(key!("AkamaiSiemSlowPostRate"), Member::SlowPostRate),
    Part::List(key!("AkamaiSiemRuleVersions"), Facet::Versions),
    Part::List(key!("AkamaiSiemRuleTags"), Facet::Tags),
    Part::List(key!("AkamaiSiemRuleActions"), Facet::Actions),
    Part::Member(key!("AkamaiSiemApiKey"), Member::ApiKey),
    Part::Member(key!("AkamaiSiemTLSVersion"), Member::Tls),
    Part::Member(key!("AkamaiSiemJA4"), Member::Ja4),
];

const ANSWER_AND_PLACE: &[Part] = &[
    Part::Member(key!("AkamaiSiemResponseStatus"), Member::Status),
    Part::Member(key!("AkamaiSiemContinent"), Member::Continent),
    Part::Member(key!("AkamaiSiemCountry"), Member::Country),
    Part::Member(key!("AkamaiSiemCity"), Member::City),
    Part::Member(key!("AkamaiSiemRegion"), Member::RegionCode),
    Part::Member(key!("AkamaiSiemASN"), Member::Asn),
];

impl EventWriter for Cef {
    const NAME: &'static str = "cef";
    const FORM: DocumentForm = DocumentForm::Text;

    fn write(&mut self, event: &EventView<'_>, rules: RuleChoice, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, event.line().len());
        let w = &mut writer;
        let action = Action::of(event);
        w.short(match action.effect {
            Effect::Denied | Effect::Altered => MITIGATE,
            Effect::Passed | Effect::Unknown => DETECT,
        });
        pair(w, key!("act"), |w| lossy(w, &action.text));
        let parts = |w: &mut Writer<'_>, parts: &[Part]| self::parts(w, event, rules, parts);
        parts(w, &[Part::Member(key!("app"), Member::Protocol)]);
        if let Some(client) = event.get(Member::ClientIp)
            && host::ip(client.source()).is_some_and(|ip| ip.is_ipv6())
        {
            pair(w, key!("c6a2"), |w| text(w, client));
        }
        parts(w, RULES_AND_REQUEST);
        pair(w, key!("request"), |w| request(w, event));
        parts(w, ATTACK);
        for (key, member, list) in [
            (
                key!("AkamaiSiemRequestHeaders"),
                Member::RequestHeaders,
                event.request_headers(),
            ),
            (
                key!("AkamaiSiemResponseHeaders"),
                Member::ResponseHeaders,
                event.response_headers(),
            ),
        ] {
            pair(w, key, |w| match event.untouched(member) {
                Some(value) => text(w, value),
                None => headers(w, list),
            });
        }
        parts(w, ANSWER_AND_PLACE);
        pair(w, key!("AkamaiSiemCustomData"), |w| {
            let start = w.len();
            event.custom_values(|value| {
                if !value.source().is_empty() {
                    separate(w, start, b',');
                    text(w, value);
                }
            });
        });
        let end = w.len().saturating_sub(1);
        w.back_to(end);
        writer.finish();
    }

    /// A document of our own: its vendor is EdgeSIEM, `start` and `end` are the stretch of time in milliseconds, as the format
    /// has it, `msg` says why, and `cs1` is the bookmark that was lost.
    fn gap(&mut self, _line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, 512);
        let w = &mut writer;
        w.short(b"CEF:0|EdgeSIEM|edgesiem|");
        w.short(env!("CARGO_PKG_VERSION").as_bytes());
        w.short(b"|gap|Events may be missing|7|");
        let time = |w: &mut Writer<'_>, key: &LongLiteral, time: Timestamp| {
            pair(w, key, |w| json::digits(w, time.millis()));
        };
        time(w, key!("rt"), gap.detected_at);
        if let Some(last) = gap.last_event_at {
            time(w, key!("start"), last);
        }
        time(w, key!("end"), gap.resumed_from);
        pair(w, key!("msg"), |w| lossy(w, gap.reason.as_bytes()));
        pair(w, key!("cs1"), |w| {
            lossy(w, gap.lost.0.to_string().as_bytes())
        });
        w.short(b"cs1Label=Lost Cursor");
        writer.finish();
    }
}

/// `key=`, what `value` writes, and a space; nothing if it writes nothing.
#[inline(always)]
pub(crate) fn pair(w: &mut Writer<'_>, key: &LongLiteral, value: impl FnOnce(&mut Writer<'_>)) {
    let start = w.len();
    w.long_literal(key);
    let empty = w.len();
    value(w);
    if w.len() == empty {
        w.back_to(start);
    } else {
        w.byte(b' ');
    }
}

#[inline(never)]
fn parts(w: &mut Writer<'_>, event: &EventView<'_>, rules: RuleChoice, parts: &[Part]) {
    for part in parts {
        match part {
            Part::Member(key, member) => {
                if let Some(value) = event.get(*member) {
                    pair(w, key, |w| text(w, value));
                }
            }
            Part::List(key, facet) => list(w, key, event, rules, *facet),
            Part::Label(label) => w.short(label),
        }
    }
}

/// `separator`, unless nothing was written since `start`.
fn separate(w: &mut Writer<'_>, start: usize, separator: u8) {
    if w.len() > start {
        w.byte(separator);
    }
}

/// One item for each rule, so that the items of all lists with the same number belong together. Akamai's connector drops the
/// empty ones at the end.
fn list(
    w: &mut Writer<'_>,
    key: &LongLiteral,
    event: &EventView<'_>,
    rules: RuleChoice,
    facet: Facet,
) {
    let has_data = rules
        .of(event)
        .any(|(_, rule)| rule.get(facet).is_some_and(|item| !item.is_empty()));
    if has_data {
        pair(w, key, |w| {
            for (index, (_, rule)) in rules.of(event).enumerate() {
                if index > 0 {
                    w.byte(b',');
                }
                if let Some(item) = rule.get(facet) {
                    decoded(w, item);
                }
            }
        });
    } else if let Some(value) = event.untouched(facet.member()) {
        pair(w, key, |w| text(w, value));
    }
}

/// The URL as the connector puts it together, except for its scheme and for an empty query. Without a host it begins with the
/// path: what was attacked is not left out.
fn request(w: &mut Writer<'_>, event: &EventView<'_>) {
    if let Some(host) = event.get(Member::Host) {
        w.short(host::scheme(event).as_bytes());
        w.short(b"://");
        text(w, host);
    }
    if let Some(path) = event.get(Member::Path) {
        text(w, path);
    }
    if let Some(query) = event.get(Member::Query) {
        w.byte(b'?');
        text(w, query);
    }
}

/// `Name: value`, one header a line; the line breaks are escaped like all.
fn headers(w: &mut Writer<'_>, headers: Headers<'_>) {
    for (number, header) in headers.iter().enumerate() {
        if number > 0 {
            w.short(b"\\n");
        }
        if let Some(name) = header.name {
            decoded(w, name);
            w.short(b": ");
        }
        decoded(w, header.value);
    }
}

fn text(w: &mut Writer<'_>, value: Value<'_>) {
    if value.kind() == Kind::EscapedText {
        value.pieces(|piece| escaped(w, (piece, piece.len())));
    } else {
        escaped(w, value.stretch());
    }
}

fn decoded(w: &mut Writer<'_>, value: Decoded<'_>) {
    if value.is_utf8() {
        escaped(w, value.stretch());
    } else {
        lossy(w, value.bytes());
    }
}

pub(crate) fn lossy(w: &mut Writer<'_>, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid().as_bytes();
        escaped(w, (valid, valid.len()));
        if !chunk.invalid().is_empty() {
            w.short("\u{fffd}".as_bytes());
        }
    }
}

/// The value of an extension: the first `left` bytes of `rest`, which are UTF-8.
fn escaped(w: &mut Writer<'_>, (mut rest, mut left): (&[u8], usize)) {
    loop {
        let plain = w.plain_until(rest, left, *b"\\=");
        if plain >= left {
            return;
        }
        let length = plain.saturating_add(special(w, rest.get(plain..left).unwrap_or(&[])));
        rest = rest.get(length..).unwrap_or(&[]);
        left = left.saturating_sub(length);
    }
}

/// Writes what `stop` begins with, escaped if it must be, and says how many bytes of `stop` that was.
#[inline(never)]
fn special(w: &mut Writer<'_>, stop: &[u8]) -> usize {
    match stop {
        [b'\\', ..] => escape(w, b"\\\\", 1),
        [b'=', ..] => escape(w, b"\\=", 1),
        [b'\n', ..] => escape(w, b"\\n", 1),
        [b'\r', ..] => escape(w, b"\\r", 1),
        [b'\t', ..] => escape(w, b"\t", 1),
        [byte @ (..0x20 | 0x7f), ..] => control(w, u16::from(*byte), 1),
        [0xc2, byte @ 0x80..=0x9f, ..] => control(w, u16::from(*byte), 2),
        [0xe2, 0x80, 0xa8, ..] => control(w, 0x2028, 3),
        [0xe2, 0x80, 0xa9, ..] => control(w, 0x2029, 3),
        [byte, ..] => escape(w, &[*byte], 1),
        [] => 0,
    }
}

fn escape(w: &mut Writer<'_>, as_text: &[u8], length: usize) -> usize {
    w.short(as_text);
    length
}

fn control(w: &mut Writer<'_>, unit: u16, length: usize) -> usize {
    w.short(b"\\\\u");
    for shift in [12, 8, 4, 0] {
        let digit = char::from_digit(u32::from(unit >> shift) & 0x0f, 16).unwrap_or('0');
        w.short(digit.encode_utf8(&mut [0; 4]).as_bytes());
    }
    length
}
