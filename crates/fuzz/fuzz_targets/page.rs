//! `cargo +nightly fuzz run page`: how a body is cut makes no difference, and memory is bounded. The first two bytes choose the
//! longest line and the size of the chunks.
#![no_main]

use edgesiem_decode::{Item, MultiJsonReader};
use libfuzzer_sys::fuzz_target;

fn read(body: &[u8], max: usize, chunk: usize) -> (Vec<(Vec<u8>, Option<(u32, bool)>)>, String) {
    let mut seen = Vec::new();
    let mut take = |item: Item<'_>| match item {
        Item::Event(line) => seen.push((line.to_vec(), None)),
        Item::Oversize { part, index, last } => seen.push((part.to_vec(), Some((index, last)))),
    };
    let mut reader = MultiJsonReader::new(max);
    for chunk in body.chunks(chunk) {
        reader.push(chunk, &mut take);
        assert!(reader.capacity() <= 2 * max);
    }
    let end = format!("{:?}", reader.finish(&mut take));
    (seen, end)
}

fuzz_target!(|input: &[u8]| {
    if let [max, chunk, body @ ..] = input {
        let (max, chunk) = (usize::from(*max) + 1, usize::from(*chunk) + 1);
        assert_eq!(read(body, max, chunk), read(body, max, body.len() + 1));
    }
});
