//! The rules between the crates, checked against what cargo says rather than against what people intend.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::project::Project;

/// Rooms that never depend on each other: each vendor's part can be read, tested and removed alone.
const SIBLINGS: [&str; 4] = [
    "edgesiem-sources",
    "edgesiem-schemas",
    "edgesiem-sinks",
    "edgesiem-pipeline",
];

/// Rooms below all others.
const FOUNDATIONS: [&str; 3] = ["edgesiem-model", "edgesiem-decode", "edgesiem-edgegrid"];

/// The only rooms with a runtime, and the crates that bring one.
const HOSTS: [&str; 2] = ["edgesiem-worker", "edgesiem-wasm"];
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
    /// Of the workspace's packages: everything named in their Cargo.toml, for tests too.
    direct: BTreeMap<String, BTreeSet<String>>,
    /// Of every package: what ends up in the same program. Leaves out tests and build scripts.
    linked: BTreeMap<String, BTreeSet<String>>,
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
                let dependencies = list(&package["dependencies"]);
                let dependencies = dependencies.iter().map(|it| text(&it["name"])).collect();
                graph.direct.insert(name.clone(), dependencies);
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
        let mut reached = self.direct.get(package).cloned().unwrap_or_default();
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
        for name in SIBLINGS.iter().chain(&FOUNDATIONS).chain(&HOSTS) {
            if !self.direct.contains_key(*name) {
                found.push(format!(
                    "{name} is not in the workspace; did it get another name?"
                ));
            }
        }
        for package in self.direct.keys() {
            let reached = self.reach(package);
            let is = |group: &[&str]| group.contains(&package.as_str());
            for dependency in &reached {
                let on = |group: &[&str]| group.contains(&dependency.as_str());
                let why = if is(&SIBLINGS) && on(&SIBLINGS) {
                    "sources, schemas, sinks and pipeline never depend on each other"
                } else if is(&FOUNDATIONS) && dependency.starts_with("edgesiem") {
                    "model, decode and edgegrid depend on no other room"
                } else if !is(&HOSTS) && on(&HOST_ONLY) {
                    "only worker and wasm know a JavaScript runtime or a source of entropy"
                } else {
                    continue;
                };
                found.push(format!("{package} depends on {dependency}: {why}"));
            }
        }
        found
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
    use super::{FOUNDATIONS, Graph, HOSTS, SIBLINGS, vendor_names_in};

    /// A workspace that keeps the rules, plus `edges`: package, dependency, whether it is linked.
    fn violations(edges: &[(&str, &str, bool)]) -> Vec<String> {
        let mut graph = Graph::default();
        for name in SIBLINGS.iter().chain(&FOUNDATIONS).chain(&HOSTS) {
            graph.direct.entry((*name).to_owned()).or_default();
        }
        for (package, dependency, linked) in edges {
            if package.starts_with("edgesiem") {
                graph
                    .direct
                    .entry((*package).into())
                    .or_default()
                    .insert((*dependency).into());
            }
            if *linked {
                graph
                    .linked
                    .entry((*package).into())
                    .or_default()
                    .insert((*dependency).into());
            }
        }
        graph.violations()
    }

    #[test]
    fn allowed_dependencies_pass() {
        assert_eq!(
            violations(&[
                ("edgesiem-sources", "edgesiem-model", true),
                ("edgesiem-pipeline", "edgesiem-testkit", false),
                ("edgesiem-testkit", "edgesiem-pipeline", true),
                ("edgesiem-worker", "js-sys", true),
                ("edgesiem-model", "proptest", false),
                ("proptest", "getrandom", true),
            ]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_forbidden_dependency_is_named() {
        for (edges, expected) in [
            (
                &[("edgesiem-sinks", "edgesiem-schemas", false)][..],
                "edgesiem-sinks depends on edgesiem-schemas",
            ),
            (
                &[
                    ("edgesiem-sinks", "other", true),
                    ("other", "edgesiem-pipeline", true),
                ],
                "edgesiem-sinks depends on edgesiem-pipeline",
            ),
            (
                &[("edgesiem-decode", "edgesiem-model", true)],
                "edgesiem-decode depends on edgesiem-model",
            ),
            (
                &[
                    ("edgesiem-model", "rand", true),
                    ("rand", "getrandom", true),
                ],
                "edgesiem-model depends on getrandom",
            ),
            (
                &[("edgesiem-new", "worker", false)],
                "edgesiem-new depends on worker",
            ),
        ] {
            let found = violations(edges);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(expected), "{found:?}");
        }
    }

    #[test]
    fn a_room_that_vanished_is_reported() {
        assert_eq!(Graph::default().violations().len(), 9);
    }

    #[test]
    fn vendor_names_are_found_in_any_case_with_their_line() {
        let text = "fn a() {}\n// As in Akamai's and Splunk's docs\nlet x = TREND_MICRO;";
        let found: Vec<_> = vendor_names_in(text).collect();
        assert_eq!(found, [(2, "akamai"), (2, "splunk"), (3, "trend")]);
    }
}
