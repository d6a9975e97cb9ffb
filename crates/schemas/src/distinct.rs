//! Equal things in a list, found in n log n whatever the list: header names, tags and actions can be written by attackers.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Up to this many are compared each with each.
const FEW: usize = 24;

/// Links each thing of a list to the next equal one. It keeps its memory.
#[derive(Debug, Default)]
pub(crate) struct Distinct {
    links: Vec<Link>,
    signs: Vec<u64>,
}

/// Which texts are equal.
#[derive(Clone, Copy, Debug)]
enum Case {
    Matters,
    /// Not that of ASCII letters.
    Ignored,
}

/// A text that is compared so.
#[derive(Clone, Copy, Debug)]
struct Text<'t>(&'t [u8], Case);

/// Where else a thing is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// The next one equal to it.
    pub next: Option<usize>,
    /// Whether none before it is equal.
    pub is_first: bool,
}

impl Distinct {
    /// Takes in a list of the texts that `of` gives for the numbers below `count`.
    #[inline(always)]
    pub fn group<'t>(&mut self, count: usize, of: impl Fn(usize) -> &'t [u8]) {
        self.group_texts((0..count).map(&of));
    }

    /// Takes in a list of texts.
    #[inline(always)]
    pub fn group_texts<'t>(&mut self, texts: impl ExactSizeIterator<Item = &'t [u8]> + Clone) {
        self.link_equal(texts.map(|text| Text(text, Case::Matters)));
    }

    /// Likewise, where upper and lower case of ASCII are the same.
    #[inline(always)]
    pub fn group_ignoring_case<'t>(
        &mut self,
        texts: impl ExactSizeIterator<Item = &'t [u8]> + Clone,
    ) {
        self.link_equal(texts.map(|text| Text(text, Case::Ignored)));
    }

    #[inline(always)]
    fn link_equal<'t>(&mut self, mut texts: impl ExactSizeIterator<Item = Text<'t>> + Clone) {
        let count = texts.len();
        self.links.clear();
        let alone = Link {
            next: None,
            is_first: true,
        };
        self.links.resize(count, alone);
        if count > FEW {
            return link_many(&mut self.links, &mut texts);
        }
        self.signs.clear();
        self.signs.extend(texts.clone().map(Text::sign));
        let mut others = self.signs.as_slice();
        let mut first = 0_usize;
        while let [sign, rest @ ..] = others {
            // Hardly ever, so that nothing else is done for most.
            if rest.contains(sign) {
                // The next equal one is enough: it finds the one after itself.
                let text = texts.clone().nth(first);
                let mut after = texts.clone().enumerate().skip(first.saturating_add(1));
                if let Some((next, _)) = after.find(|(_, other)| Some(*other) == text) {
                    link(&mut self.links, first, next);
                }
            }
            others = rest;
            first = first.saturating_add(1);
        }
    }

    /// Of each thing of the list, in its order.
    pub fn links(&self) -> impl Iterator<Item = Link> {
        self.links.iter().copied()
    }

    /// The first of each kind, in the order of the list.
    pub fn firsts(&self) -> impl Iterator<Item = usize> {
        let links = self.links.iter().enumerate();
        links.filter_map(|(number, link)| link.is_first.then_some(number))
    }

    /// The next one equal to `number`.
    pub fn next(&self, number: usize) -> Option<usize> {
        self.links.get(number)?.next
    }

    /// The last one equal to `number`.
    pub fn last(&self, number: usize) -> usize {
        std::iter::successors(Some(number), |number| self.next(*number))
            .last()
            .unwrap_or(number)
    }
}

fn link(links: &mut [Link], from: usize, to: usize) {
    if let Some(link) = links.get_mut(from) {
        link.next = Some(to);
    }
    if let Some(link) = links.get_mut(to) {
        link.is_first = false;
    }
}

/// Only hostile events have so many: memory is taken for them alone, and the code for it is there once.
#[cold]
#[inline(never)]
fn link_many<'t>(links: &mut [Link], texts: &mut dyn Iterator<Item = Text<'t>>) {
    let mut last = BTreeMap::new();
    for (number, text) in texts.enumerate() {
        if let Some(before) = last.insert(text, number) {
            link(links, before, number);
        }
    }
}

impl Text<'_> {
    /// Differs for most texts that differ: their beginning, end and length.
    #[inline(always)]
    fn sign(self) -> u64 {
        let Self(text, case) = self;
        let word = |bytes: Option<&[u8; 4]>| {
            bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
        };
        let length = (text.len() as u64).rotate_left(24);
        let sign = (word(text.first_chunk()) << 32) ^ word(text.last_chunk()) ^ length;
        match case {
            Case::Matters => sign,
            // The bit in which the cases of a letter differ.
            Case::Ignored => sign | 0x2020_2020_2020_2020,
        }
    }
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.1 {
            Case::Matters => self.0.cmp(other.0),
            Case::Ignored => {
                let lower = |text: Self| text.0.iter().map(u8::to_ascii_lowercase);
                lower(*self).cmp(lower(*other))
            }
        }
    }
}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        match self.1 {
            Case::Matters => self.0 == other.0,
            Case::Ignored => self.0.eq_ignore_ascii_case(other.0),
        }
    }
}

impl Eq for Text<'_> {}

#[cfg(test)]
mod tests {
    use super::Distinct;

    #[test]
    fn equal_things_are_chained_in_order_whether_few_or_many() {
        for count in [0, 1, 7, 24, 25, 300] {
            let texts = ["", "a", "A", "aa", "Host", "hostHost", "host\0Host", "hOST"];
            let list: Vec<&str> = (0..count)
                .map(|number| texts[(number * number + number / 3) % 8])
                .collect();
            let mut distinct = Distinct::default();
            distinct.group(count, |number| list[number].as_bytes());
            let mut seen = vec![];
            for first in distinct.firsts() {
                let chain: Vec<usize> =
                    std::iter::successors(Some(first), |number| distinct.next(*number)).collect();
                let expected: Vec<usize> = (0..count).filter(|n| list[*n] == list[first]).collect();
                assert_eq!(chain, expected, "{count}");
                assert_eq!(Some(&distinct.last(first)), expected.last());
                seen.extend(chain);
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());

            distinct.group_ignoring_case(list.iter().map(|text| text.as_bytes()));
            for first in distinct.firsts() {
                let chain: Vec<usize> =
                    std::iter::successors(Some(first), |number| distinct.next(*number)).collect();
                let is_same = |n: &usize| list[*n].eq_ignore_ascii_case(list[first]);
                assert_eq!(chain, (0..count).filter(is_same).collect::<Vec<_>>());
            }
        }
    }
}
