//! What a run may use: time, requests, and whatever else its host is about to run out of.

use std::cell::Cell;

use edgesiem_model::{Budget, Host, Timestamp};

/// When a run should come to its end, by itself rather than by its host.
pub(crate) struct Meter {
    /// No page and no wait begins that would lie past this.
    pub(crate) begin: Timestamp,
    /// A page that is still under way then is left where it is.
    end: Timestamp,
    max_requests: u64,
    requests: Cell<u64>,
}

impl Meter {
    pub(crate) fn new(started: Timestamp, budget: Budget) -> Self {
        let after = |millis: u64| Timestamp::from_millis(started.millis().saturating_add(millis));
        Self {
            begin: after(budget.wall_ms),
            end: after(budget.wall_ms.saturating_add(budget.wall_ms / 4)),
            max_requests: budget.max_requests,
            requests: Cell::new(0),
        }
    }

    /// Counts a request.
    pub(crate) fn request(&self) {
        self.requests.set(self.requests.get().saturating_add(1));
    }

    pub(crate) fn page_may_begin<H: Host>(&self, host: &H) -> bool {
        host.now() < self.begin && self.spent(host).is_none()
    }

    /// Why a page that is under way must be left where it is.
    pub(crate) fn page_must_end<H: Host>(&self, host: &H) -> Option<String> {
        if host.now() > self.end {
            return Some("the time of the run is used up".to_owned());
        }
        self.spent(host)
    }

    fn spent<H: Host>(&self, host: &H) -> Option<String> {
        if self.requests.get() >= self.max_requests {
            return Some(format!(
                "the {} requests of the run are used up",
                self.max_requests
            ));
        }
        host.must_end().map(str::to_owned)
    }
}
