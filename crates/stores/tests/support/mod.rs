//! What the tests stand on: a virtual clock, SQLite in memory, and a namespace that can read late.

mod host;
mod map;
mod sqlite;

pub use host::{TestHost, block_on};
pub use map::Map;
pub use sqlite::Sqlite;
