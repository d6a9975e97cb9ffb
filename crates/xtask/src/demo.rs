//! The demonstration: builds what it runs, then hands over to tests/demo/demo.ts.

use anyhow::Result;

use crate::process::{self, About};
use crate::project::Project;
use crate::wasm;

#[derive(clap::Args)]
pub struct Options {
    /// One bounded round instead of going on until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// Print the result as one JSON object, and nothing else, to stdout.
    #[arg(long)]
    json: bool,
    /// Events that are there at the start.
    #[arg(long)]
    events: Option<u64>,
    /// Further arguments for tests/demo/demo.ts, after `--`; `-- --help` lists them.
    #[arg(last = true)]
    rest: Vec<String>,
}

impl Options {
    fn arguments(&self) -> Vec<String> {
        let flags = [(self.once, "--once"), (self.json, "--json")];
        let mut arguments: Vec<_> = flags
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, flag)| (*flag).to_owned())
            .collect();
        if let Some(events) = self.events {
            arguments.extend(["--events".to_owned(), events.to_string()]);
        }
        arguments.extend(self.rest.iter().cloned());
        arguments
    }
}

pub fn run(project: &Project, options: &Options) -> Result<()> {
    wasm::worker_bundle(project)?;
    process::run_in_front(
        project,
        project
            .node()
            .arg("tests/demo/demo.ts")
            .args(options.arguments()),
        About {
            usually: None,
            remedy: "read the lines above; `cargo xtask test` tells more",
        },
    )
}
