//! What schemas have no place for.

use super::{EventView, Kind, Member, Members, Section, Value};

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

impl<'a> EventView<'a> {
    /// What [`EventView::get`] and the lists do not give: members that nobody knows, and known ones of a type that they
    /// should not have, unless they are null; and `more`, which a schema had no place for. The order is not the event's. A
    /// name may come more than once: the last one counts. Of an event with more than [`MAX_ITEMS`](crate::MAX_ITEMS) of them, `more` and the
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
                    Name::Other(Value::of_text(&name, line))
                }),
                value: extra.value.value(line),
            })
        });
        known.chain(others).chain(whole)
    }
}
