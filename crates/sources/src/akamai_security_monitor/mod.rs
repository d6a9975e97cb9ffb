//! Akamai's Security Monitor API, version 1: figures of what the Web Application Firewall and Kona Site Defender saw,
//! aggregated by time, country, client and the like.
//!
//! It is no [`Source`](edgesiem_model::Source): its owner offers it for occasional fetches on demand and does not support polling, so
//! there is no cursor and no page to commit. What it has instead of them is a request that is checked before it is sent ([`Query`]).
//!
//! What a newcomer needs to know about the API, after its description of 12 December 2016:
//!
//! - There are six operations, all `GET` below `/security-monitor/v1/report-packs`, all signed with EdgeGrid ([`Operation`]).
//! - A *report pack* is a collection of reports with one time zone. It has *data stores*; a data store has *dimensions* (Time,
//!   Country) and *metrics* (Requests Denied), which have ids. Those of different stores cannot be combined, and a report has at most
//!   two dimensions. No parameter names the store: the ids do.
//! - A report covers less than four hours, and not more than the store's `maxQueryDurationInMinutes`. Start and end are minutes in the
//!   pack's time zone, written `MM/dd/yyyy:HH:mm`.
//! - It comes in pages of 1 to 10,000 rows, 300 if nothing else is said; `hasMoreData` says whether there are more. Every value of a
//!   row is a string, also times, which are epoch seconds. 204 means that there is nothing.
//! - More than five requests a minute are answered with 429.
//! - Errors are `{"httpStatus", "title", "detail"}`. Where the description and its samples differ (`aggregation` or
//!   `aggregationInSeconds`, `timezone` or `timeZone`), both are read.

mod asked;
mod conditions;
mod config;
mod minute;
mod names;
mod query;
mod request;
mod rows;
mod rules;
mod verdict;
mod window;
mod wire;
mod wording;

use edgesiem_model::{HttpRequest, ResponseHead, Timestamp};

use crate::akamai::ApiClient;
pub use crate::akamai::Moment;
pub use config::Config;
pub use query::{Aggregation, Filter, IdOrName, Kind, MAX_LIMIT, Order, Problem, Query, Sort};
pub use request::TIMEOUT_MS;
pub use rows::{Column, Metadata, Rows};
pub use rules::{Resolved, problems, resolve};
pub use verdict::Refusal;
pub use wire::{Answer, DataSource, DataStore, Field, ReportPack};

/// The API of one account, ready to be asked.
#[derive(Clone, Debug)]
pub struct SecurityMonitor {
    client: ApiClient,
}

/// What the API can be asked for.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// All report packs.
    ReportPacks,
    /// One of them, with its dimensions and metrics.
    ReportPack {
        /// Its id.
        pack: u64,
    },
    /// The data stores of a report pack, with what can be combined in each.
    DataStores {
        /// The pack's id.
        pack: u64,
    },
    /// One of them.
    DataStore {
        /// The pack's id.
        pack: u64,
        /// The store's id.
        store: u64,
    },
    /// The policies whose events a report pack counts.
    DataSources {
        /// The pack's id.
        pack: u64,
    },
    /// Some rows of a report.
    Rows {
        /// The pack's id.
        pack: u64,
        /// What is asked for.
        query: &'a Resolved,
        /// Most rows, 1 to [`MAX_LIMIT`].
        limit: u64,
        /// Rows before the first one.
        offset: u64,
    },
}

impl SecurityMonitor {
    /// The signed request of `operation`.
    pub fn request(&self, operation: &Operation<'_>, moment: &Moment) -> HttpRequest {
        request::request(self, operation, moment)
    }

    /// What came of it. `now`: the host's clock when the head arrived.
    ///
    /// # Errors
    /// Why there is no answer, and whether to ask again.
    pub fn answer(
        &self,
        operation: &Operation<'_>,
        head: &ResponseHead,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Answer, Refusal> {
        verdict::answer(self, operation, head, body, now)
    }
}
