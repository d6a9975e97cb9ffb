//! The JavaScript surface of EdgeSIEM's core: arguments in, forwarding, results out.
//!
//! It never decides anything: what a signature, a page or an event is, the crates that it forwards to know.
//!
//! Functions throw `Error`s with two members more: `code`, stable for programs, and `userAction`, what the
//! reader should do.

mod decode;
mod edgegrid;
mod error;

#[cfg(feature = "bench")]
mod bench;
