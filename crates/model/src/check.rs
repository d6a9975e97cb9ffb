//! Checks of a table of the configuration: every problem is reported, each with the key that causes it.

use std::ops::RangeInclusive;

use crate::{Error, ErrorKind, InsecureLoopback, Scheme, Secret, SecretRef};

/// Everything that resolving a configuration needs from outside of it.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Looks up a secret of the host by its name.
    pub secrets: &'a dyn Fn(&str) -> Option<Secret>,
    /// Whether servers on this machine may be spoken to in clear text.
    pub insecure: InsecureLoopback,
    /// Which places of its own the host can write to.
    pub places: &'a [Scheme],
}

/// Collects the problems of one table of the configuration, so that all of them are named at once.
pub struct Check<'a> {
    around: Surroundings<'a>,
    problems: Vec<Error>,
}

impl<'a> Check<'a> {
    /// Nothing is wrong yet.
    pub const fn new(around: Surroundings<'a>) -> Self {
        Self {
            around,
            problems: Vec::new(),
        }
    }

    /// Whether servers on this machine may be spoken to in clear text.
    pub const fn insecure(&self) -> InsecureLoopback {
        self.around.insecure
    }

    /// Whether the host has this place of its own.
    pub fn has_place(&self, place: Scheme) -> bool {
        self.around.places.contains(&place)
    }

    /// Whether something was wrong so far.
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// `value` if there was no problem.
    ///
    /// # Errors
    /// Every problem otherwise.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Error>> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(self.problems),
        }
    }

    /// Adds a problem. `key` is the path of the key within the table.
    pub fn problem(&mut self, key: &str, message: &str, user_action: &str) {
        let error = Error::new(ErrorKind::Config, message, user_action);
        self.problems.push(error.with("key", key));
    }

    /// The secret that `reference` names, without the white space that files and pipes leave around it.
    pub fn secret(&mut self, key: &str, reference: &SecretRef) -> Option<Secret> {
        let name = reference.secret.as_str();
        let value = (self.around.secrets)(name);
        let text = value.as_ref().map_or("", |value| value.expose().trim());
        if text.is_empty() {
            let error = Error::new(
                ErrorKind::MissingSecret,
                format!("the secret {name} is not set"),
                format!(
                    "set it: `wrangler secret put {name}` for a deployed Worker, a line {name}=… in .dev.vars for a local one, the \
                     environment variable {name} elsewhere"
                ),
            );
            self.problems.push(error.with("key", key));
            return None;
        }
        Some(Secret::new(text.to_owned()))
    }

    /// A number within `range`, or `default`.
    pub fn number(
        &mut self,
        key: &str,
        value: Option<u64>,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> u64 {
        match value {
            Some(value) if !range.contains(&value) => {
                let allowed = format!("use {} to {}", range.start(), range.end());
                self.problem(key, &format!("{value} is out of range"), &allowed);
                default
            }
            Some(value) => value,
            None => default,
        }
    }
}
