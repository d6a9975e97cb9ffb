//! The demonstration: builds what it runs, then hands over to tests/demo/demo.ts.

use anyhow::Result;
use clap::ValueEnum;

use crate::process::{self, About};
use crate::project::Project;
use crate::wasm;

#[derive(clap::Args)]
pub struct Options {
    /// One bounded round instead of going on until Ctrl-C. Fails unless every event arrived.
    #[arg(long)]
    once: bool,
    /// Print the result as one JSON object, and nothing else, to stdout. Implies --once.
    #[arg(long)]
    json: bool,
    /// Events that are there at the start, up to 5,000,000.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(..=5_000_000))]
    events: u32,
    /// New events a second from then on, up to 50,000.
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(..=50_000), conflicts_with_all = ["once", "json"])]
    rate: u32,
    /// Seconds between two cron events, 0.2 to 3600; a deployed Worker has 60.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds, conflicts_with_all = ["once", "json"])]
    every: f64,
    /// What kind of sink the Worker delivers to.
    #[arg(long, value_enum, default_value_t = Sink::SplunkHec)]
    sink: Sink,
    /// Break something in every third round: a cut body, a full source, a lost acknowledgement.
    #[arg(long, conflicts_with_all = ["once", "json"])]
    faults: bool,
    /// Which events; the same number gives the same ones.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=0x8000_0000))]
    seed: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Sink {
    SplunkHec,
    Webhook,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "this is not a number")?;
    if (0.2..=3600.0).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("use 0.2 to 3600".to_owned())
    }
}

impl Options {
    fn arguments(&self) -> Vec<String> {
        let sink = match self.sink {
            Sink::SplunkHec => "splunk-hec",
            Sink::Webhook => "webhook",
        };
        let mut arguments = vec![
            format!("--events={}", self.events),
            format!("--seed={}", self.seed),
            format!("--sink={sink}"),
        ];
        let flags = [
            (self.once, "--once"),
            (self.json, "--json"),
            (self.faults, "--faults"),
        ];
        arguments.extend(
            flags
                .iter()
                .filter(|(set, _)| *set)
                .map(|(_, flag)| (*flag).to_owned()),
        );
        if !self.once && !self.json {
            arguments.push(format!("--rate={}", self.rate));
            arguments.push(format!("--every={}", self.every));
        }
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Options;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn arguments(line: &str) -> Result<String, i32> {
        Line::try_parse_from(["demo"].into_iter().chain(line.split_whitespace()))
            .map(|line| line.options.arguments().join(" "))
            .map_err(|error| error.exit_code())
    }

    #[test]
    fn options_reach_the_demonstration_and_misuse_is_refused_before_any_build() {
        for (line, expected) in [
            (
                "",
                Ok("--events=10000 --seed=1 --sink=splunk-hec --rate=400 --every=2"),
            ),
            (
                "--once --json --events 0 --sink webhook",
                Ok("--events=0 --seed=1 --sink=webhook --once --json"),
            ),
            (
                "--faults --rate 0 --every 0.5 --seed 2147483648",
                Ok(
                    "--events=10000 --seed=2147483648 --sink=splunk-hec --faults --rate=0 --every=0.5",
                ),
            ),
            ("--once --faults", Err(2)),
            ("--json --rate 1", Err(2)),
            ("--once --every 1", Err(2)),
            ("--events -1", Err(2)),
            ("--events 5000001", Err(2)),
            ("--rate 50001", Err(2)),
            ("--every 0.1", Err(2)),
            ("--every NaN", Err(2)),
            ("--sink splunk", Err(2)),
            ("--seed 2147483649", Err(2)),
            ("extra", Err(2)),
        ] {
            assert_eq!(arguments(line), expected.map(str::to_owned), "demo {line}");
        }
    }
}
