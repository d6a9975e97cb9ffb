//! A signed request for one page.

use edgesiem_model::{Error, HttpRequest, PageRequest};

use super::{AkamaiSiem, Position};
use crate::akamai::Moment;
use crate::percent::encoded;

/// The server cuts the body after two minutes. Waiting longer than that lets its end, rather than our
/// timeout, tell us so.
const TIMEOUT_MS: u32 = 150_000;

/// `/siem/v1/configs/14227%3B29182`
pub(super) fn path(ids: &[u64]) -> String {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    format!("/siem/v1/configs/{}", ids.join("%3B"))
}

/// Path and query, encoded once: these bytes are signed, and these bytes are sent.
fn target(path: &str, position: &Position, limit: u32) -> String {
    match position {
        Position::Offset(offset) => format!("{path}?offset={}&limit={limit}", encoded(offset)),
        Position::Time { from, to: None } => format!("{path}?from={from}&limit={limit}"),
        Position::Time { from, to: Some(to) } => {
            format!("{path}?from={from}&to={to}&limit={limit}")
        }
    }
}

pub(super) fn request(source: &AkamaiSiem, page: &PageRequest<'_>) -> Result<HttpRequest, Error> {
    let position = Position::read(page.cursor)?;
    let moment = Moment {
        now: page.now,
        clock_skew_ms: page.clock_skew_ms,
        nonce: page.nonce,
    };
    let target = target(&source.path, &position, page.limit);
    Ok(source.client.get(target, &moment, TIMEOUT_MS))
}

#[cfg(test)]
mod tests {
    use super::{path, target};
    use crate::akamai_siem::Position;

    #[test]
    fn the_target_is_encoded_as_it_will_be_sent() {
        let offset = |token: &str| Position::Offset(token.to_owned());
        let range = |from, to| Position::Time { from, to };
        for (ids, position, expected) in [
            (
                &[14227][..],
                offset("NULL"),
                "/siem/v1/configs/14227?offset=NULL&limit=10",
            ),
            (
                &[12892, 29182, 82912],
                offset("71cca;3phZ-_~."),
                "/siem/v1/configs/12892%3B29182%3B82912?offset=71cca%3B3phZ-_~.&limit=10",
            ),
            (
                &[1],
                offset("a&b=c %é+/#?"),
                "/siem/v1/configs/1?offset=a%26b%3Dc%20%25%C3%A9%2B%2F%23%3F&limit=10",
            ),
            (&[1], range(7, None), "/siem/v1/configs/1?from=7&limit=10"),
            (
                &[1],
                range(7, Some(9)),
                "/siem/v1/configs/1?from=7&to=9&limit=10",
            ),
        ] {
            assert_eq!(target(&path(ids), &position, 10), expected);
        }
    }
}
