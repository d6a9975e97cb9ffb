//! Programs from the Rust registry, kept in a cache folder of their own by name and version. The receivers of the tests are
//! kept there too (`receivers.rs`).

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{self, About, error, say};
use crate::project::Project;

struct Tool {
    /// Name in the registry.
    package: &'static str,
    /// Name of the program.
    binary: &'static str,
    version: String,
    usually: &'static str,
}

impl Tool {
    /// Its version must equal the library's to the last digit.
    fn wasm_bindgen(project: &Project) -> Result<Self> {
        Ok(Self {
            package: "wasm-bindgen-cli",
            binary: "wasm-bindgen",
            version: project.locked_version("wasm-bindgen")?,
            usually: "3 min",
        })
    }

    fn wasm_pack() -> Self {
        Self {
            package: "wasm-pack",
            binary: "wasm-pack",
            version: "0.15.1".to_owned(),
            usually: "2 min",
        }
    }
}

/// The wasm-bindgen program, installed if missing.
pub fn wasm_bindgen(project: &Project) -> Result<PathBuf> {
    let [wasm_bindgen] = find_or_install(project, [Tool::wasm_bindgen(project)?])?;
    Ok(wasm_bindgen)
}

/// The programs wasm-bindgen and wasm-pack, installed if missing.
pub fn wasm_bindgen_and_wasm_pack(project: &Project) -> Result<[PathBuf; 2]> {
    find_or_install(project, [Tool::wasm_bindgen(project)?, Tool::wasm_pack()])
}

/// Where the programs are: on PATH if that is the right version, else in the cache.
fn find_or_install<const N: usize>(project: &Project, tools: [Tool; N]) -> Result<[PathBuf; N]> {
    let cache = cache_folder()?;
    let find = |tool: &Tool| {
        tool.on_path(project).or_else(|| {
            Some(tool.binary_in(&tool.folder_in(&cache))).filter(|file| tool.works(project, file))
        })
    };
    let found = tools.each_ref().map(find);
    if found.iter().any(Option::is_none) {
        let _lock = locked(&cache)?;
        // One build folder for all of them, because they share many crates.
        let build = cache.join(".build");
        let installed = tools
            .iter()
            .filter(|tool| find(tool).is_none())
            .try_for_each(|tool| tool.install(project, &cache, &build));
        remove_folder(&build)?;
        installed?;
    }
    Ok(tools.map(|tool| find(&tool).unwrap_or_else(|| tool.binary_in(&tool.folder_in(&cache)))))
}

/// The cache folder, made if it is missing, for this process alone until the file is dropped.
pub fn locked(cache: &Path) -> Result<File> {
    fs::create_dir_all(cache).with_context(|| {
        format!(
            "cannot create {}; set EDGESIEM_TOOLS to a folder of yours",
            cache.display()
        )
    })?;
    let lock = File::create(cache.join(".lock"))?;
    if lock.try_lock().is_err() {
        say("waiting for another xtask that is installing tools");
        lock.lock()?;
    }
    Ok(lock)
}

impl Tool {
    fn folder_in(&self, cache: &Path) -> PathBuf {
        cache.join(format!("{}-{}", self.package, self.version))
    }

    fn binary_in(&self, root: &Path) -> PathBuf {
        root.join("bin")
            .join(format!("{}{}", self.binary, std::env::consts::EXE_SUFFIX))
    }

    fn on_path(&self, project: &Project) -> Option<PathBuf> {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|folder| folder.join(format!("{}{}", self.binary, std::env::consts::EXE_SUFFIX)))
            .find(|file| file.is_file())
            .filter(|file| self.works(project, file))
    }

    fn works(&self, project: &Project, binary: &Path) -> bool {
        binary.is_file()
            && process::answer(project.command(binary).arg("--version"))
                .is_some_and(|text| text.split_whitespace().nth(1) == Some(self.version.as_str()))
    }

    fn install(&self, project: &Project, cache: &Path, build: &Path) -> Result<()> {
        // Installed aside and renamed, so that an interrupted install is never taken for a good one.
        let partial = cache.join(".partial");
        remove_folder(&partial)?;
        self.cargo_install(project, &partial, build)?;
        if !self.works(project, &self.binary_in(&partial)) {
            return Err(error(
                format!(
                    "{} was installed but does not run as version {}",
                    self.binary, self.version
                ),
                "run `cargo install` of it by hand, put it on PATH, and run this again",
            ));
        }
        let finished = self.folder_in(cache);
        remove_folder(&finished)?;
        fs::rename(&partial, &finished)
            .with_context(|| format!("cannot move the tool to {}", finished.display()))
    }

    fn cargo_install(&self, project: &Project, root: &Path, build: &Path) -> Result<()> {
        let attempt = |locked: bool| {
            let mut command = project.cargo();
            command.args([
                "install",
                self.package,
                "--version",
                &format!("={}", self.version),
            ]);
            if locked {
                command.arg("--locked");
            }
            command
                .arg("--root")
                .arg(root)
                .arg("--target-dir")
                .arg(build);
            // A user's default target would build a tool that does not run here.
            command
                .env_remove("CARGO_BUILD_TARGET")
                .env_remove("RUSTFLAGS");
            process::run(
                project,
                &mut command,
                About {
                    usually: Some(self.usually),
                    remedy: "check the network and free disk space (1 GB); a C compiler must be installed (Debian: build-essential)",
                },
            )
        };
        attempt(true).or_else(|first| {
            // A registry mirror may lag behind the versions in the tool's own lock file.
            say(&format!("{first:#}\nxtask: trying again without --locked"));
            attempt(false)
        })
    }
}

/// `EDGESIEM_TOOLS`, or `edgesiem/tools` in the user's cache folder: outside of `target/`, so that
/// `cargo clean` does not cost minutes.
pub fn cache_folder() -> Result<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = variable("EDGESIEM_TOOLS") {
        return std::path::absolute(folder).context("EDGESIEM_TOOLS is not a path");
    }
    variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .map(|cache| cache.join("edgesiem").join("tools"))
        .context("there is no home folder for the tools: set EDGESIEM_TOOLS to a folder")
}

pub fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
            Err(problem).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
