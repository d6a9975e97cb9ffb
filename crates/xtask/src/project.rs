//! Where things are: the checkout, the build folder, and programs started in them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// From any folder: the checkout that this program was built in.
    pub fn find() -> Result<Self> {
        // `cargo run` sets the variable; the constant serves a copy that is started by hand.
        let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
            .filter(|dir| Path::new(dir).ends_with("crates/xtask"))
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir
            .ancestors()
            .nth(2)
            .context("crates/xtask is not two folders deep")?
            .to_owned();
        let mut project = Self {
            root,
            target: PathBuf::new(),
        };
        let metadata = project.metadata(&["--no-deps"])?;
        let target = metadata["target_directory"].as_str();
        project.target = target
            .context("cargo metadata names no target_directory")?
            .into();
        Ok(project)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's build folder, wherever the user's settings put it.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The folder that holds the tools from npm.
    pub fn node_modules(&self) -> PathBuf {
        self.root.join("tests/node_modules")
    }

    /// A program, started at the top of the checkout.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    pub fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = self.command(cargo);
        // Set by `cargo run` for xtask itself; build scripts of others would take it for theirs.
        command.env_remove("CARGO_MANIFEST_DIR");
        command
    }

    /// The Node that npm installed for the project; the system's may be too old for wrangler.
    pub fn node(&self) -> Command {
        let binary = if cfg!(windows) {
            "node/bin/node.exe"
        } else {
            ".bin/node"
        };
        let mut command = self.command(self.node_modules().join(binary));
        command.env("PATH", self.path_with(&[self.node_modules().join(".bin")]));
        command
    }

    /// PATH with `first` in front.
    pub fn path_with(&self, first: &[PathBuf]) -> OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = first.iter().cloned().chain(std::env::split_paths(&path));
        std::env::join_paths(all).unwrap_or(path)
    }

    pub fn metadata(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = self.cargo();
        command
            .args(["metadata", "--format-version=1"])
            .args(arguments);
        let text = process::output(self, &mut command, "mend the Cargo.toml that cargo names")?;
        Ok(serde_json::from_str(&text)?)
    }

    /// The version of `name` in Cargo.lock.
    pub fn locked_version(&self, name: &str) -> Result<String> {
        let path = self.root.join("Cargo.lock");
        let lock = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        locked_version(&lock, name).map(str::to_owned).with_context(|| {
            format!("Cargo.lock does not hold exactly one version of {name}; run `cargo metadata` and look at it")
        })
    }
}

fn locked_version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let mut versions = lock.split("[[package]]").filter_map(|package| {
        let value = |key: &str| {
            package.lines().find_map(|line| {
                line.strip_prefix(key)?
                    .strip_prefix(" = \"")?
                    .strip_suffix('"')
            })
        };
        (value("name")? == name).then(|| value("version")).flatten()
    });
    let version = versions.next()?;
    versions.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn a_version_is_read_from_the_lock_only_if_it_is_the_only_one() {
        let lock = r#"
version = 4

[[package]]
name = "a-b"
version = "1.0.0"

[[package]]
name = "a"
version = "0.2.129"
dependencies = [
 "b",
]

[[package]]
name = "b"
version = "1.0.0"

[[package]]
name = "b"
version = "2.0.0"
"#;
        assert_eq!(locked_version(lock, "a"), Some("0.2.129"));
        assert_eq!(locked_version(lock, "b"), None);
        assert_eq!(locked_version(lock, "c"), None);
    }
}
