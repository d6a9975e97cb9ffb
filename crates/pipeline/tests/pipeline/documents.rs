//! Lines that give several documents or none, and events that are too large for a sink.

use edgesiem_model::{
    BatchLimits, Cursor, DeadLetter, Embedding, EventFacts, EventId, Schema, Unreadable,
};
use edgesiem_pipeline::{Destination, redeliver};
use edgesiem_testkit::{Reply, ScriptedSink, page};

use crate::case::Case;

/// Every word of a line is a document; a line that begins with `#` is filtered.
struct Words;

impl Schema for Words {
    fn name(&self) -> &'static str {
        "words"
    }

    fn convert(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<EventFacts, Unreadable> {
        out.extend_from_slice(line);
        Ok(EventFacts {
            filtered: line.first() == Some(&b'#'),
            ..EventFacts::default()
        })
    }

    fn convert_parts(
        &mut self,
        line: &[u8],
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<EventFacts, Unreadable> {
        let filtered = line.first() == Some(&b'#');
        for word in line.split(|byte| *byte == b' ').filter(|_| !filtered) {
            out.extend_from_slice(word);
            ends.push(out.len());
        }
        Ok(EventFacts {
            filtered,
            ..EventFacts::default()
        })
    }
}

fn letters(case: &Case) -> Vec<DeadLetter> {
    case.world.letters.borrow().values().cloned().collect()
}

const PAGE: &[&str] = &["a1 a2 a3", "b1", "# not this one", "c1 c2", "d1"];

#[test]
fn documents_arrive_once_within_the_sinks_limits_and_filtered_lines_are_counted() {
    for most in 1..8 {
        let case = Case::new()
            .sink("a", most, |_, _| None)
            .source(|_, _| Reply::new(200, page(PAGE, "1", false)));
        let outcome = case.run_with(&mut Words);
        outcome.result.unwrap();
        let report = &outcome.report;
        assert_eq!(
            (report.fetched, report.delivered, report.filtered),
            (5, 4, 1)
        );
        assert_eq!(
            (case.received.unique("a"), case.received.most_often("a")),
            (7, 1)
        );
        let counters = case.world.checkpoint().unwrap().counters;
        assert_eq!(
            (counters.fetched, counters.delivered, counters.filtered),
            (5, 4, 1)
        );
        let requests = case.world.requests.borrow();
        for request in requests.iter().filter(|it| it.endpoint.host() == "a.test") {
            let words = request.body.split(|byte| *byte == b'\n').count();
            assert!(
                words <= most,
                "{words} documents in a request of at most {most}"
            );
        }
    }
}

#[test]
fn a_line_of_which_a_document_is_refused_becomes_one_dead_letter_that_is_sent_again_whole() {
    let case = Case::new()
        .sink("a", 100, |_, body| {
            let poison = ["a2", "a3"].iter().any(|word| body.contains(word));
            poison.then(|| Reply::new(422, ""))
        })
        .source(|_, _| Reply::new(200, page(PAGE, "1", false)));
    let outcome = case.run_with(&mut Words);
    outcome.result.unwrap();
    assert_eq!(outcome.report.dead_lettered, 1);
    let letters = letters(&case);
    let raw: Vec<_> = letters
        .iter()
        .map(|letter| String::from_utf8_lossy(&letter.raw).into_owned())
        .collect();
    // The documents beside the refused ones are delivered.
    assert_eq!(
        (raw, case.received.unique("a")),
        (vec!["a1 a2 a3".to_owned()], 5)
    );

    let again = Case::new().sink("a", 2, |_, _| None);
    let stream = again.stream();
    let done = again.world.clock.run(redeliver(
        &again.world,
        &again.world,
        &stream,
        &mut Words,
        &letters,
        again.budget,
    ));
    assert_eq!((done.accepted, again.received.unique("a")), (vec![0], 3));
}

#[test]
fn a_dead_letter_that_the_filter_leaves_out_by_now_is_not_called_delivered() {
    let case = Case::new().sink("a", 2, |_, _| None);
    let letter = DeadLetter {
        page: Cursor("x".into()),
        line: 0,
        part: None,
        id: EventId::from_bytes([1; 16]),
        reason: "x".to_owned(),
        sink: Some("a".to_owned()),
        raw: b"# x".to_vec(),
    };
    let stream = case.stream();
    let done = case.world.clock.run(redeliver(
        &case.world,
        &case.world,
        &stream,
        &mut Words,
        &[letter],
        case.budget,
    ));
    assert_eq!((done.accepted.len(), done.refused.len()), (0, 1));
    assert!(done.refused[0].1.contains("filter"), "{:?}", done.refused);
}

#[test]
fn an_event_that_is_larger_than_a_sink_takes_is_refused_without_being_sent() {
    for (embedding, most, sent) in [
        (Embedding::Verbatim, 9, 4),
        (Embedding::Verbatim, 8, 3),
        // Quotes count twice.
        (Embedding::JsonString, 9, 3),
        (Embedding::JsonString, 11, 4),
    ] {
        let mut case = Case::new().sink("a", 50, |_, _| None).source(|_, _| {
            Reply::new(
                200,
                page(&["one", "\"seven\"", "three", "fifteen8"], "1", false),
            )
        });
        case.sinks = vec![Destination::new(
            Box::new(ScriptedSink {
                name: "a".to_owned(),
                limits: BatchLimits {
                    bytes_per_event: 1,
                    max_event_bytes: most,
                    embedding,
                    ..BatchLimits::new(50, 1000)
                },
            }),
            true,
        )];
        let outcome = case.run();
        outcome.result.unwrap();
        assert_eq!(case.received.unique("a"), sent, "{embedding:?} {most}");
        let letters = letters(&case);
        assert_eq!(letters.len(), 4 - sent);
        for letter in letters {
            assert!(letter.reason.contains("bytes"), "{}", letter.reason);
        }
        assert_eq!(outcome.report.posts, 1);
    }
}

#[test]
fn ids_of_documents_differ_and_the_first_is_that_of_the_line() {
    let line = EventId::from_bytes([7; 16]);
    let ids: std::collections::BTreeSet<EventId> = (0..1000).map(|n| line.document(n)).collect();
    assert_eq!((ids.len(), line.document(0)), (1000, line));
}

#[test]
fn a_line_with_more_refused_documents_than_dead_letters_are_allowed_is_one_dead_letter() {
    let mut case = Case::new()
        .sink("a", 100, |_, body| {
            body.contains('a').then(|| Reply::new(422, ""))
        })
        .source(|_, _| Reply::new(200, page(&["a1 a2 a3 a4 a5", "b1"], "1", false)));
    case.limits.max_dead_letters = 2;
    let outcome = case.run_with(&mut Words);
    outcome.result.unwrap();
    assert_eq!((letters(&case).len(), case.received.unique("a")), (1, 1));
}

#[test]
fn events_that_are_too_large_do_not_count_as_a_sign_of_the_wrong_schema() {
    let mut case = Case::new().sink("a", 50, |_, _| None).source(|_, _| {
        Reply::new(
            200,
            page(&["long one", "long two", "long 3", "x"], "1", false),
        )
    });
    case.limits.max_dead_letters = 2;
    case.sinks = vec![Destination::new(
        Box::new(ScriptedSink {
            name: "a".to_owned(),
            limits: BatchLimits {
                max_event_bytes: 3,
                ..BatchLimits::new(50, 1000)
            },
        }),
        true,
    )];
    let outcome = case.run();
    outcome.result.unwrap();
    assert_eq!((letters(&case).len(), case.received.unique("a")), (3, 1));
}

#[test]
fn a_line_is_held_once_however_many_documents_it_gives() {
    let line = format!("{}a", "a ".repeat(10_000));
    let mut batch = edgesiem_model::Batch::default();
    for number in 0..10_000 {
        let id = EventId::from_bytes([1; 16]);
        batch.push(&edgesiem_model::Event {
            id: id.document(number),
            line_id: id,
            line: 0,
            time: None,
            raw: line.as_bytes(),
            document: b"a",
        });
    }
    assert_eq!((batch.len(), batch.raw_bytes()), (10_000, line.len()));
    assert!(
        batch
            .view()
            .events()
            .all(|event| event.raw == line.as_bytes())
    );
}
