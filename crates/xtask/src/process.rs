//! Running other programs: what is run is shown, and a failure says what to do.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, bail};

use crate::project::Project;

/// What a reader wants to know about a command besides the command itself.
#[derive(Clone, Copy)]
pub struct About {
    /// How long it usually takes, for commands that take longer than a few seconds.
    pub usually: Option<&'static str>,
    /// What to do when it fails.
    pub remedy: &'static str,
}

/// Reports progress on stderr, so that stdout holds results only.
pub fn say(text: &str) {
    eprintln!("xtask: {text}");
}

/// Runs a build step. What it prints goes to stderr; it gets no input.
pub fn run(project: &Project, command: &mut Command, about: About) -> Result<()> {
    let shown = announce(project, command, about.usually);
    let status = command
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status()
        .with_context(|| not_started(&shown, about.remedy))?;
    judge(&shown, status, about.remedy)
}

/// Runs a build step whose output matters only when it fails; then all of it goes to stderr.
pub fn run_quietly(project: &Project, command: &mut Command, about: About) -> Result<()> {
    let shown = announce(project, command, about.usually);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| not_started(&shown, about.remedy))?;
    if !output.status.success() {
        io::stderr().write_all(&output.stdout)?;
        io::stderr().write_all(&output.stderr)?;
    }
    judge(&shown, output.status, about.remedy)
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Runs a program whose stdout is ours, such as the demonstration.
///
/// A terminal's Ctrl-C reaches the program too. It decides what to do about it, and we wait: otherwise the
/// shell's prompt would come before its last words.
pub fn run_in_front(project: &Project, command: &mut Command, about: About) -> Result<()> {
    // A handler is not inherited by the program, as ignoring the signal would be.
    match ctrlc::try_set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)) {
        Ok(()) | Err(ctrlc::Error::MultipleHandlers) => {}
        Err(problem) => return Err(problem).context("cannot wait for Ctrl-C"),
    }
    let shown = announce(project, command, about.usually);
    let status = command
        .status()
        .with_context(|| not_started(&shown, about.remedy))?;
    if !status.success() && INTERRUPTED.load(Ordering::Relaxed) {
        bail!("interrupted");
    }
    judge(&shown, status, about.remedy)
}

/// Runs a program, passes its stdout through, and shows each line to `on_line` without colours.
pub fn run_watched(
    project: &Project,
    command: &mut Command,
    about: About,
    mut on_line: impl FnMut(&str),
) -> Result<()> {
    let shown = announce(project, command, about.usually);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| not_started(&shown, about.remedy))?;
    let mut lines = BufReader::new(child.stdout.take().context("stdout was not piped")?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        io::stdout().write_all(&line)?;
        on_line(without_colours(&String::from_utf8_lossy(&line)).trim_end());
        line.clear();
    }
    judge(&shown, child.wait()?, about.remedy)
}

/// A program that runs beside others. What it prints is shown at its end; dropping it ends it.
pub struct Beside {
    child: Child,
    output: Option<JoinHandle<io::Result<Vec<u8>>>>,
    shown: String,
    remedy: &'static str,
}

/// Starts a program that others need not wait for. It gets no input.
pub fn begin(project: &Project, command: &mut Command, about: About) -> Result<Beside> {
    let shown = announce(project, command, about.usually);
    let (mut reader, writer) = io::pipe()?;
    let child = command
        .stdin(Stdio::null())
        .stderr(writer.try_clone()?)
        .stdout(writer)
        .spawn()
        .with_context(|| not_started(&shown, about.remedy))?;
    // What is left of the pipe on our side would keep its end from coming.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let output = thread::spawn(move || {
        let mut output = Vec::new();
        reader.read_to_end(&mut output).map(|_| output)
    });
    Ok(Beside {
        child,
        output: Some(output),
        shown,
        remedy: about.remedy,
    })
}

impl Beside {
    /// Waits for its end and shows what it printed.
    pub fn finish(mut self) -> Result<()> {
        say(&format!("waiting for `{}`", self.shown));
        let status = self.child.wait()?;
        if let Some(Ok(output)) = self.output.take().map(JoinHandle::join) {
            io::stdout().write_all(&output?)?;
        }
        judge(&self.shown, status, self.remedy)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It has ended if somebody waited for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program quietly and returns its stdout; `None` if it cannot be started or fails.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program quietly and returns its stdout; a failure shows its stderr.
pub fn output(project: &Project, command: &mut Command, remedy: &'static str) -> Result<String> {
    let shown = shown(project, command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| not_started(&shown, remedy))?;
    if !output.status.success() {
        io::stderr().write_all(&output.stderr)?;
    }
    judge(&shown, output.status, remedy)?;
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether child processes whose stdout we read should still colour it.
pub fn wants_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn announce(project: &Project, command: &Command, usually: Option<&str>) -> String {
    let shown = shown(project, command);
    match usually {
        Some(time) => say(&format!("{shown}   (usually {time})")),
        None => say(&shown),
    }
    shown
}

fn shown(project: &Project, command: &Command) -> String {
    let root = format!("{}{}", project.root().display(), std::path::MAIN_SEPARATOR);
    let program = Path::new(command.get_program());
    // Of a program elsewhere the name says enough.
    let outside = program.is_absolute() && !program.starts_with(project.root());
    let program = program
        .file_name()
        .filter(|_| outside)
        .unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| quoted(word, &root))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word as one may paste it into a shell at the top of the project.
fn quoted(word: &OsStr, root: &str) -> String {
    let word = word.to_string_lossy().replace(root, "");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+%\\".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn not_started(shown: &str, remedy: &str) -> String {
    format!("could not start `{shown}`\nWhat to do: {remedy}\nReason")
}

fn judge(shown: &str, status: ExitStatus, remedy: &str) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let how = match status.code() {
        Some(code) => format!("exit code {code}"),
        None => format!("{status}"),
    };
    bail!("`{shown}` failed ({how})\nWhat to do: {remedy}")
}

/// `line` without ANSI colour sequences (`ESC [ … m`).
fn without_colours(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut pieces = line.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push_str(piece.split_once('m').map_or(piece, |(_, rest)| rest));
    }
    Cow::Owned(plain)
}

/// An error with something to do about it.
pub fn error(what: impl std::fmt::Display, remedy: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("{what}\nWhat to do: {remedy}")
}

#[cfg(test)]
mod tests {
    use super::{quoted, without_colours};

    #[test]
    fn colours_are_taken_out_of_a_line() {
        for (line, plain) in [
            ("plain", "plain"),
            (
                "test result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 3 passed",
                "test result: ok\u{1b}(B. 3 passed",
            ),
            ("\u{1b}[34mℹ pass 3\u{1b}[39m", "ℹ pass 3"),
        ] {
            assert_eq!(without_colours(line), plain);
        }
    }

    #[test]
    fn a_shown_command_can_be_pasted_into_a_shell() {
        for (word, expected) in [
            ("--out-dir=a/b", "--out-dir=a/b"),
            ("/here/tests/x.ts", "tests/x.ts"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("a b", "'a b'"),
        ] {
            assert_eq!(quoted(word.as_ref(), "/here/"), expected);
        }
    }
}
