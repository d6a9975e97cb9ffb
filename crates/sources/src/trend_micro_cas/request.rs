//! A request for one page.

use edgesiem_model::{HttpRequest, Method, Secret, confidential, plain};

use super::TrendMicroCas;
use super::plan::{Ask, Plan};

/// An answer has a few hundred events, and is made while it is waited for.
const TIMEOUT_MS: u32 = 120_000;
const USER_AGENT: &str = concat!("edgesiem/", env!("CARGO_PKG_VERSION"));

/// Path and query. Names have no character that needs an escape, and a link goes back as it came.
fn target(source: &TrendMicroCas, plan: &Plan, limit: u32) -> String {
    match &plan.ask {
        Ask::Link(link) => link.clone(),
        Ask::Window { start } => format!(
            "{}?service={}&event={}&start={start}&end={}&limit={}",
            source.path.as_str(),
            plan.combination.service,
            plan.combination.event,
            plan.end,
            source.rules.window_limit(plan, limit),
        ),
    }
}

pub(super) fn request(source: &TrendMicroCas, plan: &Plan, limit: u32) -> HttpRequest {
    let bearer = format!("Bearer {}", source.token.expose());
    HttpRequest {
        method: Method::Get,
        endpoint: source.endpoint.clone(),
        target: target(source, plan, limit),
        headers: vec![
            plain("accept", "application/json"),
            plain("accept-encoding", "gzip"),
            confidential("authorization", Secret::new(bearer)),
            plain("user-agent", USER_AGENT),
        ],
        body: Vec::new(),
        timeout_ms: TIMEOUT_MS,
    }
}
