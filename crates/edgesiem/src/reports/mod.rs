//! Reports of Akamai Security Monitor, on demand: a request as JSON in, an answer as JSON out.
//!
//! A request is checked before it is sent, and every broken rule is named at once; names of dimensions and metrics become
//! ids on the way. Five requests a minute are all that the API allows, so a client keeps to that by itself: keep one [`Reports`]
//! for all that is asked for.
//!
//! ```
//! use edgesiem::Secret;
//! use edgesiem::reports::{Bounds, ReportRequest, Reports, configured};
//! # use edgesiem_testkit::{Reply, World};
//! # let world = World::new(edgesiem::Timestamp::from_secs(1_700_000_000));
//! # world.serve("akab-example.luna.akamaiapis.net", |_| Reply::new(200, r#"[{"id": 12332, "name": "Sample 1", "timezone": "GMT"}]"#));
//!
//! let config = serde_json::json!({
//!     "security_monitor": {
//!         "host": "akab-example.luna.akamaiapis.net",
//!         "client_token": { "secret": "AKAMAI_CLIENT_TOKEN" },
//!         "client_secret": { "secret": "AKAMAI_CLIENT_SECRET" },
//!         "access_token": { "secret": "AKAMAI_ACCESS_TOKEN" },
//!     },
//! });
//! let monitor = configured(&config, &|name| Some(Secret::new(format!("value-of-{name}"))))
//!     .expect("a valid table")
//!     .expect("the table is there");
//! let reports = Reports::new(monitor, Bounds::default());
//!
//! let request = ReportRequest::from_json(serde_json::json!({ "operation": "report-packs" })).expect("a request");
//! let packs = world.clock.run(reports.perform(&world, request)).expect("an answer");
//! assert_eq!(
//!     serde_json::to_string(&packs).expect("JSON"),
//!     r#"[{"id":12332,"name":"Sample 1","timezone":"GMT"}]"#,
//! );
//! ```

mod answer;
mod call;
mod error;
mod pace;
mod request;
mod send;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use edgesiem_model::{Error, ErrorKind, Host, InsecureLoopback, Secret, Surroundings, Timestamp};
use edgesiem_sources::akamai_security_monitor::{DataStore, ReportPack};
use serde_json::Value;

use crate::config;
pub use answer::{Report, Reported};
use call::Call;
pub use edgesiem_sources::akamai_security_monitor::{Problem, Query, SecurityMonitor};
pub use error::ReportError;
use pace::Pace;
pub use request::ReportRequest;

/// How much one call may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most rows of a report that is asked for with `all`.
    pub max_rows: u64,
    /// Most bytes of its rows, and of one answer.
    pub max_bytes: usize,
    /// Nothing is sent later than so many milliseconds after the beginning of a call, waits for the rate limit included.
    pub max_wall_ms: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_rows: 1_000_000,
            max_bytes: 64 * 1024 * 1024,
            max_wall_ms: 30 * 60_000,
        }
    }
}

/// A client of the API. It remembers when it asked, and the names of packs and data stores for an hour.
pub struct Reports {
    monitor: SecurityMonitor,
    bounds: Bounds,
    pace: Pace,
    /// The server's clock minus the host's.
    clock_skew_ms: Cell<i64>,
    packs: RefCell<Option<Known<Vec<ReportPack>>>>,
    stores: RefCell<BTreeMap<u64, Known<Vec<DataStore>>>>,
}

/// Something that was asked for before.
struct Known<T> {
    at: Timestamp,
    what: Rc<T>,
}

impl Reports {
    /// A client that has not asked for anything yet.
    pub const fn new(monitor: SecurityMonitor, bounds: Bounds) -> Self {
        Self {
            monitor,
            bounds,
            pace: Pace::new(),
            clock_skew_ms: Cell::new(0),
            packs: RefCell::new(None),
            stores: RefCell::new(BTreeMap::new()),
        }
    }

    /// Does what is asked for. Calls may overlap; they share the rate limit.
    ///
    /// # Errors
    /// Every rule that the request breaks, or why the API gave no answer.
    pub async fn perform<H: Host>(
        &self,
        host: &H,
        request: ReportRequest,
    ) -> Result<Reported, ReportError> {
        Call::begin(self, host).perform(request).await
    }
}

/// The API of the table `security_monitor` in `value`, a whole configuration; `None` if there is no such table. Other keys
/// are not looked at, so that reports can be had while a stream is misconfigured.
///
/// # Errors
/// Every problem of the table, each with the path of its key.
pub fn configured(
    value: &Value,
    secrets: &dyn Fn(&str) -> Option<Secret>,
) -> Result<Option<SecurityMonitor>, Vec<Error>> {
    let insecure = match value.get("allow_insecure_loopback") {
        Some(Value::Bool(true)) => InsecureLoopback::Allow,
        _ => InsecureLoopback::Refuse,
    };
    let around = Surroundings {
        secrets,
        insecure,
        places: &[],
    };
    match value.get(config::SECURITY_MONITOR) {
        None | Some(Value::Null) => Ok(None),
        Some(table) => config::security_monitor(table.clone(), around).map(Some),
    }
}

/// There is no such table.
pub fn not_configured() -> Error {
    Error::new(
        ErrorKind::Config,
        "reports are not configured",
        format!(
            "add the table [{}] with host, client_token, client_secret and access_token",
            config::SECURITY_MONITOR
        ),
    )
    .with("key", config::SECURITY_MONITOR)
}
