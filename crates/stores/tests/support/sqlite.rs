//! SQLite as a Durable Object offers it.

use edgesiem_stores::{Sql, SqlValue};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

pub struct Sqlite(pub Connection);

impl Default for Sqlite {
    fn default() -> Self {
        Self(Connection::open_in_memory().unwrap())
    }
}

impl Sql for Sqlite {
    fn exec(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, String> {
        // The limits of a Durable Object.
        assert!(parameters.len() <= 100 && statement.len() <= 100_000);
        let values = parameters.iter().map(|value| match value {
            SqlValue::Null => Value::Null,
            // Numbers arrive as JavaScript's, so columns must make them whole again.
            SqlValue::Integer(number) => {
                assert!(number.abs() < 1 << 53, "{statement}");
                Value::Real(*number as f64)
            }
            SqlValue::Text(text) => {
                assert!(text.len() <= 2_000_000, "{statement}");
                Value::Text(text.clone())
            }
            SqlValue::Blob(bytes) => {
                assert!(bytes.len() <= 2_000_000, "{statement}");
                Value::Blob(bytes.clone())
            }
        });
        let words = |error: rusqlite::Error| error.to_string();
        let mut prepared = self.0.prepare_cached(statement).map_err(words)?;
        let columns = prepared.column_count();
        let mut rows = prepared.query(params_from_iter(values)).map_err(words)?;
        let mut read = Vec::new();
        while let Some(row) = rows.next().map_err(words)? {
            let values = (0..columns).map(|column| match row.get(column) {
                Ok(Value::Null) => Ok(SqlValue::Null),
                Ok(Value::Integer(number)) => Ok(SqlValue::Integer(number)),
                Ok(Value::Text(text)) => Ok(SqlValue::Text(text)),
                Ok(Value::Blob(bytes)) => Ok(SqlValue::Blob(bytes)),
                Ok(Value::Real(number)) => Err(format!("{number} is not whole: {statement}")),
                Err(error) => Err(words(error)),
            });
            read.push(values.collect::<Result<_, _>>()?);
        }
        Ok(read)
    }
}
