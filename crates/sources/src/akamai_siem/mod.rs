//! Akamai's SIEM Integration API, version 1: the security events of one or more security configurations.
//!
//! What a newcomer needs to know about the API, with the page of
//! <https://techdocs.akamai.com/siem-integration/reference> that says so in parentheses. What is marked
//! *observed* is not documented and comes from clients in the field.
//!
//! - There is one operation, `GET /siem/v1/configs/{configId}`. Several ids are joined by `;`, written
//!   `%3B`, and give one merged stream with one offset (`get-configid`). The API client needs the service
//!   "SIEM" with READ-WRITE access, its user the role "Manage SIEM" (`api-get-started`); if any one of
//!   several ids is not allowed, the whole call is refused (*observed*).
//! - Requests are signed with EdgeGrid. The path and query must be sent byte for byte as signed, hence our
//!   own percent-encoding.
//! - In *offset mode* (`offset`, `limit`) a page begins where the one before ended; the first call passes
//!   the literal `NULL`. In *time mode* (`from`, optional `to`, `limit`; epoch seconds) it covers a range
//!   within the last 12 hours. If both are given, time wins. A time-mode page is continued with the offset
//!   that it returned (`query-parameter-combinations`).
//! - In time mode `to` is at least five seconds ago, and the present less five seconds if it is not given (`400`).
//! - Events are ordered by when they were stored, not by when they happened. The newest five seconds are
//!   left out; offset mode delivers them with the next page, time mode never.
//! - A page is one JSON object a line. The last line is no event but the context: `offset` (always there),
//!   `total`, and `limit`, which is there only if the page reached its size limit (`offsetcontext`). So
//!   `limit`, or a `total` of at least what was asked for, means that there is more right now; the offset
//!   alone does not. The page may hold slightly more events than asked for.
//! - A body that is not read within two minutes is cut. Then the context line is missing, and the same
//!   offset must be asked again with a smaller limit (`api-get-started`).
//! - Offsets expire after 12 hours with 416 (`416`). The way on is time mode from the last known event.
//! - Errors are problem documents (RFC 9457): `400`, `403`, `404`, `416`, `428`, `429`, `500`, `503` have
//!   pages of their own. A signature that is off by more than 30 seconds is 400 with the detail "Invalid
//!   timestamp", and a burst block at the edge is 400 with "WAF deny rule IPBLOCK-BURST" (*observed*).
//! - More than one request a second is asking for 429 (*observed*; the `rate-limits` page gives no header).
//!
//! The bookmark is `{"offset":"…"}`, or `{"from":…}` or `{"from":…,"to":…}` before the first page of time
//! mode. An offset belongs to the set of configuration ids that it came from: when the set changes, reset
//! the stream.

mod config;
mod cursor;
mod page;
mod request;
mod verdict;

use edgesiem_model::{
    Cursor, Error, HttpRequest, Limits, PageLimits, PageReader, PageRequest, Recovery,
    ResponseHead, Source, SourceVerdict, Timestamp,
};

pub use config::{Config, ConfigId};
use cursor::Position;

use crate::akamai::ApiClient;

/// Kind in the configuration.
const KIND: &str = "akamai-siem";
/// See the module's documentation on the rate.
const MIN_INTERVAL_MS: u64 = 1000;

/// A set of security configurations, ready to be asked.
#[derive(Clone, Debug)]
pub struct AkamaiSiem {
    client: ApiClient,
    /// `/siem/v1/configs/{ids}`.
    path: String,
    start: Position,
    limit: u32,
    min_limit: u32,
    recovery_overlap_s: u64,
    retention_s: u64,
}

impl Source for AkamaiSiem {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn start(&self) -> Cursor {
        self.start.to_cursor()
    }

    fn since(
        &self,
        from: Timestamp,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Cursor, Error> {
        cursor::since(self, from, to, now)
    }

    fn retention_s(&self) -> Option<u64> {
        Some(self.retention_s)
    }

    fn page_limits(&self) -> PageLimits {
        PageLimits {
            min: self.min_limit,
            configured: self.limit,
            min_interval_ms: MIN_INTERVAL_MS,
            quota_interval_ms: 0,
        }
    }

    fn request(&self, page: &PageRequest<'_>) -> Result<HttpRequest, Error> {
        request::request(self, page)
    }

    fn verdict(&self, page: &PageRequest<'_>, head: &ResponseHead, body: &[u8]) -> SourceVerdict {
        verdict::verdict(self, page, head, body)
    }

    fn reader(&self, page: &PageRequest<'_>, limits: &Limits) -> Box<dyn PageReader> {
        Box::new(page::Reader::new(page, limits))
    }

    fn recover(&self, lost: &Cursor, last_event_at: Option<Timestamp>, now: Timestamp) -> Recovery {
        cursor::recover(self, lost, last_event_at, now)
    }
}
