//! The access token of a sink, kept as long as it is valid.

use std::cell::RefCell;

use edgesiem_model::{AccessToken, Secret, Timestamp};

/// A token is not used in its last minute: a request that is under way when it ends would be refused.
const MARGIN_MS: i64 = 60_000;

/// What a sink's requests are let through with.
#[derive(Default)]
pub(crate) struct Pass(RefCell<Kept>);

#[derive(Default)]
struct Kept {
    token: Option<AccessToken>,
    /// Counts tokens, so that a request that was refused does not make another one's newer token be forgotten.
    number: u64,
}

impl Pass {
    /// The token, if there is one that is still good, and its number.
    pub(crate) fn token(&self, now: Timestamp) -> Option<(Secret, u64)> {
        let kept = self.0.borrow();
        let token = kept.token.as_ref()?;
        let good = now.shifted(MARGIN_MS) < token.expires_at;
        good.then(|| (token.token.clone(), kept.number))
    }

    pub(crate) fn keep(&self, token: AccessToken) {
        let mut kept = self.0.borrow_mut();
        kept.token = Some(token);
        kept.number = kept.number.saturating_add(1);
    }

    /// Forgets the token with this number.
    pub(crate) fn forget(&self, number: u64) {
        let mut kept = self.0.borrow_mut();
        if kept.number == number {
            kept.token = None;
        }
    }
}
