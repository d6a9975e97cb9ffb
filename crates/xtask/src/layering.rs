//! The rules between the crates, checked against what cargo says rather than against what people intend.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::project::Project;

/// Who rests on whom, as crates/ARCHITECTURE.md draws it: each room with all the rooms that it names in its
/// Cargo.toml. Both ways: one that is not here is forbidden, and one that is here must be used.
const ROOMS: [(&str, &[&str]); 15] = [
    ("edgesiem-edgegrid", &[]),
    ("edgesiem-decode", &[]),
    ("edgesiem-model", &[]),
    (
        "edgesiem-sources",
        &["edgesiem-edgegrid", "edgesiem-decode", "edgesiem-model"],
    ),
    ("edgesiem-schemas", &["edgesiem-decode", "edgesiem-model"]),
    ("edgesiem-sinks", &["edgesiem-model"]),
    ("edgesiem-pipeline", &["edgesiem-model"]),
    ("edgesiem-stores", &["edgesiem-model"]),
    (
        "edgesiem",
        &[
            "edgesiem-edgegrid",
            "edgesiem-decode",
            "edgesiem-model",
            "edgesiem-sources",
            "edgesiem-schemas",
            "edgesiem-sinks",
            "edgesiem-pipeline",
            "edgesiem-stores",
        ],
    ),
    ("edgesiem-worker", &["edgesiem"]),
    ("edgesiem-wasm-pipeline", &["edgesiem"]),
    (
        "edgesiem-wasm",
        &[
            "edgesiem-decode",
            "edgesiem-edgegrid",
            "edgesiem-model",
            "edgesiem-schemas",
        ],
    ),
    (
        "edgesiem-faults",
        &[
            "edgesiem",
            "edgesiem-model",
            "edgesiem-pipeline",
            "edgesiem-stores",
        ],
    ),
    (TESTKIT, &["edgesiem-model"]),
    ("xtask", &[]),
];

/// Any room may use it in its tests, and none outside of them.
const TESTKIT: &str = "edgesiem-testkit";

/// The only rooms with a runtime, and the crates that bring one. `edgesiem-faults` is a host that never ships:
/// its SQLite has a build for browsers, which cargo lists with the rest.
const HOSTS: [&str; 4] = [
    "edgesiem-worker",
    "edgesiem-wasm",
    "edgesiem-wasm-pipeline",
    "edgesiem-faults",
];
const HOST_ONLY: [&str; 6] = [
    "getrandom",
    "js-sys",
    "wasm-bindgen",
    "wasm-bindgen-futures",
    "web-sys",
    "worker",
];

/// Rooms that work for any vendor, and names that would betray the opposite.
const VENDOR_FREE: [&str; 2] = ["crates/model/src", "crates/pipeline/src"];
const VENDORS: [&str; 3] = ["akamai", "trend", "splunk"];

/// Fails with all violations.
pub fn check(project: &Project) -> Result<()> {
    let graph = Graph::from_metadata(&project.metadata(&[])?)?;
    let mut violations = graph.violations();
    for folder in VENDOR_FREE {
        vendor_names(
            project.root(),
            &project.root().join(folder),
            &mut violations,
        )?;
    }
    if violations.is_empty() {
        return Ok(());
    }
    bail!(
        "the rules between the crates are broken:\n  {}\nWhat to do: see \"Rooms\" in crates/ARCHITECTURE.md; move the code to the room that may do this",
        violations.join("\n  ")
    )
}

/// Dependencies by package name.
#[derive(Default)]
struct Graph {
    /// Of the workspace's packages: what their Cargo.toml names.
    direct: BTreeMap<String, Direct>,
    /// Of every package: what ends up in the same program. Leaves out tests and build scripts.
    linked: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Default)]
struct Direct {
    /// For the program itself or its build script.
    shipped: BTreeSet<String>,
    /// For tests alone.
    tests: BTreeSet<String>,
}

impl Graph {
    fn from_metadata(metadata: &Value) -> Result<Self> {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let members: BTreeSet<String> = list(&metadata["workspace_members"])
            .iter()
            .map(text)
            .collect();
        let mut names = BTreeMap::new();
        let mut graph = Self::default();
        for package in list(&metadata["packages"]) {
            let (id, name) = (text(&package["id"]), text(&package["name"]));
            if members.contains(&id) {
                let direct = graph.direct.entry(name.clone()).or_default();
                for dependency in list(&package["dependencies"]) {
                    let of_kind = if dependency["kind"] == "dev" {
                        &mut direct.tests
                    } else {
                        &mut direct.shipped
                    };
                    of_kind.insert(text(&dependency["name"]));
                }
            }
            names.insert(id, name);
        }
        for node in list(&metadata["resolve"]["nodes"]) {
            let name = names
                .get(&text(&node["id"]))
                .context("cargo metadata is incomplete")?;
            let linked = list(&node["deps"]).into_iter().filter(|dependency| {
                list(&dependency["dep_kinds"])
                    .iter()
                    .any(|kind| kind["kind"].is_null())
            });
            let linked = linked.filter_map(|it| names.get(&text(&it["pkg"])).cloned());
            graph.linked.entry(name.clone()).or_default().extend(linked);
        }
        if graph.direct.is_empty() || graph.linked.is_empty() {
            bail!("cargo metadata names no packages");
        }
        Ok(graph)
    }

    /// What `package` names itself, and all that comes with it into a program.
    fn reach(&self, package: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        if let Some(direct) = self.direct.get(package) {
            reached.extend(direct.shipped.union(&direct.tests).cloned());
        }
        let mut waiting = vec![package.to_owned()];
        let mut visited = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            if visited.insert(next.clone()) {
                for dependency in self.linked.get(&next).into_iter().flatten() {
                    reached.insert(dependency.clone());
                    waiting.push(dependency.clone());
                }
            }
        }
        reached
    }

    fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (room, rests_on) in ROOMS {
            match self.direct.get(room) {
                None => found.push(format!(
                    "{room} is not in the workspace; did it get another name?"
                )),
                Some(direct) => against_the_table(room, rests_on, direct, &mut found),
            }
        }
        for package in self.direct.keys() {
            if !is_room(package) {
                found.push(format!(
                    "{package} is not in the table of crates/xtask/src/layering.rs: add it there and to the picture in crates/ARCHITECTURE.md"
                ));
            }
            if HOSTS.contains(&package.as_str()) {
                continue;
            }
            for dependency in self.reach(package) {
                if HOST_ONLY.contains(&dependency.as_str()) {
                    found.push(format!(
                        "{package} depends on {dependency}: only worker and wasm know a JavaScript runtime or a source of entropy"
                    ));
                }
            }
        }
        found
    }
}

fn is_room(package: &str) -> bool {
    ROOMS.iter().any(|(room, _)| *room == package)
}

fn against_the_table(room: &str, rests_on: &[&str], direct: &Direct, found: &mut Vec<String>) {
    for dependency in direct.shipped.iter().filter(|name| is_room(name)) {
        if !rests_on.contains(&dependency.as_str()) {
            found.push(format!(
                "{room} depends on {dependency}, which the picture does not show"
            ));
        }
    }
    for dependency in direct.tests.iter().filter(|name| is_room(name)) {
        if dependency != TESTKIT && !rests_on.contains(&dependency.as_str()) {
            found.push(format!(
                "{room} depends on {dependency} in its tests, which the picture does not show"
            ));
        }
    }
    for dependency in rests_on {
        if !direct.shipped.contains(*dependency) {
            found.push(format!(
                "{room} no longer depends on {dependency}, which the picture still shows"
            ));
        }
    }
}

fn vendor_names(root: &Path, folder: &Path, violations: &mut Vec<String>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            vendor_names(root, &path, violations)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let shown = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .display()
                .to_string();
            let text = fs::read_to_string(&path)?;
            violations.extend(vendor_names_in(&text).map(|(line, vendor)| {
                format!("{shown}:{line} names {vendor}: model and pipeline work for any vendor")
            }));
        }
    }
    Ok(())
}

fn vendor_names_in(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        let line = line.to_ascii_lowercase();
        let named = VENDORS
            .into_iter()
            .filter(move |vendor| line.contains(vendor));
        named.map(move |vendor| (index + 1, vendor))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Graph, ROOMS, vendor_names_in};

    /// A workspace as the table has it.
    fn as_drawn() -> Graph {
        let mut graph = Graph::default();
        for (room, rests_on) in ROOMS {
            let rests_on: BTreeSet<String> = rests_on.iter().map(|it| (*it).to_owned()).collect();
            graph.linked.insert(room.to_owned(), rests_on.clone());
            graph.direct.entry(room.to_owned()).or_default().shipped = rests_on;
        }
        graph
    }

    fn ship(graph: &mut Graph, package: &str, dependency: &str) {
        let direct = graph.direct.entry(package.to_owned()).or_default();
        direct.shipped.insert(dependency.to_owned());
        link(graph, package, dependency);
    }

    fn use_in_tests(graph: &mut Graph, package: &str, dependency: &str) {
        let direct = graph.direct.entry(package.to_owned()).or_default();
        direct.tests.insert(dependency.to_owned());
    }

    fn link(graph: &mut Graph, package: &str, dependency: &str) {
        let linked = graph.linked.entry(package.to_owned()).or_default();
        linked.insert(dependency.to_owned());
    }

    #[test]
    fn the_workspace_as_drawn_passes_and_tests_may_use_more() {
        let mut graph = as_drawn();
        use_in_tests(&mut graph, "edgesiem-pipeline", "edgesiem-testkit");
        use_in_tests(&mut graph, "edgesiem-model", "proptest");
        link(&mut graph, "proptest", "getrandom");
        ship(&mut graph, "edgesiem-worker", "js-sys");
        ship(&mut graph, "edgesiem-sinks", "serde");
        assert_eq!(graph.violations(), Vec::<String>::new());
    }

    #[test]
    fn each_dependency_that_is_not_drawn_is_named() {
        for (package, dependency) in [
            ("edgesiem-sinks", "edgesiem-schemas"),
            ("edgesiem-sinks", "edgesiem-pipeline"),
            ("edgesiem-decode", "edgesiem-model"),
            ("edgesiem-pipeline", "edgesiem-testkit"),
            ("edgesiem-wasm", "edgesiem"),
            ("edgesiem-worker", "edgesiem-sinks"),
            ("xtask", "edgesiem-model"),
            ("edgesiem-model", "getrandom"),
        ] {
            let mut graph = as_drawn();
            ship(&mut graph, package, dependency);
            let found = graph.violations();
            let expected = format!("{package} depends on {dependency}");
            assert!(
                found.iter().any(|it| it.starts_with(&expected)),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_dependency_in_tests_counts_unless_it_is_the_testkit() {
        let mut graph = as_drawn();
        use_in_tests(&mut graph, "edgesiem-sinks", "edgesiem-pipeline");
        let found = graph.violations();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("edgesiem-sinks depends on edgesiem-pipeline in its tests"));
    }

    #[test]
    fn a_runtime_is_found_behind_the_crates_of_others() {
        let mut graph = as_drawn();
        ship(&mut graph, "edgesiem-sinks", "rand");
        link(&mut graph, "rand", "getrandom");
        let found = graph.violations();
        // The facade reaches it through the sink.
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("edgesiem depends on getrandom"),
            "{found:?}"
        );
        assert!(
            found[1].starts_with("edgesiem-sinks depends on getrandom"),
            "{found:?}"
        );
    }

    #[test]
    fn a_drawn_dependency_that_is_gone_is_reported() {
        let mut graph = as_drawn();
        let direct = graph.direct.get_mut("edgesiem-sources").unwrap();
        direct.shipped.remove("edgesiem-edgegrid");
        assert_eq!(
            graph.violations(),
            [
                "edgesiem-sources no longer depends on edgesiem-edgegrid, which the picture still shows"
            ]
        );
    }

    #[test]
    fn rooms_that_vanished_or_are_new_are_reported() {
        assert_eq!(Graph::default().violations().len(), ROOMS.len());
        let mut graph = as_drawn();
        ship(&mut graph, "edgesiem-new", "serde");
        let found = graph.violations();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("edgesiem-new is not in the table"),
            "{found:?}"
        );
    }

    #[test]
    fn vendor_names_are_found_in_any_case_with_their_line() {
        let text = "fn a() {}\n// As in Akamai's and Splunk's docs\nlet x = TREND_MICRO;";
        let found: Vec<_> = vendor_names_in(text).collect();
        assert_eq!(found, [(2, "akamai"), (2, "splunk"), (3, "trend")]);
    }
}
