//! One object per stream, its state in SQLite: single flight in memory, an epoch in the database.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use edgesiem::{run, run_end};
use edgesiem_model::{DeadLetter, StoreError, StreamId};
use edgesiem_stores::{Slot, Sql, SqlStore, SqlValue, StreamStatus, Which};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::{Platform, Points, TickEnd};
use crate::case::Case;
use crate::executor::Task;
use crate::mutants::{Mutant, Mutated};
use crate::plan::{self, STREAM};
use crate::world::World;

/// A database in memory. It is one transaction, which is taken back in the end: so the tables and the prepared
/// statements can be used again by the next schedule.
pub struct Database(Rc<Connection>);

thread_local! {
    static SPARE: RefCell<Vec<Rc<Connection>>> = const { RefCell::new(Vec::new()) };
}

impl Database {
    fn new(world: &World) -> Self {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        let connection = spare.unwrap_or_else(|| {
            let connection = Connection::open_in_memory().expect("SQLite has memory");
            connection.set_prepared_statement_cache_capacity(200);
            let database = Self(Rc::new(connection));
            SqlStore::open(&database, world, 0).expect("an empty database can be used");
            Rc::clone(&database.0)
        });
        connection.execute_batch("BEGIN").expect("a transaction");
        Self(connection)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            self.0.execute_batch("ROLLBACK").expect("a transaction");
            let connection = Rc::clone(&self.0);
            SPARE.with_borrow_mut(|spare| spare.push(connection));
        }
    }
}

impl Sql for Database {
    fn exec(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, String> {
        let all = || -> rusqlite::Result<Vec<Vec<SqlValue>>> {
            let mut prepared = self.0.prepare_cached(statement)?;
            let columns = prepared.column_count();
            let mut rows = prepared.query(params_from_iter(parameters.iter().map(into_value)))?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let values = (0..columns).map(|column| row.get_ref(column).map(from_value));
                all.push(values.collect::<rusqlite::Result<_>>()?);
            }
            Ok(all)
        };
        all().map_err(|error| error.to_string())
    }
}

fn into_value(value: &SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(number) => Value::Integer(*number),
        SqlValue::Text(text) => Value::Text(text.clone()),
        SqlValue::Blob(bytes) => Value::Blob(bytes.clone()),
    }
}

fn from_value(value: ValueRef<'_>) -> SqlValue {
    match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(number) => SqlValue::Integer(number),
        // No column of ours holds one.
        ValueRef::Real(number) => SqlValue::Text(number.to_string()),
        ValueRef::Text(text) => SqlValue::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => SqlValue::Blob(bytes.to_vec()),
    }
}

/// The object of one stream.
pub struct Object {
    case: Rc<Case>,
    world: Rc<World>,
    database: Rc<Database>,
    /// In the object's memory: whether a run is under way.
    running: RefCell<Rc<Cell<bool>>>,
}

/// Takes the mark back however the run ends.
struct Mark(Rc<Cell<bool>>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Object {
    /// With an empty database.
    pub fn new(case: &Rc<Case>, world: &Rc<World>) -> Rc<Self> {
        Rc::new(Self {
            case: Rc::clone(case),
            world: Rc::clone(world),
            database: Rc::new(Database::new(world)),
            running: RefCell::default(),
        })
    }

    fn store(&self) -> SqlStore<'_, Database, World> {
        let most = self.case.max_stored_dead_letters;
        SqlStore::open(&*self.database, &*self.world, most).expect("the database is ours")
    }
}

impl Platform for Object {
    fn tick(&self) -> Task<TickEnd> {
        let (case, world) = (Rc::clone(&self.case), Rc::clone(&self.world));
        let database = Rc::clone(&self.database);
        let running = Rc::clone(&self.running.borrow());
        Box::pin(async move {
            world.executor.point("the trigger", 0).await;
            if running.get() && case.mutant != Some(Mutant::NoSingleFlight) {
                return TickEnd::Busy { until: None };
            }
            running.set(true);
            let _mark = Mark(running);
            match one_run(&case, &world, &database).await {
                Ok(end) => end,
                Err(error) => TickEnd::Ran {
                    error: Some(error.to_string()),
                    caught_up: false,
                },
            }
        })
    }

    fn begin_anew(&self) {
        *self.running.borrow_mut() = Rc::default();
    }

    fn dead_letters(&self) -> Vec<DeadLetter> {
        let page = self
            .store()
            .letters_to_redeliver(Which::All, None, usize::MAX >> 1, usize::MAX);
        page.expect("the database is ours").letters
    }

    fn delete_dead_letters(&self) {
        let deleted = self.store().delete_dead_letters(Which::All);
        deleted.expect("the database is ours");
    }

    fn status(&self) -> StreamStatus {
        let stream = StreamId::new(STREAM).expect("a name");
        self.store().status(&stream).expect("the database is ours")
    }
}

async fn one_run(
    case: &Case,
    world: &Rc<World>,
    database: &Database,
) -> Result<TickEnd, StoreError> {
    world.begin_run();
    let store = SqlStore::open(database, &**world, case.max_stored_dead_letters)?;
    world.executor.point("before begin_run", 0).await;
    let begun = store.begin_run(Slot::Live)?;
    world.executor.point("after begin_run", 0).await;
    let points = |store| Points {
        store,
        executor: Rc::clone(&world.executor),
    };
    let renew = || store.begin_run(Slot::Live).ok().map(points);
    let store = Mutated::new(points(begun), Box::new(renew), case.mutant, world);
    let mut stream = plan::stream(case, world);
    let outcome = run(&**world, &store, case.budget, &mut stream).await;
    let end = TickEnd::Ran {
        error: outcome.result.as_ref().err().map(ToString::to_string),
        caught_up: outcome.report.caught_up,
    };
    world.executor.point("before the end of the run", 0).await;
    let ended = store
        .into_inner()
        .map(|points| points.store.end(run_end(&outcome)));
    world.executor.point("after the end of the run", 0).await;
    // A run that was superseded has nothing to write down any more.
    match ended {
        Some(Err(error)) if outcome.result.is_ok() => Err(error),
        _ => Ok(end),
    }
}
