//! The caller's store as a key-value namespace.

use edgesiem::stores::{KeyValue, Names};
use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;

use crate::error::{invalid_argument, message};
use crate::host::settled;

#[wasm_bindgen]
extern "C" {
    type RawStore;

    #[wasm_bindgen(method, catch)]
    fn get(this: &RawStore, key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn put(this: &RawStore, key: &str, value: &str, ttl_s: Option<f64>)
    -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn delete(this: &RawStore, key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn list(
        this: &RawStore,
        prefix: &str,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<JsValue, JsValue>;
}

/// The caller's store.
pub(crate) struct JsStore {
    raw: RawStore,
    exact: bool,
}

impl JsStore {
    pub(crate) fn new(raw: JsValue) -> Result<Self, JsValue> {
        if !raw.is_object() {
            return Err(invalid_argument("host.store", "it is no object"));
        }
        let exact = Reflect::get(&raw, &"exact".into()).is_ok_and(|exact| exact.is_truthy());
        Ok(Self {
            raw: raw.unchecked_into(),
            exact,
        })
    }
}

/// What a call gave, waited for.
async fn answer(called: Result<JsValue, JsValue>) -> Result<JsValue, String> {
    let value = called.map_err(|thrown| message(&thrown))?;
    settled(value).await.map_err(|thrown| message(&thrown))
}

impl KeyValue for JsStore {
    fn exact(&self) -> bool {
        self.exact
    }

    async fn get(&self, key: &str) -> Result<Option<String>, String> {
        let value = answer(self.raw.get(key)).await?;
        if value.is_undefined() || value.is_null() {
            return Ok(None);
        }
        match value.as_string() {
            Some(text) => Ok(Some(text)),
            None => Err("the store gave something that is no string".to_owned()),
        }
    }

    async fn put(&self, key: &str, value: String, ttl_s: Option<u64>) -> Result<(), String> {
        let ttl_s = ttl_s.map(|ttl_s| ttl_s as f64);
        answer(self.raw.put(key, &value, ttl_s)).await.map(drop)
    }

    async fn delete(&self, key: &str) -> Result<(), String> {
        answer(self.raw.delete(key)).await.map(drop)
    }

    async fn list(&self, prefix: &str, limit: u32, cursor: Option<&str>) -> Result<Names, String> {
        let found = answer(self.raw.list(prefix, limit, cursor)).await?;
        let member = |name: &str| Reflect::get(&found, &name.into()).ok();
        let keys = member("keys").and_then(|keys| keys.dyn_into::<Array>().ok());
        let Some(keys) = keys else {
            return Err("the store gave no list of keys".to_owned());
        };
        Ok(Names {
            keys: keys.iter().filter_map(|key| key.as_string()).collect(),
            cursor: member("cursor").and_then(|cursor| cursor.as_string()),
        })
    }
}
