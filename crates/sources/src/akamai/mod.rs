//! What Akamai's APIs have in common: an API client with its credentials, signed requests, problem documents.

mod client;
mod problem;

pub use client::Moment;
pub(crate) use client::{ApiClient, Tokens, endpoint};
pub(crate) use problem::Problem;
