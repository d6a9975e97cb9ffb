//! The npm package: its WebAssembly, its bundles, and the tarball that a user installs; and the page, npm/dist-web.

use std::fs;

use anyhow::{Context, Result};

use crate::process::{self, About, say};
use crate::project::Project;
use crate::{setup, wasm};

/// Builds npm/dist and packs it into target/npm under the checkout, where tests/package looks for it.
pub fn package(project: &Project) -> Result<()> {
    setup::npm_packages(project)?;
    wasm::npm_package(project)?;
    wasm::npm_pipeline(project)?;
    wasm::worker(project)?;
    bundle(project)?;
    page(project)?;
    pack(project)
}

/// The page is made of the package's inline entry.
fn page(project: &Project) -> Result<()> {
    process::run(
        project,
        project
            .node()
            .arg(project.node_modules().join("vite/bin/vite.js"))
            .args([
                "build",
                "--logLevel",
                "warn",
                "--config",
                "npm/web/vite.config.ts",
                "npm/web",
            ]),
        About {
            usually: Some("10 s"),
            remedy: "mend what Vite names",
        },
    )
}

fn bundle(project: &Project) -> Result<()> {
    process::run(
        project,
        project.node().args(["npm/build.mjs", "--all"]),
        About {
            usually: Some("15 s"),
            remedy: "mend what esbuild or the type checker names",
        },
    )
}

fn pack(project: &Project) -> Result<()> {
    let out = project.root().join("target/npm");
    // A tarball of another version must not stay beside it.
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    process::run_quietly(
        project,
        setup::npm(project)
            .current_dir(project.root().join("npm"))
            .args(["pack", "--pack-destination"])
            .arg(&out),
        About {
            usually: None,
            remedy: "read what npm says; npm/package.json lists what is packed",
        },
    )?;
    for entry in fs::read_dir(&out)? {
        let entry = entry?;
        let bytes = entry.metadata()?.len();
        say(&format!(
            "target/npm/{}: {bytes} bytes",
            entry.file_name().display()
        ));
    }
    Ok(())
}
