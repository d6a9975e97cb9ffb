//! A key-value namespace that may answer with any older version, and knows no compare-and-swap; or one that a process has for
//! itself, which does neither.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use edgesiem::{run, run_end};
use edgesiem_model::{DeadLetter, StoreError, StreamId};
use edgesiem_stores::{KeyValue, KvStore, Lease, Names, StreamStatus, Which};
use futures_util::FutureExt;

use super::{Platform, TickEnd};
use crate::case::{Case, Staleness};
use crate::chance::Chance;
use crate::executor::Task;
use crate::mutants::Mutated;
use crate::plan::{self, STREAM};
use crate::world::World;

/// How long an operation takes.
const OPERATION_MS: u64 = 5;

/// A value, and when it is forgotten.
#[derive(Clone)]
struct Version {
    value: Option<String>,
    until_ms: u64,
}

/// The namespace.
pub struct Namespace {
    case: Rc<Case>,
    world: Rc<World>,
    /// Every version of every value, the oldest first; before it there was none.
    values: Rc<RefCell<BTreeMap<String, Vec<Version>>>>,
    chance: RefCell<Chance>,
    reads: Cell<u32>,
    /// The next tick does not see that another run holds the lease.
    blind: Cell<bool>,
    /// A process has locked the folder.
    locked: Cell<bool>,
    this: std::rc::Weak<Self>,
}

impl Namespace {
    /// With nothing in it.
    pub fn new(case: &Rc<Case>, world: &Rc<World>) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            case: Rc::clone(case),
            world: Rc::clone(world),
            values: Rc::default(),
            chance: RefCell::new(Chance::new(case.seed ^ 0x6b76)),
            reads: Cell::new(0),
            blind: Cell::new(false),
            locked: Cell::new(false),
            this: this.clone(),
        })
    }

    fn read(&self, key: &str, waits: bool) -> Option<String> {
        let values = self.values.borrow();
        let versions = values.get(key).map_or(&[][..], Vec::as_slice);
        // The operator looks twice.
        let read = self.reads.replace(self.reads.get() + u32::from(waits));
        let exact = self.case.profile.is_exact();
        let staleness = if self.world.calm.get() || !waits || exact {
            Staleness::None
        } else {
            self.case.staleness
        };
        let age = match staleness {
            Staleness::One(stale, age) if stale == read => age,
            Staleness::Random(per_mille) => {
                let mut chance = self.chance.borrow_mut();
                let is_stale = chance.happens(per_mille);
                let age = chance.below(versions.len() as u64 + 1) as usize;
                if is_stale { age } else { 0 }
            }
            _ => 0,
        };
        let place = versions.len().checked_sub(age.saturating_add(1))?;
        let version = &versions[place];
        let now = self.world.executor.now().millis();
        version.value.clone().filter(|_| version.until_ms > now)
    }

    fn write(&self, key: &str, version: Version) {
        let mut values = self.values.borrow_mut();
        let versions = values.entry(key.to_owned()).or_default();
        // Nobody will read the older ones, and days of them would fill the memory.
        if self.case.profile.is_exact() || self.case.staleness == Staleness::None {
            versions.clear();
        }
        versions.push(version);
    }

    /// Runs something to its end without a schedule.
    fn now<T>(&self, future: impl Future<Output = T>) -> T {
        future.now_or_never().expect("nothing waits")
    }
}

/// The namespace as one invocation of the host sees it.
struct Binding {
    namespace: Rc<Namespace>,
    blind: Cell<bool>,
    /// Whether operations wait for the schedule.
    waits: bool,
}

impl Binding {
    async fn around<T>(&self, what: &'static str, effect: impl FnOnce() -> T) -> T {
        let executor = &self.namespace.world.executor;
        if self.waits {
            executor.point(what, 0).await;
        }
        let result = effect();
        if self.waits {
            executor.point(what, OPERATION_MS).await;
        }
        result
    }
}

/// A process that has locked the folder; the lock of one that is killed counts no more.
struct Locked(Rc<Namespace>);

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.locked.set(false);
    }
}

impl KeyValue for Binding {
    fn exact(&self) -> bool {
        self.namespace.case.profile.is_exact()
    }

    async fn get(&self, key: &str) -> Result<Option<String>, String> {
        let read = self.around("a read", || {
            let is_blind = self.blind.get() && key.starts_with("lease/");
            let read = self.namespace.read(key, self.waits).filter(|_| !is_blind);
            let executor = &self.namespace.world.executor;
            executor.note(|| format!("get {key}: {}", shown(read.as_deref())));
            read
        });
        Ok(read.await)
    }

    async fn put(&self, key: &str, value: String, ttl_s: Option<u64>) -> Result<(), String> {
        let written = self.around("a write", || {
            let executor = &self.namespace.world.executor;
            executor.note(|| format!("put {key}: {}", shown(Some(&value))));
            let now = executor.now().millis();
            let until_ms = ttl_s.map_or(u64::MAX, |ttl_s| now + ttl_s * 1000);
            let value = Some(value);
            self.namespace.write(key, Version { value, until_ms });
            if key.starts_with("lease/") {
                self.blind.set(false);
            }
        });
        written.await;
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), String> {
        let deleted = self.around("a deletion", || {
            let (value, until_ms) = (None, u64::MAX);
            self.namespace.write(key, Version { value, until_ms });
        });
        deleted.await;
        Ok(())
    }

    async fn list(&self, prefix: &str, limit: u32, cursor: Option<&str>) -> Result<Names, String> {
        let listed = self.around("a list", || {
            let values = self.namespace.values.borrow();
            let is_there =
                |versions: &Vec<Version>| versions.last().is_some_and(|it| it.value.is_some());
            let mut keys: Vec<String> = values
                .range(prefix.to_owned()..)
                .take_while(|(key, _)| key.starts_with(prefix))
                .filter(|(key, versions)| {
                    is_there(versions) && cursor.is_none_or(|after| key.as_str() > after)
                })
                .map(|(key, _)| key.clone())
                .take(limit as usize + 1)
                .collect();
            let more = keys.len() > limit as usize;
            keys.truncate(limit as usize);
            let cursor = keys.last().filter(|_| more).cloned();
            Names { keys, cursor }
        });
        Ok(listed.await)
    }
}

fn shown(value: Option<&str>) -> String {
    value.map_or_else(
        || "nothing".to_owned(),
        |value| value.chars().take(200).collect(),
    )
}

fn stream_id() -> StreamId {
    StreamId::new(STREAM).expect("a name")
}

impl Platform for Namespace {
    fn tick(&self) -> Task<TickEnd> {
        let namespace = self.this.upgrade().expect("it is there");
        let blind = Cell::new(self.blind.take());
        Box::pin(async move {
            let binding = Binding {
                namespace,
                blind,
                waits: true,
            };
            binding
                .namespace
                .world
                .executor
                .point("the trigger", 0)
                .await;
            let namespace = &binding.namespace;
            let _locked = if binding.exact() {
                if namespace.locked.replace(true) {
                    return TickEnd::Busy { until: None };
                }
                Some(Locked(Rc::clone(namespace)))
            } else {
                None
            };
            match one_run(&binding).await {
                Ok(end) => end,
                Err(error) => TickEnd::Ran {
                    error: Some(error.to_string()),
                    caught_up: false,
                },
            }
        })
    }

    fn begin_anew(&self) {
        // A lock does not overlook anybody.
        self.blind.set(!self.case.profile.is_exact());
    }

    fn dead_letters(&self) -> Vec<DeadLetter> {
        let binding = self.operator();
        let store = KvStore::new(&binding, &*self.world);
        let stream = stream_id();
        let mut letters = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page =
                store.letters_to_redeliver(&stream, Which::All, after.as_deref(), 100, usize::MAX);
            let mut page = self.now(page).expect("the namespace is ours");
            letters.append(&mut page.letters);
            after = page.after;
            if after.is_none() {
                return letters;
            }
        }
    }

    fn delete_dead_letters(&self) {
        let binding = self.operator();
        let store = KvStore::new(&binding, &*self.world);
        loop {
            let stream = stream_id();
            let deleted = store.delete_dead_letters(&stream, Which::All);
            if !self.now(deleted).expect("the namespace is ours").more {
                return;
            }
        }
    }

    fn status(&self) -> StreamStatus {
        let binding = self.operator();
        let store = KvStore::new(&binding, &*self.world);
        self.now(store.status(&stream_id()))
            .expect("the namespace is ours")
    }
}

impl Namespace {
    fn operator(&self) -> Binding {
        Binding {
            namespace: self.this.upgrade().expect("it is there"),
            blind: Cell::new(false),
            waits: false,
        }
    }
}

async fn one_run(binding: &Binding) -> Result<TickEnd, StoreError> {
    let (case, world) = (&binding.namespace.case, &binding.namespace.world);
    world.begin_run();
    let store = KvStore::new(binding, &**world);
    let taken = store
        .take_lease(&stream_id(), case.max_stored_dead_letters)
        .await?;
    let begun = match taken {
        Lease::Taken(begun) => begun,
        Lease::Held { until } => {
            // The host's clock may be off.
            let until = until.shifted(-world.host_clock_off_ms());
            let until = Some(until);
            return Ok(TickEnd::Busy { until });
        }
    };
    let store = Mutated::new(begun, Box::new(|| None), case.mutant, world);
    let mut stream = plan::stream(case, world);
    let outcome = run(&**world, &store, case.budget, &mut stream).await;
    let end = TickEnd::Ran {
        error: outcome.result.as_ref().err().map(ToString::to_string),
        caught_up: outcome.report.caught_up,
    };
    let ended = match store.into_inner() {
        Some(begun) => begun.end(run_end(&outcome)).await,
        None => Ok(()),
    };
    match ended {
        Err(error) if outcome.result.is_ok() => Err(error),
        _ => Ok(end),
    }
}
