//! The five WebAssembly builds: the Worker's, the three of the npm package, and the benchmark's.
//!
//! Cargo knows by itself whether to compile. What comes after cargo is skipped if cargo's output and the
//! steps are the same as last time and nobody touched the result.

mod instances;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::process::{self, About, say};
use crate::project::Project;
use crate::setup::{self, WASM_TARGET};
use crate::{npm, tools};

/// wasm-opt refuses instructions of features that are not named, whatever the module says of itself.
const WASM_OPT: [&str; 9] = [
    "-O3",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Whether a module has instructions of simd128, which runtimes older than Safari 16.4 and processors older than SSE 4.1 lack.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Simd {
    /// As .cargo/config.toml has it.
    On,
    Off,
}

impl Simd {
    /// For rustc, behind what .cargo/config.toml says.
    const fn rustflags(self) -> &'static [&'static str] {
        match self {
            Self::On => &[],
            Self::Off => &["-Ctarget-feature=-simd128"],
        }
    }

    /// For wasm-opt, which then refuses a module that has such instructions nevertheless.
    const fn wasm_opt(self) -> &'static [&'static str] {
        match self {
            Self::On => &["--enable-simd"],
            Self::Off => &[],
        }
    }
}

/// The crates that are compiled for nothing else.
pub const CRATES: [&str; 3] = ["edgesiem-worker", "edgesiem-wasm", "edgesiem-wasm-pipeline"];

/// Raised when the steps below change in a way that their arguments do not show.
const STEPS: u32 = 1;

/// Set for wrangler when the Worker has just been built: the build command of wrangler.toml has nothing to do.
const WORKER_BUILT: &str = "EDGESIEM_WORKER_BUILT";

/// What wrangler.toml calls: [`worker`] and the page, unless it is us who called wrangler.
pub fn worker_for_wrangler(project: &Project) -> Result<()> {
    if std::env::var_os(WORKER_BUILT).is_some() {
        return Ok(());
    }
    worker(project)?;
    npm::page_for_wrangler(project)
}

/// Builds the Worker's module into worker/pkg.
///
/// This does what worker-build does, without the ten minutes of installing it, and one thing more: the Worker
/// needs several instances of the module.
pub fn worker(project: &Project) -> Result<()> {
    let build = Build {
        package: "edgesiem-worker",
        features: None,
        simd: Simd::On,
        wasm_bindgen: &["--target", "web", "--no-typescript"],
        instances: Instances::Many,
        out: project.root().join("worker/pkg"),
    };
    build.run(project)
}

/// Builds the Worker and bundles it as `wrangler deploy` would upload it, into target/worker-bundle under the
/// checkout, where tests/e2e/rig.ts looks for it. Of the page it needs no more than the folder.
pub fn worker_bundle(project: &Project) -> Result<()> {
    setup::npm_packages(project)?;
    worker(project)?;
    npm::make_page_folder(project)?;
    let bundle = project.root().join("target/worker-bundle");
    // wrangler adds to the folder; a module of an earlier build must not stay in it.
    if bundle.exists() {
        fs::remove_dir_all(&bundle)?;
    }
    process::run_quietly(
        project,
        project
            .node()
            .env(WORKER_BUILT, "1")
            .arg(project.node_modules().join("wrangler/bin/wrangler.js"))
            .args(["deploy", "--dry-run", "--outdir"])
            .arg(&bundle)
            .env("WRANGLER_SEND_METRICS", "false"),
        About {
            usually: Some("5 s"),
            remedy: "mend what wrangler names in wrangler.toml",
        },
    )
}

/// Builds the contestants of the benchmark that are WebAssembly, and returns their JavaScript module.
pub fn benchmark(project: &Project) -> Result<PathBuf> {
    let build = Build {
        package: "edgesiem-wasm",
        features: Some("bench"),
        simd: Simd::On,
        wasm_bindgen: &["--target", "web", "--no-typescript"],
        instances: Instances::One,
        out: project.target().join("bench/pkg"),
    };
    build.run(project)?;
    Ok(build.out.join("edgesiem_wasm.js"))
}

/// Builds the npm package's core, with and without SIMD.
pub fn npm_core(project: &Project) -> Result<()> {
    wasm_pack(project)?;
    scalar(project)
}

/// Builds the core into npm/pkg by wasm-pack.
fn wasm_pack(project: &Project) -> Result<()> {
    setup::wasm_target(project)?;
    setup::npm_packages(project)?;
    let [wasm_bindgen, wasm_pack] = tools::wasm_bindgen_and_wasm_pack(project)?;
    let compiled = compile(project, "edgesiem-wasm", None, Simd::On)?;
    let arguments = [
        "build",
        "crates/wasm",
        "--mode",
        "no-install",
        "--target",
        "web",
        "--no-pack",
        "--out-dir",
        "../../npm/pkg",
        "--release",
    ];
    let settings = fs::read_to_string(project.root().join("crates/wasm/Cargo.toml"))?;
    let out = project.root().join("npm/pkg");
    let stamp = Stamp::new(
        project,
        "npm",
        &out,
        &[
            &compiled,
            arguments.join(" ").as_bytes(),
            settings.as_bytes(),
        ],
    );
    if stamp.is_fresh() {
        say("npm/pkg is up to date");
    } else {
        let mut command = project.command(wasm_pack);
        let folders = [
            wasm_bindgen.parent(),
            Some(&project.node_modules().join(".bin")),
        ];
        let folders: Vec<PathBuf> = folders.into_iter().flatten().map(Path::to_owned).collect();
        command
            .args(arguments)
            .arg("--")
            .args(target_flags(Simd::On))
            .env("PATH", project.path_with(&folders));
        process::run(
            project,
            &mut command,
            About {
                usually: Some("20 s"),
                remedy: "read what wasm-pack says; `cargo xtask setup` checks its tools",
            },
        )?;
        stamp.write()?;
    }
    report_size(project, &out.join("edgesiem_wasm_bg.wasm"))
}

/// Builds the core without SIMD into npm/pkg-scalar, for the JavaScript that wasm-bindgen wrote for npm/pkg.
fn scalar(project: &Project) -> Result<()> {
    let build = Build {
        package: "edgesiem-wasm",
        features: None,
        simd: Simd::Off,
        wasm_bindgen: &["--target", "web"],
        instances: Instances::One,
        out: project.root().join("npm/pkg-scalar"),
    };
    build.run(project)?;
    let glue = "edgesiem_wasm.js";
    let [with, without] = ["npm/pkg", "npm/pkg-scalar"].map(|folder| {
        let path = project.root().join(folder).join(glue);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    });
    if with? != without? {
        return Err(process::error(
            format!("{glue} of npm/pkg and of npm/pkg-scalar differ"),
            "build both from the same sources; nothing but the instructions may depend on SIMD",
        ));
    }
    Ok(())
}

/// Builds the npm package's pipeline into npm/pkg-pipeline.
pub fn npm_pipeline(project: &Project) -> Result<()> {
    let build = Build {
        package: "edgesiem-wasm-pipeline",
        features: None,
        simd: Simd::On,
        wasm_bindgen: &["--target", "web"],
        // npm/build.mjs sees to that.
        instances: Instances::One,
        out: project.root().join("npm/pkg-pipeline"),
    };
    build.run(project)
}

/// How many instances of a module may live at the same time.
#[derive(Clone, Copy)]
enum Instances {
    One,
    Many,
}

struct Build<'a> {
    package: &'a str,
    features: Option<&'a str>,
    simd: Simd,
    wasm_bindgen: &'a [&'a str],
    instances: Instances,
    /// Everything in this folder is ours.
    out: PathBuf,
}

impl Build<'_> {
    fn run(&self, project: &Project) -> Result<()> {
        setup::wasm_target(project)?;
        setup::npm_packages(project)?;
        let wasm_bindgen = tools::wasm_bindgen(project)?;
        let compiled = compile(project, self.package, self.features, self.simd)?;
        let name = self.package.replace('-', "_");
        let wasm_opt_options = [&WASM_OPT[..], self.simd.wasm_opt()].concat();
        let steps = [self.wasm_bindgen, &wasm_opt_options].concat().join(" ");
        let variant = match self.simd {
            Simd::On => self.features.unwrap_or("default"),
            Simd::Off => "scalar",
        };
        let label = format!("{}-{variant}", self.package);
        let versions = project.locked_version("wasm-bindgen")?;
        let optimiser = package_json(project, "binaryen")?;
        let wrapper = match self.instances {
            Instances::One => Vec::new(),
            Instances::Many => instances::inputs(project)?,
        };
        let mut inputs = vec![
            compiled.as_slice(),
            steps.as_bytes(),
            versions.as_bytes(),
            &optimiser,
        ];
        inputs.extend(wrapper.iter().map(Vec::as_slice));
        let stamp = Stamp::new(project, &label, &self.out, &inputs);
        let module = format!("{name}_bg.wasm");
        if stamp.is_fresh() {
            say(&format!("{} is up to date", shown(project, &self.out)));
            return report_size(project, &self.out.join(module));
        }
        // Built aside: a dev server that watches `out` never sees half of it.
        let stage = project.target().join("stage").join(&label);
        if stage.exists() {
            fs::remove_dir_all(&stage)?;
        }
        fs::create_dir_all(&stage)?;
        // Bound and optimised from the very bytes that the stamp is about.
        let raw = stage.join(format!("{name}.wasm"));
        fs::write(&raw, &compiled)?;
        let bound = stage.join("pkg");
        let mut bind = project.command(wasm_bindgen);
        bind.args(self.wasm_bindgen)
            .arg("--out-dir")
            .arg(&bound)
            .arg(&raw);
        process::run(
            project,
            &mut bind,
            About {
                usually: None,
                remedy: "run `cargo xtask setup`; wasm-bindgen must be the version in Cargo.lock",
            },
        )?;
        if matches!(self.instances, Instances::Many) {
            instances::wrap(project, &bound, &name)?;
        }
        let bound_module = bound.join(&module);
        process::run(
            project,
            wasm_opt(project)
                .args(&wasm_opt_options)
                .arg(&bound_module)
                .arg("-o")
                .arg(&bound_module),
            About {
                usually: Some("20 s"),
                remedy: "delete tests/node_modules and run this again",
            },
        )?;
        replace_folder(&bound, &self.out)?;
        stamp.write()?;
        report_size(project, &self.out.join(module))
    }
}

/// Compiles a crate to WebAssembly and returns the module.
fn compile(
    project: &Project,
    package: &str,
    features: Option<&str>,
    simd: Simd,
) -> Result<Vec<u8>> {
    let mut command = project.cargo();
    command.args([
        "build",
        "--package",
        package,
        "--lib",
        "--release",
        "--target",
        WASM_TARGET,
    ]);
    if let Some(features) = features {
        command.args(["--features", features]);
    }
    command.args(target_flags(simd));
    process::run(
        project,
        &mut command,
        About {
            usually: Some("1 to 3 min the first time"),
            remedy: "mend what the compiler names",
        },
    )?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    let path = project
        .target()
        .join(WASM_TARGET)
        .join("release")
        .join(file);
    fs::read(&path).with_context(|| format!("cargo did not write {}", path.display()))
}

/// A module that is published names no folder of the machine that built it.
fn target_flags(simd: Simd) -> Vec<String> {
    let without_paths =
        registry_sources().map(|registry| format!("--remap-path-prefix={registry}=crates.io"));
    let flags: Vec<&str> = without_paths
        .iter()
        .map(String::as_str)
        .chain(simd.rustflags().iter().copied())
        .collect();
    if flags.is_empty() {
        return Vec::new();
    }
    let flags = serde_json::json!(flags);
    vec![
        "--config".to_owned(),
        format!("target.{WASM_TARGET}.rustflags={flags}"),
    ]
}

/// Where cargo keeps the sources of crates.
fn registry_sources() -> Option<String> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")))?;
    Some(home.join("registry/src").to_str()?.to_owned())
}

/// Says which version of a tool from npm is installed.
fn package_json(project: &Project, package: &str) -> Result<Vec<u8>> {
    fs::read(project.node_modules().join(package).join("package.json"))
        .with_context(|| format!("cannot read {package}'s package.json"))
}

fn wasm_opt(project: &Project) -> Command {
    let mut command = project.node();
    command.arg(project.node_modules().join("binaryen/bin/wasm-opt"));
    command
}

/// Says what a folder was made from and what it held when it was made.
struct Stamp<'a> {
    file: PathBuf,
    inputs: String,
    out: &'a Path,
}

impl<'a> Stamp<'a> {
    fn new(project: &Project, label: &str, out: &'a Path, inputs: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&STEPS.to_le_bytes());
        for input in inputs {
            hasher.update(&(input.len() as u64).to_le_bytes());
            hasher.update(input);
        }
        let file = project.target().join("stamps").join(label);
        Self {
            file,
            inputs: hasher.finalize().to_hex().to_string(),
            out,
        }
    }

    fn is_fresh(&self) -> bool {
        let stored = fs::read_to_string(&self.file).ok();
        stored.is_some() && stored == self.content().ok()
    }

    fn write(&self) -> Result<()> {
        setup::write_stamp(&self.file, &self.content()?)
    }

    fn content(&self) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        for path in files_in(self.out)? {
            hasher.update(path.as_os_str().as_encoded_bytes());
            hasher.update(blake3::hash(&fs::read(&path)?).as_bytes());
        }
        Ok(format!("{} {}\n", self.inputs, hasher.finalize().to_hex()))
    }
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_in(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Makes `to` hold what `from` holds. Copies, because the two may be on different disks.
fn replace_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let mut written = Vec::new();
    for source in files_in(from)? {
        let target = to.join(source.strip_prefix(from)?);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&source, &target).with_context(|| format!("cannot write {}", target.display()))?;
        written.push(target);
    }
    for old in files_in(to)?
        .into_iter()
        .filter(|file| !written.contains(file))
    {
        fs::remove_file(old)?;
    }
    Ok(())
}

fn report_size(project: &Project, module: &Path) -> Result<()> {
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&bytes)?;
    let compressed = gzip.finish()?.len();
    let name = shown(project, module);
    say(&format!(
        "{name}: {} bytes, {compressed} gzipped",
        bytes.len()
    ));
    Ok(())
}

fn shown(project: &Project, path: &Path) -> String {
    path.strip_prefix(project.root())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{files_in, replace_folder};

    #[test]
    fn a_replaced_folder_holds_exactly_the_new_files() {
        let base = std::env::temp_dir().join(format!("edgesiem-xtask-{}", std::process::id()));
        let (from, to) = (base.join("from"), base.join("to"));
        for (path, text) in [
            (from.join("a.js"), "new"),
            (from.join("snippets/b.js"), "b"),
            (to.join("a.js"), "old"),
            (to.join("gone.js"), "x"),
        ] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        replace_folder(&from, &to).unwrap();
        assert_eq!(
            files_in(&to).unwrap(),
            [to.join("a.js"), to.join("snippets/b.js")]
        );
        assert_eq!(fs::read_to_string(to.join("a.js")).unwrap(), "new");
        fs::remove_dir_all(base).unwrap();
    }
}
