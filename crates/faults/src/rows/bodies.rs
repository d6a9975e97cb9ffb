//! Bodies of pages that are cut, damaged, or come in pieces.
//!
//! A cut body ends with an error of the network (chunked, with a length, or gzip) or as a whole one does
//! (close-delimited, or a proxy that ends what it has): to the pipeline there are these two. That every encoding ends as
//! one of them is the host's business and shown on the real runtime.

use super::{ALL, Row, Schedules};
use crate::case::{Blow, Case, SinkCase, Written};
use crate::simulate::simulate;
use crate::world::fault::SourceFault;
use crate::world::receiver::Kind;
use crate::world::reply::Ending;

pub(super) const ROWS: &[Row] = &[
    ("body cut at every byte, network error", ALL, |s| {
        cuts(s, Ending::Broken)
    }),
    ("body cut at every byte, clean end", ALL, |s| {
        cuts(s, Ending::Clean)
    }),
    (
        "body cut in pieces, and the run killed at every await point",
        ALL,
        cut_and_killed,
    ),
    ("every bit of every byte of a page flipped", ALL, flips),
    (
        "chunk boundary at every byte, and every chunk size",
        ALL,
        pieces,
    ),
];

fn page_bytes(case: &Case) -> usize {
    let simulated = simulate(case, false);
    let siem = simulated.world.siem.borrow();
    siem.first_body_bytes
}

fn cuts(schedules: &mut Schedules, ending: Ending) {
    let case = schedules.case().events(4);
    for at in 0..page_bytes(&case) {
        schedules.add(&case.clone().source_fault(0, SourceFault::Cut(at, ending)));
    }
    // What is left after the first events were delivered, and a page that is cut again and again.
    let mut pieces = schedules.case().events(5);
    pieces.batch_events = 1;
    for at in (0..page_bytes(&pieces)).step_by(7) {
        let cut = |case: Case, request| case.source_fault(request, SourceFault::Cut(at, ending));
        let in_pieces = (0..5).fold(pieces.clone(), |case, request| {
            cut(case, request).source_fault(request, SourceFault::Pieces(100, 5))
        });
        schedules.add(&in_pieces);
    }
}

fn cut_and_killed(schedules: &mut Schedules) {
    for ending in [Ending::Broken, Ending::Clean] {
        let mut case = schedules.case().events(5);
        for request in 0..2 {
            case = case
                .source_fault(request, SourceFault::Cut(700, ending))
                .source_fault(request, SourceFault::Pieces(200, 5));
        }
        for point in 0..schedules.points(&case) {
            schedules.add(&case.clone().blow(0, point, Blow::Kill));
        }
    }
}

/// All but the characters of the token: a damaged one is refused by the server, which knows its own.
fn flips(schedules: &mut Schedules) {
    let mut case = schedules.case().events(3);
    case.written = Written::Raw;
    case.sinks = vec![SinkCase::new(Kind::Bulk)];
    case.sinks[0].script.remember = true;
    let bytes = page_bytes(&case);
    // {"total":3,"offset":"c71a;000003-0001"}
    let token = bytes - 18..bytes - 2;
    for byte in (0..bytes).filter(|byte| !token.contains(byte)) {
        for bit in 0..8 {
            schedules.add(
                &case
                    .clone()
                    .source_fault(0, SourceFault::Flip { byte, bit }),
            );
        }
    }
}

fn pieces(schedules: &mut Schedules) {
    let case = schedules.case().events(4);
    let bytes = page_bytes(&case);
    for at in 1..bytes {
        schedules.add(&case.clone().source_fault(0, SourceFault::Split(at)));
    }
    for size in 1..=64 {
        schedules.add(&case.clone().source_fault(0, SourceFault::Pieces(size, 1)));
    }
}
