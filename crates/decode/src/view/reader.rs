//! Takes an event apart.

use crate::decoder::{Facts, MAX_ITEMS, Scratch};
use crate::headers;
use crate::rules::Facet;
use crate::scan::{Malformed, Scanner, Text};
use crate::walk::{Found, epoch_ms};
use crate::writer::Kept;

use super::headers::Entry;
use super::member::Order;
use super::rules::{Budget, Row};
use super::{EventView, Kind, Member, Members, Section, Slot, custom, rules};

/// A member that no [`Member`] stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    pub section: Section,
    /// How many objects of that name came before; only those in the last one count.
    pub turn: u32,
    /// `None`: the section itself, because it is no object.
    pub name: Option<Text>,
    pub value: Slot,
}

/// Reads events one at a time, and keeps scratch memory between them. What an event is, [`Decoder`](crate::Decoder) says.
#[derive(Debug)]
pub struct EventReader {
    slots: [Slot; Member::COUNT],
    /// Those that were an array or an object at least once.
    composites: Members,
    pub(super) turns: [u32; Section::COUNT],
    pub(super) extras: Vec<Extra>,
    pub(super) rows: Vec<Row>,
    pub(super) headers: [Vec<Entry>; 2],
    /// What rows and headers are parts of.
    pub(super) text: Kept,
    pub(super) custom: Vec<u8>,
    order: Order,
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
            text: Kept::default(),
            custom: Vec::new(),
            order: Order::default(),
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
        if let Some(value) = custom {
            custom::read(line, &value, &found, &mut self.custom, &mut self.scratch);
        }
        let overflowed = u32::from(overflow);
        let facts = Facts {
            start_ms: found.start_ms,
            undecoded: budget.undecoded.saturating_add(overflowed),
        };
        Ok(EventView::new(line, self, facts, left, overflow))
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
                    let place = (section, turn);
                    return members(
                        scanner,
                        line,
                        place,
                        known,
                        &mut self.order,
                        &mut all_extras,
                    );
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

    pub(super) fn slot(&self, member: Member) -> Option<&Slot> {
        self.slots.get(member as usize)
    }

    fn read_rules(&mut self, line: &[u8], budget: &mut Budget, left: &mut Members) {
        self.rows.clear();
        let slots = Facet::ALL.map(|facet| self.slot(facet.member()).copied().unwrap_or_default());
        let [ids, others @ ..] = &slots;
        let is_text =
            |slot: &Slot| matches!(slot.kind, Kind::Missing | Kind::Text | Kind::EscapedText);
        if slots.iter().all(is_text) {
            if rules::facets(
                line,
                &slots,
                &mut self.rows,
                &mut self.text,
                &mut self.scratch,
                budget,
            ) {
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
                    let unescaped = &mut self.scratch.unescaped;
                    let value = slot.value(line);
                    let most = budget.items;
                    match headers::read(value, entries, &mut self.text, unescaped, most) {
                        Some(without_colon) => {
                            budget.items = most.saturating_sub(entries.len());
                            budget.undecoded = budget.undecoded.saturating_add(without_colon);
                        }
                        None => {
                            entries.clear();
                            budget.undecoded = budget.undecoded.saturating_add(1);
                            left.insert(member);
                        }
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
#[inline(never)]
fn members(
    scanner: &mut Scanner<'_>,
    line: &[u8],
    (section, turn): (Section, u32),
    (slots, composites): Known<'_>,
    order: &mut Order,
    extras: &mut Extras<'_>,
) -> Result<(), Malformed> {
    // A copy can be kept in registers.
    let mut inner = *scanner;
    let mut before = None;
    let mut more = !inner.is_empty_object();
    while more {
        if let Some(member) = order.usual(section, before, &mut inner) {
            before = Some(member);
            put((slots, composites), member, Slot::text(&mut inner)?);
        } else {
            let name = inner.member_name()?;
            let value = Slot::read(&mut inner, 2)?;
            match order.find(section, before, line, name) {
                Some(member) => {
                    before = Some(member);
                    put((slots, composites), member, value);
                }
                None => extras.push(section, turn, Some(name), value),
            }
        }
        more = inner.another_member()?;
    }
    *scanner = inner;
    Ok(())
}
