//! An event, member by member.

use crate::decoder::Facts;
use crate::rules::Facet;

use super::rules::Row;
use super::{EventReader, Headers, Kind, Member, Members, Rules, Value, custom};

/// Number of rows up to the last one that has any data.
fn count_with_data(rows: &[Row]) -> usize {
    let is_empty = |row: &Row| row.iter().all(|span| span.start == span.end);
    let empty = rows.iter().rev().take_while(|row| is_empty(row)).count();
    rows.len().saturating_sub(empty)
}

/// An event, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct EventView<'a> {
    pub(super) line: &'a [u8],
    pub(super) reader: &'a EventReader,
    facts: Facts,
    rules: usize,
    /// Facets and headers that were not taken apart, and known members that are arrays or objects.
    pub(super) left: Members,
    /// Whether there were more than [`MAX_ITEMS`](crate::MAX_ITEMS) members that nobody knows.
    pub(super) overflow: bool,
}

impl<'a> EventView<'a> {
    pub(super) fn new(
        line: &'a [u8],
        reader: &'a EventReader,
        facts: Facts,
        left: Members,
        overflow: bool,
    ) -> Self {
        Self {
            line,
            reader,
            facts,
            rules: count_with_data(&reader.rows),
            left,
            overflow,
        }
    }

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
    /// in `attackData.rules`. Empty as well if there are more than [`MAX_ITEMS`](crate::MAX_ITEMS).
    pub fn rules(&self) -> Rules<'a> {
        Rules {
            rows: self.reader.rows.get(..self.rules).unwrap_or(&[]),
            text: self.reader.text.bytes(),
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
        let text = self.reader.text.bytes();
        Headers { entries, text }
    }

    /// The response's headers, likewise.
    pub fn response_headers(&self) -> Headers<'a> {
        let [_, entries] = &self.reader.headers;
        let text = self.reader.text.bytes();
        Headers { entries, text }
    }

    /// `custom` as JSON text without line feeds, its strings decoded as [`Decoder::decode`](crate::Decoder::decode) does.
    pub fn custom(&self) -> Option<&'a [u8]> {
        Some(self.reader.custom.as_slice()).filter(|json| !json.is_empty())
    }

    /// The strings, numbers and truth values in [`EventView::custom`], at any depth, in their order.
    pub fn custom_values(&self, take: impl FnMut(Value<'_>)) {
        custom::values(&self.reader.custom, take);
    }

    /// Names and values of the members of [`EventView::custom`], in their order; of anything but an object itself, without a
    /// name. A name may come more than once: the last one counts.
    pub fn custom_members(&self, take: impl FnMut(Option<Value<'_>>, Value<'_>)) {
        custom::members(&self.reader.custom, take);
    }

    /// The facet or the headers as they came, if they are a string that was not taken apart, because it has too many items or
    /// stands beside a facet that is no string.
    pub fn untouched(&self, member: Member) -> Option<Value<'a>> {
        self.get(member).filter(|_| self.left.contains(member))
    }
}
