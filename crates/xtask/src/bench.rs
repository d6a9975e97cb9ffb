//! Builds the contestants and hands over to tests/bench/bench.ts, which runs, compares and reports them.

use anyhow::Result;

use crate::process::{self, About};
use crate::project::Project;
use crate::wasm;

#[derive(clap::Args)]
pub struct Options {
    /// Print `[{name, mb_per_s, events_per_s}]` instead of a table; nothing else goes to stdout.
    #[arg(long)]
    json: bool,
    /// Size of the input, in 10^6 bytes.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    mb: u32,
    /// Fail unless decoding is as much faster than JavaScript as the project promises.
    #[arg(long)]
    assert: bool,
}

impl Options {
    /// For the test run: a quarter of the input, which leaves the ratios where they are.
    pub fn short_assertion() -> Self {
        Self {
            json: false,
            mb: 25,
            assert: true,
        }
    }
}

pub fn run(project: &Project, options: &Options) -> Result<()> {
    let module = wasm::benchmark(project)?;
    process::run(
        project,
        project
            .cargo()
            .args(["build", "--release", "--package", "edgesiem-decode"])
            .args(["--example", "throughput"]),
        About {
            usually: Some("30 s the first time"),
            remedy: "mend what the compiler names",
        },
    )?;
    let native = project
        .target()
        .join("release/examples")
        .join(format!("throughput{}", std::env::consts::EXE_SUFFIX));
    let mut command = project.node();
    // Garbage of one contestant must not be collected on another's time.
    command.args(["--expose-gc", "tests/bench/bench.ts"]);
    command.arg("--folder").arg(project.target().join("bench"));
    command
        .arg("--module")
        .arg(module)
        .arg("--native")
        .arg(native);
    command.args(["--mb", &options.mb.to_string()]);
    let flags = [(options.json, "--json"), (options.assert, "--assert")];
    command.args(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag));
    process::run_in_front(
        project,
        &mut command,
        About {
            usually: Some("1 min for 100 MB"),
            remedy: "if a ratio is short, repeat it on an idle machine; if outputs differ, the decoder or a contestant is wrong",
        },
    )
}
