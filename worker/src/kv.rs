//! Workers KV as a key-value namespace.

use edgesiem::stores::{KeyValue, Names};
use edgesiem::{Error, ErrorKind};
use worker::Env;
use worker::kv::{KvError, KvStore};

/// Name of the binding in `wrangler.toml`.
const BINDING: &str = "EDGESIEM_KV";

/// The namespace that is bound to the Worker.
pub(crate) struct Namespace(KvStore);

impl Namespace {
    pub(crate) fn new(env: &Env) -> Result<Self, Error> {
        let kv = KvStore::from_this(env.as_ref(), BINDING).map_err(|error| {
            Error::new(
                ErrorKind::Config,
                format!("there is no KV namespace bound as {BINDING}"),
                format!("create one with `wrangler kv namespace create {BINDING}` and put its id into wrangler.toml"),
            )
            .with("reason", error.to_string())
        })?;
        Ok(Self(kv))
    }
}

fn words(error: KvError) -> String {
    edgesiem::printable(&error.to_string(), 500)
}

impl KeyValue for Namespace {
    async fn get(&self, key: &str) -> Result<Option<String>, String> {
        self.0.get(key).text().await.map_err(words)
    }

    async fn put(&self, key: &str, value: String, ttl_s: Option<u64>) -> Result<(), String> {
        let mut put = self.0.put(key, value).map_err(words)?;
        if let Some(ttl_s) = ttl_s {
            put = put.expiration_ttl(ttl_s);
        }
        put.execute().await.map_err(words)
    }

    async fn delete(&self, key: &str) -> Result<(), String> {
        self.0.delete(key).await.map_err(words)
    }

    async fn list(&self, prefix: &str, limit: u32, cursor: Option<&str>) -> Result<Names, String> {
        let mut list = self.0.list().prefix(prefix.to_owned()).limit(limit.into());
        if let Some(cursor) = cursor {
            list = list.cursor(cursor.to_owned());
        }
        let found = list.execute().await.map_err(words)?;
        Ok(Names {
            keys: found.keys.into_iter().map(|key| key.name).collect(),
            cursor: found.cursor.filter(|_| !found.list_complete),
        })
    }
}
