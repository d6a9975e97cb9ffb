//! The vocabulary that every room of EdgeSIEM shares: requests, events, batches, checkpoints, verdicts,
//! and the traits between them ([`Source`], [`Schema`], [`Sink`], [`Host`], [`Store`]).
//!
//! It never performs I/O, never reads a clock, and never names a vendor.
//!
//! One event's way through the traits:
//!
//! ```text
//! Checkpoint -> Source::request -> Host::fetch -> Source::reader -> Schema::convert -> Batch
//!            -> Sink::request   -> Host::fetch -> Sink::verdict  -> Store::save(Checkpoint)
//! ```

mod batch;
mod check;
mod checkpoint;
mod endpoint;
mod error;
mod event;
mod host;
mod http;
mod limits;
mod printable;
mod schema;
mod secret;
mod sink;
mod source;
mod store;
mod time;

pub use batch::{Batch, BatchKey, BatchView};
pub use check::{Check, Surroundings};
pub use checkpoint::{Checkpoint, Counters, Cursor, Gap, Revision, StreamId, StreamIdError};
pub use endpoint::{Endpoint, EndpointError, InsecureLoopback, Scheme};
pub use error::{Error, ErrorKind};
pub use event::{DeadLetter, Event, EventId, EventIdError, EventIds};
pub use host::{Body, FetchError, Host};
pub use http::{Header, HeaderValue, HttpRequest, Method, ResponseHead, confidential, plain};
pub use limits::{Budget, Limits};
pub use printable::printable;
pub use schema::{DocumentForm, EventFacts, Schema, Unreadable};
pub use secret::{Secret, SecretRef};
pub use sink::{AccessToken, Answer, Attempt, BatchLimits, Embedding, Sink, SinkVerdict};
pub use source::{
    Incomplete, Line, PageEnd, PageLimits, PageReader, PageRequest, Recovery, Source, SourceVerdict,
};
pub use store::{Accepted, Loaded, Note, Progress, RefusedLine, Save, Store, StoreError, WhenFull};
pub use time::{Timestamp, retry_after_ms};
