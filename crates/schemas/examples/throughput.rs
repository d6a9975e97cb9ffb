//! How fast a file of events is converted: `cargo run --release -p edgesiem-schemas --example schema-throughput -- FILE [SCHEMA…]`.
//!
//! Prints one line of JSON a schema, all of them if none is named. They take turns, so that whatever disturbs the machine
//! disturbs all of them, and the best of the rounds counts. `checksum` is FNV-1a over the length and the first and last 8
//! bytes of each document, enough to see that two builds did the same work without measuring the checksum instead.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program, not a part of the library"
)]

use std::process::ExitCode;
use std::time::Instant;

use edgesiem_decode::{LineFramer, RawLine};
use edgesiem_model::Schema;
use edgesiem_schemas::{NAMES, by_name};

const CHUNK_BYTES: usize = 256 * 1024;
const MAX_LINE_BYTES: usize = 6 << 20;
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_default();
    let mut names: Vec<String> = arguments.collect();
    if names.is_empty() {
        names = NAMES.iter().map(|name| (*name).to_owned()).collect();
    }
    let body = match std::fs::read(&path) {
        Ok(body) => body,
        Err(error) => return usage(&format!("{path}: {error}")),
    };
    let mut contestants = Vec::new();
    for name in names {
        match by_name(&name) {
            Some(schema) => contestants.push((schema, f64::INFINITY, Run::default())),
            None => return usage(&format!("there is no schema {name}")),
        }
    }
    // Once to warm up, then to measure.
    for round in 0..=ROUNDS {
        for (schema, best, run) in &mut contestants {
            let started = Instant::now();
            *run = convert(&body, schema.as_mut());
            if round > 0 {
                *best = best.min(started.elapsed().as_secs_f64());
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate to look at")]
    for (schema, seconds, run) in &contestants {
        let Run {
            events,
            refused,
            written,
            checksum,
        } = run;
        let rate = body.len() as f64 / seconds / 1e6;
        println!(
            r#"{{"name":"{}","mb_per_s":{rate:.1},"bytes":{},"written":{written},"events":{events},"refused":{refused},"seconds":{seconds:.4},"checksum":"{checksum:016x}"}}"#,
            schema.name(),
            body.len()
        );
    }
    ExitCode::SUCCESS
}

fn usage(problem: &str) -> ExitCode {
    eprintln!(
        "{problem}\nusage: schema-throughput FILE [{}]…",
        NAMES.join("|")
    );
    ExitCode::from(2)
}

#[derive(Default)]
struct Run {
    events: u64,
    refused: u64,
    written: u64,
    checksum: u64,
}

fn convert(body: &[u8], schema: &mut dyn Schema) -> Run {
    let mut run = Run {
        checksum: 0xcbf2_9ce4_8422_2325,
        ..Run::default()
    };
    let mut out = Vec::new();
    let mut take = |line: RawLine<'_>| {
        let RawLine::Whole(line) = line else { return };
        out.clear();
        let refused = schema.convert(line, &mut out).is_err();
        run.events = run.events.wrapping_add(1);
        run.refused = run.refused.wrapping_add(u64::from(refused));
        run.written = run.written.wrapping_add(out.len() as u64);
        let ends = [out.first_chunk::<8>(), out.last_chunk::<8>()]
            .map(|end| end.map_or(0, |end| u64::from_le_bytes(*end)));
        for word in [out.len() as u64, ends[0], ends[1]] {
            run.checksum = (run.checksum ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    let mut framer = LineFramer::new(MAX_LINE_BYTES);
    for chunk in body.chunks(CHUNK_BYTES) {
        framer.push(chunk, &mut take);
    }
    framer.finish(&mut take);
    run
}
