//! Dead letters: kept under a cap, byte for byte, found, sent again and deleted.

use edgesiem_model::{DeadLetter, Host, Store, StoreError, WhenFull};
use edgesiem_stores::Which;

use crate::bench::{Bench, cursor, key_of, letter, over_both};
use crate::support::block_on;

over_both! {
    a_letter_comes_back_as_it_was_kept
    a_letter_of_five_megabytes_comes_back_byte_for_byte
    a_letter_that_is_kept_again_replaces_itself_and_counts_once
    a_full_store_refuses_all_of_a_call_or_nothing
    letters_of_an_optional_sink_are_dropped_at_its_own_cap_and_hold_nothing_back
    every_letter_is_on_one_page_of_a_listing
    letters_are_taken_for_redelivery_up_to_a_number_of_bytes
    letters_are_deleted_by_name_by_sink_or_all
    sinks_with_odd_names_are_told_apart
}

fn keep<S: Store>(run: &S, letters: &[DeadLetter], when_full: WhenFull) -> Result<u64, StoreError> {
    block_on(run.keep_dead_letters(letters, when_full))
}

fn refused(numbers: std::ops::Range<u64>) -> Vec<DeadLetter> {
    numbers.map(|n| letter(n, Some("a"), b"raw")).collect()
}

fn all<B: Bench>(bench: &B) -> Vec<DeadLetter> {
    let page = bench.redeliver(Which::All, None, usize::MAX).unwrap();
    assert_eq!(page.after, None);
    page.letters
}

fn a_letter_comes_back_as_it_was_kept<B: Bench>(bench: &B) {
    let run = bench.begin();
    let mut letters = vec![
        letter(1, None, b""),
        letter(2, Some("a"), "text \u{1f600} \"quoted\"\r\n".as_bytes()),
        letter(3, Some("a"), &[0xff, 0, 0xc3]),
        letter(4, None, &[7; 3_000]),
    ];
    letters[3].part = Some(2);
    letters[3].line = 1 << 40;
    assert_eq!(keep(&run, &letters, WhenFull::Refuse), Ok(0));
    assert_eq!(all(bench), letters);
    for letter in &letters {
        let record = bench.one(&key_of(letter)).unwrap();
        assert_eq!(
            (record.bytes, record.line),
            (letter.raw.len() as u64, letter.line)
        );
        assert_eq!((record.part, record.page), (letter.part, cursor("p")));
        assert_eq!(record.kept_at, bench.host().now().to_rfc3339());
        assert!(!record.truncated);
        let json = serde_json::to_value(bench.one(&key_of(letter)).unwrap()).unwrap();
        assert!(json.get("truncated").is_none(), "{json}");
        let text = std::str::from_utf8(&letter.raw).is_ok_and(|text| !text.contains('\u{7}'));
        assert_eq!(json.get("raw").is_some(), text, "{json}");
        assert_eq!(json.get("raw_base64").is_some(), !text, "{json}");
    }
    assert_eq!(bench.one(&key_of(&letter(9, None, b""))), None);
    let counts = bench.status().dead_letters;
    let by_sink: Vec<_> = counts
        .by_sink
        .iter()
        .map(|(s, n)| (s.as_str(), *n))
        .collect();
    assert_eq!((counts.kept, by_sink), (4, vec![("-", 2), ("a", 2)]));
}

fn a_letter_of_five_megabytes_comes_back_byte_for_byte<B: Bench>(bench: &B) {
    let run = bench.begin();
    // No two pieces are the same, and none ends where a character does.
    let bytes: Vec<u8> = (0_u32..5_242_881 / 4)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .chain([1])
        .collect();
    let text = "0123456789é".repeat(480_000);
    for raw in [bytes, text.into_bytes()] {
        let letter = letter(1, None, &raw);
        let letters = std::slice::from_ref(&letter);
        assert_eq!(keep(&run, letters, WhenFull::Refuse), Ok(0));
        assert!(all(bench)[0].raw == raw);
        let whole = bench.one(&key_of(&letter)).unwrap();
        assert!(!whole.truncated);
        assert!(whole.raw.is_none_or(|text| text.as_bytes() == raw));
        let listed = bench.list(Which::All, None, 10).letters.remove(0);
        assert!(listed.truncated);
        assert_eq!(listed.bytes, raw.len() as u64);
        let shown = listed.raw.or(listed.raw_base64).unwrap();
        assert!((60_000..=90_000).contains(&shown.len()));
        assert_eq!(bench.delete(Which::All).deleted, 1);
        bench.wait();
    }
}

fn a_letter_that_is_kept_again_replaces_itself_and_counts_once<B: Bench>(bench: &B) {
    let run = bench.begin();
    let mut one = letter(1, Some("a"), b"raw");
    for reason in ["first", "second"] {
        one.reason = reason.to_owned();
        let twice = [one.clone(), one.clone()];
        bench.wait();
        assert_eq!(keep(&run, &twice[..1], WhenFull::Refuse), Ok(0));
        bench.wait();
        assert_eq!(keep(&run, &twice, WhenFull::Refuse), Ok(0));
    }
    assert_eq!(all(bench), [one.clone()]);
    // Longer bytes under the same id do not happen, and would not be mixed with the old ones.
    one.raw = vec![9; 2 << 20];
    bench.wait();
    keep(&run, &[one.clone()], WhenFull::Refuse).unwrap();
    assert!(all(bench) == [one]);
    assert_eq!(bench.status().dead_letters.kept, 1);
}

fn a_full_store_refuses_all_of_a_call_or_nothing<B: Bench>(bench: &B) {
    let run = bench.begin();
    assert_eq!(keep(&run, &refused(0..3), WhenFull::Refuse), Ok(0));
    let full = keep(&run, &refused(3..6), WhenFull::Refuse);
    assert_eq!(full, Err(StoreError::Full { kept: 3 }));
    assert_eq!(all(bench).len(), 3);
    // Those that are there already need no room.
    bench.wait();
    assert_eq!(keep(&run, &refused(0..5), WhenFull::Refuse), Ok(0));
    bench.wait();
    assert_eq!(keep(&run, &refused(0..5), WhenFull::Refuse), Ok(0));
    // Unreadable ones and those of another required sink count with them.
    let other = [letter(9, None, b"x")];
    let full = keep(&run, &other, WhenFull::Refuse);
    assert_eq!(full, Err(StoreError::Full { kept: 5 }));
    bench.delete(Which::These(&[key_of(&refused(2..3)[0])]));
    let run = bench.begin();
    assert_eq!(keep(&run, &other, WhenFull::Refuse), Ok(0));
    assert_eq!(all(bench).len(), 5);
}

fn letters_of_an_optional_sink_are_dropped_at_its_own_cap_and_hold_nothing_back<B: Bench>(
    bench: &B,
) {
    let run = bench.begin();
    let optional = |sink: &str, numbers: std::ops::Range<u64>| -> Vec<DeadLetter> {
        numbers.map(|n| letter(n, Some(sink), b"raw")).collect()
    };
    assert_eq!(keep(&run, &optional("o", 0..7), WhenFull::Drop), Ok(2));
    bench.wait();
    assert_eq!(keep(&run, &optional("o", 3..8), WhenFull::Drop), Ok(3));
    assert_eq!(keep(&run, &optional("p", 0..4), WhenFull::Drop), Ok(0));
    // Nine of them are no reason to refuse one.
    assert_eq!(keep(&run, &refused(0..5), WhenFull::Refuse), Ok(0));
    let full = keep(&run, &refused(5..6), WhenFull::Refuse);
    assert_eq!(full, Err(StoreError::Full { kept: 5 }));
    // The next run counts what is there.
    let run = bench.begin();
    assert_eq!(keep(&run, &optional("o", 7..9), WhenFull::Drop), Ok(2));
    assert_eq!(keep(&run, &optional("p", 4..6), WhenFull::Drop), Ok(1));
    let counts = bench.status().dead_letters;
    let by_sink: Vec<_> = counts
        .by_sink
        .iter()
        .map(|(s, n)| (s.as_str(), *n))
        .collect();
    assert_eq!(
        (counts.kept, by_sink),
        (15, vec![("a", 5), ("o", 5), ("p", 5)])
    );
}

fn every_letter_is_on_one_page_of_a_listing<B: Bench>(bench: &B) {
    let run = bench.begin();
    let letters: Vec<DeadLetter> = (0..5)
        .map(|n| letter(n, Some(if n % 2 == 0 { "a" } else { "b" }), b"raw"))
        .collect();
    keep(&run, &letters, WhenFull::Refuse).unwrap();
    let optional: Vec<DeadLetter> = (0..4).map(|n| letter(n, Some("o"), b"raw")).collect();
    keep(&run, &optional, WhenFull::Drop).unwrap();
    let named: Vec<_> = letters.iter().map(key_of).collect();
    for (which, count) in [
        (Which::All, 9),
        (Which::Sink(Some("a")), 3),
        (Which::Sink(Some("o")), 4),
        (Which::Sink(None), 0),
        (Which::These(&named), 5),
    ] {
        for limit in [0, 1, 2, 3, 50, 1_000] {
            let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
            loop {
                let page = bench.list(which, after.as_deref(), limit);
                assert!(page.letters.len() <= limit.max(1));
                seen.extend(
                    page.letters
                        .iter()
                        .map(|letter| (letter.id, letter.sink.clone())),
                );
                pages += 1;
                assert!(pages < 100, "{which:?} {limit}");
                match page.after {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            assert_eq!(seen.len(), count, "{which:?} {limit}");
            let sorted = seen.iter().collect::<std::collections::BTreeSet<_>>();
            assert_eq!(sorted.len(), count, "{which:?} {limit}");
        }
    }
    let foreign = bench.redeliver(Which::All, Some("made up"), 1);
    assert!(matches!(foreign, Err(StoreError::Failed(_))), "{foreign:?}");
}

fn letters_are_taken_for_redelivery_up_to_a_number_of_bytes<B: Bench>(bench: &B) {
    let run = bench.begin();
    let letters: Vec<DeadLetter> = (0..5).map(|n| letter(n, None, &[b'x'; 100])).collect();
    keep(&run, &letters, WhenFull::Refuse).unwrap();
    let named: Vec<_> = letters.iter().map(key_of).collect();
    for which in [Which::All, Which::These(&named)] {
        for (max_bytes, at_once) in [(1, 1), (100, 1), (101, 2), (400, 4), (10_000, 5)] {
            let (mut taken, mut after) = (Vec::new(), None);
            loop {
                let page = bench.redeliver(which, after.as_deref(), max_bytes).unwrap();
                assert!(page.letters.len() <= at_once, "{max_bytes}");
                taken.extend(page.letters);
                match page.after {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            assert_eq!(taken, letters, "{which:?} {max_bytes}");
        }
    }
}

fn letters_are_deleted_by_name_by_sink_or_all<B: Bench>(bench: &B) {
    let run = bench.begin();
    let letters = [
        letter(1, Some("a"), b"1"),
        letter(1, Some("b"), b"1"),
        letter(2, None, b"2"),
        letter(3, Some("a"), b"3"),
    ];
    keep(&run, &letters, WhenFull::Refuse).unwrap();
    keep(&run, &[letter(4, Some("o"), b"4")], WhenFull::Drop).unwrap();
    let kept = || -> Vec<u64> { all(bench).iter().map(|letter| letter.line).collect() };
    let named = [key_of(&letters[1])];
    assert_eq!(bench.delete(Which::These(&named)).deleted, 1);
    assert_eq!(kept(), [1, 2, 3, 4]);
    let gone = bench.delete(Which::Sink(Some("a")));
    assert_eq!((gone.deleted, gone.more), (2, false));
    assert_eq!(kept(), [2, 4]);
    assert_eq!(bench.delete(Which::Sink(None)).deleted, 1);
    assert_eq!(kept(), [4]);
    assert_eq!(bench.delete(Which::All).deleted, 1);
    assert_eq!(bench.delete(Which::All).deleted, 0);
    assert_eq!(bench.status().dead_letters.kept, 0);
    // There is room again.
    bench.wait();
    let run = bench.begin();
    keep(&run, &refused(0..5), WhenFull::Refuse).unwrap();
}

fn sinks_with_odd_names_are_told_apart<B: Bench>(bench: &B) {
    let run = bench.begin();
    let names = [None, Some("-"), Some("%2D"), Some("a/b"), Some("a%2Fb")];
    let letters: Vec<DeadLetter> = names.iter().map(|name| letter(1, *name, b"1")).collect();
    keep(&run, &letters, WhenFull::Refuse).unwrap();
    for letter in &letters {
        let record = bench.one(&key_of(letter)).unwrap();
        assert_eq!(record.sink, letter.sink);
        let of_sink = bench.list(Which::Sink(letter.sink.as_deref()), None, 9);
        assert_eq!(of_sink.letters, [record]);
    }
}
