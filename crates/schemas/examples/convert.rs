//! Lines of standard input as documents: `cargo run -p edgesiem-schemas --example schema-convert -- SCHEMA [OPTIONS]`.
//!
//! OPTIONS is what may stand beside the schema's name in the configuration, and its filter, as JSON:
//! `'{"expand_rules":true,"filter":{"drop":["akamai.siem.custom"]}}'`. An event that the filter leaves out gives nothing. The lines
//! are Akamai's events; with `"events":"trend-micro-cas"` among the options they are those of Trend Micro Cloud App Security.
//!
//! Writes one document a line to standard output. A line that is no event goes to standard error, with its number from 1, blank
//! lines aside, and the reason; the others go on. Exit code: 0, 1 if a line was no event, 2 for wrong usage, 3 if reading or
//! writing failed.
#![allow(clippy::print_stderr, reason = "a program, not a part of the library")]

use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use edgesiem_decode::{LineFramer, RawLine};
use edgesiem_model::{Check, InsecureLoopback, Schema, Surroundings};
use edgesiem_schemas::{Events, FilterConfig, NAMES, SchemaConfig};
use serde_json::{Map, Value};

const CHUNK_BYTES: usize = 256 * 1024;
const MAX_LINE_BYTES: usize = 6 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, options) = match arguments.as_slice() {
        [name] => (name, "{}"),
        [name, options] => (name, options.as_str()),
        _ => {
            eprintln!("usage: schema-convert {} [OPTIONS]", NAMES.join("|"));
            return ExitCode::from(2);
        }
    };
    let schema = match schema(name, options) {
        Ok(schema) => schema,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let mut run = Run {
        schema,
        out: BufWriter::with_capacity(CHUNK_BYTES, io::stdout().lock()),
        document: Vec::new(),
        ends: Vec::new(),
        line: 0,
        refused: 0,
        failed: None,
    };
    match run.all(&mut io::stdin().lock()) {
        Ok(()) if run.refused == 0 => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}

fn schema(name: &str, options: &str) -> Result<Box<dyn Schema>, String> {
    let mut table: Map<String, Value> =
        serde_json::from_str(options).map_err(|error| format!("OPTIONS: {error}"))?;
    let filter: Option<FilterConfig> = table
        .remove("filter")
        .map(serde_json::from_value)
        .transpose()
        .map_err(|error| format!("filter: {error}"))?;
    let events = match table.remove("events") {
        None => Events::default(),
        Some(name) => name
            .as_str()
            .and_then(Events::by_name)
            .ok_or_else(|| format!("events: use {}", Events::ALL.map(Events::name).join(" or ")))?,
    };
    table.insert("name".to_owned(), Value::from(name));
    let mut check = Check::new(Surroundings {
        secrets: &|_| None,
        insecure: InsecureLoopback::Refuse,
        places: &[],
    });
    let schema = SchemaConfig::from(Value::Object(table)).resolve(events, filter, &mut check);
    check.finish(schema).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        errors.join("\n")
    })
}

struct Run<W> {
    schema: Box<dyn Schema>,
    out: W,
    document: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    refused: u64,
    failed: Option<io::Error>,
}

impl<W: Write> Run<W> {
    fn all(&mut self, from: &mut impl Read) -> io::Result<()> {
        let mut framer = LineFramer::new(MAX_LINE_BYTES);
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let length = match from.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            framer.push(chunk.get(..length).unwrap_or(&[]), &mut |line| {
                self.take(line);
            });
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
        }
        framer.finish(&mut |line| self.take(line));
        self.failed.take().map_or_else(|| self.out.flush(), Err)
    }

    fn take(&mut self, line: RawLine<'_>) {
        match line {
            RawLine::Part { last: false, .. } => {}
            RawLine::Part { .. } => {
                self.line = self.line.saturating_add(1);
                self.refuse(&format!("longer than {MAX_LINE_BYTES} bytes"));
            }
            RawLine::Whole(line) => {
                self.line = self.line.saturating_add(1);
                self.document.clear();
                self.ends.clear();
                let found = self
                    .schema
                    .convert_parts(line, &mut self.document, &mut self.ends);
                match found {
                    Ok(_) => {
                        if let Err(error) = self.write() {
                            self.failed = Some(error);
                        }
                    }
                    Err(unreadable) => self.refuse(&unreadable.to_string()),
                }
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let mut start = 0;
        for end in &self.ends {
            self.out
                .write_all(self.document.get(start..*end).unwrap_or(&[]))?;
            self.out.write_all(b"\n")?;
            start = *end;
        }
        Ok(())
    }

    /// A reason is one of ours and holds nothing of the line.
    fn refuse(&mut self, reason: &str) {
        self.refused = self.refused.saturating_add(1);
        eprintln!("line {}: {reason}", self.line);
    }
}
