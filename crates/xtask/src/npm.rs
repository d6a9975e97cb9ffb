//! The npm package: its WebAssembly, its bundles, and the tarball that a user installs; and the page, npm/dist-web.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{self, About, say};
use crate::project::Project;
use crate::{setup, wasm};

/// What wrangler says that it was called for: `dev`, `deploy`, `versions upload` or `types`.
const WRANGLER_COMMAND: &str = "WRANGLER_COMMAND";

/// Builds npm/dist and the page, and packs both into target/npm under the checkout, where tests/package looks for it.
pub fn package(project: &Project) -> Result<()> {
    setup::npm_packages(project)?;
    wasm::npm_core(project)?;
    wasm::npm_pipeline(project)?;
    wasm::worker(project)?;
    bundle(project)?;
    vite(project, None)?;
    pack(project)
}

/// Builds what wrangler.toml names as its assets, for whoever deploys from this checkout.
///
/// `wrangler dev` calls this after each change of the Worker, which the page has nothing to do with: there it is made once.
pub fn page_for_wrangler(project: &Project) -> Result<()> {
    let is_there = page_folder(project).join("index.html").exists();
    if is_there && std::env::var(WRANGLER_COMMAND).is_ok_and(|command| command == "dev") {
        say("npm/dist-web stays as it is; `cargo xtask page` builds it anew");
        return Ok(());
    }
    page_alone(project)
}

/// Builds npm/dist-web and of the package no more than it needs.
pub fn page_alone(project: &Project) -> Result<()> {
    setup::npm_packages(project)?;
    wasm::npm_core(project)?;
    let parts = project.target().join("page");
    process::run(
        project,
        project
            .node()
            .args(["npm/build.mjs", "--inline"])
            .arg(&parts),
        About {
            usually: None,
            remedy: "mend what esbuild names",
        },
    )?;
    vite(project, Some(&parts.join("inline.js")))
}

/// wrangler refuses to start without the folder of its assets, and `wrangler dev` looks for it before it lets us build.
pub fn make_page_folder(project: &Project) -> Result<()> {
    let folder = page_folder(project);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))
}

fn page_folder(project: &Project) -> PathBuf {
    project.root().join("npm/dist-web")
}

/// The page is made of the package's inline entry: `inline`, or that of npm/dist.
fn vite(project: &Project, inline: Option<&Path>) -> Result<()> {
    let mut command = project.node();
    command
        .arg(project.node_modules().join("vite/bin/vite.js"))
        .args([
            "build",
            "--logLevel",
            "warn",
            "--config",
            "npm/web/vite.config.ts",
            "npm/web",
        ])
        .env_remove("EDGESIEM_INLINE");
    if let Some(inline) = inline {
        command.env("EDGESIEM_INLINE", inline);
    }
    process::run(
        project,
        &mut command,
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
