//! The JavaScript surface of EdgeSIEM's core: arguments in, forwarding, results out.
//!
//! It never decides anything: what a signature, a page or an event is, the crates that it forwards to know.
//!
//! Functions throw `Error`s with three members more: `code`, stable for programs, `userAction`, what the
//! reader should do, and `retryable`.

mod decode;
mod edgegrid;
mod error;
mod page;
mod page_types;
mod schema;

#[cfg(feature = "bench")]
mod bench;
