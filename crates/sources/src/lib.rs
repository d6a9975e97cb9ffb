//! How to ask each event source for a page, how to read one, and what a refusal means.
//!
//! It never sends, waits or retries, and keeps no state: how often and how long is the pipeline's business.
//!
//! One folder a source, with the same files in each: `config` (what a user writes, checked once), `cursor`
//! (the bookmark), `request`, `verdict`, `page`. `akamai_security_monitor` has no pages to follow each other, and no bookmark.
//! `akamai` is what the APIs of Akamai have in common.

mod akamai;
pub mod akamai_security_monitor;
pub mod akamai_siem;
mod document;
mod percent;
pub mod trend_micro_cas;
