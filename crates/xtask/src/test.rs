//! Every check and every test, in one run with one sum at the end.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{self, About};
use crate::project::Project;
use crate::{bench, check, faults, npm, receivers, setup, wasm};

/// Folders of TypeScript tests under tests/. All of them must exist.
const TYPESCRIPT_TESTS: [&str; 3] = ["vectors", "emulator", "emulator/sinks"];

/// Those that need a browser.
const BROWSER_TESTS: [&str; 4] = ["e2e", "runtimes", "package", "web"];

/// Of tests/web, the one that measures.
const GIGABYTE: &str = "gigabyte.test.ts";

const REMEDY: &str =
    "find the first failure above; each test's name says what should have happened";

/// Runs all steps, also after a failure, except those that need a build that failed.
pub fn run(project: &Project) -> Result<ExitCode> {
    let mut report = Report::default();
    report.work("set-up", || setup::everything(project));
    report.work("check", || check::run(project));
    report.tests("cargo test", |tally| cargo_test(project, tally));
    report.work("build for npm", || npm::package(project));
    report.work("build of the Worker", || wasm::worker_bundle(project));
    let mut simulator = None;
    report.work("build of the simulator", || {
        simulator = Some(faults::begin(project)?);
        Ok(())
    });
    let built = report.all_passed(&["set-up", "build for npm", "build of the Worker"]);
    for folder in TYPESCRIPT_TESTS {
        let name = format!("tests/{folder}");
        if built {
            report.tests(&name, |tally| node_test(project, folder, tally));
        } else {
            report.skip(&name);
        }
    }
    for folder in BROWSER_TESTS {
        let name = format!("tests/{folder}");
        if built {
            report.tests(&name, |tally| {
                let files = test_files(project, folder)?
                    .into_iter()
                    .filter(|file| !file.ends_with(GIGABYTE))
                    .collect();
                browser_test(project, files, tally)
            });
        } else {
            report.skip(&name);
        }
    }
    if built {
        report.tests("tests/schemas", |tally| schemas_test(project, tally));
        report.tests("tests/receivers", |tally| receivers_test(project, tally));
    } else {
        report.skip("tests/schemas");
        report.skip("tests/receivers");
    }
    if let Some(simulator) = simulator {
        report.work("faults", || simulator.finish());
    } else {
        report.skip("faults");
    }
    // From here on speed is measured, and nothing runs beside.
    if built {
        report.tests("tests/cli", |tally| node_test(project, "cli", tally));
        report.tests("tests/web, 1 GB", |tally| {
            let file = project.root().join("tests/web").join(GIGABYTE);
            browser_test(project, vec![file], tally)
        });
    } else {
        report.skip("tests/cli");
        report.skip("tests/web, 1 GB");
    }
    report.work("bench --assert", || {
        setup::valgrind(project);
        bench::run(project, &bench::Options::short_assertion())
    });
    report.print();
    Ok(if report.sum().failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn cargo_test(project: &Project, tally: &mut Tally) -> Result<()> {
    let mut command = project.cargo();
    command
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(wasm::CRATES.iter().flat_map(|name| ["--exclude", name]));
    if process::wants_colour() {
        command.arg("--color=always");
    }
    let about = About {
        usually: Some("2 to 4 min the first time"),
        remedy: REMEDY,
    };
    process::run_watched(project, &mut command, about, |line| tally.read_cargo(line))
}

fn node_test(project: &Project, folder: &str, tally: &mut Tally) -> Result<()> {
    let mut command = project.node();
    command
        .args(["--test", "--test-reporter=spec"])
        .args(test_files(project, folder)?);
    run_node(project, command, None, tally)
}

fn browser_test(project: &Project, files: Vec<PathBuf>, tally: &mut Tally) -> Result<()> {
    let chromium = setup::chromium(project)?;
    let mut command = project.node();
    command
        .env("EDGESIEM_CHROMIUM", chromium)
        .args(["--test", "--test-reporter=spec"])
        .args(files);
    run_node(project, command, Some("3 min"), tally)
}

/// Lets validators that others wrote read the documents of all schemas.
fn schemas_test(project: &Project, tally: &mut Tally) -> Result<()> {
    // As `cargo test` has built all that it needs already.
    process::run(
        project,
        project.cargo().args([
            "build",
            "--profile",
            "test",
            "--package",
            "edgesiem-schemas",
            "--example",
            "schema-convert",
        ]),
        About {
            usually: None,
            remedy: "mend what the compiler names",
        },
    )?;
    let mut command = receivers::node_test(project)?;
    command
        .env(
            "EDGESIEM_SCHEMA_CONVERT",
            project.target().join("debug/examples/schema-convert"),
        )
        .args(test_files(project, "schemas")?);
    run_node(project, command, Some("1 min"), tally)
}

/// Installs the receivers that others wrote, and lets the built Worker deliver to them.
fn receivers_test(project: &Project, tally: &mut Tally) -> Result<()> {
    let mut command = receivers::node_test(project)?;
    command.args(test_files(project, "receivers")?);
    run_node(project, command, Some("4 min"), tally)
}

fn run_node(
    project: &Project,
    mut command: Command,
    usually: Option<&'static str>,
    tally: &mut Tally,
) -> Result<()> {
    force_colour(&mut command);
    let about = About {
        usually,
        remedy: REMEDY,
    };
    process::run_watched(project, &mut command, about, |line| tally.read_node(line))
}

fn force_colour(command: &mut Command) {
    if process::wants_colour() {
        command.env("FORCE_COLOR", "1");
    }
}

fn test_files(project: &Project, folder: &str) -> Result<Vec<PathBuf>> {
    let path = project.root().join("tests").join(folder);
    let entries =
        std::fs::read_dir(&path).with_context(|| format!("tests/{folder} cannot be read"))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file.to_string_lossy().ends_with(".test.ts") {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("tests/{folder} has no *.test.ts");
    }
    Ok(files)
}

/// Tests that ran, as the test runners count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    /// `test result: ok. 3 passed; 1 failed; 0 ignored; …`
    fn read_cargo(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in result.split([';', '.']) {
            match part.trim().split_once(' ') {
                Some((count, "passed")) => self.passed += count.parse().unwrap_or(0),
                Some((count, "failed")) => self.failed += count.parse().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// `ℹ pass 3` of the reporter `spec`, `# pass 3` of `tap`.
    fn read_node(&mut self, line: &str) {
        let Some(fact) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) else {
            return;
        };
        match fact.split_once(' ') {
            Some(("pass", count)) => self.passed += count.parse().unwrap_or(0),
            // A cancelled test is one that its parent or a timeout ended.
            Some(("fail" | "cancelled", count)) => self.failed += count.parse().unwrap_or(0),
            _ => {}
        }
    }
}

enum Outcome {
    Passed,
    Failed,
    NotRun,
}

struct Step {
    name: String,
    outcome: Outcome,
    /// `None` for a step that is not a test.
    tests: Option<Tally>,
    time: Duration,
}

#[derive(Default)]
struct Report {
    steps: Vec<Step>,
}

impl Report {
    fn work(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        heading(name);
        let start = Instant::now();
        let result = work();
        self.finish(name, start, result, None);
    }

    fn tests(&mut self, name: &str, work: impl FnOnce(&mut Tally) -> Result<()>) {
        heading(name);
        let start = Instant::now();
        let mut tally = Tally::default();
        let mut result = work(&mut tally);
        if result.is_ok() && tally.passed == 0 {
            result = Err(process::error(
                "no test ran",
                "look for a renamed folder or a changed output of the test runner",
            ));
        }
        self.finish(name, start, result, Some(tally));
    }

    fn skip(&mut self, name: &str) {
        self.steps.push(Step {
            name: name.to_owned(),
            outcome: Outcome::NotRun,
            tests: None,
            time: Duration::ZERO,
        });
    }

    fn finish(&mut self, name: &str, start: Instant, result: Result<()>, tests: Option<Tally>) {
        let failed = result.is_err() || tests.is_some_and(|tally| tally.failed > 0);
        if let Err(problem) = result {
            eprintln!("\nxtask: {name}: {problem:#}");
        }
        let outcome = if failed {
            Outcome::Failed
        } else {
            Outcome::Passed
        };
        self.steps.push(Step {
            name: name.to_owned(),
            outcome,
            tests,
            time: start.elapsed(),
        });
    }

    fn all_passed(&self, names: &[&str]) -> bool {
        let of_interest = |step: &&Step| names.contains(&step.name.as_str());
        self.steps
            .iter()
            .filter(of_interest)
            .all(|step| matches!(step.outcome, Outcome::Passed))
    }

    /// A step that failed without a failed test counts as one.
    fn sum(&self) -> Tally {
        self.steps.iter().fold(Tally::default(), |sum, step| {
            let tests = step.tests.unwrap_or_default();
            let at_least = u64::from(!matches!(step.outcome, Outcome::Passed));
            Tally {
                passed: sum.passed + tests.passed,
                failed: sum.failed + tests.failed.max(at_least),
            }
        })
    }

    fn print(&self) {
        println!(
            "\n{:<22} {:<8} {:>7} {:>7} {:>10}",
            "step", "result", "passed", "failed", "time"
        );
        for step in &self.steps {
            let result = match step.outcome {
                Outcome::Passed => "ok",
                Outcome::Failed => "FAILED",
                Outcome::NotRun => "NOT RUN",
            };
            let [passed, failed] = step.tests.map_or([String::new(), String::new()], |tally| {
                [tally.passed.to_string(), tally.failed.to_string()]
            });
            let time = format!("{:.1} s", step.time.as_secs_f64());
            println!(
                "{:<22} {result:<8} {passed:>7} {failed:>7} {time:>10}",
                step.name
            );
        }
        let time: Duration = self.steps.iter().map(|step| step.time).sum();
        println!(
            "{:<46} {:>10}\n",
            "",
            format!("{:.1} s", time.as_secs_f64())
        );
        let sum = self.sum();
        println!("{} passed, {} failed", sum.passed, sum.failed);
    }
}

fn heading(name: &str) {
    eprintln!("\n== {name}");
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::{Report, Tally};

    #[test]
    fn cargo_results_are_summed_over_all_binaries() {
        let mut tally = Tally::default();
        for line in [
            "running 4 tests",
            "test a ... ok",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.25s",
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ] {
            tally.read_cargo(line);
        }
        assert_eq!(
            tally,
            Tally {
                passed: 13,
                failed: 2
            }
        );
    }

    #[test]
    fn node_results_are_read_from_both_reporters() {
        let mut tally = Tally::default();
        for line in [
            "✔ passes 7 (1.2ms)",
            "ℹ tests 7",
            "ℹ suites 2",
            "ℹ pass 5",
            "ℹ fail 1",
            "ℹ cancelled 1",
            "ℹ skipped 0",
            "# pass 2",
            "# fail 0",
        ] {
            tally.read_node(line);
        }
        assert_eq!(
            tally,
            Tally {
                passed: 7,
                failed: 2
            }
        );
    }

    #[test]
    fn nothing_that_went_wrong_can_end_as_zero_failed() {
        type Act = fn(&mut Report);
        let cases: [(&str, Act); 5] = [
            ("work failed", |report| report.work("w", || bail!("x"))),
            ("no test ran", |report| report.tests("t", |_| Ok(()))),
            ("runner failed without a failed test", |report| {
                report.tests("t", |tally| {
                    tally.passed = 3;
                    bail!("does not compile")
                });
            }),
            ("a test failed and the runner succeeded", |report| {
                report.tests("t", |tally| {
                    *tally = Tally {
                        passed: 3,
                        failed: 1,
                    };
                    Ok(())
                });
            }),
            ("not run", |report| report.skip("s")),
        ];
        for (case, act) in cases {
            let mut report = Report::default();
            act(&mut report);
            assert_eq!(report.sum().failed, 1, "{case}");
        }
    }
}
