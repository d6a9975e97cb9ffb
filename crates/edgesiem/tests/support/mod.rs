//! What several tests stand on: a configured stream and a namespace in memory.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test uses a part of it, and may stop where it fails"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use edgesiem::stores::{KeyValue, Names};
use edgesiem::{Config, Secret, StreamConfig, Timestamp};
use serde_json::{Value, json};

pub const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
/// The source's server.
pub const SOURCE: &str = "akab-x.luna.akamaiapis.net";
/// The value of every secret.
pub const SECRET: &str = "hunter2hunter2hunter2hunter2hunter2";

/// A stream with these sinks, in the order of their names.
pub fn stream(sinks: &Value) -> StreamConfig {
    let names: Vec<&String> = sinks.as_object().unwrap().keys().collect();
    let secret = json!({"secret": "S"});
    let config = Config::from_json(
        json!({
            "streams": [{
                "id": "prod-waf", "sinks": names, "limits": {"max_attempts": 1},
                "source": {
                    "kind": "akamai-siem", "host": SOURCE, "config_ids": [1],
                    "client_token": secret, "client_secret": secret, "access_token": secret,
                },
            }],
            "sinks": sinks,
        }),
        &|_| Some(Secret::new(SECRET.to_owned())),
        &[edgesiem::Scheme::Stdout],
    );
    let config = config.map_err(|errors| format!("{errors:?}")).unwrap();
    config.streams.into_iter().next().unwrap()
}

/// A sink that posts to `https://NAME.test/`.
pub fn webhook(name: &str) -> Value {
    json!({"kind": "webhook", "url": format!("https://{name}.test/"), "unsigned": true})
}

/// A namespace of one process.
#[derive(Default)]
pub struct Map {
    values: RefCell<BTreeMap<String, String>>,
    /// Every read and write fails.
    pub is_down: Cell<bool>,
}

impl Map {
    fn up(&self) -> Result<(), String> {
        if self.is_down.get() {
            return Err("the disk is\u{1b}[31m full".to_owned());
        }
        Ok(())
    }
}

impl KeyValue for Map {
    async fn get(&self, key: &str) -> Result<Option<String>, String> {
        self.up()?;
        Ok(self.values.borrow().get(key).cloned())
    }

    async fn put(&self, key: &str, value: String, _: Option<u64>) -> Result<(), String> {
        self.up()?;
        self.values.borrow_mut().insert(key.to_owned(), value);
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), String> {
        self.up()?;
        self.values.borrow_mut().remove(key);
        Ok(())
    }

    async fn list(&self, prefix: &str, limit: u32, cursor: Option<&str>) -> Result<Names, String> {
        self.up()?;
        let values = self.values.borrow();
        let behind = values.keys().filter(|key| {
            key.starts_with(prefix) && cursor.is_none_or(|cursor| key.as_str() > cursor)
        });
        let mut keys: Vec<String> = behind.take(limit as usize + 1).cloned().collect();
        let more = keys.len() > limit as usize;
        keys.truncate(limit as usize);
        let cursor = keys.last().filter(|_| more).cloned();
        Ok(Names { keys, cursor })
    }
}
