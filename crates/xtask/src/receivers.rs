//! The tests of the sinks against receivers, and those receivers that come as Python packages.
//!
//! They are kept in the tools' cache folder, under a hash of tests/receivers/requirements.txt.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{self, About, error};
use crate::project::Project;
use crate::setup;
use crate::tools;
use crate::wasm;

const REQUIREMENTS: &str = "tests/receivers/requirements.txt";
/// Where the tests look for the receivers.
const VARIABLE: &str = "EDGESIEM_RECEIVERS";
/// Pythons that all the packages have builds for.
const PYTHONS: [(u32, u32); 3] = [(3, 11), (3, 12), (3, 13)];
const NAMES: [&str; 5] = [
    "python3",
    "python3.13",
    "python3.12",
    "python3.11",
    "python",
];
/// Prints the version only if a virtual environment can be made.
const PROBE: &str = "import ensurepip, sys, venv; print(*sys.version_info[:2])";

/// Which tests to run.
#[derive(clap::Args)]
pub struct Options {
    /// Kinds of sinks, such as s3; all if none is named.
    kinds: Vec<String>,
}

/// Builds what the tests need and runs them.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    setup::npm_packages(project)?;
    wasm::worker_bundle(project)?;
    let folder = project.root().join("tests/receivers");
    let files: Vec<PathBuf> = match options.kinds.as_slice() {
        [] => vec![folder.join("*.test.ts")],
        kinds => kinds
            .iter()
            .map(|kind| folder.join(format!("{kind}.test.ts")))
            .collect(),
    };
    let mut command = node_test(project)?;
    command.args(files);
    process::run_in_front(
        project,
        &mut command,
        About {
            usually: None,
            remedy: "find the first failure above; each test's name says what should have happened",
        },
    )
}

/// The test runner, told where the receivers are. They are installed if they are missing.
pub fn node_test(project: &Project) -> Result<Command> {
    let receivers = install(project)?;
    let mut command = project.node();
    command
        .args(["--test", "--test-reporter=spec"])
        .env(VARIABLE, receivers);
    Ok(command)
}

/// The virtual environment with the receivers, made if it is missing.
pub fn install(project: &Project) -> Result<PathBuf> {
    let requirements = fs::read(project.root().join(REQUIREMENTS))
        .with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let cache = tools::cache_folder()?;
    let hash = blake3::hash(&requirements).to_hex();
    let folder = cache.join(format!("receivers-{}", &hash.as_str()[..16]));
    if is_whole(project, &folder) {
        return Ok(folder);
    }
    let _lock = tools::locked(&cache)?;
    if !is_whole(project, &folder) {
        make(project, &folder)?;
    }
    Ok(folder)
}

/// A virtual environment cannot be moved: it is made in its place, and marked when it is whole. The Python that it was made
/// with may be gone since.
fn is_whole(project: &Project, folder: &Path) -> bool {
    stamp(folder).is_file()
        && process::answer(project.command(folder.join("bin/python")).arg("--version")).is_some()
}

fn stamp(folder: &Path) -> PathBuf {
    folder.join(".edgesiem-whole")
}

fn make(project: &Project, folder: &Path) -> Result<()> {
    if cfg!(windows) {
        return Err(error(
            "some receivers do not run on Windows",
            "run the tests on Linux or macOS, for instance in WSL",
        ));
    }
    let python = NAMES
        .into_iter()
        .find(|name| is_usable(project, name))
        .ok_or_else(|| {
            error(
                "there is no Python 3.11 to 3.13 that can make a virtual environment; some receivers of the tests are Python packages",
                "install one with its modules venv and pip (Debian: python3 and python3-venv)",
            )
        })?;
    tools::remove_folder(folder)?;
    process::run(
        project,
        project.command(python).args(["-m", "venv"]).arg(folder),
        About {
            usually: None,
            remedy: "install Python's modules venv and pip (Debian: python3-venv)",
        },
    )?;
    // The file lists everything: what an installer would add by itself is not pinned, or serves nothing here.
    process::run(
        project,
        project
            .command(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary", ":all:", "--requirement", REQUIREMENTS]),
        About {
            usually: Some("1 min, 250 MB"),
            remedy: "check the network and free disk space (1 GB)",
        },
    )?;
    setup::write_stamp(&stamp(folder), "")
}

fn is_usable(project: &Project, python: &str) -> bool {
    process::answer(project.command(python).args(["-c", PROBE]))
        .as_deref()
        .and_then(version)
        .is_some_and(|version| PYTHONS.contains(&version))
}

/// `3 11`.
fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_version_of_a_python_is_read_from_what_it_prints() {
        assert_eq!(version("3 11\n"), Some((3, 11)));
        assert_eq!(version(""), None);
        assert_eq!(version("Python was not found"), None);
    }
}
