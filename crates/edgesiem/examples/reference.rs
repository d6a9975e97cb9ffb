//! Writes the pages about sinks and schemas and the README's table of them from what the code says: the configuration types with their
//! documentation, each sink's `About`, and the names of the tests against receivers.
//!
//! `cargo run -p edgesiem --features docs --example reference -- ROOT [--check]`, where ROOT is the project's folder. With
//! `--check` it writes nothing, names what is out of date, and fails if anything is.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program, not a part of the library"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use edgesiem_schemas as schemas;
use edgesiem_sinks::{ALL, About, Common, SinkConfig, Size, Visitor, with_kind};
use serde_json::Value;

const FOLDER: &str = "crates/sinks/docs";
const SCHEMA_FOLDER: &str = "crates/schemas/docs";
/// The event that the pages about schemas show: the first of these lines.
const SAMPLES: &str = "tests/vectors/schemas/ecs.json";
/// Events of Trend Micro Cloud App Security.
const CAS_SAMPLES: &str = "tests/vectors/schemas/trend-micro.json";
const NOTE: &str = "<!-- Made by `cargo xtask docs` from the code; do not edit. -->\n";
const TESTS: &str = "tests/receivers";
const BEGIN: &str = "<!-- sinks: made by `cargo xtask docs` -->\n";
const END: &str = "<!-- /sinks -->";
/// What the table says of each sink: the column's heading, and what the names of its tests have after the kind.
const COLUMNS: &[(&str, &str)] = &[
    ("accepted by", "accepted by "),
    ("if only a part is accepted", "partial failure: "),
    ("a batch that comes twice", "repeats: "),
    ("limits", "limits: "),
];

type Files = BTreeMap<PathBuf, String>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().unwrap_or_default());
    let check = arguments.next().as_deref() == Some("--check");
    match files(&root).and_then(|files| settle(&root, &files, check)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Every file that is made, by its path within the project.
fn files(root: &Path) -> Result<Files, String> {
    let mut files = Files::new();
    let mut index = format!(
        "{NOTE}# Sinks\n\nEach page has the sink's keys, its limits, and what every answer of the receiver does.\n\n| kind | product |\n|---|---|\n"
    );
    for about in ALL {
        let page = with_kind(about.kind, PageOf(about)).unwrap_or_default();
        files.insert(Path::new(FOLDER).join(format!("{}.md", about.kind)), page);
        let place = if about.local {
            "; not for a Worker"
        } else {
            ""
        };
        let _ = writeln!(
            index,
            "| [`{0}`]({0}.md) | {1}{place} |",
            about.kind, about.product
        );
    }
    files.insert(Path::new(FOLDER).join("README.md"), index);
    schema_pages(root, &mut files)?;
    let readme = read(&root.join("README.md"))?;
    files.insert(
        PathBuf::from("README.md"),
        with_table(&readme, &table(&test_names(root)?)?)?,
    );
    Ok(files)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// A page for each schema, with what it makes of the sample.
fn schema_pages(root: &Path, files: &mut Files) -> Result<(), String> {
    let samples: Value = serde_json::from_str(&read(&root.join(SAMPLES))?)
        .map_err(|error| format!("{SAMPLES}: {error}"))?;
    let line = samples
        .pointer("/0/line")
        .and_then(Value::as_str)
        .ok_or_else(|| format!("{SAMPLES} has no line"))?;
    let mut index = format!(
        "{NOTE}# Schemas\n\nHow a stream's events are written: `schema = \"NAME\"`, or with options `schema = {{ name = \"NAME\", … }}`.\n\n\
         | name | |\n|---|---|\n"
    );
    let samples: Value = serde_json::from_str(&read(&root.join(CAS_SAMPLES))?)
        .map_err(|error| format!("{CAS_SAMPLES}: {error}"))?;
    let mut samples = samples.as_array().into_iter().flatten();
    let cas_line = samples
        .find(|sample| sample["name"] == "mail-phishing")
        .and_then(|sample| sample["line"].as_str())
        .ok_or_else(|| format!("{CAS_SAMPLES} has no mail-phishing"))?;
    for about in schemas::ABOUT {
        let _ = writeln!(index, "| [`{0}`]({0}.md) | {1} |", about.name, about.title);
        let path = Path::new(SCHEMA_FOLDER).join(format!("{}.md", about.name));
        files.insert(path, schema_page(about, line, cas_line)?);
    }
    files.insert(Path::new(SCHEMA_FOLDER).join("README.md"), index);
    Ok(())
}

fn schema_page(about: &schemas::About, line: &str, cas_line: &str) -> Result<String, String> {
    let name = about.name;
    let mut schema = schemas::by_name(name).ok_or_else(|| format!("there is no schema {name}"))?;
    let mut document = Vec::new();
    schema
        .convert(line.as_bytes(), &mut document)
        .map_err(|unreadable| format!("the sample: {unreadable}"))?;
    let text = String::from_utf8_lossy(&document).into_owned();
    let pretty = |text: &str| {
        serde_json::from_str::<Value>(text)
            .and_then(|value| serde_json::to_string_pretty(&value))
            .unwrap_or_else(|_| text.to_owned())
    };
    let mut out = format!(
        "{NOTE}# {} (`{name}`)\n\n{}\n\n**What has no place:** {}\n\n## Options\n\n",
        about.title, about.summary, about.rest
    );
    let (options, by_rule) = schemas::options(name);
    let has_options = options
        .as_value()
        .pointer("/properties")
        .and_then(Value::as_object)
        .is_some_and(|properties| !properties.is_empty());
    if by_rule || has_options {
        out.push_str("| key | value | |\n|---|---|---|\n");
        keys(&mut out, options.as_value(), &|_| None);
        if by_rule {
            out.push_str(
                "| `expand_rules` | true or false | A document for each rule of an event instead of one for the event; false if it is not \
                 set. An event whose documents would have more than 4 MiB together gives one. |\n",
            );
        }
    } else {
        out.push_str("None.\n");
    }
    let _ = write!(
        out,
        "\n## A document\n\nOf Akamai's own example:\n\n```json\n{}\n```\n\nthis is made{}:\n\n```json\n{}\n```\n",
        pretty(line),
        if schema.form().is_json() {
            ", in one line"
        } else {
            ""
        },
        pretty(&text)
    );
    out.push_str("\n## Events of Trend Micro Cloud App Security\n\n");
    match (
        about.trend_micro,
        schemas::Events::TrendMicroCas.schema(name),
    ) {
        (Some(summary), Some(mut schema)) => {
            let mut document = Vec::new();
            schema
                .convert(cas_line.as_bytes(), &mut document)
                .map_err(|unreadable| format!("the sample: {unreadable}"))?;
            let text = String::from_utf8_lossy(&document).into_owned();
            let _ = write!(
                out,
                "{summary}\n\nOf this one\n\n```json\n{}\n```\n\nthis is made:\n\n```json\n{}\n```\n",
                pretty(cas_line),
                pretty(&text)
            );
        }
        (None, None) => {
            out.push_str("None: this schema is Akamai's, and a stream of such events is refused.\n")
        }
        _ => return Err(format!("{name}: about.rs and events.rs differ")),
    }
    out.push_str("\n## Follows\n\n");
    for (title, address) in about.sources {
        let _ = writeln!(out, "- [{title}]({address})");
    }
    Ok(out)
}

/// Writes what differs, or complains about it.
fn settle(root: &Path, files: &Files, check: bool) -> Result<(), String> {
    let mut stale: Vec<String> = files
        .iter()
        .filter(|(path, text)| read(&root.join(path)).ok().as_ref() != Some(text))
        .map(|(path, _)| path.display().to_string())
        .collect();
    let mut left_over: Vec<PathBuf> = Vec::new();
    for folder in [FOLDER, SCHEMA_FOLDER] {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten();
        let paths =
            entries.filter_map(|entry| Some(Path::new(folder).join(entry.ok()?.file_name())));
        left_over.extend(paths.filter(|path| !files.contains_key(path)));
    }
    stale.extend(left_over.iter().map(|path| path.display().to_string()));
    if check && !stale.is_empty() {
        return Err(format!(
            "out of date: {}\nWhat to do: run `cargo xtask docs`",
            stale.join(", ")
        ));
    }
    if check {
        println!("{} pages are up to date", files.len());
        return Ok(());
    }
    let write = |path: &Path, text: &str| {
        for folder in [FOLDER, SCHEMA_FOLDER] {
            std::fs::create_dir_all(root.join(folder))?;
        }
        std::fs::write(root.join(path), text)
    };
    for (path, text) in files {
        write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    for path in left_over {
        std::fs::remove_file(root.join(&path))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("{} pages written", files.len());
    Ok(())
}

struct PageOf<'a>(&'a About);

impl Visitor for PageOf<'_> {
    type Output = String;

    fn visit<C: SinkConfig>(self) -> String {
        let schema = schemars::schema_for!(C);
        let common = schemars::schema_for!(Common);
        page(self.0, &C::SIZE, schema.as_value(), common.as_value())
    }
}

fn page(about: &About, size: &Size, own: &Value, common: &Value) -> String {
    let mut out = format!(
        "{NOTE}# {} (`{}`)\n\n{}\n\n```toml\n{}```\n\n",
        about.product, about.kind, about.summary, about.example
    );
    out.push_str("## Keys\n\n| key | value | |\n|---|---|---|\n");
    keys(&mut out, own, &|_| None);
    keys(&mut out, common, &|key| match key {
        "max_batch_events" => Some(format!(
            "{} if it is not set, at most {}.",
            grouped(size.default_events),
            grouped(size.ceiling_events)
        )),
        "max_batch_bytes" => Some(format!(
            "{} if it is not set, at most {}.",
            grouped(size.default_bytes),
            grouped(size.ceiling_bytes)
        )),
        _ => None,
    });
    out.push_str(
        "| `required` | true or false | Whether the stream waits for this sink; true if it is not set. What an optional sink does \
         not take in time becomes dead letters of its own. |\n",
    );
    let _ = write!(
        out,
        "\n## Limits\n\n{}.\n",
        about.limits.trim_end_matches('.')
    );
    if size.max_event_bytes != usize::MAX {
        let _ = write!(
            out,
            "\nAn event of more than {} bytes, as this sink writes it, is not sent and becomes a dead letter.\n",
            grouped(size.max_event_bytes)
        );
    }
    out.push_str("\n## What answers do\n\n| answer | what happens |\n|---|---|\n");
    for (answer, consequence) in about.failures {
        let _ = writeln!(out, "| {} | {} |", cell(answer), cell(consequence));
    }
    let _ = write!(
        out,
        "\n**If only a part is accepted:** {}.\n\n**A batch that comes twice:** {}.\n\n## Try it\n\n{}\n\n## Follows\n\n",
        about.partial.trim_end_matches('.'),
        about.repeats.trim_end_matches('.'),
        about.try_it
    );
    for (title, address) in about.sources {
        let _ = writeln!(out, "- [{title}]({address})");
    }
    let _ = write!(
        out,
        "\nChecked in the project's tests by: {}.\n",
        about.checked_by
    );
    out
}

/// A row for each property of a JSON Schema.
fn keys(out: &mut String, schema: &Value, more: &dyn Fn(&str) -> Option<String>) {
    let none = serde_json::Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    for (key, property) in properties {
        let mut text = property["description"].as_str().unwrap_or("").to_owned();
        if let Some(more) = more(key) {
            let _ = write!(text, " {more}");
        }
        let required = schema["required"]
            .as_array()
            .is_some_and(|required| required.iter().any(|it| it == key));
        let needed = if required { " **Needed.**" } else { "" };
        let kind = kind(property, schema);
        let _ = writeln!(out, "| `{key}` | {kind} | {}{needed} |", cell(&text));
    }
}

/// A JSON Schema's type, as somebody who writes TOML calls it.
fn kind(property: &Value, root: &Value) -> String {
    if let Some(reference) = property["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return match name {
            "SecretRef" => "secret".to_owned(),
            "PlainOrSecret" => "text or secret".to_owned(),
            _ => kind(
                root.pointer(&format!("/$defs/{name}"))
                    .unwrap_or(&Value::Null),
                root,
            ),
        };
    }
    for list in ["anyOf", "oneOf", "allOf"] {
        if let Some(kinds) = property[list].as_array() {
            let mut names: Vec<String> = kinds
                .iter()
                .filter(|it| it["type"] != "null")
                .map(|it| kind(it, root))
                .collect();
            names.dedup();
            return names.join(" or ");
        }
    }
    if let Some(choices) = property["enum"].as_array() {
        let choices: Vec<String> = choices
            .iter()
            .filter(|it| !it.is_null())
            .map(|it| format!("`{it}`"))
            .collect();
        return choices.join(", ");
    }
    if !property["const"].is_null() {
        return format!("`{}`", property["const"]);
    }
    let name = match &property["type"] {
        Value::Array(types) => types
            .iter()
            .find(|it| *it != "null")
            .and_then(Value::as_str),
        one => one.as_str(),
    };
    match name {
        Some("string") => "text".to_owned(),
        Some("integer" | "number") => "number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => format!("list of {}", kind(&property["items"], root)),
        Some("object") if property["additionalProperties"].is_object() => {
            format!("table of {}", kind(&property["additionalProperties"], root))
        }
        Some("object") => "table".to_owned(),
        _ => "any".to_owned(),
    }
}

/// Text that cannot end a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.char_indices() {
        if at != 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Names of the tests against receivers: every text that begins with the name of a kind and a colon.
fn test_names(root: &Path) -> Result<Vec<String>, String> {
    let folder = root.join(TESTS);
    let mut names = Vec::new();
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{TESTS}: {error}"))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if !path.to_string_lossy().ends_with(".test.ts") {
            continue;
        }
        for text in read(&path)?.split('"').skip(1).step_by(2) {
            let is_name = ALL.iter().any(|about| {
                text.strip_prefix(about.kind)
                    .is_some_and(|rest| rest.starts_with(": "))
            });
            if is_name {
                names.push(text.to_owned());
            }
        }
    }
    Ok(names)
}

/// A row for each sink and a column for each claim; what a cell says is the rest of the name of the test that shows it.
fn table(names: &[String]) -> Result<String, String> {
    let mut out = String::from("| sink |");
    for (heading, _) in COLUMNS {
        let _ = write!(out, " {heading} |");
    }
    out.push_str("\n|---|---|---|---|---|\n");
    let mut missing = Vec::new();
    for about in ALL.iter().filter(|about| !about.local) {
        let _ = write!(out, "| [{0}]({FOLDER}/{0}.md) |", about.kind);
        for (_, prefix) in COLUMNS {
            let beginning = format!("{}: {prefix}", about.kind);
            let mut cells: Vec<&str> = names
                .iter()
                .filter_map(|name| name.strip_prefix(&beginning))
                .collect();
            cells.sort_unstable();
            cells.dedup();
            if cells.is_empty() {
                missing.push(beginning);
            }
            let _ = write!(out, " {} |", cell(&cells.join("; ")));
        }
        out.push('\n');
    }
    if missing.is_empty() {
        Ok(out)
    } else {
        Err(format!(
            "no test in {TESTS} has a name that begins with: {missing:#?}"
        ))
    }
}

fn with_table(readme: &str, table: &str) -> Result<String, String> {
    let (before, rest) = readme
        .split_once(BEGIN)
        .ok_or_else(|| format!("README.md has no line {BEGIN}"))?;
    let (_, after) = rest
        .split_once(END)
        .ok_or_else(|| format!("README.md has no {END}"))?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}
