//! How fast the lines of a file are decoded, or only parsed by others: `edgesiem-bench-parsers FILE ROUNDS`.
//!
//! Prints one line of JSON a contestant: `rounds` has the seconds of each round, `seconds` the sum of the quickest time of each
//! piece of the file. They take turns piece by piece, and pieces are short enough to be left alone now and then on a machine that
//! has other things to do, so that `seconds` can be compared there too. The parsers build their value of each line and drop it;
//! none is asked for anything in it. What the sinks compress requests with takes its turn too. Copies that simd-json needs,
//! because it unescapes in place, are made before the clock runs.

use std::hint::black_box;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use edgesiem_decode::Decoder;
use flate2::Compression;
use flate2::write::GzEncoder;

const NAMES: [&str; 4] = [
    "native-decode-tuned",
    "simd-json-parse",
    "sonic-rs-parse",
    "native-gzip-fast",
];
const PIECE_BYTES: usize = 256 * 1024;

#[derive(Default)]
struct Measured {
    rounds: Vec<f64>,
    best: Vec<Duration>,
    events: usize,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (path, rounds) = (arguments.next(), arguments.next());
    let rounds = rounds.and_then(|rounds| rounds.parse::<u32>().ok());
    let (Some(path), Some(rounds)) = (path, rounds) else {
        eprintln!("usage: edgesiem-bench-parsers FILE ROUNDS");
        return ExitCode::from(2);
    };
    let body = match std::fs::read(&path) {
        Ok(body) => body,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    let pieces = pieces(&body);
    let mut all = NAMES.map(|_| Measured::default());
    // Once to warm up, then to measure.
    for round in 0..=rounds {
        let mut seconds = NAMES.map(|_| Duration::ZERO);
        let mut events = NAMES.map(|_| 0);
        for (number, piece) in pieces.iter().enumerate() {
            for (contestant, name) in NAMES.iter().enumerate() {
                let mut copy = piece.to_vec();
                let started = Instant::now();
                events[contestant] += run(name, &mut copy);
                let took = started.elapsed();
                seconds[contestant] += took;
                let best = &mut all[contestant].best;
                match best.get_mut(number) {
                    Some(best) => *best = took.min(*best),
                    None => best.push(took),
                }
            }
        }
        for ((measured, seconds), events) in all.iter_mut().zip(seconds).zip(events) {
            measured.events = events;
            if round > 0 {
                measured.rounds.push(seconds.as_secs_f64());
            }
        }
    }
    for (measured, name) in all.iter().zip(NAMES) {
        let Measured {
            rounds,
            best,
            events,
        } = measured;
        let seconds = best.iter().sum::<Duration>().as_secs_f64();
        println!(
            r#"{{"name":"{name}","bytes":{},"events":{events},"seconds":{seconds:.5},"rounds":{rounds:.5?}}}"#,
            body.len()
        );
    }
    ExitCode::SUCCESS
}

/// The file in pieces of whole lines.
fn pieces(mut body: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while !body.is_empty() {
        let end = body
            .iter()
            .skip(PIECE_BYTES)
            .position(|byte| *byte == b'\n')
            .map_or(body.len(), |end| PIECE_BYTES + end + 1);
        let (piece, rest) = body.split_at(end);
        pieces.push(piece);
        body = rest;
    }
    pieces
}

/// How many lines were accepted.
fn run(name: &str, body: &mut [u8]) -> usize {
    if name == "native-gzip-fast" {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let written = encoder.write_all(body).and_then(|()| encoder.finish());
        let lines = body.iter().filter(|byte| **byte == b'\n').count();
        return black_box(written).map_or(0, |_| lines);
    }
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    let mut buffers = simd_json::Buffers::default();
    let lines = body.split_mut(|byte| *byte == b'\n');
    lines
        .filter(|line| !line.is_empty())
        .filter_map(|line| match name {
            "simd-json-parse" => simd_json::to_borrowed_value_with_buffers(line, &mut buffers)
                .ok()
                .map(|value| drop(black_box(value))),
            "sonic-rs-parse" => sonic_rs::from_slice::<sonic_rs::Value>(line)
                .ok()
                .map(|value| drop(black_box(value))),
            _ => {
                out.clear();
                decoder.decode(line, &mut out).ok()?;
                black_box(&out);
                Some(())
            }
        })
        .count()
}
