//! Who may see and change more than whether all is well.

use edgesiem::Secret;

use super::answer::Refusal;

/// Name of the secret.
pub(crate) const NAME: &str = "ADMIN_TOKEN";
/// A shorter one is as good as none: it can be guessed.
const MIN_CHARACTERS: usize = 16;

/// Checks an `authorization` header (RFC 6750 section 2.1).
///
/// # Errors
/// 404 if there is no token that could be right, so that a Worker without one shows nothing; 401 if it is not this
/// one.
pub(crate) fn check(token: Option<&Secret>, authorization: Option<&str>) -> Result<(), Refusal> {
    let token = token
        .map(|token| token.expose().trim())
        .filter(|token| token.chars().count() >= MIN_CHARACTERS)
        .ok_or_else(Refusal::not_found)?;
    let given = authorization.and_then(|header| {
        let (scheme, given) = header.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then_some(given.trim())
    });
    // Neither the time of hashing nor that of blake3's comparison of hashes, which is constant, tells how much of it
    // was right.
    let hash = |text: &str| blake3::hash(text.as_bytes());
    if given.is_some_and(|given| hash(given) == hash(token)) {
        return Ok(());
    }
    Err(Refusal::new(
        401,
        "unauthorized",
        "the token is missing or wrong",
        format!("send the header `authorization: Bearer` and the value of the secret {NAME}"),
    ))
}
