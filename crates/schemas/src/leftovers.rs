//! Members of an event that a schema has no place for.

use std::ops::Range;

use edgesiem_decode::{EventView, Members};

use crate::distinct::Distinct;

/// Paths and values of what is left of an event, each path once. It keeps its memory.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    bytes: Vec<u8>,
    /// Path and value, as parts of `bytes`.
    spans: Vec<(Range<usize>, Range<usize>)>,
    distinct: Distinct,
}

impl Leftovers {
    /// Takes in what is left of `event`, and those of its members that are in `misfits`.
    pub fn read(&mut self, event: &EventView<'_>, misfits: Members) {
        self.bytes.clear();
        self.spans.clear();
        for leftover in event.leftovers(misfits) {
            let start = self.bytes.len();
            leftover.path(&mut self.bytes);
            let path = start..self.bytes.len();
            let value = leftover.value();
            value.pieces(|piece| self.bytes.extend_from_slice(piece));
            let value = path.end..self.bytes.len();
            self.spans.push((path, value));
        }
        let (bytes, spans) = (&self.bytes, &self.spans);
        self.distinct.group(spans.len(), |number| {
            part(bytes, spans.get(number).map(|(path, _)| path))
        });
    }

    /// Path and value as text, which may not be UTF-8. Of those of the same path the last value counts, in the place of the
    /// first.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.distinct.firsts().map(|first| {
            let path = self.spans.get(first).map(|(path, _)| path);
            let last = self.distinct.last(first);
            let value = self.spans.get(last).map(|(_, value)| value);
            (part(&self.bytes, path), part(&self.bytes, value))
        })
    }
}

fn part<'b>(bytes: &'b [u8], range: Option<&Range<usize>>) -> &'b [u8] {
    range
        .and_then(|range| bytes.get(range.clone()))
        .unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::Leftovers;
    use edgesiem_decode::{EventReader, Member, Members};

    #[test]
    fn each_path_is_there_once_with_its_last_value() {
        let line = br#"{"new":1,"attackData":{"x":"a\nb","policyId":{"odd":true}},"new":[2],"geo":7,"httpMessage":{"port":"http"}}"#;
        let mut reader = EventReader::default();
        let event = reader.read(line).unwrap();
        let mut misfits = Members::default();
        misfits.insert(Member::Port);
        let mut leftovers = Leftovers::default();
        leftovers.read(&event, misfits);
        let found: Vec<_> = leftovers
            .iter()
            .map(|(path, value)| [path, value].map(|text| std::str::from_utf8(text).unwrap()))
            .collect();
        let expected = [
            ["attackData.policyId", r#"{"odd":true}"#],
            ["httpMessage.port", "http"],
            ["new", "[2]"],
            ["attackData.x", "a\nb"],
            ["geo", "7"],
        ];
        assert_eq!(found, expected);

        leftovers.read(
            &EventReader::default().read(br#"{"type":""}"#).unwrap(),
            Members::default(),
        );
        assert_eq!(leftovers.iter().count(), 0);
    }
}
