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
    /// When the source last answered, or failed to. Before that, when the run began: the run before may have been killed while
    /// it asked, and runs of a stream do not overlap.
    source_answered: Cell<Timestamp>,
}

impl Meter {
    /// `quota_ms` is the source's least time between two requests. A run waits so long before its first one, and has as long
    /// again to do something, however short its budget is: otherwise none would ever do anything.
    pub(crate) fn new(started: Timestamp, budget: Budget, quota_ms: u64) -> Self {
        let after = |millis: u64| Timestamp::from_millis(started.millis().saturating_add(millis));
        let wall_ms = budget.wall_ms.max(quota_ms.saturating_mul(2));
        Self {
            begin: after(wall_ms),
            end: after(wall_ms.saturating_add(wall_ms / 4)),
            max_requests: budget.max_requests,
            requests: Cell::new(0),
            source_answered: Cell::new(started),
        }
    }

    /// The source has answered a request, or will not.
    pub(crate) fn source_answered<H: Host>(&self, host: &H) {
        self.source_answered.set(host.now());
    }

    /// Waits until the source may be asked again. It is counted from the answer and not from the request: the server
    /// counted that one before it answered, however long it was on its way.
    pub(crate) async fn wait_for_quota<H: Host>(&self, host: &H, interval_ms: u64) {
        // Timers may be early. A clock that stands still must not keep us here.
        for _ in 0..3 {
            let left_ms = self.quota_left_ms(host, interval_ms);
            if left_ms == 0 {
                return;
            }
            host.sleep(left_ms).await;
        }
    }

    fn quota_left_ms<H: Host>(&self, host: &H, interval_ms: u64) -> u64 {
        let answered = self.source_answered.get();
        let due = Timestamp::from_millis(answered.millis().saturating_add(interval_ms));
        // A clock that was set back must not make the wait longer than it ever is.
        due.since_ms(host.now()).min(interval_ms)
    }

    /// Counts a request.
    pub(crate) fn request(&self) {
        self.requests.set(self.requests.get().saturating_add(1));
    }

    /// Whether there is time for another page, which may not be asked for earlier than `interval_ms` after the last answer.
    pub(crate) fn page_may_begin<H: Host>(&self, host: &H, interval_ms: u64) -> bool {
        let left_ms = self.quota_left_ms(host, interval_ms);
        let asked_at = host.now().millis().saturating_add(left_ms);
        asked_at < self.begin.millis() && self.spent(host).is_none()
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
