//! How fast a file of events is framed, checked or decoded:
//! `cargo run --release -p edgesiem-decode --example throughput -- FILE [decode|check|frame]`.
//!
//! Prints one line of JSON. `checksum` is FNV-1a over the length and the first and last 8 bytes of each output, enough to see
//! that two builds did the same work without measuring the checksum instead.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program, not a part of the library"
)]

use std::process::ExitCode;
use std::time::Instant;

use edgesiem_decode::{Decoder, LineFramer, RawLine};

const CHUNK_BYTES: usize = 256 * 1024;
const MAX_LINE_BYTES: usize = 6 << 20;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_default();
    let name = arguments.next().unwrap_or_else(|| "decode".to_owned());
    let body = match std::fs::read(&path) {
        Ok(body) if matches!(name.as_str(), "decode" | "check" | "frame") => body,
        Ok(_) => return usage("the second argument is decode, check or frame"),
        Err(error) => return usage(&format!("{path}: {error}")),
    };
    // Once to warm up, once to measure.
    run(&body, &name);
    let started = Instant::now();
    let result = run(&body, &name);
    let seconds = started.elapsed().as_secs_f64();
    let Run {
        events,
        refused,
        checksum,
    } = result;
    println!(
        r#"{{"name":"{name}","bytes":{},"events":{events},"refused":{refused},"seconds":{seconds:.4},"checksum":"{checksum:016x}"}}"#,
        body.len()
    );
    ExitCode::SUCCESS
}

fn usage(problem: &str) -> ExitCode {
    eprintln!("{problem}\nusage: throughput FILE [decode|check|frame]");
    ExitCode::from(2)
}

#[derive(Default)]
struct Run {
    events: u64,
    refused: u64,
    checksum: u64,
}

fn run(body: &[u8], name: &str) -> Run {
    let mut result = Run {
        checksum: 0xcbf2_9ce4_8422_2325,
        ..Run::default()
    };
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    let mut take = |line: RawLine<'_>| {
        let RawLine::Whole(line) = line else { return };
        out.clear();
        let accepted = match name {
            "decode" => decoder.decode(line, &mut out).is_ok(),
            "check" => decoder.copy(line, &mut out).is_ok(),
            _ => {
                out.extend_from_slice(line);
                true
            }
        };
        result.events = result.events.wrapping_add(1);
        result.refused = result.refused.wrapping_add(u64::from(!accepted));
        let ends = [out.first_chunk::<8>(), out.last_chunk::<8>()]
            .map(|end| end.map_or(0, |end| u64::from_le_bytes(*end)));
        for word in [out.len() as u64, ends[0], ends[1]] {
            result.checksum = (result.checksum ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    let mut framer = LineFramer::new(MAX_LINE_BYTES);
    for chunk in body.chunks(CHUNK_BYTES) {
        framer.push(chunk, &mut take);
    }
    framer.finish(&mut take);
    result
}
