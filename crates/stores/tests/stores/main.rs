//! What a store promises, kept by both of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests: what goes wrong should stop them where it is"
)]

mod bench;
mod contract;
mod kv;
mod letters;
mod operator;
mod sql;
#[path = "../support/mod.rs"]
mod support;
