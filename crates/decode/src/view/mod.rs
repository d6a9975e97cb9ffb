//! An event as schemas read it: one walk over the line, then each member by name.
//!
//! Nothing is copied but what was encoded. What no schema knows is there as well, so that it can be carried along.

mod headers;
mod member;
mod rules;
mod value;

pub use headers::{Header, Headers};
pub use member::{Member, Members, Section};
pub use rules::{Decoded, Rule, Rules};
pub use value::{Kind, Value};

use std::borrow::Cow;

use crate::decoder::{Facts, MAX_ITEMS, Scratch, one_line};
use crate::percent::hex_quad;
use crate::scan::{Malformed, Scanner, Text};
use crate::walk::{Found, epoch_ms};
use crate::writer::Writer;
use crate::{custom, rules::Facet};

use headers::Entry;
use rules::{Budget, Row};

/// Where a value is in the line.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Of a string, behind the opening quote.
    start: usize,
    end: usize,
    kind: Kind,
}

impl Slot {
    /// The value that comes next, inside of `depth` arrays and objects.
    #[inline(always)]
    fn read(scanner: &mut Scanner<'_>, depth: u32) -> Result<Self, Malformed> {
        let start = scanner.at();
        let kind = match scanner.peek() {
            Some(b'"') => {
                scanner.take(b'"');
                let Text {
                    start,
                    end,
                    escaped,
                } = scanner.string()?;
                let kind = if escaped {
                    Kind::EscapedText
                } else {
                    Kind::Text
                };
                return Ok(Self { start, end, kind });
            }
            Some(b'{' | b'[') => Kind::Composite,
            Some(b'n') => Kind::Missing,
            Some(b't' | b'f') => Kind::Truth,
            _ => Kind::Number,
        };
        scanner.value(depth)?;
        Ok(Self {
            start,
            end: scanner.at(),
            kind,
        })
    }

    const fn length(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    fn value<'a>(&self, line: &'a [u8]) -> Value<'a> {
        Value::new(self.kind, line, self.start, self.end)
    }
}

/// A member that no [`Member`] stands for.
#[derive(Clone, Copy, Debug)]
struct Extra {
    section: Section,
    /// How many objects of that name came before; only those in the last one count.
    turn: u32,
    /// `None`: the section itself, because it is no object.
    name: Option<Text>,
    value: Slot,
}

/// Reads events one at a time, and keeps scratch memory between them. What an event is, [`Decoder`](crate::Decoder) says.
#[derive(Debug)]
pub struct EventReader {
    slots: [Slot; Member::COUNT],
    /// Those that were an array or an object at least once.
    composites: Members,
    turns: [u32; Section::COUNT],
    extras: Vec<Extra>,
    rows: Vec<Row>,
    headers: [Vec<Entry>; 2],
    text: Vec<u8>,
    custom: Vec<u8>,
    scratch: Scratch,
}

impl Default for EventReader {
    fn default() -> Self {
        Self {
            slots: [Slot::default(); Member::COUNT],
            composites: Members::default(),
            turns: [0; Section::COUNT],
            extras: Vec::new(),
            rows: Vec::new(),
            headers: [Vec::new(), Vec::new()],
            text: Vec::new(),
            custom: Vec::new(),
            scratch: Scratch::default(),
        }
    }
}

impl EventReader {
    /// Validates `line` and takes it apart. As for `JSON.parse`, the last one of members of the same name counts.
    ///
    /// # Errors
    /// [`Malformed`] if the line is not an event.
    ///
    /// ```
    /// use edgesiem_decode::{EventReader, Facet, Member};
    ///
    /// let line = br#"{"attackData":{"rules":"OTUwMDAy"},"httpMessage":{"status":403,"host":"a.example"}}"#;
    /// let mut reader = EventReader::default();
    /// let event = reader.read(line).unwrap();
    /// assert_eq!(event.get(Member::Status).unwrap().whole_number(999), Some(403));
    /// assert_eq!(event.rules().get(0).unwrap().get(Facet::Rules).unwrap().bytes(), b"950002");
    /// ```
    pub fn read<'a>(&'a mut self, line: &'a [u8]) -> Result<EventView<'a>, Malformed> {
        let (found, custom, overflow) = self.walk(line)?;
        if let Some(at) = found.context {
            return Err(Malformed {
                reason: "a context line in the middle of a page",
                at,
            });
        }
        let mut budget = Budget {
            items: MAX_ITEMS,
            undecoded: 0,
        };
        let mut left = Members::default();
        self.text.clear();
        self.read_rules(line, &mut budget, &mut left);
        self.read_headers(line, &mut budget, &mut left);
        for member in self.composites.iter() {
            let is_one = self
                .slot(member)
                .is_some_and(|slot| slot.kind == Kind::Composite);
            if is_one && !Facet::ALL.iter().any(|facet| facet.member() == member) {
                left.insert(member);
            }
        }
        self.custom.clear();
        if let Some(custom) =
            custom.filter(|custom| custom.kind != Kind::Missing && custom.length() > 0)
        {
            let whole = match custom.kind {
                Kind::Text | Kind::EscapedText => {
                    (custom.start.saturating_sub(1), custom.end.saturating_add(1))
                }
                _ => (custom.start, custom.end),
            };
            let value = Text {
                start: whole.0,
                end: whole.1,
                escaped: false,
            };
            let mut writer = Writer::new(&mut self.custom, custom.length());
            custom::write(line, value, &mut writer, &mut self.scratch);
            writer.finish();
            one_line(&found, Some(&mut self.custom));
            mend_surrogates(&mut self.custom);
        }
        let overflowed = u32::from(overflow);
        let view = EventView {
            line,
            facts: Facts {
                start_ms: found.start_ms,
                undecoded: budget.undecoded.saturating_add(overflowed),
            },
            rules: count_with_data(&self.rows),
            left,
            overflow,
            reader: self,
        };
        Ok(view)
    }

    /// Fills slots and extras; what else was found, the value of `custom`, and whether there were too many extras to list.
    #[inline(never)]
    fn walk(&mut self, line: &[u8]) -> Result<(Found, Option<Slot>, bool), Malformed> {
        self.slots.fill(Slot::default());
        self.composites = Members::default();
        self.turns.fill(0);
        self.extras.clear();
        let mut found = Found::default();
        let mut is_event = false;
        let mut offset = None;
        let mut custom = None;
        let mut all_extras = Extras {
            list: &mut self.extras,
            overflow: false,
        };
        let mut scanner = Scanner::new(line, 0);
        scanner.skip_white();
        if !scanner.take(b'{') {
            return Err(scanner.malformed("expected an object"));
        }
        scanner.members(|scanner, key| {
            let name = &*key.name.value(line);
            if let Some(section) = Section::from_member(name) {
                is_event |= matches!(section, Section::AttackData | Section::HttpMessage);
                let turn = self.turns.get_mut(section as usize).map_or(0, |turn| {
                    *turn = turn.saturating_add(1);
                    *turn
                });
                if turn > 1 {
                    clear(&mut self.slots, section);
                }
                if scanner.take(b'{') {
                    let known = (&mut self.slots, &mut self.composites);
                    return members(scanner, line, section, turn, known, &mut all_extras);
                }
                all_extras.push(section, turn, None, Slot::read(scanner, 1)?);
                return Ok(());
            }
            let value = Slot::read(scanner, 1)?;
            match name {
                b"custom" => custom = Some(value),
                // Of what a line may have that is a context, only this says so.
                b"offset" => {
                    let is_text = matches!(value.kind, Kind::Text | Kind::EscapedText);
                    offset =
                        (is_text && value.length() > 0).then(|| key.name.start.saturating_sub(1));
                    all_extras.push(Section::Event, 0, Some(key.name), value);
                }
                _ => match Member::find(Section::Event, name) {
                    Some(member) => {
                        is_event |= member == Member::Type;
                        put((&mut self.slots, &mut self.composites), member, value);
                    }
                    None => all_extras.push(Section::Event, 0, Some(key.name), value),
                },
            }
            Ok(())
        })?;
        scanner.end()?;
        found.line_breaks = scanner.line_breaks();
        found.context = if is_event { None } else { offset };
        let overflow = all_extras.overflow;
        found.start_ms = self
            .slot(Member::Start)
            .filter(|slot| slot.kind != Kind::Composite)
            .and_then(|slot| epoch_ms(&slot.value(line).text()));
        Ok((found, custom, overflow))
    }

    fn slot(&self, member: Member) -> Option<&Slot> {
        self.slots.get(member as usize)
    }

    fn read_rules(&mut self, line: &[u8], budget: &mut Budget, left: &mut Members) {
        self.rows.clear();
        let slots = Facet::ALL.map(|facet| self.slot(facet.member()).copied().unwrap_or_default());
        let [ids, others @ ..] = &slots;
        let is_text =
            |slot: &Slot| matches!(slot.kind, Kind::Missing | Kind::Text | Kind::EscapedText);
        if slots.iter().all(is_text) {
            if rules::facets(line, &slots, &mut self.rows, &mut self.text, budget) {
                return;
            }
            budget.undecoded = budget.undecoded.saturating_add(1);
        } else if others.iter().all(|slot| slot.kind == Kind::Missing) {
            let list = ids.start..ids.end;
            let most = budget.items;
            if rules::listed(line, list, &mut self.rows, &mut self.text, most).is_some() {
                budget.items = budget.items.saturating_sub(self.rows.len());
                return;
            }
        }
        self.rows.clear();
        self.text.clear();
        for (facet, slot) in Facet::ALL.into_iter().zip(slots) {
            if slot.kind != Kind::Missing {
                left.insert(facet.member());
            }
        }
    }

    fn read_headers(&mut self, line: &[u8], budget: &mut Budget, left: &mut Members) {
        let members = [Member::RequestHeaders, Member::ResponseHeaders];
        let slots = members.map(|member| self.slot(member).copied().unwrap_or_default());
        for ((slot, member), entries) in slots.iter().zip(members).zip(&mut self.headers) {
            entries.clear();
            match slot.kind {
                Kind::Missing | Kind::Composite => {}
                Kind::Text | Kind::EscapedText => {
                    if !headers::read(line, slot, entries, &mut self.text, budget) {
                        entries.clear();
                        budget.undecoded = budget.undecoded.saturating_add(1);
                        left.insert(member);
                    }
                }
                Kind::Number | Kind::Truth => left.insert(member),
            }
        }
    }
}

struct Extras<'a> {
    list: &'a mut Vec<Extra>,
    /// Whether there were more than [`MAX_ITEMS`].
    overflow: bool,
}

impl Extras<'_> {
    fn push(&mut self, section: Section, turn: u32, name: Option<Text>, value: Slot) {
        if self.list.len() >= MAX_ITEMS {
            self.overflow = true;
            return;
        }
        self.list.push(Extra {
            section,
            turn,
            name,
            value,
        });
    }
}

/// Values by member, and which of them were composite.
type Known<'a> = (&'a mut [Slot; Member::COUNT], &'a mut Members);

#[inline(always)]
fn put((slots, composites): Known<'_>, member: Member, value: Slot) {
    if value.kind == Kind::Composite {
        composites.insert(member);
    }
    if let Some(slot) = slots.get_mut(member as usize) {
        *slot = value;
    }
}

/// An earlier object of the same name does not count any more.
fn clear(slots: &mut [Slot; Member::COUNT], section: Section) {
    for (slot, member) in slots.iter_mut().zip(Member::ALL) {
        if member.section() == section {
            *slot = Slot::default();
        }
    }
}

/// The members of a section whose `{` was just read.
#[inline(always)]
fn members(
    scanner: &mut Scanner<'_>,
    line: &[u8],
    section: Section,
    turn: u32,
    (slots, composites): Known<'_>,
    extras: &mut Extras<'_>,
) -> Result<(), Malformed> {
    scanner.members(|scanner, key| {
        let value = Slot::read(scanner, 2)?;
        let name: Cow<'_, [u8]> = key.name.value(line);
        match Member::find(section, &name) {
            Some(member) => put((slots, composites), member, value),
            None => extras.push(section, turn, Some(key.name), value),
        }
        Ok(())
    })
}

/// Puts `\\ufffd` in the place of the escape of each half of a surrogate pair that has no other half: valid JSON, but many
/// receivers refuse it. `json` was validated.
fn mend_surrogates(json: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at = at.saturating_add(found);
        let Some([_, b'u', rest @ ..]) = json.get_mut(at..) else {
            at = at.saturating_add(2);
            continue;
        };
        let quad = |digits: Option<&[u8; 4]>| digits.and_then(|digits| hex_quad(*digits));
        let next = match rest.get(4..) {
            Some([b'\\', b'u', digits @ ..]) => quad(digits.first_chunk()),
            _ => None,
        };
        let is_pair = matches!(next, Some(0xdc00..=0xdfff));
        at = at.saturating_add(match quad(rest.first_chunk()) {
            Some(0xd800..=0xdbff) if is_pair => 12,
            Some(0xd800..=0xdfff) => {
                rest.iter_mut()
                    .zip(b"fffd")
                    .for_each(|(to, from)| *to = *from);
                6
            }
            _ => 6,
        });
    }
}

/// Number of rows up to the last one that has any data.
fn count_with_data(rows: &[Row]) -> usize {
    let is_empty = |row: &Row| row.iter().all(|span| span.start == span.end);
    let empty = rows.iter().rev().take_while(|row| is_empty(row)).count();
    rows.len().saturating_sub(empty)
}

/// A member of an event that has no place of its own in a schema.
#[derive(Clone, Copy, Debug)]
pub struct Leftover<'a> {
    section: Section,
    name: Name<'a>,
    value: Value<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Name<'a> {
    Member(Member),
    Other(Value<'a>),
    /// The section as a whole.
    Section,
    /// The event as a whole.
    Event,
}

impl<'a> Leftover<'a> {
    /// Appends its path: `attackData.name`, or `name` of a member of the event itself.
    pub fn path(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.section.name().as_bytes());
        match self.name {
            Name::Section => return,
            Name::Event => return out.extend_from_slice(b"event"),
            _ if self.section != Section::Event => out.push(b'.'),
            _ => {}
        }
        match self.name {
            Name::Member(member) => out.extend_from_slice(member.name().as_bytes()),
            Name::Other(name) => name.pieces(|piece| out.extend_from_slice(piece)),
            Name::Section | Name::Event => {}
        }
    }

    /// Its value.
    pub const fn value(self) -> Value<'a> {
        self.value
    }
}

/// An event, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct EventView<'a> {
    line: &'a [u8],
    reader: &'a EventReader,
    facts: Facts,
    rules: usize,
    left: Members,
    overflow: bool,
}

impl<'a> EventView<'a> {
    /// When it happened, and how much of it was kept as it came.
    pub const fn facts(&self) -> Facts {
        self.facts
    }

    /// The line.
    pub const fn line(&self) -> &'a [u8] {
        self.line
    }

    /// `httpMessage.start` in nanoseconds since the epoch, rounded down; `None` also after the year 2554, where 64 bits end.
    pub fn start_ns(&self) -> Option<u64> {
        let ms = self.facts.start_ms?;
        let text = self.get(Member::Start)?.text();
        // Valid, because the milliseconds are: the fourth to the ninth digit of the fraction follow.
        let point = memchr::memchr(b'.', &text).map_or(text.len(), |point| point.saturating_add(4));
        let digits = text
            .get(point..)
            .unwrap_or(&[])
            .iter()
            .chain(b"000000")
            .take(6);
        let below_ms = digits.fold(0_u64, |number, digit| {
            number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit.wrapping_sub(b'0')))
        });
        ms.checked_mul(1_000_000)?.checked_add(below_ms)
    }

    /// The value of a member, if it is a string, a number or a truth value, and not empty. The rule facets and the headers are
    /// there as they came.
    #[inline(always)]
    pub fn get(&self, member: Member) -> Option<Value<'a>> {
        let slot = self.reader.slot(member)?;
        if slot.kind == Kind::Missing || slot.kind == Kind::Composite || slot.start == slot.end {
            None
        } else {
            Some(slot.value(self.line))
        }
    }

    /// The rules: as [`decode_rules`](crate::decode_rules) lists them, or as an exporter that decoded them already listed them
    /// in `attackData.rules`. Empty as well if there are more than [`MAX_ITEMS`].
    pub fn rules(&self) -> Rules<'a> {
        Rules {
            rows: self.reader.rows.get(..self.rules).unwrap_or(&[]),
            text: &self.reader.text,
        }
    }

    /// Whether any rule has data of this facet.
    pub fn has(&self, facet: Facet) -> bool {
        self.rules()
            .iter()
            .any(|rule| rule.get(facet).is_some_and(|item| !item.is_empty()))
    }

    /// The request's headers in their order, as [`decode_headers`](crate::decode_headers) lists them.
    pub fn request_headers(&self) -> Headers<'a> {
        let [entries, _] = &self.reader.headers;
        let text = &self.reader.text;
        Headers { entries, text }
    }

    /// The response's headers, likewise.
    pub fn response_headers(&self) -> Headers<'a> {
        let [_, entries] = &self.reader.headers;
        let text = &self.reader.text;
        Headers { entries, text }
    }

    /// `custom` as JSON text without line feeds, its strings decoded as [`Decoder::decode`](crate::Decoder::decode) does.
    pub fn custom(&self) -> Option<&'a [u8]> {
        Some(self.reader.custom.as_slice()).filter(|json| !json.is_empty())
    }

    /// The strings, numbers and truth values in [`EventView::custom`], at any depth, in their order.
    pub fn custom_values(&self, mut take: impl FnMut(Value<'_>)) {
        let json = self.reader.custom.as_slice();
        let mut at = 0;
        while let Some(byte) = json.get(at) {
            // Validated before: what looks like the beginning of a value is one.
            if !matches!(byte, b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') {
                at = at.saturating_add(1);
                continue;
            }
            let mut scanner = Scanner::new(json, at);
            let Ok(slot) = Slot::read(&mut scanner, 0) else {
                return;
            };
            at = scanner.at();
            scanner.skip_white();
            if slot.kind != Kind::Missing && scanner.peek() != Some(b':') {
                take(slot.value(json));
            }
        }
    }

    /// The facet or the headers as they came, if they are a string that was not taken apart, because it has too many items or
    /// stands beside a facet that is no string.
    pub fn untouched(&self, member: Member) -> Option<Value<'a>> {
        self.get(member).filter(|_| self.left.contains(member))
    }

    /// What [`EventView::get`] and the lists do not give: members that nobody knows, and known ones of a type that they
    /// should not have, unless they are null; and `more`, which a schema had no place for. The order is not the event's. A
    /// name may come more than once: the last one counts. Of an event with more than [`MAX_ITEMS`] of them, `more` and the
    /// event as a whole, under `event`.
    pub fn leftovers(&self, more: Members) -> impl Iterator<Item = Leftover<'a>> + use<'a> {
        let (line, reader) = (self.line, self.reader);
        let known = self.left.union(more).iter().filter_map(move |member| {
            Some(Leftover {
                section: member.section(),
                name: Name::Member(member),
                value: reader.slot(member)?.value(line),
            })
        });
        let whole = self.overflow.then_some(Leftover {
            section: Section::Event,
            name: Name::Event,
            value: Value::new(Kind::Composite, line, 0, line.len()),
        });
        let others = if self.overflow {
            &[]
        } else {
            reader.extras.as_slice()
        };
        let others = others.iter().filter_map(move |extra| {
            let counts = extra.section == Section::Event
                || reader.turns.get(extra.section as usize) == Some(&extra.turn);
            if !counts || extra.value.kind == Kind::Missing {
                return None;
            }
            Some(Leftover {
                section: extra.section,
                name: extra.name.map_or(Name::Section, |name| {
                    Name::Other(Value::new(
                        if name.escaped {
                            Kind::EscapedText
                        } else {
                            Kind::Text
                        },
                        line,
                        name.start,
                        name.end,
                    ))
                }),
                value: extra.value.value(line),
            })
        });
        known.chain(others).chain(whole)
    }
}
