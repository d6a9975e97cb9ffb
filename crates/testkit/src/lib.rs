//! A world for the pipeline, in memory: a source, sinks, a store and a clock that a test scripts.
//!
//! It never sleeps, never opens a socket, and does the same thing every time: time moves only when every
//! future waits, and then to the next instant that something waits for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "test support: a broken script should stop the test where it is"
)]

mod clock;
mod script;
mod world;

pub use clock::Clock;
pub use script::{PlainSchema, ScriptedSink, ScriptedSource, page};
pub use world::{Reply, World, WorldBody};
