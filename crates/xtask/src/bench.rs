//! Builds the contestants and hands over to tests/bench/bench.ts, which runs, compares and reports them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::{self, About};
use crate::project::Project;
use crate::wasm;

#[derive(clap::Args)]
pub struct Options {
    /// Print `[{name, mb_per_s, events_per_s}]` instead of a table; nothing else goes to stdout.
    #[arg(long)]
    json: bool,
    /// Size of the input, in 10^6 bytes; below 25, what happens once weighs on the ratios.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    mb: u32,
    /// Fail unless decoding is as fast as the project promises, compared with JavaScript and with a parser, and no event takes more
    /// instructions than tests/bench/budget.json allows.
    #[arg(long)]
    assert: bool,
    /// Count the instructions of an event, and allow so many from now on.
    #[arg(long, conflicts_with_all = ["json", "assert"])]
    write_budget: bool,
    /// Instead, measure more and more events and longer and longer ones, and fail if a row grows faster than its input.
    #[arg(long, conflicts_with_all = ["json", "assert", "write_budget"])]
    scaling: bool,
    /// Instead, measure other programs on the same file: Node, Python, jq; their start is counted.
    #[arg(long, conflicts_with_all = ["json", "assert", "write_budget", "scaling"])]
    others: bool,
}

impl Options {
    /// For the test run: a quarter of the input, which leaves the ratios where they are.
    pub fn short_assertion() -> Self {
        Self {
            json: false,
            mb: 25,
            assert: true,
            write_budget: false,
            scaling: false,
            others: false,
        }
    }
}

pub fn run(project: &Project, options: &Options) -> Result<()> {
    let module = wasm::benchmark(project)?;
    let native = example(project, "edgesiem-decode", "throughput")?;
    let mut command = project.node();
    // Garbage of one contestant must not be collected on another's time.
    command.args(["--expose-gc", "tests/bench/bench.ts"]);
    command.arg("--folder").arg(project.target().join("bench"));
    command
        .arg("--module")
        .arg(module)
        .arg("--native")
        .arg(native);
    command.args(["--mb", &options.mb.to_string()]);
    let flags = [
        (options.json, "--json"),
        (options.assert, "--assert"),
        (options.write_budget, "--write-budget"),
        (options.others, "--others"),
    ];
    command.args(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag));
    if (options.assert || options.write_budget)
        && let Some(counted) = counted(project)?
    {
        command.arg("--counted").arg(counted);
    }
    if options.scaling {
        let program = example(project, "edgesiem-schemas", "schema-throughput")?;
        command.arg("--scaling").arg(program);
    }
    if !(options.write_budget || options.scaling) {
        command.arg("--parsers").arg(parsers(project)?);
    }
    process::run_in_front(
        project,
        &mut command,
        About {
            usually: Some("1 min for 100 MB"),
            remedy: "if a ratio is short, repeat it on an idle machine; if outputs differ, the decoder or a contestant is wrong; \
                     if instructions exceed their budget, `valgrind --tool=callgrind` says where",
        },
    )
}

/// An example as it is compiled for everybody.
fn example(project: &Project, package: &str, name: &str) -> Result<PathBuf> {
    process::run(
        project,
        project
            .cargo()
            .args(["build", "--release", "--package", package])
            .args(["--example", name]),
        About {
            usually: Some("30 s the first time"),
            remedy: "mend what the compiler names",
        },
    )?;
    Ok(program(project.target(), "examples", name))
}

/// The example whose instructions are counted, compiled for the processor that the budget is about; none if this is another
/// kind of machine.
fn counted(project: &Project) -> Result<Option<PathBuf>> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Ok(None);
    }
    let path = project.root().join("tests/bench/budget.json");
    let budget: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let processor = budget["target_cpu"]
        .as_str()
        .context("tests/bench/budget.json names no target_cpu")?;
    // Other flags need another folder, or each build would undo the one before.
    let target = project.target().join("counted");
    process::run(
        project,
        project
            .cargo()
            .args(["build", "--release", "--package", "edgesiem-schemas"])
            .args(["--example", "schema-passes", "--target-dir"])
            .arg(&target)
            .env("RUSTFLAGS", format!("-C target-cpu={processor}")),
        About {
            usually: Some("1 min the first time"),
            remedy: "mend what the compiler names",
        },
    )?;
    Ok(Some(program(&target, "examples", "schema-passes")))
}

/// The parsers of others and our decoder, compiled for this very machine: sonic-rs knows no other way to use its instructions.
fn parsers(project: &Project) -> Result<PathBuf> {
    let target = project.target().join("parsers");
    process::run(
        project,
        project
            .cargo()
            .args(["build", "--release", "--locked"])
            .args([
                "--manifest-path",
                "tests/bench/parsers/Cargo.toml",
                "--target-dir",
            ])
            .arg(&target)
            .env("RUSTFLAGS", "-C target-cpu=native"),
        About {
            usually: Some("1 min the first time"),
            remedy: "mend what the compiler names; the registry must be within reach",
        },
    )?;
    Ok(program(&target, ".", "edgesiem-bench-parsers"))
}

fn program(target: &Path, folder: &str, name: &str) -> PathBuf {
    target
        .join("release")
        .join(folder)
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
