//! What must hold before a test is worth running.

use anyhow::Result;

use crate::docs;
use crate::layering;
use crate::npm;
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
            .args(wasm::CRATES.iter().flat_map(|name| ["--exclude", name]))
            .args(["--", "-D", "warnings"]),
        lint,
    )?;
    process::run(
        project,
        project
            .cargo()
            .arg("clippy")
            .args(wasm::CRATES.iter().flat_map(|name| ["--package", name]))
            .args(["--features", "edgesiem-wasm/bench", "--target", WASM_TARGET])
            .args(["--", "-D", "warnings"]),
        lint,
    )?;
    docs::run(project, docs::Mode::Check)?;
    // The types come from the declarations that these builds write.
    npm::package(project)?;
    for folder in ["npm", "npm/web", "tests"] {
        process::run(
            project,
            project
                .node()
                .arg(project.node_modules().join("typescript/bin/tsc"))
                .args(["--noEmit", "-p", folder]),
            About {
                usually: None,
                remedy: "mend what the type checker names",
            },
        )?;
    }
    Ok(())
}
