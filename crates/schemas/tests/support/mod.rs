//! What the tests of this folder share: receivers that are strict, and the slow decoder.

pub mod cef;
pub mod ecs;
/// The slow decoder that the fast one is compared with.
#[path = "../../../decode/tests/support/mod.rs"]
pub mod slow;
