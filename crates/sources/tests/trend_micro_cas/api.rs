//! The API in memory: events with generation times, listed a while later, in pages that link to each other.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::HOUR_MS;

#[derive(Clone, Debug)]
pub struct Event {
    pub service: &'static str,
    pub id: String,
    pub generated_ms: u64,
    pub listed_ms: u64,
}

/// How it differs from what is documented.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    /// Its clock knows whole seconds only.
    pub whole_seconds: bool,
    /// The older form, without a generation time.
    pub camel_case: bool,
    /// Links as long as are followed.
    pub long_links: bool,
    /// Every link is unknown before it can be followed.
    pub dead_links: bool,
    /// The newest event comes first.
    pub newest_first: bool,
}

pub struct Api {
    pub events: Vec<Event>,
    pub habits: Habits,
    pages: BTreeMap<u64, Vec<Event>>,
    limit: usize,
    next_page: u64,
}

fn time(text: &str) -> u64 {
    // 2026-11-22T12:00:00.000Z within November 2026 is enough.
    let digits = |range: std::ops::Range<usize>| text[range].parse::<u64>().unwrap();
    let days = 20_758 + digits(8..10) - 1;
    ((days * 24 + digits(11..13)) * 60 + digits(14..16)) * 60_000
        + digits(17..19) * 1000
        + digits(20..23)
}

impl Api {
    pub fn new(events: Vec<Event>, habits: Habits) -> Self {
        Self {
            events,
            habits,
            pages: BTreeMap::new(),
            limit: 1,
            next_page: 1,
        }
    }

    /// Every link that was given is unknown from now on.
    pub fn forget(&mut self) {
        self.pages.clear();
    }

    pub fn answer(&mut self, target: &str, now_ms: u64) -> (u16, String) {
        let query = target.split_once('?').unwrap().1;
        let pairs: BTreeMap<&str, &str> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let found = match pairs.get("page_id") {
            Some(_) if self.habits.dead_links => return (404, String::new()),
            Some(id) => match self.pages.get(&id.parse().unwrap()) {
                Some(events) => events.clone(),
                None => return (404, String::new()),
            },
            None => {
                self.limit = pairs["limit"].parse().unwrap();
                let (start, end) = (time(pairs["start"]), time(pairs["end"]));
                if start > end || start + 72 * HOUR_MS < now_ms {
                    return (
                        400,
                        json!({"code": 400, "msg": "start or end is wrong"}).to_string(),
                    );
                }
                self.window(pairs["service"], start, end, now_ms)
            }
        };
        (200, self.page(&found).to_string())
    }

    fn window(&self, service: &str, start: u64, end: u64, now_ms: u64) -> Vec<Event> {
        let mut events: Vec<Event> = self
            .events
            .iter()
            .filter(|event| event.service == service && event.listed_ms <= now_ms)
            .filter(|event| (start..=end).contains(&event.generated_ms))
            .cloned()
            .collect();
        events.sort_by_key(|event| event.generated_ms);
        if self.habits.newest_first {
            events.reverse();
        }
        events
    }

    fn page(&mut self, found: &[Event]) -> Value {
        let (page, rest) = found.split_at(self.limit.min(found.len()));
        let mut link = String::new();
        if !rest.is_empty() {
            link = format!(
                "https://api-eu.tmcas.trendmicro.com/v1/x?page_id={}",
                self.next_page
            );
            if self.habits.long_links {
                link += &format!("&x={}", "\"".repeat(980));
            }
            self.pages.insert(self.next_page, rest.to_vec());
            self.next_page += 1;
        }
        let events: Vec<Value> = page
            .iter()
            .map(|event| json!({"log_item_id": event.id, "service": event.service}))
            .collect();
        if self.habits.camel_case {
            return json!({"securityEvents": events, "nextLink": link});
        }
        let grain = if self.habits.whole_seconds { 1000 } else { 1 };
        let last = page.last().map(|event| event.generated_ms / grain * grain);
        json!({
            "security_events": events, "next_link": link,
            "last_log_item_generation_time": last.map(|last| edgesiem_model::Timestamp::from_millis(last).to_rfc3339()),
        })
    }
}
