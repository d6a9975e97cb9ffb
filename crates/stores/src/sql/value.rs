//! Values of a database: what goes in, and what comes out and may be anything.

use edgesiem_model::{StoreError, Timestamp};
use serde::de::DeserializeOwned;

use crate::record::{from_json, unreadable};

/// A SQL database that belongs to one stream: SQLite, as in a Durable Object.
///
/// **Statements between two awaits take effect together or not at all.** No statement has more than 100
/// parameters or 100 KB, no value is larger than 1 MiB, and every integer fits a JavaScript number, so that the
/// limits of a Durable Object hold.
pub trait Sql {
    /// Runs one statement with parameters `?1`, `?2` and so on, and returns its rows.
    ///
    /// # Errors
    /// What went wrong, in the host's words.
    fn exec(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, String>;
}

/// A value in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlValue {
    /// NULL.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// Largest integer that a JavaScript number holds exactly.
const MAX_INTEGER: u64 = (1 << 53) - 1;

impl From<u64> for SqlValue {
    fn from(number: u64) -> Self {
        Self::Integer(number.min(MAX_INTEGER).cast_signed())
    }
}

impl From<Timestamp> for SqlValue {
    fn from(time: Timestamp) -> Self {
        Self::from(time.millis())
    }
}

impl From<bool> for SqlValue {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SqlValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row, read from the left to the right.
pub(super) struct Row {
    what: &'static str,
    values: std::vec::IntoIter<SqlValue>,
}

impl Row {
    pub(super) fn new(what: &'static str, values: Vec<SqlValue>) -> Self {
        Self {
            what,
            values: values.into_iter(),
        }
    }

    fn wrong(&self) -> StoreError {
        unreadable(self.what, "a column has another type")
    }

    pub(super) fn optional_number(&mut self) -> Result<Option<u64>, StoreError> {
        match self.values.next() {
            Some(SqlValue::Integer(number)) => {
                u64::try_from(number).map(Some).map_err(|_| self.wrong())
            }
            Some(SqlValue::Null) => Ok(None),
            _ => Err(self.wrong()),
        }
    }

    pub(super) fn number(&mut self) -> Result<u64, StoreError> {
        self.optional_number()?.ok_or_else(|| self.wrong())
    }

    pub(super) fn small_number(&mut self) -> Result<u32, StoreError> {
        u32::try_from(self.number()?).map_err(|_| self.wrong())
    }

    pub(super) fn optional_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.optional_number()?.map(Timestamp::from_millis))
    }

    pub(super) fn time(&mut self) -> Result<Timestamp, StoreError> {
        self.number().map(Timestamp::from_millis)
    }

    pub(super) fn optional_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.values.next() {
            Some(SqlValue::Text(text)) => Ok(Some(text)),
            Some(SqlValue::Null) => Ok(None),
            _ => Err(self.wrong()),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, StoreError> {
        self.optional_text()?.ok_or_else(|| self.wrong())
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        match self.values.next() {
            Some(SqlValue::Blob(bytes)) => Ok(bytes),
            _ => Err(self.wrong()),
        }
    }

    pub(super) fn optional_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        self.optional_text()?
            .map(|text| from_json(self.what, &text))
            .transpose()
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        self.optional_json()?.ok_or_else(|| self.wrong())
    }

    /// A value that is written as text and read by its own rules.
    pub(super) fn parsed<T: std::str::FromStr>(&mut self) -> Result<T, StoreError> {
        self.text()?.parse().map_err(|_| self.wrong())
    }
}
