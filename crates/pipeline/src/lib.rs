//! Runs a stream: page after page from a source, through a schema, in batches to every sink, and the
//! checkpoint moved only when all of a page is safe.
//!
//! It never names a vendor, never touches a clock or a socket ([`edgesiem_model::Host`] does), and is the
//! only place that decides how often, how long and how much.
//!
//! The whole contract: **[`run`] fetches pages until the source has no more or the budget is used up; each
//! page is committed as a whole or not at all; whatever ends a run, the next one goes on from the last
//! commit, and events of an uncommitted page are delivered again rather than lost.**
//!
//! One page:
//!
//! ```text
//! open (ask, wait, sign again, recover) -> read (frame, convert, batch) -> deliver (POST, retry, bisect)
//!                                                                       -> commit
//! ```

mod batcher;
mod deliver;
mod open;
mod page;
mod report;
mod run;
mod wait;

pub use report::{Outcome, Report};
pub use run::{Stream, run};
