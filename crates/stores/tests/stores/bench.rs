//! The two stores behind one face, so that the same test runs over both.

use edgesiem_model::{
    BatchKey, Checkpoint, Cursor, DeadLetter, Error, ErrorKind, EventId, Gap, Store, StoreError,
    StreamId, Timestamp,
};
use edgesiem_stores::{
    Deleted, KvRun, KvStore, Lease, LetterKey, LetterPage, LetterRecord, RunEnd, Slot, SqlRun,
    SqlStore, StreamStatus, Totals, Which,
};
use serde_json::json;

use crate::support::{Map, Sqlite, TestHost, block_on};

pub fn stream() -> StreamId {
    StreamId::new("waf").unwrap()
}

pub fn cursor(name: &str) -> Cursor {
    Cursor(json!({ "offset": name }))
}

pub fn checkpoint(name: &str) -> Checkpoint {
    Checkpoint {
        clock_skew_ms: -7,
        page_limit: Some(3),
        ..Checkpoint::start(cursor(name))
    }
}

pub fn key(number: u8) -> BatchKey {
    format!("{number:02x}").repeat(16).parse().unwrap()
}

pub fn gap(detected_at: Timestamp, lost: &str) -> Gap {
    Gap {
        detected_at,
        reason: "expired".to_owned(),
        lost: cursor(lost),
        last_event_at: None,
        resumed_from: Timestamp::from_secs(5),
    }
}

pub fn letter(number: u64, sink: Option<&str>, raw: &[u8]) -> DeadLetter {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    DeadLetter {
        page: cursor("p"),
        line: number,
        part: None,
        id: EventId::from_bytes(id),
        reason: "refused".to_owned(),
        sink: sink.map(str::to_owned),
        raw: raw.to_vec(),
    }
}

pub fn key_of(letter: &DeadLetter) -> LetterKey {
    LetterKey {
        id: letter.id,
        sink: letter.sink.clone(),
    }
}

pub fn failure() -> Error {
    Error::new(ErrorKind::SinkUnavailable, "down", "wait")
}

pub fn run_end(error: Option<&Error>) -> RunEnd<'_> {
    RunEnd {
        error,
        summary: json!({ "pages": 1 }),
        totals: Totals {
            runs: 1,
            failed_runs: u64::from(error.is_some()),
            bytes_in: 10,
            ..Totals::default()
        },
    }
}

/// A store, its database and its host.
pub trait Bench: Default {
    type Run<'a>: Store
    where
        Self: 'a;

    const MAX_LETTERS: u64 = 5;

    fn host(&self) -> &TestHost;
    /// Begins a run, however the one before it ended.
    fn begin(&self) -> Self::Run<'_>;
    fn end(&self, run: Self::Run<'_>, error: Option<&Error>);
    fn status(&self) -> StreamStatus;
    fn pause(&self);
    fn resume(&self);
    fn reset(&self, from: Option<&Cursor>);
    fn acknowledge(&self, id: u64) -> bool;
    fn acknowledge_all(&self) -> u64;
    fn list(&self, which: Which<'_>, after: Option<&str>, limit: usize)
    -> LetterPage<LetterRecord>;
    fn one(&self, key: &LetterKey) -> Option<LetterRecord>;
    fn redeliver(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError>;
    fn delete(&self, which: Which<'_>) -> Deleted;

    /// Long enough that a store that writes now and then writes at the next chance.
    fn wait(&self) {
        self.host().pass(11_000);
    }
}

#[derive(Default)]
pub struct SqlBench {
    pub sqlite: Sqlite,
    pub host: TestHost,
}

impl SqlBench {
    pub fn store(&self) -> SqlStore<'_, Sqlite, TestHost> {
        SqlStore::open(&self.sqlite, &self.host, Self::MAX_LETTERS).unwrap()
    }
}

impl Bench for SqlBench {
    type Run<'a> = SqlRun<'a, Sqlite, TestHost>;

    fn host(&self) -> &TestHost {
        &self.host
    }
    fn begin(&self) -> Self::Run<'_> {
        self.store().begin_run(Slot::Live).unwrap()
    }
    fn end(&self, run: Self::Run<'_>, error: Option<&Error>) {
        run.end(run_end(error)).unwrap();
    }
    fn status(&self) -> StreamStatus {
        self.store().status(&stream()).unwrap()
    }
    fn pause(&self) {
        self.store().pause().unwrap();
    }
    fn resume(&self) {
        self.store().resume().unwrap();
    }
    fn reset(&self, from: Option<&Cursor>) {
        self.store().reset(from).unwrap();
    }
    fn acknowledge(&self, id: u64) -> bool {
        self.store().acknowledge_gap(id).unwrap()
    }
    fn acknowledge_all(&self) -> u64 {
        self.store().acknowledge_all_gaps().unwrap()
    }
    fn list(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> LetterPage<LetterRecord> {
        self.store().dead_letters(which, after, limit).unwrap()
    }
    fn one(&self, key: &LetterKey) -> Option<LetterRecord> {
        self.store().dead_letter(key).unwrap()
    }
    fn redeliver(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError> {
        self.store()
            .letters_to_redeliver(which, after, 1_000, max_bytes)
    }
    fn delete(&self, which: Which<'_>) -> Deleted {
        self.store().delete_dead_letters(which).unwrap()
    }
}

/// What is leaked here lives as long as the test.
pub struct KvBench {
    pub host: &'static TestHost,
    pub map: &'static Map,
}

impl Default for KvBench {
    fn default() -> Self {
        let host: &'static TestHost = Box::leak(Box::default());
        Self {
            map: Box::leak(Box::new(Map::new(host))),
            host,
        }
    }
}

pub type KvTestRun = KvRun<'static, Map, TestHost>;

impl KvBench {
    /// The store of one invocation.
    pub fn store(&self) -> &'static KvStore<'static, Map, TestHost> {
        Box::leak(Box::new(KvStore::new(self.map, self.host)))
    }

    pub fn take(&self) -> Result<Lease<'static, Map, TestHost>, StoreError> {
        block_on(self.store().take_lease(&stream(), Self::MAX_LETTERS))
    }
}

impl Bench for KvBench {
    type Run<'a> = KvTestRun;

    fn host(&self) -> &TestHost {
        self.host
    }
    fn begin(&self) -> Self::Run<'_> {
        loop {
            self.host.pass(60_000);
            if let Lease::Taken(run) = self.take().unwrap() {
                return run;
            }
        }
    }
    fn end(&self, run: Self::Run<'_>, error: Option<&Error>) {
        block_on(run.end(run_end(error))).unwrap();
    }
    fn status(&self) -> StreamStatus {
        block_on(self.store().status(&stream())).unwrap()
    }
    fn pause(&self) {
        block_on(self.store().pause(&stream())).unwrap();
    }
    fn resume(&self) {
        block_on(self.store().resume(&stream())).unwrap();
    }
    fn reset(&self, from: Option<&Cursor>) {
        self.host.pass(1_000);
        block_on(self.store().reset(&stream(), from)).unwrap();
    }
    fn acknowledge(&self, id: u64) -> bool {
        block_on(self.store().acknowledge_gap(&stream(), id)).unwrap()
    }
    fn acknowledge_all(&self) -> u64 {
        self.host.pass(1_000);
        block_on(self.store().acknowledge_all_gaps(&stream())).unwrap()
    }
    fn list(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> LetterPage<LetterRecord> {
        block_on(self.store().dead_letters(&stream(), which, after, limit)).unwrap()
    }
    fn one(&self, key: &LetterKey) -> Option<LetterRecord> {
        block_on(self.store().dead_letter(&stream(), key)).unwrap()
    }
    fn redeliver(
        &self,
        which: Which<'_>,
        after: Option<&str>,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError> {
        block_on(
            self.store()
                .letters_to_redeliver(&stream(), which, after, 1_000, max_bytes),
        )
    }
    fn delete(&self, which: Which<'_>) -> Deleted {
        block_on(self.store().delete_dead_letters(&stream(), which)).unwrap()
    }
}

/// Runs each test over both stores.
macro_rules! over_both {
    ($($test:ident)*) => {
        mod sql {
            $(#[test] fn $test() { super::$test(&crate::bench::SqlBench::default()); })*
        }
        mod kv {
            $(#[test] fn $test() { super::$test(&crate::bench::KvBench::default()); })*
        }
    };
}
pub(crate) use over_both;
