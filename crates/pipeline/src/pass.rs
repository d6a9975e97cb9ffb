//! The access token of a sink, kept as long as it is valid.

use std::cell::RefCell;

use edgesiem_model::{AccessToken, Secret, Timestamp};

/// A token is not used in its last minute: a request that is under way when it ends would be refused.
const MARGIN_MS: i64 = 60_000;

/// What a sink's requests are let through with.
#[derive(Default)]
pub(crate) struct Pass(RefCell<Option<Granted>>);

struct Granted {
    at: Timestamp,
    token: AccessToken,
}

impl Pass {
    /// The token, if there is one that is still good.
    pub(crate) fn token(&self, now: Timestamp) -> Option<Secret> {
        let kept = self.0.borrow();
        let granted = kept.as_ref()?;
        // One that was issued for less than the margin is good for a single use.
        let good = now.shifted(MARGIN_MS) < granted.token.expires_at || now == granted.at;
        good.then(|| granted.token.token.clone())
    }

    pub(crate) fn keep(&self, token: AccessToken, now: Timestamp) {
        *self.0.borrow_mut() = Some(Granted { at: now, token });
    }

    /// Forgets the token if it was granted before `time`; says whether it did.
    pub(crate) fn forget_if_older(&self, time: Timestamp) -> bool {
        let mut kept = self.0.borrow_mut();
        let older = kept.as_ref().is_some_and(|granted| granted.at < time);
        if older {
            *kept = None;
        }
        older
    }
}
