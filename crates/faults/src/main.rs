//! Breaks EdgeSIEM's pipeline in every way that can be thought of, and counts what is lost and what is sent twice.
//!
//! It never opens a socket, never reads a clock, and never ships: the pipeline, the stores, the source and the sinks
//! are the real ones, everything around them is simulated and can be repeated.
//!
//! A *schedule* is one world in which certain things go wrong at certain moments ([`case::Case`]). It is run until
//! nothing goes wrong any more and everything has come to rest ([`simulate::simulate`]); then the servers' own books say
//! what arrived. A *row* is a family of schedules ([`rows`]), the last one of random ones ([`random`]).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "it ships to nobody, and a simulator that is broken should stop where it is"
)]

mod case;
mod chance;
mod executor;
mod mutants;
mod plan;
mod profiles;
mod random;
mod report;
mod rows;
#[cfg(test)]
mod scenario;
mod simulate;
mod world;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::case::Profile;
use crate::mutants::Mutant;
use crate::report::{Line, Table};
use crate::rows::{Schedules, Tally};

const RANDOM: &str = "random schedules of all of these";

const ABOUT_BODIES: &str = "A body that is cut ends with an error of the network (chunked, with a length, gzip) or like a whole one \
    (close-delimited): the pipeline knows these two. That every encoding ends as one of them is shown on the real runtime.";

/// Runs every fault against the pipeline and prints, by fault, what was lost and what was sent twice.
#[derive(Parser)]
#[command(name = "edgesiem-faults", after_help = ABOUT_BODIES)]
struct Options {
    /// Print a list of {profile, fault, schedules, events, lost, sent_twice, bound} instead of a table.
    #[arg(long)]
    json: bool,
    /// Seed of the random schedules.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of random schedules, over all profiles.
    #[arg(long, default_value_t = 100_000)]
    schedules: u64,
    /// Only the fault with this name, or those whose name contains it.
    #[arg(long)]
    only: Option<String>,
    /// Only this profile.
    #[arg(long)]
    profile: Option<Profile>,
    /// Only one schedule: of the random ones the one with this seed; with --only, the one with this number in that row.
    #[arg(long)]
    replay: Option<u64>,
    /// With --replay: print what happens, step by step.
    #[arg(long)]
    trace: bool,
    /// Break an invariant on purpose, to see that the table shows it.
    #[arg(long)]
    mutant: Option<Mutant>,
}

impl Options {
    /// Whether a name is asked for: exactly, or, if none is, in part.
    fn wants(&self, name: &str) -> bool {
        let names = || rows::all().map(|(name, _, _)| name).chain([RANDOM]);
        self.only.as_ref().is_none_or(|only| {
            let is_exact = names().any(|known| known == only);
            name == only || (!is_exact && name.contains(only))
        })
    }

    fn profiles(&self) -> impl Iterator<Item = Profile> {
        let only = self.profile;
        Profile::ALL
            .into_iter()
            .filter(move |profile| only.is_none_or(|only| only == *profile))
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        // A reader that has seen enough is no failure of ours, but neither is it a success.
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

/// Whether every promise was kept.
fn run(options: &Options, out: &mut dyn Write) -> io::Result<bool> {
    let mut lines = Vec::new();
    let rows = chosen(options);
    let table = Table::new(rows.iter().map(|(name, _, _)| *name));
    if !options.json {
        writeln!(out, "{}", table.head())?;
    }
    for (name, profile, schedules) in rows {
        let tally = match schedules {
            Some(schedules) => fixed_row(options, profile, schedules, out)?,
            None => random_row(options, profile, out)?,
        };
        let fault = name.to_owned();
        let line = Line {
            fault,
            profile,
            tally,
        };
        if !options.json {
            writeln!(out, "{}", table.line(&line))?;
        }
        lines.push(line);
    }
    if options.json {
        serde_json::to_writer_pretty(&mut *out, &report::json(&lines))?;
        writeln!(out)?;
    } else {
        writeln!(out, "{}", report::foot(&lines))?;
    }
    failures(options, &lines)
}

type Chosen = (&'static str, Profile, Option<fn(&mut Schedules)>);

/// The rows that the options ask for, each in its profiles; the random ones have no fixed schedules.
fn chosen(options: &Options) -> Vec<Chosen> {
    let replays_random = options.replay.is_some() && options.only.is_none();
    let mut chosen: Vec<Chosen> = Vec::new();
    for (name, profiles, schedules) in rows::all() {
        let wanted = !replays_random && options.wants(name);
        let profiles = options
            .profiles()
            .filter(|it| wanted && profiles.contains(it));
        chosen.extend(profiles.map(|profile| (name, profile, Some(schedules))));
    }
    if options.wants(RANDOM) && options.schedules > 0 {
        chosen.extend(options.profiles().map(|profile| (RANDOM, profile, None)));
    }
    chosen
}

fn fixed_row(
    options: &Options,
    profile: Profile,
    row: fn(&mut Schedules),
    out: &mut dyn Write,
) -> io::Result<Tally> {
    let mut schedules = Schedules::new(profile, options.mutant, options.replay);
    row(&mut schedules);
    if options.trace {
        write_all(out, &schedules.trace)?;
    }
    Ok(schedules.tally)
}

fn random_row(options: &Options, profile: Profile, out: &mut dyn Write) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let profiles = options.profiles().count() as u64;
    let count = match options.replay {
        Some(_) => 1,
        None => options.schedules / profiles,
    };
    for number in 0..count {
        let seed = options
            .replay
            .unwrap_or_else(|| random::seed_of(options.seed, number));
        let case = random::case(profile, seed, options.mutant);
        let trace = options.trace && options.replay.is_some();
        let simulated = simulate::simulate(&case, trace);
        tally.add(seed, &simulated.verdict);
        if trace {
            writeln!(out, "{case:?}")?;
            write_all(out, &simulated.trace)?;
            writeln!(out, "{:?}", simulated.verdict)?;
        }
    }
    Ok(tally)
}

fn write_all(out: &mut dyn Write, lines: &[String]) -> io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Says on stderr what was not as promised, and how to see it again.
fn failures(options: &Options, lines: &[Line]) -> io::Result<bool> {
    let mut err = io::stderr().lock();
    let mutant = options.mutant.and_then(|mutant| mutant.to_possible_value());
    let mutant = mutant.map_or_else(String::new, |name| format!(" --mutant {}", name.get_name()));
    for line in lines.iter().filter(|line| line.tally.failed > 0) {
        let (fault, profile, tally) = (&line.fault, line.profile.name(), &line.tally);
        let (failed, schedules) = (tally.failed, tally.schedules);
        writeln!(
            err,
            "{fault} ({profile}): {failed} of {schedules} schedules broke a promise"
        )?;
        let only = if fault == RANDOM {
            String::new()
        } else {
            format!("--only '{fault}' ")
        };
        for (number, problem) in &tally.failures {
            writeln!(
                err,
                "  {problem}\n    edgesiem-faults {only}--profile {profile} --replay {number} --trace{mutant}"
            )?;
        }
    }
    Ok(lines.iter().all(|line| line.tally.failed == 0))
}
