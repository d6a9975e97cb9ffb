//! The project's own commands: sets up the tools, builds, checks, tests, measures and demonstrates.
//!
//! It never ships. Progress goes to stderr, results to stdout.

#![allow(
    clippy::disallowed_methods,
    reason = "a program on a developer's machine may read the clock"
)]

mod bench;
mod check;
mod demo;
mod docs;
mod faults;
mod layering;
mod npm;
mod process;
mod project;
mod receivers;
mod setup;
mod test;
mod tools;
mod wasm;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::project::Project;

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "The project's own commands",
    version
)]
enum Command {
    /// Runs the whole way from an emulated source through the built Worker into sinks, on this machine.
    Demo(demo::Options),
    /// Runs every check and every test, as continuous integration does.
    Test,
    /// Lets the built Worker deliver to receivers that others wrote, as `test` does too.
    Receivers(receivers::Options),
    /// Checks formatting, lints, types and the rules between the crates, without running any test.
    Check,
    /// Writes the pages about sinks, the README's table of them, and the configuration's schema and types, from the code.
    Docs,
    /// Measures decoding and converting against idiomatic JavaScript, a value tree, copying and parsers, in one run.
    Bench(bench::Options),
    /// Breaks the pipeline and its stores in every way, and counts what was lost and what was sent twice.
    Faults(faults::Options),
    /// Builds the npm package's core into npm/pkg, and without SIMD into npm/pkg-scalar.
    Wasm,
    /// Builds the npm package into npm/dist, the page into npm/dist-web, and packs them into target/npm.
    Npm,
    /// Builds the page into npm/dist-web, and nothing else of the package.
    Page,
    /// Builds the Worker's WebAssembly into worker/pkg, and the page that it serves; wrangler.toml calls this.
    Worker,
    /// Installs what the other commands need and is missing; they do so by themselves.
    Setup,
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let project = Project::find()?;
    match command {
        Command::Demo(options) => demo::run(&project, &options)?,
        Command::Test => return test::run(&project),
        Command::Receivers(options) => receivers::run(&project, &options)?,
        Command::Check => {
            setup::everything(&project)?;
            check::run(&project)?;
        }
        Command::Docs => docs::run(&project, docs::Mode::Write)?,
        Command::Bench(options) => bench::run(&project, &options)?,
        Command::Faults(options) => faults::run(&project, &options)?,
        Command::Wasm => wasm::npm_core(&project)?,
        Command::Npm => npm::package(&project)?,
        Command::Page => npm::page_alone(&project)?,
        Command::Worker => wasm::worker_for_wrangler(&project)?,
        Command::Setup => {
            setup::everything(&project)?;
            receivers::install(&project)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
