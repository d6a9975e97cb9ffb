//! Makes the pages that are made from the code.

use std::process::Command;

use anyhow::Result;

use crate::process::{self, About};
use crate::project::Project;
use crate::setup;

/// Whether to write the pages or to see that they are up to date.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Write,
    Check,
}

/// The pages about sinks and schemas, the README's table of sinks, and the configuration's JSON Schema with its types.
pub fn run(project: &Project, mode: Mode) -> Result<()> {
    for example in ["reference", "config-schema"] {
        let mut command = project.cargo();
        command
            .args(["run", "--quiet", "--package", "edgesiem"])
            .args(["--features", "docs", "--example", example, "--"])
            .arg(project.root());
        make(project, command, mode)?;
    }
    setup::npm_packages(project)?;
    let mut command = project.node();
    command.arg("tests/package/config-types.ts");
    make(project, command, mode)
}

fn make(project: &Project, mut command: Command, mode: Mode) -> Result<()> {
    if mode == Mode::Check {
        command.arg("--check");
    }
    process::run(
        project,
        &mut command,
        About {
            usually: None,
            remedy: "run `cargo xtask docs`, and look at what it changed",
        },
    )
}
