//! A namespace that keeps every version of every key, and may show an old one.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::task::Poll;

use edgesiem_model::{Host, Timestamp};
use edgesiem_stores::{KeyValue, Names};

use super::TestHost;

pub struct Map {
    pub host: &'static TestHost,
    /// All values that a key had, the first one being none.
    versions: RefCell<BTreeMap<String, Vec<Option<String>>>>,
    written: RefCell<BTreeMap<String, Timestamp>>,
    pub operations: Cell<u32>,
    /// How many versions back a read may go, drawn anew each time.
    pub lag: Cell<u64>,
    random: Cell<u64>,
    /// Puts after which every put fails.
    pub puts_left: Cell<Option<u32>>,
    /// Keys whose reads never see a value.
    pub hidden: RefCell<Vec<String>>,
    /// Milliseconds that an operation takes.
    pub takes_ms: Cell<u64>,
    in_flight: RefCell<BTreeSet<String>>,
    /// Names in one answer.
    pub names_at_once: Cell<usize>,
}

impl Map {
    pub fn new(host: &'static TestHost) -> Self {
        Self {
            host,
            versions: RefCell::default(),
            written: RefCell::default(),
            operations: Cell::new(0),
            lag: Cell::new(0),
            random: Cell::new(7),
            puts_left: Cell::new(None),
            hidden: RefCell::default(),
            takes_ms: Cell::new(0),
            in_flight: RefCell::default(),
            names_at_once: Cell::new(1_000),
        }
    }

    /// The newest value.
    pub fn peek(&self, key: &str) -> Option<String> {
        self.versions.borrow().get(key)?.last()?.clone()
    }

    pub fn poke(&self, key: &str, value: Option<&str>) {
        let mut versions = self.versions.borrow_mut();
        let values = versions.entry(key.to_owned()).or_insert(vec![None]);
        values.push(value.map(str::to_owned));
    }

    pub fn keys(&self) -> Vec<String> {
        let versions = self.versions.borrow();
        let there = versions
            .iter()
            .filter(|(_, values)| values.last().unwrap().is_some());
        there.map(|(key, _)| key.clone()).collect()
    }

    pub fn seed(&self, seed: u64) {
        self.random
            .set(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    }

    pub fn draw(&self, below: u64) -> u64 {
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random.set(x);
        x % below
    }

    fn read(&self, values: &[Option<String>]) -> Option<String> {
        let back = self.draw(self.lag.get() + 1) as usize;
        values[values.len().saturating_sub(1 + back)].clone()
    }

    async fn operation(&self) {
        self.operations.set(self.operations.get() + 1);
        self.host.pass(self.takes_ms.get());
        // Others run while this is on its way.
        let mut first = true;
        std::future::poll_fn(|context| {
            if std::mem::take(&mut first) {
                context.waker().wake_by_ref();
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
}

impl KeyValue for Map {
    async fn get(&self, key: &str) -> Result<Option<String>, String> {
        self.operation().await;
        if self.hidden.borrow().iter().any(|hidden| hidden == key) {
            return Ok(None);
        }
        let versions = self.versions.borrow();
        Ok(versions.get(key).and_then(|values| self.read(values)))
    }

    async fn put(&self, key: &str, value: String, ttl_s: Option<u64>) -> Result<(), String> {
        assert!(key.len() <= 512 && value.len() <= 25 << 20, "{key}");
        assert!(ttl_s.is_none_or(|ttl_s| ttl_s >= 60));
        let now = self.host.now();
        let last = self.written.borrow_mut().insert(key.to_owned(), now);
        if last.is_some_and(|last| now.since_ms(last) < 1_000) {
            return Err("429 Too Many Requests".to_owned());
        }
        let alone = self.in_flight.borrow_mut().insert(key.to_owned());
        assert!(alone, "{key} is being written twice at once");
        self.operation().await;
        self.in_flight.borrow_mut().remove(key);
        if let Some(left) = self.puts_left.get() {
            if left == 0 {
                return Err("503 Service Unavailable".to_owned());
            }
            self.puts_left.set(Some(left - 1));
        }
        self.poke(key, Some(&value));
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), String> {
        self.operation().await;
        self.poke(key, None);
        Ok(())
    }

    async fn list(&self, prefix: &str, limit: u32, cursor: Option<&str>) -> Result<Names, String> {
        self.operation().await;
        let limit = (limit as usize).min(self.names_at_once.get());
        let behind = self.keys().into_iter().filter(|key| {
            key.starts_with(prefix) && cursor.is_none_or(|cursor| key.as_str() > cursor)
        });
        let mut keys: Vec<String> = behind.take(limit + 1).collect();
        let more = keys.len() > limit;
        keys.truncate(limit);
        let cursor = keys.last().filter(|_| more).cloned();
        Ok(Names { keys, cursor })
    }
}
