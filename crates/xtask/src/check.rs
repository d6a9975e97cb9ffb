//! What must hold before a test is worth running.

use anyhow::Result;

use crate::docs;
use crate::layering;
use crate::process::{self, About, say};
use crate::project::Project;
use crate::setup::WASM_TARGET;
use crate::wasm;

/// The rules between the crates, formatting, lints on both targets, and types of the TypeScript.
pub fn run(project: &Project) -> Result<()> {
    say("the rules between the crates (crates/xtask/src/layering.rs)");
    layering::check(project)?;
    process::run(
        project,
        project.cargo().args(["fmt", "--all", "--check"]),
        About {
            usually: None,
            remedy: "run `cargo fmt --all`",
        },
    )?;
    let lint = About {
        usually: Some("1 to 2 min the first time"),
        remedy: "mend what clippy names",
    };
    process::run(
        project,
        project
            .cargo()
            .args(["clippy", "--workspace", "--all-targets"])
            .args(["--exclude", "edgesiem-worker", "--exclude", "edgesiem-wasm"])
            .args(["--", "-D", "warnings"]),
        lint,
    )?;
    process::run(
        project,
        project
            .cargo()
            .args([
                "clippy",
                "--package",
                "edgesiem-worker",
                "--package",
                "edgesiem-wasm",
            ])
            .args(["--features", "edgesiem-wasm/bench", "--target", WASM_TARGET])
            .args(["--", "-D", "warnings"]),
        lint,
    )?;
    docs::run(project, docs::Mode::Check)?;
    // The tests' types come from the declarations that this build writes.
    wasm::npm_package(project)?;
    process::run(
        project,
        project
            .node()
            .arg(project.node_modules().join("typescript/bin/tsc"))
            .args(["--noEmit", "-p", "tests"]),
        About {
            usually: None,
            remedy: "mend what the type checker names",
        },
    )
}
