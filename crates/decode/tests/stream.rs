//! Lines and pages are the same however the stream is cut, and memory is bounded.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected must fail"
)]

use edgesiem_decode::{Item, LineFramer, MultiJsonReader, RawLine};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Bytes of a line; of a part of one, its number and whether it is the last.
type Piece = (Vec<u8>, Option<(u32, bool)>);

/// What a framer makes of a stream: whole lines, and oversize ones as parts.
fn lines(stream: &[u8], cuts: &[usize], max: usize) -> (Vec<Piece>, usize) {
    let mut seen = Vec::new();
    let mut framer = LineFramer::new(max);
    let mut capacity = 0;
    let mut take = |line: RawLine<'_>| match line {
        RawLine::Whole(bytes) => seen.push((bytes.to_vec(), None)),
        RawLine::Part { bytes, index, last } => seen.push((bytes.to_vec(), Some((index, last)))),
    };
    for chunk in chunks(stream, cuts) {
        framer.push(chunk, &mut take);
        capacity = capacity.max(framer.capacity());
    }
    framer.finish(&mut take);
    (seen, capacity)
}

fn items(stream: &[u8], cuts: &[usize], max: usize) -> (Vec<Piece>, String, usize) {
    let mut seen = Vec::new();
    let mut reader = MultiJsonReader::new(max);
    let mut capacity = 0;
    let mut take = |item: Item<'_>| match item {
        Item::Event(bytes) => seen.push((bytes.to_vec(), None)),
        Item::Oversize { part, index, last } => seen.push((part.to_vec(), Some((index, last)))),
    };
    for chunk in chunks(stream, cuts) {
        reader.push(chunk, &mut take);
        capacity = capacity.max(reader.capacity());
    }
    let end = format!("{:?}", reader.finish(&mut take));
    (seen, end, capacity)
}

/// The stream, cut at `cuts`.
fn chunks<'a>(stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.push(stream.len());
    cuts.sort_unstable();
    let mut from = 0;
    cuts.into_iter()
        .map(|cut| &stream[std::mem::replace(&mut from, cut)..cut])
        .collect()
}

/// Lines of all kinds, some of them longer than 40 bytes.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        "\\{\"type\":\"[a-zé€😀]{0,30}\"\\}",
        Just(r#"{"offset":"318d8"}"#.to_owned()),
        "[ \t\r]{0,50}",
        "[ \t]{0,3}[a-zé ]{0,90}[ \t\r]{0,3}",
    ];
    let line = prop_oneof![9 => line.prop_map(String::into_bytes), 1 => vec(any::<u8>(), 0..60)];
    (
        vec((line, select(vec!["\n", "\r\n", "\n\n"])), 0..8),
        any::<bool>(),
    )
        .prop_map(|(lines, ended)| {
            let mut stream = Vec::new();
            for (line, end) in lines {
                stream.extend_from_slice(&line);
                stream.extend_from_slice(end.as_bytes());
            }
            if !ended {
                stream.pop();
            }
            stream
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn how_a_stream_is_cut_makes_no_difference(stream in stream(), cuts in vec(any::<usize>(), 0..12), max in 1..60_usize) {
        let one_by_one: Vec<usize> = (0..=stream.len()).collect();
        let (whole, _) = lines(&stream, &[], max);
        let (whole_items, end, _) = items(&stream, &[], max);
        for cuts in [&cuts, &one_by_one] {
            let (cut, capacity) = lines(&stream, cuts, max);
            prop_assert_eq!(&cut, &whole);
            prop_assert!(capacity <= max, "{} of {}", capacity, max);
            let (cut_items, cut_end, capacity) = items(&stream, cuts, max);
            prop_assert_eq!(&cut_items, &whole_items);
            prop_assert_eq!(&cut_end, &end);
            prop_assert!(capacity <= 2 * max, "{} of {}", capacity, max);
        }
    }

    #[test]
    fn the_framer_agrees_with_splitting_the_whole_stream(stream in stream(), max in 1..60_usize) {
        let white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
        let mut expected = Vec::new();
        for line in stream.split(|byte| *byte == b'\n') {
            let line = &line[line.iter().take_while(|byte| white(byte)).count()..];
            if line.len() <= max {
                let line = &line[..line.len() - line.iter().rev().take_while(|byte| white(byte)).count()];
                if !line.is_empty() {
                    expected.push((line.to_vec(), None));
                }
            } else {
                let parts = line.len().div_ceil(max);
                expected.extend(line.chunks(max).zip(0_u32..).map(|(part, index)| (part.to_vec(), Some((index, index as usize + 1 == parts)))));
            }
        }
        prop_assert_eq!(lines(&stream, &[], max).0, expected.clone());

        // The reader hands out the same, but for a last line that is not oversize.
        if expected.last().is_some_and(|(_, part)| part.is_none()) {
            expected.pop();
        }
        prop_assert_eq!(items(&stream, &[], max).0, expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), cuts in vec(any::<usize>(), 0..4), max in 0..64_usize) {
        let (_, _, capacity) = items(&bytes, &cuts, max);
        prop_assert!(capacity <= 2 * max.max(1));
    }
}
