//! What a user writes about a table, checked once.

use edgesiem_model::{BatchLimits, Check, Embedding, SecretRef, Sink};
use serde::Deserialize;

use super::{ABOUT, ClickHouse, encode};
use crate::check::{SinkCheck as _, quoted};
use crate::members::{Members, TEXT};
use crate::wire::Wire;
use crate::{About, Common, SinkConfig, Size, target};

/// `kind = "clickhouse"`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server's HTTP interface, such as `https://clickhouse.example:8443`.
    pub url: String,
    /// The database; the user's default database if it is not set.
    #[serde(default)]
    pub database: Option<String>,
    /// The table.
    pub table: String,
    /// The user; `default` if it is not set.
    #[serde(default)]
    pub user: Option<String>,
    /// The user's password; none if it is not set.
    #[serde(default)]
    pub password: Option<SecretRef>,
    /// A String column that gets each document whole. If it is not set, a document's members are columns.
    #[serde(default)]
    pub column: Option<String>,
    /// A String column for the event's id: 32 hexadecimal digits. This and the next two must not be names of members of the
    /// documents, or ClickHouse refuses the rows for having one twice.
    #[serde(default)]
    pub id_column: Option<String>,
    /// A DateTime64 column for the event's time. Events without one get the column's default.
    #[serde(default)]
    pub time_column: Option<String>,
    /// A String column for the name of the replay that an event was sent in. Live events get the column's default.
    #[serde(default)]
    pub replay_column: Option<String>,
    /// Refuse events with members that the table has no column for, instead of what the server does by default, which is to
    /// leave such members out.
    #[serde(default)]
    pub refuse_unknown_fields: bool,
    /// Let the server gather inserts before it writes them (`async_insert`). It still answers only when the events are
    /// written.
    #[serde(default)]
    pub async_insert: bool,
}

impl SinkConfig for Config {
    const ABOUT: About = ABOUT;
    const SIZE: Size = Size {
        default_events: 10_000,
        embedding: Embedding::JsonValue,
        ..Size::ANY
    };

    fn checked(&self, name: &str, common: &Common, check: &mut Check<'_>) -> Option<Box<dyn Sink>> {
        let url = target::base(check, "url", &self.url);
        let user = self.user.as_deref().unwrap_or("default");
        let user = check.header_text("user", user);
        let password = self
            .password
            .as_ref()
            .and_then(|password| check.header_secret("password", password));
        self.check_names(check);
        let timeout_ms = common.timeout_ms(check);
        let limits = common.limits(&Self::SIZE, check);
        let members = Members {
            id: self.id_column.clone(),
            replay: self.replay_column.clone(),
            time: self.time_column.clone(),
            text: self.column.clone().unwrap_or_else(|| TEXT.to_owned()),
            everything_as_text: self.column.is_some(),
        };
        let embedding = match self.column {
            Some(_) => Embedding::JsonString,
            None => Embedding::JsonValue,
        };
        let ((endpoint, base), user) = (url?, user?);
        Some(Box::new(ClickHouse {
            name: name.to_owned(),
            wire: Wire {
                endpoint,
                timeout_ms,
                gzip: common.gzip,
            },
            target: encode::insert(&base, self),
            health: format!("{base}/?query=SELECT%201"),
            user,
            password,
            limits: members.limits_of_lines(BatchLimits {
                embedding,
                ..limits
            }),
            members,
        }))
    }
}

impl Config {
    fn check_names(&self, check: &mut Check<'_>) {
        let columns = [
            ("column", self.column.as_deref()),
            ("id_column", self.id_column.as_deref()),
            ("time_column", self.time_column.as_deref()),
            ("replay_column", self.replay_column.as_deref()),
        ];
        let tables = [
            ("database", self.database.as_deref()),
            ("table", Some(self.table.as_str())),
        ];
        for (key, name) in tables.into_iter().chain(columns) {
            let Some(name) = name else { continue };
            if !is_name(name) {
                check.problem(
                    key,
                    &format!("{} cannot be used as a name", quoted(name)),
                    "use 1 to 200 letters, digits, underscores, hyphens and dots",
                );
            }
        }
        let mut seen = Vec::new();
        for (key, column) in columns {
            let Some(column) = column else { continue };
            if seen.contains(&column) {
                check.problem(
                    key,
                    "another key has this column already",
                    "give each its own",
                );
            }
            seen.push(column);
        }
    }
}

/// ClickHouse itself takes any name in quotes. What is let through here means nothing in SQL, in JSON and in a URL.
fn is_name(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
