//! What a client asks for, and why the server refuses it.

use std::collections::BTreeMap;

use edgesiem_model::{HttpRequest, Method};

use super::setting::{CAS, CURRENT, EVENTS, LEGACY, SERVICES, TOKEN};
use crate::world::civil;

/// Most events that may be asked for at once.
const MOST: usize = 500;
/// How far back may be asked, and how long a window may be.
pub const REACH_MS: u64 = 72 * 3_600_000;

/// A request for events of one service and one event type.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Place of the service and of the event type among all there are.
    pub combination: (usize, usize),
    /// Events generated from this time on.
    pub start_ms: u64,
    /// And up to this time.
    pub end_ms: u64,
    /// Most events of a page.
    pub limit: usize,
    /// The page of a link.
    pub page: Option<u32>,
}

/// Reads a request. Whatever the documents do not allow is refused, with a status and a reason.
pub fn read(request: &HttpRequest, now_ms: u64) -> Result<Query, (u16, String)> {
    let refused = |reason: &str| (400, reason.to_owned());
    let (path, query) = request.target.split_once('?').unwrap_or_default();
    if path != CURRENT && path != LEGACY {
        return Err((404, format!("there is no {path}")));
    }
    if request.method != Method::Get {
        return Err((405, "only GET is supported".to_owned()));
    }
    let mut headers = request.headers.iter();
    let authorization = headers.find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let token = authorization.and_then(|(_, value)| value.expose().strip_prefix("Bearer "));
    if token != Some(TOKEN) {
        return Err((401, "Authentication token not found".to_owned()));
    }
    let mut values = BTreeMap::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').ok_or_else(|| refused(pair))?;
        if values.insert(name, decoded(value)).is_some() {
            return Err(refused(&format!("{name} is there twice")));
        }
    }
    let mut take = |name: &str| values.remove(name).ok_or_else(|| refused(name));
    let place = |names: &[&str], name: String| names.iter().position(|it| *it == name);
    let service = place(SERVICES, take("service")?).ok_or_else(|| refused("service"))?;
    let event = place(EVENTS, take("event")?).ok_or_else(|| refused("event"))?;
    let start_ms = millis(&take("start")?).ok_or_else(|| refused("start"))?;
    let end_ms = millis(&take("end")?).ok_or_else(|| refused("end"))?;
    let limit = take("limit")?.parse().map_err(|_| refused("limit"))?;
    let page = match take("page_id") {
        Ok(page) => Some(page_number(&page).ok_or_else(|| refused("page_id"))?),
        Err(_) => None,
    };
    if let Some(name) = values.keys().next() {
        return Err(refused(&format!("there is no parameter {name}")));
    }
    if !(1..=MOST).contains(&limit) {
        return Err(refused("limit is out of range"));
    }
    if end_ms < start_ms {
        return Err(refused("end is before start"));
    }
    if page.is_none() && start_ms + REACH_MS < now_ms {
        return Err(refused("start is more than 72 hours ago"));
    }
    if end_ms - start_ms > REACH_MS {
        return Err(refused("the window is longer than 72 hours"));
    }
    Ok(Query {
        combination: (service, event),
        start_ms,
        end_ms,
        limit,
        page,
    })
}

/// The link that leads to a page of what was asked for. Its id has characters that must be passed on as they are.
pub fn link(asked: &Query, path: &str, page: u32) -> String {
    let (service, event) = asked.combination;
    let (service, event) = (SERVICES[service], EVENTS[event]);
    let time = |millis| edgesiem_model::Timestamp::from_millis(millis).to_rfc3339();
    let (start, end, limit) = (time(asked.start_ms), time(asked.end_ms), asked.limit);
    format!(
        "https://{CAS}{path}?service={service}&event={event}&start={start}&end={end}&limit={limit}&page_id=p%2B{page:06}%3D%3d"
    )
}

fn page_number(id: &str) -> Option<u32> {
    id.strip_prefix("p+")?.strip_suffix("==")?.parse().ok()
}

/// Percent-decoded once; `+` stays.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = escaped
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `yyyy-mm-ddThh:mm:ss[.mmm]Z`, and nothing else.
fn millis(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "000"));
    let template = b"0000-00-00T00:00:00";
    let fits = whole.len() == template.len()
        && fraction.len() == 3
        && whole
            .bytes()
            .zip(template)
            .all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                _ => byte == *wanted,
            });
    let number = |range: std::ops::Range<usize>| whole.get(range)?.parse::<u64>().ok();
    if !fits {
        return None;
    }
    let (month, day) = (number(5..7)?, number(8..10)?);
    let date = (number(0..4)?, month, day);
    let time = (number(11..13)?, number(14..16)?, number(17..19)?);
    let is_real = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && time.0 < 24
        && time.1 < 60
        && time.2 < 60;
    is_real.then_some(civil::secs(date, time) * 1000 + fraction.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use edgesiem_model::{Endpoint, HttpRequest, InsecureLoopback, Method, Timestamp, plain};

    use super::{Query, REACH_MS, decoded, link, millis, read};
    use crate::world::trend_micro::setting::{CAS, CURRENT, TOKEN};

    const NOW_MS: u64 = 1_795_300_000_000;
    const TIMES: &str = "start=2026-11-21T20:00:00.000Z&end=2026-11-21T21:00:00Z";

    fn request(method: Method, target: String, authorization: &str) -> HttpRequest {
        let endpoint = Endpoint::parse_host(CAS, InsecureLoopback::Refuse);
        HttpRequest {
            method,
            endpoint: endpoint.unwrap(),
            target,
            headers: vec![plain("authorization", authorization)],
            body: Vec::new(),
            timeout_ms: 1,
        }
    }

    fn get(query: &str) -> Result<Query, (u16, String)> {
        let target = format!("{CURRENT}?{query}");
        read(
            &request(Method::Get, target, &format!("Bearer {TOKEN}")),
            NOW_MS,
        )
    }

    #[test]
    fn what_the_documents_do_not_allow_is_refused() {
        let names = "service=exchange&event=dlp";
        let now = Timestamp::from_millis(NOW_MS);
        let time = |before: u64| Timestamp::from_millis(NOW_MS - before);
        let window = |start: u64, end: u64| format!("start={}&end={}", time(start), time(end));
        assert!(get(&format!("{names}&{}&limit=500", window(REACH_MS, 0))).is_ok());
        for query in [
            format!("{names}&{}&limit=500", window(REACH_MS + 1, 0)),
            format!("{names}&{}&limit=501", window(10, 0)),
            format!("{names}&{}&limit=0", window(10, 0)),
            format!("{names}&{}", window(10, 0)),
            format!("{names}&{}&limit=5", window(0, 10)),
            format!("{names}&{}&limit=5&limit=5", window(10, 0)),
            format!("{names}&{}&limit=5&format=cef", window(10, 0)),
            format!("{names}&{}&limit=5&page_id=1", window(10, 0)),
            format!("{names}&end={now}&limit=5"),
            format!("service=exchange&{}&limit=5", window(10, 0)),
            format!("service=exchange&event=none&{}&limit=5", window(10, 0)),
            format!("service=none&event=dlp&{}&limit=5", window(10, 0)),
        ] {
            let refused = get(&query).unwrap_err();
            assert_eq!(refused.0, 400, "{query}: {refused:?}");
        }
        let good = format!("{CURRENT}?{names}&{}&limit=5", window(10, 0));
        for (method, target, token, status) in [
            (Method::Get, good.replace("/v1", "/v2"), TOKEN, 404),
            (Method::Post, good.clone(), TOKEN, 405),
            (Method::Get, good, "another", 401),
        ] {
            let request = request(method, target, &format!("Bearer {token}"));
            assert_eq!(read(&request, NOW_MS).unwrap_err().0, status);
        }
    }

    #[test]
    fn times_have_one_form() {
        assert_eq!(millis("1970-01-02T00:00:01.250Z"), Some(86_401_250));
        assert_eq!(millis("1970-01-02T00:00:01Z"), Some(86_401_000));
        for text in [
            "",
            "1970-01-02T00:00:01",
            "1970-01-02T00:00:01.2Z",
            "1970-01-02 00:00:01Z",
            "1970-01-02T00:00:01+00:00",
            "1970-13-02T00:00:01Z",
            "1970-01-02T24:00:01Z",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn a_link_leads_back_to_what_was_asked_for() {
        let asked = get(&format!("service=teams_chat&event=dlp&{TIMES}&limit=7")).unwrap();
        let link = link(&asked, CURRENT, 42);
        let (_, query) = link.split_once('?').unwrap();
        let page = Some(42);
        assert_eq!(get(query).unwrap(), Query { page, ..asked });
        assert_eq!(decoded("p%2B1%3D%3d%zz+%4"), "p+1==%zz+%4");
    }
}
