//! What a status code means where a sink has no rule of its own.

/// What a status says about the batch that was sent.
///
/// The line between [`Meaning::Poison`] and the ones that stop is drawn so that nothing is set aside for a
/// mistake that an operator can mend: only statuses that speak about the content of this very request
/// isolate events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// 2xx.
    Taken,
    /// 3xx: no redirect is followed, because it would carry events and credentials to an address that
    /// nobody configured.
    Moved,
    /// 401, 403, 407 and 402, which vendors use for an exhausted quota.
    Credentials,
    /// 404, 405, 410, 421: nobody takes events at this address.
    Address,
    /// 408, 425, 429 and 5xx pass by themselves; so does 409, which an endpoint that honours idempotency
    /// keys gives while the first attempt is still being worked on
    /// (draft-ietf-httpapi-idempotency-key-header, section 2.7).
    Later,
    /// 413.
    TooLarge,
    /// 400 and 422: something in this content is not acceptable.
    Poison,
    /// Everything else, such as 406, 411, 415 or 431, is about the shape of every request that we make.
    Foreign,
}

impl Meaning {
    pub(crate) const fn of(status: u16) -> Self {
        match status {
            200..=299 => Self::Taken,
            300..=399 => Self::Moved,
            401 | 402 | 403 | 407 => Self::Credentials,
            404 | 405 | 410 | 421 => Self::Address,
            408 | 409 | 425 | 429 | 500..=599 => Self::Later,
            413 => Self::TooLarge,
            400 | 422 => Self::Poison,
            _ => Self::Foreign,
        }
    }
}
