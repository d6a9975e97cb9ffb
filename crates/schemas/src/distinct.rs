//! Equal things in a list, found in n log n whatever the list: header names, tags and actions can be written by attackers.

use std::cmp::Ordering;

/// Up to this many are compared each with each.
const FEW: usize = 24;

/// Links each thing of a list to the next equal one. It keeps its memory.
#[derive(Debug, Default)]
pub(crate) struct Distinct {
    links: Vec<Link>,
    signs: Vec<u64>,
    order: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    next: Option<usize>,
    is_first: bool,
}

impl Distinct {
    /// Takes in a list of the texts that `of` gives for the numbers below `count`.
    #[inline(always)]
    pub fn group<'t>(&mut self, count: usize, of: impl Fn(usize) -> &'t [u8]) {
        self.group_by(count, of, sign, |a, b| a.cmp(b));
    }

    /// Likewise, where upper and lower case of ASCII are the same.
    #[inline(always)]
    pub fn group_ignoring_case<'t>(&mut self, count: usize, of: impl Fn(usize) -> &'t [u8]) {
        // Letters differ in this bit between the cases, and other characters may well have the same sign.
        let sign = |text: &[u8]| sign(text) | 0x2020_2020_2020_2020;
        let lower = |text: &'t [u8]| text.iter().map(u8::to_ascii_lowercase);
        self.group_by(count, of, sign, |a, b| lower(a).cmp(lower(b)));
    }

    /// Texts that `compare` calls equal must have the same sign.
    #[inline(always)]
    fn group_by<'t>(
        &mut self,
        count: usize,
        of: impl Fn(usize) -> &'t [u8],
        sign: impl Fn(&[u8]) -> u64,
        compare: impl Fn(&'t [u8], &'t [u8]) -> Ordering,
    ) {
        self.links.clear();
        let alone = Link {
            next: None,
            is_first: true,
        };
        self.links.resize(count, alone);
        if count < 2 {
            return;
        }
        let is_same = |a: usize, b: usize| compare(of(a), of(b)).is_eq();
        if count <= FEW {
            self.signs.clear();
            self.signs.extend((0..count).map(|number| sign(of(number))));
            for (first, sign) in self.signs.iter().enumerate() {
                // The next equal one is enough: it finds the one after itself.
                let after = first.saturating_add(1);
                let mut others = self.signs.iter().enumerate().skip(after);
                let next = others.find(|(other, text)| *text == sign && is_same(*other, first));
                if let Some((next, _)) = next {
                    link(&mut self.links, first, next);
                }
            }
            return;
        }
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(0..count);
        order.sort_unstable_by(|a, b| compare(of(*a), of(*b)).then(a.cmp(b)));
        for (a, b) in order.iter().zip(order.iter().skip(1)) {
            if is_same(*a, *b) {
                link(&mut self.links, *a, *b);
            }
        }
        self.order = order;
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

/// Differs for most texts that differ: their beginning, end and length.
#[inline(always)]
fn sign(text: &[u8]) -> u64 {
    let word =
        |bytes: Option<&[u8; 4]>| bytes.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)));
    let length = (text.len() as u64).rotate_left(24);
    (word(text.first_chunk()) << 32) ^ word(text.last_chunk()) ^ length
}

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

            distinct.group_ignoring_case(count, |number| list[number].as_bytes());
            for first in distinct.firsts() {
                let chain: Vec<usize> =
                    std::iter::successors(Some(first), |number| distinct.next(*number)).collect();
                let is_same = |n: &usize| list[*n].eq_ignore_ascii_case(list[first]);
                assert_eq!(chain, (0..count).filter(is_same).collect::<Vec<_>>());
            }
        }
    }
}
