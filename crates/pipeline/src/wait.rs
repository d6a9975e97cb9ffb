//! How long to wait before trying again, and whether there is still time to.

use edgesiem_model::{Host, Timestamp};

/// First step of the exponential back-off.
const BASE_MS: u64 = 500;

/// Waits before another attempt, unless that would end after `deadline`; says whether it waited.
///
/// The wait is drawn evenly from 0 to `min(max_backoff_ms, 500 ms * 2^attempt)` ("full jitter", so that
/// clients that failed together do not return together; Brooker, "Exponential Backoff And Jitter", AWS
/// Architecture Blog 2015), and never shorter than what the server asked for.
pub(crate) async fn back_off<H: Host>(
    host: &H,
    attempt: u32,
    asked_ms: Option<u64>,
    max_backoff_ms: u64,
    deadline: Timestamp,
) -> bool {
    let ceiling = BASE_MS
        .saturating_mul(1_u64.checked_shl(attempt.min(32)).unwrap_or(u64::MAX))
        .min(max_backoff_ms);
    let wait = draw(host, ceiling).max(asked_ms.unwrap_or(0));
    if host.now().millis().saturating_add(wait) > deadline.millis() {
        return false;
    }
    host.sleep(wait).await;
    true
}

/// An even draw from `0..=ceiling`.
fn draw<H: Host>(host: &H, ceiling: u64) -> u64 {
    let mut random = [0; 8];
    host.entropy(&mut random);
    let scaled = u128::from(u64::from_le_bytes(random))
        .saturating_mul(u128::from(ceiling).saturating_add(1))
        .checked_shr(64)
        .unwrap_or(0);
    u64::try_from(scaled).unwrap_or(ceiling)
}
