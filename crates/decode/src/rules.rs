//! The rule facets of `attackData`: seven strings that each list one property of every rule become a list of rules.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::block::{Block, any_of, base64, load, same_letters, string_stops};
use crate::percent::{decode_into, hex_pair};
use crate::scan::Text;
use crate::view::Member;
use crate::writer::{LongLiteral, Writer, long_literal};
use crate::{MAX_ITEMS, Scratch};

/// One property of all rules that a request triggered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// `rules`: identifiers.
    Rules,
    /// `ruleVersions`.
    Versions,
    /// `ruleMessages`.
    Messages,
    /// `ruleTags`.
    Tags,
    /// `ruleData`: what in the request triggered the rule.
    Data,
    /// `ruleSelectors`: where in the request it was.
    Selectors,
    /// `ruleActions`.
    Actions,
}

impl Facet {
    /// All of them, in the order in which a decoded rule has them.
    pub const ALL: [Self; 7] = [
        Self::Rules,
        Self::Versions,
        Self::Messages,
        Self::Tags,
        Self::Data,
        Self::Selectors,
        Self::Actions,
    ];

    /// The facet that the member `name` of `attackData` holds.
    #[inline]
    pub fn from_member(name: &[u8]) -> Option<Self> {
        match name {
            b"rules" => Some(Self::Rules),
            b"ruleVersions" => Some(Self::Versions),
            b"ruleMessages" => Some(Self::Messages),
            b"ruleTags" => Some(Self::Tags),
            b"ruleData" => Some(Self::Data),
            b"ruleSelectors" => Some(Self::Selectors),
            b"ruleActions" => Some(Self::Actions),
            _ => None,
        }
    }

    /// The member of `attackData` that holds it.
    pub const fn member(self) -> Member {
        match self {
            Self::Rules => Member::Rules,
            Self::Versions => Member::RuleVersions,
            Self::Messages => Member::RuleMessages,
            Self::Tags => Member::RuleTags,
            Self::Data => Member::RuleData,
            Self::Selectors => Member::RuleSelectors,
            Self::Actions => Member::RuleActions,
        }
    }

    /// The facet that the member `name` of a decoded rule holds.
    pub(crate) fn from_rule_key(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.key() == name)
    }

    /// Name in a decoded rule.
    pub const fn key(self) -> &'static [u8] {
        match self {
            Self::Rules => b"rule",
            Self::Versions => b"ruleVersion",
            Self::Messages => b"ruleMessage",
            Self::Tags => b"ruleTag",
            Self::Data => b"ruleData",
            Self::Selectors => b"ruleSelector",
            Self::Actions => b"ruleAction",
        }
    }
}

/// Writes rules to `out` as a JSON array, and returns how many items were not base64.
///
/// Each facet is percent-decoded (`+` stays), split at `;`, and each item is read as base64: white space is passed
/// over, the URL-safe alphabet and missing padding are accepted. An item that is not base64 is kept as its text.
/// There are as many rules as the longest facet has items; a facet that has fewer is missing in the others, and one
/// that is empty as a whole is missing in all. Rules at the end that are empty in every facet are dropped: they come from
/// separators at the end. If a facet is given twice, the later one counts. Text that is not UTF-8 has U+FFFD where
/// it is not, and a sibling with the bytes in base64 (`ruleDataBase64`).
///
/// More than [`MAX_ITEMS`] rules are not taken apart: `None`, and nothing is written.
///
/// The rules are those of Akamai's "Configuration rule data" page, with the leniency that real events need.
///
/// ```
/// use edgesiem_decode::{Facet, decode_rules};
///
/// let mut out = Vec::new();
/// let facets = [(Facet::Actions, "YWxlcnQ%3d%3bZGVueQ%3d%3d"), (Facet::Rules, "OTUwMDAy%3bOTUwMDA2%3b")];
/// assert_eq!(decode_rules(&facets, &mut out), Some(0));
/// assert_eq!(out, br#"[{"rule":"950002","ruleAction":"alert"},{"rule":"950006","ruleAction":"deny"}]"#);
/// ```
pub fn decode_rules(facets: &[(Facet, &str)], out: &mut Vec<u8>) -> Option<u32> {
    let mut cursors = Cursors::default();
    let mut scratch = Scratch::default();
    for (facet, encoded) in facets {
        cursors.set_text(*facet, encoded.as_bytes(), &mut scratch);
    }
    let mut writer = Writer::new(
        out,
        facets
            .iter()
            .fold(0, |sum, (_, encoded)| encoded.len().saturating_add(sum)),
    );
    let undecoded = cursors.write(&[], &mut writer, &mut scratch, &mut { MAX_ITEMS });
    writer.finish();
    undecoded
}

/// What stands before the values of [`Facet::ALL`] in a rule. The first comma of a rule is overwritten.
const OPENINGS: [LongLiteral; 7] = [
    long_literal(b",\"rule\":\""),
    long_literal(b",\"ruleVersion\":\""),
    long_literal(b",\"ruleMessage\":\""),
    long_literal(b",\"ruleTag\":\""),
    long_literal(b",\"ruleData\":\""),
    long_literal(b",\"ruleSelector\":\""),
    long_literal(b",\"ruleAction\":\""),
];

/// Where the next item of a facet is.
#[derive(Clone, Copy, Default)]
pub(crate) enum Cursor {
    /// There is none.
    #[default]
    End,
    /// In the line, still percent-encoded; the string ends with a quote.
    Line { at: usize },
    /// In [`Scratch::text`], percent-decoded.
    Text { at: usize, end: usize },
}

/// The seven facets of one `attackData`.
#[derive(Default)]
pub(crate) struct Cursors([Cursor; 7]);

impl Cursors {
    /// A facet given by the string `value` of `line`.
    pub fn set(&mut self, facet: Facet, line: &[u8], value: Text, scratch: &mut Scratch) {
        if value.escaped {
            let mut memory = std::mem::take(&mut scratch.unescaped);
            self.set_text(facet, value.value_in(line, &mut memory), scratch);
            scratch.unescaped = memory;
        } else {
            let cursor = if value.start < value.end {
                Cursor::Line { at: value.start }
            } else {
                Cursor::End
            };
            self.put(facet, cursor);
        }
    }

    fn set_text(&mut self, facet: Facet, encoded: &[u8], scratch: &mut Scratch) {
        let at = scratch.text.len();
        decode_into(encoded, &mut scratch.text);
        let end = scratch.text.len();
        self.put(
            facet,
            if at < end {
                Cursor::Text { at, end }
            } else {
                Cursor::End
            },
        );
    }

    fn put(&mut self, facet: Facet, cursor: Cursor) {
        if let Some((_, to)) = Facet::ALL
            .iter()
            .zip(&mut self.0)
            .find(|(this, _)| **this == facet)
        {
            *to = cursor;
        }
    }

    /// Writes the array; see [`decode_rules`]. It may have `items_left` rules, which are then used up.
    pub fn write(
        mut self,
        line: &[u8],
        writer: &mut Writer<'_>,
        scratch: &mut Scratch,
        items_left: &mut usize,
    ) -> Option<u32> {
        let empty = writer.len();
        writer.byte(b'[');
        // What to return to when only empty rules follow.
        let mut end = writer.len();
        let mut undecoded = 0_u32;
        let mut rules = 0_usize;
        loop {
            let rule = writer.len();
            let mut members = rule;
            let mut has_data = false;
            if rules > 0 {
                writer.byte(b',');
                members = writer.len();
            }
            for ((facet, opening), cursor) in Facet::ALL.into_iter().zip(&OPENINGS).zip(&mut self.0)
            {
                if matches!(cursor, Cursor::End) {
                    continue;
                }
                writer.long_literal(opening);
                let value = writer.len();
                let decoded = match *cursor {
                    Cursor::End => true,
                    Cursor::Line { at } => match plain_item(line, at, writer) {
                        Some(next) => {
                            *cursor = next;
                            true
                        }
                        None => {
                            writer.back_to(value);
                            let (next, encoded) = find_item(line, at);
                            *cursor = next;
                            scratch.item.clear();
                            decode_into(encoded, &mut scratch.item);
                            let Scratch {
                                item,
                                bytes,
                                characters,
                                ..
                            } = &mut *scratch;
                            write_item(facet, item, characters, bytes, writer)
                        }
                    },
                    Cursor::Text { at, end } => {
                        let Scratch {
                            text,
                            bytes,
                            characters,
                            ..
                        } = &mut *scratch;
                        let rest = text.get(at..end).unwrap_or(&[]);
                        let length = memchr::memchr(b';', rest);
                        *cursor = length.map_or(Cursor::End, |length| Cursor::Text {
                            at: at.saturating_add(length).saturating_add(1),
                            end,
                        });
                        let item = rest.get(..length.unwrap_or(rest.len())).unwrap_or(&[]);
                        write_item(facet, item, characters, bytes, writer)
                    }
                };
                undecoded = undecoded.saturating_add(u32::from(!decoded));
                // More than the closing quote.
                has_data |= writer.len() > value.saturating_add(1);
            }
            if writer.len() == members {
                break;
            }
            rules = rules.saturating_add(1);
            if rules > *items_left {
                writer.back_to(empty);
                return None;
            }
            writer.patch(members, b'{');
            writer.byte(b'}');
            if has_data {
                end = writer.len();
            }
        }
        *items_left = items_left.saturating_sub(rules);
        writer.back_to(end);
        writer.byte(b']');
        Some(undecoded)
    }
}

/// The next item of a facet in the line, if it is clean base64 of ASCII text: written, with the closing quote, as it is
/// read.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the line, at most isize::MAX, and steps of at most 16"
)]
fn plain_item(line: &[u8], mut at: usize, writer: &mut Writer<'_>) -> Option<Cursor> {
    let characters = loop {
        let (bytes, foreign) = base64(load(line, at));
        let characters = (foreign.trailing_zeros() as usize).min(16);
        let length = characters * 3 / 4;
        let stops = string_stops(bytes) & ((1 << length) - 1);
        if stops == 0 {
            writer.block(bytes, length);
        } else {
            for byte in bytes.iter().take(length) {
                if *byte >= 0x80 {
                    return None;
                }
                writer.character(*byte);
            }
        }
        at += characters;
        if characters < 16 {
            break characters;
        }
    };
    writer.byte(b'"');
    item_end(line, at, characters)
}

/// What follows an item whose characters end at `at`, the last `characters` of them in the last block: padding, then a
/// separator or the end. `None` if it is anything else, so that this was no clean base64.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the line, at most isize::MAX, and steps of at most 16; padding is taken away as long as there is some"
)]
pub(crate) fn item_end(line: &[u8], mut at: usize, characters: usize) -> Option<Cursor> {
    // What nearly always follows: all of the padding, percent-encoded, and a separator or the end.
    if characters % 4 == 1 {
        return None;
    }
    let (usual, length) = USUAL_ENDS.get(characters % 4)?;
    let same = same_letters(load(line, at), *usual).trailing_ones() as usize;
    if same >= length + 3 {
        return Some(Cursor::Line {
            at: at + length + 3,
        });
    }
    if same >= *length && line.get(at + length) == Some(&b'"') {
        return Some(Cursor::End);
    }
    let mut padding = length / 3;
    loop {
        match line.get(at..)? {
            [b'=', ..] if padding > 0 => at += 1,
            [b'%', b'3', b'd' | b'D', ..] if padding > 0 => at += 3,
            [b'%', b'3', b'b' | b'B', ..] => return Some(Cursor::Line { at: at + 3 }),
            [b';', ..] => return Some(Cursor::Line { at: at + 1 }),
            [b'"', ..] => return Some(Cursor::End),
            _ => return None,
        }
        padding -= 1;
    }
}

/// By the number of characters after the last whole group of four: padding and separator, and the length of the padding.
/// One such character alone is not base64.
const USUAL_ENDS: &[(Block, usize); 4] = &[
    (*b"%3b             ", 0),
    (*b"                ", 0),
    (*b"%3d%3d%3b       ", 6),
    (*b"%3d%3b          ", 3),
];

/// The next item of a facet in the line, still percent-encoded, and what follows it.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "offsets into the line, at most isize::MAX, and steps of at most 16"
)]
pub(crate) fn find_item(line: &[u8], start: usize) -> (Cursor, &[u8]) {
    let mut at = start;
    let next = loop {
        let stops = any_of(load(line, at), b'%', b';', b'"');
        if stops == 0 && at < line.len() {
            at += 16;
            continue;
        }
        at += stops.trailing_zeros() as usize;
        match line.get(at..) {
            Some([b';', ..]) => break Cursor::Line { at: at + 1 },
            Some([b'%', digits @ ..]) => {
                if hex_pair(digits) == Some(b';') {
                    break Cursor::Line { at: at + 3 };
                }
                at += 1;
            }
            _ => break Cursor::End,
        }
    };
    (next, line.get(start..at).unwrap_or(&[]))
}

/// Standard alphabet, fewer `=` than canonical and bits after the last byte accepted.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Appends what the percent-decoded `item` encodes to `bytes`, or the item itself; false if it is not base64.
#[inline(never)]
pub(crate) fn decode_item(item: &[u8], characters: &mut Vec<u8>, bytes: &mut Vec<u8>) -> bool {
    let standard = item
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        });
    characters.clear();
    characters.extend(standard);
    let start = bytes.len();
    if LENIENT.decode_vec(&*characters, bytes).is_ok() {
        return true;
    }
    bytes.truncate(start);
    bytes.extend_from_slice(item);
    false
}

/// Any percent-decoded item, with the closing quote; false if it is not base64.
#[inline(never)]
fn write_item(
    facet: Facet,
    item: &[u8],
    characters: &mut Vec<u8>,
    bytes: &mut Vec<u8>,
    writer: &mut Writer<'_>,
) -> bool {
    bytes.clear();
    let decoded = decode_item(item, characters, bytes);
    writer.text_member(facet.key(), bytes);
    decoded
}
