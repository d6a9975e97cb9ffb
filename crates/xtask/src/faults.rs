//! Builds the simulator (crates/faults) and runs it: every fault, and what it did to the events.

use std::ffi::OsString;

use anyhow::Result;

use crate::process::{self, About};
use crate::project::Project;

/// Not the release profile: its link-time optimisation takes longer than the simulation.
const PROFILE: &str = "faults";

#[derive(clap::Args)]
pub struct Options {
    /// Passed on to the simulator; `cargo xtask faults -- --help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Options {
    /// For the test run: all there is.
    pub fn everything() -> Self {
        Self {
            arguments: Vec::new(),
        }
    }
}

pub fn run(project: &Project, options: &Options) -> Result<()> {
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
    let program = project
        .target()
        .join(PROFILE)
        .join(format!("edgesiem-faults{}", std::env::consts::EXE_SUFFIX));
    process::run_in_front(
        project,
        project.command(program).args(&options.arguments),
        About {
            usually: Some("5 min"),
            remedy: "repeat the schedule that failed by the command that it names",
        },
    )
}
