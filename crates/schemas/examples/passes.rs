//! Converts a file of events some times over: `schema-passes FILE SCHEMA PASSES`. `cargo xtask bench` counts its instructions:
//! what a pass more costs is what the events cost, without the start of the program and the growth of its buffers.
//!
//! Prints how many events there were and how many bytes of documents.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program, not a part of the library"
)]

use std::process::ExitCode;

use edgesiem_decode::{LineFramer, RawLine};
use edgesiem_schemas::by_name;

const CHUNK_BYTES: usize = 256 * 1024;
const MAX_LINE_BYTES: usize = 6 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, name, passes] = arguments.as_slice() else {
        return usage("three arguments are needed");
    };
    let (Some(mut schema), Ok(passes)) = (by_name(name), passes.parse::<u32>()) else {
        return usage("no such schema, or not a number");
    };
    let body = match std::fs::read(path) {
        Ok(body) => body,
        Err(error) => return usage(&format!("{path}: {error}")),
    };
    let (mut events, mut bytes) = (0_u64, 0_u64);
    let mut out = Vec::new();
    for _ in 0..passes {
        let mut framer = LineFramer::new(MAX_LINE_BYTES);
        let mut take = |line: RawLine<'_>| {
            let RawLine::Whole(line) = line else { return };
            out.clear();
            if schema.convert(line, &mut out).is_ok() {
                events = events.wrapping_add(1);
            }
            bytes = bytes.wrapping_add(out.len() as u64);
        };
        for chunk in body.chunks(CHUNK_BYTES) {
            framer.push(chunk, &mut take);
        }
        framer.finish(&mut take);
    }
    println!(r#"{{"events":{events},"bytes":{bytes}}}"#);
    ExitCode::SUCCESS
}

fn usage(problem: &str) -> ExitCode {
    eprintln!("{problem}\nusage: schema-passes FILE SCHEMA PASSES");
    ExitCode::from(2)
}
