//! A filter's configuration becomes a [`Filtered`], or problems.

use edgesiem_decode::Facet;
use edgesiem_model::{Check, DocumentForm, Schema};

use super::edits::{Edit, Edits};
use super::events::{Events, Target, Test};
use super::glob::Glob;
use super::tree::{MAX_NAMES, MAX_PATH_BYTES};
use super::{AlternativeConfig, FilterConfig, Filtered, Text};

/// Most conditions of a stream; each costs a little for every event.
const MAX_CONDITIONS: usize = 100;
/// Most texts in all `in` of a stream together.
const MAX_TEXTS: usize = 10_000;
/// Longest text of a condition.
const MAX_TEXT_BYTES: usize = 1024;
/// Most members in `drop` and `truncate` together.
const MAX_EDITS: usize = 100;
/// Longest text that `truncate` may allow.
const MAX_TRUNCATED_BYTES: u64 = 16 << 20;

impl FilterConfig {
    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty()
            && self.exclude.is_empty()
            && self.drop.is_empty()
            && self.truncate.is_empty()
    }

    /// `schema`, of events of that source, with this filter, or as it is if nothing is filtered. Problems have keys below `filter`; so that all of them
    /// are found at once, it may be called without a schema.
    pub fn resolve(
        &self,
        of: crate::Events,
        schema: Option<Box<dyn Schema>>,
        check: &mut Check<'_>,
    ) -> Option<Box<dyn Schema>> {
        let events = self.events(of, check);
        let edits = self.edits(check);
        let schema = schema?;
        if schema.form() == DocumentForm::Text {
            self.refuse_edits(
                &format!("documents of the schema {} have no members", schema.name()),
                "remove it, or use a schema whose documents are JSON, such as decoded",
                check,
            );
        }
        if events.is_none() && edits.is_none() {
            return Some(schema);
        }
        Some(Box::new(Filtered {
            schema,
            events,
            edits,
        }))
    }

    /// Reports `drop` and `truncate`, if they are there.
    pub(crate) fn refuse_edits(&self, reason: &str, user_action: &str, check: &mut Check<'_>) {
        for (key, is_empty) in [
            ("filter.drop", self.drop.is_empty()),
            ("filter.truncate", self.truncate.is_empty()),
        ] {
            if !is_empty {
                check.problem(key, reason, user_action);
            }
        }
    }

    fn events(&self, of: crate::Events, check: &mut Check<'_>) -> Option<Events> {
        let mut reader = Conditions {
            events: Events::of(of),
            conditions: 0,
            texts: 0,
            check,
        };
        for (number, alternative) in self.include.iter().enumerate() {
            let numbers = reader.alternative(&format!("filter.include[{number}]"), alternative);
            reader.events.include(numbers);
        }
        for (number, alternative) in self.exclude.iter().enumerate() {
            let numbers = reader.alternative(&format!("filter.exclude[{number}]"), alternative);
            reader.events.exclude(numbers);
        }
        if reader.conditions > MAX_CONDITIONS {
            let reason = format!("{} conditions are too many", reader.conditions);
            let action = format!(
                "use at most {MAX_CONDITIONS}; several texts of one member can be one condition with `in`"
            );
            reader.check.problem("filter", &reason, &action);
        }
        if reader.texts > MAX_TEXTS {
            let reason = format!("{} texts to compare with are too many", reader.texts);
            let action = format!("use at most {MAX_TEXTS}");
            reader.check.problem("filter", &reason, &action);
        }
        Some(reader.events).filter(|events| !events.is_empty())
    }

    fn edits(&self, check: &mut Check<'_>) -> Option<Edits> {
        let mut edits = Edits::default();
        let count = self.drop.len().saturating_add(self.truncate.len());
        if count > MAX_EDITS {
            check.problem(
                "filter",
                &format!("{count} members to drop or truncate are too many"),
                &format!("use at most {MAX_EDITS}; an object can be dropped as a whole"),
            );
            return None;
        }
        for (number, member) in self.drop.iter().enumerate() {
            let key = format!("filter.drop[{number}]");
            let edit = Edit {
                drop: true,
                max_bytes: None,
            };
            add(&mut edits, &key, member, edit, check);
        }
        for (number, truncate) in self.truncate.iter().enumerate() {
            let key = format!("filter.truncate[{number}]");
            let max_bytes = check.number(
                &format!("{key}.max_bytes"),
                Some(truncate.max_bytes),
                1,
                1..=MAX_TRUNCATED_BYTES,
            );
            let edit = Edit {
                drop: false,
                max_bytes: usize::try_from(max_bytes).ok(),
            };
            add(
                &mut edits,
                &format!("{key}.member"),
                &truncate.member,
                edit,
                check,
            );
        }
        (count > 0).then_some(edits)
    }
}

fn add(edits: &mut Edits, key: &str, member: &str, edit: Edit, check: &mut Check<'_>) {
    let Some(path) = path(key, member, check) else {
        return;
    };
    match edits.tree.at(&path) {
        Some(slot) if *slot == Edit::default() => *slot = edit,
        _ => check.problem(
            key,
            "this member is named twice",
            "name each member once, in drop or in truncate",
        ),
    }
}

/// The names in `member`.
fn path<'a>(key: &str, member: &'a str, check: &mut Check<'_>) -> Option<Vec<&'a str>> {
    let names: Vec<&str> = member.split('.').collect();
    let action = "write names with dots between them, such as httpMessage.path";
    if names.iter().any(|name| name.is_empty()) {
        check.problem(key, "a name in this path is empty", action);
    } else if names.len() > MAX_NAMES || member.len() > MAX_PATH_BYTES {
        let reason = format!("a path has at most {MAX_NAMES} names and {MAX_PATH_BYTES} bytes");
        check.problem(key, &reason, action);
    } else if member.contains(['[', ']', '*', '$']) {
        check.problem(
            key,
            "a path has no brackets and no wildcards",
            "write the names only: in an array every element is meant",
        );
    } else {
        return Some(names);
    }
    None
}

/// Adds conditions, and collects what is wrong with them.
struct Conditions<'a, 'c> {
    events: Events,
    conditions: usize,
    texts: usize,
    check: &'a mut Check<'c>,
}

impl Conditions<'_, '_> {
    fn alternative(&mut self, key: &str, config: &AlternativeConfig) -> Vec<usize> {
        let Some(all) = &config.all else {
            return self.condition(key, config).into_iter().collect();
        };
        let all_key = format!("{key}.all");
        if config.member.is_some() || config.tests() > 0 {
            self.check.problem(
                key,
                "it has both `all` and a condition of its own",
                "put the condition into `all`",
            );
        }
        if all.is_empty() {
            self.check.problem(
                &all_key,
                "there is no condition",
                "write at least one, or remove it",
            );
        }
        let mut numbers = Vec::new();
        for (number, condition) in all.iter().enumerate() {
            let key = format!("{all_key}[{number}]");
            if condition.all.is_some() {
                self.check.problem(
                    &key,
                    "`all` cannot be within `all`",
                    "write its conditions one level higher",
                );
            } else {
                numbers.extend(self.condition(&key, condition));
            }
        }
        numbers
    }

    fn condition(&mut self, key: &str, config: &AlternativeConfig) -> Option<usize> {
        self.conditions = self.conditions.saturating_add(1);
        let target = match &config.member {
            Some(member) => self.target(&format!("{key}.member"), member),
            None => {
                let action = "write member = \"…\", such as attackData.appliedAction";
                self.check
                    .problem(&format!("{key}.member"), "the member is missing", action);
                None
            }
        };
        let test = self.test(key, config);
        // Beyond the bound nothing is kept: the configuration is refused.
        if self.conditions > MAX_CONDITIONS {
            return None;
        }
        Some(self.events.condition(&target?, test?))
    }

    fn test(&mut self, key: &str, config: &AlternativeConfig) -> Option<Test> {
        const TESTS: &str = "use one of equals, in, prefix, glob and exists";
        match config.tests() {
            0 => self
                .check
                .problem(key, "nothing is said about the member", TESTS),
            1 => {}
            _ => self.check.problem(
                key,
                "more than one thing is said about the member",
                &format!("{TESTS}, and `all` if several must hold"),
            ),
        }
        if let Some(text) = &config.equals {
            let text = self.text(&format!("{key}.equals"), text)?;
            return Some(Test::OneOf(vec![text]));
        }
        if let Some(texts) = &config.one_of {
            return self.one_of(&format!("{key}.in"), texts);
        }
        if let Some(prefix) = &config.prefix {
            return self
                .text(&format!("{key}.prefix"), prefix)
                .map(Test::Prefix);
        }
        if let Some(pattern) = &config.glob {
            let key = format!("{key}.glob");
            self.text(&key, pattern)?;
            let glob = Glob::new(pattern.as_str());
            if glob.is_none() {
                let reason = format!(
                    "between the first and the last wildcard there are more than {} bytes",
                    Glob::MAX_BETWEEN
                );
                let action = "write a shorter pattern; before the first and behind the last wildcard there is no such bound";
                self.check.problem(&key, &reason, action);
            }
            return glob.map(Test::Glob);
        }
        Some(match config.exists? {
            true => Test::Exists,
            false => Test::Missing,
        })
    }

    fn one_of(&mut self, key: &str, texts: &[Text]) -> Option<Test> {
        self.texts = self.texts.saturating_add(texts.len());
        if texts.is_empty() {
            let action = "name at least one text, or remove the condition";
            self.check
                .problem(key, "nothing is one of no texts", action);
        }
        let mut sorted = Vec::new();
        for (number, text) in texts.iter().take(MAX_TEXTS).enumerate() {
            sorted.extend(self.text(&format!("{key}[{number}]"), text));
        }
        sorted.sort_unstable();
        sorted.dedup();
        Some(Test::OneOf(sorted))
    }

    fn text(&mut self, key: &str, text: &Text) -> Option<Box<[u8]>> {
        let bytes = text.as_str().as_bytes();
        if bytes.len() > MAX_TEXT_BYTES {
            let reason = format!("it has {} bytes", bytes.len());
            let action = format!("use at most {MAX_TEXT_BYTES}");
            self.check.problem(key, &reason, &action);
            return None;
        }
        Some(bytes.into())
    }

    /// What a path means in an event.
    fn target<'a>(&mut self, key: &str, member: &'a str) -> Option<Target<'a>> {
        if self.events.source() == crate::Events::TrendMicroCas {
            // Nothing in these events is encoded.
            return path(key, member, self.check).map(Target::Line);
        }
        // Header names may have dots, and more of them than a path has names.
        for (parent, of) in [
            (
                "httpMessage.requestHeaders",
                Target::RequestHeader as fn(&'a str) -> Target<'a>,
            ),
            ("httpMessage.responseHeaders", Target::ResponseHeader),
        ] {
            let Some(rest) = member.strip_prefix(parent) else {
                continue;
            };
            match rest.strip_prefix('.') {
                Some(name) if !name.is_empty() && name.len() <= MAX_PATH_BYTES => {
                    return Some(of(name));
                }
                None if !rest.is_empty() => {}
                _ => {
                    self.check.problem(
                        key,
                        "a condition is about one header",
                        &format!("write {parent}.NAME, such as {parent}.Content-Type"),
                    );
                    return None;
                }
            }
        }
        let names = path(key, member, self.check)?;
        match names.as_slice() {
            ["custom", rest @ ..] => Some(Target::Custom(rest.to_vec())),
            ["attackData", name, rest @ ..] => match Facet::from_member(name.as_bytes()) {
                None => Some(Target::Line(names)),
                Some(facet) if rest.is_empty() => Some(Target::Facet(facet)),
                Some(_) => {
                    self.check.problem(
                        key,
                        "conditions look at the event as received, where a rule is no object",
                        "use attackData.rules, ruleVersions, ruleMessages, ruleTags, ruleData, ruleSelectors or ruleActions: each is a list with an item a rule",
                    );
                    None
                }
            },
            _ => Some(Target::Line(names)),
        }
    }
}
