//! Makes the pages that are made from the code.

use anyhow::Result;

use crate::process::{self, About};
use crate::project::Project;

/// Whether to write the pages or to see that they are up to date.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Write,
    Check,
}

pub fn run(project: &Project, mode: Mode) -> Result<()> {
    let mut command = project.cargo();
    command
        .args([
            "run",
            "--quiet",
            "--package",
            "edgesiem",
            "--features",
            "docs",
        ])
        .args(["--example", "reference", "--"])
        .arg(project.root());
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
