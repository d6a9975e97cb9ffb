//! What an administrator may do with one stream, the same on every host and over every store: one [`Operation`], and
//! [`perform`], which does it.
//!
//! ```
//! use edgesiem::administer::{Letters, Operation};
//!
//! // As a host hands it on: a word, or an object with one member.
//! let operation: Operation = serde_json::from_str(r#"{"redeliver": "all"}"#)?;
//! assert_eq!(operation, Operation::Redeliver(Letters::All));
//! assert!(operation.needs_the_stream_alone());
//! # Ok::<(), serde_json::Error>(())
//! ```

mod kv;
mod operation;
mod perform;
mod redelivery;
mod refusal;
mod state;

pub use kv::InKv;
pub use operation::{Gaps, Letters, Operation};
pub use perform::perform;
pub use refusal::{Refusal, RefusalKind};
pub use state::{Administered, redelivered};
