//! What a run promises, each as a scripted world.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop where it fails"
)]

mod case;
mod delivery;
mod documents;
mod elsewhere;
mod optional;
mod pages;
mod quota;
mod replay;
mod resume;
mod tokens;
