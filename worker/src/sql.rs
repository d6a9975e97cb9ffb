//! The SQL database of a Durable Object.

use edgesiem::stores::{Sql, SqlValue};
use js_sys::{Array, ArrayBuffer, Iterator, Number, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::js;

#[wasm_bindgen]
extern "C" {
    /// <https://developers.cloudflare.com/durable-objects/api/sql-storage/>
    type SqlStorage;

    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &SqlStorage, statement: &str, parameters: &Array) -> Result<Cursor, JsValue>;

    type Cursor;

    #[wasm_bindgen(method, catch)]
    fn raw(this: &Cursor) -> Result<Iterator, JsValue>;
}

/// Statements without an `await` between them take effect together or not at all; what goes out to the network
/// waits until they are on disk.
pub(crate) struct ObjectSql(SqlStorage);

impl ObjectSql {
    /// `state` is what the runtime hands to an object's constructor.
    pub(crate) fn new(state: &JsValue) -> Result<Self, JsValue> {
        let storage = Reflect::get(state, &"storage".into())?;
        Ok(Self(
            Reflect::get(&storage, &"sql".into())?.unchecked_into(),
        ))
    }
}

impl Sql for ObjectSql {
    fn exec(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, String> {
        let parameters: Array = parameters.iter().map(to_js).collect();
        self.rows(statement, &parameters)
            .map_err(|thrown| js::message(&thrown))
    }
}

impl ObjectSql {
    fn rows(&self, statement: &str, parameters: &Array) -> Result<Vec<Vec<SqlValue>>, JsValue> {
        let rows = self.0.exec(statement, parameters)?.raw()?;
        rows.into_iter()
            .map(|row| row?.unchecked_into::<Array>().iter().map(from_js).collect())
            .collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "stores keep no integer past 2^53: milliseconds, counts and sizes"
)]
fn to_js(value: &SqlValue) -> JsValue {
    match value {
        SqlValue::Null => JsValue::NULL,
        SqlValue::Integer(integer) => (*integer as f64).into(),
        SqlValue::Text(text) => text.as_str().into(),
        SqlValue::Blob(bytes) => Uint8Array::from(bytes.as_slice()).into(),
    }
}

fn from_js(value: JsValue) -> Result<SqlValue, JsValue> {
    if value.is_null() || value.is_undefined() {
        return Ok(SqlValue::Null);
    }
    if Number::is_safe_integer(&value)
        && let Some(number) = value.as_f64()
    {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is an integer below 2^53"
        )]
        return Ok(SqlValue::Integer(number as i64));
    }
    if let Some(text) = value.as_string() {
        return Ok(SqlValue::Text(text));
    }
    match value.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => Ok(SqlValue::Blob(Uint8Array::new(&buffer).to_vec())),
        Err(_) => Err("the database holds a value of another type".into()),
    }
}
