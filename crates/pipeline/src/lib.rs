//! Runs a stream: page after page from a source, through a schema, in batches to every sink, and the
//! checkpoint moved only when all of a page is safe.
//!
//! It never names a vendor, never touches a clock or a socket ([`edgesiem_model::Host`] does), and is the
//! only place that decides how often, how long and how much.
//!
//! The whole contract: **[`run`] fetches pages until the source has no more or the budget is used up; each
//! page is committed as a whole or not at all; whatever ends a run, the next one goes on from the last
//! commit, and of an uncommitted page every sink gets what it has not accepted yet, rather than nothing.**
//!
//! One page:
//!
//! ```text
//! open (ask, wait, sign again, recover) -> read (frame, convert, batch) -> deliver (POST, retry, bisect)
//!                                                                       -> commit
//! ```

mod aside;
mod batcher;
mod deliver;
mod flow;
mod intake;
mod lane;
mod meter;
mod open;
mod page;
mod pass;
mod redeliver;
mod report;
mod run;
mod wait;

pub use redeliver::{Redelivered, redeliver};
pub use report::{Outcome, Report, SinkReport};
pub use run::{Destination, Stream, Window, run};
