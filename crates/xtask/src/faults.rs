//! Builds the simulator (crates/faults) and runs it: every fault, and what it did to the events.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;

use crate::process::{self, About, Beside};
use crate::project::Project;

/// Not the release profile: its link-time optimisation takes longer than the simulation.
const PROFILE: &str = "faults";

#[derive(clap::Args)]
pub struct Options {
    /// Passed on to the simulator; `cargo xtask faults -- --help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub fn run(project: &Project, options: &Options) -> Result<()> {
    let program = build(project)?;
    process::run_in_front(
        project,
        project.command(program).args(&options.arguments),
        ABOUT,
    )
}

/// Begins a run of all there is, beside whatever comes next: it takes minutes of one core, and its clock is its own.
pub fn begin(project: &Project) -> Result<Beside> {
    let program = build(project)?;
    process::begin(project, &mut project.command(program), ABOUT)
}

const ABOUT: About = About {
    usually: Some("10 min"),
    remedy: "repeat the schedule that failed by the command that it names",
};

fn build(project: &Project) -> Result<PathBuf> {
    process::run(
        project,
        project.cargo().args([
            "build",
            "--package",
            "edgesiem-faults",
            "--profile",
            PROFILE,
        ]),
        About {
            usually: Some("2 min the first time"),
            remedy: "mend what the compiler names; SQLite is compiled from C, which needs a C compiler",
        },
    )?;
    Ok(project
        .target()
        .join(PROFILE)
        .join(format!("edgesiem-faults{}", std::env::consts::EXE_SUFFIX)))
}
