//! Brings in what the builds need and this machine lacks. Each part looks first and does nothing if all
//! is there, so every command calls the parts it needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{self, About, error, say};
use crate::project::Project;
use crate::{npm, tools};

pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// All of it.
pub fn everything(project: &Project) -> Result<()> {
    wasm_target(project)?;
    for component in ["clippy", "fmt"] {
        component_of_toolchain(project, component)?;
    }
    npm_packages(project)?;
    tools::wasm_bindgen_and_wasm_pack(project)?;
    npm::make_page_folder(project)?;
    say("everything that the builds need is there");
    Ok(())
}

/// The standard library for WebAssembly, in the toolchain that is in use.
pub fn wasm_target(project: &Project) -> Result<()> {
    if has_wasm_target(project) {
        return Ok(());
    }
    if process::answer(project.command("rustup").arg("--version")).is_none() {
        return Err(error(
            format!("this Rust has no standard library for {WASM_TARGET}"),
            format!(
                "install Rust through https://rustup.rs, or your system's package of the Rust standard library for {WASM_TARGET}"
            ),
        ));
    }
    process::run(
        project,
        project
            .command("rustup")
            .args(["target", "add", WASM_TARGET]),
        About {
            usually: Some("20 s"),
            remedy: "check the network, then run it by hand",
        },
    )?;
    if has_wasm_target(project) {
        return Ok(());
    }
    bail!(
        "rustup added {WASM_TARGET}, but the rustc on PATH does not see it\nWhat to do: put ~/.cargo/bin before other folders with a rustc on PATH"
    )
}

fn has_wasm_target(project: &Project) -> bool {
    let mut rustc = project.command("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    process::answer(&mut rustc)
        .and_then(|folder| fs::read_dir(folder.trim()).ok())
        .is_some_and(|mut entries| entries.next().is_some())
}

fn component_of_toolchain(project: &Project, subcommand: &'static str) -> Result<()> {
    if process::answer(project.cargo().args([subcommand, "--version"])).is_some() {
        return Ok(());
    }
    let component = if subcommand == "fmt" {
        "rustfmt"
    } else {
        subcommand
    };
    process::run(
        project,
        project
            .command("rustup")
            .args(["component", "add", component]),
        About {
            usually: Some("10 s"),
            remedy: "install Rust through https://rustup.rs, or your system's packages of clippy and rustfmt",
        },
    )
}

/// The npm packages that tests/package-lock.json pins: Node itself, wrangler, wasm-opt, the type checker.
pub fn npm_packages(project: &Project) -> Result<()> {
    let tests = project.root().join("tests");
    let lock =
        fs::read(tests.join("package-lock.json")).context("cannot read tests/package-lock.json")?;
    let wanted = blake3::hash(&lock).to_hex();
    let stamp = project.node_modules().join(".edgesiem-lock-hash");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted.as_str()) {
        return check_node(project);
    }
    if process::answer(npm(project).arg("--version")).is_none() {
        return Err(error(
            "npm was not found",
            "install Node 20 or later (https://nodejs.org)",
        ));
    }
    process::run(
        project,
        npm(project)
            .current_dir(&tests)
            .args(["ci", "--no-audit", "--no-fund"]),
        About {
            usually: Some("1 to 2 min"),
            remedy: "check the network and that `npm --version` works; if package.json was changed, run `npm install` in tests/",
        },
    )?;
    check_node(project)?;
    write_stamp(&stamp, &wanted)
}

/// The npm that is installed with the system's Node.
pub fn npm(project: &Project) -> Command {
    project.command(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// A Chromium for the tests of what runs in browsers: `EDGESIEM_CHROMIUM`, or one on PATH, or Debian's package if we may
/// install it.
pub fn chromium(project: &Project) -> Result<PathBuf> {
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    install(
        project,
        "chromium",
        "check the network, or install Chromium in another way",
    )?;
    find_chromium().ok_or_else(|| {
        error(
            "there is no Chromium for the tests that need a browser",
            "install Chromium or Chrome, or name its program in EDGESIEM_CHROMIUM",
        )
    })
}

/// valgrind, which counts instructions for the budget of the benchmark: the one that is there, or Debian's package if we may
/// install it. Without it the benchmark says that it counted nothing.
pub fn valgrind(project: &Project) {
    let remedy = "check the network, or install valgrind in another way";
    if find(&["valgrind"]).is_none()
        && let Err(error) = install(project, "valgrind", remedy)
    {
        process::say(&format!("{error:#}"));
    }
}

/// Installs a package of Debian's; does nothing where there is no apt, or where we may not.
fn install(project: &Project, package: &str, remedy: &'static str) -> Result<()> {
    let may_install = process::answer(project.command("id").arg("-u"))
        .is_some_and(|user| user.trim() == "0")
        && process::answer(project.command("apt-get").arg("--version")).is_some();
    if !may_install {
        return Ok(());
    }
    let about = |usually| About {
        usually: Some(usually),
        remedy,
    };
    let mut update = project.command("apt-get");
    process::run(project, update.args(["update", "--quiet"]), about("20 s"))?;
    let mut install = project.command("apt-get");
    install
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "--quiet", "--yes", "--no-install-recommends"])
        .arg(package);
    process::run(project, &mut install, about("1 min"))
}

fn find_chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("EDGESIEM_CHROMIUM").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    find(&["chromium", "chromium-browser", "google-chrome", "chrome"])
}

/// The first program on PATH that has one of these names.
fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file())
}

fn check_node(project: &Project) -> Result<()> {
    let version = process::answer(project.node().arg("--version"));
    match version.as_deref().map(str::trim).and_then(node_version) {
        Some(found) if found >= (22, 12) => Ok(()),
        _ => Err(error(
            format!(
                "tests/node_modules has no working Node (`node --version` says {:?})",
                version.unwrap_or_default()
            ),
            "allow npm to run install scripts (`npm config get ignore-scripts` must say false), delete tests/node_modules, and run this again",
        )),
    }
}

fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Marks work as done. Written last, so that interrupted work is not taken for finished.
pub fn write_stamp(path: &Path, content: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::node_version;

    #[test]
    fn node_versions_compare_by_number() {
        assert_eq!(node_version("v24.21.0"), Some((24, 21)));
        assert!(node_version("v22.9.0") < Some((22, 12)));
        assert_eq!(node_version("24"), None);
    }
}
