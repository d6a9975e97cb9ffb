//! Lets several instances of one module live side by side.
//!
//! What wasm-bindgen writes for `--target web` is an ES module, and an ES module is evaluated once: its variables
//! hold one instance. (`--target no-modules` writes a script that could be evaluated again, but refuses the
//! JavaScript snippet of the `worker` crate.) So esbuild turns the module and its snippets into one expression,
//! and instances.cjs puts a function around it.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::process::{self, About};
use crate::project::Project;

/// What these steps depend on, for the stamp.
pub(super) fn inputs(project: &Project) -> Result<Vec<Vec<u8>>> {
    Ok(vec![
        include_bytes!("instances.cjs").to_vec(),
        super::package_json(project, "esbuild")?,
    ])
}

/// Rewrites `NAME.js` in `folder`, which wasm-bindgen has filled.
pub(super) fn wrap(project: &Project, folder: &Path, name: &str) -> Result<()> {
    let glue = folder.join(format!("{name}.js"));
    let wrapped = folder.join(format!("{name}.wrapped.js"));
    process::run(
        project,
        project
            .node()
            .arg(project.root().join("crates/xtask/src/wasm/instances.cjs"))
            // Its interface for JavaScript: its program is a script on some systems and a binary on others.
            .arg(project.node_modules().join("esbuild/lib/main.js"))
            .args([&glue, &wrapped]),
        About {
            usually: None,
            remedy: "delete tests/node_modules and run this again",
        },
    )?;
    fs::rename(wrapped, glue)?;
    let snippets = folder.join("snippets");
    if snippets.exists() {
        fs::remove_dir_all(snippets)?;
    }
    Ok(())
}
